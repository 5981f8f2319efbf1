"""Lineage: what a statement rests on and what rests on it, in this node's log."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, RootModel

from api.access import Reader, ReaderDep
from api.deps import DigestPath, NodeDep
from api.documents import JSON, answer
from api.schemas import DIGEST, TIME, Lineage
from ledger.errors import RefusedError
from ledger.services.lineage.drawing import drawing_of
from ledger.services.lineage.graph import DEFAULT_COUNT, DEFAULT_DEPTH, MOST_COUNT, MOST_DEPTH, trace
from ledger.services.lineage.provenance import provenance_of
from ledger.services.lineage.sources import Logged

router = APIRouter(tags=["statements"])
SVG = "image/svg+xml"
_MISSING = "5d" * 32
_SHOWN = {
    "root": DIGEST,
    "statements": [
        {
            "digest": DIGEST,
            "depth": 0,
            "held": True,
            "type": "TransferRecord",
            "issuer": "did:web:exporter.example.xa",
            "created": TIME,
            "parties": [{"role": "exporter", "did": "did:web:exporter.example.xa"}],
        },
        {"digest": _MISSING, "depth": 1, "held": False},
    ],
    "links": [{"source": DIGEST, "relation": "certificate", "target": _MISSING}],
    "incomplete": [_MISSING],
    "conflicts": [],
    "more": False,
}


class ProvJson(BaseModel):
    """The graph as PROV-JSON."""

    model_config = ConfigDict(extra="allow")
    prefix: dict[str, str]


class Shown(RootModel[Lineage | ProvJson]):
    """The graph in one of the two forms that are JSON."""


_ANSWERS = answer(Shown, _SHOWN, "The graph; PROV-JSON or a drawing where `format` asks for it")
_ANSWERS[200]["content"][SVG] = {"schema": {"type": "string"}, "example": "<svg>…</svg>"}


@router.get(
    "/v1/lineage/{digest}",
    responses=_ANSWERS,
    response_model=None,
)
def lineage(
    digest: DigestPath,
    node: NodeDep,
    reader: ReaderDep,
    form: Annotated[Literal["json", "prov-json", "svg"], Query(alias="format")] = "json",
    depth: Annotated[int, Query(ge=0, le=MOST_DEPTH, description="most steps")] = DEFAULT_DEPTH,
    count: Annotated[int, Query(ge=1, le=MOST_COUNT, description="most statements")] = DEFAULT_COUNT,
) -> Response | dict[str, Any]:
    """What a statement rests on, and what in this log rests on it.  Nothing is verified here: the bundle shows that.

    A statement that is referred to and not in this log is `incomplete`; two of one issuer that supersede the same one
    are a conflict.  `prov-json` is W3C PROV-JSON, `svg` a drawing.  Of statements that the caller may not see, only the
    place in the graph is told; there is no drawing then.
    """
    found = trace(bytes.fromhex(digest), Logged(node.statements), depth=depth, count=count)
    if not reader.whole:
        if form != "json":
            raise RefusedError(f"{form} tells of every statement; ask for json", code="access-denied")
        told: dict[str, Any] = found.to_json()
        shown = [_seen(one, reader) for one in told["statements"]]
        return JSONResponse({**told, "statements": shown, "conflicts": []})
    if form == "prov-json":
        return Response(provenance_of(found), media_type=JSON)
    if form == "svg":
        headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return Response(drawing_of(found), media_type=SVG, headers=headers)
    return JSONResponse(found.to_json())


def _seen(one: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """A statement of a lineage as the reader may see it."""
    if not one["held"] or reader.sees_digest(bytes.fromhex(one["digest"])):
        return one
    return {"digest": one["digest"], "depth": one["depth"], "held": True}

"""The statements of the log by their places, for mirrors; and an issuer's own, to be reconciled.

Only what a published checkpoint covers is handed out: what is read here is what the log's entries commit to.
"""

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from api.deps import NodeDep
from api.documents import NDJSON, answer, document
from api.limiting import LimitedMirroring
from api.log_schemas import IssuedStatements
from api.schemas import DIGEST
from ledger.errors import NotFoundError
from ledger.services.node.assembly import Node

router = APIRouter(tags=["log"], dependencies=[LimitedMirroring])
MOST = 256
"""Statements of one answer."""
BYTES = 8 * 1024 * 1024
"""Bytes after which an answer ends, before the statement that would pass them."""
PAGE = 500

_ISSUED = {"index": 41, "digest": DIGEST, "id": "urn:uuid:019aa6c0-7e00-7c3a-8b1e-5d2f6a9b0c1d"}
First = Annotated[int, Path(ge=0, le=2**53 - 1, description="Place of the first statement", examples=[256])]


@router.get(
    "/v1/log/statements/{first}",
    responses=document(NDJSON, '{"@context":…}\n{"@context":…}\n', "Canonical statements, one a line"),
    response_class=Response,
)
def statements(
    first: First,
    node: NodeDep,
    count: Annotated[int, Query(ge=1, le=MOST, description="most of them")] = MOST,
) -> Response:
    """Statements from a place in the log on, in order: one at least, and no more than 8 MiB of them.

    The digest of each is the entry at its place.
    """
    size = _published(node)
    if first >= size:
        raise NotFoundError(f"log {node.log.origin} has published {size} entries; {first} is not among them")
    lines: list[bytes] = []
    room = BYTES
    for stored in islice(node.statements.every(first), min(count, size - first)):
        room -= len(stored.body) + 1
        if lines and room < 0:
            break
        lines.append(stored.body + b"\n")
    return Response(b"".join(lines), media_type=NDJSON)


@router.get(
    "/v1/log/statements",
    responses=answer(IssuedStatements, {"size": 97, "items": [_ISSUED], "next": _ISSUED["id"]}, "A page"),
    response_model=None,
)
def issued(
    node: NodeDep,
    issuer: Annotated[
        str, Query(max_length=2048, description="DID", examples=["did:web:exporter.example.xa"])
    ],
    after: Annotated[str, Query(max_length=2048, description="id of the last one of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
) -> dict[str, Any]:
    """Every statement of an issuer, by its id: its place in the log and its digest, which is the entry there.

    An issuer that finds one here that it does not know has lost track of it, or somebody signs with its key.
    """
    size = _published(node)
    found = node.statements.of_issuer(issuer, after=after, limit=limit)
    told: dict[str, Any] = {
        "size": size,
        "items": [
            {"index": one.index, "digest": one.digest.hex(), "id": one.id}
            for one in found
            if one.index < size
        ],
    }
    return {**told, "next": found[-1].id} if len(found) == limit else told


def _published(node: Node) -> int:
    latest = node.checkpoints.latest()
    return 0 if latest is None else latest.size

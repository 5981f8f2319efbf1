"""Other jurisdictions' logs as this node's own chain knows them: readable by all, limited by rate."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query

from api.deps import DigestPath, NodeDep
from api.documents import answer
from api.foreign_schemas import (
    Contradictions,
    ForeignCheckpoints,
    ForeignEvidence,
    ForeignSources,
    Provenance,
)
from api.limiting import LimitedRead
from api.monitoring import contradictions_of
from api.schemas import DIGEST, TIME
from ledger.core.times import format_time
from ledger.services.bundles.provenance import Place, Through, provenance_of
from ledger.services.relay import foreign_view

router = APIRouter(tags=["foreign"], dependencies=[LimitedRead])

_LOG = f"0x{DIGEST}"
_CONTRACT = "0x28af7a244d8aa76f0a6489d95271004fde8aac75"
_LAG = {"entries": 0, "seconds": 0}
_CHECKPOINT = {
    "size": 97,
    "root": DIGEST,
    "chain": "eip155:31002",
    "contract": _CONTRACT,
    "source": _LOG,
    "grade": "attested",
    "disputed": False,
    "finality": "attested",
    "block": 1204,
    "blockTime": TIME,
}
_SOURCE = {
    "chain": "eip155:31002",
    "contract": _CONTRACT,
    "source": _LOG,
    "partner": "XA",
    "of": {"chain": "eip155:31001", "genesis": _LOG, "anchor": _CONTRACT},
    "grade": "attested",
    "threshold": 2,
    "members": [_CONTRACT],
    "added": TIME,
    "logs": [
        {"logId": _LOG, "origin": "registry.example.xa/XA/2026", "head": 97, "disputed": False, "lag": _LAG}
    ],
}
_PART = {"chain": "eip155:31002", "source": _LOG, "header": "0x…", "finality": {"kind": "operator"}}
_PLACE = {
    "log": "registry.example.xa/XA/2026",
    "own": False,
    "index": 41,
    "answer": "known",
    "through": [
        {
            "chain": "eip155:31002",
            "size": 97,
            "block": 1204,
            "contract": _CONTRACT,
            "source": _LOG,
            "grade": "attested",
            "disputed": False,
        }
    ],
}
LogPath = Annotated[
    str, Path(pattern="^0x[0-9a-f]{64}$", description="id of the log under its head key", examples=[_LOG])
]
Size = Annotated[int, Query(ge=1, le=2**53 - 1, description="least size of the checkpoint", examples=[97])]


@router.get(
    "/v1/foreign", responses=answer(ForeignSources, {"items": [_SOURCE]}, "Every source"), response_model=None
)
def foreign(node: NodeDep) -> dict[str, Any]:
    """The sources from which this node's own chain takes checkpoints, and how far it is with each log."""
    return {"items": foreign_view.sources(node.foreign, int(node.clock()))}


@router.get(
    "/v1/foreign/{logId}/checkpoints",
    responses=answer(
        ForeignCheckpoints,
        {
            "logId": _LOG,
            "origin": "registry.example.xa/XA/2026",
            "items": [_CHECKPOINT],
            "lag": _LAG,
            "next": 97,
        },
        "A page",
    ),
    response_model=None,
)
def checkpoints(
    logId: LogPath,  # noqa: N803 - a path parameter, named as on the wire
    node: NodeDep,
    after: Annotated[int, Query(ge=0, le=2**53 - 1, description="size of the last one seen")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Checkpoints of a log that the own chain accepted, finally, by size; 404 `not-yet-known-here` where none is."""
    return foreign_view.checkpoints(
        node.foreign, bytes.fromhex(logId[2:]), int(node.clock()), after=after, limit=limit
    )


@router.get(
    "/v1/foreign/{logId}/evidence",
    responses=answer(
        ForeignEvidence,
        {
            "logId": _LOG,
            "origin": "registry.example.xa/XA/2026",
            "items": [{**_CHECKPOINT, "checkpoint": "registry.example.xa/XA/2026\n97\n…", "part": _PART}],
        },
    ),
    response_model=None,
)
def evidence(
    logId: LogPath,  # noqa: N803 - a path parameter, named as on the wire
    size: Size,
    node: NodeDep,
) -> dict[str, Any]:
    """What proves offline that the own chain holds the smallest checkpoint of at least this size, of each source."""
    return foreign_view.evidence(node.foreign, bytes.fromhex(logId[2:]), size)


@router.get(
    "/v1/provenance/{digest}",
    responses=answer(
        Provenance, {"digest": DIGEST, "answer": "known", "places": [_PLACE], "checkedAt": TIME}
    ),
    response_model=None,
)
def provenance(
    digest: DigestPath,
    node: NodeDep,
    log: Annotated[
        str | None,
        Query(max_length=255, description="only this log", examples=["registry.example.xa/XA/2026"]),
    ] = None,
) -> dict[str, Any]:
    """What this node itself can show of a statement, and through which chain.

    `not yet known here` means that this node cannot show it so far.  It is not a verdict on the statement.
    """
    found = provenance_of(
        bytes.fromhex(digest), node.shelf, node.mirror, node.foreign, node.believed(), log=log
    )
    return {
        "digest": digest,
        "answer": found.answer,
        "places": [_place(one) for one in found.places],
        "checkedAt": format_time(int(node.clock())),
    }


@router.get(
    "/v1/contradictions",
    responses=answer(
        Contradictions,
        {
            "items": [
                {
                    "at": TIME,
                    "code": "log-forked",
                    "detail": "registry.example.xa/XA/2026 signed two roots at size 97",
                    "acknowledged": False,
                    "evidence": {"format": "evidence-fork/1"},
                }
            ]
        },
    ),
    response_model=None,
)
def contradictions(node: NodeDep) -> dict[str, Any]:
    """Histories that contradict each other, which this node's relay or monitor came upon; each with its proof."""
    return {
        "items": [
            {
                "at": format_time(one.at),
                "code": one.code,
                "detail": one.detail,
                "acknowledged": one.acknowledged_at is not None,
                "evidence": orjson.loads(one.evidence),
            }
            for one in node.outbox.halts()
        ]
        + list(contradictions_of(node))
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "log": place.log,
        "own": place.own,
        "index": place.index,
        "answer": place.answer,
        "through": [_through(one) for one in place.through],
    }


def _through(one: Through) -> dict[str, Any]:
    told: dict[str, Any] = {"chain": one.chain, "size": one.size, "block": one.block}
    if one.contract is not None and one.source is not None:
        told |= {
            "contract": "0x" + one.contract.hex(),
            "source": "0x" + one.source.hex(),
            "grade": one.grade,
            "disputed": one.disputed,
        }
    return told

"""What /health tells of the node as a witness, and of the witnesses of its own log."""

from typing import Any

from ledger.core.times import format_time
from ledger.errors import LedgerError
from ledger.services.node.assembly import Node
from ledger.services.witnessing.cosigning import Standing


def witnessing_of(node: Node) -> dict[str, Any]:
    """The members `witness` and `witnesses`."""
    forks = node.witness.store.count_forks()
    told: dict[str, Any] = {
        "witness": {
            "logs": len(node.witness.store.heads()),
            "splits": forks.get("split", 0),
            "unproven": forks.get("unproven", 0),
        }
    }
    if node.collector is not None:
        told["witnesses"] = [_standing(one) for one in node.collector.standings()]
    return told


def _standing(standing: Standing) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": standing.asked.name,
        "organisation": standing.asked.organisation,
        "size": standing.size,
    }
    if standing.time is not None:
        told["time"] = format_time(standing.time)
    if standing.error is not None:
        told["trouble"] = _trouble(standing.error)
    return told


def _trouble(error: LedgerError) -> dict[str, str]:
    return {"code": error.code, "detail": str(error)}

"""What /health tells of the partners' logs that the node watches, and what it found that proves itself."""

from collections.abc import Iterator
from typing import Any

import orjson

from ledger.core.times import format_time
from ledger.errors import LedgerError
from ledger.services.monitoring.monitor import Look
from ledger.services.node.assembly import Node


def monitoring_of(node: Node) -> dict[str, Any]:
    """The member `monitor`; nothing where no log was looked at and nothing raised."""
    if node.monitoring is None:
        return {}
    looks = tuple(node.monitoring.looks.items())
    standing = node.monitoring.alarms.all(standing=True)
    if not looks and not standing and node.monitoring.trouble is None:
        return {}
    told: dict[str, Any] = {
        "logs": [_look(name, look) for name, look in looks],
        "alarms": [
            {"origin": one.origin, "code": one.code, "detail": one.detail, "at": format_time(one.at)}
            for one in standing
        ],
    }
    if node.monitoring.trouble is not None:
        told["trouble"] = _trouble(node.monitoring.trouble)
    return {"monitor": told}


def contradictions_of(node: Node) -> Iterator[dict[str, Any]]:
    """Alarms that carry a fork proof, as the relay's contradictions are told."""
    if node.monitoring is None:
        return
    for one in node.monitoring.alarms.all():
        if one.evidence is not None:
            yield {
                "at": format_time(one.at),
                "code": one.code,
                "detail": one.detail,
                "acknowledged": one.acknowledged_at is not None,
                "evidence": orjson.loads(one.evidence),
            }


def _look(name: str, look: Look) -> dict[str, Any]:
    told: dict[str, Any] = {"partner": name, "size": look.size, "agree": list(look.agreed)}
    if look.origin is not None:
        told["origin"] = look.origin
    if look.error is not None:
        told["trouble"] = _trouble(look.error)
    return told


def _trouble(error: LedgerError) -> dict[str, str]:
    return {"code": error.code, "detail": str(error)}

"""What /health tells of the relay."""

from typing import Any

from ledger.errors import LedgerError
from ledger.services.node.assembly import Node


def relaying_of(node: Node) -> dict[str, Any]:
    """The member `relay`; nothing where no source is followed."""
    relaying = node.relaying
    if relaying is None or not node.foreign.sources():
        return {}
    rounds = relaying.rounds
    counts: dict[str, int] = {}
    for one in rounds.chains:
        for state, number in node.outbox.counts(one.target).items():
            counts[state] = counts.get(state, 0) + number
    halted = node.outbox.standing()
    state = "carrying" if node.home.settings.relay else "off"
    if relaying.standing_by:
        state = "standing by"
    if halted is not None:
        state = "halted"
    told: dict[str, Any] = {
        "state": state,
        "done": counts.pop("done", 0),
        "quarantined": counts.pop("quarantined", 0),
        "waiting": sum(counts.values()),
        "partners": [
            {
                "partner": route.followed.partner,
                "origin": route.origin,
                "unvouched": route.waiting,
                **({} if route.trouble is None else {"trouble": _trouble(route.trouble)}),
            }
            for route in tuple(rounds.routes.values())
        ],
    }
    trouble = next((one.trouble for one in rounds.chains if one.trouble is not None), relaying.trouble)
    if trouble is not None:
        told["trouble"] = _trouble(trouble)
    return {"relay": told}


def _trouble(error: LedgerError) -> dict[str, str]:
    return {"code": error.code, "detail": str(error)}

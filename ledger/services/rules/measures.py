"""Measures of a log as the API tells of them: what they are, their state and times, flags, answers, observations.

Source: docs/spec/policy-measure.md, docs/spec/measure-review.md.
"""

from typing import Any, Final

from ledger.core.times import format_time
from ledger.services.bundles.export import Shelf
from ledger.services.rules.measured import Flag, Measured, Moment, measured_one
from ledger.services.rules.reviewing import finding_json
from ledger.statements.observation import Observation
from ledger.store.statements import StoredStatement

KIND: Final = "PolicyMeasure"
STATES: Final = {"future": "future", "in force": "inForce", "ended": "ended", "superseded": "superseded"}


def measured_of(stored: StoredStatement, shelf: Shelf, *, now: int) -> Measured:
    """A measure of the log, as it is at a time, POSIX seconds."""
    return measured_one(stored, shelf, now)


def measure_json(found: Measured) -> dict[str, Any]:
    """What everybody is told of a measure."""
    measure, name = found.measure, found.stored.digest.hex()
    made: dict[str, Any] = {
        "digest": name,
        "index": found.stored.index,
        "issuer": found.stored.issuer,
        "url": f"/v1/statements/{name}",
        "number": measure.number,
        "version": measure.version,
        "kind": measure.kind,
        "title": dict(measure.titles),
        "jurisdiction": measure.jurisdiction,
        "direction": measure.direction,
        "state": STATES[found.state],
        "effectiveFrom": format_time(measure.effective_from),
        "rules": len(measure.rules),
        "times": [_moment(one) for one in found.timeline],
        "reviewers": list(found.reviewers),
        "flags": [_flag(one) for one in found.flags],
        "observations": [_observation(by, said) for by, said in found.observations],
    }
    further = {
        "zone": measure.zone,
        "effectiveUntil": None if measure.effective_until is None else format_time(measure.effective_until),
        "supersededBy": None if found.successor is None else found.successor.hex(),
    }
    return made | {name: value for name, value in further.items() if value is not None}


def _moment(one: Moment) -> dict[str, Any]:
    return {"what": one.what, "at": format_time(one.at), **({"detail": one.detail} if one.detail else {})}


def _flag(one: Flag) -> dict[str, Any]:
    told = {"reviewer": one.reviewer, "review": one.review.hex(), **finding_json(one.finding)}
    return {**told, "answers": list(one.answers)}


def _observation(by: str, said: Observation) -> dict[str, Any]:
    told: dict[str, Any] = {"observer": by, "kind": said.kind, "at": format_time(said.at)}
    further = {"pointer": said.pointer, "detail": said.detail}
    return told | {name: value for name, value in further.items() if value is not None}

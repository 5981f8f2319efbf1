"""A precheck as JSON: what commands, nodes and pages show.

Format: docs/spec/precheck.md.
"""

from typing import Any

from ledger.core.times import format_time
from ledger.statements.deciding.changes import Change
from ledger.statements.deciding.counters import Finding, Threshold
from ledger.statements.deciding.decide import ENGINE
from ledger.statements.deciding.precheck import LineCheck, Missing, Precheck, Standing
from ledger.statements.deciding.precheck_year import Room, number_of
from ledger.statements.decision import Reason


def subject_of(checked: Precheck) -> dict[str, Any]:
    """The whole of it; members that have nothing to say are left out, lists are always there."""
    direction, line = checked.strictest
    made: dict[str, Any] = {
        "at": format_time(checked.at),
        "engine": ENGINE,
        "outcome": checked.outcome,
        "goes": checked.goes,
        "strictest": {"direction": direction, "line": line},
        "lines": [_line(line) for line in checked.lines],
        "missing": [_missing(missing) for missing in checked.missing],
        "changes": [_change(change) for change in checked.changes],
        "allTried": checked.all_tried,
        "room": [_room(room) for room in checked.room],
        "findings": [finding_of(finding) for finding in checked.findings],
        "conditions": list(checked.conditions),
        "documents": list(checked.documents),
        "next": [{"step": step.step, "codes": list(step.codes)} for step in checked.steps],
        "measures": [_standing(standing) for standing in checked.measures],
    }
    if checked.mechanisms is not None:
        made["mechanisms"] = list(checked.mechanisms)
    if checked.declared is not None:
        made["declared"] = checked.declared
    return made


def _line(line: LineCheck) -> dict[str, Any]:
    made: dict[str, Any] = {
        "direction": line.direction,
        "line": line.line,
        "outcome": line.outcome,
        "reasons": [
            _reason(reason, rule.outcome) for reason, rule in zip(line.reasons, line.rules, strict=True)
        ],
        "missing": list(line.missing),
    }
    return made


def _reason(reason: Reason, outcome: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "measure": reason.measure.hex(),
        "rule": reason.rule,
        "reason": reason.reason,
        "outcome": outcome,
    }
    if reason.cite is not None:
        made["cite"] = {"instrument": reason.cite.instrument}
        if reason.cite.article is not None:
            made["cite"]["article"] = reason.cite.article
    return made


def _missing(missing: Missing) -> dict[str, Any]:
    return _without_none({"fact": missing.fact, "line": missing.line, "pointer": missing.pointer})


def _change(change: Change) -> dict[str, Any]:
    was = list(change.was) if isinstance(change.was, tuple) else change.was
    made = {
        "fact": change.fact,
        "line": change.line,
        "pointer": change.pointer,
        "was": was,
        "mechanism": change.mechanism,
        "outcome": change.outcome,
        "goes": change.goes,
        "effect": change.effect,
    }
    if change.at_least is None:
        made["values"] = list(change.values)
    else:
        made |= {"atLeast": change.at_least, "below": change.below, "nearest": change.nearest}
    return _without_none(made)


def _room(room: Room) -> dict[str, Any]:
    threshold: Threshold = room.threshold
    return _without_none(
        {
            "metric": threshold.metric,
            "threshold": threshold.number,
            "measure": room.number,
            "reached": room.reached,
            "left": room.left,
        }
    )


def finding_of(finding: Finding) -> dict[str, Any]:
    """What should be looked at; of its records those that are signed, and how many they are in all."""
    return {
        "code": finding.code,
        "metric": finding.metric,
        "total": finding.total,
        "limit": finding.limit,
        "since": format_time(finding.since),
        "until": format_time(finding.until),
        "together": len(finding.records),
        "records": [digest.hex() for digest in finding.records if number_of(digest) is None],
    }


def _standing(standing: Standing) -> dict[str, Any]:
    measure = standing.measure.measure
    return _without_none(
        {
            "digest": standing.measure.digest.hex(),
            "number": measure.number,
            "version": measure.version,
            "kind": measure.kind,
            "title": dict(measure.titles),
            "direction": measure.direction,
            "jurisdiction": measure.jurisdiction,
            "zone": measure.zone,
            "state": standing.state,
            "effectiveFrom": format_time(measure.effective_from),
            "effectiveUntil": None
            if measure.effective_until is None
            else format_time(measure.effective_until),
        }
    )


def _without_none(made: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in made.items() if value is not None}

"""A precheck in words, for people: what may go, by which rule, what is missing, what would change it, what to do.

Content: docs/spec/precheck.md.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from ledger.core.times import format_time
from ledger.services.rules.shipped_measures import Held
from ledger.statements.deciding.changes import Change
from ledger.statements.deciding.counters import Finding, Metric
from ledger.statements.deciding.precheck import LineCheck, Missing, Precheck, Standing, Step
from ledger.statements.deciding.precheck_year import YTD_SHORT, Room
from ledger.statements.deciding.trying import ANY_OTHER
from ledger.statements.scenario import OWN_SCHEME

MOST_CHANGES: Final = 4
"""Changes that are told; the JSON has all."""
MOST_VALUES: Final = 6
OUTCOMES: Final = {
    "free": "free",
    "conditional": "free under conditions",
    "mechanismRequired": "a mechanism is required",
    "assessmentRequired": "an assessment by the authority is required",
    "indeterminate": "nobody can say yet",
    "prohibited": "prohibited",
}
FACTS: Final = {
    "line.category": "category of the data",
    "line.grade": "grade of the data",
    "line.scenario": "scenario, of a list that the measures know",
    "line.dataTypes": "types of the data",
    "line.persons.count": "persons in the line",
    "line.persons.sensitiveCount": "persons with sensitive data in the line",
    "line.persons.ytdCount": "persons since 1 January in all transfers of the exporter",
    "line.persons.ytdSensitiveCount": "persons with sensitive data since 1 January in all transfers of the exporter",
    "transfer.flow": "direction of the flow",
    "transfer.purpose": "purpose",
    "transfer.legalBasis": "legal basis",
    "transfer.mechanism": "mechanism",
    "transfer.exemption": "exemption",
    "transfer.criticalInfrastructure": "whether the exporter operates critical information infrastructure",
    "transfer.onwardAllowed": "whether the importer may send the data on",
    "transfer.destination": "country of the importer",
    "transfer.origin": "country of the exporter",
    "exporter.zone": "zone of the exporter",
    "importer.zone": "zone of the importer",
    "exporter.did": "DID of the exporter",
    "exporter.id": "identifier of the exporter",
    "importer.did": "DID of the importer",
    "importer.id": "identifier of the importer",
    "measures": "a measure that speaks of this; --measures names files",
}
"""What each fact is, in words."""
_STATES: Final = {
    "future": "not yet in force, from {from}",
    "ended": "ended {until}",
    "otherZone": "is for zone {zone}",
    "otherParty": "is a pilot for others",
    "superseded": "a later version is there",
}
_STEPS: Final = {
    "say": "say {}",
    "declareMechanism": "put one of these in place and declare it: {}",
    "askAuthority": "apply for the authority's assessment, and declare {}",
    "meetConditions": "meet: {}",
    "keepDocuments": "have ready: {}",
    "register": "sign and register the record",
    "doNotSend": "do not send it",
}


def told(checked: Precheck, held: Iterable[Held]) -> Iterator[str]:
    """The lines that a command prints.

    Args:
        checked: What was found.
        held: The measures at hand, with where they are from.
    """
    yield f"{'MAY GO' if checked.goes else 'MAY NOT GO YET'}: {_outcome(checked)}"
    numbers = {each.measure.digest: each.measure.measure.number for each in checked.measures}
    for line in checked.lines:
        yield from _line(line, numbers)
    for missing in checked.missing:
        yield f"missing: {_missing(missing)}"
    yield from _changes(checked)
    for room in _nearest(checked.room):
        yield _room(room)
    for finding in checked.findings:
        yield f"look at: {finding_words(finding)}"
    for step in checked.steps:
        yield f"next: {_step(step)}"
    said = {each.ready.digest: each.said for each in held}
    for standing in sorted(checked.measures, key=lambda each: each.measure.measure.number):
        yield _standing(standing, said.get(standing.measure.digest, ""))
    if not checked.measures:
        yield "no measure at hand is of the exporter's or the importer's country"


def code_words(name: str, code: str) -> str:
    """A code of a list in words, from its file."""
    return codes_of(name).get(code, code)


@cache
def codes_of(name: str) -> dict[str, str]:
    """The codes of a list in its order, each in words."""
    codes: dict[str, str] = json.loads(files("ledger.rules").joinpath(f"{name}.json").read_bytes())["codes"]
    return codes


def _outcome(checked: Precheck) -> str:
    text = OUTCOMES[checked.outcome]
    if checked.goes and checked.outcome in {"mechanismRequired", "assessmentRequired"}:
        text += f", and {checked.declared} is declared"
    elif checked.mechanisms:
        text += f", one of {', '.join(checked.mechanisms)}"
    return f"{text} ({checked.outcome})"


def _line(line: LineCheck, numbers: Mapping[bytes, str]) -> Iterator[str]:
    name = f"line {line.line}" if line.line else "the whole"
    yield f"{name}, {line.direction}: {line.outcome}"
    for reason in sorted(line.reasons, key=lambda reason: numbers[reason.measure]):
        cite = ""
        if reason.cite is not None:
            cite = f": {reason.cite.instrument}"
            cite += "" if reason.cite.article is None else f", {reason.cite.article}"
        yield f"    rule {reason.rule} of {numbers[reason.measure]}{cite} ({reason.reason})"


def _missing(missing: Missing) -> str:
    where = f" at /credentialSubject{missing.pointer}" if missing.pointer else ""
    return f"{missing.fact}{where}: {FACTS.get(missing.fact, 'as the rule asks')}"


def _changes(checked: Precheck) -> Iterator[str]:
    if not checked.all_tried:
        yield "not every single fact was tried: there are too many rules, lines or open places"
    elif not checked.changes:
        yield "one fact alone would change nothing"
    for place, change in enumerate(checked.changes[:MOST_CHANGES]):
        yield f"{'one fact that would change it' if place == 0 else 'or'}: {_change(change)}"
    left = len(checked.changes) - MOST_CHANGES
    if left > 0:
        yield f"    and {left} more single facts; --json has all"


def _change(change: Change) -> str:
    of = "" if change.line is None else f" of line {change.line}"
    was = ""
    if isinstance(change.was, int):
        was = f", not {change.was:,}"
    elif change.was is not None and change.was != ("",):
        was = f", not {', '.join(map(_value, change.was)) or 'none'}"
    to = "" if change.mechanism is None else f" by the mechanism {change.mechanism}"
    then = change.outcome + (", and may go" if change.goes else "")
    return f"{change.fact}{of} {_values(change)}{to}{was}: {then}"


def _values(change: Change) -> str:
    if change.at_least is None:
        shown = [_value(value) for value in change.values[:MOST_VALUES]]
        more = len(change.values) - MOST_VALUES
        return " or ".join(shown) + (f" or {more} more" if more > 0 else "")
    if change.below is None:
        return f"{change.at_least:,} or more"
    if change.below == change.at_least + 1:
        return f"{change.at_least:,}"
    return f"{change.at_least:,} to {change.below - 1:,}"


def _value(value: str) -> str:
    if value == ANY_OTHER:
        return "any other"
    return value.removeprefix(f"{OWN_SCHEME} ") or "none"


def _nearest(rooms: Iterable[Room]) -> list[Room]:
    """Of each metric the lowest threshold that is not reached."""
    found: dict[str, Room] = {}
    for room in sorted(
        rooms, key=lambda room: (room.reached is not None and room.left is None, room.threshold)
    ):
        found.setdefault(room.threshold.metric, room)
    return list(found.values())


def _room(room: Room) -> str:
    what = counted(room.threshold.metric)
    of = f"below {room.threshold.number:,} ({room.number})"
    if room.reached is None:
        return f"room: nobody says how many {what} there are this year, {of}"
    if room.left is None:
        return f"room: none, {room.reached:,} {what} this year are not {of}"
    return f"room: {room.left:,} {what} left this year {of}"


def finding_words(finding: Finding) -> str:
    """What should be looked at, in words."""
    what = counted(finding.metric)
    if finding.code == YTD_SHORT:
        return (
            f"it says {finding.total:,} {what} this year, and what went before says or adds up to {finding.limit:,}"
            f" ({finding.code})"
        )
    return (
        f"{len(finding.records)} records to one importer about one scenario within 30 days, of {finding.total:,} {what}"
        f" together; each stays below {finding.limit:,} ({finding.code})"
    )


def counted(metric: Metric) -> str:
    """Whom a metric counts."""
    return "persons" if metric == "count" else "persons with sensitive data"


def _step(step: Step) -> str:
    lists = {"meetConditions": "measure-conditions", "keepDocuments": "measure-documents"}
    codes = "; ".join(code_words(lists[step.step], code) for code in step.codes) if step.step in lists else ""
    return _STEPS[step.step].format(codes or ", ".join(step.codes) or "none answers every line")


def _standing(standing: Standing, said: str) -> str:
    measure = standing.measure.measure
    title = dict(measure.titles).get("en", measure.titles[0][1])
    text = f"measure {measure.number} version {measure.version}, {title}"
    if standing.state != "inForce":
        until = measure.effective_until if measure.pilot is None else measure.pilot.sunset
        values = {
            "from": format_time(measure.effective_from),
            "until": "" if until is None else format_time(until),
            "zone": measure.zone or "",
        }
        text += f"; not asked: {_STATES[standing.state].format(**values)}"
    return f"{text}; {said}" if said else text

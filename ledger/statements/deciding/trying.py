"""The values of facts that are worth trying: codes that measures tell apart, counts from which a rule turns.

Rule: docs/spec/precheck.md, section Changes.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from ledger.statements import codes as lists
from ledger.statements.deciding.asking import EXEMPTING, Asking, zones_of
from ledger.statements.deciding.decide import Ready
from ledger.statements.deciding.draft import NOT_SAID
from ledger.statements.scenario import OWN_SCHEME
from ledger.statements.transfer import types_fit_category

ANY_OTHER: Final = "*"
"""In place of a value: any that the measures do not name."""
PERSONAL: Final = ("personal", "sensitivePersonal")


class Fact(NamedTuple):
    """A fact in its place."""

    name: str
    line: int | None
    pointer: str
    was: int | tuple[str, ...] | None
    mechanism: str | None = None


def values_of_record(
    transfer: dict[str, Any], asking: Asking, measures: Iterable[Ready]
) -> Iterator[tuple[Fact, str, dict[str, Any]]]:
    """Facts of the record, each with a value to try and the members that say it."""
    yield from _mechanisms(transfer, asking)
    for name, path in (
        ("transfer.criticalInfrastructure", ("criticalInfrastructure",)),
        ("transfer.onwardAllowed", ("onward", "allowed")),
    ):
        if name in asking.facts:
            yield from _truths(transfer, name, path)
    if "transfer.flow" in asking.facts and transfer["flow"]:
        fact = Fact("transfer.flow", None, "/flow", (transfer["flow"],))
        for flow in sorted(lists.FLOWS):
            yield fact, flow, {"flow": flow}
    for name, codes in (("purpose", lists.PURPOSES), ("legalBasis", lists.LEGAL_BASES)):
        if f"transfer.{name}" in asking.facts:
            fact = Fact(f"transfer.{name}", None, f"/{name}", _tuple(transfer.get(name)))
            for value, given in _lists(fact, asking, codes):
                yield fact, value, {name: given}
    yield from _zones(transfer, asking, measures)


def _mechanisms(transfer: dict[str, Any], asking: Asking) -> Iterator[tuple[Fact, str, dict[str, Any]]]:
    """Mechanisms that name no exemption, and exemptions by what names them."""
    mechanism: dict[str, Any] = transfer.get("mechanism", {})
    was = (mechanism["type"],) if mechanism else None
    for kind in sorted(lists.MECHANISMS.difference(EXEMPTING)):
        fact = Fact("transfer.mechanism", None, "/mechanism", was)
        yield fact, kind, {"mechanism": {"type": kind}}
    for kind in EXEMPTING if "transfer.exemption" in asking.facts else ():
        code = mechanism.get("exemptionCode")
        fact = Fact("transfer.exemption", None, "/mechanism", (code,) if code else was and (), kind)
        for other in sorted(lists.EXEMPTIONS):
            yield fact, other, {"mechanism": {"type": kind, "exemptionCode": other}}


def _truths(
    transfer: dict[str, Any], name: str, path: tuple[str, ...]
) -> Iterator[tuple[Fact, str, dict[str, Any]]]:
    said = transfer.get(path[0])
    value = said.get(path[1]) if isinstance(said, dict) else said
    fact = Fact(name, None, "/" + "/".join(path), None if value is None else (str(value).lower(),))
    for truth in (False, True):
        yield fact, str(truth).lower(), {path[0]: {path[1]: truth} if path[1:] else truth}


def _zones(
    transfer: dict[str, Any], asking: Asking, measures: Iterable[Ready]
) -> Iterator[tuple[Fact, str, dict[str, Any]]]:
    """Zones that measures tell apart, for the party on their side; none."""
    for party, direction in (("exporter", "outbound"), ("importer", "inbound")):
        given = transfer[party]
        if given.get("zone") == NOT_SAID:
            continue  # every one of them is tried as what the draft may say
        of_side = [each.measure for each in measures if each.measure.direction == direction]
        fact = Fact(f"{party}.zone", None, f"/{party}/zone", (given.get("zone", ""),))
        rest = {name: value for name, value in given.items() if name != "zone"}
        for zone in zones_of(of_side, asking, party):
            if zone.startswith(given["jurisdiction"]) or not zone:
                yield fact, zone, {party: rest | {"zone": zone} if zone else rest}


def _lists(fact: Fact, asking: Asking, codes: frozenset[str]) -> Iterator[tuple[str, list[str]]]:
    """A list with one code more that is asked about; where none is given, one code alone, or any other."""
    named = sorted(asking.texts.get(fact.name, frozenset()) & codes)
    given = list(fact.was) if isinstance(fact.was, tuple) else []
    for code in named:
        if code not in given:
            yield code, [*given, code]
    others = sorted(codes.difference(named))
    if fact.was is None and others:
        yield ANY_OTHER, others[:1]


def bounds(line: dict[str, Any], name: str) -> tuple[int, int | None]:
    """Between which numbers a count of a line may be, by its other counts; both included."""
    persons: dict[str, int] = line.get("persons", {})
    low = max((persons[one] for one, other in _LESS if other == name and one in persons), default=0)
    high = min((persons[other] for one, other in _LESS if one == name and other in persons), default=None)
    return low, high


def intervals(
    fact: Fact, lines: list[dict[str, Any]], asking: Asking, low: int, high: int | None
) -> Iterator[tuple[int, int | None]]:
    """The numbers from `low` to `high` in pieces of which no rule tells two apart, as (first, first beyond)."""
    cuts = set(asking.cuts.get(fact.name, ()))
    if asking.adds:
        counts = {count for line in lines for count in line.get("persons", {}).values() if type(count) is int}
        cuts |= {cut + sign * count for cut in cuts for count in counts for sign in (-1, 1)}
    end = None if high is None else high + 1
    points = [low, *sorted(cut for cut in cuts if low < cut and (high is None or cut <= high))]
    yield from zip(points, [*points[1:], end], strict=True)


_Line = dict[str, Any]


def values_of_line(
    line: _Line, place: int, asking: Asking
) -> Iterator[tuple[Fact, str | int, int | None, _Line]]:
    """Facts of a line, each with a value to try, of a count the first number beyond, and the line that says it."""

    def fact(member: str, was: int | tuple[str, ...] | None) -> Fact:
        name = f"line.{member.replace('/', '.')}"
        return Fact(name, line["line"], f"/lines/{place}/{member}", was)

    for member, value, changed in _codes_of_line(line, asking):
        was = line.get(member)
        said = (f"{was['scheme']} {was['code']}",) if isinstance(was, dict) else _tuple(was)
        yield fact(member, said), value, None, changed
    if "line.dataTypes" in asking.facts:
        given = fact("dataTypes", _tuple(line.get("dataTypes")))
        for value, types in _lists(given, asking, lists.DATA_TYPES):
            changed = {**line, "dataTypes": types}
            if _fits(changed):
                yield given, value, None, changed
    for name in ("count", "sensitiveCount"):
        if f"line.persons.{name}" in asking.facts and line.get("category") in PERSONAL[name != "count" :]:
            persons: dict[str, Any] = line.get("persons", {})
            given = fact(f"persons/{name}", persons.get(name))
            for least, below in intervals(given, [line], asking, *bounds(line, name)):
                yield given, least, below, {**line, "persons": {**persons, name: least}}


def _codes_of_line(line: _Line, asking: Asking) -> Iterator[tuple[str, str, _Line]]:
    """Members of which each value is one code."""
    if "line.category" in asking.facts or any(name.startswith("line.persons.") for name in asking.facts):
        for category in ("nonPersonal", *PERSONAL):
            yield "category", category, _of_category(line, category)
    if "line.grade" in asking.facts:
        for grade in ("general", "important", "core"):
            yield "grade", grade, {**line, "grade": grade}
    if "line.scenario" in asking.facts:
        own = {f"{OWN_SCHEME} {code}" for code in lists.SCENARIOS}
        for value in sorted(own | asking.texts["line.scenario"]):
            scheme, _, code = value.partition(" ")
            yield "scenario", value, {**line, "scenario": {"scheme": scheme, "code": code}}


def _of_category(line: dict[str, Any], category: str) -> dict[str, Any]:
    """A line of another category, without what does not go with it."""
    made = {**line, "category": category}
    persons = dict(made.pop("persons", {}))
    if category == "personal":
        persons.pop("sensitiveCount", None)
    if persons and category != "nonPersonal":
        made["persons"] = persons
    if not _fits(made):
        del made["dataTypes"]
    return made


def _fits(line: dict[str, Any]) -> bool:
    """Whether a line's types of data are of its category."""
    found: list[Any] = []
    if "category" in line and "dataTypes" in line:
        types_fit_category.run(line, "", found)
    return not found


def _tuple(value: str | list[str] | None) -> tuple[str, ...] | None:
    return (value,) if isinstance(value, str) else None if value is None else tuple(value)


_LESS: Final = (
    ("sensitiveCount", "count"),
    ("count", "ytdCount"),
    ("sensitiveCount", "ytdSensitiveCount"),
    ("ytdSensitiveCount", "ytdCount"),
)
"""Counts of which the first is never more than the second."""

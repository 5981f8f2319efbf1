"""What one measure says of one line, and which measures there are to ask.

Rule: docs/spec/deciding.md, sections Measures and Rules.  All here is a function of values.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from ledger.statements.deciding.conditions import condition_of, work_of
from ledger.statements.deciding.facts import Facts, lies_in
from ledger.statements.deciding.truth import Fault, Missing, Truth
from ledger.statements.decision import ORDER, RULE_ERROR, Reason
from ledger.statements.measure import PolicyMeasure
from ledger.statements.measure_rules import MeasureRule
from ledger.statements.party import Party

SILENT: Final = -2
"""Says nothing: less than every outcome, which are counted by their place in `ORDER`."""
YIELDING: Final = -1
"""Says nothing because another measure speaks in its place."""
INDETERMINATE: Final = ORDER.index("indeterminate")


class Verdict(NamedTuple):
    """What a measure says, or may say while facts are missing."""

    settled: int | None
    """The one thing possible."""

    possible: frozenset[int]
    """Places in `ORDER`, or `SILENT`, or `YIELDING`."""
    rules: tuple["Possible", ...]
    """The rules that decide, or may; in order."""
    missing: frozenset[str]


class Possible(NamedTuple):
    """A rule that decides, or may."""

    outcome: int
    reason: Reason
    rule: MeasureRule


class Ruling(NamedTuple):
    """A rule made ready."""

    holds: Callable[[Facts], Truth]
    says: Possible
    fails: Possible
    """In error."""
    alone: Verdict
    """Where it is the first that holds, and none before it is unknown."""
    work: int
    """What asking it costs."""


class Ready(NamedTuple):
    """A measure made ready to be asked, once for any number of transfers."""

    digest: bytes
    measure: PolicyMeasure
    rulings: tuple[Ruling, ...]
    kept: tuple[Ruling, ...]
    """Those of them that are not delegable."""


def ready(digest: bytes, measure: PolicyMeasure) -> Ready:
    """Make a measure ready.

    Args:
        digest: Of its statement, 32 bytes.
        measure: Where it is `joint`, enough of its authorities endorsed it: that is the caller's to see.

    Raises:
        MalformedError: `cel-invalid`: an expression of its rules is none.
    """
    rulings = tuple(_ruling(digest, rule) for rule in measure.rules)
    kept = tuple(ruling for ruling in rulings if not ruling.says.rule.delegable)
    return Ready(digest, measure, rulings, kept)


def _ruling(digest: bytes, rule: MeasureRule) -> Ruling:
    outcome = ORDER.index(rule.outcome)
    says = Possible(outcome, Reason(digest, rule.id, rule.reason, rule.cite), rule)
    fails = Possible(INDETERMINATE, Reason(digest, rule.id, RULE_ERROR, rule.cite), rule)
    alone = Verdict(outcome, frozenset({outcome}), (says,), frozenset())
    return Ruling(condition_of(rule), says, fails, alone, work_of(rule))


_NONE: Final[frozenset[str]] = frozenset()
_SILENCE: Final = Verdict(SILENT, frozenset({SILENT}), (), _NONE)


def verdict_of(rulings: Sequence[Ruling], facts: Facts) -> Verdict:
    """What ordered rules say of a line: the first that holds decides, those unknown before it may have."""
    possible: list[Possible] = []
    missing: list[Missing] = []
    for ruling in rulings:
        truth = ruling.holds(facts)
        if truth is False:
            continue
        if truth is True and not possible:
            return ruling.alone
        if isinstance(truth, Missing):
            missing.append(truth)
            possible.append(ruling.says)
            continue
        possible.append(ruling.fails if isinstance(truth, Fault) else ruling.says)
        break
    else:
        if not possible:
            return _SILENCE
        outcomes = {SILENT, *(rule.outcome for rule in possible)}
        return _verdict(outcomes, tuple(possible), _NONE.union(*missing))
    return _verdict({rule.outcome for rule in possible}, tuple(possible), _NONE.union(*missing))


def _verdict(possible: Iterable[int], rules: tuple[Possible, ...], missing: frozenset[str]) -> Verdict:
    outcomes = frozenset(possible)
    return Verdict(min(outcomes) if len(outcomes) == 1 else None, outcomes, rules, missing)


def perhaps_yielding(whole: Verdict, kept: Verdict) -> Verdict:
    """What a measure says where another may speak in its place: all of it, or without what is delegable."""
    rules = tuple({id(rule): rule for rule in whole.rules + kept.rules}.values())
    yielded = frozenset(YIELDING if outcome == SILENT else outcome for outcome in kept.possible)
    return _verdict(whole.possible | yielded, rules, whole.missing | kept.missing)


def in_force(measures: Iterable[Ready], direction: str, party: Party, at: int) -> list[Ready]:
    """The measures that a direction's side has to be asked about, ascending by digest.

    Args:
        measures: All at hand, in any order.
        direction: outbound or inbound.
        party: The one on that side: who sends, or who receives.
        at: POSIX seconds.
    """
    begun = {each.digest: each for each in measures if has_begun(each.measure, direction, party, at)}
    if not begun:
        return []
    latest: dict[tuple[str, ...], int] = {}
    for each in begun.values():
        name = series_of(each.measure)
        latest[name] = max(each.measure.version, latest.get(name, 0))
    return [
        each
        for _, each in sorted(begun.items())
        if is_asked(each.measure, party, at) and latest[series_of(each.measure)] == each.measure.version
    ]


def has_begun(measure: PolicyMeasure, direction: str, party: Party, at: int) -> bool:
    """Whether a measure of a direction's side has taken effect, and so covers its earlier versions."""
    return (
        measure.jurisdiction == party.jurisdiction
        and measure.direction == direction
        and measure.effective_from <= at
    )


def is_asked(measure: PolicyMeasure, party: Party, at: int) -> bool:
    """Whether a measure that has begun, and that no later version covers, has something to say of a party."""
    return (measure.effective_until is None or at < measure.effective_until) and _concerns(measure, party, at)


def _concerns(measure: PolicyMeasure, party: Party, at: int) -> bool:
    if measure.zone is not None and (party.zone is None or not lies_in(party.zone, measure.zone)):
        return False
    pilot = measure.pilot
    return pilot is None or (at < pilot.sunset and (party.scheme, party.id) in pilot.parties)


def author_of(measure: PolicyMeasure) -> tuple[str, str]:
    """What one authority has the same in all its measures."""
    return measure.authority.did, measure.authority.jurisdiction


def series_of(measure: PolicyMeasure) -> tuple[str, ...]:
    """What all versions of a measure of one direction have the same."""
    return (*author_of(measure), measure.number, measure.kind, measure.zone or "")


def overriding(measures: Sequence[Ready]) -> list[tuple[int, ...]]:
    """For each measure, the places of those that may say otherwise where it is delegable.

    There are no chains: what overrides another has nothing delegable itself.
    """
    over = [place for place, each in enumerate(measures) if each.measure.overrides]
    return [
        tuple(place for place in over if _overrides(measures[place].measure, under)) for under in measures
    ]


def _overrides(one: PolicyMeasure, under: Ready) -> bool:
    other = under.measure
    if other.number not in one.overrides or one.kind == "default" or one is other:
        return False
    return author_of(one) == author_of(other) or any(
        delegate.authority == one.authority.did
        and (delegate.zone is None or (one.zone is not None and lies_in(one.zone, delegate.zone)))
        for delegate in other.delegates_to
    )


def relations(measure: PolicyMeasure, jurisdiction: str, at: int) -> tuple[str, ...]:
    """What a measure says holds between its jurisdiction and another at a time."""
    return tuple(dict.fromkeys(_relations(measure, jurisdiction, at)))


def _relations(measure: PolicyMeasure, jurisdiction: str, at: int) -> Iterator[str]:
    for entry in measure.relations:
        begun = entry.jurisdiction == jurisdiction and entry.begins <= at
        if begun and (entry.until is None or at < entry.until):
            yield entry.relation

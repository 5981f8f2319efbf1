"""May this transfer cross?  What the measures in force say of it, line by line.

Rule: docs/spec/deciding.md, a function of the record, of measures and of a time: whoever has the same computes the
same bytes.  Cost: what the rules in force ask, times the lines; it is bounded before anything is asked.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, Final, NamedTuple

from ledger.core.canonical import encode
from ledger.core.times import format_time
from ledger.statements.deciding.facts import (
    RELATIONS,
    SCENARIO,
    ZONE,
    Facts,
    facts_of,
    foreign_scenarios,
)
from ledger.statements.deciding.sides import Measures, Side, bound
from ledger.statements.deciding.verdicts import (
    INDETERMINATE,
    SILENT,
    YIELDING,
    Possible,
    Ready,
    Verdict,
    perhaps_yielding,
    ready,
    verdict_of,
)
from ledger.statements.decision import (
    ORDER,
    LineDecision,
    MeasureUsed,
    Reason,
    SideDecision,
)

__all__ = ["ENGINE", "Decided", "Measures", "Ready", "decide", "ready"]

ENGINE: Final = "evidence-rules/1"
NO_MEASURE: Final = "measures"
"""What is missing where nothing is said."""
MOST_REASONS: Final = 4
"""Reasons that a line names."""
_MECHANISM: Final = ORDER.index("mechanismRequired")
_ASSESSMENT: Final = ORDER.index("assessmentRequired")


class Decided(NamedTuple):
    """The answer; it becomes the subject of a Decision with the digest of the record it is about."""

    at: int
    measures: tuple[MeasureUsed, ...]
    """Those in force for one of the parties, ascending by digest."""
    outcome: str
    outbound: SideDecision
    inbound: SideDecision | None
    """None: no measure at hand says anything."""
    mechanisms: tuple[str, ...] | None
    """By which it may cross; None: no mechanism is required."""
    declared: bool | None
    """Whether the record's mechanism is one of them."""
    conditions: tuple[str, ...]
    """Of every rule that decides or may, beneath a stricter outcome too; ascending."""
    strictest: tuple[str, int]
    """(direction, line) that the outcome is of."""
    allowed: frozenset[str] | None
    """Mechanisms that every rule which requires one allows, also beside an assessment; None: none requires one, or the
    outcome is another.  No part of the subject."""

    def subject(self, transfer: bytes) -> dict[str, Any]:
        """The subject of a Decision about the record with this digest."""
        made: dict[str, Any] = {
            "transfer": transfer.hex(),
            "at": format_time(self.at),
            "engine": ENGINE,
            "measures": [
                {"digest": used.digest.hex(), "number": used.number, "version": used.version}
                for used in self.measures
            ],
            "outcome": self.outcome,
            "outbound": _side_json(self.outbound),
            "strictest": {"direction": self.strictest[0], "line": self.strictest[1]},
        }
        if self.inbound is not None:
            made["inbound"] = _side_json(self.inbound)
        if self.mechanisms is not None:
            made["mechanisms"] = list(self.mechanisms)
            made["declared"] = self.declared
        if self.conditions:
            made["conditions"] = list(self.conditions)
        return made

    def canonical(self, transfer: bytes) -> bytes:
        """That subject in canonical JSON."""
        return encode(self.subject(transfer), what="decision")


def decide(transfer: dict[str, Any], measures: Iterable[Ready] | Measures, *, at: int) -> Decided:
    """Decide about a transfer.

    Args:
        transfer: Subject of a TransferRecord, in order.
        measures: All at hand, in any order; those not in force, or of others, change nothing.  Whoever decides about
            several transfers makes `Measures` of them once.
        at: When it crosses, POSIX seconds.

    Raises:
        RefusedError: `decision-too-large`: there are more measures in force than `MOST_MEASURES`, or what their rules
            ask, times the lines, is more than `MOST_WORK`.
    """
    at_hand = measures if isinstance(measures, Measures) else Measures(measures)
    exporter, importer = transfer["exporter"], transfer["importer"]
    out = at_hand.side("outbound", exporter, importer, at)
    into = at_hand.side("inbound", importer, exporter, at)
    bound(len(out.measures) + len(into.measures), (out.work + into.work) * len(transfer.get("lines", "0")))
    lines, foreign = facts_of(transfer, {}), foreign_scenarios(transfer)
    outbound = _judged(out, lines, foreign, is_outbound=True)
    inbound = _judged(into, lines, foreign, is_outbound=False) if into.measures else []
    every = outbound + inbound
    outcome = _strictest(every)
    direction, of = ("outbound", outbound) if _strictest(outbound) == outcome else ("inbound", inbound)
    allowed = _mechanisms(every) if outcome in (_MECHANISM, _ASSESSMENT) else None
    mechanisms = tuple(sorted(allowed)) if allowed is not None and outcome == _MECHANISM else None
    return Decided(
        at=at,
        measures=tuple(sorted(out.used + into.used) if into.used else out.used),
        outcome=ORDER[outcome],
        outbound=_side(outbound),
        inbound=_side(inbound) if inbound else None,
        mechanisms=mechanisms,
        declared=None if mechanisms is None else transfer.get("mechanism", {}).get("type") in mechanisms,
        conditions=_conditions(every),
        strictest=(direction, of[[line.outcome for line in of].index(outcome)].decision.line),
        allowed=allowed,
    )


class _Line(NamedTuple):
    """What a direction says of one line."""

    outcome: int
    decision: LineDecision
    mechanisms: frozenset[str] | None
    """That all rules which require one allow, where that or an assessment is the outcome; None: none requires one."""
    every: list[Possible]
    """All rules that decide, or may."""


def _judged(
    side: Side, lines: list[tuple[int, Facts]], foreign: dict[int, tuple[str, str]], *, is_outbound: bool
) -> list[_Line]:
    """What a direction says, but for lines of which it says nothing and need not."""
    found = []
    for number, facts in lines:
        facts[ZONE] = side.zone
        said, by_default = _verdicts(side, facts, foreign.get(number))
        line = _line(number, said, by_default, is_outbound=is_outbound)
        if line is not None:
            found.append(line)
    return found


def _verdicts(
    side: Side, facts: Facts, scenario: tuple[str, str] | None
) -> tuple[list[Verdict], list[Verdict]]:
    """What each measure says of a line, and what those of the kind default say, which count where no other does.

    Args:
        side: Whose measures.
        facts: Of the line.
        scenario: Of the line, where it is not one that everybody knows.
    """
    whole: list[Verdict] = []
    known = () if scenario is None else side.knowing(*scenario)
    for place, (each, holds) in enumerate(zip(side.measures, side.relations, strict=True)):
        facts[RELATIONS] = holds
        if scenario is not None:
            _tell(facts, scenario, known=known[place])
        whole.append(verdict_of(each.rulings, facts))
    found = whole
    if side.overridden:
        found = whole.copy()
        for place in side.overridden:
            if scenario is not None:
                _tell(facts, scenario, known=known[place])
            found[place] = _overridden(side, place, whole, facts)
    if not side.defaults:
        return found, []
    said = [verdict for place, verdict in enumerate(found) if place not in side.defaults]
    return said, [found[place] for place in side.defaults]


def _tell(facts: Facts, scenario: tuple[str, str], *, known: bool) -> None:
    """Give the line's scenario to a measure, if it knows it."""
    if known:
        facts[SCENARIO] = " ".join(scenario)
    else:
        facts.pop(SCENARIO, None)


def _overridden(side: Side, place: int, whole: list[Verdict], facts: Facts) -> Verdict:
    """What a measure says that others override, where all say this."""
    verdict, silent, speaks = whole[place], True, False
    for over in side.overriding[place]:
        silent = silent and whole[over].settled == SILENT
        speaks = speaks or SILENT not in whole[over].possible
    if silent:
        return verdict
    facts[RELATIONS] = side.relations[place]
    kept = verdict_of(side.measures[place].kept, facts)
    return kept if speaks else perhaps_yielding(verdict, kept)


def _line(number: int, said: list[Verdict], by_default: list[Verdict], *, is_outbound: bool) -> _Line | None:
    possible = _strictest_of_each(said)
    if SILENT in possible:
        possible = (possible - _NOTHING) | _strictest_of_each(by_default)
        said = said + by_default
    if possible == _NOTHING and not is_outbound:
        return None
    if len(possible) == 1 and SILENT not in possible:
        (outcome,) = possible
    else:
        outcome = INDETERMINATE
    every: list[Possible] = []
    for verdict in said:
        every += verdict.rules
    if outcome == INDETERMINATE:
        rules, missing = every, _missing(said, measures=is_outbound and SILENT in possible)
    else:
        rules, missing = [rule for rule in every if rule.outcome == outcome], ()
    reasons = [rule.reason for rule in rules]
    if len(reasons) > 1:
        reasons = sorted(reasons, key=_by_measure)[:MOST_REASONS]
    decision = LineDecision(number, ORDER[outcome], tuple(reasons), missing)
    if outcome == _ASSESSMENT:
        rules = [rule for rule in every if rule.outcome == _MECHANISM]
    elif outcome != _MECHANISM:
        rules = []
    return _Line(outcome, decision, _allowed(rules) if rules else None, every)


def _missing(said: Iterable[Verdict], *, measures: bool) -> tuple[str, ...]:
    missing = {name for verdict in said if verdict.settled is None for name in verdict.missing}
    if measures:
        missing.add(NO_MEASURE)
    return tuple(sorted(missing))


def _strictest_of_each(verdicts: list[Verdict]) -> frozenset[int]:
    """What comes out, of every choice of one of what each may say.

    Whatever one of them may say is the strictest of a choice where it is no less than the least of what each other one
    may, and so than the least of all.
    """
    strictest = SILENT
    for verdict in verdicts:
        if verdict.settled is None:
            break
        if verdict.settled > strictest:  # noqa: PLR1730 - a call of max for each measure of each line shows
            strictest = verdict.settled
    else:  # as most often
        return _ALONE[strictest]
    least = max(min(verdict.possible) for verdict in verdicts)
    together = _NOTHING.union(*(verdict.possible for verdict in verdicts))
    return frozenset(outcome for outcome in together if outcome >= least) - _YIELDED


def _allowed(rules: Iterable[Possible]) -> frozenset[str]:
    return frozenset.intersection(*(frozenset(rule.rule.mechanisms) for rule in rules))


def _strictest(lines: list[_Line]) -> int:
    if len(lines) == 1:  # as most often
        return lines[0].outcome
    return max(line.outcome for line in lines)


def _conditions(lines: list[_Line]) -> tuple[str, ...]:
    found: set[str] = set()
    for line in lines:
        for rule in line.every:
            if rule.rule.conditions:
                found.update(rule.rule.conditions)
    return tuple(sorted(found)) if found else ()


def _mechanisms(lines: list[_Line]) -> frozenset[str] | None:
    """Those that every line which requires one allows; None where none does."""
    sets = [line.mechanisms for line in lines if line.mechanisms is not None]
    return frozenset.intersection(*sets) if sets else None


def _side(lines: list[_Line]) -> SideDecision:
    return SideDecision(ORDER[_strictest(lines)], tuple([line.decision for line in lines]))


def _side_json(side: SideDecision) -> dict[str, Any]:
    return {"outcome": side.outcome, "lines": [_line_json(line) for line in side.lines]}


def _line_json(line: LineDecision) -> dict[str, Any]:
    made: dict[str, Any] = {
        "line": line.line,
        "outcome": line.outcome,
        "reasons": [_reason_json(reason) for reason in line.reasons],
    }
    if line.missing:
        made["missing"] = list(line.missing)
    return made


def _reason_json(reason: Reason) -> dict[str, Any]:
    made: dict[str, Any] = {
        "measure": reason.measure.hex(),
        "rule": reason.rule,
        "reason": reason.reason,
    }
    if reason.cite is not None:
        cite = {"instrument": reason.cite.instrument}
        if reason.cite.article is not None:
            cite["article"] = reason.cite.article
        made["cite"] = cite
    return made


_by_measure: Final = attrgetter("measure")
_NOTHING: Final = frozenset({SILENT})
_ALONE: Final = {outcome: frozenset({outcome}) for outcome in (SILENT, *range(len(ORDER)))}
_YIELDED: Final = frozenset({YIELDING})
"""Never the answer: where a measure yields, the one it yields to says more."""

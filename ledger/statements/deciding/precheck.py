"""Before a record is signed: may it go, by which rules, what is missing, what single fact would change that.

Rule: docs/spec/precheck.md.  A function of a draft, of measures, of a time and of records that went before: nothing is
read, nothing is signed, and whoever has the same is told the same.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from ledger.statements.deciding.asking import Asking, Completions, asking_of, completions
from ledger.statements.deciding.changes import Answer, Case, Change, answer, changes
from ledger.statements.deciding.counters import (
    Finding,
    Sent,
)
from ledger.statements.deciding.decide import Decided, decide
from ledger.statements.deciding.draft import completed
from ledger.statements.deciding.facts import lies_in
from ledger.statements.deciding.precheck_year import Room, rooms_of
from ledger.statements.deciding.sides import Measures
from ledger.statements.deciding.verdicts import Ready
from ledger.statements.decision import ORDER, Reason
from ledger.statements.measure import PolicyMeasure
from ledger.statements.measure_rules import MeasureRule

NO_ORIGIN: Final = "transfer.origin"
_POINTERS: Final = {
    "transfer.flow": "/flow",
    "transfer.purpose": "/purpose",
    "transfer.legalBasis": "/legalBasis",
    "transfer.mechanism": "/mechanism",
    "transfer.exemption": "/mechanism",
    "transfer.criticalInfrastructure": "/criticalInfrastructure",
    "transfer.onwardAllowed": "/onward/allowed",
    "transfer.dataLocation": "/dataLocation",
    "transfer.destination": "/importer/jurisdiction",
    NO_ORIGIN: "/exporter/jurisdiction",
}


class LineCheck(NamedTuple):
    """What one direction's measures say of one line."""

    direction: str
    line: int
    """Its number; 0: of a draft without lines."""
    outcome: str
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    rules: tuple[MeasureRule, ...]
    """Those of the reasons, in their order."""


class Missing(NamedTuple):
    """A fact that has to be said first."""

    fact: str
    line: int | None
    """None: of the record."""
    pointer: str | None
    """Where it belongs, below the subject; None: it is nothing that a record says."""


class Standing(NamedTuple):
    """A measure of one of the two jurisdictions."""

    measure: Ready
    state: str
    """inForce; or why it is not asked: future, ended, otherZone, otherParty, superseded."""


class Step(NamedTuple):
    """Something to do."""

    step: str
    """say, declareMechanism, askAuthority, meetConditions, keepDocuments, register, doNotSend."""
    codes: tuple[str, ...]
    """What of: names of facts, codes of mechanisms, conditions or documents."""


class Precheck(NamedTuple):
    """All of it."""

    at: int
    outcome: str
    goes: bool
    """Whether that lets it go: free, conditional, or what is required is declared as the record's mechanism."""
    lines: tuple[LineCheck, ...]
    strictest: tuple[str, int]
    """(direction, line) that the outcome is of."""
    mechanisms: tuple[str, ...] | None
    """By which it may go; None: no mechanism is required."""
    declared: str | None
    """The record's mechanism."""
    missing: tuple[Missing, ...]
    changes: tuple[Change, ...]
    """Single facts that would change the answer: what loosens it first, then what costs least."""
    all_tried: bool
    """False: there were more than there is time for."""
    room: tuple[Room, ...]
    conditions: tuple[str, ...]
    """Codes of what every rule asks that decides or may, as in a Decision."""
    findings: tuple[Finding, ...]
    """What should be looked at of it and the records that went before."""
    measures: tuple[Standing, ...]
    """Those of the two jurisdictions, ascending by digest."""

    @property
    def deciding(self) -> tuple[LineCheck, ...]:
        """The lines that have the outcome."""
        return tuple(line for line in self.lines if line.outcome == self.outcome)

    @property
    def asked(self) -> list[PolicyMeasure]:
        """The measures in force on the way out."""
        measures = [each.measure.measure for each in self.measures if each.state == "inForce"]
        return [measure for measure in measures if measure.direction == "outbound"]

    @property
    def documents(self) -> tuple[str, ...]:
        """Codes of what the rules that decided ask to be kept or filed."""
        return _codes(code for rule in self._settled() for code in rule.documents)

    def _settled(self) -> Iterator[MeasureRule]:
        for line in self.lines:
            if line.outcome != "indeterminate":
                yield from line.rules

    @property
    def steps(self) -> tuple[Step, ...]:
        """What to do next, in order."""
        return tuple(self._steps())

    def _steps(self) -> Iterator[Step]:
        if self.missing:
            yield Step("say", tuple(dict.fromkeys(missing.fact for missing in self.missing)))
        if self.outcome == "prohibited":
            yield Step("doNotSend", ())
            return
        if self.outcome == "mechanismRequired" and not self.goes:
            yield Step("declareMechanism", self.mechanisms or ())
        if self.outcome == "assessmentRequired" and not self.goes:
            yield Step("askAuthority", ("authorityAssessment",))
        if self.conditions and self.outcome != "indeterminate":
            yield Step("meetConditions", self.conditions)
        if self.documents:
            yield Step("keepDocuments", self.documents)
        if self.goes:
            yield Step("register", ())

    def subject(self) -> dict[str, Any]:
        """All of it as JSON; see docs/spec/precheck.md."""
        from ledger.statements.deciding.precheck_json import subject_of

        return subject_of(self)


def precheck(
    transfer: dict[str, Any], measures: Iterable[Ready], *, at: int, history: Iterable[Sent] = ()
) -> Precheck:
    """What the measures would say of a draft.

    Args:
        transfer: Subject of a TransferRecord, as `draft.draft_of` or `read` gives it: what is missing is not known.
        measures: All at hand, in any order.
        at: When it is to cross, POSIX seconds.
        history: Records of the exporter that went before, in any order; the draft is not among them.
    """
    draft = completed(transfer)
    case = _Near(measures).case(draft, at)
    checked = _check(case)
    found, whole = changes(case) if draft["exporter"]["jurisdiction"] else ((), True)
    rooms, findings = rooms_of(draft, checked.asked, at, tuple(history))
    return checked._replace(changes=found, all_tried=whole, room=rooms, findings=findings)


def outlines(
    transfers: Iterable[dict[str, Any]],
    measures: Iterable[Ready],
    *,
    at: int | Callable[[dict[str, Any]], int],
) -> Iterator[Precheck]:
    """As `precheck` of each, without what would change it, without room and findings: for many drafts.

    Args:
        transfers: As `precheck` takes one.
        measures: All at hand, in any order.
        at: When they are to cross, POSIX seconds; or a function that says so of each.
    """
    near = _Near(measures)
    for transfer in transfers:
        yield _check(near.case(completed(transfer), at if isinstance(at, int) else at(transfer)))


def _check(case: Case) -> Precheck:
    """What is said as it stands."""
    transfers, missing = case.completions.transfers, case.completions.missing
    decided = [decide({**transfer, "lines": case.lines}, case.measures, at=case.at) for transfer in transfers]
    told = answer(case, decided)
    lines = _lines(decided, case)
    unsaid = missing
    if not transfers[0]["exporter"]["jurisdiction"]:
        unsaid, told = (NO_ORIGIN, *missing), Answer(ORDER.index("indeterminate"), goes=False)
    first = decided[0]
    outcome = ORDER[told.outcome]
    mechanism = transfers[0].get("mechanism")
    return Precheck(
        at=case.at,
        outcome=outcome,
        goes=told.goes,
        lines=lines,
        strictest=next(
            ((line.direction, line.line) for line in lines if line.outcome == outcome), first.strictest
        ),
        mechanisms=_allowed(decided) if outcome == "mechanismRequired" else None,
        declared=None if mechanism is None else mechanism["type"],
        missing=_missing(lines, unsaid if outcome == "indeterminate" else (), case.lines),
        changes=(),
        all_tried=True,
        room=(),
        conditions=tuple(sorted({code for each in decided for code in each.conditions})),
        findings=(),
        measures=_standings(case, decided),
    )


class _Near:
    """The measures that may be asked about a draft, by the jurisdictions of its parties."""

    def __init__(self, measures: Iterable[Ready]) -> None:
        self._all = list(measures)
        self._near: dict[tuple[str, str], tuple[Measures, dict[tuple[bytes, str], MeasureRule]]] = {}
        self._asking: dict[tuple[tuple[str, str], tuple[bool, ...]], Asking] = {}

    def case(self, draft: dict[str, Any], at: int) -> Case:
        """What is asked about a completed draft."""
        between = draft["exporter"]["jurisdiction"], draft["importer"]["jurisdiction"]
        if between not in self._near:
            near = Measures(self._of(*between))
            self._near[between] = (
                near,
                {(each.digest, rule.id): rule for each in near for rule in each.measure.rules},
            )
        near, rules = self._near[between]
        is_open = tuple(_is_open(each, at) for each in near)
        asking = self._asking.get((between, is_open))
        if asking is None:
            asking = asking_of(each.measure for each, opened in zip(near, is_open, strict=True) if opened)
            self._asking[between, is_open] = asking
        if between[0]:
            ways = completions(draft, near, asking, at)
        else:  # nobody's measures: who sends has to be said first
            ways = Completions([draft], (), whole=True, countries={})
        return Case(ways, draft["lines"], near, asking, at, rules)

    def _of(self, origin: str, destination: str) -> Iterator[Ready]:
        for each in self._all if origin else ():
            measure = each.measure
            is_out = measure.direction == "outbound"
            if measure.jurisdiction == origin if is_out else destination in {"", measure.jurisdiction}:
                yield each


def _is_open(each: Ready, at: int) -> bool:
    until = each.measure.effective_until
    return each.measure.effective_from <= at and (until is None or at < until)


def _lines(decided: Sequence[Decided], case: Case) -> tuple[LineCheck, ...]:
    """What is said of each line; where completions differ, it is indeterminate for want of what they differ in."""
    found: dict[tuple[str, int], list[LineCheck]] = {}
    for each in decided:
        for direction, side in (("outbound", each.outbound), ("inbound", each.inbound)):
            for line in side.lines if side is not None else ():
                named = tuple(case.rules[reason.measure, reason.rule] for reason in line.reasons)
                made = LineCheck(direction, line.line, line.outcome, line.reasons, line.missing, named)
                found.setdefault((direction, line.line), []).append(made)
    return tuple(_merged(same, len(decided), case.completions) for same in found.values())


def _merged(same: list[LineCheck], ways: int, completions_: Completions) -> LineCheck:
    first = same[0]
    if completions_.whole and len(same) == ways and all(line == first for line in same):
        return first
    reasons = dict(pair for line in same for pair in zip(line.reasons, line.rules, strict=True))
    outcomes = {line.outcome for line in same}
    missing = {name for line in same for name in line.missing}
    if len(outcomes) > 1 or not completions_.whole:
        outcomes, missing = {"indeterminate"}, missing | set(completions_.missing)
    return LineCheck(
        first.direction,
        first.line,
        outcomes.pop(),
        tuple(reasons),
        tuple(sorted(missing)),
        tuple(reasons.values()),
    )


def _allowed(decided: Sequence[Decided]) -> tuple[str, ...]:
    sets = [frozenset(each.mechanisms) for each in decided if each.mechanisms is not None]
    return tuple(sorted(frozenset.intersection(*sets))) if sets else ()


def _missing(
    lines: Iterable[LineCheck], unsaid: Iterable[str], drafted: Sequence[dict[str, Any]]
) -> tuple[Missing, ...]:
    places = {line["line"]: place for place, line in enumerate(drafted)}
    found = [Missing(name, None, pointer_of(name)) for name in unsaid]
    for line in lines:
        for name in line.missing:
            if name.startswith("line."):
                at = f"/lines/{places[line.line]}" if line.line else "/lines"
                member = name.removeprefix("line.").replace(".", "/") if line.line else ""
                found.append(Missing(name, line.line, f"{at}/{member}".rstrip("/")))
            else:
                found.append(Missing(name, None, pointer_of(name)))
    return tuple(dict.fromkeys(found))


def pointer_of(fact: str) -> str | None:
    """Where a fact of the record stands, below the subject; None: nowhere."""
    if fact.startswith(("exporter.", "importer.")):
        return "/" + fact.replace(".", "/")
    return _POINTERS.get(fact)


def _standings(case: Case, decided: Sequence[Decided]) -> tuple[Standing, ...]:
    used = {one.digest for each in decided for one in each.measures}
    transfer = case.completions.transfers[0]
    return tuple(
        Standing(each, "inForce" if each.digest in used else _why_not(each, transfer, case.at))
        for each in sorted(case.measures, key=lambda each: each.digest)
    )


def _why_not(each: Ready, transfer: dict[str, Any], at: int) -> str:
    measure = each.measure
    party = transfer["exporter" if measure.direction == "outbound" else "importer"]
    if at < measure.effective_from:
        return "future"
    if not _is_open(each, at):
        return "ended"
    if measure.zone is not None and not lies_in(party.get("zone", ""), measure.zone):
        return "otherZone"
    if measure.pilot is not None:
        return "ended" if at >= measure.pilot.sunset else "otherParty"
    return "superseded"


def _codes(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))

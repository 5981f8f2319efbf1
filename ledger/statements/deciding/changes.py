"""Which single fact, were it another, would change what the measures say of a transfer.

Rule: docs/spec/precheck.md, section Changes.  By trying: every code of the lists that the measures ask about, and
every count from each number at which a rule turns.  Cost: one decision about one line for each value tried.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from ledger.statements.deciding.asking import Asking, Completions
from ledger.statements.deciding.decide import Decided, decide
from ledger.statements.deciding.sides import Measures
from ledger.statements.deciding.trying import (
    ANY_OTHER,
    PERSONAL,
    Fact,
    bounds,
    intervals,
    values_of_line,
    values_of_record,
)
from ledger.statements.decision import ORDER
from ledger.statements.measure_rules import MeasureRule

Transfers = list[dict[str, Any]]
"""What a draft may be: one of them, where it says all that every record says."""
MOST_LINES: Final = 16
"""Lines of which single facts are tried; those of which most is asked come first."""
MOST_WORK: Final = 2**22
"""Rules times lines times values that are tried: about a second."""
_MECHANISM, _ASSESSMENT, _INDETERMINATE = (
    ORDER.index(outcome) for outcome in ("mechanismRequired", "assessmentRequired", "indeterminate")
)
_ASSESSED: Final = "authorityAssessment"
"""The mechanism that answers an assessment that is required."""
_YEARLY: Final = ("ytdCount", "ytdSensitiveCount")
_COST: Final = (
    "transfer.mechanism",
    "line.persons.count",
    "line.persons.sensitiveCount",
    "line.persons.ytdCount",
    "line.persons.ytdSensitiveCount",
    "transfer.onwardAllowed",
    "transfer.exemption",
    "transfer.purpose",
    "transfer.legalBasis",
    "transfer.flow",
    "exporter.zone",
    "importer.zone",
    "line.dataTypes",
    "line.scenario",
    "transfer.criticalInfrastructure",
    "line.category",
    "line.grade",
)
"""Facts from what is done by a signature to what the data are."""


class Answer(NamedTuple):
    """What the measures say of the whole, in short."""

    outcome: int
    """Place in `ORDER`."""
    goes: bool
    """Whether that lets it go: free, conditional, or what is required is declared."""


class Change(NamedTuple):
    """A fact that would change the answer, were it one of these values."""

    fact: str
    line: int | None
    """None: of the record; of a yearly count, of all its lines."""
    pointer: str
    """Below the subject."""
    was: int | tuple[str, ...] | None
    """None: not said."""
    values: tuple[str, ...]
    """Any of them; of a count empty."""
    mechanism: str | None
    """Of an exemption: the mechanism that names it."""
    at_least: int | None
    """Of a count: the least such number."""
    below: int | None
    """The first that is too large; None: none is."""
    outcome: str
    goes: bool
    effect: Literal["looser", "stricter"]

    @property
    def nearest(self) -> int | None:
        """Of a count that is said: the number that differs least from it."""
        if self.at_least is None or not isinstance(self.was, int):
            return None
        return self.at_least if self.below is None or self.was < self.at_least else self.below - 1


class Case(NamedTuple):
    """What is asked about."""

    completions: Completions
    lines: list[dict[str, Any]]
    measures: Measures
    """In the time that is asked about, of the two jurisdictions; whether they are in force is for the engine."""
    asking: Asking
    at: int
    rules: dict[tuple[bytes, str], MeasureRule]
    """All rules of these measures, by digest and id."""


class _Told(NamedTuple):
    """Of one line."""

    outcome: int
    mechanisms: frozenset[str] | None


class _Tried(NamedTuple):
    """A value of a fact, and what would be said then."""

    fact: Fact
    value: str | int
    """Of a count the least of an interval."""
    below: int | None
    answer: Answer


def answer(case: Case, decided: Sequence[Decided]) -> Answer:
    """What is said of the whole.

    Args:
        case: What is asked about.
        decided: What is said of each of its completions.
    """
    if len(decided) > 1 or not case.completions.whole:
        return _answer(case, case.completions.transfers, case.lines)
    outcome = ORDER.index(decided[0].outcome)
    return Answer(outcome, _goes(outcome, case.completions.transfers, [decided[0].allowed]))


def changes(case: Case) -> tuple[tuple[Change, ...], bool]:
    """Every single fact that would change the answer; what would loosen it first, then what costs least.

    Returns:
        The changes, and whether all were tried: not where that is more than `MOST_WORK`.
    """
    transfers = case.completions.transfers
    told = _told(case, transfers, case.lines)
    now = _together(told, transfers)
    of_line = len(transfers) * max(1, len(case.rules))
    left = MOST_WORK
    tried: list[_Tried] = []
    for found, work in ((_of_record(case), of_line * len(case.lines)), (_of_lines(case, told), of_line)):
        if work > left:
            left = -1
            break
        for each in found:
            tried.append(each)
            left -= work
            if left < 0:
                break
    made = [_change(group, now) for group in _grouped(tried) if group[0].answer != now]
    alike = {(each.fact, each.line, each.values, each.at_least): each for each in reversed(made)}
    # Of two mechanisms that name one exemption, the first.
    return tuple(sorted(alike.values(), key=_order)), left >= 0


def _order(change: Change) -> tuple[bool, bool, bool, int, int, int]:
    cost = _COST.index(change.fact) if change.fact in _COST else len(_COST)
    distance = abs(change.nearest - change.was) if change.nearest and isinstance(change.was, int) else 0
    outcome = ORDER.index(change.outcome)
    is_said = change.was is not None
    return change.effect != "looser", not change.goes, is_said, cost, outcome, distance


def _grouped(tried: Iterable[_Tried]) -> Iterator[list[_Tried]]:
    """Values of one fact with one answer; of a count, only such as follow each other."""
    groups: dict[tuple[Fact, Answer], list[_Tried]] = {}
    for each in tried:
        key = each.fact, each.answer
        group = groups.get(key)
        if group is not None and isinstance(each.value, int) and group[-1].below != each.value:
            yield groups.pop(key)
            group = None
        if group is None:
            groups[key] = [each]
        else:
            group.append(each)
    yield from groups.values()


def _change(group: list[_Tried], now: Answer) -> Change:
    (fact, first, _, then), last = group[0], group[-1]
    is_count = isinstance(first, int)
    return Change(
        fact=fact.name,
        line=fact.line,
        pointer=fact.pointer,
        was=fact.was,
        values=() if is_count else tuple(str(each.value) for each in group),
        mechanism=fact.mechanism,
        at_least=first if isinstance(first, int) else None,
        below=last.below if is_count else None,
        outcome=ORDER[then.outcome],
        goes=then.goes,
        effect="looser" if (not then.goes, then.outcome) < (not now.goes, now.outcome) else "stricter",
    )


def _told(case: Case, transfers: Transfers, lines: list[dict[str, Any]]) -> list[_Told]:
    """What is said of each line by itself, equal ones asked about once."""
    known: dict[str, _Told] = {}
    found = []
    for line in lines:
        key = repr([(name, value) for name, value in line.items() if name not in _NO_FACTS])
        if key not in known:
            known[key] = _told_of(case, transfers, line)
        found.append(known[key])
    return found


def _told_of(case: Case, transfers: Transfers, line: dict[str, Any]) -> _Told:
    if not case.completions.whole:
        return _Told(_INDETERMINATE, None)
    answers = [decide({**transfer, "lines": [line]}, case.measures, at=case.at) for transfer in transfers]
    outcomes = {each.outcome for each in answers}
    if len(outcomes) > 1:
        return _Told(_INDETERMINATE, None)
    sets = [each.allowed for each in answers if each.allowed is not None]
    return _Told(ORDER.index(outcomes.pop()), frozenset.intersection(*sets) if sets else None)


def _answer(case: Case, transfers: Transfers, lines: list[dict[str, Any]]) -> Answer:
    if len(transfers) > 1 or not case.completions.whole:
        return _together(_told(case, transfers, lines), transfers)
    decided = decide({**transfers[0], "lines": lines}, case.measures, at=case.at)
    outcome = ORDER.index(decided.outcome)
    return Answer(outcome, _goes(outcome, transfers, [decided.allowed]))


def _goes(outcome: int, transfers: Transfers, allowed: Iterable[frozenset[str] | None]) -> bool:
    """Whether what is declared answers an assessment that is required, and every rule that requires a mechanism."""
    declared = transfers[0].get("mechanism", {}).get("type")
    if outcome < _MECHANISM:
        return True
    if outcome != _MECHANISM and (outcome, declared) != (_ASSESSMENT, _ASSESSED):
        return False
    return all(declared in each for each in allowed if each is not None)


def _together(told: list[_Told], transfers: Transfers) -> Answer:
    """The strictest line, and whether the mechanism that is declared answers it."""
    outcome = max(each.outcome for each in told)
    return Answer(outcome, _goes(outcome, transfers, [each.mechanisms for each in told]))


def _of_record(case: Case) -> Iterator[_Tried]:
    """Facts of the record, and the counts of the year, which are of all lines."""
    transfers, facts = case.completions.transfers, case.asking.facts
    for fact, value, patch in values_of_record(transfers[0], case.asking, case.measures):
        moved = [{**transfer, **patch} for transfer in transfers]
        yield _Tried(fact, value, None, _answer(case, moved, case.lines))
    for name in _YEARLY:
        if f"line.persons.{name}" in facts:
            yield from _of_year(case, name)
    for name in case.completions.missing if case.completions.whole else ():
        yield from _of_completions(case, name)


def _of_completions(case: Case, name: str) -> Iterator[_Tried]:
    """What every record says and the draft does not."""
    first, second = name.split(".")
    path = _PATHS.get(name, (first, second))
    fact = Fact(name, None, "/" + "/".join(path), None)
    groups: dict[str, Transfers] = {}
    for transfer in case.completions.transfers:
        value: Any = transfer
        for member in path:
            value = value[member]
        groups.setdefault(value, []).append(transfer)
    for value, transfers in groups.items():
        then = _answer(case, transfers, case.lines)
        for each in case.completions.countries.get(value, (value,)):
            yield _Tried(fact, each or ANY_OTHER, None, then)


def _of_year(case: Case, name: str) -> Iterator[_Tried]:
    """A yearly count, which is the same in all lines with personal data."""
    counting = [line for line in case.lines if line.get("category") in PERSONAL]
    if not counting:
        return
    said = [line["persons"][name] for line in counting if name in line.get("persons", ())]
    at = case.lines.index(counting[0])
    fact = Fact(f"line.persons.{name}", None, f"/lines/{at}/persons/{name}", max(said, default=None))
    within = [bounds(line, name) for line in counting]
    highest = min((high for _, high in within if high is not None), default=None)
    for least, below in intervals(fact, case.lines, case.asking, max(low for low, _ in within), highest):
        lines = [
            {**line, "persons": {**line.get("persons", {}), name: least}} if line in counting else line
            for line in case.lines
        ]
        transfers = case.completions.transfers
        yield _Tried(fact, least, below, _answer(case, transfers, lines))


def _of_lines(case: Case, told: list[_Told]) -> Iterator[_Tried]:
    """Facts of one line; of equal lines of the first, which alone changes little."""
    transfers = case.completions.transfers
    places = sorted(range(len(case.lines)), key=lambda place: -told[place].outcome)[:MOST_LINES]
    for place in sorted(places):
        line = case.lines[place]
        if line["line"] == 0:
            continue
        others = told[:place] + told[place + 1 :]
        for fact, value, below, changed in values_of_line(line, place, case.asking):
            yield _Tried(
                fact, value, below, _together([*others, _told_of(case, transfers, changed)], transfers)
            )


_NO_FACTS: Final = frozenset({"line", "datasetRef", "fields", "volume"})
"""Members of a line that no rule asks about."""
_PATHS: Final = {
    "transfer.flow": ("flow",),
    "transfer.destination": ("importer", "jurisdiction"),
    "transfer.exemption": ("mechanism", "exemptionCode"),
}
"""Where what every record says stands; a party's facts stand where their names say."""

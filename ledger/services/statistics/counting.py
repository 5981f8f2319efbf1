"""Counts statements of one year in the order of the log, one after the other, in memory that does not grow with them.

Rule: docs/spec/report.md, section Counting.  A function of the statements given.  What is kept for each record of the
year is its digest and its outcome; the rest is one cell for each key.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, NamedTuple

from ledger.core.merkle import Frontier, leaf_hash
from ledger.core.times import parse_time
from ledger.services.statistics.cells import BEYOND, Cell, Key

RECORD: Final = "TransferRecord"
TYPES: Final = (
    "Decision",
    "MeasureReview",
    "PolicyMeasure",
    "TransferAcknowledgement",
    RECORD,
)
"""What is looked at, of all that a log holds."""
MOST_KEYS: Final = 16_384
"""Keys of one attribute that are told apart; the first in the log."""
UNDECIDED: Final = "undecided"
_DIMENSIONS: Final = ("routes", "outcomes", "categories", "grades", "scenarios", "acknowledgements")


class Given(NamedTuple):
    """A registered statement, as it is counted."""

    place: int
    digest: bytes
    type: str
    issuer: str
    created: int
    """POSIX seconds, as its signer claims."""
    subject: dict[str, Any]


MaySay = Callable[[Given, Given], bool]
"""Whether the first, a decision about the second, a record, is by one of the record's parties or an authority."""


class Span(NamedTuple):
    """A calendar year, POSIX seconds; the end is excluded."""

    start: int
    end: int

    def has(self, moment: int) -> bool:
        """Whether it is of the year."""
        return self.start <= moment < self.end


def span_of(year: int, offset: int = 0) -> Span:
    """A year of clocks that are `offset` seconds east of UTC."""
    start, end = (parse_time(f"{each:04}-01-01T00:00:00Z") - offset for each in (year, year + 1))
    return Span(start, end)


class Seen(NamedTuple):
    """A measure, and what is said of it: the newest review of each reviewer, and its authority's answers."""

    given: Given
    reviews: dict[str, dict[str, Any]]
    answers: list[dict[str, Any]]


class Counting:
    """What was counted so far.

    Attributes:
        tables: Cells by key, of each attribute.
        total: Of all records that count.
        decisions: Decisions about them, by who may say so.
        inputs: Tree of the digests of what was counted.
        measures: Those published in the year, or in force in it, by digest.
    """

    def __init__(self, span: Span, find: Callable[[bytes], Given | None], may_say: MaySay) -> None:
        """Begin a year.

        Args:
            find: A statement of the same log by its digest.
            may_say: Of a decision and the record that it is about.
        """
        self.span, self._find, self._may_say = span, find, may_say
        self.tables: dict[str, dict[Key, Cell]] = {name: {} for name in _DIMENSIONS}
        self.total, self.decisions, self.acknowledged = Cell(), 0, 0
        self.inputs = Frontier()
        self.measures: dict[bytes, Seen] = {}
        self._outcomes: dict[bytes, str] = {}
        self._replaced: dict[bytes, tuple[str, str]] = {}

    def is_of_year(self, written: str) -> bool:
        """Whether a time, as statements write one, is of the year."""
        return self.span.has(parse_time(written))

    def extend(self, given: Iterable[Given]) -> None:
        """Go on with the statements that follow in the log."""
        takers = {
            RECORD: self._record,
            "Decision": self._decision,
            "TransferAcknowledgement": self._acknowledgement,
            "PolicyMeasure": self._measure,
            "MeasureReview": self._review,
        }
        for one in given:
            if one.type in takers and takers[one.type](one):
                self.inputs.append(leaf_hash(one.digest))

    def _record(self, one: Given) -> bool:
        of_year = self._replaces(one)
        if not self.span.has(time_of(one)):
            return of_year
        if self._replaced.pop(one.digest, None) != _exporter(one):
            self._outcomes[one.digest] = UNDECIDED
            self._count(one, UNDECIDED, 1)
        return True

    def _replaces(self, one: Given) -> bool:
        """Take out the record that this one replaces, once; whether that is one of the year."""
        if "supersedes" not in one.subject:
            return False
        digest = bytes.fromhex(one.subject["supersedes"])
        before = self._find(digest)
        if before is None or before.type != RECORD or _exporter(before) != _exporter(one):
            return False
        if before.place > one.place:
            self._replaced[digest] = _exporter(one)
            return False  # whether the log is that long already changes nothing
        outcome = self._outcomes.pop(digest, None)
        if outcome is not None:
            self._count(before, outcome, -1)
        return self.span.has(time_of(before))

    def _decision(self, one: Given) -> bool:
        digest = bytes.fromhex(one.subject["transfer"])
        before = self._outcomes.get(digest)
        if before is None:
            return False
        record = self._find(digest)
        if record is None or not self._may_say(one, record):
            return False
        whole = _cells(record)["routes"].popitem()[1]
        self._add("outcomes", (before,), whole, -1)
        self._add("outcomes", (one.subject["outcome"],), whole, 1)
        self._outcomes[digest] = one.subject["outcome"]
        self.decisions += 1
        return True

    def _acknowledgement(self, one: Given) -> bool:
        if not self.is_of_year(one.subject["at"]):
            return False
        self.acknowledged += 1
        self._add("acknowledgements", (one.subject["outcome"],), Cell(records=1), 1)
        return True

    def _measure(self, one: Given) -> bool:
        subject = one.subject
        until = parse_time(subject["effectiveUntil"]) if "effectiveUntil" in subject else None
        in_force = parse_time(subject["effectiveFrom"]) < self.span.end and (
            until is None or until > self.span.start
        )
        if in_force or self.is_of_year(subject["publishedAt"]):
            self.measures[one.digest] = Seen(one, {}, [])
            return True
        return False

    def _review(self, one: Given) -> bool:
        seen = self.measures.get(bytes.fromhex(one.subject["measure"]))
        if seen is None:
            return False
        if "answers" not in one.subject:
            seen.reviews[one.issuer] = one.subject
        elif one.issuer == seen.given.issuer:
            seen.answers.append(one.subject)
        return True

    def _count(self, one: Given, outcome: str, sign: Literal[1, -1]) -> None:
        cells = _cells(one)
        (whole,) = cells["routes"].values()
        self.total = self.total.plus(whole, sign)
        self._add("outcomes", (outcome,), whole, sign)
        for name, found in cells.items():
            for key, cell in found.items():
                self._add(name, key, cell, sign)

    def _add(self, name: str, key: Key, cell: Cell, sign: Literal[1, -1]) -> None:
        cells = self.tables[name]
        if key not in cells and len(cells) >= MOST_KEYS:
            key = BEYOND
        cells[key] = cells.get(key, Cell()).plus(cell, sign)


def time_of(record: Given) -> int:
    """When a record counts: the start of its window, or when it was signed."""
    window = record.subject.get("window")
    return record.created if window is None else parse_time(window["start"])


def _exporter(record: Given) -> tuple[str, str]:
    exporter = record.subject["exporter"]
    return exporter["scheme"], exporter["id"]


def _cells(record: Given) -> dict[str, dict[Key, Cell]]:
    """What one record adds to each attribute, by key; to that of routes once."""
    subject = record.subject
    found: dict[str, dict[Key, Cell]] = {"routes": {}, "categories": {}, "grades": {}, "scenarios": {}}
    lines = subject.get("lines", ())
    for line in lines:
        persons = line.get("persons", {}).get("count", 0)
        scenario = line["scenario"]
        for name, key in (
            ("categories", (line["category"],)),
            ("grades", (line["grade"],)),
            ("scenarios", (scenario["scheme"], scenario["code"])),
        ):
            before = found[name].get(key, Cell(records=1))
            counting = 1 if persons or before.counting else 0
            found[name][key] = Cell(1, counting, before.lines + 1, before.persons + persons)
    total = sum(cell.persons for cell in found["categories"].values())
    route = subject["exporter"]["jurisdiction"], subject["importer"]["jurisdiction"]
    found["routes"][route] = Cell(1, 1 if total else 0, len(lines), total)
    return found

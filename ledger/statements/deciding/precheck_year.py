"""The year of an exporter, record by record: what they add up to since 1 January, and what should be looked at.

Rule: docs/spec/precheck.md, section The year, by docs/spec/deciding.md, section Counting.  A function of records and
drafts; findings are for people, never verdicts.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from ledger.core.times import parse_time
from ledger.statements.deciding.counters import (
    Finding,
    Metric,
    Sent,
    Threshold,
    declared,
    of_year,
    persons_of,
    splits,
    thresholds_of,
    year_of,
)
from ledger.statements.deciding.trying import PERSONAL
from ledger.statements.measure import PolicyMeasure

YTD_SHORT: Final = "YTD_SHORT"
METRICS: Final[tuple[Metric, Metric]] = ("count", "sensitiveCount")
_NUMBERS: Final = {"count": PERSONAL, "sensitiveCount": PERSONAL[1:]}
"""Categories of lines of which a metric counts persons."""

Exporter = tuple[str, str]
_UNSIGNED: Final = b"\xff" * 24
Wanted = Sequence[tuple[Threshold, str]]
"""Thresholds, each with the number of its measure."""


class Room(NamedTuple):
    """How far a threshold of persons a year is."""

    threshold: Threshold
    number: str
    """Of the measure."""
    reached: int | None
    """Persons of the year with this record; None: nobody says."""
    left: int | None
    """That may be added without reaching it; None where that is not known, or where it is reached."""


def unsigned(number: int = 0) -> bytes:
    """In place of the digest of what is not signed yet; of records of one time it is the last."""
    return _UNSIGNED + number.to_bytes(8)


def number_of(digest: bytes) -> int | None:
    """The number of what is not signed yet; None: it is signed."""
    return int.from_bytes(digest[24:]) if digest.startswith(_UNSIGNED) else None


class Reached(NamedTuple):
    """The year as it is after a record."""

    persons: int | None
    """Since 1 January; None: a record does not say its own, and none after it the year's."""
    sensitive: int | None
    findings: tuple[Finding, ...]
    """Those that the record is part of."""

    def of(self, metric: Metric) -> int | None:
        """The number of a metric."""
        return self.persons if metric == "count" else self.sensitive


class Crossed(NamedTuple):
    """A threshold, and the record that reaches it first."""

    threshold: Threshold
    number: str
    """Of the measure."""
    by: bytes
    """Digest."""


class Year(NamedTuple):
    """A year of one exporter."""

    exporter: Exporter
    year: int
    offset: int
    """Seconds east of UTC."""
    last: Reached
    after: dict[bytes, Reached]
    """After each record, by digest, in order of time."""
    crossed: tuple[Crossed, ...]


def year_with(records: Iterable[Sent], exporter: Exporter, year: int, offset: int, wanted: Wanted) -> Year:
    """The year of an exporter.

    Args:
        records: Of anybody, drafts among them.
        exporter: (scheme, id).
        year: By clocks `offset` seconds east of UTC.
        offset: Seconds.
        wanted: Thresholds that are looked at.
    """
    own = of_year(records, exporter, year, offset)
    found: dict[bytes, list[Finding]] = defaultdict(list)
    persons, sensitive = (_count(own, metric, exporter, found) for metric in METRICS)
    for split in splits(own, exporter, year=year, offset=offset, thresholds={each for each, _ in wanted}):
        for digest in split.records:
            found[digest].append(split)
    after = {
        sent.digest: Reached(count, of_them, tuple(found[sent.digest]))
        for sent, count, of_them in zip(own, persons, sensitive, strict=True)
    }
    crossed = [
        Crossed(threshold, number, by)
        for threshold, number in sorted(wanted)
        for by in _first(after, threshold)
    ]
    last = next(reversed(after.values()), Reached(0, 0, ()))
    return Year(exporter, year, offset, last, after, tuple(crossed))


def years(rows: Iterable[tuple[Sent, Iterable[PolicyMeasure]]], history: Sequence[Sent]) -> list[Year]:
    """The years that drafts are of, with those of `history` that are of the same exporters.

    Args:
        rows: Each with the measures in force that it is asked about by.
        history: Records that went before, in any order.
    """
    drafts: dict[Exporter, list[Sent]] = defaultdict(list)
    asked: dict[Exporter, dict[int, PolicyMeasure]] = defaultdict(dict)
    for sent, measures in rows:
        exporter = sent.transfer["exporter"]["scheme"], sent.transfer["exporter"]["id"]
        drafts[exporter].append(sent)
        asked[exporter] |= {id(measure): measure for measure in measures}
    return [
        year_with((*history, *own), exporter, year, offset, wanted)
        for exporter, own in drafts.items()
        for offset, wanted in sorted(_wanted(asked[exporter].values()).items())
        for year in sorted({year_of(sent.at, offset) for sent in own})
    ]


def _wanted(measures: Iterable[PolicyMeasure]) -> dict[int, list[tuple[Threshold, str]]]:
    """Thresholds by the offset from UTC of the year that they are of; without any, a year by UTC."""
    found: dict[int, list[tuple[Threshold, str]]] = defaultdict(list)
    for measure in measures:
        for threshold in thresholds_of([measure]):
            found[measure.year_offset or 0].append((threshold, measure.number))
    return found or {0: []}


def _count(
    own: Sequence[Sent], metric: Metric, exporter: Exporter, found: dict[bytes, list[Finding]]
) -> list[int | None]:
    """The number of the year after each record; what says less than that before it is a finding."""
    number, is_known, counted = 0, True, list[int | None]()
    before = None
    for sent in own:
        said = declared(sent, metric)
        if said is None:
            number += persons_of(sent, metric)
            is_known = is_known and _says(sent, metric)
        elif said < number and before is not None:
            pair = before.digest, sent.digest
            found[sent.digest].append(
                Finding(YTD_SHORT, exporter, pair, before.at, sent.at, metric, said, number)
            )
        else:
            number, is_known = said, True
        counted.append(number if is_known else None)
        before = sent
    return counted


def _says(sent: Sent, metric: Metric) -> bool:
    """Whether a record says how many persons each of its lines is about."""
    return all(
        metric in line.get("persons", ())
        for line in sent.transfer["lines"]
        if line.get("category") in {None, *_NUMBERS[metric]}
    )


def _first(after: dict[bytes, Reached], threshold: Threshold) -> Iterator[bytes]:
    """The first record that reaches a threshold, if one does."""
    for digest, reached in after.items():
        number = reached.of(threshold.metric)
        if number is not None and number >= threshold.number:
            yield digest
            return


def rooms_of(
    draft: dict[str, Any], asked: Iterable[PolicyMeasure], at: int, history: tuple[Sent, ...]
) -> tuple[tuple[Room, ...], tuple[Finding, ...]]:
    """For each threshold how far it is, and what the draft and the records before it say together.

    Args:
        draft: As `draft.completed` makes it.
        asked: The measures in force on the way out.
        at: When the draft counts, if it has no window.
        history: Records that went before, in any order; the draft is not among them.
    """
    exporter = draft["exporter"]["scheme"], draft["exporter"]["id"]
    own = sent_of(draft, at, unsigned())
    has_history = any(
        exporter == (sent.transfer["exporter"]["scheme"], sent.transfer["exporter"]["id"]) for sent in history
    )
    rooms: list[Room] = []
    findings: dict[Finding, None] = {}
    for measure in asked:
        offset = measure.year_offset or 0
        wanted = [(threshold, measure.number) for threshold in sorted(thresholds_of([measure]))]
        found = year_with((*history, own), exporter, year_of(own.at, offset), offset, wanted)
        findings |= dict.fromkeys(found.after[unsigned()].findings)
        for threshold, number in wanted:
            is_told = has_history or declared(own, threshold.metric) is not None
            reached = found.last.of(threshold.metric) if is_told else None
            rooms.append(Room(threshold, number, reached, _left(threshold, reached)))
    return tuple(rooms), tuple(findings)


def _left(threshold: Threshold, reached: int | None) -> int | None:
    """Persons that may be added below a threshold."""
    return None if reached is None or reached >= threshold.number else threshold.number - 1 - reached


def sent_of(draft: dict[str, Any], at: int, digest: bytes) -> Sent:
    """A completed draft as a record of its exporter's year.

    Args:
        draft: As `draft.completed` makes it.
        at: When it counts, if it has no window.
        digest: Of its own, whatever it is.
    """
    return Sent(digest, parse_time(draft["window"]["start"]) if "window" in draft else at, draft)

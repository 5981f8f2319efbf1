"""Persons since 1 January, and records that look like one that was split: findings, never verdicts.

Rule: docs/spec/deciding.md, section Counting.  A function of records; whether they are all there is is not known.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from ledger.core.times import format_time
from ledger.statements.measure import PolicyMeasure

Metric = Literal["count", "sensitiveCount"]
SPLIT_SUSPECT: Final = "SPLIT_SUSPECT"
YTD_DECREASED: Final = "YTD_DECREASED"
WINDOW: Final = 30 * 86_400
"""Seconds within which records are looked at together."""
FEWEST: Final = 3
"""Records that make a split."""
_YEARLY: Final[dict[Metric, str]] = {"count": "ytdCount", "sensitiveCount": "ytdSensitiveCount"}


class Sent(NamedTuple):
    """A record, and when it counts."""

    digest: bytes
    at: int
    """POSIX seconds: the start of its window, or when it was signed."""
    transfer: dict[str, Any]
    """Subject of a TransferRecord, in order."""


class Tally(NamedTuple):
    """Persons of one exporter since 1 January."""

    persons: int
    sensitive: int
    records: int


class Threshold(NamedTuple):
    """A number from which a measure asks more."""

    metric: Metric
    number: int


class Finding(NamedTuple):
    """What should be looked at, and may have a good reason."""

    code: str
    exporter: tuple[str, str]
    """(scheme, id)."""
    records: tuple[bytes, ...]
    """Digests, by the time at which they count."""
    since: int
    until: int
    """When the first and the last of them count."""
    metric: Metric
    total: int
    """What they add up to, or the number that fell short."""
    limit: int
    """The threshold that this reaches, or the number before."""


def year_of(at: int, offset: int) -> int:
    """The calendar year at a time, `offset` seconds east of UTC."""
    return int(format_time(at + offset)[:4])


def tally(records: Iterable[Sent], exporter: tuple[str, str], *, year: int, offset: int) -> Tally:
    """Count the persons of an exporter in a year.

    What a record declares as the number of its year counts; one that declares none adds its own persons.  The number
    never falls: a record that declares fewer than went before changes nothing.
    """
    own = of_year(records, exporter, year, offset)
    persons = sensitive = 0
    for sent in own:
        persons = max(persons, _after(sent, "count", persons))
        sensitive = max(sensitive, _after(sent, "sensitiveCount", sensitive))
    return Tally(persons, sensitive, len(own))


def room(counted: Tally, thresholds: Iterable[Threshold]) -> list[tuple[Threshold, int]]:
    """How many persons are left below each threshold that is not reached; the nearest of each metric first."""
    found = []
    for threshold in sorted(thresholds):
        reached = counted.persons if threshold.metric == "count" else counted.sensitive
        if reached < threshold.number:
            found.append((threshold, threshold.number - 1 - reached))
    return found


def thresholds_of(measures: Iterable[PolicyMeasure]) -> frozenset[Threshold]:
    """The numbers of persons, more than one, from which tables of these measures begin to hold."""
    return frozenset(
        Threshold(metric, bound.at_least)
        for measure in measures
        for rule in measure.rules
        if rule.table is not None
        for bound in rule.table.persons
        for metric, yearly in _YEARLY.items()
        if bound.count in {metric, yearly} and bound.at_least is not None and bound.at_least > 1
    )


def decreases(records: Iterable[Sent], exporter: tuple[str, str], *, year: int, offset: int) -> list[Finding]:
    """Records that declare fewer persons since 1 January than one before them."""
    found = []
    own = of_year(records, exporter, year, offset)
    for metric in _YEARLY:
        before: tuple[int, Sent] | None = None
        for sent in own:
            said = declared(sent, metric)
            if said is None:
                continue
            if before is not None and said < before[0]:
                last, pair = before[1], (before[1].digest, sent.digest)
                found.append(
                    Finding(YTD_DECREASED, exporter, pair, last.at, sent.at, metric, said, before[0])
                )
            else:
                before = (said, sent)
    return found


def splits(
    records: Iterable[Sent],
    exporter: tuple[str, str],
    *,
    year: int,
    offset: int,
    thresholds: Iterable[Threshold],
) -> list[Finding]:
    """Groups of records that together reach a threshold which each of them, and what it declares, stays below.

    Looked at together are records to one importer about one scenario within `WINDOW`.
    """
    groups: dict[tuple[str, str, str, str], list[Sent]] = {}
    for sent in of_year(records, exporter, year, offset):
        importer = sent.transfer["importer"]
        lines = sent.transfer.get("lines", ())
        for scheme, code in sorted({_scenario(line) for line in lines if "scenario" in line}):
            groups.setdefault((importer["scheme"], importer["id"], scheme, code), []).append(sent)
    return [
        finding
        for (_, _, scheme, code), group in sorted(groups.items())
        for threshold in sorted(thresholds)
        for finding in _splits_of(group, (scheme, code), threshold, exporter)
    ]


def _splits_of(
    group: Sequence[Sent], scenario: tuple[str, str], threshold: Threshold, exporter: tuple[str, str]
) -> Iterator[Finding]:
    """The first run of each stretch of records that is one."""
    metric, number = threshold
    small = [
        (sent, persons)
        for sent in group
        if 0 < (persons := persons_of(sent, metric, scenario)) < number > (declared(sent, metric) or 0)
    ]
    start = total = 0
    for end, (last, persons) in enumerate(small):
        total += persons
        while small[start][0].at < last.at - WINDOW:
            total -= small[start][1]
            start += 1
        if end - start + 1 >= FEWEST and total >= number:
            run = [sent for sent, _ in small[start : end + 1]]
            digests = tuple(sent.digest for sent in run)
            yield Finding(SPLIT_SUSPECT, exporter, digests, run[0].at, last.at, metric, total, number)
            start, total = end + 1, 0


def of_year(records: Iterable[Sent], exporter: tuple[str, str], year: int, offset: int) -> list[Sent]:
    """An exporter's records of a year, each once, but those that another of them replaces, by time."""
    own = {sent.digest: sent for sent in records if _exporter(sent) == exporter}
    replaced = {sent.transfer.get("supersedes") for sent in own.values()}
    kept = [sent for sent in own.values() if sent.digest.hex() not in replaced]
    return sorted(
        (sent for sent in kept if year_of(sent.at, offset) == year), key=lambda sent: (sent.at, sent.digest)
    )


def _exporter(sent: Sent) -> tuple[str, str]:
    exporter = sent.transfer["exporter"]
    return exporter["scheme"], exporter["id"]


def _scenario(line: dict[str, Any]) -> tuple[str, str]:
    return line["scenario"]["scheme"], line["scenario"]["code"]


def persons_of(sent: Sent, metric: Metric, scenario: tuple[str, str] | None = None) -> int:
    """The persons of a record's lines, of all or of those of one scenario."""
    return sum(
        line.get("persons", {}).get(metric, 0)
        for line in sent.transfer.get("lines", ())
        if scenario is None or ("scenario" in line and _scenario(line) == scenario)
    )


def declared(sent: Sent, metric: Metric) -> int | None:
    """The number of the year that a record declares: the largest of its lines."""
    numbers = [
        line["persons"][_YEARLY[metric]]
        for line in sent.transfer.get("lines", ())
        if _YEARLY[metric] in line.get("persons", {})
    ]
    return max(numbers, default=None)


def _after(sent: Sent, metric: Metric, before: int) -> int:
    said = declared(sent, metric)
    return before + persons_of(sent, metric) if said is None else said

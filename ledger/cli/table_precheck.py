"""`evidence transfer precheck --table`: whether each row may go, and what the rows add up to since 1 January."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledger.cli import output
from ledger.cli.registering import SHOWN
from ledger.cli.tables import beside, shown
from ledger.core.times import parse_time
from ledger.errors import MalformedError
from ledger.services.ids import derived_id
from ledger.services.rules.precheck_text import counted, finding_words
from ledger.services.rules.shipped_measures import Held
from ledger.services.tables.reading import rows_of
from ledger.services.tables.report import write_outcomes, write_problems
from ledger.services.tables.rows import CellProblem, Record, of_problems, records_of, repeated
from ledger.statements.deciding.counters import Finding, Sent
from ledger.statements.deciding.draft import completed, draft_of
from ledger.statements.deciding.precheck import Precheck, outlines
from ledger.statements.deciding.precheck_json import finding_of
from ledger.statements.deciding.precheck_year import (
    METRICS,
    Reached,
    Year,
    number_of,
    sent_of,
    unsigned,
    years,
)

SHOWN_ROWS: Final = 5
"""Rows of a finding that are listed."""


class Files(NamedTuple):
    """The table, and where what is found goes; None: beside it."""

    table: Path
    sheet: str | None
    report: Path | None
    out: Path | None


class _Row(NamedTuple):
    number: int
    subject: dict[str, Any]


def precheck_table(
    where: Files,
    shared: dict[str, Any],
    held: Iterable[Held],
    history: Sequence[Sent],
    *,
    at: int | None,
    now: int,
    as_json: bool,
) -> int:
    """Say of every row whether it may go, and of all of them what they add up to; the exit status.

    Args:
        where: The table.
        shared: What all rows have in common.
        held: The measures at hand.
        history: The exporters' earlier records.
        at: When all rows are to cross, POSIX seconds; None: each at the start of its window, else `now`.
        now: POSIX seconds.
        as_json: Whether what is found is printed as JSON.
    """
    report, out = (
        where.report or beside(where.table, ".report.csv"),
        where.out or beside(where.table, ".precheck.csv"),
    )
    reading = _Reading(where, shared)

    def crossing(subject: dict[str, Any]) -> int:
        return at if at is not None else _start(subject, now)

    checked: list[Precheck] = []
    with output.Progress("asking", unit="rows") as progress:
        subjects = (row.subject for row in reading.rows())
        for each in outlines(subjects, [each.ready for each in held], at=crossing):
            checked.append(each)
            progress.reached(reading.count)
    if reading.count == 0:
        raise MalformedError("there is no row below the header", code="input-empty")
    found, after = _together(reading.kept, checked, history)
    write_problems(report, reading.problems)
    write_outcomes(
        out,
        (
            (row.number, str(row.subject.get("reference", "")), each, after[row.number])
            for row, each in zip(reading.kept, checked, strict=True)
        ),
    )
    return _told(reading, checked, found, (report, out), is_counted=bool(history), as_json=as_json)


def _told(
    reading: "_Reading",
    checked: Sequence[Precheck],
    found: Sequence[Year],
    files: tuple[Path, Path],
    *,
    is_counted: bool,
    as_json: bool,
) -> int:
    """Print what was found; the exit status."""
    report, out = files
    outcomes = Counter(each.outcome for each in checked)
    goes = sum(each.goes for each in checked)
    bad = len({problem.row for problem in reading.problems})
    told: dict[str, Any] = {
        "rows": reading.count,
        "goes": goes,
        "outcomes": dict(sorted(outcomes.items())),
        "bad": bad,
        "years": [_year(year) for year in found],
        "errors": [problem._asdict() for problem in reading.problems[:SHOWN]],
        "report": str(report),
        "out": str(out),
    }
    waiting = reading.count - goes - bad
    lines = [
        *shown(reading.problems, report),
        *(line for year in found for line in _year_lines(year, is_counted=is_counted)),
        *(f"{number:,} {outcome}" for outcome, number in sorted(outcomes.items())),
        f"{reading.count:,} rows: {goes:,} may go, {waiting:,} may not yet, {bad:,} not in order; {out}",
    ]
    output.show(told, lines, as_json=as_json)
    return output.DONE if goes == reading.count else output.REFUSED


def _start(subject: dict[str, Any], now: int) -> int:
    start = subject.get("window", {}).get("start")
    return now if start is None else parse_time(start)


class _Reading:
    """The rows of a table: those in order, and what is wrong with the others."""

    def __init__(self, where: Files, shared: dict[str, Any]) -> None:
        self._where, self._shared = where, shared
        self._known: dict[str, int] = {}
        self.problems: list[CellProblem] = []
        self.kept: list[_Row] = []
        self.count = 0

    def rows(self) -> Iterator[_Row]:
        """Those in order, as they are read."""
        for record in records_of(rows_of(self._where.table, sheet=self._where.sheet), self._shared):
            self.count += 1
            row = self._drafted(record)
            if row is not None:
                self.kept.append(row)
                yield row

    def _drafted(self, record: Record) -> _Row | None:
        subject, found = draft_of(record.subject)
        problems = of_problems(record, found)
        if not problems:
            first = self._known.setdefault(derived_id("", subject), record.row)
            problems = [] if first == record.row else [repeated(record.row, first)]
        self.problems += problems
        return None if problems else _Row(record.row, subject)


def _together(
    rows: Sequence[_Row], checked: Sequence[Precheck], history: Sequence[Sent]
) -> tuple[list[Year], dict[int, Reached]]:
    """The years that the rows are of, and as they are after each row."""
    drafts = (
        (sent_of(completed(row.subject), each.at, unsigned(row.number)), each.asked)
        for row, each in zip(rows, checked, strict=True)
    )
    found = years(drafts, history)
    after: dict[int, Reached] = {}
    for year in found:
        for digest, reached in year.after.items():
            number = number_of(digest)
            if number is not None:
                before = after.get(number, reached)
                more = (finding for finding in reached.findings if finding not in before.findings)
                after[number] = before._replace(findings=(*before.findings, *more))
    return found, {row.number: after.get(row.number, Reached(None, None, ())) for row in rows}


def _findings(year: Year) -> list[Finding]:
    """Of a year, those that a row is part of."""
    found = (
        finding
        for digest, reached in year.after.items()
        if number_of(digest) is not None
        for finding in reached.findings
    )
    return list(dict.fromkeys(found))


def _year(year: Year) -> dict[str, Any]:
    scheme, identifier = year.exporter
    made: dict[str, Any] = {"year": year.year, "records": len(year.after)}
    if identifier:
        made["exporter"] = {"scheme": scheme, "id": identifier}
    made |= {metric: number for metric in METRICS if (number := year.last.of(metric)) is not None}
    made["reached"] = []
    for threshold, measure, digest in year.crossed:
        row = number_of(digest)
        by = {"record": digest.hex()} if row is None else {"row": row}
        made["reached"].append(
            {"metric": threshold.metric, "threshold": threshold.number, "measure": measure, **by}
        )
    made["findings"] = [_finding(finding) for finding in _findings(year)]
    return made


def _finding(finding: Finding) -> dict[str, Any]:
    made = finding_of(finding)
    return {**made, "rows": _rows(finding)}


def _rows(finding: Finding) -> list[int]:
    return [row for digest in finding.records if (row := number_of(digest)) is not None]


def _year_lines(year: Year, *, is_counted: bool) -> Iterator[str]:
    rows = sum(number_of(digest) is not None for digest in year.after)
    before = len(year.after) - rows
    of = f"{rows:,} rows" + (f" and {before:,} records of --history" if is_counted else "")
    for metric in METRICS:
        number = year.last.of(metric)
        said = "nobody says how many" if number is None else f"{number:,}"
        yield f"{year.year}: {said} {counted(metric)} since 1 January, of {of}"
    for threshold, measure, digest in year.crossed:
        row = number_of(digest)
        by = "a record before the rows" if row is None else f"row {row}"
        yield f"{year.year}: {by} reaches {threshold.number:,} {counted(threshold.metric)} ({measure})"
    findings = _findings(year)
    for finding in findings[:SHOWN]:
        rows_of_it = _rows(finding)
        listed = ", ".join(map(str, rows_of_it[-SHOWN_ROWS:]))
        more = f" and {len(rows_of_it) - SHOWN_ROWS} before" if len(rows_of_it) > SHOWN_ROWS else ""
        yield f"look at row {listed}{more}: {finding_words(finding)}"
    if len(findings) > SHOWN:
        yield f"and {len(findings) - SHOWN:,} more to look at; the file has them"

"""`evidence report`: the yearly counts of a log, made and checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli import output
from ledger.cli.options import AsJson, Home, command, noun
from ledger.cli.overriding import opened_home
from ledger.core.canonical import BUNDLE_LIMIT, decode_checked
from ledger.errors import NotFoundError
from ledger.services.files import check_out, read_bounded, write_out
from ledger.services.home.database import open_log_database
from ledger.services.statistics.page import statistics_page
from ledger.services.statistics.report import (
    FIRST_YEAR,
    LAST_YEAR,
    Asked,
    State,
    check,
    made,
    offset_of,
)
from ledger.store.checkpoints import Checkpoints
from ledger.store.log import Log
from ledger.store.statements import Statements

app = noun("The yearly report: what a log holds, in counts that name nobody.")


@command(
    app,
    "make",
    purpose="Write the report of a year: transfers by route, category, grade, scenario and outcome, and the measures.",
    runs="on the node",
    example="evidence report make --home node-xa --year 2026 --out report-2026.json --page report-2026.html",
    more="Counts of fewer than 5 records are put together with others, so that nothing can be computed of them. The"
    " same log at the same size makes the same bytes. Publish one report of a year: the difference of two tells of"
    " the few records between them. Reads only; the node may be serving.",
)
def make(
    *,
    home: Home,
    year: Annotated[int, typer.Option(min=FIRST_YEAR, max=LAST_YEAR, metavar="YEAR", help="Calendar year.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where it goes.")],
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="The same as HTML for people, too.")
    ] = None,
    offset: Annotated[
        str, typer.Option("--offset", metavar="+HH:MM", help="Whose new year counts: difference from UTC.")
    ] = "+00:00",
    size: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="ENTRIES", help="The log as it was at this size; else its newest checkpoint."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Make the report."""
    asked = Asked(year, offset_of(offset))
    with _opened(home) as (log, checkpoints, statements):
        newest = checkpoints.latest()
        if newest is None or (size or 0) > log.head.size:
            raise NotFoundError(
                f"the log has {log.head.size} entries, and no checkpoint at {size}"
                if size
                else "the log has no signed checkpoint yet"
            )
        state = _state(log, newest.size if size is None else size)
        report = made(statements, state, asked)
    told: Any = decode_checked(report)
    drawn = None if page is None else statistics_page(told)
    if page is not None and drawn is not None:
        check_out(page, drawn, what="page")
    write_out(out, report + b"\n", what="report")
    if page is not None and drawn is not None:
        write_out(page, drawn, what="page")
    output.show(told, _lines(told, out), as_json=as_json)
    return output.DONE


@command(
    app,
    "check",
    purpose="Make a report again from the node's log, and compare it byte by byte.",
    runs="on the node",
    example="evidence report check report-2026.json --home node-xa",
    statuses="0 it follows from the log; 1 it does not; 2 bad usage; 3 could not finish, so nothing is known.",
)
def check_file(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The report, as JSON.")],
    home: Home,
    as_json: AsJson = False,
) -> int:
    """Check a report."""
    held = read_bounded(file, limit=BUNDLE_LIMIT, what="report")
    with _opened(home) as (log, _, statements):
        told = check(held, statements, lambda size: _state(log, size), log.head.size)
    output.show({"follows": True, "report": told}, _lines(told, file, "follows"), as_json=as_json)
    return output.DONE


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[Log, Checkpoints, Statements]]:
    home = opened_home(folder)
    with open_log_database(home, read_only=True) as database:
        yield Log(database, home.settings.origin), Checkpoints(database), Statements(database)


def _state(log: Log, size: int) -> State:
    return State(log.jurisdiction, log.origin, size, log.root_at(size))


def _lines(told: dict[str, Any], file: Path, what: str = "made") -> list[str]:
    flags = sum(one["findings"] for measure in told["measures"] for one in measure["flags"])
    return [
        f"{what}: {file}, the year {told['year']} of {told['log']['origin']} at {told['log']['size']} entries",
        f"{told['records']['records']} records, {len(told['measures'])} measures with {flags} flags",
        f"inputs {told['inputs']}",
    ]

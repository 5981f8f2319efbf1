"""`evidence transfer register`, also of the rows of a table, and prechecks of them: many records from a spreadsheet."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.cli import drafting, output
from ledger.cli.options import AsJson, NodeUrl, command
from ledger.cli.registering import SHOWN, Tally, broken_off, register_files, registered
from ledger.cli.signing import OptionalKey, Sets
from ledger.errors import LedgerError, MalformedError
from ledger.services.drafting.drafts import parse_setting, put, templates
from ledger.services.files import exists, reported
from ledger.services.keys.keyfile import read_holder_key
from ledger.services.tables.reading import rows_of
from ledger.services.tables.report import plain, write_problems
from ledger.services.tables.rows import CellProblem, records_of
from ledger.services.tables.signing import KIND, alone, left_of, sign_records
from ledger.statements.deciding.draft import draft_of

TAKEN: Final = "statement-id-taken"
"""A log has a record with this id, which follows from what the row says."""
Table = Annotated[
    Path | None,
    typer.Option("--table", metavar="FILE", help="A table instead, .csv or .xlsx: a row a record."),
]
Sheet = Annotated[str | None, typer.Option(metavar="NAME", help="Of a workbook with several.")]
Report = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Where the report of rows goes, in place of the last one; else beside the table, .report.csv.",
    ),
]
Shared = Annotated[
    str | None, typer.Option("--template", metavar="NAME", help="What all rows of the table have in common.")
]


def add_register(app: typer.Typer) -> None:
    """Declare the command that registers signed records, or signs and registers the rows of a table."""

    @command(
        app,
        "register",
        purpose="Register signed records with a node: single files, patterns, NDJSON of any length; or sign and"
        " register the rows of a table.",
        runs="anywhere",
        example="evidence transfer register record.signed.json --node http://127.0.0.1:8151\n"
        "evidence transfer register records.ndjson --receipts receipts --errors refused.ndjson\n"
        "evidence transfer register --table records.csv --key exporter.key --set exporter.jurisdiction=XA",
        more="A run that broke off goes on when it is run again: how far an NDJSON file came stands beside it in"
        " FILE.progress, and a node gives what it already has its first place again. What is refused does not stop"
        " the rest. Of a table, what was signed is kept beside it in FILE.signed.ndjson and not signed again; what is"
        " wrong with a row is in the report, by row and column, and the others are registered.",
        statuses="0 all registered; 1 some refused, or not in order; 2 bad usage; 3 the node was out of reach (what is"
        " counted stands).",
    )
    def register(
        *,
        node: NodeUrl,
        files: Annotated[
            list[str] | None,
            typer.Argument(metavar="FILE…", help="JSON or NDJSON files, patterns, - for standard input."),
        ] = None,
        table: Table = None,
        sheet: Sheet = None,
        template: Shared = None,
        settings: Sets = None,
        key: OptionalKey = None,
        report: Report = None,
        receipts: Annotated[
            Path | None, typer.Option(metavar="FOLDER", help="Keep each receipt there.")
        ] = None,
        errors: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE", help="Write every refusal there, NDJSON, in place of the last ones."
            ),
        ] = None,
        as_json: AsJson = False,
    ) -> int:
        if bool(files) == (table is not None):
            raise typer.BadParameter("give FILE… or --table FILE")
        if table is None:
            return register_files(files or [], node, receipts=receipts, errors=errors, as_json=as_json)
        if key is None:
            raise typer.BadParameter("--key FILE signs the rows of a table")
        shared = shared_of(template, settings, exporter=read_holder_key(key).holder)
        run = _Run(table, sheet, key, report or beside(table, ".report.csv"))
        with alone(table):
            return run.register(shared, node, receipts, errors, as_json=as_json)


def shared_of(
    template: str | None, settings: list[str] | None, *, exporter: str | None = None
) -> dict[str, Any]:
    """What all rows of a table have in common: of a template what needs no filling in, and what was set."""
    known = templates(KIND)
    if template is not None and template not in known:
        raise typer.BadParameter(f"there is no template of that name; there are {', '.join(known)}")
    subject: dict[str, Any] = {}
    if template is not None:
        subject, _ = draft_of(known[template]["subject"])
    with drafting.as_typed():
        for setting in map(parse_setting, settings or []):
            put(subject, setting.path, setting.value)
    if exporter is not None:
        subject.setdefault("exporter", {}).setdefault("did", exporter)
    return subject


def beside(table: Path, suffix: str) -> Path:
    """The file of a table with a longer name."""
    return table.with_name(table.name + suffix)


class _Run:
    """The rows of one table on their way into a log."""

    def __init__(self, table: Path, sheet: str | None, key: Path, report: Path) -> None:
        self._table, self._sheet, self._report = table, sheet, report
        self._key = read_holder_key(key)
        self._signed = beside(table, ".signed.ndjson")

    def register(
        self, shared: dict[str, Any], url: str, receipts: Path | None, errors: Path | None, *, as_json: bool
    ) -> int:
        """Sign, register, report; the exit status."""
        with output.Progress("signing", unit="rows") as progress:
            records = records_of(rows_of(self._table, sheet=self._sheet), shared)
            signed = sign_records(
                records, self._key, self._signed, now=int(time.time()), advance=progress.advance
            )
            count = progress.done
        if count == 0:
            raise MalformedError("there is no row below the header", code="input-empty")
        if signed.kept:
            output.say(f"{self._table}: {signed.kept:,} rows were signed before, as {self._signed.name} says")
        if signed.left:
            output.say(
                f"{self._table}: {signed.left:,} records that were signed before are of no row now, as after another"
                f" --set; what of them is registered stays so. They are kept in {left_of(self._signed).name}"
            )
        write_problems(self._report, signed.problems)  # what is known now stays known, whatever the node says
        tally, trouble = Tally(), None
        refusals = errors or beside(self._table, ".refused.ndjson")
        if signed.rows:
            tally, trouble = registered([str(self._signed)], url, receipts=receipts, errors=refusals)
        problems = [*signed.problems, *self._refused(tally, refusals, signed.rows)]
        write_problems(self._report, problems)
        if errors is None and trouble is None:
            with reported("remove refusals", refusals):
                refusals.unlink(missing_ok=True)
        return self._told(count, tally, problems, trouble, as_json=as_json)

    def _refused(self, tally: Tally, refusals: Path, rows: list[int]) -> Iterator[CellProblem]:
        """What the node refused, by row; a row that it has by other bytes is known before."""
        if not tally.refused or not exists(refusals):
            return
        with reported("read refusals", refusals):
            lines = refusals.read_bytes().splitlines()
        seen = set()
        for one in map(json.loads, lines):
            if one["line"] in seen:
                continue
            seen.add(one["line"])
            if one["code"] == TAKEN:
                tally.known += 1
                tally.refused -= 1
                continue
            column = one.get("pointer", "").removeprefix("/credentialSubject").strip("/").replace("/", ".")
            yield CellProblem(rows[one["line"] - 1], column, one["digest"], one["detail"], one["code"])

    def _told(
        self,
        count: int,
        tally: Tally,
        problems: list[CellProblem],
        trouble: LedgerError | None,
        *,
        as_json: bool,
    ) -> int:
        rows = {problem.row for problem in problems}
        told = {
            "rows": count,
            "registered": tally.registered,
            "known": tally.known,
            "refused": len(rows),
            "errors": [problem._asdict() for problem in problems[:SHOWN]],
            "report": str(self._report),
            "signed": str(self._signed),
            "finished": trouble is None,
        }
        lines = [*shown(problems, self._report)]
        lines.append(
            f"{count:,} rows: {tally.registered:,} registered, {tally.known:,} known before, {len(rows):,} refused"
        )
        output.show(told, lines, as_json=as_json)
        if trouble is not None:
            return broken_off(trouble, tally)
        return output.REFUSED if rows else output.DONE


def shown(problems: list[CellProblem], report: Path) -> Iterator[str]:
    """The first problems of rows, and where all are."""
    for problem in problems[:SHOWN]:
        column = f", {problem.column}" if problem.column else ""
        found = f'found "{plain(problem.found)}"; ' if problem.found else ""
        yield f"row {problem.row}{column}: {found}{problem.required} ({problem.code})"
    if len(problems) > SHOWN:
        yield f"and {len(problems) - SHOWN:,} more"
    if problems:
        yield f"all of them: {report}"

"""`evidence transfer precheck`: whether a draft may go, asked of measures at hand and of nobody else."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.cli import output
from ledger.cli.documents import entries, inputs, require_type
from ledger.cli.options import AsJson, command, time_of
from ledger.cli.signing import Sets
from ledger.cli.table_precheck import Files, precheck_table
from ledger.cli.tables import Report, Shared, Sheet, Table, shared_of
from ledger.core.statement import parse_statement
from ledger.core.times import parse_time
from ledger.errors import LedgerError, MalformedError
from ledger.services.drafting.drafts import read_document, unanswered
from ledger.services.rules.precheck_text import told
from ledger.services.rules.shipped_measures import Held, from_files, shipped
from ledger.statements.deciding.counters import Sent
from ledger.statements.deciding.draft import completed, draft_of
from ledger.statements.deciding.precheck import precheck
from ledger.statements.reading import SUBJECT
from ledger.statements.shape import Problem, StatementInvalidError

KIND: Final = "TransferRecord"
STATUSES: Final = (
    "0 it may go: free, conditional, or what is required is declared as its mechanism; 1 it may not, nobody can say"
    " yet, or the draft is not in order; 2 bad usage; 3 could not finish, so nothing is known."
)


def add_precheck(app: typer.Typer) -> None:
    """Declare the command."""

    @command(
        app,
        "precheck",
        purpose="Say of a draft whether it may go, by which rules, what is missing, and what single fact would"
        " change that. Nothing is sent anywhere.",
        runs="anywhere",
        example="evidence transfer precheck record.json\n"
        "evidence transfer precheck record.json --at 2025-01-10T00:00:00Z --measures measures --json\n"
        "evidence transfer precheck --table records.csv --template vehicle-after-sales",
        more="What is still <to be filled in> counts as not known. Without --measures it goes by those that ship with"
        " the program: each is somebody's reading of published law on the day it names, and no legal advice."
        " Signatures are not looked at. Of a table, each row is asked about, the outcomes go into a file, and what the"
        " rows add up to since 1 January, with the records of --history, is told.",
        statuses=STATUSES,
    )
    def precheck_(
        *,
        draft: Annotated[
            str | None,
            typer.Argument(metavar="DRAFT", help="Draft or signed record, or - for standard input."),
        ] = None,
        measures: Annotated[
            list[Path] | None,
            typer.Option(metavar="FILE|FOLDER", help="Measures to go by instead; again for more."),
        ] = None,
        at: Annotated[
            str | None,
            typer.Option(metavar="TIME", help="When it is to cross; else the start of its window, else now."),
        ] = None,
        history: Annotated[
            list[str] | None,
            typer.Option(metavar="FILE", help="The exporter's earlier signed records, JSON or NDJSON."),
        ] = None,
        table: Table = None,
        sheet: Sheet = None,
        template: Shared = None,
        settings: Sets = None,
        report: Report = None,
        out: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE",
                help="Where the outcomes of rows go, in place of the last ones; else beside the table, .precheck.csv.",
            ),
        ] = None,
        as_json: AsJson = False,
    ) -> int:
        if (draft is None) == (table is None):
            raise typer.BadParameter("give DRAFT or --table FILE")
        when, held = None if at is None else time_of(at, "--at"), at_hand(measures)
        if draft is not None:
            return _one(draft, held, when, history or [], as_json=as_json)
        now = int(time.time())
        before = list(sent(history or []))
        shared = shared_of(template, settings)
        where = Files(table or Path(), sheet, report, out)
        return precheck_table(where, shared, held, before, at=when, now=now, as_json=as_json)


def at_hand(names: list[Path] | None) -> list[Held]:
    """The measures that were named, else those that ship."""
    return from_files(names) if names else shipped()


def _one(name: str, held: list[Held], at: int | None, history: list[str], *, as_json: bool) -> int:
    with inputs([name]) as (path, *_):
        found_ = list(entries(path))
        if len(found_) != 1:
            raise MalformedError(f"{len(found_)} documents where one is asked about", code="input-not-one")
        document = read_document(found_[0].data, what="draft")
    require_type(document, KIND)
    subject, found = draft_of(document.get("credentialSubject", {}))
    if found:
        raise StatementInvalidError("the draft", [_placed(problem) for problem in found])
    if at is None:
        at = (
            parse_time(subject["window"]["start"])
            if "start" in subject.get("window", ())
            else int(time.time())
        )
    before = list(sent(history, besides=str(document.get("id", ""))))
    exporter = subject.get("exporter", {})
    if before and not any(_is_of(one, exporter) for one in before):
        output.say("no record of --history is of the draft's exporter, by its scheme and id; none is counted")
    checked = precheck(subject, [each.ready for each in held], at=at, history=before)
    made: dict[str, Any] = checked.subject()
    said = {each.ready.digest.hex(): each for each in held}
    for measure in made["measures"]:
        measure |= {"source": said[measure["digest"]].said, "shipped": said[measure["digest"]].is_shipped}
    blank, _ = unanswered(document)
    made["toFillIn"] = [problem.pointer for problem in blank]
    lines = list(told(checked, held))
    if blank:
        lines.append(f"{len(blank)} places are still to be filled in: evidence transfer check names them")
    output.show(made, lines, as_json=as_json)
    return output.DONE if checked.goes else output.REFUSED


def sent(names: Iterable[str], *, besides: str = "") -> Iterable[Sent]:
    """The records in files, and when each counts.

    Args:
        names: Files of signed records.
        besides: Id of a record that is passed over, since it is the one asked about.
    """
    with inputs(names) as paths:
        for path in paths:
            for entry in entries(path):
                try:
                    statement = parse_statement(entry.data)
                    if statement.type != KIND:
                        raise MalformedError(f"the statement is a {statement.type}", code="statement-type")
                    subject, found = draft_of(statement.subject)
                    if found:
                        raise StatementInvalidError("the record", found)
                except LedgerError as error:
                    raise MalformedError(f"{entry.place}: {error}", code=error.code) from None
                if statement.id == besides:
                    continue
                start = subject.get("window", {}).get("start")
                at = statement.created if start is None else parse_time(start)
                yield Sent(statement.digest, at, completed(subject))


def _is_of(sent: Sent, exporter: dict[str, Any]) -> bool:
    other = sent.transfer["exporter"]
    return (other["scheme"], other["id"]) == (exporter.get("scheme"), exporter.get("id"))


def _placed(problem: Problem) -> Problem:
    return problem._replace(pointer=f"{SUBJECT}{problem.pointer}")

"""Signing the records of a table once, so that registering them can break off and go on.

What is signed is kept in a file before anything is sent.  A record that stands there is not signed again: its bytes,
and so its digest, stay what they are, and a log that has them gives them their place again.  Where the file is lost,
the record's id, which follows from what it says, is the same, and a log takes an id of one issuer once.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledger.core.canonical import STATEMENT_LIMIT
from ledger.core.statement import Statement, parse_statement, unsigned
from ledger.errors import LedgerError, MalformedError
from ledger.services.drafts import sign_draft
from ledger.services.files import exists, replace, reported
from ledger.services.ids import derived_id
from ledger.services.keyfile import HolderKey
from ledger.services.table import CellProblem, Record, of_problems
from ledger.statements.reading import SUBJECT
from ledger.statements.shape import StatementInvalidError

KIND: Final = "TransferRecord"
_READABLE: Final = 0o644


class Signed(NamedTuple):
    """What became of the rows."""

    rows: list[int]
    """The row of each line of the file."""
    kept: int
    """Records that were signed by an earlier run."""
    problems: list[CellProblem]


def sign_records(
    records: Iterable[Record], key: HolderKey, out: Path, *, now: int, advance: Callable[[], None]
) -> Signed:
    """Sign what is in order, into a file of newline-delimited statements.

    Args:
        records: Of a table.
        key: The exporter's.
        out: The file; what an earlier run signed is kept.
        now: POSIX seconds.
        advance: Told of each row.

    Raises:
        MalformedError: `table-signed`: the file is none of ours.
    """
    before = _signed(out, key) if exists(out) else {}
    lines: list[bytes] = []
    rows: dict[str, int] = {}
    problems: list[CellProblem] = []
    kept = 0
    for record in records:
        advance()
        found, statement, was = _sign(record, key, before, rows, now)
        problems += found
        if statement is not None:
            kept += was
            lines.append(statement.encoded)
            rows[statement.id] = record.row
    if lines or before:
        replace(out, b"".join(line + b"\n" for line in lines), what="signed records", mode=_READABLE)
    return Signed(list(rows.values()), kept, problems)


def _sign(
    record: Record, key: HolderKey, before: dict[str, Statement], rows: dict[str, int], now: int
) -> tuple[list[CellProblem], Statement | None, bool]:
    subject: dict[str, Any] = record.subject
    if record.problems:
        return record.problems, None, False
    try:
        identifier = derived_id(key.holder, subject)
        if identifier in rows:
            required = "a record of its own: a reference or a window tells two transfers apart"
            same = CellProblem(
                record.row, "", f"the same as row {rows[identifier]}", required, "row-repeated"
            )
            return [same], None, False
        known = before.get(identifier)
        if known is not None and known.subject == subject:
            return [], known, True
        document = unsigned(
            kind=KIND, identifier=identifier, issuer=key.holder, subject=subject, valid_from=now
        )
        return [], sign_draft(document, key, now=now), False
    except StatementInvalidError as error:
        return of_problems(record, error.problems, below=SUBJECT), None, False
    except LedgerError as error:
        column = (error.pointer or "").removeprefix(SUBJECT).strip("/").replace("/", ".")
        problem = CellProblem(record.row, column, record.cells.get(column, ""), str(error), error.code)
        return [problem], None, False


def _signed(path: Path, key: HolderKey) -> dict[str, Statement]:
    """What an earlier run signed with this key, by id."""
    found = {}
    with reported("read signed records", path), path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(STATEMENT_LIMIT + 2), b""), 1):
            try:
                statement = parse_statement(line.rstrip(b"\n"))
            except LedgerError:
                raise MalformedError(
                    f"{path} line {number} is no statement, so that the file is none that this command wrote;"
                    " move it away",
                    code="table-signed",
                ) from None
            if statement.verification_method == key.verification_method:
                found[statement.id] = statement
    return found

"""Signing the records of a table once, so that registering them can break off and go on.

What is signed is kept in a file before anything is sent.  A record that stands there is not signed again: its bytes,
and so its digest, stay what they are, and a log that has them gives them their place again.  Where the file is lost,
the record's id, which follows from what it says, is the same, and a log takes an id of one issuer once.  What no row
says any more is not sent, and kept in a file of its own: a row that comes back is the record that it was.
"""

import fcntl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledger.core.canonical import STATEMENT_LIMIT
from ledger.core.statement import Statement, parse_statement, unsigned
from ledger.errors import LedgerError, MalformedError, SetupError
from ledger.services.drafting.drafts import sign_draft
from ledger.services.files import exists, replace, reported
from ledger.services.ids import derived_id
from ledger.services.keys.keyfile import HolderKey
from ledger.services.tables.rows import CellProblem, Record, of_problems, repeated
from ledger.statements.catalogue import check
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
    left: int
    """Records that were signed by an earlier run and that no row says now."""
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
    unsaid = left_of(out)
    known = [one for path in (out, unsaid) if exists(path) for one in _signed(path)]
    before = {one.id: one for one in reversed(known) if one.verification_method == key.verification_method}
    signed: dict[str, Statement] = {}
    rows: dict[str, int] = {}
    problems: list[CellProblem] = []
    kept = 0
    for record in records:
        advance()
        found, statement, was = _sign(record, key, before, rows, now)
        problems += found
        if statement is not None:
            kept += was
            signed[statement.id] = statement
            rows[statement.id] = record.row
    left = {
        one.encoded: one for one in known if one.id not in signed or signed[one.id].encoded != one.encoded
    }
    if left or exists(unsaid):
        _write(unsaid, left.values())  # first, so that nothing that was signed is ever in neither
    if signed or known:
        _write(out, signed.values())
    return Signed(list(rows.values()), kept, len(left), problems)


def _sign(
    record: Record, key: HolderKey, before: dict[str, Statement], rows: dict[str, int], now: int
) -> tuple[list[CellProblem], Statement | None, bool]:
    subject: dict[str, Any] = record.subject
    try:
        identifier = derived_id(key.holder, subject)
        document = unsigned(
            kind=KIND, identifier=identifier, issuer=key.holder, subject=subject, valid_from=now
        )
        if record.problems:
            return of_problems(record, check(document), below=SUBJECT), None, False
        if identifier in rows:
            return [repeated(record.row, rows[identifier])], None, False
        known = before.get(identifier)
        if known is not None and known.subject == subject:
            return [], known, True
        return [], sign_draft(document, key, now=now), False
    except StatementInvalidError as error:
        return of_problems(record, error.problems, below=SUBJECT), None, False
    except LedgerError as error:
        column = (error.pointer or "").removeprefix(SUBJECT).strip("/").replace("/", ".")
        problem = CellProblem(record.row, column, record.cells.get(column, ""), str(error), error.code)
        return [*record.problems, problem], None, False


def left_of(out: Path) -> Path:
    """Beside the file of what was signed, that of what no row says any more."""
    return out.with_name(f"{out.name}.left")


@contextmanager
def alone(table: Path) -> Iterator[None]:
    """One run at a time over a table, where the file system has locks.

    Raises:
        SetupError: `table-busy`.
    """
    with reported("read table", table):
        file = table.open("rb")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError(f"another run is registering the rows of {table}", code="table-busy") from None
        except OSError:
            pass  # a file system without locks: the ids of rows still keep a log from taking one twice
        yield


def _write(path: Path, statements: Iterable[Statement]) -> None:
    data = b"".join(one.encoded + b"\n" for one in statements)
    replace(path, data, what="signed records", mode=_READABLE)


def _signed(path: Path) -> list[Statement]:
    """What earlier runs signed."""
    found = []
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
            found.append(statement)
    return found

"""Transfer records from the rows of a table: a column for each member, by the path that leads to it.

    reference,importer.did,importer.jurisdiction,lines.0.category,lines.0.grade,lines.0.scenario.code,…
    WTY-1,did:web:importer.example.xb,XB,nonPersonal,general,veh.after-sales,…

Columns are named as members are below the subject, with dots; what all rows share is in a template and in settings.
An empty cell says nothing.  Format: docs/spec/tables.md.
"""

import copy
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final, NamedTuple

from ledger.errors import MalformedError
from ledger.services.drafting.drafts import put
from ledger.services.tables.reading import Row, Unreadable, Value
from ledger.statements.fields import BOOLEAN, Date, Integer
from ledger.statements.personal import finding
from ledger.statements.scenario import OWN_SCHEME
from ledger.statements.shape import PERSONAL_DATA, Array, Object, Problem, Shape
from ledger.statements.transfer import SHAPE
from ledger.verify.text import on_one_line

_LISTED: Final = 80
"""Characters of a cell that are repeated in a report."""
_PARTIES: Final = ("exporter", "importer")
_BETWEEN: Final = re.compile("[,;|]")
_PLACE: Final = re.compile("0|[1-9][0-9]{0,3}")
"""Of an item of a list, written in one way, so that no two columns are of one member."""
_PRIVATE: Final = "(not repeated)"


class Column(NamedTuple):
    """A column, and what its cells have to be."""

    name: str
    path: tuple[str, ...]
    shape: Shape


class CellProblem(NamedTuple):
    """What is wrong with a cell, or with a whole row."""

    row: int
    column: str
    """Empty: of the row."""
    found: str
    required: str
    code: str


class Record(NamedTuple):
    """What one row says."""

    row: int
    subject: dict[str, Any]
    cells: dict[str, str]
    """What stands in each column, for reports."""
    problems: list[CellProblem]
    """Of cells that cannot be what their column is."""


def records_of(rows: Iterator[Row], shared: dict[str, Any]) -> Iterator[Record]:
    """The records of a table.

    Args:
        rows: The header first.
        shared: Members of a subject that all rows have; a cell goes before them.

    Raises:
        MalformedError: `table-columns`: the header is none; `table-malformed`: there is no header.
    """
    header = next(rows, None)
    if header is None:
        raise MalformedError("the table is empty; its first row names the columns", code="table-malformed")
    columns = columns_of(header)
    for row in rows:
        yield _record(row, columns, shared)


def columns_of(header: Row) -> list[Column]:
    """The columns that a header names.

    Raises:
        MalformedError: `table-columns`, with every name at fault.
    """
    columns: list[Column] = []
    wrong = []
    for place, cell in enumerate(header.cells):
        name = cell.removeprefix("credentialSubject.") if isinstance(cell, str) else ""
        path = tuple(name.split("."))
        shape = _at(path)
        if isinstance(cell, Unreadable):
            wrong.append(f"column {place + 1} is {cell.found}; required is {cell.required}")
        elif shape is None:
            wrong.append(f'"{_shown(cell or "")}" (column {place + 1}) is no member of a record')
        elif name in {column.name for column in columns}:
            wrong.append(f"{name} stands twice")
        else:
            columns.append(Column(name, path, shape))
    if wrong:
        raise MalformedError(f"the header: {'; '.join(wrong[:8])}", code="table-columns")
    return columns


def of_problems(record: Record, problems: Iterable[Problem], *, below: str = "") -> list[CellProblem]:
    """What is wrong with a record, each in the column that says it; first the cells that cannot be read.

    What is wrong with a member that such a cell was to say, or with what holds it, follows from that and is left out;
    so is all that is wrong with a row that cannot be read as a whole.

    Args:
        below: What the pointers begin with.
    """
    unread = [problem.column for problem in record.problems]
    if "" in unread:
        return record.problems
    told = [
        (column, problem)
        for problem in problems
        for column in [_column_of(problem.pointer.removeprefix(below), record)]
        if not any(_is_within(one, column) or _is_within(column, one) for one in unread)
    ]
    private = {column for column, problem in told if problem.code == PERSONAL_DATA}
    return record.problems + [
        CellProblem(
            record.row,
            column,
            _PRIVATE if column in private else record.cells.get(column, ""),
            problem.detail,
            problem.code,
        )
        for column, problem in told
    ]


def repeated(row: int, first: int) -> CellProblem:
    """A row that says the same as one before it."""
    required = "a record of its own: a reference or a window tells two transfers apart"
    return CellProblem(row, "", f"the same as row {first}", required, "row-repeated")


def _column_of(pointer: str, record: Record) -> str:
    """Where a problem is told: the column, also of an item of the list in its cell; else as a column would be named."""
    name = pointer.strip("/").replace("/", ".")
    return next((column for column in record.cells if _is_within(name, column)), name)


def _is_within(column: str, of: str) -> bool:
    """Whether a column is another one, or below it; the whole row is within nothing."""
    return column == of or column.startswith(f"{of}.")


def _at(path: tuple[str, ...]) -> Shape | None:
    """The shape of a member that a cell can hold: a value, or a list of values."""
    shape: Shape | None = SHAPE
    for token in path:
        if isinstance(shape, Object):
            shape = shape.members.get(token)
        elif isinstance(shape, Array) and _PLACE.fullmatch(token) and int(token) < shape.maximum:
            shape = shape.item
        else:
            return None
    if isinstance(shape, Object) or (isinstance(shape, Array) and isinstance(shape.item, Object)):
        return None
    return shape


def _record(row: Row, columns: list[Column], shared: dict[str, Any]) -> Record:
    subject, cells, problems = copy.deepcopy(shared), {}, []
    if row.problem is not None:
        problems.append(CellProblem(row.number, "", *row.problem, "table-cell"))
    if len(row.cells) > len(columns):
        found = f"{len(row.cells)} cells"
        problems.append(
            CellProblem(row.number, "", found, f"{len(columns)} cells, as the header", "table-cell")
        )
    for column, value in zip(columns, row.cells, strict=False):
        if value is None or value == "":
            continue
        cells[column.name] = _shown(value)
        made = _made(column.shape, value)
        if isinstance(made, Unreadable):
            problems.append(CellProblem(row.number, column.name, made.found, made.required, "table-cell"))
            continue
        try:
            put(subject, column.path, made)
        except MalformedError:
            required = "the items of a list from 0, none left out"
            problems.append(CellProblem(row.number, column.name, cells[column.name], required, "table-cell"))
    _complete(subject)
    return Record(row.number, subject, cells, problems)


def _complete(subject: dict[str, Any]) -> None:
    """Say what follows: the number of a line, the own scheme of scenarios, the DID of a party without identifier."""
    lines = subject.get("lines")
    for number, line in enumerate(lines if isinstance(lines, list) else (), 1):
        if isinstance(line, dict):
            line.setdefault("line", number)
            if isinstance(line.get("scenario"), dict):
                line["scenario"].setdefault("scheme", OWN_SCHEME)
    for name in _PARTIES:
        party = subject.get(name)
        if isinstance(party, dict) and "did" in party and not {"scheme", "id"} & party.keys():
            party |= {"scheme": "DID", "id": party["did"]}


def _made(shape: Shape, value: Value) -> object:
    """A cell as its member has it; a `Unreadable` where it cannot be."""
    if isinstance(value, Unreadable):
        return value
    if shape is BOOLEAN:
        return _truth(value)
    if isinstance(shape, Integer):
        return _integer(value)
    if isinstance(shape, Date):
        return _date(value)
    if not isinstance(value, str):
        return Unreadable(
            _shown(value), "text (format the column as text before filling it: digits may have been lost)"
        )
    return _BETWEEN.sub(" ", value).split() if isinstance(shape, Array) else value


def _truth(value: Value) -> object:
    if isinstance(value, bool):
        return value
    said = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None
    return Unreadable(_shown(value), "true or false") if said is None else said


def _integer(value: Value) -> object:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is int:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:  # noqa: PLR2004 - of 2^53
        return int(value)
    return Unreadable(_shown(value), "a whole number in digits, without separators")


def _date(value: Value) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return Unreadable(_shown(value), "a day as YYYY-MM-DD, or a cell of the format date")


def _shown(value: Value) -> str:
    """A cell as a report repeats it: without what looks like personal data, in one line, and not too long."""
    if isinstance(value, bool):
        return str(value).lower()
    text = value.found if isinstance(value, Unreadable) else str(value)
    if finding(text) is not None:
        return _PRIVATE
    text = on_one_line(text)
    return text if len(text) <= _LISTED else f"{text[:_LISTED]}…"

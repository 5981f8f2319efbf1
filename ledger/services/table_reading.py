"""Rows of a table in a file: CSV as spreadsheets write it, or a workbook of Excel.

What is read is a header of names and then rows of values.  Whatever cannot be meant, such as a formula or a merged
cell, is a `Unreadable` in its place, so that one bad cell stops nothing.  Excel needs the extra `excel`.

CSV: UTF-8, with or without a byte order mark, or UTF-16 with one; `,`, `;` or a tab between cells, as the header
has it; lines end in any way.  Row 1 is the header, as a spreadsheet shows it.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from zipfile import BadZipFile, ZipFile

from ledger.errors import MalformedError, SetupError
from ledger.services.files import read_bounded, reported

LIMIT: Final = 256 * 1024 * 1024
"""Most bytes of a file, and of what a workbook unpacks to."""
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 512
MOST_CELLS: Final = 2_000_000
"""Of a sheet, from the first cell to the last, empty ones too."""
LONGEST_CELL: Final = 4_096
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DELIMITERS: Final = (",", ";", "\t")


class Unreadable(NamedTuple):
    """A cell that holds nothing that can be read."""

    found: str
    required: str


Value = str | int | float | bool | date | Unreadable
"""A cell; of CSV always text."""


class Row(NamedTuple):
    """One row."""

    number: int
    """As a spreadsheet counts, from 1."""
    cells: list[Value | None]
    """None and empty text: nothing is there."""


def rows_of(path: Path, *, sheet: str | None = None) -> Iterator[Row]:
    """The rows of a table, the header first; empty ones are left out.

    Args:
        path: A file whose name ends in .csv, .tsv, .txt or .xlsx.
        sheet: Of a workbook with more than one.

    Raises:
        SetupError: It cannot be read; `extra-missing`.
        MalformedError: `table-encoding`, `table-malformed`, `table-sheet`, `table-kind` or `too-large`.
    """
    kind = path.suffix.lower()
    if kind == ".xlsx":
        found = _excel(path, sheet)
    elif kind in {".csv", ".tsv", ".txt"}:
        found = _csv(path)
    else:
        raise MalformedError(
            f"{path} is no table by its name; .csv and .xlsx are read, other kinds are saved as one of these",
            code="table-kind",
        )
    for row in found:
        if row.number > MOST_ROWS or len(row.cells) > MOST_COLUMNS:
            raise MalformedError(
                f"{path} has more than {MOST_ROWS:,} rows or {MOST_COLUMNS} columns", code="too-large"
            )
        if any(value not in {None, ""} for value in row.cells):
            yield row


def _csv(path: Path) -> Iterator[Row]:
    text = _text(path)
    head = text[: text.find("\n")] if "\n" in text else text
    delimiter = max(_DELIMITERS, key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(rows, 1):
            yield Row(number, [_cell(cell) for cell in cells])
    except csv.Error as error:
        raise MalformedError(
            f"{path} is not in order after row {number}: {error}", code="table-malformed"
        ) from None


def _cell(text: str) -> Value:
    stripped = text.strip()
    if len(stripped) > LONGEST_CELL:
        return Unreadable(f"{len(stripped)} characters", f"at most {LONGEST_CELL} characters")
    return stripped


def _text(path: Path) -> str:
    data = read_bounded(path, limit=LIMIT, what="table")
    mark, encoding = next((each for each in _MARKS if data.startswith(each[0])), (b"", "utf-8"))
    data = data.removeprefix(mark)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise MalformedError(
            f"{path} is not in UTF-8, in line {line}; save it as CSV UTF-8", code="table-encoding"
        ) from None
    if "\0" in text:
        raise MalformedError(f"{path} is not text in UTF-8; save it as CSV UTF-8", code="table-encoding")
    return text


def _excel(path: Path, sheet: str | None) -> Iterator[Row]:
    try:
        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise SetupError(
            "workbooks are read with openpyxl, which is not installed: pip install evidence-ledger[excel];"
            " or save the table as CSV UTF-8",
            code="extra-missing",
        ) from None
    _require_small(path)
    with reported("read table", path):
        try:
            book = openpyxl.load_workbook(path)
        except (InvalidFileException, BadZipFile, KeyError, ValueError, TypeError, SyntaxError) as error:
            raise MalformedError(
                f"{path} is no workbook that can be read: {type(error).__name__}", code="table-malformed"
            ) from None
    found = _sheet(path, book, sheet)
    reach = found.max_row * found.max_column
    if reach > MOST_CELLS:
        raise MalformedError(
            f"the sheet reaches to row {found.max_row:,}, column {found.max_column:,}, which are {reach:,} cells; at"
            f" most {MOST_CELLS:,} are read: delete the rows and columns beyond the table",
            code="too-large",
        )
    for number, cells in enumerate(found.iter_rows(), 1):
        yield Row(number, _without_end([_value(cell) for cell in cells]))


def _require_small(path: Path) -> None:
    """Refuse what unpacks to more than a table has."""
    with reported("read table", path):
        try:
            with ZipFile(path) as archive:
                size = sum(member.file_size for member in archive.infolist())
        except BadZipFile:
            raise MalformedError(f"{path} is no workbook of Excel", code="table-malformed") from None
    if size > LIMIT:
        raise MalformedError(
            f"{path} unpacks to {size:,} bytes; at most {LIMIT:,} are read", code="too-large"
        )


def _sheet(path: Path, book: Any, wanted: str | None) -> Any:
    names: list[str] = [each.title for each in book.worksheets]
    if wanted is None and len(names) == 1:
        return book.worksheets[0]
    if wanted not in names:
        listed = ", ".join(names)
        raise MalformedError(f"{path} has the sheets {listed}; --sheet names one", code="table-sheet")
    return book[wanted]


def _value(cell: Any) -> Value | None:
    """What a cell of a workbook holds."""
    from openpyxl.cell.cell import MergedCell

    if isinstance(cell, MergedCell):
        return Unreadable("a part of a merged cell", "a cell of its own in each row")
    value: object = cell.value
    if cell.data_type == "f":
        return Unreadable("a formula", "the value itself (paste as values)")
    if cell.data_type == "e":
        return Unreadable(f"the error {value}", "a value")
    if isinstance(value, datetime):
        return value.date() if value.time() == datetime.min.time() else Unreadable(
            "a date with a time of day", "text, such as 2026-11-22T04:00:00Z: a cell's time has no zone"
        )  # fmt: skip
    if value is None or isinstance(value, bool | int | float | date):
        return value
    return _cell(str(value)) if isinstance(value, str) else Unreadable("something else", "text or a number")


def _without_end(cells: list[Value | None]) -> list[Value | None]:
    while cells and cells[-1] is None:
        cells.pop()
    return cells

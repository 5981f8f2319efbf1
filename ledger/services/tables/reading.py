"""Rows of a table in a file: CSV as spreadsheets write it, or a workbook of Excel.

What is read is a header of names and then rows of values.  Whatever cannot be meant, such as a formula or a merged
cell, is a `Unreadable` in its place, so that one bad cell stops nothing.  Excel needs the extra `excel`.

CSV: UTF-8, with or without a byte order mark, or UTF-16 with one; `,`, `;` or a tab between cells, as the header
has it; lines end in any way.  Row 1 is the header, as a spreadsheet shows it.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from ledger.errors import MalformedError
from ledger.services.files import read_bounded

LIMIT: Final = 256 * 1024 * 1024
"""Most bytes of a file, and of what a workbook unpacks to."""
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 512
MOST_CELLS: Final = 2_000_000
"""Of a sheet, from the first cell to the last, empty ones too."""
LONGEST_CELL: Final = 4_096
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DELIMITERS: Final = (",", ";", "\t")
_LINE_END: Final = re.compile("\r|\n")


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
    problem: Unreadable | None = None
    """What the row as a whole is."""


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
        from ledger.services.tables.workbook import workbook_rows

        found = workbook_rows(path, sheet)
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
    head = _LINE_END.split(text, maxsplit=1)[0]
    delimiter = max(_DELIMITERS, key=head.count)
    csv.field_size_limit(LIMIT)  # a cell that is too long is named by its row, and stops no other
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(rows, 1):
            yield Row(number, [cell_of(cell) for cell in cells])
    except csv.Error as error:
        raise MalformedError(
            f"{path} is not in order after row {number}: {error}", code="table-malformed"
        ) from None


def cell_of(text: str) -> Value:
    """A cell that holds text, without the spaces around it."""
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

"""Rows of a workbook of Excel, for tables of records; needs the extra `excel`.

Nothing is computed and nothing is meant that cannot be seen: a formula, an error, a part of a merged cell, a hidden
row or column is refused in its place.  Before a workbook is taken apart, what it holds is counted, since a few
hundred kilobytes may unpack to millions of cells.
"""

import re
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from ledger.errors import MalformedError, SetupError
from ledger.services.files import reported
from ledger.services.tables.reading import LIMIT, MOST_CELLS, MOST_COLUMNS, Row, Unreadable, Value, cell_of

_PIECE: Final = 1 << 20
_LONGEST_TAG: Final = 256
"""Bytes from which a beginning tag is looked for again together with what follows."""
_HELD: Final = re.compile(rb"<(?:[\w.-]+:)?(?:c|row|si|xf|mergeCell)[\s/>]")
_OTHER_ENCODING: Final = re.compile(
    rb"""\xff\xfe|\xfe\xff|<\0|\0+<|\x4c\x6f\xa7\x94"""
    rb"""|(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding\s*=\s*["'](?!utf-8["']|us-ascii["'])""",
    re.IGNORECASE,
)
"""How XML begins that is not in UTF-8, in which elements could not be counted."""
_HIDDEN_ROW: Final = Unreadable("a hidden row", "a row that can be seen, or none: show it or delete it")
_HIDDEN: Final = Unreadable("a hidden column", "a column that can be seen, or none: show it or delete it")


def workbook_rows(path: Path, sheet: str | None) -> Iterator[Row]:
    """The rows of a workbook's sheet; a hidden row says so.

    Args:
        path: The workbook.
        sheet: Of several.

    Raises:
        SetupError: It cannot be read; `extra-missing`.
        MalformedError: `table-malformed`, `table-sheet` or `too-large`.
    """
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
    hidden = {number for number, row in found.row_dimensions.items() if row.hidden}
    columns = _hidden_columns(found)
    for number, cells in enumerate(found.iter_rows(), 1):
        values = _without_end([_value(cell) for cell in cells])
        if number in hidden and values:
            yield Row(number, values, _HIDDEN_ROW)
            continue
        if number == 1:
            values = [_HIDDEN if place in columns else value for place, value in enumerate(values, 1)]
        yield Row(number, values)


def _require_small(path: Path) -> None:
    """Refuse what unpacks to more than a table has, in bytes or in cells, before it is taken apart."""
    with reported("read table", path):
        try:
            with ZipFile(path) as archive:
                members = archive.infolist()
                size = sum(member.file_size for member in members)
                if size > LIMIT:
                    raise MalformedError(
                        f"{path} unpacks to {size:,} bytes; at most {LIMIT:,} are read", code="too-large"
                    )
                cells = sum(_cells(path, archive, each.filename) for each in members)
        except (BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):  # encrypted ones, too
            raise MalformedError(f"{path} is no workbook of Excel", code="table-malformed") from None
    if cells > MOST_CELLS:
        raise MalformedError(
            f"{path} has {cells:,} cells, rows and texts; at most {MOST_CELLS:,} are read", code="too-large"
        )


def _cells(path: Path, archive: ZipFile, name: str) -> int:
    """How many elements of one member become an object each: cells, rows, shared texts, styles, merged ranges."""
    found = 0
    with archive.open(name) as file:
        data = file.read(_LONGEST_TAG)
        if _OTHER_ENCODING.match(data):
            raise MalformedError(f"{path}: {name} is not in UTF-8", code="table-malformed")
        while piece := file.read(_PIECE):
            data += piece
            cut = data.rfind(b"<", max(0, len(data) - _LONGEST_TAG))
            cut = len(data) if cut < 0 else cut
            found += len(_HELD.findall(data, 0, cut))
            data = data[cut:]
    return found + len(_HELD.findall(data))


def _hidden_columns(found: Any) -> set[int]:
    """Numbers of the columns that are hidden, from 1."""
    hidden = [column for column in found.column_dimensions.values() if column.hidden]
    return {number for column in hidden for number in range(column.min, min(column.max, MOST_COLUMNS) + 1)}


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
    return cell_of(str(value)) if isinstance(value, str) else Unreadable("something else", "text or a number")


def _without_end(cells: list[Value | None]) -> list[Value | None]:
    while cells and cells[-1] is None:
        cells.pop()
    return cells

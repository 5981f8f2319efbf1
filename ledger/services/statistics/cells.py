"""Tables of counts in which no small cell can be read, nor computed from what stands beside it.

Rule: docs/spec/report.md, section Small cells.  Functions of counts alone.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

THRESHOLD: Final = 5
"""Records below which a cell is small."""
_PAIR: Final = 2

Key = tuple[str, ...]
BEYOND: Final[Key] = ()
"""Where the keys go that are too many to be counted one by one; it is never a row of its own."""


class Cell(NamedTuple):
    """What was counted under one key.

    Attributes:
        records: Records that it is of.
        counting: Those of them that count persons in it.
    """

    records: int = 0
    counting: int = 0
    lines: int = 0
    persons: int = 0

    def plus(self, other: "Cell", sign: Literal[1, -1] = 1) -> "Cell":
        """Both together; or without the other."""
        return Cell(*(one + sign * two for one, two in zip(self, other, strict=True)))


class Row(NamedTuple):
    """A cell that may be told."""

    key: Key
    cell: Cell


class Table(NamedTuple):
    """What may be told of the cells of one attribute.

    Attributes:
        rows: Largest first.
        other: All other cells together, which are not named; None: there are none.
    """

    rows: tuple[Row, ...]
    other: Cell | None


def table_of(cells: Mapping[Key, Cell], *, disjoint: bool, threshold: int = THRESHOLD) -> Table:
    """Put the small cells together with as many others as it takes to hide each of them.

    Args:
        disjoint: Whether each record is in one cell alone; else their records cannot be added up.
    """
    held = {key: cell for key, cell in cells.items() if cell.records}
    kept = {key: cell for key, cell in held.items() if key != BEYOND and not is_small(cell, threshold)}
    merged = [cell for key, cell in held.items() if key not in kept]
    while merged and kept and (wanted := _unhidden(merged, disjoint=disjoint, threshold=threshold)):
        # The next smallest that has some of it; of equal ones all, since which of them was taken would tell.
        numbers = [cell[wanted - 1] for cell in kept.values()]
        least = min(filter(None, numbers), default=0)
        merged += [kept.pop(key) for key, cell in list(kept.items()) if cell[wanted - 1] == least]
    rows = sorted(
        (Row(key, cell) for key, cell in kept.items()), key=lambda row: (-row.cell.records, row.key)
    )
    other = Cell()
    for cell in merged:
        other = other.plus(cell)
    return Table(tuple(rows), other if merged else None)


def unless_overlapping(table: Table, total: int, threshold: int = THRESHOLD) -> Table:
    """A table of cells that may be of the same records; without rows where these and the total tell of too few records.

    How many records are outside of a row is told by its records, and how many rows there are too many of, by those of
    all: as one line more, of another category, makes of one record.  Without the records, the lines would tell it.

    Args:
        total: Of all records.
    """
    outside = [total - row.cell.records for row in table.rows]
    several = sum(row.cell.records for row in table.rows) - total if table.other is None else 0
    if not any(0 < number < threshold for number in (*outside, several)):
        return table
    whole = table.other or Cell()
    for row in table.rows:
        whole = whole.plus(row.cell)
    return Table((), whole)


def is_small(cell: Cell, threshold: int = THRESHOLD) -> bool:
    """Whether a cell tells of too few records; persons of too few are as telling as records."""
    return 0 < cell.records < threshold or 0 < cell.counting < threshold


def _unhidden(merged: list[Cell], *, disjoint: bool, threshold: int) -> int:
    """Which of the first two numbers of a cell these do not hide among each other, counted from 1; 0: none.

    Fewer than two cells hide nothing. Two that are just below the threshold would be known, were the next one just
    above it: together they are to be more. Where cells may be of the same records, only one of them that is large
    shows that there are enough.
    """
    for place in (1, 2):
        found = [cell[place - 1] for cell in merged if cell[place - 1]]
        if place == 2 and not found:  # noqa: PLR2004 - nobody is counted in any of them
            continue
        enough = sum(found) >= 2 * threshold - 1 if disjoint else max(found) >= threshold
        if len(found) < _PAIR or not enough:
            return place
    return 0

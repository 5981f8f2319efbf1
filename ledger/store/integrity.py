"""Holding what is stored against itself: bodies, entries, leaves, tiles, root.

Every fact of the log can be computed again from the statements; these are the differences between the
computed and the stored.  Reads in short pages, so that a running node is not kept from committing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ledger.core.merkle import hashes_of, leaf_hashes
from ledger.core.tile_paths import WIDTH
from ledger.store.database import Database
from ledger.store.subtrees import RANGE, Subtrees, Upper
from ledger.store.tiles import FullTile, first_damaged


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not follow from the rest.

    Attributes:
        table: Where it is stored.
        index: The first entry it concerns; None where it concerns none.
        detail: What was found and what was required.
    """

    table: str
    index: int | None
    detail: str

    @property
    def tile(self) -> str | None:
        """The hash in the tiles of the log that stands for the entry; None where it concerns none."""
        if self.index is None or self.index < 0:
            return None
        return f"tile 0/{self.index // WIDTH} hash {self.index % WIDTH}"

    def __str__(self) -> str:
        of_entry = "" if self.index is None else f"entry {self.index} differs: "
        where = "" if self.tile is None or self.table == "tile" else f"; {self.tile}"
        return f"{of_entry}{self.table}: {self.detail}{where}"


Column = dict[int, bytes]
"""What a column has, by leaf index; without the rows that are missing or no bytes."""
_INTEGER: Final = frozenset((int,))
_BYTES: Final = frozenset((bytes,))


def byte_column(rows: Sequence[Sequence[object]]) -> Column:
    """The last column of `rows` by the first.  Damage may make of bytes a text or nothing, whatever the schema says."""
    column: dict[Any, Any] = {row[0]: row[-1] for row in rows}
    if _INTEGER.issuperset(map(type, column)) and _BYTES.issuperset(map(type, column.values())):
        return column
    return {row[0]: row[-1] for row in rows if isinstance(row[0], int) and isinstance(row[-1], bytes)}


def _column(database: Database, query: str, indexes: range) -> Column:
    return byte_column(
        database.rows(
            f"{query} WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index",
            (indexes.start, indexes.stop),
        )
    )


@dataclass(frozen=True, slots=True)
class ComparedRange:
    """What came of a range.

    Attributes:
        differences: Of its entries, then of its tiles.
        by_bodies: Its subtrees as the statements have it.
        by_entries: As the entries have it; the same object where nothing differs.
    """

    differences: tuple[Difference, ...]
    by_bodies: Subtrees
    by_entries: Subtrees


def compare_range(database: Database, indexes: range, digests: Column, bodies: Column) -> ComparedRange:
    """Hold the bodies of a range against its entries, and both against the tiles of level 0.

    Args:
        indexes: Begin at a multiple of `RANGE`.
        digests: The entries, as stored.
        bodies: The statements, as stored.
    """
    found: list[Difference] = []
    computed = {index: sha256(body).digest() for index, body in bodies.items()}
    # The body decides: it is what was signed.  Where it is gone, the entry stands for it.
    by_bodies = Subtrees(leaf_hashes([computed.get(index) or digests.get(index, b"") for index in indexes]))
    by_entries = by_bodies
    if computed != digests or len(digests) != len(indexes):
        found += _entry_differences(indexes, digests, computed)
        by_entries = Subtrees(leaf_hashes([digests.get(index, b"") for index in indexes]))
    found += _leaf_tile_differences(database, indexes, by_bodies)
    return ComparedRange(tuple(found), by_bodies, by_entries)


def _compare_in_order(database: Database, indexes: range) -> ComparedRange | None:
    """What `compare_range` finds where every statement of a range stands beside its entry; None where one does not.

    Cost: four fifths of reading entries and statements one after the other.
    """
    rows = database.rows(
        "SELECT e.digest, s.body FROM statement s CROSS JOIN entry e"
        " WHERE s.leaf_index >= ? AND s.leaf_index < ? AND e.leaf_index = s.leaf_index ORDER BY s.leaf_index",
        (indexes.start, indexes.stop),
    )
    # An index stands once in a table: as many as there are in the range are all of it, in order.
    if len(rows) != len(indexes):
        return None
    bodies = [body for _, body in rows]
    if not _BYTES.issuperset(map(type, bodies)):
        return None
    computed = hashes_of(bodies)
    if computed != [digest for digest, _ in rows]:
        return None
    subtrees = Subtrees(leaf_hashes(computed))
    return ComparedRange(tuple(_leaf_tile_differences(database, indexes, subtrees)), subtrees, subtrees)


def _leaf_tile_differences(database: Database, indexes: range, computed: Subtrees) -> Iterator[Difference]:
    """The tiles of level 0 of a range as stored against the computed ones."""
    stored = database.rows(
        "SELECT number, hashes, nodes FROM tile WHERE level = 0 AND number >= ? AND number < ?",
        (indexes.start // WIDTH, indexes.stop // WIDTH),
    )
    tiles = {number: (hashes, nodes) for number, hashes, nodes in stored}
    for tile in computed.tiles(indexes.start):
        yield from tile_differences(tile, tiles.get(tile.number))


def differences(database: Database) -> Iterator[Difference]:
    """Every difference between bodies, entries, tiles and head, in the order of the entries.

    Cost: about 3 µs an entry.  Memory: one range.
    """
    size, held = head_of(database)
    if held is None:
        yield Difference("head", None, "missing")
        return
    upper = Upper()
    for indexes in ranges(size):
        compared = _compare_in_order(database, indexes)
        if compared is None:
            digests = _column(database, "SELECT leaf_index, digest FROM entry", indexes)
            bodies = _column(database, "SELECT leaf_index, body FROM statement", indexes)
            compared = compare_range(database, indexes, digests, bodies)
        yield from compared.differences
        one = compared.by_bodies
        upper, full = upper.extended(
            one.roots(), one.peaks(one.size, since=one.size - one.size % WIDTH), indexes.stop
        )
        yield from upper_differences(database, full)
    yield from head_differences(held, upper)
    yield from beyond_differences(database)


def first_difference(database: Database) -> Difference | None:
    """The first of `differences`, for an error message."""
    return next(differences(database), None)


def ranges(size: int, first: int = 0) -> Iterator[range]:
    """The ranges of a log of `size` entries, from entry `first` on."""
    for start in range(first, size, RANGE):
        yield range(start, min(start + RANGE, size))


def head_of(database: Database) -> tuple[int, tuple[object, object] | None]:
    """How many entries there are to compare, and the head as it stands; None where there is none.

    Where a head says another size than is stored, the entries decide; of those that it says are missing, at most a
    range is named.
    """
    with database.read() as connection:
        row = connection.exec_driver_sql("SELECT size, root FROM head").first()
        head = None if row is None else (row[0], row[1])
        size = head[0] if head is not None and isinstance(head[0], int) and head[0] >= 0 else 0
        last = connection.exec_driver_sql(
            "SELECT max(leaf_index) FROM entry UNION SELECT max(leaf_index) FROM statement"
        )
        if last.scalars().all() == [size - 1 if size else None]:
            return size, head
        stored = max(
            connection.exec_driver_sql(
                "SELECT count(*) FROM entry WHERE leaf_index >= 0 UNION ALL"
                " SELECT count(*) FROM statement WHERE leaf_index >= 0"
            ).scalars()
        )
    return min(max(size, stored), stored + RANGE), head


def head_differences(held: tuple[object, object], upper: Upper) -> Iterator[Difference]:
    """The head against the tree that the entries lead to."""
    size, root = held
    if upper.size != size or upper.root() != root:
        found = root.hex() if isinstance(root, bytes) else root
        yield Difference("head", None, f"size {size} root {found}; the entries lead to {upper.root().hex()}")


def upper_differences(database: Database, computed: Sequence[FullTile]) -> Iterator[Difference]:
    """Tiles above level 0 as stored against those that the entries lead to."""
    for tile in computed:
        stored = database.rows(
            "SELECT hashes, nodes FROM tile WHERE level = ? AND number = ?", (tile.level, tile.number)
        )
        yield from tile_differences(tile, (stored[0][0], stored[0][1]) if stored else None)


def tile_differences(tile: FullTile, stored: tuple[object, object] | None) -> Iterator[Difference]:
    """A tile as stored, hashes and nodes, against the one that the entries lead to; None: it is not stored."""
    if stored == (tile.hashes, tile.nodes):
        return
    row, at = first_damaged(tile, *stored) if stored else (0, 0)
    index = (tile.number * WIDTH + (at << row)) << (8 * tile.level)
    says = f"hash {at} of its tree level {row} is not the one that the entries lead to"
    what = says if stored else "missing"
    yield Difference("tile", index, f"tile {tile.level}/{tile.number}: {what}")


def _entry_differences(indexes: range, digests: Column, computed: Column) -> Iterator[Difference]:
    for index in indexes:
        digest, own = digests.get(index), computed.get(index)
        if digest is None:
            yield Difference("entry", index, "missing")
        elif own is None:
            yield Difference("statement", index, "missing")
        elif own != digest:
            yield Difference(
                "statement", index, f"the body's digest is {own.hex()}, the entry says {digest.hex()}"
            )


def beyond_differences(database: Database) -> Iterator[Difference]:
    """What is stored past the head as it is at this moment: nothing may be."""
    with database.read() as connection:
        now = connection.exec_driver_sql("SELECT size FROM head").scalar()
        size = now if isinstance(now, int) and now >= 0 else 0
        for table in ("entry", "statement"):
            # Two questions, since one of both would be answered by walking through the whole table.
            query = f"SELECT min(leaf_index) FROM {table} WHERE leaf_index"  # noqa: S608 - named above
            below = connection.exec_driver_sql(f"{query} < 0").scalar()
            over = connection.exec_driver_sql(f"{query} >= ?", (size,)).scalar() if below is None else below
            if over is not None:
                yield Difference(table, over, f"stored past the head of {size} entries")
        for level, number in connection.exec_driver_sql("SELECT level, max(number) FROM tile GROUP BY level"):
            if not isinstance(level, int) or not isinstance(number, int):
                yield Difference("tile", None, "a tile has no whole number for its place")
            elif number >= size >> (8 * (level + 1)):
                yield Difference("tile", None, f"tile {level}/{number} is past the head of {size} entries")

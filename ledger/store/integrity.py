"""Holding what is stored against itself: bodies, entries, leaves, tiles, root.

Every fact of the log can be computed again from the statements; these are the differences between the
computed and the stored.  Reads in short pages, so that a running node is not kept from committing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from ledger.core.merkle import leaf_hash
from ledger.core.tile_paths import WIDTH
from ledger.store.database import Database
from ledger.store.tiles import Edge, FullTile, first_damaged

PAGE = 16 * WIDTH
"""Entries read at once."""


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

    def __str__(self) -> str:
        of_entry = "" if self.index is None else f"entry {self.index} differs: "
        return f"{of_entry}{self.table}: {self.detail}"


Column = dict[int, bytes]
"""What a column has, by leaf index; without the rows that are missing or no bytes."""


def _pages(database: Database, size: int) -> Iterator[tuple[range, Column, Column]]:
    """Entries 0 to `size` - 1: their indexes, digests and bodies."""
    for first in range(0, size, PAGE):
        indexes = range(first, min(first + PAGE, size))
        yield (
            indexes,
            _column(database, "SELECT leaf_index, digest FROM entry", indexes),
            _column(database, "SELECT leaf_index, body FROM statement", indexes),
        )


def _column(database: Database, query: str, indexes: range) -> Column:
    rows = database.rows(
        f"{query} WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index", (indexes.start, indexes.stop)
    )
    # Damage may make of bytes a text or nothing, whatever the column says.
    return {index: held for index, held in rows if isinstance(held, bytes)}


def differences(database: Database) -> Iterator[Difference]:
    """Every difference between bodies, entries, tiles and head, in the order of the entries.

    Cost: about 5 µs an entry.  Memory: one page.
    """
    with database.read() as connection:
        head = connection.exec_driver_sql("SELECT size, root FROM head").first()
    if head is None:
        yield Difference("head", None, "missing")
        return
    size = head.size if isinstance(head.size, int) and head.size >= 0 else 0
    edge = Edge()
    for indexes, digests, bodies in _pages(database, size):
        computed = {index: sha256(body).digest() for index, body in bodies.items()}
        if computed != digests or len(digests) != len(indexes):
            yield from _entry_differences(indexes, digests, computed)
        # The body decides: it is what was signed.  Where it is gone, the entry stands for it.
        leaves = [leaf_hash(computed.get(index) or digests.get(index, b"")) for index in indexes]
        edge, full = edge.extended(leaves)
        yield from _tile_differences(database, full)
    if edge.size != head.size or edge.frontier().root() != head.root:
        found = head.root.hex() if isinstance(head.root, bytes) else head.root
        yield Difference(
            "head", None, f"size {head.size} root {found}; the entries lead to {edge.frontier().root().hex()}"
        )
    yield from _beyond(database, size)


def first_difference(database: Database) -> Difference | None:
    """The first of `differences`, for an error message."""
    return next(differences(database), None)


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


def _tile_differences(database: Database, computed: list[FullTile]) -> Iterator[Difference]:
    for tile in computed:
        stored = database.rows(
            "SELECT hashes, nodes FROM tile WHERE level = ? AND number = ?", (tile.level, tile.number)
        )
        if stored == [(tile.hashes, tile.nodes)]:
            continue
        row, at = first_damaged(tile, *stored[0]) if stored else (0, 0)
        index = (tile.number * WIDTH + (at << row)) << (8 * tile.level)
        says = f"hash {at} of its tree level {row} is not the one that the entries lead to"
        what = says if stored else "missing"
        yield Difference("tile", index, f"tile {tile.level}/{tile.number}: {what}")


def _beyond(database: Database, size: int) -> Iterator[Difference]:
    """What is stored past the head: nothing may be."""
    with database.read() as connection:
        for table in ("entry", "statement"):
            over = connection.exec_driver_sql(
                f"SELECT min(leaf_index) FROM {table} WHERE leaf_index >= ? OR leaf_index < 0",  # noqa: S608
                (size,),
            ).scalar()
            if over is not None:
                yield Difference(table, over, f"stored past the head of {size} entries")
        for level, number in connection.exec_driver_sql("SELECT level, max(number) FROM tile GROUP BY level"):
            if not isinstance(level, int) or not isinstance(number, int):
                yield Difference("tile", None, "a tile has no whole number for its place")
            elif number >= size >> (8 * (level + 1)):
                yield Difference("tile", None, f"tile {level}/{number} is past the head of {size} entries")

"""The Merkle tree computed in ranges: every complete subtree of neighbouring leaves, and what ranges add up to.

A range begins at a multiple of `RANGE` leaves, so that its subtrees are subtrees of the whole tree, and ranges may be
computed in any order, by several processes.  What stands above their tiles is folded from the tiles' roots.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Final

from ledger.core.merkle import EMPTY_ROOT, HASH_SIZE, halved, node_hash
from ledger.core.tile_paths import WIDTH
from ledger.store.database import Database
from ledger.store.tiles import (
    DEPTH,
    TILE_BYTES,
    Edge,
    FullTile,
    TileCache,
    edge_of,
    nodes_of,
    tile_root,
)

RANGE: Final = 16 * WIDTH
"""Leaves in a range; the last one of a log may have fewer."""


class Subtrees:
    """The complete subtrees of a range, a row of concatenated hashes for each tree level.

    Args:
        leaves: Their hashes; the first is that of an entry whose index is a multiple of `RANGE`.
    """

    __slots__ = ("_rows", "size")

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.size = len(leaves)
        self._rows = [b"".join(leaves)]
        while len(self._rows[-1]) >= 2 * HASH_SIZE:
            row = self._rows[-1]
            self._rows.append(halved(row[: len(row) - len(row) % (2 * HASH_SIZE)]))

    def tiles(self, first: int) -> list[FullTile]:
        """The tiles of level 0 that are full, where the range begins with entry `first`."""
        found = []
        for at in range(self.size // WIDTH):
            hashes, *nodes = (
                self._rows[level][at * (TILE_BYTES >> level) : (at + 1) * (TILE_BYTES >> level)]
                for level in range(DEPTH)
            )
            found.append(FullTile(0, first // WIDTH + at, hashes, b"".join(nodes)))
        return found

    def roots(self) -> bytes:
        """The roots of the full tiles, one after the other."""
        return self._rows[DEPTH] if self.size >= WIDTH else b""

    def peaks(self, count: int, since: int = 0) -> list[bytes]:
        """Roots of the perfect subtrees that the first `count` leaves consist of, largest first.

        Args:
            since: Leaves at the beginning that are left out: a multiple of the size of every subtree that stays.
        """
        found = []
        for level in range(count.bit_length() - 1, -1, -1):
            index = (count >> level) - 1
            if count >> level & 1 and index << level >= since:
                found.append(self._rows[level][index * HASH_SIZE : (index + 1) * HASH_SIZE])
        return found


def root_of(peaks: Sequence[bytes]) -> bytes:
    """Root of the tree that perfect subtrees make up, largest first; neighbours of one size may be among them."""
    if not peaks:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(peaks))


@dataclass(frozen=True, slots=True)
class Upper:
    """What stands above the tiles of level 0, and the leaves that fill no tile.

    Attributes:
        tiles: The right edge of the tree whose leaves are the roots of full tiles of level 0.
        rest: Roots of the perfect subtrees of the leaves after the last full tile.
        size: Leaves.
    """

    tiles: Edge = field(default_factory=Edge)
    rest: tuple[bytes, ...] = ()
    size: int = 0

    def extended(self, roots: bytes, rest: Sequence[bytes], size: int) -> tuple["Upper", list[FullTile]]:
        """This after one more range, and the tiles above level 0 that became full.

        Args:
            roots: Of the range's full tiles.
            rest: Of its leaves after them.
            size: Leaves, those of the range included.
        """
        edge, full = self.tiles.extended(
            [roots[at : at + HASH_SIZE] for at in range(0, len(roots), HASH_SIZE)]
        )
        return Upper(edge, tuple(rest), size), [replace(tile, level=tile.level + 1) for tile in full]

    def root(self, beyond: Sequence[bytes] = ()) -> bytes:
        """Root of the tree, or of this tree and the leaves `beyond` it, given by the peaks of their own range."""
        return root_of([*self.tiles.peaks(), *self.rest, *beyond])


def stored_upper(database: Database, size: int) -> Upper:
    """What the stored tiles say of the first `size` leaves, a multiple of `RANGE`.

    Cost: at most 255 tiles of each level.

    Raises:
        StoreError: `store-corrupt`: a tile is missing or cut.
    """
    query = "SELECT hashes, nodes FROM tile WHERE level = ? AND number = ?"

    def read(level: int, number: int) -> tuple[object, object] | None:
        for hashes, nodes in database.rows(query, (level, number)):
            return hashes, nodes
        return None

    cache = TileCache(read, leaves=1, upper=1)
    levels = []
    level = 1
    while count := size >> (DEPTH * level):
        first = count - count % WIDTH
        hashes = (cache.full(level - 1, number)[:TILE_BYTES] for number in range(first, count))
        levels.append(b"".join(tile_root(nodes_of(one)) for one in hashes))
        level += 1
    return Upper(edge_of(size // WIDTH, levels), (), size)

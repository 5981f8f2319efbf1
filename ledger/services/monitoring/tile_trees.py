"""Trees read from tiles, whoever holds them, and where two of them part.

Nothing here is believed: what is found is proven by paths that lead to two signed roots, or it is not.
"""

from collections.abc import Callable
from typing import Final

from ledger.core.merkle import HASH_SIZE, HashReader, subtree_root
from ledger.errors import NotFoundError
from ledger.store.tiles import fold

_TILE_HEIGHT: Final = 8
_KEPT: Final = 256


class TileTree:
    """The complete subtrees of a tree, as `ledger.core.merkle` reads them.

    Args:
        size: Leaves.
        read: The hashes of a tile by (level, number), as many as it has in the tree of `size`.
    """

    def __init__(self, size: int, read: Callable[[int, int], bytes]) -> None:
        self.size = size
        self._read = read
        self._tiles: dict[tuple[int, int], bytes] = {}

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree of 2**level leaves that is the `index`-th of its size.

        Raises:
            NotFoundError: The tree does not reach so far.
        """
        tile_level, inside = divmod(level, _TILE_HEIGHT)
        number, offset = divmod(index << inside, 1 << _TILE_HEIGHT)
        hashes = self._tile(tile_level, number)
        part = hashes[offset * HASH_SIZE : (offset + (1 << inside)) * HASH_SIZE]
        if len(part) != HASH_SIZE << inside:
            raise NotFoundError(f"subtree {level}/{index} reaches past {self.size} entries")
        return fold(part)

    def root(self) -> bytes:
        """Root hash of all leaves."""
        return self.root_at(self.size)

    def root_at(self, size: int) -> bytes:
        """Root hash of the first `size` leaves."""
        return subtree_root(self, 0, size)

    def _tile(self, level: int, number: int) -> bytes:
        key = (level, number)
        if key not in self._tiles:
            if len(self._tiles) >= _KEPT:
                self._tiles.clear()
            self._tiles[key] = self._read(level, number)
        return self._tiles[key]


def first_difference(one: HashReader, other: HashReader, size: int) -> int | None:
    """The first of the first `size` leaves in which two trees differ; None where those have one root.

    Cost: two reads for each level of the tree.
    """
    start = 0
    while start < size:
        level = (size - start).bit_length() - 1
        index = start >> level
        if one.node(level, index) == other.node(level, index):
            start += 1 << level
            continue
        while level:
            level, index = level - 1, index << 1
            if one.node(level, index) == other.node(level, index):
                index += 1
        return index
    return None

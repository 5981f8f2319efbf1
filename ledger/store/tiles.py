"""Tiles of the Merkle tree: the open right edge in memory, full tiles as stored.

Tile (level, number) holds the hashes of 256 neighbouring subtrees of 256**level leaves each (C2SP
tlog-tiles). Only full tiles are stored, and they never change; the unfinished ones, at most 255 hashes a
level, are the `Edge`.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.core.merkle import HASH_SIZE, Frontier, node_hash
from ledger.errors import NotFoundError, StoreError

WIDTH = 256
TILE_BYTES = HASH_SIZE * WIDTH
CACHED_TILES = 512
"""Tiles kept expanded, 16 KiB each; the upper ones are in nearly every path."""


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that just became full, ready to be stored."""

    level: int
    number: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """The unfinished tiles of a tree of `size` leaves, lowest level first; immutable: readers may keep it."""

    size: int = 0
    levels: tuple[bytes, ...] = ()

    def extended(self, leaves: Sequence[bytes]) -> tuple["Edge", list[FullTile]]:
        """This edge after `leaves`, and the tiles that became full on the way.  Cost: a hash per leaf."""
        full: list[FullTile] = []
        levels: list[bytes] = []
        arriving = b"".join(leaves)
        level = 0
        while arriving or level < len(self.levels):
            held = (self.levels[level] if level < len(self.levels) else b"") + arriving
            number = self.size >> (8 * (level + 1))
            cut = len(held) - len(held) % TILE_BYTES
            finished = [held[at : at + TILE_BYTES] for at in range(0, cut, TILE_BYTES)]
            full += [FullTile(level, number + at, hashes) for at, hashes in enumerate(finished)]
            levels.append(held[cut:])
            arriving = b"".join(tile_root(hashes) for hashes in finished)
            level += 1
        return Edge(self.size + len(leaves), tuple(levels)), full

    def peaks(self) -> list[bytes]:
        """Roots of the perfect subtrees that make up the tree, largest first."""
        found: list[bytes] = []
        for hashes in self.levels:
            end = len(hashes)
            span = 1
            while span < WIDTH:
                if (end // HASH_SIZE) & span:
                    found.append(fold(hashes[end - span * HASH_SIZE : end]))
                    end -= span * HASH_SIZE
                span *= 2
        return found[::-1]

    def frontier(self) -> Frontier:
        """The same tree as a frontier, to know its root or to append."""
        return Frontier(self.size, self.peaks())


def fold(hashes: bytes) -> bytes:
    """Root of a perfect subtree, given its hashes of one level: a power of two of them, concatenated."""
    while len(hashes) > HASH_SIZE:
        hashes = halved(hashes)
    return hashes


tile_root = fold
"""Root of a full tile: the hash that stands for it one tile level up."""


def halved(hashes: bytes) -> bytes:
    """The hashes of the next tree level up."""
    return b"".join(
        node_hash(hashes[at : at + HASH_SIZE], hashes[at + HASH_SIZE : at + 2 * HASH_SIZE])
        for at in range(0, len(hashes), 2 * HASH_SIZE)
    )


class TileCache:
    """Full tiles, expanded to all their tree levels, the most recently used ones kept.  Safe for threads.

    Args:
        read: Bytes of a stored tile by (level, number); None where there is none.
    """

    def __init__(self, read: Callable[[int, int], bytes | None], capacity: int = CACHED_TILES) -> None:
        self._read = read
        self._capacity = capacity
        self._kept: OrderedDict[tuple[int, int], tuple[bytes, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def expanded(self, level: int, number: int) -> tuple[bytes, ...]:
        """Tree levels 0 to 7 of a full tile, 256 hashes down to 2.

        Raises:
            StoreError: `store-corrupt` where a tile that must exist does not.
        """
        key = (level, number)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        hashes = self._read(level, number)
        if hashes is None or len(hashes) != TILE_BYTES:
            first = number << (8 * (level + 1))
            raise StoreError(
                f"tile {level}/{number} of entries from {first} on is missing or cut", code="store-corrupt"
            )
        levels = [hashes]
        while len(levels) < 8:  # noqa: PLR2004 - tree levels in a tile of 2**8 hashes
            levels.append(halved(levels[-1]))
        with self._lock:
            self._kept[key] = tuple(levels)
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return tuple(levels)


class TreeReader:
    """Hashes of the complete subtrees of the tree of `edge`, as `core.merkle` reads them.

    Args:
        edge: A snapshot, so that appends meanwhile change nothing.
        tiles: Full tiles.
    """

    def __init__(self, edge: Edge, tiles: TileCache) -> None:
        self._edge = edge
        self._tiles = tiles

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree of 2**level leaves that is the `index`-th of its size.

        Cost: at most one stored tile.

        Raises:
            NotFoundError: The tree does not reach so far.
            StoreError: `store-corrupt`: its tile is missing.
        """
        tile_level, inside = divmod(level, 8)
        first = index << inside
        number, offset = divmod(first, WIDTH)
        edge = self._edge
        if number < edge.size >> (8 * (tile_level + 1)):
            row = self._tiles.expanded(tile_level, number)[inside]
            at = (offset >> inside) * HASH_SIZE
            return row[at : at + HASH_SIZE]
        held = edge.levels[tile_level] if tile_level < len(edge.levels) else b""
        hashes = held[offset * HASH_SIZE : offset * HASH_SIZE + (HASH_SIZE << inside)]
        if number > edge.size >> (8 * (tile_level + 1)) or len(hashes) != HASH_SIZE << inside:
            raise NotFoundError(f"subtree {level}/{index} reaches past {edge.size} entries")
        return fold(hashes)

"""Tiles of the Merkle tree: the open right edge in memory, full tiles as stored.

Tile (level, number) holds the hashes of 256 neighbouring subtrees of 256**level leaves each (C2SP
tlog-tiles).  Only full tiles are stored, and they never change; the unfinished ones, at most 255 hashes a
level, are the `Edge`.

Beside a tile's 256 hashes stand its `nodes`: the 254 hashes of the tree levels inside it, 128 of level 1 down to
2 of level 7.  They follow from the hashes and are computed anyway when the tile fills; a proof reads them and
hashes nothing.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from typing import Final

from ledger.core.merkle import HASH_SIZE, Frontier, halved
from ledger.core.tile_paths import WIDTH
from ledger.errors import NotFoundError, StoreError

DEPTH: Final = 8
"""Tree levels inside a tile."""
TILE_BYTES: Final = HASH_SIZE * WIDTH
_ROW_BYTES: Final = tuple(TILE_BYTES >> row for row in range(DEPTH))
_ROW_AT: Final = tuple(accumulate(_ROW_BYTES, initial=0))[:DEPTH]
"""Where the row of a tree level begins, the hashes and the nodes one after the other."""
_LAST: Final = tuple((WIDTH >> row) - 1 for row in range(DEPTH))
NODES_BYTES: Final = sum(_ROW_BYTES[1:])

CACHED_LEAF_TILES: Final = 256
"""Tiles of level 0 that are kept, 16 KiB each."""
CACHED_UPPER_TILES: Final = 1024
"""Tiles of the levels above that are kept: those of a log of 67 million entries, in nearly every path of it."""

Rows = tuple[bytes, ...]
"""The complete subtrees of an unfinished tile, a row of concatenated hashes for each tree level."""
_NOTHING: Final[Rows] = (b"",) * DEPTH


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that just became full, ready to be stored."""

    level: int
    number: int
    hashes: bytes
    nodes: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """The unfinished tiles of a tree of `size` leaves, lowest level first; immutable: readers may keep it."""

    size: int = 0
    levels: tuple[Rows, ...] = ()

    def extended(self, leaves: Sequence[bytes]) -> tuple["Edge", list[FullTile]]:
        """This edge after `leaves`, and the tiles that became full on the way.

        Cost: a hash for each leaf, and another for those that fill up a tile begun before.

        Raises:
            StoreError: `store-corrupt`: what was held of an unfinished tile does not fit together.
        """
        full: list[FullTile] = []
        levels = list(self.levels)
        arriving = b"".join(leaves)
        level = 0
        while arriving:
            if level == len(levels):
                levels.append(_NOTHING)
            rows, arriving = _grown(levels[level], arriving)
            number = self.size >> (DEPTH * (level + 1))
            finished = [_cut(rows, level, number, at) for at in range(len(arriving) // HASH_SIZE)]
            if finished and levels[level][0]:
                _require_whole(finished[0])
            full += finished
            levels[level] = tuple(
                row[len(finished) * whole :] for row, whole in zip(rows, _ROW_BYTES, strict=True)
            )
            level += 1
        return Edge(self.size + len(leaves), tuple(levels)), full

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """What the unfinished tiles hold, without the nodes above; `edge_of` takes it."""
        return tuple(rows[0] for rows in self.levels)

    def peaks(self) -> list[bytes]:
        """Roots of the perfect subtrees that make up the tree, largest first.  Hashes nothing."""
        return [
            row[-HASH_SIZE:]
            for rows in reversed(self.levels)
            for row in reversed(rows)
            if len(row) // HASH_SIZE & 1
        ]

    def frontier(self) -> Frontier:
        """The same tree as a frontier, to know its root or to append."""
        return Frontier(self.size, self.peaks())


def edge_of(size: int, levels: Sequence[bytes]) -> Edge:
    """The edge of a tree of `size` leaves, given the hashes of its unfinished tiles, lowest level first."""
    return Edge(size, tuple(_grown(_NOTHING, hashes)[0] if hashes else _NOTHING for hashes in levels))


def nodes_of(hashes: bytes) -> bytes:
    """The tree levels inside a full tile.  Cost: 254 hashes."""
    return b"".join(_grown(_NOTHING, hashes)[0][1:])


def first_damaged(tile: FullTile, hashes: object, nodes: object) -> tuple[int, int]:
    """Where stored hashes first differ from those of `tile`: tree level inside it, 0 to 7, and place there."""
    own = tile.hashes + tile.nodes
    found = as_bytes(hashes)[:TILE_BYTES].ljust(TILE_BYTES, b"\0") + as_bytes(nodes).ljust(NODES_BYTES, b"\0")
    pairs = zip(found, own, strict=False)
    place = next((place for place, (one, other) in enumerate(pairs) if one != other), 0)
    row = max(row for row in range(DEPTH) if _ROW_AT[row] <= place)
    return row, (place - _ROW_AT[row]) // HASH_SIZE


def tile_root(nodes: bytes) -> bytes:
    """Root of a full tile, given what stands above its hashes: the hash that stands for it one tile level up."""
    return sha256(b"\x01" + nodes[-2 * HASH_SIZE :]).digest()


def _grown(held: Rows, arriving: bytes) -> tuple[Rows, bytes]:
    """Rows after further hashes in the lowest one, also of several tiles in succession; and the tiles' roots."""
    rows: list[bytes] = []
    row = held[0] + arriving
    for above in (*held[1:], b""):
        rows.append(row)
        pairs = row[2 * len(above) : len(row) - len(row) % (2 * HASH_SIZE)]
        row = above + halved(pairs) if pairs else above
    return tuple(rows), row


def _cut(rows: Rows, level: int, number: int, at: int) -> FullTile:
    """The tile that stands `at` tiles from the beginning of `rows`, which begin with tile `number`."""
    hashes, *nodes = (row[at * whole : (at + 1) * whole] for row, whole in zip(rows, _ROW_BYTES, strict=True))
    return FullTile(level, number + at, hashes, b"".join(nodes))


def _require_whole(tile: FullTile) -> None:
    """Hold a tile that became full against its hashes: it lay in memory for a while."""
    if nodes_of(tile.hashes) != tile.nodes:
        raise StoreError(
            f"the hashes of tile {tile.level}/{tile.number} changed in memory; nothing was written",
            code="store-corrupt",
        )


def fold(hashes: bytes) -> bytes:
    """Root of a perfect subtree, given its hashes of one level: a power of two of them, concatenated."""
    while len(hashes) > HASH_SIZE:
        hashes = halved(hashes)
    return hashes


class TileCache:
    """Full tiles, the most recently used ones kept; those of level 0 apart, as there are 256 times as many.

    Safe for threads.

    Args:
        read: Hashes and nodes of a stored tile by (level, number); None where there is none.
    """

    def __init__(
        self,
        read: Callable[[int, int], tuple[object, object] | None],
        leaves: int = CACHED_LEAF_TILES,
        upper: int = CACHED_UPPER_TILES,
    ) -> None:
        self._read = read
        self._capacity = leaves, upper
        self._kept: tuple[OrderedDict[tuple[int, int], bytes], ...] = (OrderedDict(), OrderedDict())
        self._lock = threading.Lock()

    def full(self, level: int, number: int) -> bytes:
        """The hashes of a full tile, 8,192 bytes, and after them its nodes.

        Raises:
            StoreError: `store-corrupt` where a tile that must exist does not.
        """
        key = (level, number)
        kept = self._kept[level > 0]
        with self._lock:
            held = kept.get(key)
            if held is not None:
                kept.move_to_end(key)
                return held
        hashes, nodes = map(as_bytes, self._read(level, number) or (b"", b""))
        if len(hashes) != TILE_BYTES or len(nodes) != NODES_BYTES:
            first = number << (DEPTH * (level + 1))
            raise StoreError(
                f"tile {level}/{number} of entries from {first} on is missing or cut", code="store-corrupt"
            )
        held = hashes + nodes
        with self._lock:
            kept[key] = held
            if len(kept) > self._capacity[level > 0]:
                kept.popitem(last=False)
        return held


def as_bytes(found: object) -> bytes:
    """What was read, where it is bytes: damage may make of them a text or nothing, whatever the column says."""
    return found if isinstance(found, bytes) else b""


class TreeReader:
    """Hashes of the complete subtrees of the tree of `edge`, as `core.merkle` reads them.  For one thread.

    Args:
        edge: A snapshot, so that appends meanwhile change nothing.
        tiles: Full tiles.
    """

    def __init__(self, edge: Edge, tiles: TileCache) -> None:
        self._edge = edge
        self._tiles = tiles
        # Of each tile level the full tile that was read last: most of a path's hashes stand in one tile a level.
        self._number = [-1] * len(edge.levels)
        self._held = [b""] * len(edge.levels)

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree of 2**level leaves that is the `index`-th of its size.

        Cost: at most one stored tile; none where the last node of this tile level was in the same.

        Raises:
            NotFoundError: The tree does not reach so far.
            StoreError: `store-corrupt`: its tile is missing.
        """
        tile_level, row = level >> 3, level & 7
        number = index >> (DEPTH - row)
        at = (index & _LAST[row]) * HASH_SIZE
        if tile_level < len(self._held):
            if number == self._number[tile_level]:
                at += _ROW_AT[row]
                return self._held[tile_level][at : at + HASH_SIZE]
            full = self._edge.size >> (DEPTH * (tile_level + 1))
            if number < full:
                self._held[tile_level] = self._tiles.full(tile_level, number)
                self._number[tile_level] = number
                at += _ROW_AT[row]
                return self._held[tile_level][at : at + HASH_SIZE]
            found = self._edge.levels[tile_level][row][at : at + HASH_SIZE]
            if number == full and found:
                return found
        raise NotFoundError(f"subtree {level}/{index} reaches past {self._edge.size} entries")

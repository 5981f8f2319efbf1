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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from typing import Final, NamedTuple

from ledger.core.merkle import HASH_SIZE, Frontier
from ledger.core.tile_paths import WIDTH
from ledger.errors import NotFoundError, StoreError

DEPTH: Final = 8
"""Tree levels inside a tile."""
TILE_BYTES: Final = HASH_SIZE * WIDTH
_ROW_BYTES: Final = tuple(TILE_BYTES >> row for row in range(DEPTH))
_NODES_AT: Final = (0, *accumulate(_ROW_BYTES[1:], initial=0))
"""Where the row of a tree level begins among the `nodes`; the entry for level 0 means nothing."""
NODES_BYTES: Final = sum(_ROW_BYTES[1:])

CACHED_LEAF_TILES: Final = 256
"""Tiles of level 0 that are kept, 16 KiB each."""
CACHED_UPPER_TILES: Final = 1024
"""Tiles of the levels above that are kept: those of a log of 67 million entries, in nearly every path of it."""

Rows = tuple[bytes, ...]
"""The complete subtrees of an unfinished tile, a row of concatenated hashes for each tree level."""
_NOTHING: Final[Rows] = (b"",) * DEPTH


class Hashes(NamedTuple):
    """All of a full tile: its 256 hashes, and those of the tree levels above them, lowest first."""

    hashes: bytes
    nodes: bytes


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
            finished = _cut(rows, len(arriving) // HASH_SIZE)
            if finished and levels[level][0]:
                _require_whole(level, number, finished[0])
            full += [FullTile(level, number + at, *tile) for at, tile in enumerate(finished)]
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
    for row, at, own in _rows_of(tile):
        found = _as_bytes(nodes if row else hashes)[at : at + len(own)]
        if found != own:
            pairs = zip(found, own, strict=False)
            place = next((place for place, (one, other) in enumerate(pairs) if one != other), len(found))
            return row, min(place, len(own) - 1) // HASH_SIZE
    return 0, WIDTH - 1


def _rows_of(tile: FullTile) -> Iterator[tuple[int, int, bytes]]:
    yield 0, 0, tile.hashes
    for row in range(1, DEPTH):
        at = _NODES_AT[row]
        yield row, at, tile.nodes[at : at + _ROW_BYTES[row]]


def tile_root(tile: Hashes) -> bytes:
    """Root of a full tile: the hash that stands for it one tile level up."""
    return sha256(b"\x01" + tile.nodes[-2 * HASH_SIZE :]).digest()


def _grown(held: Rows, arriving: bytes) -> tuple[Rows, bytes]:
    """Rows after further hashes in the lowest one, also of several tiles in succession; and the tiles' roots."""
    rows: list[bytes] = []
    row = held[0] + arriving
    for above in (*held[1:], b""):
        rows.append(row)
        pairs = row[2 * len(above) : len(row) - len(row) % (2 * HASH_SIZE)]
        row = above + halved(pairs) if pairs else above
    return tuple(rows), row


def _cut(rows: Rows, count: int) -> list[Hashes]:
    """The first `count` tiles of rows that hold so many."""
    tiles: list[Hashes] = []
    for at in range(count):
        hashes, *nodes = (
            row[at * whole : (at + 1) * whole] for row, whole in zip(rows, _ROW_BYTES, strict=True)
        )
        tiles.append(Hashes(hashes, b"".join(nodes)))
    return tiles


def _require_whole(level: int, number: int, tile: Hashes) -> None:
    """Hold an unfinished tile that became full against its hashes: it lay in memory for a while."""
    if nodes_of(tile.hashes) != tile.nodes:
        raise StoreError(
            f"the hashes of tile {level}/{number} changed in memory; nothing was written",
            code="store-corrupt",
        )


def halved(hashes: bytes) -> bytes:
    """The hashes of the next tree level up."""
    pair = 2 * HASH_SIZE
    return b"".join([sha256(b"\x01" + hashes[at : at + pair]).digest() for at in range(0, len(hashes), pair)])


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
        self._kept: tuple[OrderedDict[tuple[int, int], Hashes], ...] = (OrderedDict(), OrderedDict())
        self._lock = threading.Lock()

    def full(self, level: int, number: int) -> Hashes:
        """A full tile.

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
        found = Hashes(*map(_as_bytes, self._read(level, number) or (b"", b"")))
        if len(found.hashes) != TILE_BYTES or len(found.nodes) != NODES_BYTES:
            first = number << (DEPTH * (level + 1))
            raise StoreError(
                f"tile {level}/{number} of entries from {first} on is missing or cut", code="store-corrupt"
            )
        with self._lock:
            kept[key] = found
            if len(kept) > self._capacity[level > 0]:
                kept.popitem(last=False)
        return found


def _as_bytes(found: object) -> bytes:
    # Damage may make of bytes a text or nothing, whatever the column says.
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
        self._at: list[int] = []
        self._held: list[Hashes] = []

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree of 2**level leaves that is the `index`-th of its size.

        Cost: at most one stored tile; none where the last node of this tile level was in the same.

        Raises:
            NotFoundError: The tree does not reach so far.
            StoreError: `store-corrupt`: its tile is missing.
        """
        tile_level, row = level >> 3, level & 7
        at = index << row
        number, at = at >> 8, (at & 255) >> row << 5
        if number < self._edge.size >> (DEPTH * (tile_level + 1)):
            tile = self._full(tile_level, number)
            if not row:
                return tile.hashes[at : at + HASH_SIZE]
            at += _NODES_AT[row]
            return tile.nodes[at : at + HASH_SIZE]
        levels = self._edge.levels
        if tile_level < len(levels) and number == self._edge.size >> (DEPTH * (tile_level + 1)):
            found = levels[tile_level][row][at : at + HASH_SIZE]
            if found:
                return found
        raise NotFoundError(f"subtree {level}/{index} reaches past {self._edge.size} entries")

    def _full(self, level: int, number: int) -> Hashes:
        while len(self._at) <= level:
            self._at.append(-1)
            self._held.append(Hashes(b"", b""))
        if self._at[level] != number:
            self._held[level] = self._tiles.full(level, number)
            self._at[level] = number
        return self._held[level]

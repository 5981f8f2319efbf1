"""The Merkle tree: appending against the bare hashes, proofs from stored tiles against proofs from memory, and roots.

The log that proofs are made from has ten million entries, which takes two minutes, a gigabyte of disk and two of
memory, or as many as `EVIDENCE_TREE_LEAVES` says.  It is written with the tiles' own code and without statements, which
no proof looks at.
"""

import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import Row, at_most, by_turns, microseconds
from benchmarks.store import opened
from ledger.core.merkle import HASH_SIZE, Frontier, inclusion_path, leaf_hash, node_hash, verify_inclusion
from ledger.store.log import Log
from ledger.store.tiles import DEPTH, TILE_BYTES, Edge, FullTile

LEAVES = 20_000
GROUP = 1_000
STORED = int(os.environ.get("EVIDENCE_TREE_LEAVES") or 10_000_000)
NEEDED = 128 * STORED
"""Bytes of disk that are free before it begins: twice what the tiles take."""
TOLD = 1 << 20
"""Entries after which it says how far it is."""
PROOFS = 500
LATENCIES = 5_000
PAGE = 1 << 16
MOST_SECONDS = 1e-3


def rows() -> list[Row]:
    """Appending to the tree, proving inclusion in a log on disk, its root, and what others take for the same."""
    from benchmarks import tree_peers

    return [_append(), *_stored(), *tree_peers.rows()]


def entry(number: int) -> bytes:
    """What is logged at a place."""
    return sha256(number.to_bytes(8)).digest()


def _append() -> Row:
    entries = [entry(number) for number in range(LEAVES)]

    def ours() -> None:
        edge, frontier = Edge(), Frontier()
        for first in range(0, LEAVES, GROUP):
            leaves = [leaf_hash(one) for one in entries[first : first + GROUP]]
            edge, _ = edge.extended(leaves)
            for leaf in leaves:
                frontier.append(leaf)

    def bare() -> None:
        node = bytes(65)
        for one in entries:
            sha256(b"\0" + one).digest()
            sha256(node).digest()

    pair = by_turns(ours, bare)
    detail = (
        f"a leaf: {microseconds(pair.ours / LEAVES)}, {GROUP:,} at a time: the tiles with all that is inside them, and"
        f" the root a second time by other code; one leaf and one node hash by `hashlib`:"
        f" {microseconds(pair.limit / LEAVES)}"
    )
    return at_most("appending to the tree, against its bare hashes", pair, 3, detail)


class Levels:
    """Every hash of the complete subtrees, in memory; for small trees."""

    def __init__(self, leaves: list[bytes]) -> None:
        self._levels = [leaves]
        while len(leaves) > 1:
            pairs = zip(leaves[::2], leaves[1::2], strict=False)
            leaves = [node_hash(left, right) for left, right in pairs]
            self._levels.append(leaves)

    def node(self, level: int, index: int) -> bytes:
        """One of them."""
        return self._levels[level][index]


class Memory:
    """Every hash of the complete subtrees, in memory: those of a tree level in one piece."""

    def __init__(self, full: Sequence[FullTile], edge: Edge) -> None:
        levels: dict[int, list[bytes]] = {}
        for tile in full:
            at = 0
            for row in range(DEPTH):
                size = TILE_BYTES >> row
                levels.setdefault(tile.level * DEPTH + row, []).append(
                    (tile.hashes + tile.nodes)[at : at + size]
                )
                at += size
        for level, held in enumerate(edge.levels):
            for row, hashes in enumerate(held):
                levels.setdefault(level * DEPTH + row, []).append(hashes)
        self._levels = [b"".join(levels[level]) for level in sorted(levels)]

    def node(self, level: int, index: int) -> bytes:
        """One of them."""
        return self._levels[level][index * HASH_SIZE : (index + 1) * HASH_SIZE]


class Made(NamedTuple):
    """A log on disk, the same in memory, and its edge when it had a hundredth of its entries."""

    log: Log
    memory: Memory
    early: Edge


@contextmanager
def made(folder: Path, size: int) -> Iterator[Made]:
    """A log of `size` entries, of which only those of the open tile are kept as such."""
    with opened(folder / "log.sqlite") as log:
        edge, early, tiles = Edge(), Edge(), list[FullTile]()
        steps = sorted({size // 100, size, *range(PAGE, size, PAGE)})
        for first, end in zip([0, *steps], steps, strict=False):
            edge, full = edge.extended([leaf_hash(entry(number)) for number in range(first, end)])
            append_tiles(log, 0, [], full, None)
            if end % TOLD == 0 or end == size:
                print(f"{end:>12,} of {size:,} leaves", file=sys.stderr, flush=True)
            tiles += full
            early = edge if end == size // 100 else early
        first = size - 256  # where the log looks for its end
        append_tiles(log, first, [entry(number) for number in range(first, size)], [], edge)
        yield Made(Log(log.database, log.origin), Memory(tiles, edge), early)


def append_tiles(
    log: Log, first: int, entries: Sequence[bytes], full: Sequence[FullTile], edge: Edge | None
) -> None:
    """Write entries from `first` on, tiles and the head of `edge` in one durable transaction, without statements."""
    with log.database.write(leading=True) as writing:
        writing.insert_entries(first, entries)
        writing.insert(
            "tile",
            ("level", "number", "hashes", "nodes"),
            [(tile.level, tile.number, tile.hashes, tile.nodes) for tile in full],
        )
        if edge is not None:
            writing.execute("UPDATE head SET size = ?, root = ?", (edge.size, edge.frontier().root()))


def _stored() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        if (free := shutil.disk_usage(name).free) < NEEDED:
            told = f"not measured: {free / 1e9:.1f} GB are free, {NEEDED / 1e9:.1f} GB are needed"
            return [Row(f"proofs from stored tiles of {STORED:,} leaves", "absent", "", None, told)]
        with made(Path(name), STORED) as (log, memory, early):
            return [*_proof(log, memory), _root(log, early)]


def _proof(log: Log, memory: Memory) -> list[Row]:
    root = log.head.root
    chance = random.Random(6962)
    entries = {index: entry(index) for index in chance.sample(range(STORED), LATENCIES)}
    some = list(entries)[:PROOFS]
    for index in some:
        if log.inclusion_path(index, STORED, root, entries[index]) != inclusion_path(memory, index, STORED):
            raise SystemExit(f"two proofs for entry {index}")

    def stored() -> None:
        for index in some:
            log.inclusion_path(index, STORED, root, entries[index])

    def held() -> None:
        for index in some:
            path = inclusion_path(memory, index, STORED)
            verify_inclusion(leaf_hash(entries[index]), index, STORED, path, root)

    pair = by_turns(stored, held, pairs=9)
    both = [
        _seconds(lambda: log.inclusion_path(index, STORED, root, entries[index]))  # noqa: B023 - called at once
        for index in entries
    ]
    taken, spent = sorted(wall for wall, _ in both), sorted(cpu for _, cpu in both)
    p99 = taken[len(taken) * 99 // 100]
    detail = (
        f"{STORED:,} leaves, random entries: {microseconds(pair.ours / PROOFS)}, one tile read from the database each;"
        f" {microseconds(pair.limit / PROOFS)} from memory.  Both are verified before they are given out"
    )
    return [
        at_most("an inclusion proof from stored tiles, against one from memory", pair, 3, detail),
        Row(
            "the slowest of a hundred such proofs",
            microseconds(p99),
            "< 1 ms",
            p99 < MOST_SECONDS,
            f"of {len(taken):,}, by the time of day; half of them took {microseconds(taken[len(taken) // 2])} or less."
            f"  By CPU time {microseconds(spent[len(spent) * 99 // 100])}, which neighbours disturb less",
        ),
    ]


def _root(log: Log, early: Edge) -> Row:
    late = log.edge

    def repeated(edge: Edge) -> Callable[[], None]:
        def run() -> None:
            for _ in range(PROOFS):
                edge.frontier().root()

        return run

    pair = by_turns(repeated(late), repeated(early))
    detail = (
        f"{microseconds(pair.ours / PROOFS)} at {late.size:,} leaves, {microseconds(pair.limit / PROOFS)} at"
        f" {early.size:,}: one hash for each power of two that the size consists of"
    )
    return at_most("the root of a log, against one with a hundredth of its entries", pair, 2, detail)


def _seconds(run: Callable[[], object]) -> tuple[float, float]:
    """What a call took, by the time of day and of CPU."""
    begun, spent = time.perf_counter(), time.thread_time()
    run()
    return time.perf_counter() - begun, time.thread_time() - spent

"""The Merkle tree: appending against the bare hashes, and proofs from stored tiles against proofs from memory."""

import random
import tempfile
from hashlib import sha256
from pathlib import Path

from benchmarks.measure import Row, at_most, by_turns, microseconds
from benchmarks.store import new_statements, opened
from ledger.core.merkle import Frontier, inclusion_path, leaf_hash, node_hash

LEAVES = 20_000
STORED = 100_000
PROOFS = 500


class Levels:
    """Every hash of the complete subtrees, in memory."""

    def __init__(self, leaves: list[bytes]) -> None:
        self._levels = [leaves]
        while len(leaves) > 1:
            pairs = zip(leaves[::2], leaves[1::2], strict=False)
            leaves = [node_hash(left, right) for left, right in pairs]
            self._levels.append(leaves)

    def node(self, level: int, index: int) -> bytes:
        """One of them."""
        return self._levels[level][index]


def rows() -> list[Row]:
    """Appending to the tree, and proving inclusion in a log on disk."""
    return [_append(), _proof()]


def _append() -> Row:
    entries = [sha256(number.to_bytes(8)).digest() for number in range(LEAVES)]

    def ours() -> None:
        frontier = Frontier()
        for entry in entries:
            frontier.append(leaf_hash(entry))

    def bare() -> None:
        node = bytes(65)
        for entry in entries:
            sha256(b"\0" + entry).digest()
            sha256(node).digest()

    pair = by_turns(ours, bare)
    detail = (
        f"a leaf: {microseconds(pair.ours / LEAVES)};"
        f" one leaf and one node hash by `hashlib`: {microseconds(pair.limit / LEAVES)}"
    )
    return at_most("appending to the tree, against its bare hashes", pair, None, detail)


def _proof() -> Row:
    with tempfile.TemporaryDirectory() as name, opened(Path(name) / "log.sqlite") as log:
        for first in range(0, STORED, 5_000):
            log.append(new_statements(range(first, first + 5_000)))
        levels = Levels([leaf_hash(one.digest) for one in new_statements(range(STORED))])
        indexes = random.Random(6962).sample(range(STORED), PROOFS)
        for index in indexes:
            if log.inclusion_path(index, STORED) != inclusion_path(levels, index, STORED):
                raise SystemExit(f"two proofs for entry {index}")

        def stored() -> None:
            for index in indexes:
                log.inclusion_path(index, STORED)

        def memory() -> None:
            for index in indexes:
                inclusion_path(levels, index, STORED)

        pair = by_turns(stored, memory, pairs=9)
    detail = (
        f"{STORED:,} leaves, random entries: {microseconds(pair.ours / PROOFS)}, from tiles of 256 hashes that are"
        " read, hashed up and verified before the path is given out;"
        f" in memory and unverified: {microseconds(pair.limit / PROOFS)}"
    )
    return at_most("an inclusion proof from stored tiles, against one from memory", pair, None, detail)

"""Other logs in Python on the same entries: `aics-tlog`, which keeps C2SP tiles in files, and `pymerkle` in SQLite.

They are no dependencies of anything here: `EVIDENCE_TREE_PEERS` names a folder that they were installed into
(`pip install --target FOLDER aics-tlog pymerkle cachetools`; `--ignore-requires-python --no-deps` before Python 3.12).
Each is measured in a process of its own: `python -m benchmarks.tree_peers NAME`.
"""

import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Protocol

from benchmarks.measure import Row, at_most, microseconds, of_turns
from benchmarks.store import opened
from ledger.core.merkle import leaf_hashes
from ledger.store.integrity import differences
from ledger.store.log import Log
from ledger.store.rows import NewStatement
from ledger.store.tiles import Edge

VARIABLE = "EVIDENCE_TREE_PEERS"
SIZE = 20_000
GROUP = 1_000
PROOFS = 40
TURNS = 5
PEERS = ("aics-tlog", "pymerkle")
STEPS = {
    "append": "a durable append, a thousand entries at a time, with the new root: ours (entries and tiles)",
    "proof": "a verified inclusion proof from what is stored: ours",
    "audit": "recomputing all that is stored: ours (statements, entries, tiles)",
}


def rows() -> list[Row]:
    """Ours against each of them; none where they are not installed."""
    folder = os.environ.get(VARIABLE)
    if not folder or not (Path(folder) / "aics_tlog").is_dir() or not (Path(folder) / "pymerkle").is_dir():
        print(
            f"beside aics-tlog and pymerkle: skipped, {VARIABLE} names no folder with both", file=sys.stderr
        )
        return []
    turns = [{name: _run(name, folder) for name in ("ours", "whole", *PEERS)} for _ in range(TURNS)]
    whole = microseconds(median(turn["whole"]["append"] for turn in turns))
    found = []
    for peer in PEERS:
        for step, what in STEPS.items():
            pair = of_turns([(turn[_ours(step)][step], turn[peer][step]) for turn in turns])
            detail = f"{SIZE:,} entries: {microseconds(pair.ours)} and {microseconds(pair.limit)} of CPU each"
            detail += (
                f"; a whole append, with statements and their indexes: {whole}" if step == "append" else ""
            )
            found.append(at_most(f"{what}, against {peer}", pair, 1, detail))
    return found


def _ours(step: str) -> str:
    return "whole" if step == "audit" else "ours"


def _run(name: str, folder: str) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.tree_peers", name]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), folder])}
    run = subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
    told: dict[str, float] = json.loads(run.stdout)
    return told


class Peer(Protocol):
    """A log of somebody's, on disk."""

    def append(self, numbers: Sequence[int]) -> bytes:
        """Append the entries of these numbers durably; the new root."""

    def prove(self, index: int, root: bytes) -> None:
        """Make an inclusion proof and verify it."""

    def audit(self, root: bytes) -> None:
        """Hold everything that is stored against `root`."""


def body(number: int) -> bytes:
    """What stands for a statement."""
    return b'{"number":%d}' % number


ENTRIES = [sha256(body(number)).digest() for number in range(SIZE)]


class Ours:
    """Entries and tiles, as the log stores them, without statements."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._edge = Edge()

    def append(self, numbers: Sequence[int]) -> bytes:
        """As of `Peer`."""
        from benchmarks.tree import append_tiles

        entries = [ENTRIES[number] for number in numbers]
        self._edge, full = self._edge.extended(leaf_hashes(entries))
        append_tiles(self._log, numbers[0], entries, full, self._edge)
        return self._edge.frontier().root()

    def prove(self, index: int, root: bytes) -> None:
        """As of `Peer`."""
        self._log.inclusion_path(index, SIZE, root, ENTRIES[index])

    def audit(self, root: bytes) -> None:
        """Only done with statements: see `Whole`."""

    def reopened(self) -> None:
        """Take up what was written past the log."""
        self._log = Log(self._log.database, self._log.origin)


class Whole(Ours):
    """The log as the node appends to it."""

    def append(self, numbers: Sequence[int]) -> bytes:
        """As of `Peer`."""
        self._log.append(
            [
                NewStatement(ENTRIES[n], "did:web:a.example.xa", f"urn:x:{n}", "TransferRecord", n, body(n))
                for n in numbers
            ]
        )
        return self._log.head.root

    def audit(self, root: bytes) -> None:
        """As of `Peer`."""
        if self._log.head.root != root or list(differences(self._log.database)):
            raise SystemExit("the audit found something")


class Tlog:
    """`aics-tlog`: a folder of tiles."""

    def __init__(self, folder: Path) -> None:
        self._of = import_module("aics_tlog")
        self._store = self._of.DirectoryTileStore(folder / "tiles")
        self._writer = self._of.IncrementalTileWriter(self._store)

    def append(self, numbers: Sequence[int]) -> bytes:
        """As of `Peer`."""
        self._writer.append([ENTRIES[number] for number in numbers])
        return bytes(self._writer.root())

    def prove(self, index: int, root: bytes) -> None:
        """As of `Peer`."""
        path = self._of.inclusion_proof_from_tiles(self._store, index, SIZE)
        if not self._of.verify_leaf_inclusion(ENTRIES[index], index, SIZE, path, root):
            raise SystemExit("no proof")

    def audit(self, root: bytes) -> None:
        """As of `Peer`."""
        self._of.audit_tiles(self._store, SIZE, root)


class Pymerkle:
    """`pymerkle`: leaves in SQLite.  It has no audit; the whole tree anew is what comes near."""

    def __init__(self, folder: Path) -> None:
        self._of = import_module("pymerkle")
        self._tree = self._of.SqliteTree(str(folder / "tree.sqlite"))

    def append(self, numbers: Sequence[int]) -> bytes:
        """As of `Peer`."""
        self._tree.append_entries([ENTRIES[number] for number in numbers])
        return bytes(self._tree.get_root())

    def prove(self, index: int, root: bytes) -> None:
        """As of `Peer`."""
        proof = self._tree.prove_inclusion(index + 1)
        self._of.verify_inclusion(self._tree.get_leaf(index + 1), root, proof)

    def audit(self, root: bytes) -> None:
        """As of `Peer`."""
        anew = self._of.InmemoryTree()
        for number in range(SIZE):
            anew.append_entry(self._tree.get_entry(number + 1))
        if bytes(anew.get_root()) != root:
            raise SystemExit("the audit found something")


@contextmanager
def _peer(name: str) -> Iterator[Peer]:
    with tempfile.TemporaryDirectory() as folder:
        if name in ("ours", "whole"):
            with opened(Path(folder) / "log.sqlite") as log:
                yield Ours(log) if name == "ours" else Whole(log)
        else:
            yield Tlog(Path(folder)) if name == "aics-tlog" else Pymerkle(Path(folder))


def _settled() -> None:
    """Take what there is out of the collector's sight: whether it walks over that within a step is chance."""
    gc.collect()
    gc.freeze()


def measured(name: str) -> dict[str, float]:
    """CPU seconds an entry, a proof and an audited entry take."""
    with _peer(name) as peer:
        groups = [range(first, first + GROUP) for first in range(0, SIZE, GROUP)]
        root = b""
        _settled()
        begun = time.process_time()
        for group in groups:
            root = peer.append(group)
        append = (time.process_time() - begun) / SIZE
        if isinstance(peer, Ours):
            peer.reopened()
        chosen = random.Random(6962).sample(range(SIZE), PROOFS)
        _settled()
        begun = time.process_time()
        for index in chosen:
            peer.prove(index, root)
        proof = (time.process_time() - begun) / PROOFS
        _settled()
        begun = time.process_time()
        peer.audit(root)
        return {"append": append, "proof": proof, "audit": (time.process_time() - begun) / SIZE}


if __name__ == "__main__":
    json.dump(measured(sys.argv[1]), sys.stdout)

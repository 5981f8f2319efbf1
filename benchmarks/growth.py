"""What it costs that a log is large: a row in the last of ten windows against one in the first, and memory.

The last window is measured by turns with the first one of a new log, since the machine may be another by then.  A
process of its own appends to one log through its sequencer, a thousand statements to a transaction, each transaction
followed by a signed checkpoint: two million of them, or as many as `EVIDENCE_GROWTH_ROWS` says.  Statements are ready
made and small.  Their digests are random, so that each comes to another page of the index that finds duplicates; their
ids are UUIDs of version 7, as this program makes them, which sort by time.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import psutil

from benchmarks.measure import Pair, Row, at_most, microseconds
from benchmarks.store import ORIGIN, opened
from ledger.core.checkpoint import Checkpoint, LogSigner, sign_checkpoint
from ledger.core.secp256k1 import Account
from ledger.services.ids import RANDOM_SIZE, statement_id
from ledger.services.log.sequencer import Sequencer
from ledger.store.checkpoints import Checkpoints
from ledger.store.rows import NewStatement

ROWS: Final = int(os.environ.get("EVIDENCE_GROWTH_ROWS") or 2_000_000)
WINDOWS: Final = 10
WINDOW: Final = ROWS // WINDOWS
FILLED: Final = ROWS - WINDOW
"""Rows before the last window."""
GROUP: Final = 1_000
ISSUERS: Final = 100
GOAL: Final = 1.5
MEMORY_GOAL: Final = 1.25
WARM: Final = ROWS // 20
"""Rows after which the writer's page cache is full, and what else is kept of the log is as large as it gets."""
NEEDED: Final = 1_500 * ROWS
"""Bytes of disk that are free before it begins: twice what the log takes."""
MIB: Final = 1024 * 1024


def rows() -> list[Row]:
    """The cost of a row and the memory of the process, as the log grows."""
    with tempfile.TemporaryDirectory() as folder:
        if (free := shutil.disk_usage(folder).free) < NEEDED:
            told = f"not measured: {free / 1e9:.1f} GB are free, {NEEDED / 1e9:.1f} GB are needed"
            return [Row(f"a row of the last window of ten to {ROWS:,}", "absent", "", None, told)]
        command = [sys.executable, "-m", "benchmarks.growth", folder]
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    found = json.loads(run.stdout)
    return [_cost(found), _memory(found)]


def _cost(found: dict[str, list[float]]) -> Row:
    spent = found["cpu"]
    each = ", ".join(f"{one * 1e6:.0f}" for one in spent)
    detail = (
        f"{ROWS:,} rows, {GROUP:,} to a transaction, with unique indexes of digests and of issuers' ids, tiles, head"
        f" and signed checkpoint; CPU of the whole process a row: {spent[-1] * 1e6:.0f} µs, and"
        f" {found['fresh'][0] * 1e6:.0f} µs by turns in the first window of a new log; window by window: {each} µs;"
        f" a file of {found['bytes'][0] / 1e9:.1f} GB"
    )
    what = f"a row of the last of ten windows to {ROWS:,}, against one of the first"
    (fresh,) = found["fresh"]
    return at_most(what, Pair(spent[-1], fresh, spent[-1] / fresh), GOAL, detail)


def _memory(found: dict[str, list[float]]) -> Row:
    held = dict(zip(map(int, found["sizes"]), found["resident"], strict=True))
    told = ", ".join(f"{resident / MIB:.0f} MiB at {size:,}" for size, resident in held.items())
    detail = (
        f"{told} entries; one process with log, checkpoints and sequencer, of it 32 MiB SQLite's page cache"
    )
    what = f"resident memory of the sequencer at {FILLED:,} entries, against {WARM:,}"
    return at_most(what, Pair(held[FILLED], held[WARM], held[FILLED] / held[WARM]), MEMORY_GOAL, detail)


def statement(number: int) -> NewStatement:
    """A record of a few hundred bytes by one of a hundred exporters, with an id as this program makes them."""
    created = 1_795_000_000 + number // 500
    name = statement_id(created, sha256(number.to_bytes(8)).digest()[:RANDOM_SIZE])
    issuer = f"did:web:exporter-{number % ISSUERS}.example.xa"
    body = b'{"id":"%b","issuer":"%b","n":%d}' % (name.encode(), issuer.encode(), number)
    return NewStatement(sha256(body).digest(), issuer, name, "TransferRecord", created, body)


@contextmanager
def appending(file: Path) -> Iterator[Callable[[int], float]]:
    """A new log with its sequencer; appends the group that begins with a number, and tells the CPU seconds it took."""
    head = Account(sha256(b"head").digest())
    signer = LogSigner(ORIGIN, sha256(b"ed25519").digest(), sha256(b"ml-dsa").digest(), head)

    def signed(checkpoint: Checkpoint, now: int) -> bytes:
        return sign_checkpoint(checkpoint, signer, now)

    with opened(file) as log, Sequencer(log, Checkpoints(log.database), signed, interval=0) as sequencer:

        def run(first: int) -> float:
            group = [statement(number) for number in range(first, first + GROUP)]
            begun = time.process_time()
            sequencer.submit(group).result()
            spent = time.process_time() - begun
            if log.head.size != first + GROUP:
                raise SystemExit(f"the log has {log.head.size} entries")
            return spent

        yield run


def measured(folder: Path) -> dict[str, list[float]]:
    """CPU seconds a row by window, and of a fresh log; resident bytes by size, and the bytes of the file."""
    own, file = psutil.Process(), folder / "log.sqlite"
    marks = {10**power for power in range(4, 9) if 10**power < FILLED} | {WARM, FILLED}
    resident: dict[int, float] = {}
    windows = [0.0] * WINDOWS
    fresh = 0.0
    with appending(file) as append:
        for first in range(0, FILLED, GROUP):
            windows[first // WINDOW] += append(first)
            if (size := first + GROUP) in marks:
                resident[size] = own.memory_info().rss
            if size % WINDOW == 0:
                each = windows[first // WINDOW] / WINDOW
                print(f"{size:>12,} rows: {microseconds(each)} each", file=sys.stderr, flush=True)
        with appending(folder / "fresh.sqlite") as again:
            for first in range(0, WINDOW, GROUP):
                windows[-1] += append(FILLED + first)
                fresh += again(first)
    return {
        "cpu": [one / WINDOW for one in windows],
        "fresh": [fresh / WINDOW],
        "sizes": sorted(resident),
        "resident": [resident[size] for size in sorted(resident)],
        "bytes": [file.stat().st_size],
    }


if __name__ == "__main__":
    json.dump(measured(Path(sys.argv[1])), sys.stdout)

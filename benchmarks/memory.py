"""Whether a serving node stays flat in memory: resident size before, early and late in a long registration.

`python -m benchmarks.memory [RECORDS]` registers that many records (200,000) in batches of 1,000 lines, signed as
they go, over one connection, and tells the resident size of the server's process and of its admission workers.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from tests.api.served import EXPORTER, NDJSON, Served, holder
from tests.nodes import serving

BATCH = 1_000
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """Resident MiB by the number of records registered, and records a second, signing included.

    Attributes:
        resident: Of the server.
        workers: Of all its admission workers.
    """

    resident: dict[int, float]
    workers: dict[int, float]
    rate: float


def measure(folder: Path, records: int, tell: Callable[[str], None] = lambda _: None) -> Measured:
    """Register `records` with a new node and watch its process."""
    with serving(folder) as running:
        served = Served(running.home, None, running.url, holder(EXPORTER))  # type: ignore[arg-type]  # the application is elsewhere
        served.enrol(served.exporter, "exporter")
        process = psutil.Process(running.process.pid)
        resident: dict[int, float] = {}
        workers: dict[int, float] = {}

        def look(at: int) -> None:
            resident[at] = process.memory_info().rss / MIB
            workers[at] = sum(worker.memory_info().rss for worker in process.children()) / MIB

        look(0)
        tell(_told(0, resident, workers))
        begun = time.monotonic()
        with httpx2.Client(base_url=running.url, timeout=120) as client:
            for at in range(BATCH, records + 1, BATCH):
                lines = [served.record(f"memory-{at}-{number}").encoded for number in range(BATCH)]
                answer = client.post("/v1/statements", content=b"\n".join(lines), headers=NDJSON)
                assert answer.text.count('"status":201') == BATCH, answer.text[-500:]
                look(at)
                if at % max(BATCH, records // 10) == 0:
                    tell(_told(at, resident, workers))
        return Measured(resident, workers, records / (time.monotonic() - begun))


def _told(at: int, resident: dict[int, float], workers: dict[int, float]) -> str:
    return f"{at:>9} records  {resident[at]:7.1f} MiB, workers {workers[at]:6.1f} MiB"


def main() -> None:
    """Measure, and tell."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), records, print)
    print(f"{found.rate:.0f} records/s, signing included")


if __name__ == "__main__":
    main()

"""A node that registers for long stays flat in memory; `python -m benchmarks.memory` is the long run."""

from pathlib import Path

from benchmarks.memory import BATCH, measure

RECORDS = 10_000
WARM = 3 * BATCH
"""Records after which caches, threads and pages of the database are as large as they get, nearly."""
GROWTH = 40
"""MiB that the rest may add: SQLite's cache of 32 MiB fills with the database."""
WORKERS_GROWTH = 4
"""MiB that the admission workers may add; they keep the keys of those who sign."""


def test_memory_is_flat_over_ten_thousand_registrations(tmp_path: Path) -> None:
    found = measure(tmp_path, RECORDS)
    assert found.resident[RECORDS] - found.resident[WARM] < GROWTH, found
    assert found.workers[RECORDS] - found.workers[WARM] < WORKERS_GROWTH, found

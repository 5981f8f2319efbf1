"""Signed checkpoints: each head is signed once, stored before anybody sees it, and never signed again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.errors import StoreError
from ledger.store.database import Database, Writing


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed note, verbatim, and when it was signed (POSIX seconds)."""

    size: int
    note: bytes
    signed_at: int


class Checkpoints:
    """The checkpoints of the log in `database`.  Safe for threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, checkpoint: StoredCheckpoint) -> None:
        """Store a checkpoint for ever; durable when this returns.  The same bytes again change nothing.

        Raises:
            StoreError: Another checkpoint of that size is stored (`checkpoint-exists`), it would be older
                than the last one (`clock-behind`), the log is shorter (`log-rolled-back`), or the disk failed.
            ConflictError: `fenced`: another process has become the one that moves this log.
        """
        self.store_all([checkpoint])

    def store_all(self, checkpoints: Sequence[StoredCheckpoint]) -> None:
        """Store several, by ascending size, in one transaction; errors as of `store`."""
        with self._database.write(leading=True) as writing:
            for one in checkpoints:
                _store(writing, one)

    def latest(self) -> StoredCheckpoint | None:
        """The largest checkpoint; None before the first."""
        return self._one("SELECT size, note, signed_at FROM checkpoint ORDER BY size DESC LIMIT 1", ())

    def at(self, size: int) -> StoredCheckpoint | None:
        """The checkpoint of exactly `size` entries."""
        return self._one("SELECT size, note, signed_at FROM checkpoint WHERE size = ?", (size,))

    def earliest_covering(self, index: int) -> StoredCheckpoint | None:
        """The smallest checkpoint whose tree has an entry `index`; None while none has."""
        return self._one(
            "SELECT size, note, signed_at FROM checkpoint WHERE size > ? ORDER BY size LIMIT 1", (index,)
        )

    def every(self) -> Iterator[StoredCheckpoint]:
        """All checkpoints by ascending size, read in pages."""
        size = -1
        while True:
            rows = self._database.rows(
                "SELECT size, note, signed_at FROM checkpoint WHERE size > ? ORDER BY size LIMIT 256", (size,)
            )
            if not rows:
                return
            for row in rows:
                yield StoredCheckpoint(*row)
            size = rows[-1][0]

    def _one(self, query: str, values: tuple[int, ...]) -> StoredCheckpoint | None:
        for row in self._database.rows(query, values):
            return StoredCheckpoint(*row)
        return None


def _store(writing: Writing, checkpoint: StoredCheckpoint) -> None:
    last = writing.execute("SELECT size, signed_at FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    held = writing.execute("SELECT note FROM checkpoint WHERE size = ?", (checkpoint.size,)).fetchone()
    if held is not None and held[0] == checkpoint.note:
        return
    if held is not None:
        raise StoreError(
            f"a checkpoint of size {checkpoint.size} is stored already; no head is signed twice",
            code="checkpoint-exists",
        )
    if last is not None and (last[0] > checkpoint.size or last[1] > checkpoint.signed_at):
        raise StoreError(
            f"checkpoint of size {checkpoint.size} at {checkpoint.signed_at} is older than the last,"
            f" of size {last[0]} at {last[1]}",
            code="clock-behind",
        )
    _require_entries(writing, checkpoint.size)
    _insert(writing, checkpoint)


def _require_entries(writing: Writing, size: int) -> None:
    """Refuse a checkpoint of entries that are not here: a copy without them may have taken the server's place."""
    head = writing.execute("SELECT size FROM head").fetchone()
    held = 0 if head is None else head[0]
    if held < size:
        raise StoreError(
            f"the log has {held} entries, and a checkpoint of {size} is to be stored: an older copy of the database"
            " was put back",
            code="log-rolled-back",
        )


def _insert(writing: Writing, checkpoint: StoredCheckpoint) -> None:
    writing.execute(
        "INSERT INTO checkpoint (size, note, signed_at) VALUES (?, ?, ?)",
        (checkpoint.size, checkpoint.note, checkpoint.signed_at),
    )

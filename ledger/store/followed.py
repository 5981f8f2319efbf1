"""What a monitor keeps of the logs that it follows: their entries, the tree over them, and the heads that they signed.

    followed    the newest head that was recomputed, and how far entries beyond it are there
    bundle      entries, 256 to a row; tile: hashes of the levels from 1 on, likewise; what goes beyond `followed.size`
                was downloaded and is not judged yet
    head        signed heads that were seen, in agreement with the entries or waiting for them; the newest ones
    place       which log an address showed
    progress    up to which size something was compared

In a file of its own, so that a head that was judged once is held against every later one.  Entries are 32 bytes each.

Source: docs/monitoring.md.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Final

from ledger.core.merkle import HASH_SIZE, leaf_hash
from ledger.core.tile_paths import WIDTH, width_at
from ledger.errors import ConflictError, StoreError
from ledger.store.sidefile import SideFile
from ledger.store.tiles import Edge, edge_of

FILE: Final = "monitor.sqlite"
VERSION: Final = 1
ROOM: Final = 256 * 1024 * 1024
"""Bytes of the disk that are left to others, first of all to the node's own log."""
KEPT: Final = 1024
"""Newest heads of a log that are kept, to hold against others of their size."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS followed (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL, at INTEGER NOT NULL,
    staged INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bundle (
    origin TEXT NOT NULL, number INTEGER NOT NULL, entries BLOB NOT NULL, PRIMARY KEY (origin, number)
);
CREATE TABLE IF NOT EXISTS tile (
    origin TEXT NOT NULL, level INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL,
    PRIMARY KEY (origin, level, number)
);
CREATE TABLE IF NOT EXISTS head (
    origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL, source TEXT NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (origin, size, root)
);
CREATE TABLE IF NOT EXISTS place (url TEXT PRIMARY KEY, origin TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (
    origin TEXT NOT NULL, what TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (origin, what)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
    id INTEGER PRIMARY KEY, origin TEXT NOT NULL, code TEXT NOT NULL, key TEXT NOT NULL, detail TEXT NOT NULL,
    notes BLOB NOT NULL, evidence BLOB, at INTEGER NOT NULL, acknowledged_at INTEGER
);
CREATE INDEX IF NOT EXISTS alarm_key ON alarm (origin, code, key);
CREATE TRIGGER IF NOT EXISTS alarm_no_delete BEFORE DELETE ON alarm
BEGIN SELECT RAISE(ABORT, 'an alarm stays'); END;
"""


@dataclass(frozen=True, slots=True)
class SeenHead:
    """A head that a log signed.

    Attributes:
        note: The signed note, as it was seen.
        source: Who showed it.
        at: When it was seen first, POSIX seconds.
    """

    origin: str
    size: int
    root: bytes
    note: bytes
    source: str
    at: int


@dataclass(frozen=True, slots=True)
class FollowedHead:
    """The newest head of a log that was recomputed from its entries.

    Attributes:
        at: When it was, POSIX seconds.
        staged: Size up to which entries are there; beyond `size` they are not judged.
    """

    origin: str
    size: int
    root: bytes
    note: bytes
    at: int
    staged: int


def monitor_file(path: Path) -> SideFile:
    """The file of a monitor's state."""
    return SideFile(path, _SCHEMA, VERSION, "state of the monitor")


class FollowedLogs:
    """The logs followed in the file at `path`.  Safe for threads and processes."""

    def __init__(self, path: Path) -> None:
        self._file = monitor_file(path)

    def head(self, origin: str) -> FollowedHead | None:
        """The newest head that was recomputed; of size 0 and without note while the first is being downloaded."""
        query = "SELECT origin, size, root, note, at, staged FROM followed WHERE origin = ?"
        with self._file.reading() as connection:
            row = connection and connection.execute(query, (origin,)).fetchone()
        return FollowedHead(*row) if row else None

    def heads(self) -> list[FollowedHead]:
        """Those of all logs, by origin."""
        query = "SELECT origin, size, root, note, at, staged FROM followed ORDER BY origin"
        with self._file.reading() as connection:
            return [] if connection is None else [FollowedHead(*row) for row in connection.execute(query)]

    def edge(self, origin: str, size: int) -> Edge:
        """The unfinished tiles of the tree of the first `size` entries."""
        levels: list[bytes] = []
        while size >> (8 * len(levels)):
            level = len(levels)
            levels.append(self.tile(origin, level, size >> (8 * (level + 1)), size))
        return edge_of(size, levels)

    def tile(self, origin: str, level: int, number: int, size: int) -> bytes:
        """The hashes of a tile in the tree of the first `size` entries; none where it has none.

        Raises:
            StoreError: `store-corrupt`: they are not there.
        """
        width = width_at(size, level, number)
        if width == 0:
            return b""
        if level == 0:
            return b"".join(map(leaf_hash, self.entries(origin, number * WIDTH, width)))
        query = "SELECT hashes FROM tile WHERE origin = ? AND level = ? AND number = ?"
        held = self._blob(query, (origin, level, number))
        if len(held) < width * HASH_SIZE:
            raise _missing(f"tile {level}/{number}", origin)
        return held[: width * HASH_SIZE]

    def entries(self, origin: str, first: int, count: int) -> list[bytes]:
        """Entries by their places, staged ones too.

        Raises:
            StoreError: `store-corrupt`: not all are there.
        """
        query = "SELECT entries FROM bundle WHERE origin = ? AND number >= ? AND number <= ? ORDER BY number"
        start, end = first // WIDTH, (first + count - 1) // WIDTH
        with self._file.reading() as connection:
            rows = [] if connection is None else connection.execute(query, (origin, start, end)).fetchall()
        held = b"".join(row[0] for row in rows)[(first - start * WIDTH) * HASH_SIZE :][: count * HASH_SIZE]
        if len(held) != count * HASH_SIZE:
            raise _missing(f"entries {first} to {first + count - 1}", origin)
        return [held[at : at + HASH_SIZE] for at in range(0, len(held), HASH_SIZE)]

    def stage(self, origin: str, edge: Edge, entries: Sequence[bytes], now: int) -> Edge:
        """Keep entries that come after those of `edge`, not judged yet; the tree with them.

        Durable when this returns.

        Raises:
            ConflictError: `monitor-busy`: another monitor on this state is at another size.
        """
        self._require_room()
        after, full = edge.extended([leaf_hash(entry) for entry in entries])
        first = edge.size - edge.size % WIDTH
        before = self.entries(origin, first, edge.size - first) if edge.size > first else []
        held = (*before, *entries)
        bundles = [b"".join(held[at : at + WIDTH]) for at in range(0, len(held), WIDTH)]
        tiles = [(origin, one.level, one.number, one.hashes) for one in full if one.level]
        tiles += [
            (origin, level, after.size >> (8 * (level + 1)), hashes)
            for level, hashes in enumerate(after.hashes)
            if level and hashes
        ]
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO followed VALUES (?, 0, x'', x'', ?, 0) ON CONFLICT DO NOTHING", (origin, now)
            )
            self._move(connection, "staged = ?", (after.size,), origin, edge.size)
            connection.executemany(
                "INSERT OR REPLACE INTO bundle VALUES (?, ?, ?)",
                [(origin, first // WIDTH + at, data) for at, data in enumerate(bundles)],
            )
            connection.executemany("INSERT OR REPLACE INTO tile VALUES (?, ?, ?, ?)", tiles)
        return after

    def _require_room(self) -> None:
        """How much a log has is its own word, and what it serves for that is stored before it is judged."""
        free = disk_usage(self._file.path.parent).free
        if free < ROOM:
            raise StoreError(
                f"{self._file.path} is on a disk with {free} free bytes; {ROOM} are left to others",
                code="store-full",
            )

    def unstage(self, origin: str) -> None:
        """Forget what was downloaded and not judged."""
        with self._file.writing() as connection:
            connection.execute("UPDATE followed SET staged = size WHERE origin = ?", (origin,))

    def advance(self, head: SeenHead, now: int) -> None:
        """Take up a head whose root is that of the staged entries.  One step, durable when this returns.

        Raises:
            ConflictError: `monitor-busy`.
        """
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO followed VALUES (?, 0, x'', x'', ?, 0) ON CONFLICT DO NOTHING",
                (head.origin, now),
            )
            changes = (head.size, head.root, head.note, now)
            self._move(
                connection,
                "size = ?, root = ?, note = ?, at = ?",
                changes,
                head.origin,
                head.size,
                grows=True,
            )
            _keep(connection, head)

    def keep(self, head: SeenHead) -> None:
        """Keep a head that was seen, to hold others against it, or it against entries that come later."""
        with self._file.writing() as connection:
            _keep(connection, head)

    def seen(self, origin: str, *, first: int, last: int) -> list[SeenHead]:
        """The heads of a log that are kept, of these sizes, smallest first."""
        query = (
            "SELECT origin, size, root, note, source, at FROM head"
            " WHERE origin = ? AND size >= ? AND size <= ? ORDER BY size, at"
        )
        with self._file.reading() as connection:
            rows = [] if connection is None else connection.execute(query, (origin, first, last)).fetchall()
        return [SeenHead(*row) for row in rows]

    def origin_at(self, url: str, origin: str | None = None) -> str | None:
        """The log that an address showed before; `origin` is what it shows now, and is kept."""
        with self._file.reading() as connection:
            query = "SELECT origin FROM place WHERE url = ?"
            row = connection and connection.execute(query, (url,)).fetchone()
        before = row[0] if row else None
        if origin is not None and before != origin:
            with self._file.writing() as connection:
                connection.execute("INSERT OR REPLACE INTO place VALUES (?, ?)", (url, origin))
        return before

    def progress(self, origin: str, what: str) -> int:
        """The size up to which something was compared; 0 before it was."""
        query = "SELECT size FROM progress WHERE origin = ? AND what = ?"
        with self._file.reading() as connection:
            row = connection and connection.execute(query, (origin, what)).fetchone()
        return row[0] if row else 0

    def progressed(self, origin: str, what: str, size: int) -> None:
        """Keep it."""
        if size == self.progress(origin, what):
            return
        with self._file.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO progress VALUES (?, ?, ?)", (origin, what, size))

    def _blob(self, query: str, values: tuple[object, ...]) -> bytes:
        with self._file.reading() as connection:
            row = connection and connection.execute(query, values).fetchone()
        return row[0] if row else b""

    def _move(
        self,
        connection: sqlite3.Connection,
        changes: str,
        values: tuple[object, ...],
        origin: str,
        staged: int,
        *,
        grows: bool = False,
    ) -> None:
        only = " AND size <= staged" if grows else ""
        moved = connection.execute(
            f"UPDATE followed SET {changes} WHERE origin = ? AND staged = ?{only}",  # noqa: S608 - constants
            (*values, origin, staged),
        ).rowcount
        if moved != 1:
            raise ConflictError(
                f"another monitor on this state moved {origin} meanwhile; it is looked at again",
                code="monitor-busy",
            )


def _keep(connection: sqlite3.Connection, head: SeenHead) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO head VALUES (?, ?, ?, ?, ?, ?)",
        (head.origin, head.size, head.root, head.note, head.source, head.at),
    )
    connection.execute(
        "DELETE FROM head WHERE origin = ? AND rowid NOT IN"
        " (SELECT rowid FROM head WHERE origin = ? ORDER BY rowid DESC LIMIT ?)",
        (head.origin, head.origin, KEPT),
    )


def _missing(what: str, origin: str) -> StoreError:
    return StoreError(f"the monitor's {what} of {origin} are not there", code="store-corrupt")

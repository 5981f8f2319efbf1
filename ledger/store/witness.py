"""What this node cosigned of other logs, and what it was offered against that.

    owner   the key that cosigns by this state
    head    (log, size) → root, note and the line that was given; sizes and times of a log only grow
    fork    what a log signed and this node refused, with what it had cosigned before: evidence

In a file of its own beside the log's.  It is as much part of the witness as its key: a witness that forgot what it
cosigned would cosign something else.  So it is made once, for one key, and nothing is cosigned without it.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final, Literal

from ledger.errors import StoreError
from ledger.store.sidefile import SideFile

FILE: Final = "witness.sqlite"
VERSION: Final = 1
KEPT: Final = 1024
"""Newest heads of a log that are kept, to hold against a smaller one that is offered later."""
MOST_FORKS: Final = 64
"""Attempts of one log that are kept, of each kind; each proves what all prove."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS owner (one INTEGER PRIMARY KEY CHECK (one = 1), vkey TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS head (
    origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL, line BLOB NOT NULL,
    time INTEGER NOT NULL, PRIMARY KEY (origin, size)
);
CREATE TRIGGER IF NOT EXISTS head_only_grows BEFORE INSERT ON head
WHEN EXISTS (SELECT 1 FROM head WHERE origin = NEW.origin AND (size >= NEW.size OR time > NEW.time))
BEGIN SELECT RAISE(ABORT, 'heads of a log only grow'); END;
CREATE TRIGGER IF NOT EXISTS head_has_one_root BEFORE UPDATE ON head
WHEN NEW.origin <> OLD.origin OR NEW.size <> OLD.size OR NEW.root <> OLD.root OR NEW.time < OLD.time
BEGIN SELECT RAISE(ABORT, 'a size has one root'); END;
CREATE TRIGGER IF NOT EXISTS head_newest_stays BEFORE DELETE ON head
WHEN NOT EXISTS (SELECT 1 FROM head WHERE origin = OLD.origin AND size > OLD.size)
BEGIN SELECT RAISE(ABORT, 'the newest head stays'); END;
CREATE TABLE IF NOT EXISTS fork (
    id INTEGER PRIMARY KEY, origin TEXT NOT NULL, kind TEXT NOT NULL, held_size INTEGER NOT NULL,
    held_root BLOB NOT NULL, held BLOB NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, offered BLOB NOT NULL,
    at INTEGER NOT NULL, UNIQUE (origin, size, root)
);
CREATE TRIGGER IF NOT EXISTS fork_no_update BEFORE UPDATE ON fork
BEGIN SELECT RAISE(ABORT, 'fork is append-only'); END;
CREATE TRIGGER IF NOT EXISTS fork_no_delete BEFORE DELETE ON fork
BEGIN SELECT RAISE(ABORT, 'fork is append-only'); END;
"""
_HEAD: Final = "origin, size, root, note, line, time"
_FORK: Final = "origin, kind, held_size, held_root, held, size, root, offered, at"
_NEWEST: Final = f"SELECT {_HEAD} FROM head WHERE origin = ? ORDER BY size DESC LIMIT 1"  # noqa: S608
# An honest checkpoint offered with a wrong proof is nothing against the log once it was cosigned after all.
_STANDING: Final = (
    "kind = 'split' OR NOT EXISTS (SELECT 1 FROM head WHERE head.origin = fork.origin AND head.size = fork.size"
    " AND head.root = fork.root)"
)


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint that was cosigned.

    Attributes:
        origin: The log.
        note: The checkpoint as the log signed it.
        line: The signature line that was given, UTF-8 without its newline.
        time: When it was made, POSIX seconds.
    """

    origin: str
    size: int
    root: bytes
    note: bytes
    line: bytes
    time: int


ForkKind = Literal["split", "unproven"]
"""`split`: two roots of one size, which proves itself.  `unproven`: a larger tree that was not shown to extend."""


@dataclass(frozen=True, slots=True)
class Fork:
    """What a log signed and this witness refused to cosign, beside what it had cosigned.

    Attributes:
        held: The note that was cosigned, of `held_size` and `held_root`.
        offered: The note that was refused, of `size` and `root`.
        at: POSIX seconds.
    """

    origin: str
    kind: ForkKind
    held_size: int
    held_root: bytes
    held: bytes
    size: int
    root: bytes
    offered: bytes
    at: int


class WitnessStore:
    """The state of the witness in the file at `path`.  Safe for threads and processes."""

    def __init__(self, path: Path) -> None:
        self._file = SideFile(path, _SCHEMA, VERSION, "state of the witness")

    def begin(self, vkey: str) -> None:
        """Let a key cosign by this state, and no other any more; makes the file where there is none.

        Args:
            vkey: A key that never cosigned, or that of this state.
        """
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO owner VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET vkey = excluded.vkey",
                (vkey,),
            )

    def head(self, origin: str) -> Head | None:
        """What was cosigned last of a log."""
        with self._file.reading() as connection:
            return None if connection is None else _newest(connection, origin)

    def at(self, origin: str, size: int) -> Head | None:
        """What was cosigned of a log at exactly this size; None also where that is too long ago."""
        query = f"SELECT {_HEAD} FROM head WHERE origin = ? AND size = ?"  # noqa: S608
        with self._file.reading() as connection:
            row = connection and connection.execute(query, (origin, size)).fetchone()
        return Head(*row) if row else None

    def heads(self) -> list[Head]:
        """What was cosigned last of every log, by origin."""
        with self._file.reading() as connection:
            if connection is None:
                return []
            origins = connection.execute("SELECT DISTINCT origin FROM head ORDER BY origin").fetchall()
            found = [_newest(connection, origin) for (origin,) in origins]
        return [one for one in found if one is not None]

    def advance(self, origin: str, decide: Callable[[Head | None], Head], *, vkey: str) -> Head:
        """Let `decide` judge by what was cosigned last, and keep its answer: one atomic step, durable on return.

        Args:
            vkey: The key that is to cosign; that of `begin`.
            decide: Takes the newest head, gives the next: the same to change nothing, the same size with another
                line, or a larger one.  What it raises is raised here, and nothing is kept.

        Raises:
            StoreError: `witness-state-missing`: this is not the state of that key; or the disk, or another process for
                too long.  Nothing was kept.
        """
        with self._file.writing() as connection:
            if connection.execute("SELECT vkey FROM owner").fetchone() != (vkey,):
                raise StoreError(
                    "what the witness's key cosigned is not here, so nothing more is cosigned with it; restore"
                    " witness.sqlite as it was last, or make a new key with evidence witness renew",
                    code="witness-state-missing",
                )
            held = _newest(connection, origin)
            head = decide(held)
            if head is held:
                return head
            if held is not None and held.size == head.size:
                connection.execute(
                    "UPDATE head SET root = ?, line = ?, time = ? WHERE origin = ? AND size = ?",
                    (head.root, head.line, head.time, origin, head.size),
                )
            else:
                connection.execute(
                    f"INSERT INTO head ({_HEAD}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
                    astuple(head),
                )
                _forget_old(connection, origin)
        return head

    def keep(self, fork: Fork) -> None:
        """Keep an attempt, durable on return; one that is kept already changes nothing."""
        with self._file.writing() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM fork WHERE origin = ? AND kind = ?", (fork.origin, fork.kind)
            ).fetchone()
            if count < MOST_FORKS:
                connection.execute(
                    f"INSERT OR IGNORE INTO fork ({_FORK}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                    astuple(fork),
                )

    def forks(self) -> list[Fork]:
        """The attempts that stand, oldest first."""
        query = f"SELECT {_FORK} FROM fork WHERE {_STANDING} ORDER BY id"  # noqa: S608
        with self._file.reading() as connection:
            rows = [] if connection is None else connection.execute(query).fetchall()
        return [Fork(*row) for row in rows]

    def count_forks(self) -> dict[str, int]:
        """How many attempts stand, by kind."""
        query = f"SELECT kind, count(*) FROM fork WHERE {_STANDING} GROUP BY kind ORDER BY kind"  # noqa: S608
        with self._file.reading() as connection:
            return {} if connection is None else dict(connection.execute(query).fetchall())


def _newest(connection: sqlite3.Connection, origin: str) -> Head | None:
    row = connection.execute(_NEWEST, (origin,)).fetchone()
    return None if row is None else Head(*row)


def _forget_old(connection: sqlite3.Connection, origin: str) -> None:
    query = "SELECT size FROM head WHERE origin = ? ORDER BY size DESC LIMIT 1 OFFSET ?"
    last = connection.execute(query, (origin, KEPT - 1)).fetchone()
    if last is not None:
        connection.execute("DELETE FROM head WHERE origin = ? AND size < ?", (origin, last[0]))

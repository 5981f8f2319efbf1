"""The relay's outbox: what is to be carried to the own chain, what was sent for it, and why nothing may be.

An item is one checkpoint of a partner's log, or one change of the set that vouches for a partner's chain, keyed by
target contract, source, log and size.  A transaction is written down, with its hash and nonce, before it is sent, so
that after a crash its outcome is settled by its own hash.

    queued      to be sent
    sent        a transaction for it is written down and may be on its way
    included    the contract holds it, in a block that is not final yet
    done        the contract holds it, finally
    quarantined given up after several tries, until somebody asks for it again; others are not kept waiting

A halt stands until it is acknowledged; while one does, nothing is sent.

Source: docs/spec/foreign.md.
"""

# ruff: noqa: S608 - the names in these queries are constants of this module

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from ledger.store.sidefile import SideFile

State = Literal["queued", "sent", "included", "done", "quarantined"]
ItemKind = Literal["rotation", "checkpoint"]
FILE: Final = "relay.sqlite"
VERSION: Final = 1
PAGE: Final = 256

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS item (
    target TEXT NOT NULL, source BLOB NOT NULL, log_id BLOB NOT NULL, size INTEGER NOT NULL,
    kind TEXT NOT NULL, root BLOB NOT NULL, origin TEXT NOT NULL, block_number INTEGER NOT NULL,
    block_hash BLOB NOT NULL, block_time INTEGER NOT NULL, document BLOB NOT NULL, added_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued', tries INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL DEFAULT 0,
    code TEXT, detail TEXT, changed_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (target, source, log_id, size)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS item_state ON item (target, state, due_at);
CREATE INDEX IF NOT EXISTS item_block ON item (source, block_number);
CREATE TABLE IF NOT EXISTS sending (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, source BLOB NOT NULL, log_id BLOB NOT NULL, size INTEGER NOT NULL,
    raw BLOB NOT NULL, hash BLOB NOT NULL, nonce INTEGER NOT NULL, sender BLOB NOT NULL, at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS sending_item ON sending (target, source, log_id, size);
CREATE TABLE IF NOT EXISTS path (
    log_id BLOB NOT NULL, old INTEGER NOT NULL, new INTEGER NOT NULL, hashes BLOB NOT NULL,
    PRIMARY KEY (log_id, old, new)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS halt (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL, evidence BLOB NOT NULL,
    acknowledged_at INTEGER
);
"""
_KEY: Final = "target = ? AND source = ? AND log_id = ? AND size = ?"
_ITEM: Final = (
    "target, source, log_id, size, kind, root, origin, block_number, block_hash, block_time, document, added_at,"
    " state, tries, due_at, code, detail, changed_at"
)
_ORDER: Final = "ORDER BY source, block_number, kind DESC, log_id, size"
_GIVEN: Final = 12
"""Columns of an item that never change."""
_SENDING: Final = "target, source, log_id, size, raw, hash, nonce, sender, at"


@dataclass(frozen=True, slots=True)
class Item:
    """A checkpoint to be carried, or a change of a set.

    Attributes:
        target: CAIP-10 name of the receiving contract.
        source: Id of the source there.
        log_id: Of the log; zeros for a change of the set.
        size: Of the checkpoint; for a change of the set the number of the new one.
        root: Of the checkpoint; for a change the hash of the new set.
        origin: Of the log; for a change the name of the chain.
        block_number, block_hash, block_time: Of the block of the source's chain that shows it.
        document: Canonical JSON: what was given, verbatim.
        tries: How often it came to nothing; `code` and `detail` say why the last time.
        due_at, changed_at, added_at: POSIX seconds.
    """

    target: str
    source: bytes
    log_id: bytes
    size: int
    kind: ItemKind
    root: bytes
    origin: str
    block_number: int
    block_hash: bytes
    block_time: int
    document: bytes = field(repr=False)
    added_at: int
    state: State = "queued"
    tries: int = 0
    due_at: int = 0
    code: str | None = None
    detail: str | None = None
    changed_at: int = 0

    @property
    def key(self) -> tuple[str, bytes, bytes, int]:
        """What tells it from every other."""
        return self.target, self.source, self.log_id, self.size


@dataclass(frozen=True, slots=True)
class Sending:
    """A signed transaction for an item, written down before it was sent at `at`."""

    raw: bytes = field(repr=False)
    hash: bytes
    nonce: int
    sender: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Halt:
    """Why nothing is sent any more.

    Attributes:
        evidence: What proves it, as a file of its own.
        acknowledged_at: When somebody took note of it; None while it stands.
    """

    id: int
    at: int
    code: str
    detail: str
    evidence: bytes = field(repr=False)
    acknowledged_at: int | None = None


class Outbox:
    """The outbox in the file at `path`.  Safe for threads and processes; each write is durable when it returns."""

    def __init__(self, path: Path) -> None:
        self._file = SideFile(path, _SCHEMA, VERSION, "outbox")

    # Items

    def add(self, items: Iterable[Item], paths: Iterable[tuple[bytes, int, int, bytes]] = ()) -> int:
        """Take up items that are not there yet; how many those were.

        Args:
            paths: Consistency paths to keep: log id, smaller size, larger size, the hashes one after the other.
        """
        columns = ", ".join(_ITEM.split(", ")[:_GIVEN])
        with self._file.writing() as connection:
            before = connection.total_changes
            connection.executemany(
                f"INSERT OR IGNORE INTO item ({columns}) VALUES ({', '.join('?' * _GIVEN)})",
                [astuple(one)[:_GIVEN] for one in items],
            )
            added = connection.total_changes - before
            connection.executemany("INSERT OR IGNORE INTO path VALUES (?, ?, ?, ?)", paths)
        return added

    def item(self, key: tuple[str, bytes, bytes, int]) -> Item | None:
        """The item of this key."""
        found = self._items(f"{_KEY}", key)
        return found[0] if found else None

    def in_state(self, target: str, *states: State, limit: int = PAGE) -> list[Item]:
        """Items of one target, in the order of `due`."""
        marks = ", ".join("?" * len(states))
        return self._items(
            f"target = ? AND state IN ({marks}) {_ORDER} LIMIT ?",
            (target, *states, limit),
        )

    def due(self, target: str, now: int, limit: int = PAGE) -> list[Item]:
        """Queued items whose time has come, in the order in which they are to be sent.

        By block of the source's chain: a change of the set follows what the old set vouches for, and comes before
        anything that the new one does.
        """
        return self._items(
            f"target = ? AND state = 'queued' AND due_at <= ? {_ORDER} LIMIT ?", (target, now, limit)
        )

    def of_log(self, target: str, source: bytes, log_id: bytes) -> list[Item]:
        """Every item of one log, by size."""
        return self._items("target = ? AND source = ? AND log_id = ? ORDER BY size", (target, source, log_id))

    def sizes(self, target: str, source: bytes, log_id: bytes) -> set[int]:
        """Sizes of one log that were ever taken up."""
        query = "SELECT size FROM item WHERE target = ? AND source = ? AND log_id = ?"
        return {row[0] for row in self._rows(query, (target, source, log_id))}

    def showing(self, log_id: bytes, size: int) -> list[Item]:
        """Items with a checkpoint of this log and size, whatever their source."""
        return self._items("log_id = ? AND size = ? ORDER BY target, source", (log_id, size))

    def of_block(self, source: bytes, number: int) -> list[Item]:
        """Items that a block of this number of the source's chain shows."""
        return self._items("source = ? AND block_number = ? ORDER BY log_id, size", (source, number))

    def newest(self, target: str, source: bytes, limit: int) -> list[Item]:
        """Checkpoints of a source by the blocks that show them, the last one first."""
        where = (
            "target = ? AND source = ? AND kind = 'checkpoint' ORDER BY block_number DESC, size DESC LIMIT ?"
        )
        return self._items(where, (target, source, limit))

    def counts(self, target: str) -> dict[str, int]:
        """How many items are in each state."""
        query = "SELECT state, count(*) FROM item WHERE target = ? GROUP BY state"
        return dict(self._rows(query, (target,)))

    def path(self, log_id: bytes, old: int, new: int) -> tuple[bytes, ...] | None:
        """A consistency path that was kept; None where none was."""
        query = "SELECT hashes FROM path WHERE log_id = ? AND old = ? AND new = ?"
        for (hashes,) in self._rows(query, (log_id, old, new)):
            return tuple(hashes[at : at + 32] for at in range(0, len(hashes), 32))
        return None

    def move(
        self,
        item: Item,
        state: State,
        now: int,
        *,
        why: tuple[str, str] | None = None,
        counts: bool = False,
        due_at: int = 0,
    ) -> None:
        """Note that an item is in a state, and `why`, code and detail; it `counts` where a try came to nothing."""
        code, detail = why or (None, None)
        with self._file.writing() as connection:
            connection.execute(
                "UPDATE item SET state = ?, changed_at = ?, code = ?, detail = ?, due_at = ?, tries = tries + ?"
                f" WHERE {_KEY}",
                (state, now, code, detail, due_at, int(counts), *item.key),
            )

    def renew(self, item: Item) -> None:
        """Put other proofs in the place of those of a queued item, which is due at once."""
        with self._file.writing() as connection:
            connection.execute(
                "UPDATE item SET block_number = ?, block_hash = ?, block_time = ?, document = ?, due_at = 0"
                f" WHERE {_KEY} AND state = 'queued'",
                (item.block_number, item.block_hash, item.block_time, item.document, *item.key),
            )

    def release(self, now: int) -> int:
        """Queue again all that is quarantined; how many those were."""
        with self._file.writing() as connection:
            return connection.execute(
                "UPDATE item SET state = 'queued', tries = 0, due_at = 0, changed_at = ?"
                " WHERE state = 'quarantined'",
                (now,),
            ).rowcount

    # Transactions

    def record_sending(self, item: Item, sending: Sending) -> None:
        """Write a transaction down before it is sent.  A crash after this leaves the item `sent`, sent or not."""
        with self._file.writing() as connection:
            connection.execute(
                f"INSERT INTO sending ({_SENDING}) VALUES ({', '.join('?' * 9)})",
                (*item.key, *astuple(sending)),
            )
            connection.execute(
                f"UPDATE item SET state = 'sent', changed_at = ?, code = NULL, detail = NULL WHERE {_KEY}",
                (sending.at, *item.key),
            )

    def sendings(self, item: Item) -> list[Sending]:
        """Transactions written down for an item, newest first."""
        query = f"SELECT raw, hash, nonce, sender, at FROM sending WHERE {_KEY} ORDER BY id DESC"
        return [Sending(*row) for row in self._rows(query, item.key)]

    def rivals(self, sender: bytes, nonce: int) -> list[bytes]:
        """Every transaction ever written down with this nonce of a sender."""
        query = "SELECT raw FROM sending WHERE sender = ? AND nonce = ? ORDER BY id"
        return [row[0] for row in self._rows(query, (sender, nonce))]

    # Halts

    def halt(self, now: int, code: str, detail: str, evidence: bytes) -> Halt:
        """Let nothing be sent any more, from here on and after every restart, until it is acknowledged.

        The same contradiction again is the same halt, also once it was acknowledged; its first evidence is kept, since
        each signature or block that shows it once more would be other evidence.

        Args:
            detail: Says what contradicts what, and nothing of how it was shown.
        """
        with self._file.writing() as connection:
            held = connection.execute(
                "SELECT id FROM halt WHERE code = ? AND detail = ?", (code, detail)
            ).fetchone()
            if held is None:
                connection.execute(
                    "INSERT INTO halt (at, code, detail, evidence) VALUES (?, ?, ?, ?)",
                    (now, code, detail, evidence),
                )
        return next(one for one in self.halts() if (one.code, one.detail) == (code, detail))

    def halts(self) -> list[Halt]:
        """Every halt, oldest first; those that were acknowledged too."""
        query = "SELECT id, at, code, detail, evidence, acknowledged_at FROM halt ORDER BY id"
        return [Halt(*row) for row in self._rows(query, ())]

    def standing(self) -> Halt | None:
        """The oldest halt that nobody has acknowledged."""
        return next((one for one in self.halts() if one.acknowledged_at is None), None)

    def acknowledge(self, number: int, now: int) -> None:
        """Note that somebody took note of a halt."""
        with self._file.writing() as connection:
            connection.execute(
                "UPDATE halt SET acknowledged_at = ? WHERE id = ? AND acknowledged_at IS NULL", (now, number)
            )

    def _items(self, where: str, values: tuple[Any, ...]) -> list[Item]:
        return [Item(*row) for row in self._rows(f"SELECT {_ITEM} FROM item WHERE {where}", values)]

    def _rows(self, query: str, values: tuple[Any, ...]) -> Sequence[Any]:
        with self._file.reading() as connection:
            return () if connection is None else connection.execute(query, values).fetchall()

"""Where an embedded chain is kept: one SQLite file, one transaction a block.

Two tables hold everything.  `entry` is the key-value store py-evm works on: trie nodes, headers, and the
indexes from number and transaction hash to block.  `log` repeats the event logs of the blocks so that
`eth_getLogs` is an index search.  Nothing is ever deleted, so a proof can be made for any old block.

Durability: rollback journal with `synchronous=EXTRA`, which survives loss of power on every SQLite release
(write-ahead logging had a corruption bug before 3.51.3).  Writes are gathered in memory until `commit`; a
crash at any moment leaves the blocks committed so far and nothing else.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth.abc import AtomicWriteBatchAPI
from eth.db.backends.base import BaseAtomicDB

from ledger.errors import ChainError, SetupError

APPLICATION_ID = 0x45764368  # "EvCh"; tells this file from any other SQLite file

_SCHEMA = """
CREATE TABLE entry (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE log (
    block INTEGER NOT NULL, log_index INTEGER NOT NULL, transaction_index INTEGER NOT NULL,
    address BLOB NOT NULL, topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB, data BLOB NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX log_by_emitter ON log (address, topic1, block);
"""


@dataclass(frozen=True, slots=True)
class StoredLog:
    """One event log, with its place; `log_index` counts within the block, as JSON-RPC has it."""

    block: int
    log_index: int
    transaction_index: int
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


class BlockStore(BaseAtomicDB):
    """Key-value store for py-evm over one SQLite file, locked for one process.

    Raises:
        SetupError: Another process has the file open (`chain-in-use`), it is something else
            (`chain-file-foreign`), damaged (`chain-file-damaged`) or cannot be opened (`chain-file`).
    """

    def __init__(self, path: Path) -> None:
        self._pending: dict[bytes, bytes | None] = {}
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise SetupError(f"chain file {path} cannot be opened: {error}", code="chain-file") from error
        try:
            self._prepare(path)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise _setup_error(path, error) from error
        except SetupError:
            self._connection.close()
            raise

    def _prepare(self, path: Path) -> None:
        run = self._connection.execute
        run("PRAGMA locking_mode=EXCLUSIVE")
        run("PRAGMA journal_mode=DELETE")
        run("PRAGMA synchronous=EXTRA")
        if run("PRAGMA synchronous").fetchone()[0] < 2:  # noqa: PLR2004 - 2 is FULL
            raise SetupError(f"chain file {path} cannot be written durably by this SQLite", code="chain-file")
        # With exclusive locking the lock taken here is kept until the file is closed.
        run("BEGIN EXCLUSIVE")
        application = run("PRAGMA application_id").fetchone()[0]
        tables = run("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application != APPLICATION_ID and (application or tables):
            raise SetupError(f"file {path} is not an embedded chain", code="chain-file-foreign")
        if not tables:
            for statement in _SCHEMA.split(";"):
                run(statement)
            run(f"PRAGMA application_id={APPLICATION_ID}")
        run("COMMIT")

    def close(self) -> None:
        """Drop what was not committed and release the file."""
        self._pending.clear()
        self._connection.close()

    def __getitem__(self, key: bytes) -> bytes:
        if key in self._pending:
            value = self._pending[key]
            if value is None:
                raise KeyError(key)
            return value
        row = self._connection.execute("SELECT value FROM entry WHERE key=?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return bytes(row[0])

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._pending[key] = value

    def __delitem__(self, key: bytes) -> None:
        if not self._exists(key):
            raise KeyError(key)
        self._pending[key] = None

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    @contextmanager
    def atomic_batch(self) -> Iterator[AtomicWriteBatchAPI]:
        """The store itself: whatever py-evm writes becomes durable with the block, or not at all."""
        yield self  # type: ignore[misc]

    def discard(self) -> None:
        """Forget everything written since the last commit."""
        self._pending.clear()

    def commit(self, logs: Sequence[StoredLog] = ()) -> None:
        """Make everything written since the last commit durable, with the event logs of the block.

        A crash before the COMMIT returns leaves the chain at the block before; after it, at this one.

        Raises:
            ChainError: The disk refused (`chain-storage`); nothing of it was written.
        """
        run = self._connection.execute
        try:
            run("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT OR REPLACE INTO entry VALUES (?, ?)",
                [(key, value) for key, value in self._pending.items() if value is not None],
            )
            self._connection.executemany(
                "DELETE FROM entry WHERE key=?",
                [(key,) for key, value in self._pending.items() if value is None],
            )
            self._connection.executemany(
                "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [_log_row(log) for log in logs]
            )
            run("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                run("ROLLBACK")
            raise ChainError(
                f"embedded chain could not store a block: {error}", code="chain-storage"
            ) from error
        finally:
            self._pending.clear()

    def logs(
        self,
        first: int,
        last: int,
        *,
        addresses: Sequence[bytes],
        topics: Sequence[Sequence[bytes]],
        limit: int,
    ) -> list[StoredLog]:
        """Event logs of the blocks `first` to `last`, in order, at most `limit` of them.

        Args:
            first: Number of the first block.
            last: Number of the last block, included.
            addresses: Emitters wanted; empty for all.
            topics: For each position the values wanted; an empty position takes anything that is there.
            limit: Largest number of rows to read.
        """
        where = ["block BETWEEN ? AND ?"]
        values: list[Any] = [first, last]
        if addresses:
            where.append(f"address IN ({','.join('?' * len(addresses))})")
            values += addresses
        for position, wanted in enumerate(topics):
            where.append(f"topic{position} IS NOT NULL")
            if wanted:
                where.append(f"topic{position} IN ({','.join('?' * len(wanted))})")
                values += wanted
        query = (
            "SELECT block, log_index, transaction_index, address, topic0, topic1, topic2, topic3, data"  # noqa: S608
            f" FROM log WHERE {' AND '.join(where)} ORDER BY block, log_index LIMIT ?"
        )
        rows = self._connection.execute(query, (*values, limit))
        return [
            StoredLog(row[0], row[1], row[2], row[3], tuple(t for t in row[4:8] if t is not None), row[8])
            for row in rows
        ]


def _log_row(log: StoredLog) -> tuple[Any, ...]:
    topics = (*log.topics, None, None, None, None)[:4]
    return (log.block, log.log_index, log.transaction_index, log.address, *topics, log.data)


def _setup_error(path: Path, error: sqlite3.DatabaseError) -> SetupError:
    text = str(error)
    if "locked" in text:
        return SetupError(f"chain file {path} is in use by another process", code="chain-in-use")
    if "not a database" in text:
        return SetupError(f"file {path} is not an embedded chain", code="chain-file-foreign")
    if "malformed" in text:
        return SetupError(f"chain file {path} is damaged: {text}", code="chain-file-damaged")
    return SetupError(f"chain file {path} cannot be used: {text}", code="chain-file")

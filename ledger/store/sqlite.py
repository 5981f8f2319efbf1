"""The database in one SQLite file: one writing process, settings that survive a power cut.

* Rollback journal `DELETE` with `synchronous=EXTRA`, or `WAL` with `FULL` where SQLite is 3.51.3 or newer:
  older versions can corrupt a WAL database when a checkpoint and a commit meet (the "WAL-reset" bug).
* What was asked for is read back at every start and on every connection; a setting that did not hold is an
  error.
* One process writes: see `ledger.store.place`.  Readers need no lock: their connections are `query_only`.
* After an error of the disk the next change tries again.  A failed commit is undone by SQLite, which writes the
  old pages anew and removes the journal only when they are synchronised; so that it does no harm that Linux
  takes pages for written which it failed to write.  The one case in which a failed commit stays visible is settled
  before anything else is read or written.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool, StaticPool

from ledger.errors import NotFoundError, SetupError, StoreError
from ledger.store.database import BUSY_SECONDS, READERS, Database, Office, Writing
from ledger.store.migrations import REVISION, REVISIONS, require_current, require_known, upgrade
from ledger.store.place import Place, os_error, synchronise_names
from ledger.store.pool import Pool

WAL_RESET_FIXED = (3, 51, 3)
"""First SQLite version without the WAL-reset corruption bug."""
WRITER_CACHE = 32_768
"""KiB of pages the writer keeps; what it misses of the unique indexes it reads from disk."""

_CODES = {
    sqlite3.SQLITE_BUSY: ("store-locked", "is locked by another process"),
    sqlite3.SQLITE_LOCKED: ("store-locked", "is locked by another connection"),
    sqlite3.SQLITE_READONLY: ("store-read-only", "cannot be written: the disk or the file is read-only"),
    sqlite3.SQLITE_PERM: ("store-permission", "may not be opened by this user"),
    sqlite3.SQLITE_AUTH: ("store-permission", "may not be opened by this user"),
    sqlite3.SQLITE_CANTOPEN: ("store-unavailable", "or its journal cannot be opened"),
    sqlite3.SQLITE_FULL: ("store-full", "cannot grow: the disk is full"),
    sqlite3.SQLITE_IOERR: ("store-io", "could not be read or written: the disk reports an error"),
    sqlite3.SQLITE_CORRUPT: ("store-corrupt", "is damaged"),
    sqlite3.SQLITE_NOTADB: ("store-corrupt", "is not a database"),
    sqlite3.SQLITE_CONSTRAINT: ("store-constraint", "refused the change"),
}

# One query for all of them takes two thirds of what one for each does, and lets other threads run meanwhile.
_INSERT_ENTRIES = (
    "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    " INSERT INTO entry (leaf_index, digest) SELECT ? + i, substr(?, 1 + 32 * i, 32) FROM n"
)

_IN_DOUBT = (sqlite3.SQLITE_IOERR_DIR_FSYNC, sqlite3.SQLITE_IOERR_DELETE, sqlite3.SQLITE_IOERR_DELETE_NOENT)
"""What a commit fails with when its change is in the file, and only its journal could not be taken away for good."""


def store_error(error: sqlite3.Error | DBAPIError | PoolTimeoutError, path: Path) -> StoreError:
    """The error of this package for an error of the driver; carries no statement and no value."""
    if isinstance(error, PoolTimeoutError):
        return StoreError(f"every reading connection of database {path} is in use", code="store-busy")
    cause = error.orig if isinstance(error, DBAPIError) else error
    number = getattr(cause, "sqlite_errorcode", None)
    code, says = _CODES.get(-1 if number is None else number & 0xFF, ("store-failed", "failed"))
    name = getattr(cause, "sqlite_errorname", type(cause).__name__)
    # Texts of constraints are names of ours (columns, triggers); others are SQLite's own and hold no values.
    detail = f": {cause}" if code == "store-constraint" else ""
    return StoreError(f"database {path} {says} ({name}){detail}", code=code)


def journal_mode(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> tuple[str, str]:
    """The journal mode and synchronous level that survive a power cut on this version of SQLite."""
    return ("wal", "FULL") if version >= WAL_RESET_FIXED else ("delete", "EXTRA")


def _configure(connection: sqlite3.Connection, *, writer: bool) -> None:
    """Set and read back the settings of one connection.

    `recursive_triggers` is what lets the append-only triggers see the deletions that `INSERT OR REPLACE`
    makes.

    Raises:
        SetupError: A setting did not hold (`store-settings`).
    """
    journal, synchronous = journal_mode()
    connection.isolation_level = None  # transactions are begun by us, in words
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    wanted: dict[str, object] = {
        "synchronous": {"FULL": 2, "EXTRA": 3}[synchronous],
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
        "query_only": 0 if writer else 1,
    }
    if writer:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        wanted["cache_size"] = -WRITER_CACHE
    wanted["journal_mode"] = journal
    for name, value in wanted.items():
        if name != "journal_mode":
            connection.execute(f"PRAGMA {name} = {value}")
        held = connection.execute(f"PRAGMA {name}").fetchone()
        if held is None or held[0] != value:
            raise SetupError(
                f"SQLite {sqlite3.sqlite_version} keeps {name} at {held and held[0]}; the log needs {value}",
                code="store-settings",
            )


class SqliteWriting:
    """A write transaction on the raw connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.execute = connection.execute

    def executemany(self, query: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one query for each of `rows`."""
        self._connection.executemany(query, rows)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert `rows`."""
        marks = ", ".join("?" * len(columns))
        self.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608

    def insert_entries(self, first: int, digests: Sequence[bytes]) -> None:
        """Insert log entries."""
        if digests:
            self.execute(_INSERT_ENTRIES, (len(digests) - 1, first, b"".join(digests)))

    def leaf_indexes(
        self, table: str, key: Sequence[str], wanted: Sequence[Sequence[Any]]
    ) -> list[tuple[Any, ...]]:
        """Which of `wanted` the table has."""
        marks = f"({', '.join('?' * len(key))})"
        names = ", ".join(f"t.{name}" for name in key)
        same = " AND ".join(f"t.{name} = w.{name}" for name in key)
        return self.execute(
            # A join and not `IN (VALUES …)`: SQLite reads the whole index for that.
            f"WITH wanted ({', '.join(key)}) AS (VALUES {', '.join([marks] * len(wanted))})"  # noqa: S608
            f" SELECT {names}, t.leaf_index FROM wanted w JOIN {table} t ON {same}",
            [value for one in wanted for value in one],
        ).fetchall()


class _Sole:
    """The office of a process that is alone; see `ledger.store.database.Office`."""

    def hold(self) -> bool:
        """Always: no other process writes to the file."""
        return True

    def require(self, writing: Writing) -> None:
        """Nothing to do."""

    def leave(self) -> None:
        """Nothing to do."""


class SqliteDatabase(Database):
    """A database in a file; `path` is the file's."""

    def __init__(
        self, path: Path, engine: Engine, writer: sqlite3.Connection | None, place: Place | None
    ) -> None:
        self.path = path
        self.name = str(path)
        self._engine = engine
        self._pool = Pool(lambda: _reader(path), READERS, lambda _: False)
        self._writer = writer
        self._place = place
        self._turn = threading.Lock()
        self._in_doubt = False

    @property
    def read_only(self) -> bool:
        """Whether `write()` is refused."""
        return self._writer is None

    def lead(self, origin: str) -> None:
        """Nothing to do: who writes to the file leads, and raises the epoch with its first leading change."""

    @property
    def leads(self) -> bool:
        """Whether this process may write to the file."""
        return not self.read_only

    def resign(self) -> None:
        """Nothing to do: the file is let go when it is closed."""

    def office(self, name: str, origin: str) -> Office:  # noqa: ARG002 - what it is does not matter
        """That of the one process that writes to the file."""
        return _Sole()

    @contextmanager
    def write(self, *, leading: bool = False) -> Iterator[Writing]:
        """One write transaction on the raw connection."""
        if self._writer is None or self._place is None:
            raise StoreError(f"database {self.path} was opened for reading", code="store-read-only")
        with self._turn:
            self._place.require()
            self._settle()
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                writing = SqliteWriting(self._writer)
                raised = self._lead(writing) if leading else None
                yield writing
                self._writer.execute("COMMIT")
                self.epoch = self.epoch if raised is None else raised
            except BaseException as error:
                # A crash or an error before COMMIT returns leaves a journal that the next access rolls back.
                with suppress(sqlite3.Error):
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    self._in_doubt = error.sqlite_errorcode in _IN_DOUBT
                    raise store_error(error, self.path) from error
                raise
            self._place.require()

    def _settle(self) -> None:
        """Make durable what a commit left that failed at its very end, before anybody builds on it.

        Its journal is gone, and a power cut would bring it back and undo what everybody sees.  To synchronise again is
        not enough: what failed may be taken for written.  Another change durably makes and removes such a journal.
        """
        if not self._in_doubt or self._writer is None:
            return
        try:
            (version,) = self._writer.execute("PRAGMA user_version").fetchone()
            self._writer.execute(f"PRAGMA user_version = {version}")
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error
        self._in_doubt = False

    def _require_settled(self) -> None:
        if self._in_doubt and self._place is not None:
            with self._turn:
                self._place.require()  # else who only reads would hear of the disk, never that it is another
                self._settle()

    def _lead(self, writing: SqliteWriting) -> int | None:
        """Hold the own epoch against the one that is stored; the first time, raise it and give it back."""
        if self.epoch is not None:
            self.require_own_epoch(writing, "SELECT epoch FROM head")
            return None
        rows = writing.execute("UPDATE head SET epoch = epoch + 1 RETURNING epoch").fetchall()
        return int(rows[0][0]) if rows else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read transaction."""
        self._require_settled()
        try:
            with self._engine.connect() as connection:
                yield connection
        except (DBAPIError, sqlite3.Error, PoolTimeoutError) as error:
            raise store_error(error, self.path) from error

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The answer to one query, on a raw connection."""
        self._require_settled()
        try:
            with self._pool.lent() as connection:
                return connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error

    def faults(self) -> list[str]:
        """What SQLite finds wrong with the file: pages, indexes, references.  Cost: reads all of it."""
        with self.read() as connection:
            found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(100)")]
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        return [fault for fault in found if fault != "ok"] + [
            f"row {row[1]} of {row[0]} refers to a missing row of {row[2]}" for row in dangling
        ]

    def unchecked(self) -> list[str]:
        """Nothing: SQLite checks its whole file."""
        return []

    def close(self) -> None:
        """Close every connection, then let another process write."""
        self._engine.dispose()
        self._pool.close()
        with self._turn:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        if self._place is not None:
            self._place.close()
            self._place = None


def open_sqlite(path: Path, *, create: bool = False, read_only: bool = False) -> SqliteDatabase:
    """Open the file at `path`; see `ledger.store.database.open_database`."""
    if create and path.exists():
        raise SetupError(f"database {path} exists already", code="store-exists")
    if not create and not path.exists():
        raise NotFoundError(f"there is no database at {path}")
    place = None if read_only else Place(path)
    writer: sqlite3.Connection | None = None
    engine: Engine | None = None
    try:
        if create:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        if not read_only:
            writer = _connect(path)
            _configure(writer, writer=True)
            _migrate(writer, path, create=create)
        engine = _reading_engine(path)
        with engine.connect() as connection:
            require_current(_revision(connection), str(path))
        if place is not None:
            # Of a change whose writer died between removing the journal and making that durable, readers see the
            # end, and a power cut would bring the beginning back.
            synchronise_names(path.parent)
            place.opened()
    except BaseException as error:
        if engine is not None:
            engine.dispose()
        if writer is not None:
            writer.close()
        if place is not None:
            place.close()
        raise _as_ours(error, path) from error
    return SqliteDatabase(path, engine, writer, place)


def _migrate(writer: sqlite3.Connection, path: Path, *, create: bool) -> None:
    """Bring the schema up to date, in one transaction per revision."""
    tables = [row[0] for row in writer.execute("SELECT name FROM sqlite_master")]
    if not (create and not tables):
        found = writer.execute(REVISION).fetchone() if "alembic_version" in tables else None
        if require_known(None if found is None else found[0], str(path)) == REVISIONS[-1]:
            return
    engine = create_engine("sqlite://", creator=lambda: writer, poolclass=StaticPool)
    # The pool is never disposed of: the connection belongs to the caller.
    with engine.connect() as connection:
        upgrade(connection)


def _revision(connection: Connection) -> str | None:
    try:
        found: str | None = connection.exec_driver_sql(REVISION).scalar()
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR:
            raise
        return None  # no such table
    return found


def _as_ours(error: BaseException, path: Path) -> BaseException:
    if isinstance(error, (sqlite3.Error, DBAPIError)):
        return store_error(error, path)
    if isinstance(error, OSError):
        return os_error(error, path)
    return error


def _connect(path: Path, mode: str = "rw") -> sqlite3.Connection:
    from urllib.parse import quote

    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, check_same_thread=False
    )


def _reader(path: Path) -> sqlite3.Connection:
    connection = _connect(path)
    _configure(connection, writer=False)
    return connection


def _reading_engine(path: Path) -> Engine:
    # mode=rw, not ro: after a crash the first reader must be able to roll the journal back; `query_only`
    # forbids everything else.  On a read-only disk SQLite falls back to reading by itself.
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path),
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=30,
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _: object) -> None:
        _configure(connection, writer=False)

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine

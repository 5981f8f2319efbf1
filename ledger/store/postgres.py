"""The database on a PostgreSQL server: several processes, one of them elected to move the log.

* `synchronous_commit`, `fsync` and `full_page_writes` must be on; what holds is read back on every connection that
  writes, and anything else is an error.
* The process that moves the log holds an advisory lock on a session of its own, and the epoch in `head`.  The lock
  elects; the epoch, read in every transaction that moves the head or stores a checkpoint, is what keeps a process
  apart that lost the lock and does not know it yet.
* A connection that was lost is made anew by the next read or write.  What became of a commit that lost its
  connection is not known until it is read back.

Needs psycopg 3.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ledger.errors import NotFoundError, SetupError, StoreError
from ledger.store.database import READERS, Database, Office, Writing
from ledger.store.migrations import REVISIONS, require_current, require_known
from ledger.store.pool import Pool
from ledger.store.postgres_faults import faults_of, unchecked_of
from ledger.store.postgres_lock import AdvisoryLock, PostgresOffice
from ledger.store.postgres_schema import make_schema, may_change, migrate_postgres, read_schema, turn
from ledger.store.postgres_session import (
    WRITING_IDLE_SECONDS,
    Session,
    address_of,
    is_lost,
    name_of,
    open_session,
    postgres_error,
    reading_engine,
    require_durable,
    require_own_session,
    translated,
)
from ledger.store.rebuilding import half

__all__ = ["PostgresDatabase", "lock_key", "migrate_postgres", "open_postgres"]

_ARRAYS = {bytes: "bytea", str: "text", int: "bigint"}
# What a batch is compared with is looked up one by one, whatever the planner thinks of the size of the table.
_BY_INDEX = (
    "SELECT set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),"
    " set_config('enable_mergejoin', 'off', false), set_config('jit', 'off', false)"
)
MIGRATE = "run evidence node migrate with EVIDENCE_MIGRATION_URL"


def lock_key(origin: str, what: str = "log") -> int:
    """Key of the advisory lock of the process that moves the log `origin`, or does `what` for it: 64 bits, signed."""
    return int.from_bytes(sha256(f"evidence-ledger/{what}\n{origin}".encode()).digest()[:8], signed=True)


class PostgresWriting:
    """A write transaction; see `ledger.store.database.Writing`."""

    def __init__(self, session: Session, types: dict[tuple[str, ...], list[int]]) -> None:
        self._session = session
        self._types = types

    def execute(self, query: str, values: Sequence[Any] = ()) -> "psycopg.Cursor[Any]":
        """Run one query."""
        return self._session.execute(translated(query), values)

    def executemany(self, query: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one query for each of `rows`."""
        with self._session.cursor() as cursor:
            cursor.executemany(translated(query), rows)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert `rows` with COPY, in its binary form."""
        if not rows:
            return
        names = ", ".join(columns)
        with self._session.cursor() as cursor:
            key = (table, *columns)
            if key not in self._types:
                cursor.execute(f"SELECT {names} FROM {table} LIMIT 0".encode())  # noqa: S608
                self._types[key] = [column.type_code for column in cursor.description or ()]
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
                copy.set_types(self._types[key])
                for row in rows:
                    copy.write_row(row)

    def insert_entries(self, first: int, digests: Sequence[bytes]) -> None:
        """Insert log entries."""
        self.insert("entry", ("leaf_index", "digest"), list(enumerate(digests, first)))

    def leaf_indexes(
        self, table: str, key: Sequence[str], wanted: Sequence[Sequence[Any]]
    ) -> list[tuple[Any, ...]]:
        """Which of `wanted` the table has; a session that writes goes by indexes alone."""
        columns = [list(column) for column in zip(*wanted, strict=True)]
        arrays = ", ".join(f"%b::{_ARRAYS[type(column[0])]}[]" for column in columns)
        names = ", ".join(f"t.{name}" for name in key)
        same = " AND ".join(f"t.{name} = w.{name}" for name in key)
        query = (
            f"SELECT {names}, t.leaf_index FROM unnest({arrays}) AS w ({', '.join(key)})"  # noqa: S608
            f" JOIN {table} t ON {same}"
        )
        return self._session.execute(query.encode(), columns).fetchall()


class PostgresDatabase(Database):
    """A database of a server; `name` is host and database."""

    def __init__(self, address: URL, *, read_only: bool) -> None:
        self.name = name_of(address)
        self._address = address
        self._read_only = read_only
        self._engine = reading_engine(address)
        self._pool = Pool(lambda: open_session(address, read_only=True), READERS, is_lost)
        self._turn = threading.Lock()
        self._writer: Session | None = None
        self._election: AdvisoryLock | None = None
        self._offices: list[PostgresOffice] = []
        self._types: dict[tuple[str, ...], list[int]] = {}

    @property
    def read_only(self) -> bool:
        """Whether `write()` is refused."""
        return self._read_only

    def lead(self, origin: str) -> None:
        """Become the one process that moves the log `origin`: take its lock, then raise the epoch."""
        with self._turn:
            if self._election is None:
                self._election = AdvisoryLock(self._address, lock_key(origin))
            self._elect()
        with self.write() as writing:
            held = writing.execute("SELECT epoch FROM head WHERE origin = ? FOR UPDATE", (origin,)).fetchone()
            raised = None if held is None else int(held[0])
            is_whole = raised is None or raised >= 0 or self.rebuilding
            if raised is not None and raised != self.epoch and is_whole:
                raised += 1
                writing.execute("UPDATE head SET epoch = ? WHERE origin = ?", (raised, origin))
        if not is_whole:
            self.resign()
            raise half(self.name)
        self.epoch = raised

    @property
    def leads(self) -> bool:
        """Whether the lock is held by a session that was not lost."""
        with self._turn:
            return self._election is not None and self._election.session is not None

    def resign(self) -> None:
        """Give the lock back; the epoch stays for the next one to raise."""
        with self._turn:
            if self._election is not None:
                self._election.release()
            self._election = self.epoch = None

    def office(self, name: str, origin: str) -> Office:
        """Elected by a lock of its own, and told apart by an epoch of its own."""
        self._offices.append(PostgresOffice(self._address, lock_key(origin, name), name))
        return self._offices[-1]

    @contextmanager
    def write(self, *, leading: bool = False) -> Iterator[Writing]:
        """One write transaction, of isolation level read committed."""
        if self._read_only:
            raise StoreError(f"database {self.name} was opened for reading", code="store-read-only")
        with self._turn:
            try:
                if leading:
                    self._elect()
                session = self._begun()
                writing = PostgresWriting(session, self._types)
                if leading:
                    # The row stays locked till the end: nobody can raise the epoch in between.
                    self.require_own_epoch(writing, "SELECT epoch FROM head FOR UPDATE")
                yield writing
                self._commit(session)
            except BaseException as error:
                self._abandon()
                if isinstance(error, psycopg.Error):
                    raise postgres_error(error, self.name) from None
                raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read transaction, of isolation level repeatable read."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except (DBAPIError, psycopg.Error, PoolTimeoutError) as error:
            raise postgres_error(error, self.name) from None

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The answer to one query, on a session that begins no transaction of its own."""
        try:
            with self._pool.lent() as session:
                return session.execute(translated(query), values).fetchall()
        except psycopg.Error as error:
            raise postgres_error(error, self.name) from None

    def faults(self) -> list[str]:
        """What can be found wrong with tables, indexes, references and triggers."""
        with self._alone() as session:
            return faults_of(session)

    def unchecked(self) -> list[str]:
        """What the server does not let this role look at."""
        with self._alone() as session:
            return unchecked_of(session)

    def prepare(self, *, create: bool) -> None:
        """Hold sessions, settings and schema against what is needed; see `open_postgres`."""
        try:
            require_own_session(self._address)
        except psycopg.Error as error:
            raise postgres_error(error, self.name) from None
        with self._alone() as session:
            if not self._read_only:
                require_durable(session, self.name)
            schema = read_schema(session)
        if create and schema.tables:
            raise SetupError(f"database {self.name} has tables already", code="store-exists")
        if not create and not schema.tables:
            raise NotFoundError(f"database {self.name} is empty; {MIGRATE}")
        if not create and require_known(schema.revision, self.name) == REVISIONS[-1]:
            return
        if self._read_only or not may_change(schema):
            if create:
                raise StoreError(
                    f"this role may make no tables in {self.name}; {MIGRATE}", code="store-permission"
                )
            require_current(schema.revision, self.name, MIGRATE)
        try:
            with turn(self._address):
                make_schema(self._address)
        except (DBAPIError, psycopg.Error) as error:
            raise postgres_error(error, self.name) from None

    def close(self) -> None:
        """Close every connection; the lock of the process that moves the log goes with its own."""
        self._engine.dispose()
        self._pool.close()
        for office in self._offices:
            office.leave()
        with self._turn:
            if self._writer is not None:
                self._writer.close()
            if self._election is not None:
                self._election.release()
            self._writer = self._election = None

    @contextmanager
    def _alone(self) -> Iterator[Session]:
        """A session for long reading, which no timeout ends."""
        try:
            with open_session(self._address, read_only=True, patient=True) as session:
                yield session
        except psycopg.Error as error:
            raise postgres_error(error, self.name) from None

    def _begun(self) -> Session:
        """The writing session, in a new transaction; a session that was lost is replaced."""
        if self._writer is None or is_lost(self._writer):
            self._writer = None
            session = open_session(self._address, idle=WRITING_IDLE_SECONDS)
            try:
                session.execute(_BY_INDEX)
                require_durable(session, self.name)
            except BaseException:
                session.close()
                raise
            self._writer = session
        self._writer.execute(b"BEGIN")
        return self._writer

    def _commit(self, session: Session) -> None:
        # A transaction in which a query failed, and somebody went on, is rolled back without an error.
        if session.execute(b"COMMIT").statusmessage != "COMMIT":
            raise StoreError(f"database {self.name} took the change back", code="store-failed")

    def _abandon(self) -> None:
        """Roll back; where that cannot be done the session ends, and the server rolls back."""
        session = self._writer
        if session is None or session.info.transaction_status == TransactionStatus.IDLE:
            return
        try:
            session.execute(b"ROLLBACK")
        except psycopg.Error:
            self._writer = None
            with suppress(psycopg.Error):
                session.close()

    def _elect(self) -> None:
        """Hold the lock; where its last session was lost another process may have led meanwhile: its epoch tells."""
        if self._election is None:
            raise StoreError(f"this process does not move the log in {self.name}", code="store-locked")
        if not self._election.take():
            raise StoreError(
                f"database {self.name} is in use by another process that moves this log", code="store-locked"
            )


def open_postgres(
    url: str, *, create: bool = False, read_only: bool = False, lead: bool = True
) -> PostgresDatabase:
    """Open the database at `url`; see `ledger.store.database.open_database`.

    An older schema is brought up to date where this role owns the tables; else that is for another role to do, see
    `migrate_postgres`.
    """
    database = PostgresDatabase(address_of(url), read_only=read_only)
    try:
        database.prepare(create=create)
        if lead and not read_only:
            for (origin,) in database.rows("SELECT origin FROM head"):
                database.lead(origin)
    except BaseException:
        database.close()
        raise
    return database

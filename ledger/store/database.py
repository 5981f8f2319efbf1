"""The node's database: the seam between the store and the program that keeps it, SQLite or PostgreSQL.

The queries of the store are one text for both, plain SQL with `?` for values.  What differs stands in
`ledger.store.sqlite` and `ledger.store.postgres`: how a transaction becomes durable, how the one writer is elected,
and how many rows are written at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

from sqlalchemy import Connection

from ledger.errors import ConflictError, SetupError

BUSY_SECONDS = 10
"""Seconds for which a change waits for one that another process makes."""
READERS = 8
"""Connections for reading, of either kind; a further reader waits."""


class Rows(Protocol):
    """What a query answered: of what it read, the rows; of what it changed, how many."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:
        """The next row; None after the last."""

    def fetchall(self) -> list[Any]:
        """Those that were not fetched yet."""

    def __iter__(self) -> Iterator[Any]: ...


class Writing(Protocol):
    """A write transaction.  Queries have `?` for each value, and no other `?` nor `%`."""

    def execute(self, query: str, values: Sequence[Any] = ()) -> Rows:
        """Run one query."""

    def executemany(self, query: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one query for each of `rows`."""

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert `rows`, as fast as the database takes them."""

    def insert_entries(self, first: int, digests: Sequence[bytes]) -> None:
        """Insert log entries of 32 bytes each, the first of them at `first`."""

    def leaf_indexes(
        self, table: str, key: Sequence[str], wanted: Sequence[Sequence[Any]]
    ) -> list[tuple[Any, ...]]:
        """Which of `wanted` the table has, looked up one by one in the index of the columns `key`.

        Returns:
            Rows of the key and the `leaf_index` beside it.  Cost: independent of the size of the table.
        """


class Office(Protocol):
    """Something that one process of those that serve a log does.  Safe for threads."""

    def hold(self) -> bool:
        """Whether this process does it; takes it up where nobody does.

        Raises:
            StoreError: The database does not answer.
        """

    def require(self, writing: Writing) -> None:
        """Refuse to go on where another process does it by now; nobody takes it up before the transaction's end.

        Raises:
            ConflictError: `fenced`.
        """

    def leave(self) -> None:
        """Do it no more, and let another process."""


class Database(ABC):
    """An open database.  Made by `open_database`; closed with `close` or as a context manager.

    Durability: when a `write()` block ends without an exception, its changes survive a power cut.
    Concurrency: one `write()` block at a time in this process; readers see whole transactions only.  One process at
    a time moves the log: whoever becomes it raises the epoch in `head`, and only where the epoch is still its own
    does a leading `write()` begin.

    Attributes:
        name: What it is called in messages: the path of the file, or host and database.  Never a password.
        epoch: That of this process, once it has raised it; None before.
        rebuilding: Whether this process rebuilds the log, so that it may move one that is not whole; see
            `ledger.store.rebuilding`.
    """

    name: str
    epoch: int | None = None
    rebuilding: bool = False

    @property
    @abstractmethod
    def read_only(self) -> bool:
        """Whether `write()` is refused."""

    @abstractmethod
    def lead(self, origin: str) -> None:
        """Become the one process that moves the log `origin`; nothing happens where it is that already.

        Raises:
            StoreError: `store-locked`: another process is; `store-rebuilding`: the log is not whole.
        """

    @property
    @abstractmethod
    def leads(self) -> bool:
        """Whether this process is the one that moves the log, as far as it can know by itself."""

    @abstractmethod
    def resign(self) -> None:
        """Move the log no more, and let another process; `lead` begins anew."""

    @abstractmethod
    def office(self, name: str, origin: str) -> Office:
        """What one process does beside the one that moves the log `origin`; given up when this is closed."""

    @abstractmethod
    def write(self, *, leading: bool = False) -> AbstractContextManager[Writing]:
        """One write transaction: committed and durable at the end, or without effect.

        Args:
            leading: For changes that only the one process may make that moves the log.

        Errors of the driver become `StoreError`.  After an error in the commit itself the outcome is unknown
        until it is read back.

        Raises:
            ConflictError: `fenced`: another process has become the one that moves the log.
        """

    @abstractmethod
    def read(self) -> AbstractContextManager[Connection]:
        """One read transaction, all of it at one moment.  Keep it short: with SQLite a commit may wait for its end.

        Errors of the driver become `StoreError`.
        """

    @abstractmethod
    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The answer to one query, by the shortest way.  Errors as of `read`."""

    @abstractmethod
    def faults(self) -> list[str]:
        """What the database program finds wrong with what it keeps.  Cost: reads all of it."""

    @abstractmethod
    def unchecked(self) -> list[str]:
        """What `faults` could not look at, and how it would."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection, then let another process write."""

    def require_own_epoch(self, writing: Writing, query: str) -> None:
        """Refuse to go on where another process has raised the epoch.

        Args:
            query: Reads the epoch so that it stays until the end of the transaction.
        """
        row = writing.execute(query).fetchone()
        held = None if row is None else row[0]
        if held != self.epoch:
            raise ConflictError(
                f"another process moves this log since: its epoch is {held}, this process has {self.epoch}",
                code="fenced",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def in_office(database: Database, office: Office | None) -> Iterator[Writing]:
    """A write transaction of whoever has an office; of anybody where there is none.

    Raises:
        ConflictError: `fenced`: another process has it.
    """
    with database.write() as writing:
        if office is not None:
            office.require(writing)
        yield writing


def is_server(place: Path | str) -> bool:
    """Whether a place is the address of a database server, and not a file."""
    return isinstance(place, str) and place.startswith("postgresql")


def open_database(
    place: Path | str, *, create: bool = False, read_only: bool = False, lead: bool = True
) -> Database:
    """Open a database, bringing its schema up to date.

    Args:
        place: Path of the SQLite file (`<path>.lock` beside it is the lock of the writing process), or
            `postgresql+psycopg://user:password@host/database`.
        create: Make a new file, or a schema in an empty database; refused where there is one.
        read_only: Open beside a running writer, for audits and lists.  Never changes the schema.
        lead: Become the process that moves the log; else `Database.lead` does, when its time has come.

    Raises:
        NotFoundError: No such file.
        SetupError: Made by a newer version (`store-newer`) or by something else (`store-foreign`), exists
            already (`store-exists`), or a setting did not hold (`store-settings`).
        StoreError: `store-locked`, `store-read-only`, `store-full`, `store-corrupt`, `store-permission`, ….
    """
    if is_server(place):
        opened: Database = _server().open_postgres(str(place), create=create, read_only=read_only, lead=lead)
        return opened
    from ledger.store.sqlite import open_sqlite

    return open_sqlite(Path(place), create=create, read_only=read_only)


def migrate_server(owner: str, node: str) -> tuple[str, str]:
    """Bring the schema on a server up to date, and permit what it needs to the role that the node runs as.

    Args:
        owner: Address of the database with the role that owns the tables, or may make them.
        node: With the role that the node runs as.

    Returns:
        Its name and the revision that it is at now.

    Raises:
        SetupError: `store-newer`, `store-foreign`, `store-settings`; `settings-invalid` where the addresses are of
            two databases.
        StoreError: The server's own fault.
    """
    made: tuple[str, str] = _server().migrate_postgres(owner, node)
    return made


def _server() -> Any:
    try:
        from ledger.store import postgres
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        raise SetupError(
            f"a database on a server needs the package {package}; it comes with the extra postgresql:"
            " pip install 'evidence-ledger[postgresql]'",
            code="extra-missing",
        ) from None
    return postgres

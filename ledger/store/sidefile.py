"""Small SQLite files beside the log's database, written by one or several processes in short transactions.

Each write is durable when it returns.  The file is made when something is first written; before that it reads as
empty.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import StoreError
from ledger.store.sqlite import store_error

BUSY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class SideFile:
    """The file at `path`.  Safe for threads and processes.

    Attributes:
        schema: Statements that make its tables; harmless where they are there, so that a schema may add to older files.
        version: Of the schema; a file of a later version is refused with `side-file-version`.
        what: The file, for messages.
    """

    path: Path
    schema: str
    version: int
    what: str

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection for reading; None while nothing was ever written."""
        if not self.path.exists():
            yield None
            return
        with self._connected() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: durable at the end of the block, or without effect."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                connection.execute("PRAGMA synchronous = EXTRA")
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                if version < self.version:
                    self.path.chmod(0o600)
                    connection.executescript(
                        f"BEGIN IMMEDIATE; {self.schema} PRAGMA user_version = {self.version}; COMMIT;"
                    )
                elif version > self.version:
                    raise StoreError(
                        f"{self.what} {self.path} is at version {version}; this program knows {self.version}",
                        code="side-file-version",
                    )
                yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error

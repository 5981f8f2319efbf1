"""What one process of several does on a PostgreSQL server: elected by a lock, told apart by an epoch.

The lock is an advisory one, on a session of its own, which the server lets go when the process or its connection ends.
The epoch, read in every transaction that counts, keeps a process apart that lost the lock and does not know it yet.
"""

import select
import threading
import time
from contextlib import suppress
from typing import Final

import psycopg
from sqlalchemy import URL

from ledger.errors import ConflictError
from ledger.store.database import Writing
from ledger.store.postgres_session import Session, is_lost, name_of, open_session, postgres_error

UNLOCK_SECONDS: Final = 3
"""How long a server has to let a lock go that it is asked for; one that hangs keeps no process from ending."""

_RAISE = (
    "INSERT INTO office (name, epoch) VALUES (%s, 1) ON CONFLICT (name) DO UPDATE SET epoch = office.epoch + 1"
    " RETURNING epoch"
)


class AdvisoryLock:
    """A lock that one process has.  Not safe for threads.

    Args:
        address: Of the database.
        key: 64 bits, signed.
    """

    def __init__(self, address: URL, key: int) -> None:
        self._address = address
        self.key = key
        self._session: Session | None = None

    @property
    def session(self) -> Session | None:
        """That of the lock, where it is held and was not lost."""
        return None if self._session is None or is_lost(self._session) else self._session

    def take(self) -> bool:
        """Hold the lock, as it is held already or on a new session; False where another process does.

        Where the last session was lost, another process may have had it meanwhile.

        Raises:
            StoreError: The server does not answer.
        """
        if self.session is not None:
            return True
        self.release()
        try:
            session = open_session(self._address)
            row = session.execute("SELECT pg_try_advisory_lock(%s)", (self.key,)).fetchone()
        except psycopg.Error as error:
            raise postgres_error(error, name_of(self._address)) from None
        if row is None or not row[0]:
            session.close()
            return False
        self._session = session
        return True

    def release(self) -> None:
        """Let another process have it, from the moment this returns where the server answers in time."""
        session, self._session = self._session, None
        if session is None:
            return
        # Closing alone does not wait: the server lets go when its process gets to see the end of the connection.
        with suppress(psycopg.Error):
            if not is_lost(session):
                _ask_briefly(session, b"SELECT pg_advisory_unlock(%d)" % self.key)
        session.close()


def _ask_briefly(session: Session, query: bytes) -> None:
    """Send a query and wait for its answer, which nobody reads, for `UNLOCK_SECONDS` at most.

    The driver's own calls wait for as long as the server takes, and a server that was stopped answers nothing.
    """
    connection = session.pgconn
    waiting = select.poll()
    ends = time.monotonic() + UNLOCK_SECONDS
    connection.send_query(query)
    while (unsent := connection.flush()) or connection.is_busy():
        waiting.register(connection.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
        left = ends - time.monotonic()
        if left <= 0 or not waiting.poll(left * 1000):
            return
        connection.consume_input()


class PostgresOffice:
    """See `ledger.store.database.Office`."""

    def __init__(self, address: URL, key: int, name: str) -> None:
        self._lock = AdvisoryLock(address, key)
        self._address = address
        self._name = name
        self._turn = threading.Lock()
        self._epoch: int | None = None

    def hold(self) -> bool:
        """Whether this process has the office; takes it where nobody does."""
        with self._turn:
            if self._epoch is not None and self._lock.session is not None:
                return True
            self._epoch = None
            if not self._lock.take():
                return False
            session = self._lock.session
            try:
                row = None if session is None else session.execute(_RAISE, (self._name,)).fetchone()
            except psycopg.Error as error:
                self._lock.release()
                raise postgres_error(error, name_of(self._address)) from None
            # A crash here leaves a raised epoch and nothing else; the next one to be elected raises it again.
            self._epoch = None if row is None else int(row[0])
            return self._epoch is not None

    def require(self, writing: Writing) -> None:
        """Refuse to go on where another process has taken the office; it waits for the end of the transaction."""
        row = writing.execute("SELECT epoch FROM office WHERE name = ? FOR SHARE", (self._name,)).fetchone()
        held, own = None if row is None else row[0], self._epoch
        if own is None or held != own:
            raise ConflictError(
                f"another process does this since ({self._name}): its epoch is {held}, this process has {own}",
                code="fenced",
            )

    def leave(self) -> None:
        """Let another process have it."""
        with self._turn:
            self._epoch = None
            self._lock.release()

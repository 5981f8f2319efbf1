"""What the processes of one node hand to the one that moves the log, on a PostgreSQL server, and what it answers.

    submission   statements that a process has verified, packed, until they are appended
    settled      what became of a submission, written in the transaction that appends and takes it away
    duty         the epoch of the process that moves the log, what ails it, and when it was last at work

None of it is evidence: nobody is answered before a stored checkpoint covers the entries, so that what is lost is a
submission without an answer.  The tables are not written ahead, and a crash of the server empties them; whoever sends
the same statement again gets its first index.  Each change is announced (LISTEN, NOTIFY), and found by looking where
the announcement is lost.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import psycopg
from sqlalchemy import URL

from ledger.store.database import Writing
from ledger.store.postgres_session import Session, address_of, is_lost, name_of, open_session, postgres_error

SUBMITTED: Final = "evidence_submission"
PUBLISHED: Final = "evidence_checkpoint"
LEFT: Final = 60
"""Seconds after which what nobody fetched is taken away: whoever it was for is gone, or has given up."""

_DUTY = "SELECT epoch, code, detail, extract(epoch FROM clock_timestamp() - heartbeat)::float8 FROM duty"
_BEAT = (
    "INSERT INTO duty (epoch, code, detail, heartbeat) VALUES (%s, %s, %s, clock_timestamp()) ON CONFLICT (one)"
    " DO UPDATE SET epoch = excluded.epoch, code = excluded.code, detail = excluded.detail,"
    " heartbeat = excluded.heartbeat"
)
_GIVE = (
    "WITH given AS (INSERT INTO submission (owner, number, entries, packed) VALUES (%s, %s, %s, %b))"
    " SELECT pg_notify(%s, '')"
)
_SETTLE = (
    "WITH gone AS (DELETE FROM submission WHERE id = {id} RETURNING id, owner, number)"
    " INSERT INTO settled (submission, owner, number, outcomes, reach)"
    " SELECT id, owner, number, {outcomes}, {reach} FROM gone"
)
_SETTLE_WITHIN = _SETTLE.format(id="?", outcomes="?", reach="?")
_SETTLE_ALONE = _SETTLE.format(id="%s", outcomes="%b", reach="%s")


class Submission(NamedTuple):
    """A submission of a process, `owner`, which counts its own by `number`."""

    id: int
    owner: str
    number: int
    entries: int
    packed: bytes


@dataclass(frozen=True, slots=True)
class Duty:
    """Who moves the log, as it said last.

    Attributes:
        epoch: Its epoch.
        code: Of what ails it, with `detail` in words; None where nothing does.
        age: Seconds since it said so, by the server's clock.
    """

    epoch: int
    code: str | None
    detail: str | None
    age: float


class PendingStore:
    """The three tables, on sessions of its own.  Safe for threads.  Errors of the driver become `StoreError`.

    Args:
        url: Address of the database.
    """

    def __init__(self, url: str) -> None:
        address = address_of(url)
        self._giving = _Line(address, "SELECT set_config('synchronous_commit', 'off', false)")
        self._looking = _Line(address)
        self._address = address

    # -- of the processes that verify ------------------------------------------------------------------------

    def give(self, owner: str, number: int, entries: int, packed: bytes) -> None:
        """Hand a submission over."""
        self._giving.run(_GIVE, (owner, number, entries, packed, SUBMITTED))

    def duty(self) -> Duty | None:
        """Who moves the log; None where nobody ever did since the server started."""
        for row in self._looking.run(_DUTY):
            return Duty(*row)
        return None

    def entries(self, *, but: str) -> int:
        """Statements that wait, of all but one process."""
        query = "SELECT coalesce(sum(entries), 0)::bigint FROM submission WHERE owner <> %s"
        ((count,),) = self._looking.run(query, (but,))
        return int(count)

    def fetch(self, owner: str, size: int) -> list[tuple[int, bytes]]:
        """Numbers and outcomes of the submissions that a checkpoint of `size` entries covers, once."""
        query = "DELETE FROM settled WHERE owner = %s AND reach <= %s RETURNING number, outcomes"
        return [(number, outcomes) for number, outcomes in self._looking.run(query, (owner, size))]

    def withdraw(self, owner: str) -> None:
        """Take away all that is of one process, as far as it is not being appended."""
        self._looking.run("DELETE FROM submission WHERE owner = %s", (owner,))
        self._looking.run("DELETE FROM settled WHERE owner = %s", (owner,))

    # -- of the one that moves the log -----------------------------------------------------------------------

    def waiting(self, taken: Sequence[int], most: int) -> list[Submission]:
        """Submissions that wait, oldest first, but for those that are being appended."""
        query = (
            "SELECT id, owner, number, entries, packed FROM submission WHERE id <> ALL (%s::bigint[])"
            " ORDER BY id LIMIT %s"
        )
        return [Submission(*row) for row in self._looking.run(query, (list(taken), most))]

    @staticmethod
    def settle(writing: Writing, submission: int, outcomes: bytes, reach: int) -> None:
        """Write what became of a submission in the transaction that appends it."""
        writing.execute(_SETTLE_WITHIN, (submission, outcomes, reach))

    def refuse(self, submission: int, outcomes: bytes) -> None:
        """Write that a submission was not appended; nothing happens where it was."""
        self._looking.run(_SETTLE_ALONE, (submission, outcomes, 0))
        self.publish()

    def beat(self, epoch: int, code: str | None, detail: str | None) -> None:
        """Say that the log is being moved, and what ails whoever does."""
        self._looking.run(_BEAT, (epoch, code, detail))

    def publish(self) -> None:
        """Announce that there is something to fetch."""
        self._looking.run("SELECT pg_notify(%s, '')", (PUBLISHED,))

    def sweep(self) -> None:
        """Take away what was left behind."""
        for table in ("submission", "settled"):
            self._looking.run(
                f"DELETE FROM {table} WHERE at < clock_timestamp() - make_interval(secs => %s)",  # noqa: S608
                (LEFT,),
            )

    def listen(self, channel: str) -> "Listening":
        """Hear what is announced; `close` it."""
        return Listening(_Line(self._address, f"LISTEN {channel}"))

    def close(self) -> None:
        """End the sessions."""
        self._giving.close()
        self._looking.close()


class Listening:
    """Hears one kind of announcement.  For one thread."""

    def __init__(self, line: "_Line") -> None:
        self._line = line

    def wait(self, seconds: float) -> None:
        """Return once something is announced, or after some time.

        Raises:
            StoreError: The connection was lost; the next call makes another.
        """
        with self._line.lent(idle=False) as session:
            for _ in session.notifies(timeout=seconds, stop_after=1):
                pass

    def close(self) -> None:
        """End the session."""
        self._line.close()


class _Line:
    """One session, made when it is needed and again when it was lost; one thread at a time has it.

    Args:
        begin: Run when it is made.
    """

    def __init__(self, address: URL, begin: str | None = None) -> None:
        self._address = address
        self._begin = begin
        self._session: Session | None = None
        self._turn = threading.Lock()

    def run(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.lent() as session:
            cursor = session.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def lent(self, *, idle: bool = True) -> Iterator[Session]:
        """The session; after an error inside the block it is another one.

        Args:
            idle: Whether the server says nothing unless it is asked, so that a farewell is noticed at once.
        """
        with self._turn:
            try:
                if self._session is None or self._session.closed or (idle and is_lost(self._session)):
                    self._session = open_session(self._address)
                    if self._begin is not None:
                        self._session.execute(self._begin.encode())
                yield self._session
            except BaseException as error:
                self._drop()
                if isinstance(error, psycopg.Error):
                    raise postgres_error(error, name_of(self._address)) from None
                raise

    def close(self) -> None:
        with self._turn:
            self._drop()

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(psycopg.Error):
                session.close()

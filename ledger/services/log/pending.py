"""Taking statements to a log that another process moves: they are handed over in the database, and answered from it.

    verify → submission → (the other process: append, sign, store) → follow → answer

A submission is answered once a stored checkpoint covers every entry of it and this process has followed the log as far,
so that whoever was answered finds here what it was told.  While nobody moves the log, nothing is taken in.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final, Self

from ledger.errors import LedgerError, RefusedError, StoreError
from ledger.services.log.pending_wire import decode_outcomes, pack
from ledger.services.log.sequencer import CAPACITY
from ledger.services.registration.submitting import Outcome
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.log import Log
from ledger.store.pending import PUBLISHED, Duty, PendingStore
from ledger.store.rows import NewStatement

POLL: Final = 0.25
"""Seconds after which it is looked though nothing was announced."""
ABSENT: Final = 5.0
"""Seconds without a sign of whoever moves the log after which nothing is taken in."""
GONE: Final = 30.0
"""Seconds after which what was taken in is answered that it was not acknowledged."""

_Future = Future[list[Outcome]]


class Pending:
    """Hands statements over, on one thread of its own; see `ledger.services.registration.submitting.Submitting`.

    Args:
        store: Closed at the end.
        owner: Tells the submissions of this process from those of others.
        capacity: Statements that may wait at once, of all processes together.

    Raises:
        StoreError: The database failed.
    """

    def __init__(
        self,
        store: PendingStore,
        log: Log,
        checkpoints: Checkpoints,
        *,
        owner: str,
        capacity: int = CAPACITY,
    ) -> None:
        self._store = store
        self._log = log
        self._checkpoints = checkpoints
        self._owner = owner
        self._capacity = capacity
        self._changed = threading.Condition()
        self._waiting: dict[int, tuple[_Future, int]] = {}
        self._held = 0
        self._others = 0
        self._number = 0
        self._closing = False
        self._latest: StoredCheckpoint | None = None
        self._duty: Duty | None = None
        self._looked_at = 0.0
        self._fault: LedgerError | None = None
        self._listening = store.listen(PUBLISHED)
        self._look()
        self._thread = threading.Thread(target=self._run, name="pending", daemon=True)
        self._thread.start()

    @property
    def latest(self) -> StoredCheckpoint | None:
        """The newest stored checkpoint that was looked up."""
        return self._latest

    @property
    def trouble(self) -> LedgerError | None:
        """Why nothing is taken in at present: of this process, or of the one that moves the log."""
        if self._fault is not None:
            return self._fault
        duty, age = self._duty, self._age()
        if duty is None or age > ABSENT:
            since = "" if duty is None else f" for {age:.0f} s"
            return StoreError(
                f"no process moves this log{since}; send it again later", code="sequencer-absent"
            )
        return None if duty.code is None else StoreError(duty.detail or duty.code, code=duty.code)

    def submit(self, statements: Sequence[NewStatement], *, wait: float = 0.0) -> _Future:
        """Hand statements over; see `Submitting.submit`.

        Raises:
            RefusedError: `overloaded`.
            StoreError: `sequencer-absent`, `sequencer-closed`; whatever keeps the log from being signed.
        """
        count = len(statements)
        packed = pack(statements)
        future: _Future = Future()
        future.set_running_or_notify_cancel()
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._has_room(count), wait)
            if self._closing:
                raise _stopping()
            trouble = self.trouble
            if trouble is not None:
                raise trouble
            if not self._has_room(count):
                raise RefusedError(
                    f"{self._held + self._others} statements wait, {count} more would pass {self._capacity}",
                    code="overloaded",
                )
            self._number += 1
            number = self._number
            self._held += count
            self._waiting[number] = future, count
        try:
            self._store.give(self._owner, number, count, packed)
        except BaseException:
            self._taken(number)
            raise
        # A crash of the database from here on loses it unanswered; see `_look`.
        return future

    def close(self) -> None:
        """Answer what waits that it was not acknowledged, and stop."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._answer_all(_stopping())
        self._listening.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            try:
                self._listening.wait(POLL)
                self._look()
                self._fault = None
            except LedgerError as error:
                self._failed(error)
            except Exception as error:  # noqa: BLE001 - nobody else would ever start this thread again
                self._failed(
                    StoreError(
                        f"looking for answers failed ({type(error).__name__})", code="sequencer-failed"
                    )
                )

    def _look(self) -> None:
        """Take in how the log stands, then answer what is covered."""
        latest = self._checkpoints.latest()
        self._log.follow()
        self._latest = latest
        self._duty, self._looked_at = self._store.duty(), time.monotonic()
        others = self._store.entries(but=self._owner)
        with self._changed:
            self._others = others
            self._changed.notify_all()
            waits = bool(self._waiting)
        if not waits:
            return
        for number, told in self._store.fetch(self._owner, 0 if latest is None else latest.size):
            self._answer(number, told)
        trouble = self.trouble
        if trouble is not None and (trouble.code != "sequencer-absent" or self._age() > GONE):
            self._store.withdraw(self._owner)
            self._answer_all(trouble)

    def _failed(self, error: LedgerError) -> None:
        """Answer all: where the server itself was lost, so is what was handed over."""
        self._fault = error
        self._answer_all(error)
        time.sleep(POLL)

    def _answer(self, number: int, told: bytes) -> None:
        future = self._taken(number)
        if future is None:
            return
        outcomes = decode_outcomes(told)
        if isinstance(outcomes, LedgerError):
            future.set_exception(outcomes)
        else:
            future.set_result(outcomes)

    def _answer_all(self, error: LedgerError) -> None:
        for number in list(self._waiting):
            future = self._taken(number)
            if future is not None:
                future.set_exception(error)

    def _taken(self, number: int) -> _Future | None:
        with self._changed:
            future, count = self._waiting.pop(number, (None, 0))
            self._held -= count
            self._changed.notify_all()
        return future

    def _has_room(self, count: int) -> bool:
        return self._held + self._others + count <= self._capacity

    def _age(self) -> float:
        """Seconds since whoever moves the log said so."""
        if self._duty is None:
            return time.monotonic() - self._looked_at + GONE
        return self._duty.age + time.monotonic() - self._looked_at


def _stopping() -> StoreError:
    return StoreError("the node is stopping", code="sequencer-closed")

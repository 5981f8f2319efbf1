"""The one thread that moves the log: takes what waits, appends it, signs the new head, answers.

    queue → append (entries, tiles, head: one transaction) → sign and store the checkpoint → publish → answer

A checkpoint is signed at most every 250 ms and at once when the last one is older; answers wait for the one
that covers them.  What comes meanwhile is appended together shortly before, since one transaction writes fewer
pages than several.  Nothing is signed over bytes that are not durable, no stored head is signed twice, and none at
a time before its entries (`log.signing_time`).  When the disk or the clock fails, every waiter gets the error, nothing
is signed, and the next attempt decides whether it is over.  Before the first signature it may be asked whether this
log may be signed on at all; until then nothing is appended either.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Self

from ledger.core.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import LedgerError, RefusedError, StoreError
from ledger.services.log.signing_time import claimed_by, is_time, untimely
from ledger.services.registration.submitting import Outcome
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import Writing
from ledger.store.log import Appended, Log, Settle
from ledger.store.rows import NewStatement

INTERVAL = 0.25
"""Seconds between two checkpoints at least."""
BATCH = 1_000
"""Statements that one transaction takes, about; a submission is never split."""
LEAD = 0.2
"""Part of the interval before a checkpoint is due at which what waits for it is appended, however few."""
CAPACITY = 16_384
"""Statements that may wait at once; more are refused, so that memory and waiting time stay bounded."""
RETRY = 1.0
"""Seconds between attempts while the disk or the clock fails."""
Sign = Callable[[Checkpoint, int], bytes]
"""Signs a checkpoint at a POSIX second: the encoded note."""


@dataclass(eq=False, slots=True)
class _Waiting:
    """A submission, and its answer once the log has one.

    Attributes:
        settle: Writes what became of them, in the transaction that appends them.
        reach: Size that a checkpoint must have to cover every entry in the answer.
    """

    statements: Sequence[NewStatement]
    future: "Future[list[Outcome]]"
    settle: Settle | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    reach: int = 0

    def take(self, outcomes: list[Outcome]) -> None:
        """Take in what became of the statements."""
        self.outcomes = outcomes
        self.reach = reach_of(outcomes)


class Sequencer:
    """Appends to one log and signs its checkpoints, on a thread of its own.

    Args:
        sign: Makes the signed note of a checkpoint.
        clock: POSIX seconds.
        publish: Told of each checkpoint after it is stored and before anybody is answered.
        may_sign: Asked, on the sequencer's thread, before anything is appended or signed, and again every
            `RETRY` seconds, until it returns None once.  What it returns before that is the `trouble`.

    Raises:
        StoreError: `log-rolled-back` or `log-rewritten`: a stored checkpoint is not of this log's history.
            A node that signed on would show two histories.
    """

    def __init__(
        self,
        log: Log,
        checkpoints: Checkpoints,
        sign: Sign,
        *,
        clock: Callable[[], float] = time.time,
        publish: Callable[[StoredCheckpoint], None] | None = None,
        may_sign: Callable[[], LedgerError | None] | None = None,
        interval: float = INTERVAL,
        capacity: int = CAPACITY,
    ) -> None:
        self.log = log
        self.checkpoints = checkpoints
        self._sign = sign
        self._clock = clock
        self._publish = publish
        self._may_sign = may_sign
        self._interval = interval
        self._capacity = capacity
        self._changed = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._uncovered: list[_Waiting] = []
        self._held = 0
        self._queued = 0
        self._closing = False
        self._trouble: LedgerError | None = None
        self._next_sign = 0.0
        self._unstored: StoredCheckpoint | None = None
        self._latest = checkpoints.latest()
        check_history(log, self._latest)
        self._claimed = log.claimed(0 if self._latest is None else self._latest.size, log.head.size)
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
        self._thread.start()

    @property
    def latest(self) -> StoredCheckpoint | None:
        """The newest stored checkpoint."""
        return self._latest

    @property
    def trouble(self) -> LedgerError | None:
        """Why nothing is signed at present; None when all is well."""
        return self._trouble

    def submit(
        self, statements: Sequence[NewStatement], *, wait: float = 0.0, settle: Settle | None = None
    ) -> "Future[list[Outcome]]":
        """Queue statements, already verified; the future answers once a stored checkpoint covers them.

        Args:
            statements: Appended in this order, in one transaction.
            wait: Seconds to wait for room when the queue is full.
            settle: Writes what became of them, in the transaction that appends them.

        Raises:
            RefusedError: `overloaded`: too many statements wait already.  Safe to retry.
            StoreError: `sequencer-closed`.
        """
        waiting = _Waiting(statements, Future(), settle)
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or self._held + len(statements) <= self._capacity, wait
            )
            if self._closing:
                raise StoreError("the node is stopping", code="sequencer-closed")
            if self._held + len(statements) > self._capacity:
                raise RefusedError(
                    f"{self._held} statements wait, {len(statements)} more would pass {self._capacity}",
                    code="overloaded",
                )
            self._held += len(statements)
            self._queued += len(statements)
            self._queue.append(waiting)
            self._changed.notify_all()
        return waiting.future

    def halt(self, error: LedgerError) -> None:
        """Sign nothing any more: what was found out only now is as if `may_sign` had said it."""
        with self._changed:
            self._may_sign = lambda: error
            self._changed.notify_all()

    def close(self) -> None:
        """Append and sign what waits, answer it, and stop."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            taken = self._take()
            if taken:
                self._append(taken)
            stopping = self._closing and not self._queue
            due = time.monotonic() >= self._next_sign or (stopping and self._may_sign is None)
            if due and self._has_to_sign():
                self._sign_head()
            self._answer_covered()
            if stopping:
                # What could not be signed now is durable; the next start signs it.
                self._answer_all(self._trouble or StoreError("the node is stopping", code="sequencer-closed"))
                return

    def _take(self) -> list[_Waiting]:
        """Wait until there is something to append or to sign; then what waits, up to a batch."""
        with self._changed:
            while (pause := self._pause()) is None or pause > 0:
                self._changed.wait(pause)
            taken: list[_Waiting] = []
            count = 0
            while self._queue and count < BATCH:
                waiting = self._queue.popleft()
                self._queued -= len(waiting.statements)
                if waiting.future.set_running_or_notify_cancel():
                    taken.append(waiting)
                    count += len(waiting.statements)
                else:
                    self._held -= len(waiting.statements)
            return taken

    def _pause(self) -> float | None:
        """Seconds for which there is nothing to do, unless something comes; None: for ever."""
        if self._closing or self._queued >= BATCH or (self._queue and self._trouble is not None):
            return 0.0
        due = self._next_sign - time.monotonic()
        if self._queue:
            return due - LEAD * self._interval
        return due if self._has_to_sign() else None

    def _append(self, taken: list[_Waiting]) -> None:
        # While no checkpoint can be signed the log does not grow: the answer could not be given.
        if (self._trouble or self._may_sign) is not None and time.monotonic() >= self._next_sign:
            self._sign_head()
        if self._trouble is not None:
            self._settle(taken, self._trouble)
            return
        try:
            taken = self._timely(taken)
            if not taken:
                return
            statements = [statement for waiting in taken for statement in waiting.statements]
            # Before it is known that they are there: a commit that reports an error may have taken effect.
            self._claimed = max(self._claimed, claimed_by(statements))
            outcomes = self.log.append(statements, _settling(taken))
        except Exception as error:  # noqa: BLE001 - the waiters must hear of it, the thread live on
            self._settle(taken, _as_ledger_error(error, "the log could not be appended to"))
            return
        # A crash here leaves durable entries that nobody was told of; the next start signs their head, and
        # whoever sends them again gets the same index.
        at = 0
        for waiting in taken:
            waiting.take(outcomes[at : at + len(waiting.statements)])
            at += len(waiting.statements)
        self._uncovered += taken

    def _timely(self, taken: list[_Waiting]) -> list[_Waiting]:
        """Those whose statements are signed already by the clock of this process; the others are refused."""
        now = int(self._clock())
        found = [(waiting, untimely(waiting.statements, now)) for waiting in taken]
        for waiting, error in found:
            if error is not None:
                self._settle([waiting], error)
        return [waiting for waiting, error in found if error is None]

    def _has_to_sign(self) -> bool:
        """Whether there is something to sign, or to ask before anything is signed."""
        return self._may_sign is not None or self._is_unsigned()

    def _is_unsigned(self) -> bool:
        covered = 0 if self._latest is None else self._latest.size
        return self._unstored is not None or self.log.head.size > covered

    def _sign_head(self) -> None:
        self._next_sign = time.monotonic() + self._interval
        try:
            self._ask()
            checkpoint = self._unstored or (self._signed() if self._is_unsigned() else None)
            if checkpoint is None:
                self._trouble = None  # all is signed, or the clock is nearly there and waiters wait on
                return
            # A crash here loses a signature that nobody has seen.  A failed store keeps it: should the write
            # have taken effect after all, the same bytes are stored again, not another signature.
            self._unstored = checkpoint
            self.checkpoints.store(checkpoint)
            self._unstored = None
            # A crash from here on leaves a stored checkpoint that was not published; the next start
            # publishes it.
            self._latest = checkpoint
            self._trouble = None
            if not self._is_unsigned():
                self._claimed = 0
            if self._publish is not None:
                self._publish(checkpoint)
        except Exception as error:  # noqa: BLE001 - as above
            self._trouble = _as_ledger_error(error, "the checkpoint could not be signed")
            self._next_sign = time.monotonic() + RETRY
            uncovered, self._uncovered = self._uncovered, []
            self._settle(uncovered, self._trouble)

    def _ask(self) -> None:
        """Go on only where this log may be signed; once that is so, it stays so."""
        while (asked := self._may_sign) is not None:
            refused = asked()
            if refused is not None:
                raise refused
            with self._changed:
                if self._may_sign is asked:  # else it was halted meanwhile
                    self._may_sign = None

    def _signed(self) -> StoredCheckpoint | None:
        """A new checkpoint of the durable head; None where the clock must be waited for."""
        head = self.log.head
        now = int(self._clock())
        last = 0 if self._latest is None else self._latest.signed_at
        if not is_time(now, last=last, claimed=self._claimed):
            return None
        note = self._sign(Checkpoint(self.log.origin, head.size, head.root), now)
        return StoredCheckpoint(head.size, note, now)

    def _answer_covered(self) -> None:
        covered = 0 if self._latest is None else self._latest.size
        ready = [waiting for waiting in self._uncovered if waiting.reach <= covered]
        if ready:
            self._uncovered = [waiting for waiting in self._uncovered if waiting.reach > covered]
            self._settle(ready, None)

    def _answer_all(self, error: LedgerError) -> None:
        with self._changed:
            left = [*self._uncovered, *self._queue]
            self._uncovered, self._queue, self._queued = [], deque(), 0
        self._settle(left, error)

    def _settle(self, answered: Sequence[_Waiting], error: LedgerError | None) -> None:
        with self._changed:
            self._held -= sum(len(waiting.statements) for waiting in answered)
            self._changed.notify_all()
        for waiting in answered:
            if error is None:
                waiting.future.set_result(waiting.outcomes)
            else:
                # One error may stand for days: each waiter that raises it adds its own frames, and all they hold.
                waiting.future.set_exception(error.with_traceback(None))


def reach_of(outcomes: Sequence[Outcome]) -> int:
    """Size that a checkpoint must have to cover every entry among the outcomes."""
    return max((found.index + 1 for found in outcomes if isinstance(found, Appended)), default=0)


def _settling(taken: Sequence[_Waiting]) -> Settle | None:
    """What writes the outcomes of those that asked for it; None where nobody did."""
    if all(waiting.settle is None for waiting in taken):
        return None

    def settle(writing: Writing, outcomes: Sequence[Outcome]) -> None:
        at = 0
        for waiting in taken:
            if waiting.settle is not None:
                waiting.settle(writing, outcomes[at : at + len(waiting.statements)])
            at += len(waiting.statements)

    return settle


def check_history(log: Log, latest: StoredCheckpoint | None) -> None:
    """Refuse a log that is not the one whose checkpoint was signed last.

    Raises:
        StoreError: `log-rolled-back`: the log is shorter.  `log-rewritten`: it has another root at that
            size.
    """
    if latest is None:
        return
    signed = parse_checkpoint(latest.note).checkpoint
    if signed.size > log.head.size:
        raise StoreError(
            f"log {log.origin} has {log.head.size} entries, yet a checkpoint of {signed.size} was signed:"
            " an older copy of the database was put back",
            code="log-rolled-back",
        )
    if signed.origin != log.origin or signed.root != log.root_at(signed.size):
        raise StoreError(
            f"log {log.origin} at size {signed.size} has root {log.root_at(signed.size).hex()};"
            f" {signed.root.hex()} was signed for {signed.origin}",
            code="log-rewritten",
        )


def _as_ledger_error(error: Exception, what: str) -> LedgerError:
    if isinstance(error, LedgerError):
        return error
    wrapped = StoreError(f"{what} ({type(error).__name__})", code="sequencer-failed")
    wrapped.__cause__ = error
    return wrapped

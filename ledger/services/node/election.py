"""The one process of several that moves the log: elected by a lock, told apart by an epoch.

    stand by → lock → raise the epoch → follow the log → ask who watched it → append, sign → … → step down

Whoever has the lock appends and signs, its own submissions and those that the others hand over.  It steps down where
the session of its lock is lost or another process has raised the epoch, and signs nothing from then on; the database
would refuse it.  A process that stands by hands over what it verifies, and tries for the lock each second.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from ledger.errors import ConflictError, LedgerError, RefusedError, StoreError
from ledger.services.log.pending import Pending
from ledger.services.log.pending_wire import encode_outcomes, encode_refusal, unpack
from ledger.services.log.sequencer import Sequencer, reach_of
from ledger.services.recovery.restart import Restart
from ledger.services.registration.submitting import Outcome
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.database import Writing
from ledger.store.log import Log
from ledger.store.pending import SUBMITTED, PendingStore, Submission
from ledger.store.rows import NewStatement

STAND_BY: Final = 1.0
"""Seconds between two attempts to be elected."""
BEAT: Final = 1.0
"""Seconds between two signs of life."""
SWEEP: Final = 10.0
"""Seconds between two looks for what was left behind."""
POLL: Final = 0.25
"""Seconds after which it is looked for submissions though none was announced."""
AT_ONCE: Final = 64
"""Submissions that are read in one go."""
_OVER: Final = ("fenced", "store-locked", "store-moved")

Open = Callable[[Callable[[StoredCheckpoint], None]], tuple[Restart, Sequencer]]
"""Opens what asks and what signs, given what is told of each checkpoint."""


@dataclass(slots=True)
class _Term:
    """The time for which this process moves the log.

    Attributes:
        taken: Submissions of others that are being appended.
        said: What ailed it when it last gave a sign of life, and when that was.
    """

    restart: Restart
    sequencer: Sequencer
    taken: set[int] = field(default_factory=set)
    said: LedgerError | None = None
    beaten_at: float = 0.0
    swept_at: float = 0.0


class Elected:
    """Moves the log where it is this process's turn, and else hands over; see `Submitting`.

    Args:
        pending: Hands over.
        open_: Opens the sequencer; run at each election, so that each asks who watched the log.
        forget: Told of each party that a submission of another process says something of.

    Raises:
        SetupError, StoreError: What keeps the log from being opened, where the lock was had at once.
    """

    def __init__(
        self,
        log: Log,
        store: PendingStore,
        pending: Pending,
        open_: Open,
        *,
        forget: Callable[[str], None],
    ) -> None:
        self._log = log
        self._store = store
        self._pending = pending
        self._open = open_
        self._forget = forget
        self._term: _Term | None = None
        self._fault: LedgerError | None = None
        self._stop = threading.Event()
        self._listening = store.listen(SUBMITTED)
        self._stand()
        self._thread = threading.Thread(target=self._run, name="election", daemon=True)
        self._thread.start()

    @property
    def latest(self) -> StoredCheckpoint | None:
        """The newest stored checkpoint that is known here."""
        term = self._term
        return self._pending.latest if term is None else term.sequencer.latest

    @property
    def trouble(self) -> LedgerError | None:
        """Why nothing is signed at present."""
        term = self._term
        if term is not None:
            return term.sequencer.trouble or self._fault
        return self._fault or self._pending.trouble

    def submit(self, statements: Sequence[NewStatement], *, wait: float = 0.0) -> "Future[list[Outcome]]":
        """As `Submitting.submit`: appended here, or handed over."""
        term = self._term
        if term is None:
            return self._pending.submit(statements, wait=wait)
        return term.sequencer.submit(statements, wait=wait)

    def close(self) -> None:
        """Append and sign what was taken, answer it, and let another process move the log."""
        self._stop.set()
        self._thread.join()
        self._listening.close()
        term, self._term = self._term, None
        if term is not None:
            term.restart.close()
            term.sequencer.close()
            self._log.database.resign()
        self._pending.close()

    # -- the thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._term is not None:
                    self._serve(self._term)
                elif not self._stop.wait(STAND_BY):
                    self._stand()
                self._fault = None
            except LedgerError as error:
                self._fault = error
                self._stop.wait(POLL)
            except Exception as error:  # noqa: BLE001 - nobody else would ever start this thread again
                self._fault = StoreError(
                    f"moving the log failed in a way that was not foreseen ({type(error).__name__})",
                    code="sequencer-failed",
                )
                self._stop.wait(POLL)

    def _stand(self) -> None:
        """Try to be elected."""
        database = self._log.database
        try:
            database.lead(self._log.origin)
        except StoreError as error:
            if error.code == "store-locked":
                return
            raise
        try:
            self._log.follow()
            restart, sequencer = self._open(self._announce)
        except BaseException:
            database.resign()
            raise
        self._term = _Term(restart, sequencer)
        # A crash here leaves a raised epoch and nothing else; the next one to be elected raises it again.

    def _announce(self, _: StoredCheckpoint) -> None:
        with suppress(LedgerError):  # whoever waits for it looks by itself
            self._store.publish()

    def _serve(self, term: _Term) -> None:
        """Take what others hand over, and give signs of life, for a moment."""
        over = self._is_over(term)
        if over is not None:
            self._step_down(term, over)
            return
        now, trouble = time.monotonic(), term.sequencer.trouble
        if trouble is not term.said or now >= term.beaten_at + BEAT:
            self._beat(term, trouble)
            term.said, term.beaten_at = trouble, now
        if now >= term.swept_at + SWEEP:
            self._store.sweep()
            term.swept_at = now
        if self._take(term) < AT_ONCE:
            self._listening.wait(POLL)

    def _is_over(self, term: _Term) -> LedgerError | None:
        """Why this process no longer moves the log; None while it does."""
        database = self._log.database
        trouble = term.sequencer.trouble
        if trouble is not None and trouble.code in _OVER:
            return trouble
        if not database.leads:
            return ConflictError("the session of the lock on this log was lost", code="fenced")
        if time.monotonic() >= term.beaten_at + BEAT:
            ((epoch,),) = database.rows("SELECT epoch FROM head")
            if epoch != database.epoch:
                return ConflictError(
                    f"another process moves this log since: its epoch is {epoch}, this process has {database.epoch}",
                    code="fenced",
                )
        return None

    def _step_down(self, term: _Term, error: LedgerError) -> None:
        """Sign nothing any more, answer what waits, and stand by."""
        term.sequencer.halt(error)
        self._term = None
        term.restart.close()
        term.sequencer.close()
        self._log.database.resign()
        self._log.follow()

    def _beat(self, term: _Term, trouble: LedgerError | None) -> None:
        code, detail = (None, None) if trouble is None else (trouble.code, str(trouble))
        epoch = self._log.database.epoch
        assert epoch is not None
        self._store.beat(epoch, code, detail)
        if trouble is not term.said:
            self._store.publish()

    # -- what others hand over -------------------------------------------------------------------------------

    def _take(self, term: _Term) -> int:
        """Give the sequencer what waits; how many submissions were found."""
        found = self._store.waiting(list(term.taken), AT_ONCE)
        for given in found:
            try:
                rows = unpack(given.packed)
            except StoreError as error:
                self._store.refuse(given.id, encode_refusal(error))
                continue
            term.taken.add(given.id)
            try:
                future = term.sequencer.submit(rows, wait=POLL, settle=partial(self._settle, given))
            except RefusedError:
                term.taken.discard(given.id)  # it waits on, where it is
                return 0
            future.add_done_callback(partial(self._done, term, given, rows))
        return len(found)

    def _settle(self, given: Submission, writing: Writing, outcomes: Sequence[Outcome]) -> None:
        """Write what became of a submission beside the entries themselves: both are durable, or neither."""
        self._store.settle(writing, given.id, encode_outcomes(outcomes), reach_of(outcomes))

    def _done(
        self,
        term: _Term,
        given: Submission,
        rows: Sequence[NewStatement],
        future: "Future[list[Outcome]]",
    ) -> None:
        for row in rows:
            if row.party is not None:
                self._forget(row.party)
        error = future.exception()
        if isinstance(error, LedgerError) and self._term is term and not self._stop.is_set():
            # What was not appended is refused; where another process moves the log by now, it does that.
            with suppress(LedgerError):
                if error.code not in (*_OVER, "sequencer-closed"):
                    self._store.refuse(given.id, encode_refusal(error))
        term.taken.discard(given.id)

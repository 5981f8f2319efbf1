"""Admitting statements by the batch: on threads of the node, or in worker processes that use the other processors.

What a worker finds counts only while what the node knows of the signer's keys is what the worker was told: a
batch is judged again where that changed before it is appended.  A worker that ends, whyever, is replaced, and
what it was asked is asked again; where no worker can be had, the node judges by itself.
"""

import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Self

from ledger.core.statement import Statement, parse_statement
from ledger.errors import LedgerError, StoreError
from ledger.services.admission.admit import TOGETHER, Party, Verdict, admit_party, judge_all
from ledger.services.admission.parties import Parties
from ledger.services.admission.process import WorkerLostError, WorkerProcess
from ledger.services.admission.refusals import check_not_vain
from ledger.statements.enrolment import Enrolment, key_problems
from ledger.statements.revocation import KeyRevocation
from ledger.statements.shape import StatementInvalidError
from ledger.store.rows import NewStatement, row_of
from ledger.verify.keyrule import Times, enrolment_author, revocation_author

THREADS: Final = 2
"""Threads that judge where there are no workers."""
MOST_WORKERS: Final = 8
"""More would outrun the one thread that appends."""
SMALL: Final = 16
"""Documents that are judged sooner than handed to another process."""
ATTEMPTS: Final = 2
"""Workers that a batch is given to, one after the other, before the node judges it."""
LOSSES: Final = 4
"""Workers lost in a row after which none is started for `REST_SECONDS`."""
REST_SECONDS: Final = 60.0
STALL_SECONDS: Final = 30.0
"""How long a batch may take before the worker that has it is ended; it takes a tenth of a second."""

Admitted = NewStatement | LedgerError


def usual_workers() -> int:
    """As many as there are processors for this process, none where there is but one."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 0 if count == 1 else min(count, MOST_WORKERS)


def admit(data: bytes, *, parties: Parties, now: int, wanted: str | None = None) -> Admitted:
    """Judge one document in this process.

    Args:
        parties: Who may sign here.
        now: POSIX seconds.
        wanted: The type that the statement must have; None takes any.
    """
    (admitted,) = admit_all((data,), parties=parties, now=now, wanted=wanted)
    return admitted


def admit_all(
    documents: Sequence[bytes], *, parties: Parties, now: int, wanted: str | None = None
) -> list[Admitted]:
    """Judge documents in this process, one answer each, in order; as `admit`."""

    def by_signer(statement: Statement, subject: object, now: int) -> None:
        _admit(statement, subject, parties=parties, now=now)

    verdicts = judge_all(documents, wanted=wanted, now=now, admit=by_signer)
    return [_settled(verdict, data, parties) for verdict, data in zip(verdicts, documents, strict=True)]


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents and what was found of each, when the parties were at `state`."""

    documents: Sequence[bytes]
    wanted: str | None
    now: int
    state: int
    found: list[Admitted]


class Admission:
    """Judges batches for one node, any number of streams at once; `close` ends its threads and processes.

    Args:
        parties: Who may sign here.
        workers: Processes, started when the first batch comes; 0 judges in this process.
    """

    def __init__(self, parties: Parties, workers: int = 0) -> None:
        self._parties = parties
        self._workers = workers
        self._threads = ThreadPoolExecutor(workers or THREADS, thread_name_prefix="admission")
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._busy: dict[WorkerProcess, float] = {}
        self._losses = 0
        self._resting_until = 0.0
        self._closing = False

    @property
    def pids(self) -> list[int]:
        """The processes at work."""
        with self._lock:
            return [worker.pid for worker in [*self._idle, *self._busy]]

    def submit(self, documents: Sequence[bytes], *, now: int, wanted: str | None) -> "Future[Batch]":
        """Have documents judged; few are judged before this returns.

        Raises:
            StoreError: `sequencer-closed`.
        """
        if len(documents) < SMALL:
            done: Future[Batch] = Future()
            done.set_result(self._here(documents, now, wanted))
            return done
        try:
            return self._threads.submit(self._judge, documents, now, wanted)
        except RuntimeError:
            raise _stopping() from None

    def found(self, future: "Future[Batch]") -> list[Admitted]:
        """What is appended of a batch, and what is refused, one a document, in order, as of now.

        Raises:
            StoreError: `sequencer-closed`.
        """
        while True:
            try:
                batch = future.result(STALL_SECONDS)
                break
            except TimeoutError:
                self._end_stalled()
        _, changed = self._parties.changed_since(batch.state)
        if changed is not None and not changed:
            return batch.found
        return [
            admit(data, parties=self._parties, now=batch.now, wanted=batch.wanted)
            if isinstance(one, NewStatement)
            and (changed is None or not changed.isdisjoint((one.issuer, one.party)))
            else one
            for one, data in zip(batch.found, batch.documents, strict=True)
        ]

    def close(self) -> None:
        """Stop.  What is under way gets its answer from the workers; what waits is refused."""
        with self._lock:
            self._closing = True
        self._threads.shutdown()
        for worker in self._idle:
            worker.close()
        self._idle.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- on a thread of the pool -----------------------------------------------------------------------------

    def _judge(self, documents: Sequence[bytes], now: int, wanted: str | None) -> Batch:
        for _ in range(ATTEMPTS if self._workers else 0):
            worker = self._take()
            if worker is None:
                break
            try:
                return self._there(worker, documents, now, wanted)
            except WorkerLostError:
                continue
        return self._here(documents, now, wanted)

    def _here(self, documents: Sequence[bytes], now: int, wanted: str | None) -> Batch:
        """Judged in this process."""
        state = self._parties.state
        found: list[Admitted] = []
        for at in range(0, len(documents), TOGETHER):
            if self._closing:
                raise _stopping()
            part = documents[at : at + TOGETHER]
            found += admit_all(part, parties=self._parties, now=now, wanted=wanted)
        return Batch(documents, wanted, now, state, found)

    def _there(
        self, worker: WorkerProcess, documents: Sequence[bytes], now: int, wanted: str | None
    ) -> Batch:
        """Judged by a worker, but for what only the node can judge."""
        state, changed = self._parties.changed_since(worker.state)

        def party_of(did: str) -> Party | None:
            try:
                return self._parties.of(did, now)
            except LedgerError:
                return None

        try:
            verdicts = worker.judge(documents, now=now, wanted=wanted, changed=changed, party_of=party_of)
        except BaseException:
            self._lost(worker)
            raise
        worker.state = state
        self._give_back(worker)
        found = [
            admit(data, parties=self._parties, now=now, wanted=wanted)
            if verdict is None
            else _settled(verdict, data, self._parties)
            for verdict, data in zip(verdicts, documents, strict=True)
        ]
        return Batch(documents, wanted, now, state, found)

    # -- the workers -----------------------------------------------------------------------------------------

    def _take(self) -> WorkerProcess | None:
        """A worker that is idle or new; None where none can be had."""
        with self._lock:
            if self._closing:
                raise _stopping()
            if time.monotonic() < self._resting_until:
                return None
            while self._idle:
                worker = self._idle.pop()
                if worker.is_running:
                    self._busy[worker] = time.monotonic()
                    return worker
                worker.close()
        try:
            worker = WorkerProcess(self._parties.jurisdiction)
        except OSError:
            self._count_loss()
            return None
        with self._lock:
            self._busy[worker] = time.monotonic()
        return worker

    def _give_back(self, worker: WorkerProcess) -> None:
        with self._lock:
            del self._busy[worker]
            self._idle.append(worker)
            self._losses = 0

    def _lost(self, worker: WorkerProcess) -> None:
        with self._lock:
            del self._busy[worker]
        worker.kill()
        worker.close()
        self._count_loss()

    def _count_loss(self) -> None:
        with self._lock:
            self._losses += 1
            if self._losses >= LOSSES:
                self._losses = 0
                self._resting_until = time.monotonic() + REST_SECONDS

    def _end_stalled(self) -> None:
        """Kill what has worked at one batch for far too long; its batch is judged elsewhere."""
        begun = time.monotonic() - STALL_SECONDS
        with self._lock:
            for worker, since in self._busy.items():
                if since < begun:
                    worker.kill()


def _admit(statement: Statement, subject: object, *, parties: Parties, now: int) -> None:
    """Check that the signer of a statement may sign it here.

    Raises:
        StatementInvalidError: An Enrolment's keys must not be enrolled.
        SignatureError, VerificationError: As the key rule; see also `admit_party`.
        RefusedError: As `check_not_vain`.
    """
    if isinstance(subject, Enrolment):
        problems = key_problems(subject)
        if problems:
            raise StatementInvalidError("Enrolment", problems)
        enrolment_author(
            statement,
            subject,
            trust=parties.trust,
            log_jurisdiction=parties.jurisdiction,
            times=Times(),
            now=now,
        )
    elif isinstance(subject, KeyRevocation):
        revoked = parties.of(subject.party, now)
        revocation_author(
            statement,
            subject,
            trust=parties.trust,
            grants=revoked.grants,
            revocations=revoked.revocations,
            times=Times(),
            now=now,
        )
    else:
        admit_party(statement, subject, jurisdiction=parties.jurisdiction, party_of=parties.of, now=now)
        check_not_vain(statement, subject, jurisdiction=parties.jurisdiction, statements=parties.statements)


def _settled(verdict: Verdict, data: bytes, parties: Parties) -> Admitted:
    """The row to append, or the refusal.

    What is in the log stays there and answers as it first did, though its key may have ended since, or the
    screening for personal data become stricter.
    """
    if verdict.row is not None:
        return verdict.row
    assert verdict.refusal is not None
    try:
        if verdict.digest is not None and parties.statements.index_of(verdict.digest) is not None:
            return row_of(parse_statement(data))
    except LedgerError as error:
        return error
    return verdict.refusal


def _stopping() -> StoreError:
    return StoreError("the node is stopping", code="sequencer-closed")

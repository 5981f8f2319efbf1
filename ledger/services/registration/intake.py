"""Registering statements that come one by one, and giving everybody who registers a fair turn at being judged.

What comes while others are being judged is judged together and appended together.  Each key whose statements were
registered from an address has a line of its own, and each address has one for whatever else it sends.  Where so much
waits that the last would wait too long, the newest of the longest line is refused, so that who sends little is served
whatever others send.  Streams take turns in the same way, a chunk at a time; they are made to wait and never refused.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Final, Self

from ledger.errors import LedgerError, SignatureError, StoreError
from ledger.services.admission.batches import THREADS, Admission, Admitted, Batch
from ledger.services.admission.parties import Parties
from ledger.services.registration.deciding import Rules, Short
from ledger.services.registration.register import Answer, Registration, answer_of, decided, enter
from ledger.services.registration.submitting import Outcome, Submitting
from ledger.services.registration.turns import Turns
from ledger.services.registration.waiting import BusyError, Chunk, Single, Told, claimed_issuer
from ledger.store.checkpoints import Checkpoints
from ledger.store.rows import NewStatement

BATCH: Final = 128
"""Statements judged together at most."""
GATHERED: Final = 0.004
"""Seconds for which others that come are taken along."""
FEWEST: Final = 1_024
"""Statements that may always wait to be judged, however slow the node is."""
LONGEST_WAIT: Final = 0.25
"""Seconds that the last of those that wait should need to wait, where more than `FEWEST` do."""
MOST: Final = 16_384
"""Statements that may wait to be judged, however fast the node is."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""Bytes of statements that have no answer yet."""
KNOWN: Final = 4_096
"""Pairs of an address and a key that are remembered."""
LATELY: Final = 5.0
"""Seconds for which a client that was refused counts as one that will come again."""
LATEST: Final = 60
"""Seconds after which a client that was refused is asked to come again, at most."""

_SMOOTHED: Final = 256


class Intake:
    """Takes in what is to be registered at one node, on threads of its own.

    Args:
        admission: Judges.
        threads: Batches that are judged at once.
        rules: What is asked besides about each record.
    """

    def __init__(
        self,
        parties: Parties,
        submitting: Submitting,
        admission: Admission,
        checkpoints: Checkpoints,
        *,
        clock: Callable[[], float],
        threads: int = 0,
        rules: Rules | None = None,
    ) -> None:
        self.rules = rules
        self._parties = parties
        self._submitting = submitting
        self._admission = admission
        self._checkpoints = checkpoints
        self._clock = clock
        self._changed = threading.Condition()
        self._turns: Turns[Single | Chunk] = Turns()
        self._unanswered: dict[tuple[str, str | None, bytes], Single] = {}
        self._bytes = 0
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._seconds = 0.0
        self._refused, self._refused_at = 0.0, 0.0
        self._covered = (0, 0, 0)
        self._closing = False
        count = threads or THREADS
        self._threads = [
            threading.Thread(target=self._work, name="intake", daemon=True) for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def depth(self) -> int:
        """Statements that came by themselves and have no answer yet."""
        return len(self._unanswered)

    def register(self, data: bytes, *, wanted: str | None, client: str, told: Told) -> None:
        """Take in one statement; the same bytes from the same sender, while they wait, are one.

        Args:
            wanted: The type that the statement must have; None takes any.
            client: The address that it came from.
            told: Gets the `Registration`, with the first checkpoint that covers it, or the error.

        Raises:
            BusyError: `too-many-requests`: of this sender more waits than of others.  `overloaded`: of all
                together.
            StoreError: `sequencer-closed`.
        """
        issuer = claimed_issuer(data)
        with self._changed:
            if self._closing:
                raise _stopping()
            whose = self._line(client, issuer)
            single = Single(data, wanted, client, issuer, whose, [told])
            same = self._unanswered.get(single.key)
            if same is not None:
                same.told.append(told)
                return
            refused = self._make_room(single)
            self._unanswered[single.key] = single
            self._bytes += len(data)
            self._turns.put(whose, single)
            self._changed.notify()
        if refused is not None:
            refused[0].answer(refused[1])

    def judge(
        self, documents: Sequence[bytes], *, now: int, wanted: str | None, client: str
    ) -> "Future[Batch]":
        """Have a chunk of a stream judged in its turn.

        Raises:
            StoreError: `sequencer-closed`.
        """
        chunk = Chunk(documents, now, wanted, Future())
        issuer = claimed_issuer(documents[0])
        with self._changed:
            if self._closing:
                raise _stopping()
            known = (client, issuer) in self._known
            self._turns.put(self._line(client, issuer) if known else f"streams of {client}", chunk)
            self._changed.notify()
        return chunk.future

    def found(self, future: "Future[Batch]") -> list[Admitted]:
        """As `Admission.found`."""
        return self._admission.found(future)

    def close(self) -> None:
        """Stop.  What is being judged is answered once it is in the log, what waits for it is refused."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        while (left := self._turns.first()) is not None:
            self._turns.take()
            if isinstance(left, Single):
                left.answer(_stopping())
            else:
                left.future.set_exception(_stopping())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- whose turn, and who is refused; with the lock held --------------------------------------------------

    def _line(self, client: str, issuer: str) -> str:
        """Whom a statement is counted against: anybody can claim to be its issuer, not to have been found so."""
        return f"key of {issuer}" if (client, issuer) in self._known else f"address {client}"

    def _make_room(self, single: Single) -> tuple[Single, BusyError] | None:
        """Whoever is refused so that a statement can be taken in.

        Raises:
            BusyError: It is the one.
        """
        limit = self._limit()
        waiting = self._turns.refusable
        if waiting < limit and self._bytes + len(single.data) <= MOST_BYTES:
            return None
        longest = self._turns.longest()
        count = 0 if longest is None else self._turns.refusable_of(longest)
        own = self._turns.refusable_of(single.whose)
        if longest is None or own + 1 >= count:
            raise self._busy(own, limit)
        dropped = self._turns.newest(longest)
        assert isinstance(dropped, Single)
        if self._bytes - len(dropped.data) + len(single.data) > MOST_BYTES:
            raise self._busy(own, limit)  # a large one does not push out many small ones
        self._turns.refuse(longest)
        self._forget(dropped)
        return dropped, self._busy(count, limit)

    def _limit(self) -> int:
        """Statements that may wait to be judged."""
        return max(FEWEST, min(MOST, int(LONGEST_WAIT * self._rate()))) if self._seconds else FEWEST

    def _rate(self) -> float:
        """Statements a second that can be judged and handed to the log."""
        return len(self._threads) / self._seconds

    def _busy(self, own: int, limit: int) -> BusyError:
        """What somebody is told of whom `own` statements wait."""
        waiting, now = self._turns.refusable, time.monotonic()
        self._refused = self._refused * math.exp((self._refused_at - now) / LATELY) + 1
        self._refused_at = now
        # Whoever was refused lately comes again before, or with, the one that is told so now.
        seconds = (waiting + self._refused) * self._seconds / len(self._threads)
        retry_after = max(1, min(LATEST, math.ceil(seconds)))
        if own * (self._turns.lines + 1) >= 2 * limit:
            return BusyError(
                f"{own} statements of this sender wait already; send fewer at once",
                code="too-many-requests",
                retry_after=retry_after,
            )
        return BusyError(
            f"{waiting} statements wait already, as many as are taken in at present",
            code="overloaded",
            retry_after=retry_after,
        )

    def _forget(self, single: Single) -> None:
        if self._unanswered.pop(single.key, None) is not None:
            self._bytes -= len(single.data)

    # -- the threads -----------------------------------------------------------------------------------------

    def _work(self) -> None:
        while taken := self._take():
            begun = time.monotonic()
            singles = [one for one in taken if isinstance(one, Single)]
            if singles:
                self._register(singles)
            for one in taken:
                if isinstance(one, Chunk):
                    self._judge(one)
            self._measure(sum(one.cost for one in taken), time.monotonic() - begun)

    def _take(self) -> list[Single | Chunk]:
        """Wait for something; a chunk, or a batch of single statements.  Nothing at the end."""
        taken: list[Single | Chunk] = []
        while not taken:
            with self._changed:
                while (first := self._turns.first()) is None and not self._closing:
                    self._changed.wait()
                is_batch = self._turns.refusable >= BATCH
            if isinstance(first, Single) and not is_batch:
                time.sleep(GATHERED)
            with self._changed:
                if self._closing:
                    break
                while (first := self._turns.first()) is not None and len(taken) < BATCH:
                    if taken and isinstance(first, Chunk):
                        break
                    taken.append(self._turns.take())
                    if isinstance(first, Chunk):
                        break
        return taken

    def _measure(self, count: int, seconds: float) -> None:
        """Learn how long a statement takes a thread, waiting for room in the log included."""
        with self._changed:
            each = seconds / count
            self._seconds += (each - self._seconds) * (min(1.0, count / _SMOOTHED) if self._seconds else 1.0)

    def _judge(self, chunk: Chunk) -> None:
        if not chunk.future.set_running_or_notify_cancel():
            return
        try:
            judged = self._admission.submit(chunk.documents, now=chunk.now, wanted=chunk.wanted)
            self._admission.found(judged)
            chunk.future.set_result(judged.result())
        except BaseException as error:  # noqa: BLE001 - the stream must hear of it, the thread live on
            chunk.future.set_exception(error)

    def _register(self, singles: Sequence[Single]) -> None:
        """Judge statements, and hand to the log what is good; each is answered, whatever happens."""
        by_type: dict[str | None, list[Single]] = {}
        for single in singles:
            by_type.setdefault(single.wanted, []).append(single)
        for wanted, alike in by_type.items():
            try:
                self._enter(alike, wanted)
            except Exception as error:  # noqa: BLE001 - as above
                self._answer([(single, error) for single in alike])

    def _enter(self, singles: Sequence[Single], wanted: str | None) -> None:
        now = int(self._clock())
        judged = self._admission.submit([single.data for single in singles], now=now, wanted=wanted)
        admitted, decisions = self._admission.found(judged), dict[bytes, Short]()
        if self.rules is not None:
            admitted, decisions = self.rules.judged(admitted, now)
        found = list(zip(singles, admitted, strict=True))
        refused = [(single, one) for single, one in found if isinstance(one, LedgerError)]
        entering = [(single, one) for single, one in found if isinstance(one, NewStatement)]
        self._answer(refused)
        if not entering:
            return
        try:
            future = enter([row for _, row in entering], self._parties, self._submitting)
        except Exception as error:  # noqa: BLE001 - as above
            self._answer([(single, error) for single, _ in entering])
        else:
            future.add_done_callback(lambda future: self._entered(entering, decisions, future))

    def _entered(
        self,
        entering: Sequence[tuple[Single, NewStatement]],
        decisions: dict[bytes, Short],
        future: "Future[list[Outcome]]",
    ) -> None:
        """Answer what the log has answered, on its thread."""
        answers: list[tuple[Single, Answer | Exception]] = []
        try:
            for (single, row), outcome in zip(entering, future.result(), strict=True):
                answer = decided(answer_of(row, outcome, self._parties), decisions)
                if isinstance(answer, Registration):
                    answer = replace(answer, checkpoint=self._covering(answer.index))
                answers.append((single, answer))
        except Exception as error:  # noqa: BLE001 - as above
            answers = [(single, error) for single, _ in entering]
        self._answer(answers)

    def _covering(self, index: int) -> int | None:
        """Size of the first checkpoint that covers an entry.  Many entries have the same one."""
        first, last, size = self._covered
        if first <= index < last:
            return size
        stored = self._checkpoints.earliest_covering(index)
        if stored is None:
            return None
        self._covered = (index, stored.size, stored.size)
        return stored.size

    def _answer(self, answers: Sequence[tuple[Single, Answer | Exception]]) -> None:
        with self._changed:
            for single, found in answers:
                self._forget(single)
                self._learn(single, found)
        for single, found in answers:
            single.answer(found)

    def _learn(self, single: Single, found: Answer | Exception) -> None:
        """Remember who an address spoke for.  Not by what was registered before: that anybody can send again."""
        pair = (single.client, single.issuer)
        if isinstance(found, Registration):
            if found.first:
                self._known[pair] = None
                self._known.move_to_end(pair)
                if len(self._known) > KNOWN:
                    self._known.popitem(last=False)
        elif isinstance(found, SignatureError):
            self._known.pop(pair, None)


class Turn:
    """An `Admission` in whose place a stream of one client has its chunks judged in their turn."""

    def __init__(self, intake: Intake, client: str) -> None:
        self._intake, self._client = intake, client

    def submit(self, documents: Sequence[bytes], *, now: int, wanted: str | None) -> "Future[Batch]":
        """As `Admission.submit`."""
        return self._intake.judge(documents, now=now, wanted=wanted, client=self._client)

    def found(self, future: "Future[Batch]") -> list[Admitted]:
        """As `Admission.found`."""
        return self._intake.found(future)


def _stopping() -> StoreError:
    return StoreError("the node is stopping", code="sequencer-closed")

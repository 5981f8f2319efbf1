"""Registering statements: format, fields, authorship, then a place in the log.

One document, which is judged at once, or many in a stream, whose documents are judged by the chunk while others
are appended (see `admission`); a document that is refused does not stop the rest.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from ledger.errors import ConflictError, LedgerError, StoreError
from ledger.services.admission.batches import Admission, Admitted, Batch, admit
from ledger.services.admission.parties import Parties
from ledger.services.registration.submitting import Outcome, Submitting
from ledger.store.rows import NewStatement

if TYPE_CHECKING:
    from ledger.services.registration.deciding import Rules

CHUNK = 100
"""Documents judged in one go."""
CHUNK_BYTES = 1024 * 1024
"""Bytes judged in one go, about; documents under way are held in memory."""
AHEAD = 4
"""Chunks being judged beyond the one that is waited for."""
IN_FLIGHT = 60
"""Chunks appended and waiting for their checkpoint."""
ROOM_SECONDS = 60.0
"""How long a stream waits for room in a full queue."""
LOG_SECONDS = 300.0
"""How long an answer of the sequencer is waited for."""

_ENROLS, _REVOKES = b'"Enrolment"', b'"KeyRevocation"'


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered statement.

    Attributes:
        first: False where the same bytes were registered before.
        checkpoint: Size of the first checkpoint that covers it, where that was asked for.
        decision: What the measures of the log say of it, in short, where the node asks them.
    """

    index: int
    digest: bytes
    type: str
    id: str
    first: bool
    checkpoint: int | None = None
    decision: dict[str, Any] | None = None


Answer = Registration | LedgerError


class Judging(Protocol):
    """Judges batches of statements; see `Admission`."""

    def submit(self, documents: Sequence[bytes], *, now: int, wanted: str | None) -> "Future[Batch]":
        """Have documents judged."""

    def found(self, future: "Future[Batch]") -> list[Admitted]:
        """What is appended of a batch, and what is refused, one a document, in order, as of now."""


def register(
    data: bytes, *, parties: Parties, sequencer: Submitting, now: int, wanted: str | None = None
) -> Registration:
    """Verify one statement and append it; returns when a stored checkpoint covers it.

    Registering the same bytes again answers with the first place, whatever became of the key since.

    Args:
        data: The canonical signed document.
        parties: Who may sign here.
        sequencer: Appends to the log.
        now: POSIX seconds.
        wanted: The type that the statement must have; None takes any.

    Raises:
        MalformedError: Not a statement, or its fields are not those of its type (`statement-invalid`, with
            all problems).
        SignatureError, VerificationError: The key rule refuses it; see `ledger.verify.keyrule`.
        ConflictError: `statement-id-taken`.
        RefusedError: `overloaded`.
        StoreError: The disk failed; nothing was acknowledged, try again.
    """
    admitted = admit(data, parties=parties, now=now, wanted=wanted)
    if isinstance(admitted, LedgerError):
        raise admitted
    (outcome,) = _awaited(enter([admitted], parties, sequencer, wait=0.0))
    answer = answer_of(admitted, outcome, parties)
    if isinstance(answer, LedgerError):
        raise answer
    return answer


def register_many(
    documents: Iterable[bytes | None],
    *,
    parties: Parties,
    sequencer: Submitting,
    clock: Callable[[], float],
    wanted: str | None = None,
    admission: Judging | None = None,
    rules: "Rules | None" = None,
) -> Iterator[Answer]:
    """Verify and append a stream of statements; one answer each, in order.

    A document that changes what is known of a party is registered before those after it are looked at.
    Answers lag: about `CHUNK` * (`AHEAD` + `IN_FLIGHT`) documents are under way at once.

    Args:
        documents: None among them says that none came for a while: what came is then registered and answered,
            though it fills no chunk.
        admission: Judges; None: two threads, for this stream alone.
        rules: What is asked besides about each record.

    Raises:
        RefusedError: `overloaded`, where the queue stayed full; documents without an answer may be sent
            again.
        StoreError: The disk failed; likewise.
    """
    with ExitStack() as stack:
        judging: Judging = admission or stack.enter_context(Admission(parties))
        under_way: deque[Future[Batch]] = deque()
        appending: deque[_Appending] = deque()

        def hand_on(keep: int) -> None:
            """Give the log the oldest chunks that are being judged, all but `keep` of them."""
            while len(under_way) > keep:
                admitted = judging.found(under_way.popleft())
                decisions: dict[bytes, dict[str, Any]] = {}
                if rules is not None:
                    admitted, decisions = rules.judged(admitted, int(clock()))
                appending.append(_append(admitted, decisions, parties, sequencer))

        for chunk, is_barrier in _chunks(documents):
            if is_barrier:
                hand_on(0)
                while appending:
                    yield from appending.popleft().answers(parties)
            if chunk:
                under_way.append(judging.submit(chunk, now=int(clock()), wanted=wanted))
            hand_on(AHEAD if chunk and not is_barrier else 0)
            while appending and (is_barrier or len(appending) > IN_FLIGHT or appending[0].is_done()):
                yield from appending.popleft().answers(parties)
        hand_on(0)
        while appending:
            yield from appending.popleft().answers(parties)


@dataclass(slots=True)
class _Appending:
    """A chunk on its way: refused documents have their answers, the others wait for the log."""

    admitted: list[Admitted]
    decisions: dict[bytes, dict[str, Any]]
    future: "Future[list[Outcome]] | None"

    def is_done(self) -> bool:
        return self.future is None or self.future.done()

    def answers(self, parties: Parties) -> Iterator[Answer]:
        outcomes = iter([] if self.future is None else _awaited(self.future))
        for admitted in self.admitted:
            if isinstance(admitted, LedgerError):
                yield admitted
            else:
                yield decided(answer_of(admitted, next(outcomes), parties), self.decisions)


def _append(
    admitted: list[Admitted],
    decisions: dict[bytes, dict[str, Any]],
    parties: Parties,
    sequencer: Submitting,
) -> _Appending:
    rows = [found for found in admitted if not isinstance(found, LedgerError)]
    return _Appending(admitted, decisions, enter(rows, parties, sequencer) if rows else None)


def decided(answer: Answer, decisions: dict[bytes, dict[str, Any]]) -> Answer:
    """The answer with what was decided about the statement."""
    if isinstance(answer, LedgerError) or answer.digest not in decisions:
        return answer
    return replace(answer, decision=decisions[answer.digest])


def enter(
    rows: Sequence[NewStatement], parties: Parties, sequencer: Submitting, *, wait: float | None = None
) -> "Future[list[Outcome]]":
    """Queue rows.  What they say of parties counts as soon as it may be in the log, answered or not.

    Args:
        wait: Seconds to wait for room; `ROOM_SECONDS` if None.

    Raises:
        RefusedError, StoreError: As `Submitting.submit`.
    """
    future = sequencer.submit(rows, wait=ROOM_SECONDS if wait is None else wait)
    changed = [row.party for row in rows if row.party is not None]

    def forget(_: object) -> None:
        for did in changed:
            parties.forget(did)

    if changed:
        future.add_done_callback(forget)
    return future


def answer_of(admitted: NewStatement, outcome: Outcome, parties: Parties) -> Answer:
    """What became of a row that the log has answered."""
    if isinstance(outcome, ConflictError):
        return outcome
    if admitted.party is not None:
        parties.forget(admitted.party)
    return Registration(outcome.index, admitted.digest, admitted.type, admitted.statement_id, outcome.first)


def _awaited(future: "Future[list[Outcome]]") -> list[Outcome]:
    try:
        return future.result(LOG_SECONDS)
    except TimeoutError:
        raise StoreError(
            f"the log did not answer within {LOG_SECONDS:.0f} s; what became of it is not known, send it again",
            code="log-slow",
        ) from None


def _chunks(documents: Iterable[bytes | None]) -> Iterator[tuple[list[bytes], bool]]:
    """Documents in chunks; one that may change what is known of a party stands alone, marked True.

    A None makes what waits a chunk, or an empty one.
    """
    waiting: list[bytes] = []
    size = 0
    for data in documents:
        alone = data is not None and (_ENROLS in data or _REVOKES in data)
        if waiting and (data is None or alone):
            yield waiting, False
            waiting, size = [], 0
        elif data is None:
            yield [], False
        if data is None:
            continue
        if alone:
            yield [data], True
            continue
        waiting.append(data)
        size += len(data)
        if len(waiting) == CHUNK or size >= CHUNK_BYTES:
            yield waiting, False
            waiting, size = [], 0
    if waiting:
        yield waiting, False

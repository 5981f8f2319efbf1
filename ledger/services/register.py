"""Registering statements: format, fields, authorship, then a place in the log.

One document, or many in a stream: a stream's signatures are verified on two threads (the signature library
lets others run meanwhile), and a document that is refused does not stop the rest.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from ledger.core.statement import Statement, parse_statement
from ledger.errors import ConflictError, LedgerError, MalformedError, StoreError, VerificationError
from ledger.services.parties import Parties
from ledger.services.sequencer import Outcome, Sequencer
from ledger.statements.catalogue import statement_type
from ledger.statements.enrolment import Enrolment, key_problems
from ledger.statements.revocation import KeyRevocation
from ledger.statements.shape import StatementInvalidError
from ledger.store.rows import NewStatement, row_of
from ledger.verify.authorship import acting_party, party_author
from ledger.verify.keyrule import Times, enrolment_author, revocation_author

THREADS = 2
"""Threads that verify a stream."""
CHUNK = 250
"""Documents verified in one go."""
CHUNK_BYTES = 1024 * 1024
"""Bytes verified in one go, about; documents under way are held in memory."""
AHEAD = 4
"""Chunks being verified beyond the one that is waited for."""
IN_FLIGHT = 24
"""Chunks appended and waiting for their checkpoint."""
ROOM_SECONDS = 60.0
"""How long a stream waits for room in a full queue."""
LOG_SECONDS = 300.0
"""How long an answer of the sequencer is waited for."""

_CHANGES_PARTIES = (b'"Enrolment"', b'"KeyRevocation"')


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered statement.  `first` is False where the same bytes were registered before."""

    index: int
    digest: bytes
    type: str
    id: str
    first: bool


Answer = Registration | LedgerError
_Admitted = NewStatement | LedgerError


def register(
    data: bytes, *, parties: Parties, sequencer: Sequencer, now: int, wanted: str | None = None
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
    admitted = _admit_or_error(data, parties, now, wanted)
    if isinstance(admitted, LedgerError):
        raise admitted
    (outcome,) = _awaited(sequencer.submit([admitted]))
    answer = _answer(admitted, outcome, parties)
    if isinstance(answer, LedgerError):
        raise answer
    return answer


def register_many(
    documents: Iterable[bytes | None],
    *,
    parties: Parties,
    sequencer: Sequencer,
    clock: Callable[[], float],
    wanted: str | None = None,
) -> Iterator[Answer]:
    """Verify and append a stream of statements; one answer each, in order.

    A document that changes what is known of a party is registered before those after it are looked at.
    Answers lag: about `CHUNK` * (`AHEAD` + `IN_FLIGHT`) documents are under way at once.

    Args:
        documents: None among them says that none came for a while: what came is then registered and answered,
            though it fills no chunk.

    Raises:
        RefusedError: `overloaded`, where the queue stayed full; documents without an answer may be sent
            again.
        StoreError: The disk failed; likewise.
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="verify") as pool:
        verifying: deque[Future[list[_Admitted]]] = deque()
        appending: deque[_Appending] = deque()
        for chunk, is_barrier in _chunks(documents):
            if is_barrier:
                _hand_on(verifying, 0, appending, sequencer)
                while appending:
                    yield from appending.popleft().answers(parties)
            if chunk:
                verifying.append(pool.submit(_admit_all, chunk, parties, int(clock()), wanted))
            _hand_on(verifying, AHEAD if chunk and not is_barrier else 0, appending, sequencer)
            while appending and (is_barrier or len(appending) > IN_FLIGHT or appending[0].is_done()):
                yield from appending.popleft().answers(parties)
        _hand_on(verifying, 0, appending, sequencer)
        while appending:
            yield from appending.popleft().answers(parties)


def admit(statement: Statement, *, parties: Parties, now: int) -> None:
    """Check the fields of a statement and that its signer may sign it here.

    Raises:
        MalformedError: `statement-type`, `statement-invalid`.
        SignatureError, VerificationError: As the key rule; `log-jurisdiction`, `party-not-enrolled-so`.
    """
    spec = statement_type(statement.type)
    subject = spec.read(statement)
    times = Times()
    if isinstance(subject, Enrolment):
        problems = key_problems(subject)
        if problems:
            raise StatementInvalidError("Enrolment", problems)
        enrolment_author(
            statement,
            subject,
            trust=parties.trust,
            log_jurisdiction=parties.jurisdiction,
            times=times,
            now=now,
        )
        return
    if isinstance(subject, KeyRevocation):
        revoked = parties.of(subject.party, now)
        revocation_author(
            statement,
            subject,
            trust=parties.trust,
            grants=revoked.grants,
            revocations=revoked.revocations,
            times=times,
            now=now,
        )
        return
    acting = acting_party(subject)
    if acting is not None and acting.jurisdiction != parties.jurisdiction:
        raise VerificationError(
            f"{statement.issuer} acts for {acting.jurisdiction}; this log is of {parties.jurisdiction}",
            code="log-jurisdiction",
        )
    signer = parties.of(statement.issuer, now)
    party_author(
        statement, acting, grants=signer.grants, revocations=signer.revocations, times=times, now=now
    )


@dataclass(slots=True)
class _Appending:
    """A chunk on its way: refused documents have their answers, the others wait for the log."""

    admitted: list[_Admitted]
    future: "Future[list[Outcome]] | None"

    def is_done(self) -> bool:
        return self.future is None or self.future.done()

    def answers(self, parties: Parties) -> Iterator[Answer]:
        outcomes = iter([] if self.future is None else _awaited(self.future))
        for admitted in self.admitted:
            if isinstance(admitted, LedgerError):
                yield admitted
            else:
                yield _answer(admitted, next(outcomes), parties)


def _hand_on(
    verifying: "deque[Future[list[_Admitted]]]",
    keep: int,
    appending: "deque[_Appending]",
    sequencer: Sequencer,
) -> None:
    """Give the log the oldest chunks that are being verified, all but `keep` of them."""
    while len(verifying) > keep:
        appending.append(_append(verifying.popleft().result(), sequencer))


def _append(admitted: list[_Admitted], sequencer: Sequencer) -> _Appending:
    rows = [found for found in admitted if not isinstance(found, LedgerError)]
    return _Appending(admitted, sequencer.submit(rows, wait=ROOM_SECONDS) if rows else None)


def _answer(admitted: NewStatement, outcome: Outcome, parties: Parties) -> Answer:
    if isinstance(outcome, ConflictError):
        return outcome
    if admitted.party is not None:
        parties.forget(admitted.party)
    return Registration(outcome.index, admitted.digest, admitted.type, admitted.statement_id, outcome.first)


def _admit_all(chunk: Sequence[bytes], parties: Parties, now: int, wanted: str | None) -> list[_Admitted]:
    return [_admit_or_error(data, parties, now, wanted) for data in chunk]


def _admit_or_error(data: bytes, parties: Parties, now: int, wanted: str | None) -> _Admitted:
    try:
        statement = parse_statement(data)
        if wanted is not None and statement.type != wanted:
            raise MalformedError(
                f"the statement is a {statement.type}; a {wanted} is asked for",
                code="statement-type",
                pointer="/type/1",
            )
        try:
            admit(statement, parties=parties, now=now)
        except LedgerError:
            # What is in the log stays there and answers as it first did, though its key may have ended since, or
            # the screening for personal data become stricter.
            if parties.statements.index_of(statement.digest) is None:
                raise
        return row_of(statement)
    except LedgerError as error:
        return error


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
        alone = data is not None and any(mark in data for mark in _CHANGES_PARTIES)
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

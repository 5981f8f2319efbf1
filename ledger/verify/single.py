"""Verify what is less than a bundle: a receipt, or a statement by itself.

Both reports use the eleven steps; what such a file cannot show is `absent`.
"""

from collections.abc import Iterable, Sequence

from ledger.core.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from ledger.core.receipt import Receipt, parse_receipt
from ledger.core.statement import Statement, parse_statement
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, MalformedError, ProofError
from ledger.statements.catalogue import TYPES, read
from ledger.verify.notes import OpenNote, cosigned, independent, open_note, require_quorum, witnessed
from ledger.verify.report import Check, Report, conclude
from ledger.verify.verifier import nothing_required, of_a_later_version, unreadable

RECEIPT_STEPS = (1, 4, 5)
_DEFAULT_STEPS = (1, 3, 4, 5, 6, 7)


def verify_receipt_file(
    data: bytes,
    trust: TrustList,
    *,
    statement: bytes | None = None,
    now: int,
    require: Iterable[int] = (),
    require_now: bool = False,
) -> Report:
    """Check that a receipt's entry is in its log.

    The quorum is the one that the trust list asks for the statement's type; without the statement, the largest that
    it asks for any type.

    Args:
        data: A `.tlog-proof` file.
        statement: The statement that the receipt is of; needed where the receipt does not carry the entry.
    """
    required = (*RECEIPT_STEPS, *require)
    try:
        receipt = parse_receipt(data)
        document = None if statement is None else parse_statement(statement)
        if document is not None:
            if document.type not in TYPES:
                return of_a_later_version(document.type, trust, required=required, now=now)
            read(document, screened=False)
    except MalformedError as error:
        return unreadable(error, trust, required=required, now=now)
    entry = _entry(receipt) if document is None else document.digest
    checks = [
        Check(1, "passed", "receipt", "c2sp.org/tlog-proof@v1"),
        Check(3, "absent", "not-carried", "a receipt names no keys"),
    ]
    placed, not_counted = _placed(receipt, document, trust, now)
    return conclude(
        [*checks, *placed],
        trust,
        subject=entry,
        subject_type=None if document is None else document.type,
        required=required,
        require_now=require_now,
        now=now,
        not_counted=not_counted,
    )


def verify_statement_file(
    data: bytes, trust: TrustList, *, now: int, require: Iterable[int] = (), require_now: bool = False
) -> Report:
    """Read a statement by itself: it parses, and nothing shows who enrolled its signer or that it was logged."""
    added = tuple(require)
    try:
        statement = parse_statement(data)
        if statement.type not in TYPES:
            return of_a_later_version(statement.type, trust, required=(1, *added), now=now)
        read(statement, screened=False)
    except MalformedError as error:
        return unreadable(error, trust, required=(1, *added), now=now)
    asked = trust.requirement(statement.type)
    alone = "a statement by itself: no enrolment, entry or anchor is carried"
    return conclude(
        [
            Check(1, "passed", "statement", f"{statement.type} {statement.digest.hex()}"),
            *(Check(step, "absent", "not-carried", alone) for step in (3, 4, 5, 6, 7)),
        ],
        trust,
        subject=statement.digest,
        subject_type=statement.type,
        required=(*(_DEFAULT_STEPS if asked is None else asked.steps), *added),
        require_now=require_now,
        now=now,
        unfinished=() if asked is not None else (nothing_required(statement.type),),
        notices=_told(statement, trust, now),
    )


def _told(statement: Statement, trust: TrustList, now: int) -> Sequence[str]:
    """What a notice that a log ended says; of any other statement nothing."""
    if statement.type != "LogSuccession":
        return ()
    from ledger.verify.succession import told_alone

    return told_alone(statement, trust, now)


def _entry(receipt: Receipt) -> bytes | None:
    """The entry as the receipt itself gives it; other people's `extra` may be anything."""
    return receipt.extra if receipt.extra is not None and len(receipt.extra) == HASH_SIZE else None


def _placed(
    receipt: Receipt, document: Statement | None, trust: TrustList, now: int
) -> tuple[Sequence[Check], tuple[str, ...]]:
    """Steps 4 and 5 of a receipt, and the lines of its checkpoint that were passed over."""
    origin = receipt.checkpoint.split(b"\n", 1)[0].decode()
    log = trust.log(origin)
    if log is None:
        reason = f"{origin} is not a log of the trust list"
        return [Check(4, "absent", "premise-failed", reason), Check(5, "absent", "log-unknown", reason)], ()
    passed_over: tuple[str, ...] = ()
    try:
        note = open_note(receipt.checkpoint, origin, log)
        witnessing = cosigned(note, trust, log, now)
        passed_over = witnessing.not_counted
        quorum = _quorum(document, trust)
        require_quorum(witnessing, quorum, independent(trust, log))
    except LedgerError as error:
        return [
            Check(4, "absent", "premise-failed", "the checkpoint does not hold"),
            Check(5, "failed", error.code, f"{origin}: {error}"),
        ], passed_over
    detail = f"{origin} at size {note.size}: {witnessed(witnessing, quorum, independent(trust, log))}"
    return [_included(receipt, document, note), Check(5, "passed", "checkpoint", detail)], passed_over


def _quorum(document: Statement | None, trust: TrustList) -> int:
    if document is None:
        return max((asked.quorum for asked in trust.require.values()), default=0)
    asked = trust.requirement(document.type)
    return 0 if asked is None else asked.quorum


def _included(receipt: Receipt, document: Statement | None, note: OpenNote) -> Check:
    own = _entry(receipt)
    entry = own if document is None else document.digest
    if entry is None:
        return Check(
            4, "absent", "entry-missing", "the receipt carries no entry; give the statement it is of"
        )
    try:
        if own not in (None, entry):
            raise ProofError(f"the receipt is of another entry than {entry.hex()}", code="receipt-of-another")
        verify_inclusion(leaf_hash(entry), receipt.index, note.size, receipt.path, note.root)
    except LedgerError as error:
        return Check(4, "failed", error.code, str(error))
    return Check(
        4, "passed", "included", f"entry {receipt.index} of {note.size} in {note.signed.checkpoint.origin}"
    )

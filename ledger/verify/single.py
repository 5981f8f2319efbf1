"""Verify what is less than a bundle: a receipt, or a statement by itself.

Both reports use the eleven steps; what such a file cannot show is `absent`.
"""

from collections.abc import Iterable, Sequence

from ledger.core.merkle import leaf_hash, verify_inclusion
from ledger.core.receipt import Receipt, parse_receipt
from ledger.core.statement import Statement, parse_statement
from ledger.core.trust import TrustList
from ledger.errors import LedgerError, MalformedError, ProofError
from ledger.statements.catalogue import read
from ledger.verify.notes import OpenNote, open_note
from ledger.verify.report import Check, Report, conclude
from ledger.verify.verifier import unreadable

RECEIPT_STEPS = (1, 4, 5)
_DEFAULT_STEPS = (1, 3, 4, 5, 6, 7)


def verify_receipt_file(
    data: bytes, trust: TrustList, *, statement: bytes | None = None, now: int, require: Iterable[int] = ()
) -> Report:
    """Check that a receipt's entry is in its log.

    Args:
        data: A `.tlog-proof` file.
        statement: The statement that the receipt is of; needed where the receipt does not carry the entry.
    """
    required = (*RECEIPT_STEPS, *require)
    try:
        receipt = parse_receipt(data)
        document = None if statement is None else parse_statement(statement)
        if document is not None:
            read(document, screened=False)
    except MalformedError as error:
        return unreadable(error, trust, required=required, now=now)
    checks = [
        Check(1, "passed", "receipt", "c2sp.org/tlog-proof@v1"),
        Check(3, "absent", "not-carried", "a receipt names no keys"),
    ]
    checks += _placed(receipt, document, trust)
    entry = receipt.extra if document is None else document.digest
    return conclude(
        checks,
        trust,
        subject=entry,
        subject_type=None if document is None else document.type,
        required=required,
        now=now,
    )


def verify_statement_file(data: bytes, trust: TrustList, *, now: int, require: Iterable[int] = ()) -> Report:
    """Read a statement by itself: it parses, and nothing shows who enrolled its signer or that it was logged."""
    try:
        statement = parse_statement(data)
        read(statement, screened=False)
    except MalformedError as error:
        return unreadable(error, trust, required=(1, *require), now=now)
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
        required=(*(_DEFAULT_STEPS if asked is None else asked.steps), *require),
        now=now,
    )


def _placed(receipt: Receipt, document: Statement | None, trust: TrustList) -> Sequence[Check]:
    """Steps 4 and 5 of a receipt."""
    origin = receipt.checkpoint.split(b"\n", 1)[0].decode(errors="replace")
    log = trust.log(origin)
    if log is None:
        reason = f"{origin[:255]} is not a log of the trust list"
        return [Check(4, "absent", "premise-failed", reason), Check(5, "absent", "log-unknown", reason)]
    try:
        note = open_note(receipt.checkpoint, origin, log)
    except LedgerError as error:
        return [
            Check(4, "absent", "premise-failed", "the checkpoint does not hold"),
            Check(5, "failed", error.code, f"{origin}: {error}"),
        ]
    signed = Check(5, "passed", "checkpoint", f"{origin} at size {note.size}: log's own signatures only")
    return [_included(receipt, document, note), signed]


def _included(receipt: Receipt, document: Statement | None, note: OpenNote) -> Check:
    if document is None and receipt.extra is None:
        return Check(
            4, "absent", "entry-missing", "the receipt carries no entry; give the statement it is of"
        )
    try:
        if document is not None and receipt.extra not in (None, document.digest):
            raise ProofError(
                f"the receipt is of another entry than {document.digest.hex()}", code="receipt-of-another"
            )
        entry = document.digest if document is not None else receipt.extra
        assert entry is not None
        verify_inclusion(leaf_hash(entry), receipt.index, note.size, receipt.path, note.root)
    except LedgerError as error:
        return Check(4, "failed", error.code, str(error))
    return Check(
        4, "passed", "included", f"entry {receipt.index} of {note.size} in {note.signed.checkpoint.origin}"
    )

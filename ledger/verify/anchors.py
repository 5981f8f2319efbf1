"""Steps 6 and 7: a checkpoint in the storage of the anchor contract, and who vouches for that block.

Source: docs/spec/chain.md and docs/spec/verification.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, root_at_slot
from ledger.core.evm.header import Header
from ledger.core.evm.receipt import anchored_event, prove_receipt
from ledger.core.secp256k1 import recover
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.core.trust.values import Chain, LogKeys
from ledger.errors import LedgerError, ProofError, SignatureError
from ledger.verify.bundle import Section
from ledger.verify.chain_parts import Anchor
from ledger.verify.notes import OpenNote
from ledger.verify.report import Check
from ledger.verify.storage import Held, note_on_chain, prove_contract, require_covers, require_same_log

GRADES = ("operator", "attested", "sealed")
"""Kinds of finality, weakest first."""


class AnchorResult(NamedTuple):
    """What one anchor on a listed chain showed.

    Attributes:
        grade: Kind of finality that was checked and holds; None where none was.
        unfinished: Why the finality could not be checked by this version; None where it could.
        not_counted: Lines of the anchored note that were passed over, where it is not the section's own.
    """

    checks: tuple[Check, Check]
    grade: str | None = None
    block_time: int | None = None
    unfinished: str | None = None
    not_counted: tuple[str, ...] = ()


def check_anchor(
    anchor: Anchor,
    *,
    section: Section,
    number: int,
    pointer: str,
    own: OpenNote,
    log: LogKeys,
    chain: Chain,
    trust: TrustList,
    required_grade: str,
    now: int,
) -> AnchorResult:
    """Both steps for one anchor on a chain of the trust list.

    Args:
        own: The section's own checkpoint, opened.
        required_grade: The least finality that the trust list accepts.

    Cost: one account proof, one or two storage proofs, one signature recovery.
    """
    passed_over: tuple[str, ...] = ()
    try:
        note, passed_over = note_on_chain(anchor.checkpoint, own, log, trust, now)
        header = _prove_anchored(anchor, note, own, section, chain)
    except LedgerError as error:
        failed = Check(6, "failed", error.code, f"{chain.id}: {error}", number, pointer)
        return AnchorResult(
            (failed, Check(7, "absent", "premise-failed", f"{chain.id}: the anchor fails", number, pointer)),
            not_counted=passed_over,
        )
    size = "" if note is own else f" at size {note.size}"
    anchored = Check(6, "passed", "anchored", f"{chain.id} block {header.number}{size}", number, pointer)
    if anchor.finality.kind != "operator":
        reason = f"{anchor.finality.kind} finality of {chain.id} is not checked by this version"
        unchecked = Check(7, "absent", "finality-unsupported", reason, number, pointer)
        return AnchorResult((anchored, unchecked), unfinished=reason, not_counted=passed_over)
    result = _operator_finality(anchor, note, header, anchored, chain, required_grade)
    return result._replace(not_counted=passed_over)


def _prove_anchored(anchor: Anchor, note: OpenNote, own: OpenNote, section: Section, chain: Chain) -> Header:
    """Header to account to storage, and the anchored size against the section's."""
    held = prove_contract(anchor.header, chain.anchor, chain.code_hash, anchor.account)
    held.require_root(root_at_slot(note.log_id, note.size), anchor.storage, note)
    _prove_start(anchor, note, held)
    require_covers(section, note)
    require_same_log(anchor.consistency, note, own)
    if anchor.receipt is not None:
        part = anchor.receipt
        receipt = prove_receipt(held.header.receipts_root, part.index, part.encoded, part.nodes)
        root, _ = anchored_event(receipt, part.log, chain.anchor, note.log_id, note.size)
        if root != note.root:
            raise ProofError(
                f"event has root {root.hex()}; the checkpoint has {note.root.hex()}", code="event-root"
            )
    return held.header


def _prove_start(anchor: Anchor, note: OpenNote, held: Held) -> None:
    """A later head key's log grew out of the root that the trust list names."""
    if note.start is None:
        if anchor.start is not None:
            raise ProofError("start is given for a log's first head key", code="start-superfluous")
        return
    if anchor.start is None:
        raise ProofError(
            f"start is required: the head key counts from size {note.start.size}", code="start-missing"
        )
    found = held.written(root_at_slot(note.log_id, note.start.size), anchor.start, note.start.size)
    if found != note.start.root:
        raise ProofError(
            f"contract holds {found.hex()} at the head key's first size {note.start.size};"
            f" the trust list has {note.start.root.hex()}",
            code="start-root",
        )


def _operator_finality(
    anchor: Anchor, note: OpenNote, header: Header, anchored: Check, chain: Chain, required_grade: str
) -> AnchorResult:
    """The chain's operator signed for this block."""

    def conclude(outcome: str, code: str, detail: str, *, holds: bool = False) -> AnchorResult:
        check = Check(7, outcome, code, f"{chain.id}: {detail}", anchored.section, anchored.pointer)  # type: ignore[arg-type]
        return AnchorResult((anchored, check), "operator" if holds else None, header.time if holds else None)

    if chain.operator is None:
        return conclude("absent", "operator-unknown", "the trust list names no operator key")
    claim = CheckpointClaim(
        origin_chain_id=chain.number,
        genesis=chain.genesis,
        anchor=chain.anchor,
        log_id=note.log_id,
        size=note.size,
        root=note.root,
        block_hash=header.hash,
        block_number=header.number,
        block_time=header.time,
        set_id=chain.operator.set_id,
    )
    try:
        signer = recover(checkpoint_digest(claim), anchor.finality.signatures[0])
        (operator,) = chain.operator.members
        if signer != operator:
            raise SignatureError(f"signed by 0x{signer.hex()}; the operator's key is 0x{operator.hex()}")
    except LedgerError as error:
        return conclude("failed", error.code, str(error))
    said = f"operator only: {chain.operator.organisations[0]} says so, at {format_time(header.time)}"
    if GRADES.index(required_grade) > GRADES.index("operator"):
        return conclude(
            "absent", "finality-insufficient", f"{said}; the trust list asks {required_grade}", holds=True
        )
    return conclude("passed", "operator-only", said, holds=True)


def no_anchor(number: int, reason: str, code: str) -> Sequence[Check]:
    """Steps 6 and 7 of a section that has no anchor to check."""
    return [Check(step, "absent", code, reason, number) for step in (6, 7)]

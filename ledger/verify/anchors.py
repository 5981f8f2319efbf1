"""Steps 6 and 7: a checkpoint in the storage of the anchor contract, and who vouches for that block.

Source: docs/spec/chain.md and docs/spec/verification.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.core.evm.anchor import root_at_slot
from ledger.core.evm.header import Header
from ledger.core.evm.receipt import anchored_event, prove_receipt
from ledger.core.trust import TrustList
from ledger.core.trust.values import Chain, ChainQuorum, LogKeys
from ledger.errors import LedgerError, ProofError
from ledger.verify.bundle import Section
from ledger.verify.chain_parts import Anchor
from ledger.verify.finality import Judged, judge_finality
from ledger.verify.notes import OpenNote
from ledger.verify.report import Check
from ledger.verify.storage import Held, note_on_chain, prove_contract, require_covers, require_same_log


class AnchorResult(NamedTuple):
    """What one anchor on a listed chain showed.

    Attributes:
        judged: Its finality; None where the anchor fails.
        block_time: POSIX seconds, of a block that holds the checkpoint.
        not_counted: Lines of the anchored note that were passed over, where it is not the section's own.
    """

    checks: tuple[Check, Check]
    chain: Chain
    judged: Judged | None = None
    block_time: int | None = None
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

    Cost: one account proof, one or two storage proofs, a signature recovery for each signature or seal.
    """
    passed_over: tuple[str, ...] = ()
    try:
        note, passed_over = note_on_chain(anchor.checkpoint, own, log, trust, now)
        header = _prove_anchored(anchor, note, own, section, chain)
    except LedgerError as error:
        failed = Check(6, "failed", error.code, f"{chain.id}: {error}", number, pointer)
        return AnchorResult(
            (failed, Check(7, "absent", "premise-failed", f"{chain.id}: the anchor fails", number, pointer)),
            chain,
            not_counted=passed_over,
        )
    size = "" if note is own else f" at size {note.size}"
    anchored = Check(6, "passed", "anchored", f"{chain.id} block {header.number}{size}", number, pointer)
    judged = judge_finality(
        anchor.finality, header, note, chain, contract=chain.anchor, required_grade=required_grade
    )
    final = Check(7, judged.outcome, judged.code, f"{chain.id}: {judged.detail}", number, pointer)
    return AnchorResult((anchored, final), chain, judged, header.time, passed_over)


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


def no_anchor(number: int, reason: str, code: str) -> Sequence[Check]:
    """Steps 6 and 7 of a section that has no anchor to check."""
    return [Check(step, "absent", code, reason, number) for step in (6, 7)]


def chains_missing(results: Sequence[AnchorResult], quorum: ChainQuorum, number: int) -> Check | None:
    """Step 7 of a section that is anchored on fewer of the required chains than the trust list asks; else None.

    Args:
        results: Of all its anchors.
        quorum: Which chains count, and in how many jurisdictions.
        number: Which section, counted from 0.
    """
    held = {
        result.chain.jurisdiction: result.chain.id
        for result in results
        if result.chain.id in quorum.among and {check.outcome for check in result.checks} == {"passed"}
    }
    if len(held) >= quorum.threshold:
        return None
    told = ", ".join(f"{chain} of {jurisdiction}" for jurisdiction, chain in held.items()) or "none"
    detail = f"anchored in {len(held)} of {quorum.threshold} jurisdictions that are required ({told})"
    return Check(7, "absent", "chains-too-few", detail, number)

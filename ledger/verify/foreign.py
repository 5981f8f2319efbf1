"""Step 8: a checkpoint in the storage of the contract on another jurisdiction's chain, and who vouches for that block.

That contract took the checkpoint only with the seals or attestations of the first chain, and only if it extends what
it took before; whoever proves to it that the log showed two histories marks the log as disputed for ever.

Source: docs/spec/foreign-checkpoints.md and docs/spec/verification.md.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from ledger.core.evm.account import prove_slot
from ledger.core.evm.foreign import (
    ATTESTED,
    SEALED,
    Kind,
    Source,
    accepted_root_slot,
    disputed_slot,
    source_id,
)
from ledger.core.trust import TrustList
from ledger.core.trust.values import Chain, ForeignSource, LogKeys, Signers
from ledger.errors import LedgerError, MalformedError, ProofError
from ledger.verify.bundle import Section
from ledger.verify.chain_parts import Foreign
from ledger.verify.finality import judge_finality
from ledger.verify.notes import OpenNote
from ledger.verify.report import Check, best_unless_failed
from ledger.verify.storage import Held, note_on_chain, prove_contract, require_covers, require_same_log


class ForeignResult(NamedTuple):
    """What the other jurisdictions' chains showed of one section.

    Attributes:
        check: The section's line of step 8.
        not_counted: Parts that were passed over, and lines of their notes.
    """

    check: Check
    not_counted: tuple[str, ...] = ()


def check_foreign(
    section: Section,
    number: int,
    own: OpenNote | None,
    log: LogKeys | None,
    trust: TrustList,
    *,
    required_grade: str,
    now: int,
) -> ForeignResult:
    """Step 8 of one section that carries what other chains hold.

    Args:
        number: Which section, counted from 0.
        own: Its checkpoint, opened; None where it does not hold.
        log: The trust list's entry for it; None where there is none.
        required_grade: The least that must vouch for a block of the other chain.

    Cost: for each part one account proof, two storage proofs, and what its finality takes.
    """
    pointer = f"/sections/{number}/foreign"
    passed_over: list[str] = []
    checks: list[Check] = []
    for place, part in enumerate(section.foreign):
        chain, listed = trust.chain(part.chain), _listed(part, trust)
        reason = _not_counted(part, chain, listed, log)
        if chain is None or reason is not None:
            passed_over.append(f"section {number}: what is held on {part.chain}: {reason}")
            continue
        if own is None or log is None:
            detail = "the checkpoint does not hold"
            return ForeignResult(Check(8, "absent", "premise-failed", detail, number), tuple(passed_over))
        at = f"{pointer}/{place}"
        try:
            note, told = note_on_chain(part.checkpoint, own, log, trust, now)
            passed_over += [f"section {number}: {one}" for one in told]
            contract, held = _opened(part, listed)
            _prove_accepted(part, held, note, own, section)
        except LedgerError as error:
            checks.append(Check(8, "failed", error.code, f"{chain.id}: {error}", number, at))
            continue
        checks.append(_judged(part, note, held, contract, chain, trust, required_grade, number, at))
    if not checks:
        detail = "not held on another chain of the trust list"
        return ForeignResult(Check(8, "absent", "no-foreign", detail, number), tuple(passed_over))
    return ForeignResult(best_unless_failed(checks), tuple(passed_over))


def _listed(part: Foreign, trust: TrustList) -> Sequence[ForeignSource]:
    """The contracts of the trust list that may hold what a part shows."""
    return [one for one in trust.foreign if (one.chain, one.source_id) == (part.chain, part.source)]


def _not_counted(
    part: Foreign, chain: Chain | None, listed: Sequence[ForeignSource], log: LogKeys | None
) -> str | None:
    """Why a part says nothing to this verifier; None where it does."""
    if chain is None:
        return "a chain not in the trust list"
    if not listed:
        return f"from 0x{part.source.hex()}, a source not in the trust list"
    if log is not None and chain.jurisdiction == log.jurisdiction:
        return f"a chain of {log.jurisdiction}, whose log it is"
    if log is not None and chain.operator is not None and log.operator in chain.operator.organisations:
        return f"a chain of {log.operator}, whose log it is"
    if part.source in sources_of(chain):
        return "from a source that is an anchor of the same chain"
    return None


def _opened(part: Foreign, listed: Sequence[ForeignSource]) -> tuple[ForeignSource, Held]:
    """The contract's storage; where a source is listed in several contracts of the chain, the one that is proven.

    Raises:
        LedgerError: None of them is in the state of the block; the fault of the first.
    """
    fault: LedgerError | None = None
    for contract in listed:
        try:
            return contract, prove_contract(part.header, contract.contract, contract.code_hash, part.account)
        except LedgerError as error:
            fault = fault or error
    raise fault or ProofError("no contract is listed")


def _prove_accepted(part: Foreign, held: Held, note: OpenNote, own: OpenNote, section: Section) -> None:
    """The contract holds the checkpoint, no split of its log is proven, and it covers the section."""
    flag = prove_slot(held.storage_root, disputed_slot(note.log_id), part.disputed)
    if flag != bytes(len(flag)):
        raise ProofError(
            f"by block {held.header.number} it was proven that {note.signed.checkpoint.origin} showed two histories",
            code="log-disputed",
        )
    held.require_root(accepted_root_slot(part.source, note.log_id, note.size), part.storage, note)
    require_covers(section, note)
    require_same_log(part.consistency, note, own)


def _judged(
    part: Foreign,
    note: OpenNote,
    held: Held,
    contract: ForeignSource,
    chain: Chain,
    trust: TrustList,
    required_grade: str,
    number: int,
    pointer: str,
) -> Check:
    """The line of a part whose storage holds: who vouches for the block says whether it passes."""
    finality = judge_finality(
        part.finality,
        held.header,
        note,
        chain,
        contract=contract.contract,
        required_grade=required_grade,
    )
    shown = (
        f"{chain.id} block {held.header.number} holds size {note.size}, {_taken_from(part.source, trust)},"
        " not disputed as of that block"
    )
    return Check(
        8,
        finality.outcome,
        "foreign-accepted" if finality.outcome == "passed" else finality.code,
        f"{shown}; {finality.detail}",
        number,
        pointer,
    )


def _taken_from(source: bytes, trust: TrustList) -> str:
    """By whose word the contract took a checkpoint, where the trust list names the source's chain and first set."""
    for chain in trust.chains.values():
        found = sources_of(chain).get(source)
        if found is not None:
            return f"{found} of {chain.id}"
    return f"from source 0x{source.hex()}"


@lru_cache(maxsize=256)
def sources_of(chain: Chain) -> Mapping[bytes, str]:
    """Ids of the sources that a chain of the trust list may have begun as, each with how it shows a checkpoint."""
    ways: tuple[tuple[Kind, str, tuple[Signers, ...]], ...] = (
        (ATTESTED, "attested by attesters", chain.attesters),
        (SEALED, "sealed by validators", chain.validators),
    )
    found: dict[bytes, str] = {}
    for kind, told, sets in ways:
        for signers in sets:
            source = Source(
                chain.number,
                chain.genesis,
                chain.anchor,
                chain.code_hash,
                kind,
                signers.members,
                signers.organisations,
                signers.threshold,
            )
            try:
                found[source_id(source)] = told
            except MalformedError:  # no contract takes such a set
                continue
    return found

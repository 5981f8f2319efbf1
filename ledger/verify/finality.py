"""Step 7: who vouches that a block is final: the chain's operator, attesters, or its validators by their seals.

Whoever vouches is named by the verifier's own trust list, with the range of blocks for which it counts.  What the
list does not know is `absent`; what it knows and does not hold has failed.

Source: docs/spec/chain.md and docs/spec/verification.md.
"""

from typing import TYPE_CHECKING, NamedTuple

from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest
from ledger.core.evm.header import Header
from ledger.core.secp256k1 import recover
from ledger.core.times import format_time
from ledger.core.trust.values import Chain, Signers
from ledger.errors import LedgerError, SignatureError
from ledger.verify.chain_parts import Finality
from ledger.verify.notes import OpenNote
from ledger.verify.report import Outcome

if TYPE_CHECKING:  # loaded where a chain has seals; most have none
    from ledger.core.evm.seals import SealedHeader

GRADES = ("operator", "attested", "sealed")
"""Kinds of finality, weakest first."""


class Judged(NamedTuple):
    """What is known of a block's finality.

    Attributes:
        grade: Kind of finality that holds, whether or not it is enough; None where none does.
        by: Organisations that vouch; of seals, the chain whose validators they are.
        threshold: How many of them the set needs; 0 of seals, which are not counted by organisation.
    """

    outcome: Outcome
    code: str
    detail: str
    grade: str | None = None
    by: tuple[str, ...] = ()
    threshold: int = 0

    def independent_of(self, operator: str) -> tuple[str, ...]:
        """Who vouches beside the operator of the log; nobody where they are too few without it."""
        if self.grade == "sealed":
            return self.by
        others = tuple(one for one in self.by if one != operator)
        return others if self.grade == "attested" and len(others) >= self.threshold else ()


def judge_finality(
    finality: Finality,
    header: Header,
    note: OpenNote,
    chain: Chain,
    *,
    contract: bytes,
    required_grade: str,
) -> Judged:
    """Whether those who vouch for a block are named by the trust list, signed, and are enough.

    Args:
        finality: As the bundle has it.
        header: Of the block, already proven to hold the checkpoint.
        note: The checkpoint that `contract` holds in that block.
        chain: The trust list's entry.
        contract: Address of the contract that holds it: the anchor, or the one that keeps foreign checkpoints.
        required_grade: The least kind that the trust list asks for.

    Cost: a signature recovery for each signature or seal.
    """
    try:
        judged = _judge(finality, header, note, chain, contract)
    except LedgerError as error:
        return Judged("failed", error.code, str(error))
    if judged.grade is None or GRADES.index(judged.grade) >= GRADES.index(required_grade):
        return judged
    detail = f"{judged.detail}; the trust list asks {required_grade}"
    return judged._replace(outcome="absent", code="finality-insufficient", detail=detail)


def _judge(finality: Finality, header: Header, note: OpenNote, chain: Chain, contract: bytes) -> Judged:
    sealed = _read_sealed(header) if chain.consensus == "qbft" else None
    if finality.kind == "sealed":
        return _judge_seals(finality, header, sealed, chain)
    block_hash = header.hash if sealed is None else sealed.block_hash

    def digest_for(signers: Signers) -> bytes:
        return checkpoint_digest(
            CheckpointClaim(
                origin_chain_id=chain.number,
                genesis=chain.genesis,
                anchor=contract,
                log_id=note.log_id,
                size=note.size,
                root=note.root,
                block_hash=block_hash,
                block_number=header.number,
                block_time=header.time,
                set_id=signers.set_id,
            )
        )

    if finality.kind == "attested":
        from ledger.core.evm.attesters import verify_attestations

        found = _set_of(chain.attesters, finality, header, "attesters")
        if isinstance(found, Judged):
            return found
        attested = verify_attestations(
            digest_for(found), finality.signatures, found.members, found.organisations, found.threshold
        )
        count, of = len(attested.organisations), len({*found.organisations})
        said = f"attested {count} of {of} (epoch {found.epoch}), at {format_time(header.time)}"
        return Judged("passed", "attested", said, "attested", attested.organisations, found.threshold)
    if chain.operator is None:
        return Judged("absent", "operator-unknown", "the trust list names no operator key")
    signer = recover(digest_for(chain.operator), finality.signatures[0])
    (operator,) = chain.operator.members
    if signer != operator:
        raise SignatureError(f"signed by 0x{signer.hex()}; the operator's key is 0x{operator.hex()}")
    (organisation,) = chain.operator.organisations
    said = f"operator only: {organisation} says so, at {format_time(header.time)}"
    return Judged("passed", "operator-only", said, "operator", (organisation,), 1)


def _read_sealed(header: Header) -> "SealedHeader":
    from ledger.core.evm.seals import parse_sealed

    return parse_sealed(header)


def _judge_seals(finality: Finality, header: Header, sealed: "SealedHeader | None", chain: Chain) -> Judged:
    if sealed is None:
        detail = f"seals are given; the trust list says that the consensus of the chain is {chain.consensus}"
        return Judged("absent", "finality-unsupported", detail)
    from ledger.core.evm.seals import verify_seals

    found = _set_of(chain.validators, finality, header, "validators")
    if isinstance(found, Judged):
        return found
    count = len({*verify_seals(sealed, found.members)} & {*found.members})
    said = f"sealed {count} of {len(found.members)} (epoch {found.epoch}), at {format_time(header.time)}"
    return Judged("passed", "sealed", said, "sealed", (chain.id,))


def _set_of(sets: tuple[Signers, ...], finality: Finality, header: Header, what: str) -> Signers | Judged:
    """The set of the epoch named, which must be the one of the block; what the list does not know is absent."""
    from ledger.core.trust.epochs import epoch_of, require_current

    found = None if finality.epoch is None else epoch_of(sets, finality.epoch)
    if found is None:
        return Judged("absent", "epoch-unknown", f"the trust list has no {what} of epoch {finality.epoch}")
    require_current(sets, found, header.number)
    return found

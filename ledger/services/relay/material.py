"""What a relay carries: a checkpoint in the storage of a partner's chain, or a change of those who vouch for it.

Everything comes from strangers: a partner's node, its chain's nodes, or a file.  It counts once it holds under the
trust list: the log's own lines, the proof from the block's header to the root, and the seals or attestations of that
block.  The operator's word alone is not carried; no contract would take it.

    {"anchor": {"account", "chain", "finality", "header", "storage"}, "checkpoint": "<signed note>"}
    {"rotation": {"chain", "epoch", "header"}}                             of validators
    {"rotation": {"chain", "epoch", "newSignatures", "oldSignatures"}}     of attesters

Source: docs/spec/foreign.md.
"""

from typing import Any, Final, NamedTuple

from ledger.chain.port import StateProof
from ledger.core.canonical import BUNDLE_LIMIT, Json, decode
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.evm.anchor import root_at_slot
from ledger.core.evm.foreign import ATTESTED, SEALED, Kind, validator_set_hash
from ledger.core.evm.header import Header
from ledger.core.evm.seals import parse_sealed
from ledger.core.members import Members
from ledger.core.trust import TrustList
from ledger.core.trust.epochs import epoch_at
from ledger.core.trust.values import Chain
from ledger.errors import RefusedError, VerificationError
from ledger.verify.chain_parts import Anchor, read_anchors
from ledger.verify.finality import judge_finality
from ledger.verify.notes import OpenNote, open_note
from ledger.verify.storage import Held, prove_contract

WHAT: Final = "carried checkpoint"
_KIND_OF: Final[dict[str, Kind]] = {"attested": ATTESTED, "sealed": SEALED}


class Carried(NamedTuple):
    """A checkpoint on a partner's chain, verified, and all that a contract asks to take it.

    Attributes:
        chain: As the trust list has it; `header` is of its block, `block_hash` by its own rule.
        grade: `ATTESTED` or `SEALED`.
        set_hash: Id of the set that vouches for the block.
        anchor: Its proofs, and the signatures of attesters.
    """

    chain: Chain
    note: OpenNote
    header: Header
    block_hash: bytes
    grade: Kind
    set_hash: bytes
    anchor: Anchor


def examine(document: Json, trust: TrustList) -> Carried:
    """Hold what was given of a checkpoint against the trust list.

    Args:
        document: With members `anchor`, as in a bundle, and `checkpoint`.
        trust: Whom this node believes.

    Raises:
        MalformedError: Not of this form.
        VerificationError: It does not hold.
        RefusedError: `chain-unknown`, `log-unknown`: the trust list does not name it; `finality-operator`: nobody
            but the operator vouches for the block so far; or as `judge_finality` says that it is absent.

    Cost: an account proof, a storage proof, and a signature recovery for each attestation or seal.
    """
    top = Members(document, what=WHAT, pointer="", required=("anchor", "checkpoint"))
    (anchor,) = read_anchors(
        Members({"anchors": [top.json("anchor")]}, what=WHAT, pointer="", required=("anchors",))
    )
    chain = trust.chain(anchor.chain)
    if chain is None:
        raise RefusedError(f"the trust list does not name {anchor.chain}", code="chain-unknown")
    note = _opened(top.text("checkpoint").encode(), trust)
    held = prove_contract(anchor.header, chain.anchor, chain.code_hash, anchor.account)
    held.require_root(root_at_slot(note.log_id, note.size), anchor.storage, note)
    grade = _grade(anchor, held, note, chain)
    header = held.header
    sealed = parse_sealed(header) if chain.consensus == "qbft" else None
    if grade == SEALED and sealed is not None:
        set_hash = validator_set_hash(sealed.validators)
    else:
        set_hash = next(one.set_id for one in chain.attesters if one.epoch == anchor.finality.epoch)
    block_hash = header.hash if sealed is None else sealed.block_hash
    return Carried(chain, note, header, block_hash, grade, set_hash, anchor)


def _opened(note: bytes, trust: TrustList) -> OpenNote:
    origin = parse_checkpoint(note).checkpoint.origin
    log = trust.log(origin)
    if log is None:
        raise RefusedError(f"the trust list does not name the log {origin}", code="log-unknown")
    return open_note(note, origin, log)


def _grade(anchor: Anchor, held: Held, note: OpenNote, chain: Chain) -> Kind:
    """The kind of those who vouch for the block, once they are enough."""
    kind = _KIND_OF.get(anchor.finality.kind)
    if kind is None:
        raise RefusedError(
            f"nobody but the operator of {chain.id} vouches for block {held.header.number} so far",
            code="finality-operator",
        )
    judged = judge_finality(
        anchor.finality, held.header, note, chain, contract=chain.anchor, required_grade=anchor.finality.kind
    )
    if judged.outcome == "failed":
        raise VerificationError(f"{chain.id}: {judged.detail}", code=judged.code)
    if judged.outcome != "passed":
        raise RefusedError(f"{chain.id}: {judged.detail}", code=judged.code)
    return kind


def document_of(data: bytes) -> Any:
    """A document as the outbox keeps it."""
    return decode(data, limit=BUNDLE_LIMIT, what=WHAT)


def later_document(document: Any, chain: Chain, proof: StateProof) -> Json | None:
    """The same checkpoint shown by a later sealed block; None where that is of no epoch that the list names."""
    number = proof.header.number
    signers = epoch_at(chain.validators, number)
    if signers is None:
        return None
    anchor: dict[str, Json] = {
        "account": ["0x" + node.hex() for node in proof.account_nodes],
        "chain": chain.id,
        "finality": {"kind": "sealed", "epoch": signers.epoch},
        "header": "0x" + proof.header.encoded.hex(),
        "storage": ["0x" + node.hex() for node in proof.slots[0].nodes],
    }
    return {"anchor": anchor, "checkpoint": document["checkpoint"]}


def anchor_of(document: Any) -> Json:
    """What of an anchor is carried: without what a bundle adds for its own sections."""
    anchor = document["anchor"]
    return {name: anchor[name] for name in ("account", "chain", "finality", "header", "storage")}

"""Contradictions that a relay comes upon: two histories of a log, or of a chain.

Whatever is found stops the relay for good, before anything else is done, and is kept in a form that others can check:

    evidence-fork/1            two checkpoints of one size, both signed by the log; see docs/spec/fork.md
    evidence-contradiction/1   two headers that a chain's own set vouches for at one height; or a checkpoint, and the
                               proof that the contract took another root at its size

Source: docs/spec/foreign.md.
"""

from collections.abc import Mapping
from typing import Any, Final

from ledger.core.canonical import Json, encode
from ledger.core.checkpoint import parse_checkpoint
from ledger.errors import VerificationError
from ledger.services.relay.material import document_of
from ledger.store.relay import Item
from ledger.verify.fork import encode_fork

FORMAT: Final = "evidence-contradiction/1"


class ContradictionError(VerificationError):
    """What was just read contradicts what was carried before.

    Attributes:
        evidence: What proves it, canonical bytes.
        item: What it is about, where that waits in the outbox.
    """

    default_code = "relay-contradiction"

    def __init__(self, message: str, *, code: str, evidence: bytes, item: Item | None = None) -> None:
        super().__init__(message, code=code)
        self.evidence = evidence
        self.item = item


def log_forked(origin: str, size: int, first: bytes, second: bytes) -> ContradictionError:
    """Two signed checkpoints of one size and two roots."""
    evidence = encode_fork(parse_checkpoint(first), parse_checkpoint(second))
    return ContradictionError(
        f"{origin} signed two roots at size {size}", code="log-forked", evidence=evidence
    )


def chain_forked(chain: str, number: int, first: Json, second: Json) -> ContradictionError:
    """Two blocks of one height, each vouched for by the chain's own set; as carried."""
    evidence = encode({"format": FORMAT, "code": "chain-forked", "chain": chain, "a": first, "b": second})
    return ContradictionError(
        f"two blocks {number} of {chain} are vouched for as final", code="chain-forked", evidence=evidence
    )


def accepted_other(item: Item, accepted: bytes, proof: Mapping[str, Any]) -> ContradictionError:
    """The contract on the own chain holds another root at a size than the checkpoint that was to be carried.

    Args:
        item: The checkpoint with its anchor.
        accepted: The contract's root.
        proof: Header, account and storage nodes that show it.
    """
    evidence = encode(
        {
            "format": FORMAT,
            "code": "accepted-other",
            "a": document_of(item.document),
            "b": {"root": accepted.hex(), **proof},
            "origin": item.origin,
            "size": item.size,
        }
    )
    return ContradictionError(
        f"the own chain accepted root {accepted.hex()} of {item.origin} at size {item.size}, and another is anchored",
        code="accepted-other",
        evidence=evidence,
        item=item,
    )

"""Epochs: which set of a chain's attesters or validators vouches for a block.

A set vouches for the blocks from its first one to the last before the first of the next set.  Neither an older nor a
newer set says anything of a block outside its own range: keys that were retired must not come back.
"""

from collections.abc import Sequence

from ledger.core.trust.values import Signers
from ledger.errors import VerificationError


def epoch_of(sets: Sequence[Signers], epoch: int) -> Signers | None:
    """The set of this number; None where the list has none."""
    return next((signers for signers in sets if signers.epoch == epoch), None)


def epoch_at(sets: Sequence[Signers], number: int) -> Signers | None:
    """The set that vouches for block `number`, of sets in ascending order; None before the first."""
    begun = [signers for signers in sets if signers.start <= number]
    return begun[-1] if begun else None


def require_current(sets: Sequence[Signers], signers: Signers, number: int) -> None:
    """Check that `signers`, one of `sets`, vouches for block `number`.

    Raises:
        VerificationError: `epoch-stale`.
    """
    current = epoch_at(sets, number)
    if current is not signers and current != signers:
        told = "no epoch" if current is None else f"epoch {current.epoch}"
        raise VerificationError(
            f"block {number} is of {told}; epoch {signers.epoch} counts from block {signers.start}",
            code="epoch-stale",
        )

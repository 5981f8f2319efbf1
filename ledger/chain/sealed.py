"""Headers of a QBFT chain: named by their block hash, and believed for the seals of validators known beforehand.

The block hash of such a chain leaves out the seals and the round, so that nodes which saw other seals still call a
block by one name.  Every header but that of block 0 has to be sealed by a quorum of the validators configured for its
height; no node's word is taken for it, and a block is final as soon as it is there.

Source: docs/spec/chain.md; `ledger.core.evm.seals`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.core.evm.header import Header
from ledger.core.evm.seals import SealedHeader, parse_sealed, verify_seals
from ledger.errors import ChainError, LedgerError

_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Validators:
    """Who seals blocks from block `start` on: 20-byte addresses, distinct."""

    start: int
    members: tuple[bytes, ...]


class SealedChain:
    """Which headers of one QBFT chain are believed.

    Args:
        sets: The validators known, ascending by `start`.
    """

    def __init__(self, sets: Sequence[Validators]) -> None:
        self._sets = tuple(sets)
        self._verified: dict[bytes, None] = {}

    def named(self, header: Header, claimed: bytes) -> Header | None:
        """`header` with the chain's own block hash in `hash`, where that is `claimed`; else None."""
        if header.hash == claimed:
            return header
        try:
            sealed = parse_sealed(header)
        except LedgerError:
            return None
        return header._replace(hash=sealed.block_hash) if sealed.block_hash == claimed else None

    def require_sealed(self, header: Header) -> None:
        """Check that the configured validators sealed a header.

        Raises:
            ChainError: `chain-seals-invalid`.

        Cost: a signature recovery for each seal; none for one of the headers seen last.
        """
        if header.number == 0 or header.encoded in self._verified:
            return
        try:
            verify_seals(_of_block(header), self._trusted(header.number))
        except LedgerError as error:
            raise ChainError(
                f"block {header.number}, {header.hash.hex()}, is not sealed by the validators configured:"
                f" {error} ({error.code})",
                code="chain-seals-invalid",
            ) from error
        self._verified[header.encoded] = None
        while len(self._verified) > _REMEMBERED:
            self._verified.pop(next(iter(self._verified)), None)

    def _trusted(self, number: int) -> tuple[bytes, ...]:
        return next((one.members for one in reversed(self._sets) if one.start <= number), ())


def _of_block(header: Header) -> SealedHeader:
    sealed = parse_sealed(header)
    # A header named by the hash of all its bytes, seals included, is not the block that its seals are for.
    if sealed.block_hash != header.hash:
        raise ChainError(f"header is called {header.hash.hex()}; its block is {sealed.block_hash.hex()}")
    return sealed

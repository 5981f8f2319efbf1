"""Partners' chains that this node looks at itself, each opened when it is first asked for.

Source: docs/operations.md.
"""

import threading
from collections.abc import Sequence

from ledger.chain.port import Chain
from ledger.chains import Observed
from ledger.core.evm.header import Header
from ledger.core.trust.values import Chain as ListedChain
from ledger.errors import ChainError, RefusedError, VerificationError


class ObservedChains:
    """The chains of the settings' `observed`, by EIP-155 id.

    A chain that is named twice is the first one.
    """

    def __init__(self, observed: Sequence[Observed]) -> None:
        self._observed = {one.chain: one for one in reversed(observed)}
        self._opened: dict[int, Chain] = {}
        self._lock = threading.Lock()

    def get(self, number: int) -> Chain | None:
        """The chain of this id; None where none is configured.

        Raises:
            SetupError: `chain-url`: an address is none.
        """
        named = self._observed.get(number)
        if named is None:
            return None
        from ledger.services.home.chains import open_observed

        with self._lock:
            if number not in self._opened:
                self._opened[number] = open_observed(named)
            return self._opened[number]

    def close(self) -> None:
        """Release connections."""
        with self._lock:
            for chain in self._opened.values():
                chain.close()
            self._opened.clear()


def require_canonical(observed: Chain, header: Header, chain: ListedChain) -> None:
    """Check that a block is on the chain that this node sees itself, and final there.

    Args:
        chain: As a document names it.

    Raises:
        ChainError: `chain-wrong-genesis`, or the chain cannot be asked.
        VerificationError: `block-not-canonical`.
        RefusedError: `block-not-final`.
    """
    observed.check_identity()
    if observed.genesis_hash != chain.genesis:
        raise ChainError(
            f"the JSON-RPC node for {chain.id} has genesis block 0x{observed.genesis_hash.hex()};"
            f" 0x{chain.genesis.hex()} is required",
            code="chain-wrong-genesis",
        )
    final = observed.finalized_number()
    found = observed.header(header.number)
    if found is not None and found.hash != header.hash:
        raise VerificationError(
            f"block {header.number} of {chain.id} has hash {found.hash.hex()} as this node sees it,"
            f" not {header.hash.hex()}",
            code="block-not-canonical",
        )
    if found is None or header.number > final:
        raise RefusedError(
            f"block {header.number} of {chain.id} is not final yet as this node sees it; block {final} is",
            code="block-not-final",
        )

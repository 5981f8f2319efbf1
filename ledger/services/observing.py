"""Partners' chains that this node looks at itself, each opened when it is first asked for.

Source: docs/operations.md.
"""

import threading
from collections.abc import Sequence

from ledger.chain.port import Chain
from ledger.chains import Observed


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
        from ledger.services.chains import open_observed

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

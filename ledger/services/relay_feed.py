"""Where a relay reads a partner's log from: its node, or what somebody carried by hand.

Source: docs/spec/foreign.md.
"""

from collections.abc import Iterator
from typing import Protocol

from ledger.core.canonical import Json
from ledger.remote.relaying import Listed


class Feed(Protocol):
    """A partner's log, as somebody tells it.  Nothing it says is believed.

    Every method may raise RemoteError.
    """

    def latest(self) -> bytes:
        """The log's latest signed checkpoint."""
        ...

    def anchored(self, chain: str) -> Iterator[Listed]:
        """Anchors on a chain, in any order."""
        ...

    def carried(self, size: int, chain: str) -> Json:
        """A checkpoint and its anchor on a chain; see `ledger.services.relay_material`."""
        ...

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The path from a smaller to a larger size."""
        ...

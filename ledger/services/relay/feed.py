"""Where a relay reads a partner's log from: its node, or what somebody carried by hand.

Source: docs/spec/foreign.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ledger.chain.port import Chain
from ledger.core.canonical import Json
from ledger.errors import LedgerError, RemoteError
from ledger.remote.relaying import Listed
from ledger.store.foreign import Followed


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
        """A checkpoint and its anchor on a chain; see `ledger.services.relay.material`."""
        ...

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The path from a smaller to a larger size."""
        ...


@dataclass(slots=True)
class Route:
    """A source, and where its log is read.

    Attributes:
        origin: Of the log.
        observed: The source's chain through nodes of this node's own choice; None where there are none.
        trouble: Why reading it failed the last time.
        waiting: Anchored checkpoints for which nobody but the operator vouches yet.
        later: Sizes of which something was given that does not hold, and when to ask again, POSIX seconds.
    """

    followed: Followed
    origin: str
    feed: Feed
    observed: Chain | None = None
    trouble: LedgerError | None = field(default=None, compare=False)
    waiting: int = 0
    later: dict[int, int] = field(default_factory=dict)

    @property
    def chain(self) -> str:
        """CAIP-2 name of the source's chain."""
        return f"eip155:{self.followed.source.chain_id}"

    def require_block(self, number: int, *hashes: bytes) -> None:
        """Check that nodes of this node's own choice have this block, where there are such nodes.

        Raises:
            RemoteError: `block-not-canonical`: they have another one, or none.
            ChainError: They could not be asked, or are of another chain.
        """
        self.require_blocks([(number, *hashes)])

    def require_blocks(self, blocks: "Sequence[tuple[int, *tuple[bytes, ...]]]") -> None:
        """The same of several blocks, each its number and the hashes that it may have; the first fault is told."""
        if self.observed is None or not blocks:
            return
        self.observed.check_identity()  # once: the questions that follow go the same way
        for number, *hashes in blocks:
            found = self.observed.header(number)
            if found is None or found.hash not in hashes:
                said = "no such block" if found is None else f"block 0x{found.hash.hex()}"
                raise RemoteError(
                    f"block {number} of {self.chain} is 0x{hashes[0].hex()} by what was given; its nodes have {said}",
                    code="block-not-canonical",
                )

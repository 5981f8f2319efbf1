"""What a chain's node says that the contract holds of a log, held against the log, or else against its head key.

A node can invent a block, and in it any state.  What it cannot invent is the signature of the log's head key, which
the contract asks of every anchor and which therefore stands in the call data of a transaction.  What the log itself has
needs none; anything else counts for that signature alone.

Source: docs/spec/contract.md, docs/recovery.md.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ledger.chain.port import AnchoredEvent, Chain
from ledger.chain.several import pass_over
from ledger.core.evm.anchor import head_digest, heads_in
from ledger.core.evm.header import Header
from ledger.core.secp256k1 import recover
from ledger.errors import ChainError, SignatureError
from ledger.services.anchoring.contract import AnchorContract
from ledger.store.anchors import Anchors
from ledger.store.log import Log

SCANNED: Final = 10_000
"""Blocks in which announcements are looked for at a time, from the newest backwards."""
SCANS: Final = 1_000
"""Most times that they are looked for; a node that invents its last block may give it any number."""


class Held(NamedTuple):
    """What a contract holds of a log, in the state of a block."""

    size: int
    root: bytes
    contract: bytes
    header: Header


class ShownAnchors:
    """What one log's contract holds, as one chain shows it.

    Args:
        chain: Through whichever node.
        contract: Its address, 20 bytes.
        code_hash: Keccak-256 of its runtime code.
        log_id: Of the log.
        head_address: Of the log's head key.
        log: To be compared with.
        anchors: Evidence of earlier anchors: where to begin looking.
    """

    def __init__(
        self,
        chain: Chain,
        contract: bytes,
        code_hash: bytes,
        log_id: bytes,
        *,
        head_address: bytes,
        log: Log,
        anchors: Anchors,
    ) -> None:
        self._chain = chain
        self._address = contract
        self._contract = AnchorContract(chain, contract, code_hash, log_id)
        self._log_id = log_id
        self._head_address = head_address
        self._log = log
        self._anchors = anchors

    def last(self) -> Held | None:
        """Size and root anchored last: what the log has too, or what its head key signed.  None before the first.

        Raises:
            ChainError: `anchor-unsigned`: it is neither; and whatever keeps the chain from answering.
        """
        self._chain.check_identity()
        header = self._chain.head()
        size = self._contract.held_size(header)
        if size == 0:
            return None
        root = self._contract.root_at(size, header)
        if not self.is_ours(size, root):
            self.require_signed(size, root, header)
        return Held(size, root, self._address, header)

    def is_ours(self, size: int, root: bytes) -> bool:
        """Whether the log has that root at that size."""
        return size <= self._log.head.size and self._log.root_at(size) == root

    def require_signed(self, size: int, root: bytes, header: Header) -> None:
        """Find the transaction that anchored a head, and the head key's signature in it.

        Args:
            size: Of the head; `root` likewise.
            header: Of the last block.

        Raises:
            ChainError: `anchor-unsigned`; another node of the chain is asked first from then on, where it has several.
        """
        for events in self._announced(self._first(size), header.number):
            for event in events:
                if event.size == size and event.root == root and self._is_signed(event):
                    return
        name = self._chain.description
        pass_over(self._chain)
        raise ChainError(
            f"{name} shows size {size} with root {root.hex()} of log {self._log.origin} in block"
            f" {header.number}, and no transaction that carries its head key's signature over that: it counts for"
            " nothing",
            code="anchor-unsigned",
        )

    def up_to(self, size: int, header: Header, *, after: int, first: int) -> list[AnchoredEvent]:
        """Announcements of the sizes above `after` up to `size`, ascending; each names the size before it.

        Args:
            header: Of the last block in which they are looked for; `first` is the number of the first one.
        """
        found: list[AnchoredEvent] = []
        for events in self._announced(first, header.number):
            by_size = {event.size: event for event in events}
            while size > after and size in by_size and by_size[size].previous_size < size:
                found.append(by_size[size])
                size = by_size[size].previous_size
            if size <= after:
                break
        return found[::-1]

    def _announced(self, first: int, last: int) -> Iterator[list[AnchoredEvent]]:
        """Announcements of the log in the blocks `first` to `last`, some blocks at a time, the newest first."""
        for _ in range(SCANS):
            if last < first:
                return
            start = max(first, last - SCANNED + 1)
            yield self._chain.anchored(self._address, self._log_id, first=start, last=last)
            last = start - 1

    def _first(self, size: int) -> int:
        """A block that is not after the one that anchored `size`, as far as it is known."""
        held = self._anchors.latest_anchored(f"eip155:{self._chain.chain_id}")
        return held.row.block_number if held is not None and held.row.size <= size else 0

    def _is_signed(self, event: AnchoredEvent) -> bool:
        data = self._chain.call_data(event.transaction_hash)
        digest = head_digest(self._log_id, event.size, event.root)
        for head in () if data is None else heads_in(data):
            try:
                if recover(digest, head.signature) == self._head_address:
                    return True
            except SignatureError:
                continue
        return False

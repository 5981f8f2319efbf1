"""From a mined transaction to evidence that stands: captured when it is mined, vouched for when its block is final.

Source: docs/spec/chain.md.
"""

from ledger.chain.evidence import Evidence as Captured
from ledger.chain.evidence import capture
from ledger.chain.port import Chain, Inclusion
from ledger.core.checkpoint import parse_checkpoint
from ledger.core.evm.receipt import anchored_event, parse_receipt
from ledger.errors import ChainError, LedgerError, ProofError
from ledger.services.anchoring.evidence import Anchored, Vouching, capture_of, evidence_of
from ledger.store.anchors import Anchors
from ledger.store.captures import Capture, Captures
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint


class Recorder:
    """Makes evidence of what one contract on one chain holds of one log.

    Args:
        chain: Where it is.
        contract: Its address, 20 bytes.
        code_hash: Keccak-256 of its runtime code.
        log_id: Of the log.
        vouching: Who signs for blocks that are final.
        checkpoints: The log's own.
        anchors: Where evidence is stored.
        captures: Where it waits until its block is final.
    """

    def __init__(
        self,
        chain: Chain,
        contract: bytes,
        code_hash: bytes,
        log_id: bytes,
        *,
        vouching: Vouching,
        checkpoints: Checkpoints,
        anchors: Anchors,
        captures: Captures,
    ) -> None:
        self._chain = chain
        self._contract = contract
        self._code_hash = code_hash
        self._log_id = log_id
        self._vouching = vouching
        self._checkpoints = checkpoints
        self._anchors = anchors
        self._captures = captures

    @property
    def _name(self) -> str:
        return f"eip155:{self._chain.chain_id}"

    def is_anchored(self, size: int, included: Inclusion) -> bool:
        """Whether a mined transaction announced the anchor: it did not fail, and there was a contract to call."""
        receipt = parse_receipt(included.receipt)
        for position in range(len(receipt.logs)):
            try:
                anchored_event(receipt, position, self._contract, self._log_id, size)
            except ProofError:
                continue
            return True
        return False

    def keep(self, size: int, included: Inclusion, now: int) -> None:
        """Capture a mined anchor at once, where its block is not final yet.  A crash here leaves it to the next try.

        Raises:
            ChainError: The chain does not show it.
        """
        if self._captures.of(self._name, size, included.header.hash) is None:
            captured = self._fetch(size, included, now)
            if captured is not None:
                self._captures.record(captured)

    def record(self, size: int, included: Inclusion, now: int, *, intent: int | None) -> None:
        """Vouch for an anchor in a final block and store the evidence; one transaction of the database.

        Where nobody asked while the node still had the state of that block, a later block shows the anchor as well,
        for what is anchored stays; it is waited for until that block is final.
        """
        kept = self._captures.of(self._name, size, included.header.hash)
        if kept is not None and self._vouch(kept, now, intent):
            return
        try:
            kept = self._fetch(size, included, now)
        except ChainError as error:
            if error.code != "chain-proof-unavailable":
                raise
            kept = self._shown_later(size, now)
        if kept is not None:
            self._vouch(kept, now, intent, is_fresh=True)

    def _vouch(self, kept: Capture, now: int, intent: int | None, *, is_fresh: bool = False) -> bool:
        try:
            evidence = evidence_of(kept, self._anchored(kept.size), self._vouching, now, intent)
        except (LedgerError, TypeError, ValueError, KeyError):
            if is_fresh:
                raise
            return False  # damaged while it was kept; the chain may have it still
        self._anchors.record_evidence(evidence)
        self._captures.settle(self._name, kept.size)
        return True

    def _shown_later(self, size: int, now: int) -> Capture | None:
        """A capture under a later block that is final by now; where none is on its way, one is made."""
        final = self._chain.finalized_number()
        is_waiting = False
        for kept in self._captures.without_receipt(self._name, size):
            header = self._chain.header(kept.block_number)
            if header is None or header.hash != kept.block_hash:
                continue
            if kept.block_number <= final:
                return kept
            is_waiting = True
        if not is_waiting:
            self._captures.record(
                self._checked(capture(self._chain, self._contract, self._log_id, size, None), now)
            )
        return None

    def _fetch(self, size: int, included: Inclusion, now: int) -> Capture | None:
        captured = capture(self._chain, self._contract, self._log_id, size, included.transaction_hash)
        if captured.header.hash != included.header.hash:
            return None
        return self._checked(captured, now)

    def _checked(self, captured: Captured, now: int) -> Capture:
        if captured.code_hash != self._code_hash:
            raise ChainError(
                f"code at 0x{captured.anchor.hex()} had hash 0x{captured.code_hash.hex()} in block"
                f" {captured.header.number}; 0x{self._code_hash.hex()} is required",
                code="chain-wrong-contract",
            )
        require_root(self._stored(captured.storage.size), captured.storage.root, self._name)
        return capture_of(captured, now)

    def _anchored(self, size: int) -> Anchored:
        chain, root = self._chain, parse_checkpoint(self._stored(size).note).checkpoint.root
        return Anchored(
            chain.chain_id, chain.genesis_hash, self._contract, self._code_hash, self._log_id, size, root
        )

    def _stored(self, size: int) -> StoredCheckpoint:
        stored = self._checkpoints.at(size)
        assert stored is not None  # what is sent or adopted is a stored checkpoint
        return stored


def require_root(stored: StoredCheckpoint, root: bytes, chain: str) -> None:
    """What the contract holds at a size is the root of our own checkpoint.

    Raises:
        ChainError: `anchor-contradiction`.
    """
    ours = parse_checkpoint(stored.note).checkpoint.root
    if root != ours:
        raise ChainError(
            f"the contract on {chain} holds root {root.hex()} of this log at size {stored.size}; ours is {ours.hex()}",
            code="anchor-contradiction",
        )

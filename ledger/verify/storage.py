"""What a contract's storage held at a block: from the header to the account, and from there to the slot.

The slots are computed here from what was verified before; nothing in a bundle says where to look.

Source: docs/spec/chain.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.core.evm.account import prove_account, prove_slot
from ledger.core.evm.header import Header, parse_header
from ledger.core.merkle import verify_consistency
from ledger.core.times import LATEST
from ledger.core.trust import TrustList
from ledger.core.trust.values import LogKeys
from ledger.errors import MalformedError, ProofError
from ledger.verify.bundle import Section
from ledger.verify.notes import OpenNote, cosigned, open_note


class Held(NamedTuple):
    """The storage of one contract in the state of one block."""

    header: Header
    storage_root: bytes

    def written(self, slot: bytes, nodes: Sequence[bytes], size: int) -> bytes:
        """The root, 32 bytes, that the contract took for a size; what was never written reads as zero and is none.

        Raises:
            ProofError: `not-anchored`, or the nodes lead elsewhere.
            MalformedError: A node is not canonical.
        """
        found = prove_slot(self.storage_root, slot, nodes)
        if found == bytes(len(found)):
            raise ProofError(f"contract holds nothing at size {size} of this log", code="not-anchored")
        return found

    def require_root(self, slot: bytes, nodes: Sequence[bytes], note: OpenNote) -> None:
        """Check that the contract holds the checkpoint's root at its size.

        Raises:
            ProofError: `anchored-root`, or as `written`.
            MalformedError: A node is not canonical.
        """
        found = self.written(slot, nodes, note.size)
        if found != note.root:
            raise ProofError(
                f"contract holds {found.hex()} at size {note.size}; the checkpoint has {note.root.hex()}",
                code="anchored-root",
            )


def prove_contract(header: bytes, contract: bytes, code_hash: bytes, account: Sequence[bytes]) -> Held:
    """The storage of the contract that the trust list names, under a header that nobody vouches for yet.

    Args:
        header: RLP of the block's header.
        contract: Its address.
        code_hash: Keccak-256 of its runtime code.
        account: Trie nodes from the state root.

    Raises:
        MalformedError: The header or a node is not canonical, or the block's time is beyond the year 9999.
        ProofError: `code-hash`, `account-absent`, or the nodes lead elsewhere.
    """
    read = parse_header(header)
    if read.time > LATEST:
        raise MalformedError(f"block {read.number} has a time beyond the year 9999", code="time-malformed")
    found = prove_account(read.state_root, contract, account)
    if found.code_hash != code_hash:
        raise ProofError(
            f"code at 0x{contract.hex()} has hash 0x{found.code_hash.hex()};"
            f" the trust list has 0x{code_hash.hex()}",
            code="code-hash",
        )
    return Held(read, found.storage_root)


def note_on_chain(
    checkpoint: bytes | None, own: OpenNote, log: LogKeys, trust: TrustList, now: int
) -> tuple[OpenNote, tuple[str, ...]]:
    """The checkpoint that a chain holds: the section's own, or another one of the same log; and lines passed over.

    Raises:
        LedgerError: The other one's log lines do not hold, or a known witness's line on it does not.
    """
    if checkpoint is None:
        return own, ()
    note = open_note(checkpoint, log.origin, log)
    return note, cosigned(note, trust, log, now).not_counted


def require_covers(section: Section, note: OpenNote) -> None:
    """Check that every item of the section is in the tree that the chain holds.

    Raises:
        ProofError: `anchor-too-small`.
    """
    last = max(item.index for item in section.items)
    if last >= note.size:
        raise ProofError(f"anchored size {note.size} does not cover entry {last}", code="anchor-too-small")


def require_same_log(consistency: Sequence[bytes] | None, note: OpenNote, own: OpenNote) -> None:
    """Check that the tree that the chain holds and the section's are one log at two sizes.

    Raises:
        ProofError: `split-view`, `consistency-missing`, `consistency-superfluous`, or the path does not hold.
    """
    if note.size == own.size:
        if consistency is not None:
            raise ProofError("consistency is given between equal sizes", code="consistency-superfluous")
        if note.root != own.root:
            raise ProofError(
                f"two roots for size {own.size}: {note.root.hex()} and {own.root.hex()}", code="split-view"
            )
        return
    if consistency is None:
        raise ProofError(
            f"consistency between sizes {own.size} and {note.size} is missing", code="consistency-missing"
        )
    smaller, larger = sorted((own, note), key=lambda one: one.size)
    verify_consistency(smaller.size, larger.size, smaller.root, larger.root, consistency)

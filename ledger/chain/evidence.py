"""What an anchor leaves on a chain, captured once and complete, so that it never need be asked for again.

Nodes forget old state after minutes or hours.  Whoever anchors captures header, account proof, storage proof
and receipt at once and keeps them; a verifier then needs no chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.chain.port import Chain, Inclusion, StateProof
from ledger.core.evm.anchor import root_at_slot
from ledger.core.evm.header import Header
from ledger.core.evm.receipt import anchored_event, parse_receipt
from ledger.errors import ChainError, ProofError


@dataclass(frozen=True, slots=True)
class StorageProof:
    """Proof of the root anchored at one size: `rootAt[logId][size] == root`."""

    size: int
    root: bytes
    nodes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ReceiptProof:
    """The transaction receipt that announced the anchor, and where in it.

    Attributes:
        index: Of the transaction in its block.
        encoded: The receipt as it stands in the receipts trie.
        nodes: Receipts trie from the root to it.
        log: Position of the `Anchored` event within the receipt.
        previous_size: The size anchored before, as the event says.
    """

    index: int
    encoded: bytes
    nodes: tuple[bytes, ...]
    log: int
    previous_size: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """An anchor as one block shows it, verified under that block's header.

    Attributes:
        chain_id: EIP-155 id of the chain.
        genesis_hash: Of its block 0.
        anchor: Address of the contract.
        code_hash: Keccak-256 of the contract's code, from its proven account.
        log_id: Whose roots these are.
        header: Of the block; its `encoded` is what a bundle carries.
        account: State trie from the root to the contract's account.
        storage: Proof of the size asked for.
        starts: Proofs of the extra sizes, in the order asked.
        receipt: Absent when no transaction was named.
    """

    chain_id: int
    genesis_hash: bytes
    anchor: bytes
    code_hash: bytes
    log_id: bytes
    header: Header
    account: tuple[bytes, ...]
    storage: StorageProof
    starts: tuple[StorageProof, ...]
    receipt: ReceiptProof | None


def capture(
    chain: Chain,
    anchor: bytes,
    log_id: bytes,
    size: int,
    transaction_hash: bytes | None,
    *,
    extra_sizes: Sequence[int] = (),
) -> Evidence:
    """Fetch and verify all that proves the anchor of `size` leaves of a log.

    Args:
        chain: Where it was anchored.
        anchor: Address of the contract, 20 bytes.
        log_id: 32 bytes.
        size: Anchored size.
        transaction_hash: The transaction that anchored it: evidence is then of its block and has its
            receipt.  None for evidence of the last block, which shows that, but not when.
        extra_sizes: Further anchored sizes to prove under the same header, such as the `from` of a head key.

    Raises:
        ChainError: `anchor-absent` when the transaction is in no block, or a size is not anchored;
            `anchor-contradiction` when event and storage disagree; else what the chain raises.
    """
    included = None
    if transaction_hash is not None:
        included = chain.inclusion(transaction_hash)
        if included is None:
            raise ChainError(f"transaction {transaction_hash.hex()} is in no block", code="anchor-absent")
    header = chain.head() if included is None else included.header
    slots = [root_at_slot(log_id, each) for each in (size, *extra_sizes)]
    proof = chain.state_proof(anchor, slots, header)
    storage, *starts = _storage_proofs(proof, (size, *extra_sizes))
    receipt = None if included is None else _receipt_proof(included, anchor, log_id, storage)
    return Evidence(
        chain_id=chain.chain_id,
        genesis_hash=chain.genesis_hash,
        anchor=anchor,
        code_hash=proof.account.code_hash,
        log_id=log_id,
        header=header,
        account=proof.account_nodes,
        storage=storage,
        starts=tuple(starts),
        receipt=receipt,
    )


def _storage_proofs(proof: StateProof, sizes: Sequence[int]) -> list[StorageProof]:
    found = []
    for size, slot in zip(sizes, proof.slots, strict=True):
        if slot.value == bytes(32):
            raise ChainError(
                f"contract 0x{proof.address.hex()} has no root at size {size} in block {proof.header.number}",
                code="anchor-absent",
            )
        found.append(StorageProof(size, slot.value, slot.nodes))
    return found


def _receipt_proof(included: Inclusion, anchor: bytes, log_id: bytes, storage: StorageProof) -> ReceiptProof:
    receipt = parse_receipt(included.receipt)
    for position in range(len(receipt.logs)):
        try:
            root, previous = anchored_event(receipt, position, anchor, log_id, storage.size)
        except ProofError:
            continue
        if root != storage.root:
            raise ChainError(
                f"event announces root {root.hex()} at size {storage.size}; storage has {storage.root.hex()}",
                code="anchor-contradiction",
            )
        return ReceiptProof(included.index, included.receipt, included.nodes, position, previous)
    raise ChainError(
        f"transaction {included.transaction_hash.hex()} did not anchor size {storage.size} of this log",
        code="anchor-absent",
    )

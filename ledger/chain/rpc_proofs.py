"""Proofs fetched from a JSON-RPC node and verified before anybody else sees them."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.chain.port import Inclusion, SlotProof, StateProof
from ledger.chain.rpc import RpcNode, RpcRefusedError
from ledger.chain.rpc_encoding import invalid, read_data, read_list, read_object, read_quantity, receipt_of
from ledger.core.evm import trie
from ledger.core.evm.account import prove_account, prove_slot
from ledger.core.evm.header import Header
from ledger.core.evm.receipt import prove_receipt, receipt_key
from ledger.errors import ChainError, MalformedError, ProofError

_HASH_LENGTH = 32


def prove_inclusion(node: RpcNode, header: Header, hashes: Sequence[bytes], index: int) -> Inclusion:
    """The receipt of transaction `index`, proven under the receipts root of `header`.

    Args:
        node: Has the block of `header`.
        header: Of the block.
        hashes: Of all its transactions, in order.
        index: Of the transaction wanted.

    Raises:
        ChainError: `chain-answer-invalid`: the receipts are not those of the block.

    Cost: all receipts of the block are fetched and their trie is built.
    """
    shown = _receipts(node, header, hashes)
    if len(shown) != len(hashes):
        raise invalid(f"{len(shown)} receipts for a block of {len(hashes)} transactions")
    encoded = {receipt_key(position): receipt_of(each) for position, each in enumerate(shown)}
    root, nodes = trie.root_and_proof(encoded, receipt_key(index))
    if root != header.receipts_root:
        raise invalid(f"receipts that are not those of block {header.hash.hex()}")
    receipt = encoded[receipt_key(index)]
    try:
        status = prove_receipt(header.receipts_root, index, receipt, nodes).status
    except (MalformedError, ProofError) as error:
        raise invalid(f"a malformed transaction receipt: {error}") from error
    before = _cumulative_gas(shown[index - 1]) if index else 0
    used = _cumulative_gas(shown[index]) - before
    return Inclusion(hashes[index], header, index, receipt, nodes, status, used)


def _cumulative_gas(receipt: Mapping[str, Any]) -> int:
    return read_quantity(receipt.get("cumulativeGasUsed"), "cumulative gas")


def _receipts(node: RpcNode, header: Header, hashes: Sequence[bytes]) -> Sequence[Any]:
    """All receipts of a block, one by one where the node cannot give them together."""
    try:
        return read_list(node.request("eth_getBlockReceipts", hex(header.number)), "block receipts")
    except RpcRefusedError as error:
        if not error.method_missing:
            raise
    return [
        read_object(node.request("eth_getTransactionReceipt", "0x" + each.hex()), "transaction receipt")
        for each in hashes
    ]


def prove_state(node: RpcNode, address: bytes, slots: Sequence[bytes], header: Header) -> StateProof:
    """Account and storage slots after the block of `header`, proven under its state root.

    A proof that leads elsewhere, or is refused, is asked for once more: a node that is taking up the next block at that
    moment may show the state after it, or miss a node of its trie (anvil does, of a transaction that it mines as soon
    as it is sent).

    Raises:
        ChainError: `chain-proof-unavailable` when the node gives none, `chain-account-absent` when the
            proof shows that nothing is there, `chain-proof-invalid` when it leads elsewhere both times, as it
            also does after the block was replaced.
    """
    try:
        return _proven_state(node, address, slots, header)
    except ChainError as error:
        if error.code not in {"chain-proof-invalid", "chain-proof-unavailable"}:
            raise
        return _proven_state(node, address, slots, header)


def _proven_state(node: RpcNode, address: bytes, slots: Sequence[bytes], header: Header) -> StateProof:
    # Slots as 32 bytes: some nodes refuse the shorter forms that others ask for.
    wanted = ["0x" + slot.hex() for slot in slots]
    try:
        answer = node.request("eth_getProof", "0x" + address.hex(), wanted, hex(header.number))
    except RpcRefusedError as error:
        raise ChainError(str(error), code="chain-proof-unavailable") from error
    fields = read_object(answer, "state proof")
    account_nodes = _nodes(fields.get("accountProof"))
    shown = read_list(fields.get("storageProof"), "storage proofs")
    if len(shown) != len(slots):
        raise invalid(f"{len(shown)} storage proofs; {len(slots)} are required")
    try:
        account = prove_account(header.state_root, address, account_nodes)
        proven = []
        for slot, each in zip(slots, shown, strict=True):
            nodes = _nodes(read_object(each, "storage proof").get("proof"))
            if account.storage_root == trie.EMPTY_ROOT:
                nodes = ()  # some nodes give the empty trie's only node, which proves nothing more
            proven.append(SlotProof(slot, prove_slot(account.storage_root, slot, nodes), nodes))
    except (ProofError, MalformedError) as error:
        code = "chain-account-absent" if error.code == "account-absent" else "chain-proof-invalid"
        raise ChainError(
            f"{node.name} gave a state proof for block {header.hash.hex()} that does not hold: {error}",
            code=code,
        ) from error
    return StateProof(header, address, account, account_nodes, tuple(proven))


def _nodes(value: Any) -> tuple[bytes, ...]:
    """Trie nodes; those below 32 bytes stand inside their parent and are left out where a node lists them."""
    nodes = [read_data(node, "trie node") for node in read_list(value, "trie nodes")]
    return tuple(node for at, node in enumerate(nodes) if at == 0 or len(node) >= _HASH_LENGTH)

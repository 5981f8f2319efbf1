"""Merkle Patricia proofs out of a py-evm database, for any block it ever had.

Source: EIP-1186 for what is proven, the yellow paper's appendix D for the trie.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eth.abc import DatabaseAPI
from trie.hexary import HexaryTrie

from ledger.core.evm import rlp
from ledger.core.evm.account import Account, parse_account
from ledger.core.evm.trie import EMPTY_ROOT
from ledger.core.keccak import HASH_LENGTH, keccak256

_NO_ACCOUNT = Account(0, 0, EMPTY_ROOT, keccak256(b""))


@dataclass(frozen=True, slots=True)
class Proof:
    """An account as one block has it, with trie nodes from the root to it.

    Attributes:
        account: All zero and empty where the nodes prove that there is none.
        nodes: State trie from the root to the account.
        slots: Each slot with its value and the nodes from the account's storage root to it.
    """

    account: Account
    nodes: tuple[bytes, ...]
    slots: tuple[tuple[bytes, int, tuple[bytes, ...]], ...]


def prove(store: DatabaseAPI, state_root: bytes, address: bytes, slots: Sequence[bytes]) -> Proof:
    """Account and storage proofs under `state_root`.

    Args:
        store: Of the chain; any py-evm database will do.
        state_root: Of any block in it.
        address: 20 bytes.
        slots: Storage slots, 32 bytes each.
    """
    encoded, nodes = _get(store, state_root, keccak256(address))
    account = parse_account(encoded) if encoded else _NO_ACCOUNT
    proven = []
    for slot in slots:
        value, storage_nodes = _get(store, account.storage_root, keccak256(slot))
        number = rlp.read_integer(rlp.decode(value), "storage value") if value else 0
        proven.append((slot, number, storage_nodes))
    return Proof(account, nodes, tuple(proven))


def _get(store: DatabaseAPI, root: bytes, key: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Value under `key`, empty where there is none, and the nodes that show it.

    Children below 32 bytes stand inside their parent and are no nodes of their own.
    """
    trie = HexaryTrie(store, root)
    encoded = [rlp.encode(node) for node in trie.get_proof(key)]  # type: ignore[no-untyped-call]
    nodes = tuple(node for at, node in enumerate(encoded) if at == 0 or len(node) >= HASH_LENGTH)
    return bytes(trie[key]), nodes

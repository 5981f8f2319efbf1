"""Accounts and storage slots, proven under a header's state root.

State trie: keccak(address) -> RLP [nonce, balance, storage root, code hash].
Storage trie: keccak(slot) -> RLP of the value as an integer; zero is never stored.

Source: Ethereum yellow paper, section 4.1; EIP-1186 for the shape of the proofs.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.core.evm import rlp, trie
from ledger.core.keccak import HASH_LENGTH, keccak256
from ledger.errors import MalformedError, ProofError


class Account(NamedTuple):
    """An account at one block.

    Attributes:
        code_hash: Keccak-256 of the runtime code: which contract this is.
    """

    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes


def parse_account(encoded: bytes) -> Account:
    """Read the value of the state trie.

    Raises:
        MalformedError: Not four canonical fields.
    """
    nonce, balance, storage_root, code_hash = rlp.read_list(rlp.decode(encoded), "account", 4)
    return Account(
        nonce=rlp.read_integer(nonce, "account nonce", 8),
        balance=rlp.read_integer(balance, "account balance"),
        storage_root=rlp.read_bytes(storage_root, "account storage root", HASH_LENGTH),
        code_hash=rlp.read_bytes(code_hash, "account code hash", HASH_LENGTH),
    )


def prove_account(state_root: bytes, address: bytes, nodes: Sequence[bytes]) -> Account:
    """The account at `address` (20 bytes) under `state_root`.

    Raises:
        ProofError: `nodes` lead elsewhere, or prove that there is none (`account-absent`).
        MalformedError: A node, or the account, is not canonical.
    """
    encoded = trie.get(state_root, keccak256(address), nodes)
    if encoded is None:
        raise ProofError(f"state has no account 0x{address.hex()}", code="account-absent")
    return parse_account(encoded)


def prove_slot(storage_root: bytes, slot: bytes, nodes: Sequence[bytes]) -> bytes:
    """The 32 bytes at `slot` (32 bytes) under `storage_root`; zeros where nothing was ever stored.

    Raises:
        ProofError: `nodes` lead elsewhere.
        MalformedError: A node is not canonical, or the value is no minimal non-zero integer.
    """
    encoded = trie.get(storage_root, keccak256(slot), nodes)
    if encoded is None:
        return bytes(32)
    value = rlp.read_integer(rlp.decode(encoded), "storage value")
    if not value:
        raise MalformedError("storage trie holds a zero", code="rlp-not-canonical")
    return value.to_bytes(32, "big")

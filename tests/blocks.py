"""Blocks of a chain whose state is one anchor contract among strangers' accounts, made from the trie up."""

from collections.abc import Mapping
from typing import Any

from ledger.core.evm import rlp
from ledger.core.evm.anchor import ANCHORED_TOPIC, root_at_slot
from ledger.core.evm.receipt import receipt_key
from ledger.core.evm.trie import root_and_proof
from ledger.core.keccak import keccak256

CODE_HASH = keccak256(b"the contract's code")
ANCHOR = bytes.fromhex("28af7a244d8aa76f0a6489d95271004fde8aac75")


def hexed(data: bytes) -> str:
    """EVM form of bytes."""
    return "0x" + data.hex()


def minimal(value: int) -> bytes:
    """An integer as RLP writes it."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def header_of(state_root: bytes, receipts_root: bytes, *, time: int, number: int) -> bytes:
    """RLP of a header of seventeen fields."""
    return rlp.encode(
        (
            keccak256(b"parent"), keccak256(rlp.encode(())), bytes(20), state_root, keccak256(b"txs"), receipts_root,
            bytes(256), b"", minimal(number), minimal(30_000_000), minimal(80_000), minimal(time), b"", bytes(32),
            bytes(8), minimal(1), keccak256(rlp.encode(b"")),
        )
    )  # fmt: skip


def trie_of(slots: Mapping[bytes, bytes], wanted: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Root of a contract's storage, and the proof of one slot; a value of zeros is not stored."""
    stored = {keccak256(slot): rlp.encode(value.lstrip(b"\0")) for slot, value in slots.items() if any(value)}
    root, nodes = root_and_proof(stored, keccak256(wanted))
    return root, tuple(nodes)


def state_of(contract: bytes, code_hash: bytes, storage_root: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """State root with one contract among strangers' accounts, and its account proof."""
    account = rlp.encode((b"\1", b"", storage_root, code_hash))
    others = {
        keccak256(bytes([n]) * 20): rlp.encode((minimal(n), minimal(10**n), keccak256(b""), keccak256(b"")))
        for n in range(1, 9)
    }
    root, nodes = root_and_proof({**others, keccak256(contract): account}, keccak256(contract))
    return root, tuple(nodes)


def block_of(
    slots: Mapping[bytes, bytes], log_id: bytes, size: int, root: bytes, *, time: int, number: int
) -> dict[str, Any]:
    """A block after the last anchor: header, account and storage proofs, and a receipt of `Anchored`."""
    storage_root, storage_nodes = trie_of(slots, root_at_slot(log_id, size))
    state_root, account_nodes = state_of(ANCHOR, CODE_HASH, storage_root)
    topics = (ANCHORED_TOPIC, log_id, size.to_bytes(32, "big"))
    logs = ((ANCHOR, topics, root + bytes(32)),)
    receipt = b"\2" + rlp.encode((b"\1", minimal(80_000), bytes(256), logs))
    plain = rlp.encode((b"\1", minimal(21_000), bytes(256), ()))
    receipts_root, receipt_nodes = root_and_proof(
        {receipt_key(0): plain, receipt_key(1): receipt}, receipt_key(1)
    )
    header = header_of(state_root, receipts_root, time=time, number=number)
    return {
        "header": header,
        "hash": keccak256(header),
        "number": number,
        "time": time,
        "storage_root": storage_root,
        "account": account_nodes,
        "storage": storage_nodes,
        "receipt": {
            "index": 1,
            "bytes": hexed(receipt),
            "nodes": [hexed(node) for node in receipt_nodes],
            "log": 0,
        },
    }

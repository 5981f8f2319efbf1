"""A chain of two blocks in memory, made by py-evm, and proofs about it: the source of `vectors/evm.json`.

Its contract is assembled by hand and does what the anchor contract does after its checks: two writes and one
event, all from the call data.  Everything in here is fixed, so the vectors come out the same each time:
`python -m tests.core.evm.chain` writes them.
"""

import json
import warnings
from pathlib import Path
from typing import Any

from ledger.core.evm import anchor

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import rlp
    from eth.chains.base import MiningChain
    from eth.consensus import NoProofConsensus
    from eth.db.atomic import AtomicDB
    from eth.vm.forks.prague import PragueVM
    from eth_account import Account
    from trie import HexaryTrie

VECTORS = Path(__file__).parents[2] / "vectors" / "evm.json"
CHAIN_ID = 31001
GENESIS_TIME = 1_795_305_600
CONTRACT = bytes.fromhex("a1" * 20)
CODE = bytes.fromhex(
    "602035600035556060356040355560406080600037"  # sstore twice; copy root and previous size
    "6101003560e03560c03560406000a300"  # log3
)
LOG_ID = anchor.log_id(
    "registry.example.xa/XA/2026", bytes.fromhex("a7b8525139d25f7578dc47dd1b7c0e5a4d216061")
)
SENDERS = [Account.from_key(bytes([n]) * 32) for n in range(1, 5)]


def root_of(size: int) -> bytes:
    return anchor.keccak256(b"root at %d" % size)


def anchor_data(size: int, previous: int) -> bytes:
    words = (
        anchor.root_at_slot(LOG_ID, size),
        root_of(size),
        anchor.head_slot(LOG_ID),
        size.to_bytes(32, "big"),
        root_of(size),
        previous.to_bytes(32, "big"),
        anchor.ANCHORED_TOPIC,
        LOG_ID,
        size.to_bytes(32, "big"),
    )
    return b"".join(words)


def new_chain() -> Any:
    vm = PragueVM.configure(consensus_class=NoProofConsensus)
    kind = MiningChain.configure("VectorChain", vm_configuration=((0, vm),), chain_id=CHAIN_ID)
    empty = {"balance": 0, "nonce": 0, "code": b"", "storage": {}}
    state = {bytes([n]) * 20: {**empty, "balance": n} for n in range(1, 60)}
    state |= {bytes.fromhex(sender.address[2:]): {**empty, "balance": 10**20} for sender in SENDERS}
    state[CONTRACT] = {**empty, "nonce": 1, "code": CODE}
    genesis = {"difficulty": 0, "gas_limit": 30_000_000, "timestamp": GENESIS_TIME, "nonce": bytes(8)}
    return kind.from_genesis(AtomicDB(), genesis, state)


def transactions(chain: Any) -> list[Any]:
    """Types 0, 1, 2 and 4, enough of them for a receipts trie of several levels; the last one fails."""
    to = {"to": CONTRACT, "value": 0, "gas": 200_000, "chainId": CHAIN_ID}
    legacy = {"gasPrice": 2 * 10**9}
    listed = {**legacy, "type": 1, "accessList": []}
    dynamic = {"type": 2, "maxFeePerGas": 2 * 10**9, "maxPriorityFeePerGas": 1}
    signed = SENDERS[3].sign_authorization({"chainId": CHAIN_ID, "address": to["to"], "nonce": 0})
    delegating = {**dynamic, "type": 4, "authorizationList": [signed]}
    calls = [(0, legacy), (1, listed), (2, dynamic), (2, delegating)] + [(0, legacy)] * 14
    nonces = dict.fromkeys(range(4), 0)
    raw = []
    for count, (who, kind) in enumerate(calls):
        call = {**to, **kind, "nonce": nonces[who], "data": anchor_data(count + 1, count)}
        nonces[who] += 1
        raw.append(SENDERS[who].sign_transaction(call).raw_transaction)
    failing = {**to, **legacy, "nonce": nonces[0], "gas": 30_000, "data": anchor_data(99, 0)}
    raw.append(SENDERS[0].sign_transaction(failing).raw_transaction)
    builder = chain.get_vm().get_transaction_builder()
    return [builder.decode(bytes(each)) for each in raw]


def proof(trie: Any, key: bytes) -> list[str]:
    encoded = [rlp.encode(node) for node in trie.get_proof(key)]
    return ["0x" + node.hex() for n, node in enumerate(encoded) if n == 0 or len(node) >= 32]


def make_vectors() -> dict[str, Any]:
    chain = new_chain()
    result, receipts, _ = chain.mine_all(transactions(chain), timestamp=GENESIS_TIME + 12)
    header = result.imported_block.header
    store = chain.chaindb.db
    state = HexaryTrie(store, header.state_root)
    account = rlp.decode(state[anchor.keccak256(CONTRACT)])
    storage = HexaryTrie(store, account[2])
    slots = {
        "head": anchor.head_slot(LOG_ID),
        **{f"rootAt {size}": anchor.root_at_slot(LOG_ID, size) for size in (1, 4, 18, 1000)},
    }
    encoded = [receipt.encode() for receipt in receipts]
    receipts_trie = HexaryTrie({})
    for index, receipt in enumerate(encoded):
        receipts_trie[rlp.encode(index)] = receipt
    assert receipts_trie.root_hash == header.receipt_root
    return {
        "about": "made by py-evm (Prague), a contract at `anchor` that writes and logs what it is sent",
        "header": "0x" + rlp.encode(header).hex(),
        "hash": "0x" + header.hash.hex(),
        "number": header.block_number,
        "time": header.timestamp,
        "stateRoot": "0x" + header.state_root.hex(),
        "receiptsRoot": "0x" + header.receipt_root.hex(),
        "anchor": "0x" + CONTRACT.hex(),
        "codeHash": "0x" + anchor.keccak256(CODE).hex(),
        "logId": "0x" + LOG_ID.hex(),
        "account": proof(state, anchor.keccak256(CONTRACT)),
        "absentAccount": {
            "address": "0x" + "ee" * 20,
            "nodes": proof(state, anchor.keccak256(b"\xee" * 20)),
        },
        "storage": [
            {
                "name": name,
                "slot": "0x" + slot.hex(),
                "value": "0x" + rlp.decode(storage[key] or b"\x80").rjust(32, b"\0").hex(),
                "nodes": proof(storage, key),
            }
            for name, slot in slots.items()
            for key in [anchor.keccak256(slot)]
        ],
        "receipts": [
            {
                "index": index,
                "type": receipt[0] if receipt[0] < 0x80 else 0,
                "bytes": "0x" + receipt.hex(),
                "nodes": proof(receipts_trie, rlp.encode(index)),
            }
            for index, receipt in enumerate(encoded)
        ],
    }


def written(vectors: dict[str, Any]) -> str:
    return json.dumps(vectors, indent=1) + "\n"


if __name__ == "__main__":
    VECTORS.write_text(written(make_vectors()))

"""Rows of `vectors/cross_chain/state.json`: what a sealed header's state proves of the anchor contract.

The header of each row carries valid seals of three of four validators: nothing is wrong with it but, in one row,
its state root.
"""

import warnings
from collections.abc import Sequence
from typing import Any

from tests.core.evm.forging import NUMBER, TRUE, Raw, address, encoded, forge, keys

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import rlp
    from eth_utils import keccak
    from trie import HexaryTrie

FOUR = keys(4)
STATE_ROOT = 3
ANCHOR = bytes.fromhex(TRUE["anchor"][2:])
CODE_HASH = bytes.fromhex(TRUE["codeHash"][2:])
LOG_ID = bytes.fromhex(TRUE["logId"][2:])
TRUE_STATE = bytes.fromhex(TRUE["stateRoot"][2:])
ACCOUNT = [bytes.fromhex(node[2:]) for node in TRUE["account"]]
STORED = {one["name"]: one for one in TRUE["storage"]}
SIZE = 4


def nodes_of(name: str) -> list[bytes]:
    return [bytes.fromhex(node[2:]) for node in STORED[name]["nodes"]]


STORAGE = nodes_of(f"rootAt {SIZE}")
ROOT = bytes.fromhex(STORED[f"rootAt {SIZE}"]["value"][2:])


def root_at(log_id: bytes, size: int) -> bytes:
    """Slot of `rootAt[logId][size]`."""
    return bytes(keccak(size.to_bytes(32, "big") + keccak(log_id + bytes(32))))


def row(
    name: str,
    error: str | None,
    *,
    account: Sequence[bytes] = ACCOUNT,
    storage: Sequence[bytes] = STORAGE,
    state_root: bytes = TRUE_STATE,
    **more: Any,
) -> dict[str, Any]:
    made = forge(FOUR, fields={STATE_ROOT: state_root, NUMBER: b"\x04\xb4"})
    told = {
        "name": name,
        "header": "0x" + made.header.hex(),
        "trusted": ["0x" + one.hex() for one in map(address, FOUR)],
        "anchor": "0x" + ANCHOR.hex(),
        "codeHash": "0x" + CODE_HASH.hex(),
        "logId": "0x" + LOG_ID.hex(),
        "size": SIZE,
        "account": ["0x" + node.hex() for node in account],
        "storage": ["0x" + node.hex() for node in storage],
        "valid": error is None,
        **({"root": "0x" + ROOT.hex()} if error is None else {"error": error}),
    }
    return {**told, **more}


def relinked(nodes: Sequence[bytes], last: bytes) -> list[bytes]:
    """The proof with its last node exchanged, every hash above it made right again."""
    made = [*nodes[:-1], last]
    for place in range(len(made) - 2, -1, -1):
        was, now = bytes(keccak(nodes[place + 1])), bytes(keccak(made[place + 1]))
        assert was in made[place]
        made[place] = made[place].replace(was, now)
    return made


def with_account(account: bytes, **how: Any) -> dict[str, Any]:
    """The true state, with another account behind a true path."""
    path, _ = rlp.decode(ACCOUNT[-1])
    made = relinked(ACCOUNT, encoded([path, account]))
    return {"account": made, "state_root": bytes(keccak(made[0])), **how}


def with_storage(storage: Sequence[bytes]) -> dict[str, Any]:
    """The true account, with another storage."""
    nonce, balance, _, code = rlp.decode(rlp.decode(ACCOUNT[-1])[1])
    return with_account(encoded([nonce, balance, bytes(keccak(storage[0])), code]), storage=storage)


def with_value(value: bytes) -> dict[str, Any]:
    """The true storage, with another value behind a true path."""
    path, _ = rlp.decode(STORAGE[-1])
    return with_storage(relinked(STORAGE, encoded([path, value])))


def with_last(node: Any) -> dict[str, Any]:
    return with_storage(relinked(STORAGE, encoded(node)))


def flipped(nodes: Sequence[bytes], place: int) -> list[bytes]:
    return [*nodes[:place], nodes[place][:-1] + bytes([nodes[place][-1] ^ 1]), *nodes[place + 1 :]]


def good() -> list[dict[str, Any]]:
    alone = HexaryTrie({})
    alone[keccak(root_at(LOG_ID, SIZE))] = rlp.encode(ROOT)
    only = [rlp.encode(node) for node in alone.get_proof(keccak(root_at(LOG_ID, SIZE)))]
    first = STORED["rootAt 1"]
    small = (1).to_bytes(32, "big")
    return [
        row("a true block's proof", None),
        row(
            "another size of the same log",
            None,
            storage=nodes_of("rootAt 1"),
            size=1,
            root=first["value"],
        ),
        row("the only slot of its contract", None, **with_storage(only)),
        row(
            "a root that is the number 1", None, **{**with_value(encoded(b"\1")), "root": "0x" + small.hex()}
        ),
        row(
            "a root with a leading zero byte",
            None,
            **{**with_value(encoded(b"\7" * 31)), "root": "0x00" + "07" * 31},
        ),
    ]


def bad_nodes() -> list[dict[str, Any]]:
    absent = [bytes.fromhex(node[2:]) for node in TRUE["absentAccount"]["nodes"]]
    made = []
    for what, nodes in (("account", ACCOUNT), ("storage", STORAGE)):
        made += [
            row(f"{what}: no nodes", "proof-truncated", **{what: []}),
            row(f"{what}: last node missing", "proof-truncated", **{what: nodes[:-1]}),
            row(f"{what}: first node missing", "proof-invalid", **{what: nodes[1:]}),
            row(f"{what}: middle node missing", "proof-invalid", **{what: [nodes[0], *nodes[2:]]}),
            row(f"{what}: a node too many", "proof-surplus", **{what: [*nodes, nodes[-1]]}),
            row(f"{what}: an empty node after the last", "proof-surplus", **{what: [*nodes, b""]}),
            row(f"{what}: first node twice", "proof-invalid", **{what: [nodes[0], *nodes]}),
            row(f"{what}: nodes from the leaf up", "proof-invalid", **{what: nodes[::-1]}),
            row(f"{what}: a bit of the first node", "proof-invalid", **{what: flipped(nodes, 0)}),
            row(
                f"{what}: a bit of the last node", "proof-invalid", **{what: flipped(nodes, -1 % len(nodes))}
            ),
        ]
    made += [
        row("another state root", "proof-invalid", state_root=b"\x5a" * 32),
        row(
            "account proven absent", "account-absent", account=absent, anchor=TRUE["absentAccount"]["address"]
        ),
        row("proof of another account", "proof-invalid", account=absent),
        row("code of another contract", "code-hash", codeHash="0x" + "c0" * 32),
    ]
    return made


def bad_slots() -> list[dict[str, Any]]:
    nothing = bytes(keccak(b"\x80"))
    nonce, balance, storage_root, code = rlp.decode(rlp.decode(ACCOUNT[-1])[1])
    empty = encoded([nonce, balance, nothing, code])
    return [
        row("slot of another size, chosen by the sender", "proof-invalid", storage=nodes_of("rootAt 18")),
        row("slot of the head in place of a root", "proof-invalid", storage=nodes_of("head")),
        row("a size that was never anchored", "not-anchored", storage=nodes_of("rootAt 1000"), size=1000),
        row("contract without storage", "not-anchored", **with_account(empty, storage=[])),
        row("another log", "proof-surplus", logId="0x" + "10" * 32, storage=nodes_of("rootAt 1")),
        row("value with a leading zero byte", "rlp-not-canonical", **with_value(encoded(b"\0" + b"\7" * 31))),
        row("value zero, which no trie holds", "rlp-not-canonical", **with_value(encoded(b""))),
        row("value zero written as a byte", "rlp-not-canonical", **with_value(b"\0")),
        row("value with a prefix it does not need", "rlp-not-canonical", **with_value(b"\x81\x01")),
        row("value of 33 bytes", "rlp-shape", **with_value(encoded(b"\1" + bytes(32)))),
        row("value in a list", "rlp-shape", **with_value(encoded([ROOT]))),
        row("a byte after the value", "rlp-trailing", **with_value(encoded(ROOT) + b"\0")),
        row("account of three fields", "rlp-shape", **with_account(encoded([nonce, balance, storage_root]))),
        row(
            "account of five fields",
            "rlp-shape",
            **with_account(encoded([nonce, balance, storage_root, code, b""])),
        ),
        row(
            "account nonce with a leading zero",
            "rlp-not-canonical",
            **with_account(encoded([b"\0" + (nonce or b"\1"), balance, storage_root, code])),
        ),
        row(
            "code hash of 31 bytes",
            "rlp-shape",
            **with_account(encoded([nonce, balance, storage_root, code[:31]])),
        ),
    ]


def bad_shapes() -> list[dict[str, Any]]:
    """Nodes that no canonical trie holds, every hash above them right."""
    path, value = rlp.decode(STORAGE[-1])
    nibbles = path.hex()
    odd = int(nibbles[0], 16) & 1
    assert not odd, "the flags below are those of a path of even length"
    branch = [b""] * 17
    one_child = [*branch]
    one_child[int(nibbles[2], 16)] = keccak(b"somewhere")
    valued = [*branch]
    valued[int(nibbles[2], 16)] = keccak(b"somewhere")
    valued[(int(nibbles[2], 16) + 1) % 16] = b"\1" * 31
    return [
        row("leaf of three items", "trie-node", **with_last([path, value, b""])),
        row("leaf without a value", "trie-node", **with_last([path, b""])),
        row("path with padding", "trie-node", **with_last([b"\x2f" + path[1:], value])),
        row("path with unknown flags", "trie-node", **with_last([b"\x40" + path[1:], value])),
        row("path without flags", "trie-node", **with_last([b"", value])),
        row("extension with an empty path", "trie-node", **with_last([b"\x00", keccak(b"somewhere")])),
        row("extension to 31 bytes", "trie-node", **with_last([b"\x00" + path[1:], b"\1" * 31])),
        row("branch of one child", "trie-node", **with_last(one_child)),
        row("branch with a reference of 31 bytes", "trie-node", **with_last(valued)),
        row("branch of sixteen items", "trie-node", **with_last(branch[:16])),
        row(
            "node that is a byte string", "rlp-shape", **with_storage(relinked(STORAGE, encoded(b"\7" * 40)))
        ),
        row(
            "node with a byte after it",
            "rlp-trailing",
            **with_storage(relinked(STORAGE, STORAGE[-1] + b"\0")),
        ),
        row(
            "node with a longer length than it needs",
            "rlp-not-canonical",
            **with_last([Raw(b"\xb8" + bytes([len(path)]) + path), value]),
        ),
    ]


def rows() -> list[dict[str, Any]]:
    return [*good(), *bad_nodes(), *bad_slots(), *bad_shapes()]

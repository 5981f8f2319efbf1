"""Merkle Patricia tries of Ethereum: state, storage and receipts.

A proof is the encoded nodes from the root towards the key.  It is accepted in one form only: root first,
every node used exactly once, none left over; nodes shorter than 32 bytes stand inside their parent and never
alone.

Source: Ethereum yellow paper, appendix D.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from ledger.core.evm import rlp
from ledger.core.keccak import HASH_LENGTH, keccak256
from ledger.errors import MalformedError, ProofError

EMPTY_ROOT = keccak256(rlp.encode(b""))

_Node = tuple[rlp.Item, ...]
_Nibbles = bytes  # one byte for each nibble

_BRANCH = 17
_VALUE = 16
_WHOLE = frozenset({0, HASH_LENGTH})  # bytes in a branch's reference, none where it has no such child
_LONG = {2: 55, 3: 255}  # bytes that a list has more than, by the length of its prefix
_SHORT = 2  # items of a leaf or an extension
_FROM_HEX = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))
_ODD = 1  # flags in the first nibble of a compact path
_LEAF = 2


def get(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    """The value under `key` in the trie with `root`, or None where `nodes` prove that there is none.

    Args:
        root: 32 bytes; believed.
        key: As it stands in the trie: the keccak of an address or slot, the RLP of a transaction's index.
        nodes: Encoded nodes, root first; none for the empty trie.

    Raises:
        ProofError: A node is missing (`proof-truncated`), hashes to something else (`proof-invalid`) or is
            not needed (`proof-surplus`).
        MalformedError: A node is not one a canonical trie can hold.

    Cost: a hash for each node, at most 2 * len(key) + 1.
    """
    used = 0

    def load(want: bytes) -> bytes:
        nonlocal used
        if used == len(nodes):
            raise ProofError(
                f"trie proof of {len(nodes)} nodes ends before node {want.hex()}", code="proof-truncated"
            )
        encoded = nodes[used]
        found = keccak256(encoded)
        if found != want:
            raise ProofError(f"trie node {used} has hash {found.hex()}; its parent says {want.hex()}")
        used += 1
        return encoded

    value = _lookup(root, key, load)
    if used != len(nodes):
        raise ProofError(f"trie proof has {len(nodes)} nodes; {used} lead to the key", code="proof-surplus")
    return value


def _lookup(root: bytes, key: bytes, load: Callable[[bytes], bytes]) -> bytes | None:
    if root == EMPTY_ROOT:
        return None
    path = _nibbles(key)
    node = _decode_node(load(root))
    while True:
        if len(node) == _BRANCH:
            if not path:
                return rlp.read_bytes(node[_VALUE], "branch value") or None
            child, path = node[path[0]], path[1:]
            if child == b"":
                return None
            node = _follow(child, load)
            continue
        segment, is_leaf = _decode_path(node[0])
        if is_leaf:
            return rlp.read_bytes(node[1], "leaf value") if segment == path else None
        if path[: len(segment)] != segment:
            return None
        path = path[len(segment) :]
        node = _follow(node[1], load)
        if len(node) != _BRANCH:
            raise MalformedError("trie extension leads to a node that is no branch", code="trie-node")


def _follow(child: rlp.Item, load: Callable[[bytes], bytes]) -> _Node:
    if not isinstance(child, bytes):
        return child  # checked together with its parent
    encoded = load(child)
    if len(encoded) < HASH_LENGTH:
        raise MalformedError(
            f"trie node of {len(encoded)} bytes stands alone; below {HASH_LENGTH} it belongs in its parent",
            code="trie-node",
        )
    return _decode_node(encoded)


def _decode_node(encoded: bytes) -> _Node:
    plain = _plain_branch().fullmatch(encoded)
    if plain is not None:
        prefix, *children = plain.groups(b"")
        length = len(encoded) - len(prefix)
        if int.from_bytes(prefix[1:]) == length and length > _LONG[len(prefix)]:
            return tuple(children)
    node = rlp.read_list(rlp.decode(encoded), "trie node")
    _check_node(node)
    return node


@cache
def _plain_branch() -> re.Pattern[bytes]:
    """Almost every branch of a real trie: no value, and children that are hashes or absent.

    A match is 17 strings, each in its one encoding, after the prefix of a long list.  Where the prefix is the one of
    that length there are more than 55 bytes, hence two children, and these are the items that the strict decoder and
    `_check_node` would find.
    """
    return re.compile(rb"(\xf8.|\xf9..)" + _VALUE * rb"(?:\x80|\xa0(.{32}))" + rb"\x80()", re.DOTALL)


def _check_node(node: _Node) -> None:
    """Refuse what no canonical trie holds, in this node and in those that stand inside it."""
    if len(node) == _BRANCH:
        rlp.read_bytes(node[_VALUE], "branch value")
        if node.count(b"") > _BRANCH - 2:
            raise MalformedError("trie branch has fewer than two entries", code="trie-node")
        for child in node[:_VALUE]:
            if not isinstance(child, bytes) or len(child) not in _WHOLE:
                _check_reference(child)
        return
    if len(node) != _SHORT:
        raise MalformedError(f"trie node has {len(node)} items; 2 or 17 are required", code="trie-node")
    segment, is_leaf = _decode_path(node[0])
    if is_leaf:
        if not rlp.read_bytes(node[1], "leaf value"):
            raise MalformedError("trie leaf has no value", code="trie-node")
    elif not segment:
        raise MalformedError("trie extension has an empty path", code="trie-node")
    else:
        _check_reference(node[1])
        if not isinstance(node[1], bytes) and len(node[1]) != _BRANCH:
            raise MalformedError("trie extension leads to a node that is no branch", code="trie-node")


def _check_reference(child: rlp.Item) -> None:
    """A child is the hash of a node, or a node too short to be worth one."""
    if isinstance(child, bytes):
        if len(child) != HASH_LENGTH:
            raise MalformedError(
                f"trie reference has {len(child)} bytes; {HASH_LENGTH} are required", code="trie-node"
            )
        return
    size = len(rlp.encode(child))
    if size >= HASH_LENGTH:
        raise MalformedError(f"trie node of {size} bytes stands inside its parent", code="trie-node")
    _check_node(child)


def _nibbles(key: bytes) -> _Nibbles:
    return key.hex().encode().translate(_FROM_HEX)


def _decode_path(item: rlp.Item) -> tuple[_Nibbles, bool]:
    """Nibbles of a compact ("hex-prefix") path, and whether it belongs to a leaf."""
    nibbles = _nibbles(rlp.read_bytes(item, "trie path"))
    if not nibbles or nibbles[0] > _ODD | _LEAF:
        raise MalformedError("trie path has no valid flags", code="trie-node")
    flags = nibbles[0]
    if flags & _ODD:
        return nibbles[1:], bool(flags & _LEAF)
    if nibbles[1]:
        raise MalformedError("trie path has padding other than zero", code="trie-node")
    return nibbles[2:], bool(flags & _LEAF)


def root_and_proof(values: Mapping[bytes, bytes], key: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Root of the trie that holds exactly `values`, and the proof that `get` takes for `key`.

    Args:
        values: Non-empty value for each key.
        key: One of the keys; for another the proof shows its absence.

    Raises:
        MalformedError: A value is empty, which a trie cannot hold.

    Cost: the whole trie is built; a fifth of one Ed25519 check for each value.
    """
    if not values:
        return EMPTY_ROOT, ()
    if not all(values.values()):
        raise MalformedError("trie value is empty", code="trie-node")
    stored: dict[bytes, bytes] = {}
    encoded = rlp.encode(_build([(_nibbles(each), value) for each, value in sorted(values.items())], stored))
    root = keccak256(encoded)
    stored[root] = encoded
    proof = []

    def load(want: bytes) -> bytes:
        proof.append(stored[want])
        return stored[want]

    _lookup(root, key, load)
    return root, tuple(proof)


def _build(entries: Sequence[tuple[_Nibbles, bytes]], stored: dict[bytes, bytes]) -> _Node:
    """Node over sorted `entries`; nodes below it that have a hash of their own go into `stored`."""
    first, value = entries[0]
    if len(entries) == 1:
        return (_encode_path(first, _LEAF), value)
    last = entries[-1][0]
    shared = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    if shared:
        rest = [(path[shared:], value) for path, value in entries]
        return (_encode_path(first[:shared], 0), _reference(_build(rest, stored), stored))
    children: list[rlp.Item] = []
    for nibble in range(_VALUE):
        below = [(path[1:], value) for path, value in entries if path[:1] == bytes((nibble,))]
        children.append(_reference(_build(below, stored), stored) if below else b"")
    return (*children, b"" if first else value)


def _reference(node: _Node, stored: dict[bytes, bytes]) -> rlp.Item:
    encoded = rlp.encode(node)
    if len(encoded) < HASH_LENGTH:
        return node
    reference = keccak256(encoded)
    stored[reference] = encoded
    return reference


def _encode_path(nibbles: _Nibbles, kind: int) -> bytes:
    flagged = bytes((kind | _ODD,)) + nibbles if len(nibbles) % 2 else bytes((kind, 0)) + nibbles
    return bytes(high << 4 | low for high, low in zip(flagged[::2], flagged[1::2], strict=True))

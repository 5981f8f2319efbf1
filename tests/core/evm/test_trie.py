"""Trie proofs; the PyPI package `trie` is the oracle for roots, proofs and verdicts."""

import random
import re
from collections.abc import Callable
from unittest.mock import patch

import pytest
import rlp as rlp_oracle
from hypothesis import given
from hypothesis import strategies as st
from trie import HexaryTrie

from ledger.core.evm import rlp, trie
from ledger.core.keccak import keccak256
from ledger.errors import LedgerError, MalformedError, ProofError

# Short keys share prefixes and stand inside their parents; long values do not.
KEYS = st.binary(max_size=3)
VALUES = st.one_of(st.binary(min_size=1, max_size=4), st.binary(min_size=30, max_size=40))
TRIES = st.dictionaries(KEYS, VALUES, min_size=1, max_size=40)


def oracle_root_and_proof(values: dict[bytes, bytes], key: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    built = HexaryTrie({})
    for each, value in values.items():
        built[each] = value
    encoded = [rlp_oracle.encode(node) for node in built.get_proof(key)]
    # The oracle repeats nodes that stand inside their parents; a proof in one form does not.
    return built.root_hash, tuple(node for n, node in enumerate(encoded) if n == 0 or len(node) >= 32)


@given(TRIES, st.data())
def test_root_proof_and_value_equal_the_oracle_for_keys_present_and_absent(
    values: dict[bytes, bytes], data: st.DataObject
) -> None:
    key = data.draw(st.one_of(st.sampled_from(sorted(values)), KEYS))
    root, nodes = trie.root_and_proof(values, key)
    assert (root, nodes) == oracle_root_and_proof(values, key)
    assert trie.get(root, key, nodes) == values.get(key)


def test_the_empty_trie_proves_absence_without_nodes() -> None:
    assert trie.root_and_proof({}, b"key") == (trie.EMPTY_ROOT, ())
    assert trie.get(trie.EMPTY_ROOT, b"key", ()) is None
    assert HexaryTrie({}).root_hash == trie.EMPTY_ROOT


def test_receipt_tries_of_every_size_to_200_have_the_oracles_root() -> None:
    built = HexaryTrie({})
    values: dict[bytes, bytes] = {}
    for index in range(200):
        key = rlp.encode(rlp.encode_integer(index))
        values[key] = built[key] = keccak256(key) * 3
        if index % 7 == 0 or 120 < index < 140:
            root, nodes = trie.root_and_proof(values, key)
            assert root == built.root_hash
            assert trie.get(root, key, nodes) == values[key]


def test_an_empty_value_cannot_be_stored() -> None:
    with pytest.raises(MalformedError):
        trie.root_and_proof({b"key": b""}, b"key")


def sample(seed: int = 1) -> tuple[bytes, bytes, bytes, tuple[bytes, ...]]:
    source = random.Random(seed)
    values = {source.randbytes(32): source.randbytes(40) for _ in range(300)}
    key = min(values)
    root, nodes = trie.root_and_proof(values, key)
    assert len(nodes) >= 3
    return root, key, values[key], nodes


def refuse(root: bytes, key: bytes, nodes: tuple[bytes, ...]) -> LedgerError:
    with pytest.raises((ProofError, MalformedError)) as refused:
        trie.get(root, key, nodes)
    return refused.value


def test_every_changed_byte_of_a_proof_is_refused() -> None:
    root, key, value, nodes = sample()
    assert trie.get(root, key, nodes) == value
    for place, node in enumerate(nodes):
        for at in range(len(node)):
            changed = node[:at] + bytes((node[at] ^ 1,)) + node[at + 1 :]
            assert refuse(root, key, (*nodes[:place], changed, *nodes[place + 1 :])).code == "proof-invalid"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda nodes: nodes[:-1], "proof-truncated"),
        (lambda nodes: (), "proof-truncated"),
        (lambda nodes: nodes[1:], "proof-invalid"),
        (lambda nodes: (*nodes, nodes[-1]), "proof-surplus"),
        (lambda nodes: (*nodes, b""), "proof-surplus"),
        (lambda nodes: (nodes[0], *nodes), "proof-invalid"),
        (lambda nodes: nodes[::-1], "proof-invalid"),
        (lambda nodes: (nodes[0], nodes[2], nodes[1], *nodes[3:]), "proof-invalid"),
        (lambda nodes: (nodes[0] + b"\0", *nodes[1:]), "proof-invalid"),
    ],
)
def test_a_node_missing_doubled_moved_or_left_over_is_refused(
    change: Callable[[tuple[bytes, ...]], tuple[bytes, ...]], code: str
) -> None:
    root, key, _, nodes = sample()
    assert refuse(root, key, change(nodes)).code == code


def test_a_surplus_node_beside_the_empty_trie_is_refused() -> None:
    assert refuse(trie.EMPTY_ROOT, b"key", (b"\x80",)).code == "proof-surplus"


def test_a_proof_of_one_key_does_not_serve_another() -> None:
    root, key, _, nodes = sample()
    for bit in (0, 7, 100, 255):
        other = (int.from_bytes(key, "big") ^ 1 << bit).to_bytes(32, "big")
        try:
            assert trie.get(root, other, nodes) is None
        except ProofError:
            continue


def single(node: rlp.Item) -> tuple[bytes, tuple[bytes, ...]]:
    encoded = rlp.encode(node)
    return keccak256(encoded), (encoded,)


EMPTY = (b"",) * 16
LEAF: tuple[rlp.Item, ...] = (b" \x12", b"value")
BRANCH: tuple[rlp.Item, ...] = (*EMPTY[:15], LEAF, b"value")
# Each is hashed honestly: only a chain that broke its own rules, or a liar's root, could hold it.
NOT_CANONICAL = {
    "a byte string": b"value",
    "no items": (),
    "three items": (b" \x12", b"value", b""),
    "a path without flags": (b"", b"value"),
    "an unknown flag of an extension": (b"\x40\x12", bytes(32)),
    "an unknown flag of a leaf": (b"\x60\x12", b"value"),
    "padding in an even leaf path": (b"\x21\x12", b"value"),
    "padding in an even extension path": (b"\x01\x12", bytes(32)),
    "a leaf without a value": (b" \x12", b""),
    "a leaf whose value is a list": (b" \x12", (b"value",)),
    "a path that is a list": ((b" ",), b"value"),
    "an extension without a path": (b"\0", bytes(32)),
    "an extension to nothing": (b"\0\x12", b""),
    "an extension to a leaf inside it": (b"\0\x12", LEAF),
    "an extension to an extension inside it": (b"\0\x12", (b"\0\x12", b"\1" * 20)),
    "a reference of 31 bytes": (b"\0\x12", bytes(31)),
    "a reference of 33 bytes in a branch": (*EMPTY[:15], bytes(33), b"value"),
    "a branch with one child": (*EMPTY[:15], LEAF, b""),
    "a branch with nothing": (*EMPTY, b""),
    "a branch with a value and no child": (*EMPTY, b"value"),
    "an empty list for a child": (*EMPTY[:14], (), LEAF, b"value"),
    "a branch whose value is a list": (*EMPTY[:14], LEAF, LEAF, (b"value",)),
    "a node of 32 bytes inside its parent": (*EMPTY[:15], (b" \x12", bytes(27)), b"value"),
    "a broken node inside a branch": (*EMPTY[:15], (b"\x40", b"value"), b"value"),
}


@pytest.mark.parametrize("node", NOT_CANONICAL.values(), ids=NOT_CANONICAL)
@pytest.mark.parametrize("key", [b"", b"\x01", b"\x12", b"\x12\x12", b"\xf1\x12", b"\xff\xff"])
def test_a_node_that_no_canonical_trie_holds_is_refused_whatever_the_key(node: rlp.Item, key: bytes) -> None:
    assert isinstance(refuse(*single(node)[:1], key, single(node)[1]), MalformedError)


def test_the_canonical_likes_of_those_nodes_are_accepted() -> None:
    root, nodes = single(BRANCH)
    assert trie.get(root, b"", nodes) == b"value"
    root, nodes = single((b"\0\x12", (*EMPTY[:15], (b" ", b"v"), b"w")))
    assert trie.get(root, b"\x12", nodes) == b"w"


@pytest.mark.parametrize("child", [LEAF, (b" \x12", bytes(32)), (b"\0\x12", bytes(32))])
def test_an_extension_must_lead_to_a_branch_that_is_worth_a_hash(child: rlp.Item) -> None:
    encoded = rlp.encode(child)
    extension = rlp.encode((b"\0\x12", keccak256(encoded)))
    refused = refuse(keccak256(extension), b"\x12\x12", (extension, encoded))
    assert refused.code == "trie-node"


def test_a_short_node_may_not_stand_alone_below_the_root() -> None:
    encoded = rlp.encode((b" ", b"v"))
    branch = rlp.encode((*EMPTY[:15], keccak256(encoded), b"value"))
    assert refuse(keccak256(branch), b"\xf0", (branch, encoded)).code == "trie-node"


HASH_OR_NOTHING = st.sampled_from([b"", b"\x80" * 32, b"\x00" * 32, bytes(range(0xA0, 0xC0))])
PLAIN_BRANCHES = st.lists(HASH_OR_NOTHING, min_size=16, max_size=16).map(lambda children: (*children, b""))


def decoded(encoded: bytes) -> object:
    """The node, or the code of the refusal."""
    try:
        return trie._decode_node(encoded)
    except MalformedError as refused:
        return refused.code


@given(PLAIN_BRANCHES, st.data())
def test_a_branch_of_hashes_reads_as_the_strict_decoder_reads_it_whole_or_changed(
    node: rlp.Item, data: st.DataObject
) -> None:
    encoded = bytearray(rlp.encode(node))
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(0, len(encoded) - 1))
        encoded[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        encoded = encoded or bytearray(b"\xc0")
    found = decoded(bytes(encoded))
    with patch.object(trie, "_plain_branch", return_value=re.compile(b"(?!)")):  # matches nothing
        assert found == decoded(bytes(encoded))


@pytest.mark.parametrize("prefix", [b"\xf8\x33", b"\xf9\x00\x51", b"\xf9\x02\x12", b"\xf8\x51", b"\xf8\x53"])
def test_a_branch_of_hashes_needs_the_one_prefix_of_its_length(prefix: bytes) -> None:
    children = rlp.encode((*EMPTY[:14], bytes(32), bytes(32), b""))[2:]
    assert len(children) == 0x51
    assert isinstance(decoded(prefix + children), str) == (prefix != b"\xf8\x51")


@given(st.lists(st.binary(max_size=40), max_size=3), st.binary(max_size=4))
def test_any_bytes_as_nodes_give_an_error_of_ours(nodes: list[bytes], key: bytes) -> None:
    root = keccak256(nodes[0]) if nodes else keccak256(b"root")
    try:
        trie.get(root, key, nodes)
    except (ProofError, MalformedError):
        return
    assert rlp.encode(rlp.decode(nodes[0])) == nodes[0]


@given(st.recursive(st.binary(max_size=34), lambda items: st.tuples(items, items), max_leaves=6), KEYS)
def test_any_item_as_a_root_node_gives_an_error_of_ours_or_an_answer(item: rlp.Item, key: bytes) -> None:
    root, nodes = single(item)
    try:
        trie.get(root, key, nodes)
    except (ProofError, MalformedError):
        return
    assert not isinstance(item, bytes)

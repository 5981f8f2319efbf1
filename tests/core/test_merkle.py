"""The tree against the RFC's own recursion, for all small sizes, and against outside vectors."""

import json
from base64 import b64decode
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import merkle
from ledger.core.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_path,
    halved,
    inclusion_path,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from ledger.errors import ProofError
from tests.core.vectors import LOG
from tests.outside import outside

SIZES = range(65)
ENTRIES = [b"%d" % number for number in range(SIZES[-1])]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


# The definitions of RFC 6962 section 2.1, word for word.


def split(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def mth(entries: list[bytes]) -> bytes:
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def audit_path(m: int, entries: list[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*audit_path(m, entries[:k]), mth(entries[k:])]
    return [*audit_path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], *, complete: bool) -> list[bytes]:
    n = len(entries)
    if m == n:
        return [] if complete else [mth(entries)]
    k = split(n)
    if m <= k:
        return [*subproof(m, entries[:k], complete=complete), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], complete=False), mth(entries[:k])]


ROOTS = [mth(ENTRIES[:size]) for size in SIZES]


class Nodes:
    """Complete subtrees as they were finished; a missing one is a KeyError."""

    def __init__(self) -> None:
        self.held: dict[tuple[int, int], bytes] = {}

    def node(self, level: int, index: int) -> bytes:
        return self.held[level, index]


@pytest.fixture(scope="module")
def nodes() -> Nodes:
    nodes, frontier = Nodes(), Frontier()
    for leaf in LEAVES:
        for level, index, computed in frontier.append(leaf):
            nodes.held[level, index] = computed
    return nodes


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def test_roots_are_those_of_the_definition() -> None:
    frontier = Frontier()
    for size in SIZES:
        assert root(LEAVES[:size]) == ROOTS[size]
        assert (frontier.size, frontier.root()) == (size, ROOTS[size])
        if size < len(LEAVES):
            frontier.append(LEAVES[size])
    assert ROOTS[0] == EMPTY_ROOT == bytes.fromhex(LOG["emptyRoot"])


def test_many_hashes_at_once_are_those_of_one_after_the_other() -> None:
    entries = [number.to_bytes(number % 40 + 2) for number in range(64)]
    leaves = leaf_hashes(entries)
    assert leaves == [leaf_hash(entry) for entry in entries]
    assert halved(b"".join(leaves)) == b"".join(map(node_hash, leaves[::2], leaves[1::2]))
    assert merkle.hashes_of(entries) == [sha256(entry).digest() for entry in entries]
    assert (leaf_hashes([]), halved(b""), merkle.hashes_of([])) == ([], b"", [])


@pytest.mark.parametrize("size", SIZES)
def test_a_frontier_takes_many_leaves_as_it_takes_one_after_the_other(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    frontier.extend(LEAVES[size:])
    assert (frontier.size, frontier.root()) == (len(LEAVES), ROOTS[len(LEAVES)])


@pytest.mark.parametrize("size", SIZES[1:])
def test_every_leaf_is_included_by_the_path_of_the_definition_and_by_no_other(
    size: int, nodes: Nodes
) -> None:
    for index in range(size):
        path = inclusion_path(nodes, index, size)
        assert path == audit_path(index, ENTRIES[:size])
        verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])
        wrong = [
            (flipped(LEAVES[index]), index, path, ROOTS[size]),
            (LEAVES[index], index, path, flipped(ROOTS[size])),
            (LEAVES[index], index, [*path, LEAVES[0]], ROOTS[size]),
            *((LEAVES[index], other, path, ROOTS[size]) for other in {index ^ 1, size} - {index}),
            *(
                (LEAVES[index], index, [*path[:n], flipped(path[n]), *path[n + 1 :]], ROOTS[size])
                for n in range(len(path))
            ),
            *((LEAVES[index], index, path[:n] + path[n + 1 :], ROOTS[size]) for n in range(len(path))),
        ]
        for leaf, place, other, claimed in wrong:
            with pytest.raises(ProofError):
                verify_inclusion(leaf, place, size, other, claimed)


@pytest.mark.parametrize("size2", SIZES[1:])
def test_every_smaller_tree_is_extended_by_the_path_of_the_definition_and_by_no_other(
    size2: int, nodes: Nodes
) -> None:
    for size1 in range(1, size2 + 1):
        path = consistency_path(nodes, size1, size2)
        assert path == subproof(size1, ENTRIES[:size2], complete=True)
        one, two = ROOTS[size1], ROOTS[size2]
        verify_consistency(size1, size2, one, two, path)
        wrong = [
            (flipped(one), two, path),
            (one, flipped(two), path),
            (one, two, [*path, LEAVES[0]]),
            *((one, two, [*path[:n], flipped(path[n]), *path[n + 1 :]]) for n in range(len(path))),
            *((one, two, path[:n] + path[n + 1 :]) for n in range(len(path))),
        ]
        for root1, root2, other in wrong:
            with pytest.raises(ProofError):
                verify_consistency(size1, size2, root1, root2, other)


def test_a_frontier_continues_from_what_it_stored_and_a_copy_goes_its_own_way() -> None:
    for size in SIZES[:-1]:
        frontier = Frontier()
        for leaf in LEAVES[:size]:
            frontier.append(leaf)
        resumed, copied = Frontier(size, frontier.hashes), frontier.copy()
        resumed.append(LEAVES[size])
        assert resumed.root() == ROOTS[size + 1]
        assert copied.root() == frontier.root() == ROOTS[size]


@pytest.mark.parametrize(("size", "hashes"), [(3, [bytes(32)]), (0, [bytes(32)]), (-1, []), (1, [bytes(31)])])
def test_a_frontier_of_another_size_is_refused(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(ProofError):
        Frontier(size, hashes)


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0), (0, -1), (5, 4)])
def test_there_is_no_inclusion_outside_the_tree(index: int, size: int, nodes: Nodes) -> None:
    with pytest.raises(ProofError):
        verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])
    with pytest.raises(ProofError):
        inclusion_path(nodes, index, size)


@pytest.mark.parametrize(("size1", "size2"), [(0, 0), (0, 4), (5, 4), (-1, 4)])
def test_there_is_no_consistency_from_nothing_or_backwards(size1: int, size2: int, nodes: Nodes) -> None:
    with pytest.raises(ProofError):
        verify_consistency(size1, size2, EMPTY_ROOT, EMPTY_ROOT, [])
    with pytest.raises(ProofError):
        consistency_path(nodes, size1, size2)


def test_hashes_of_another_length_are_refused() -> None:
    path = audit_path(0, ENTRIES[:2])
    for leaf, sibling, claimed in (
        (LEAVES[0][:-1], path[0], ROOTS[2]),
        (LEAVES[0], path[0] + b"\0", ROOTS[2]),
        (LEAVES[0], path[0], ROOTS[2][:-1]),
    ):
        with pytest.raises(ProofError):
            verify_inclusion(leaf, 0, 2, [sibling], claimed)
        with pytest.raises(ProofError):
            verify_consistency(1, 2, leaf, claimed, [sibling])


@given(st.integers(1, 2**63 - 1), st.data())
def test_the_lengths_asked_for_are_those_of_the_definition_at_any_size(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))

    class Constant:
        def node(self, level: int, index: int) -> bytes:
            assert (index + 1) << level <= size
            return merkle.leaf_hash(b"%d %d" % (level, index))

    path = inclusion_path(Constant(), index, size)
    with pytest.raises(ProofError, match="leads to root"):
        verify_inclusion(bytes(32), index, size, path, b"\1" * 32)
    path = consistency_path(Constant(), index + 1, size)
    if index + 1 < size:
        with pytest.raises(ProofError, match=r"leads to (old|new) root"):
            verify_consistency(index + 1, size, bytes(32), b"\1" * 32, path)


def test_the_consistency_vectors_of_our_log_hold() -> None:
    roots = {row["size"]: bytes.fromhex(row["root"]) for row in LOG["checkpoints"]}
    for row in LOG["consistency"]:
        path = [bytes.fromhex(one) for one in row["proof"]]
        verify_consistency(row["from"], row["to"], roots[row["from"]], roots[row["to"]], path)
    assert LOG["consistency"]


def outside_vectors(kind: str) -> list[tuple[str, dict[str, Any]]]:
    folder = outside("merkle-rfc6962") / "testdata" / kind
    found = [
        (str(file.relative_to(folder)), json.loads(file.read_text()))
        for file in sorted(folder.rglob("*.json"))
    ]
    assert {vector["wantErr"] for _, vector in found} == {True, False}
    return found


def hashes_of(vector: dict[str, Any]) -> list[bytes]:
    return [b64decode(one) for one in vector["proof"] or []]


def test_inclusion_verdicts_are_those_of_the_outside_vectors() -> None:
    differing = []
    for name, vector in outside_vectors("inclusion"):
        try:
            verify_inclusion(
                b64decode(vector["leafHash"] or ""),
                vector["leafIdx"],
                vector["treeSize"],
                hashes_of(vector),
                b64decode(vector["root"] or ""),
            )
            refused = False
        except ProofError:
            refused = True
        if refused != vector["wantErr"]:
            differing.append(name)
    assert differing == []


def test_consistency_verdicts_are_those_of_the_outside_vectors() -> None:
    differing = []
    for name, vector in outside_vectors("consistency"):
        try:
            verify_consistency(
                vector["size1"],
                vector["size2"],
                b64decode(vector["root1"] or ""),
                b64decode(vector["root2"] or ""),
                hashes_of(vector),
            )
            refused = False
        except ProofError:
            refused = True
        if refused != vector["wantErr"]:
            differing.append(name)
    assert differing == []

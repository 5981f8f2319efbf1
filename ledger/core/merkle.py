"""The Merkle tree of a log: hashes, verification of inclusion and consistency, and building what is verified.

Leaf = SHA-256(0x00 || entry), node = SHA-256(0x01 || left || right); a tree of n leaves is split at the
largest power of two below n.  Only complete subtrees are ever stored: they never change as the log grows.

Source: RFC 6962 section 2.1; RFC 9162 section 2.1.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from struct import Struct
from typing import Final, Protocol

from ledger.errors import ProofError

HASH_SIZE: Final = 32
_PAIR: Final = Struct(f"{2 * HASH_SIZE}s")
EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves."""
_BEGUN: Final = sha256()
_BEGUN_LEAF: Final = sha256(b"\x00")
_BEGUN_NODE: Final = sha256(b"\x01")
"""To copy a hash that is begun takes less than to begin one, for which the library looks its algorithm up again."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """`leaf_hash` of each entry, in four fifths of the time."""
    found: list[bytes] = []
    begin, keep = _BEGUN_LEAF.copy, found.append
    for entry in entries:
        leaf = begin()
        leaf.update(entry)
        keep(leaf.digest())
    return found


def hashes_of(documents: Iterable[bytes]) -> list[bytes]:
    """SHA-256 of each document: of a statement its digest, which is its entry; in four fifths of the time."""
    found: list[bytes] = []
    begin, keep = _BEGUN.copy, found.append
    for document in documents:
        digest = begin()
        digest.update(document)
        keep(digest.digest())
    return found


def halved(hashes: bytes) -> bytes:
    """The hashes of the next level up: `node_hash` of each pair, all concatenated, in four fifths of the time.

    Args:
        hashes: Of one level, an even number.
    """
    found: list[bytes] = []
    begin, keep = _BEGUN_NODE.copy, found.append
    for (pair,) in _PAIR.iter_unpack(hashes):
        node = begin()
        node.update(pair)
        keep(node.digest())
    return b"".join(found)


def root(leaves: Iterable[bytes]) -> bytes:
    """Root hash of the tree with these leaf hashes.

    Cost: n - 1 hashes, and memory for one level.
    """
    level = list(leaves)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        # A last node without a sibling moves up as it is, which splits at powers of two.
        odd = level[-1:] if len(level) % 2 else []
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the tree of `size` leaves with root hash `root` has `leaf` at `index`.

    Args:
        leaf: Leaf hash of the entry (see `leaf_hash`), 32 bytes.  Not the entry itself.
        index: Zero-based position of the leaf, 0 <= index < size.
        size: Number of leaves in the tree the path was built for.
        path: Sibling hashes from the leaf's level up to the root's child, 32 bytes each.
            Empty when size is 1.
        root: Root hash taken from a checkpoint whose signature is already verified.

    Raises:
        ProofError: The path has the wrong length, a hash has the wrong size, or the
            path leads to another root.

    Source: RFC 9162 section 2.1.3.2; gives the same answers as RFC 6962 section 2.1.1.
    Cost: len(path) hashes, at most ceil(log2(size)).
    """
    if not 0 <= index < size:
        raise ProofError(f"leaf index {index} is outside a tree of {size} leaves")
    # Below `inner` the sibling's side follows the index bits; above it, the path to this
    # leaf runs along the tree's right edge, where every sibling is on the left.
    inner = (index ^ (size - 1)).bit_length()
    expected = inner + (index >> inner).bit_count()
    if len(path) != expected:
        raise ProofError(f"inclusion path has {len(path)} hashes; leaf {index} of {size} needs {expected}")
    _require_hashes(leaf, root, *path)

    computed = leaf
    for level, sibling in enumerate(path):
        if level < inner and not (index >> level) & 1:
            computed = node_hash(computed, sibling)
        else:
            computed = node_hash(sibling, computed)
    if computed != root:
        raise ProofError(f"inclusion path leads to root {computed.hex()}, checkpoint says {root.hex()}")


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, path: Sequence[bytes]) -> None:
    """Check that the tree of `size2` leaves with root `root2` begins with that of `size1` and `root1`.

    Args:
        size1: Leaves of the smaller tree, 0 < size1 <= size2.  Every tree extends the empty one, so that
            nothing could be shown from size 0.
        size2: Leaves of the larger tree.
        root1: Root hash of the smaller tree, from a checkpoint already verified.
        root2: Root hash of the larger tree, likewise.
        path: Consistency path, 32 bytes each.  Empty when the sizes are equal; then the roots are equal too.

    Raises:
        ProofError: The path has the wrong length, a hash has the wrong size, or the path leads to other
            roots.

    Source: RFC 9162 section 2.1.4.2; gives the same answers as RFC 6962 section 2.1.2.
    Cost: at most 2 ceil(log2(size2)) hashes.
    """
    if not 0 < size1 <= size2:
        raise ProofError(f"a tree of {size2} leaves cannot be shown to extend one of {size1}")
    # The path shows the last leaf of the smaller tree in the larger one, but begins at the root of the
    # largest complete subtree that ends with this leaf, `shift` levels up; below, nothing has changed.
    shift = (size1 & -size1).bit_length() - 1
    whole = size1 == 1 << shift
    inner = ((size1 - 1) ^ (size2 - 1)).bit_length() - shift
    # That subtree is the smaller tree itself if its size is a power of two; then its root is root1, not sent.
    expected = (
        0 if size1 == size2 else (0 if whole else 1) + inner + ((size1 - 1) >> (inner + shift)).bit_count()
    )
    if len(path) != expected:
        raise ProofError(
            f"consistency path has {len(path)} hashes; from size {size1} to {size2} it needs {expected}"
        )
    if size1 == size2:
        if root1 != root2:
            raise ProofError(
                f"two trees of {size1} leaves have different roots: {root1.hex()} and {root2.hex()}"
            )
        return
    _require_hashes(root1, root2, *path)

    seed, rest = (root1, path) if whole else (path[0], path[1:])
    old = new = seed
    for level, sibling in enumerate(rest):
        if level < inner and not ((size1 - 1) >> (shift + level)) & 1:
            # To the right of the smaller tree: not part of it.
            new = node_hash(new, sibling)
        else:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
    if old != root1:
        raise ProofError(f"consistency path leads to old root {old.hex()}, checkpoint says {root1.hex()}")
    if new != root2:
        raise ProofError(f"consistency path leads to new root {new.hex()}, checkpoint says {root2.hex()}")


def _require_hashes(*hashes: bytes) -> None:
    for one in hashes:
        if len(one) != HASH_SIZE:
            raise ProofError(f"a hash of a proof has {len(one)} bytes; SHA-256 has {HASH_SIZE}")


class HashReader(Protocol):
    """Where the hashes of complete subtrees are kept."""

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree of the 2**level leaves from leaf index * 2**level on, 32 bytes."""
        ...


class Frontier:
    """The roots of the complete subtrees that a growing tree consists of, largest first.

    They are as many as `size` has ones in binary, and are all that is needed to append and to know the root.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Take up a tree of `size` leaves.

        Raises:
            ProofError: Not as many hashes as a tree of this size has complete subtrees, or of another size.
        """
        self._size = size
        self._hashes = list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count():
            raise ProofError(
                f"a tree of {size} leaves does not consist of {len(self._hashes)} complete subtrees"
            )
        if any(len(one) != HASH_SIZE for one in self._hashes):
            raise ProofError(f"a hash of the frontier does not have {HASH_SIZE} bytes")

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """What to give to `Frontier` to continue, together with `size`."""
        return tuple(self._hashes)

    def copy(self) -> "Frontier":
        """A tree of the same leaves that grows by itself."""
        return Frontier(self._size, self._hashes)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf hash.

        Returns the complete subtrees that this leaf finishes, as (level, index, hash) in ascending level;
        the first is the leaf itself at level 0.

        Cost: one hash on average, log2(size) at most.
        """
        finished = [(0, self._size, leaf)]
        computed = leaf
        level, index = 0, self._size
        while index & 1:
            computed = node_hash(self._hashes.pop(), computed)
            level, index = level + 1, index >> 1
            finished.append((level, index, computed))
        self._hashes.append(computed)
        self._size += 1
        return finished

    def extend(self, leaves: Iterable[bytes]) -> None:
        """`append` each leaf hash, without saying what it finishes."""
        hashes, size = self._hashes, self._size
        for leaf in leaves:
            computed, index = leaf, size
            while index & 1:
                computed = sha256(b"\x01" + hashes.pop() + computed).digest()
                index >>= 1
            hashes.append(computed)
            size += 1
        self._size = size

    def root(self) -> bytes:
        """Root hash of the tree as it is now.

        Cost: at most log2(size) hashes.
        """
        if not self._hashes:
            return EMPTY_ROOT
        computed = self._hashes[-1]
        for left in self._hashes[-2::-1]:
            computed = node_hash(left, computed)
        return computed


def subtree_root(reader: HashReader, start: int, end: int) -> bytes:
    """Root hash of the leaves `start` to `end` - 1, where `start` is a multiple of the next power of two.

    Cost: one read for each complete subtree, at most log2(end - start).
    """
    hashes: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        hashes.append(reader.node(level, start >> level))
        start += 1 << level
    if not hashes:
        return EMPTY_ROOT
    computed = hashes.pop()
    while hashes:
        computed = node_hash(hashes.pop(), computed)
    return computed


def inclusion_path(reader: HashReader, index: int, size: int) -> list[bytes]:
    """The path that `verify_inclusion` takes for the leaf at `index` of the tree of `size` leaves.

    Raises:
        ProofError: `index` is not below `size`.

    Cost: at most 2 log2(size) reads.
    """
    if not 0 <= index < size:
        raise ProofError(f"leaf index {index} is outside a tree of {size} leaves")
    return _siblings(reader, 0, index, size)


def consistency_path(reader: HashReader, size1: int, size2: int) -> list[bytes]:
    """The path that `verify_consistency` takes from the tree of `size1` leaves to that of `size2`.

    Raises:
        ProofError: The sizes are not 0 < size1 <= size2.

    Cost: at most 2 log2(size2) reads.
    """
    if not 0 < size1 <= size2:
        raise ProofError(f"a tree of {size2} leaves cannot be shown to extend one of {size1}")
    if size1 == size2:
        return []
    # The largest complete subtree that ends with the smaller tree's last leaf: it stands in both trees.
    level = (size1 & -size1).bit_length() - 1
    index = (size1 >> level) - 1
    # Where it is the whole smaller tree, its hash is known and not sent.
    begin = [reader.node(level, index)] if index else []
    return begin + _siblings(reader, level, index, size2)


def _siblings(reader: HashReader, level: int, index: int, size: int) -> list[bytes]:
    """What leads from the complete subtree `index` of 2**level leaves to the root of the tree of `size` leaves."""
    path: list[bytes] = []
    last = (size - 1) >> level
    while last:
        sibling = index ^ 1
        if sibling < last:
            path.append(reader.node(level, sibling))
        elif sibling == last:
            # On the right edge a subtree may be incomplete; and beyond it there is none, so nothing is hashed.
            path.append(subtree_root(reader, sibling << level, size))
        level, index, last = level + 1, index >> 1, last >> 1
    return path

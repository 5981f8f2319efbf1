"""Merkle trees straight from the recursive definitions of RFC 9162 2.1.1 and 2.1.4.1: a reference, and slow."""

from collections.abc import Sequence
from hashlib import sha256


def leaf(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def leaves(size: int) -> list[bytes]:
    """The tree of the vectors: entry i is SHA-256("entry-i")."""
    return [leaf(sha256(f"entry-{index}".encode()).digest()) for index in range(size)]


def root(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    middle = _split(len(hashes))
    return sha256(b"\x01" + root(hashes[:middle]) + root(hashes[middle:])).digest()


def consistency(older: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PROOF(older, D[0:len(hashes)])."""
    return _subproof(older, hashes, whole=True)


def _subproof(older: int, hashes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if older == len(hashes):
        return [] if whole else [root(hashes)]
    middle = _split(len(hashes))
    if older <= middle:
        return [*_subproof(older, hashes[:middle], whole=whole), root(hashes[middle:])]
    return [*_subproof(older - middle, hashes[middle:], whole=False), root(hashes[:middle])]


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1

"""Merkle trees straight from the definitions of RFC 6962, slow and plain."""

from collections.abc import Sequence

from ledger.core.merkle import node_hash


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 root, straight from the definition."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(tree_root(leaves[:split]), tree_root(leaves[split:]))


def tree_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 6962 audit path, straight from the definition."""
    if len(leaves) == 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return [*tree_path(index, leaves[:split]), tree_root(leaves[split:])]
    return [*tree_path(index - split, leaves[split:]), tree_root(leaves[:split])]


def tree_consistency(first: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """RFC 6962 consistency path, straight from the definition."""
    if first == len(leaves):
        return [] if whole else [tree_root(leaves)]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if first <= split:
        return [*tree_consistency(first, leaves[:split], whole), tree_root(leaves[split:])]
    return [*tree_consistency(first - split, leaves[split:], whole=False), tree_root(leaves[:split])]

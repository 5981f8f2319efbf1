"""Looks for contradictions among what is at hand: bundles, receipts and checkpoints that somebody was shown.

Every checkpoint counts: those of sections, those that chains hold, those of receipts.  Two of one size with two
roots contradict each other; so do two statements at one index of one log, each in its own checkpoint.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint, verify_log_lines
from ledger.core.evm.foreign_calls import NO_LEAF, Leaf
from ledger.core.merkle import leaf_hash, verify_inclusion
from ledger.core.receipt import parse_receipt
from ledger.core.trust import TrustList
from ledger.errors import LedgerError
from ledger.verify.bundle import kind_of, parse_bundle
from ledger.verify.fork import encode_fork, parse_fork

_DIGEST = 32


class Seen(NamedTuple):
    """A checkpoint, and the leaves that were shown under it: index, hash and path of each."""

    signed: SignedCheckpoint
    leaves: tuple[tuple[int, Leaf], ...] = ()


class _Claim(NamedTuple):
    """What a checkpoint says of a size (its root) or of an index (the hash of the leaf there)."""

    value: bytes
    signed: SignedCheckpoint
    leaf: Leaf = NO_LEAF


def find_fork(evidence: Sequence[bytes], *, trust: TrustList | None = None) -> bytes | None:
    """A fork proof out of files that contradict each other; None where they do not.

    Where there is a choice, one that a contract can judge: both checkpoints under one head key.

    Args:
        evidence: Bundles, receipts, checkpoints and fork proofs.
        trust: Only checkpoints whose log lines hold by this list count.  Without it any do, and `verify_fork` says
            whether those who are named signed.

    Raises:
        MalformedError: A file is none of these.

    Cost: linear in the files; signatures are checked only where two checkpoints differ.
    """
    seen = [one for data in evidence for one in read_seen(data)]
    speaks = _speaker(trust)
    sizes: dict[tuple[str, int], list[_Claim]] = {}
    places: dict[tuple[str, int], list[_Claim]] = {}
    for signed, leaves in seen:
        checkpoint = signed.checkpoint
        sizes.setdefault((checkpoint.origin, checkpoint.size), []).append(_Claim(checkpoint.root, signed))
        for index, leaf in leaves:
            places.setdefault((checkpoint.origin, index), []).append(_Claim(leaf.hash, signed, leaf))
    for claims in sizes.values():
        pair = _contradiction(claims, speaks)
        if pair is not None:
            return encode_fork(pair[0].signed, pair[1].signed)
    # From here on all checkpoints of one size that count have one root, so two leaves are under two sizes.
    for (_, index), claims in places.items():
        if len({one.value for one in claims}) == 1:
            continue
        pair = _contradiction([one for one in claims if _is_under(one, index)], speaks)
        if pair is not None:
            one, other = pair
            return encode_fork(one.signed, other.signed, index, (one.leaf, other.leaf))
    return None


def _contradiction(
    claims: Sequence[_Claim], speaks: Callable[[_Claim], bytes | None]
) -> tuple[_Claim, _Claim] | None:
    """Two claims that count and say different things, under one head key if there are such."""
    if len({one.value for one in claims}) <= 1:
        return None
    held = [(head, one) for one in claims if (head := speaks(one)) is not None]
    first: dict[bytes, _Claim] = {}
    for head, one in held:
        if first.setdefault(head, one).value != one.value:
            return first[head], one
    others = [one for _, one in held if one.value != held[0][1].value]
    return (held[0][1], others[0]) if others else None


def read_seen(data: bytes) -> Iterator[Seen]:
    """The checkpoints of one file.  Notes in a bundle that are none are passed over: its verification names them.

    Raises:
        MalformedError: The file is no bundle, receipt, checkpoint or fork proof.
    """
    kind = kind_of(data)
    if kind == "receipt":
        receipt = parse_receipt(data)
        entry = receipt.extra if receipt.extra is not None and len(receipt.extra) == _DIGEST else None
        leaves = () if entry is None else ((receipt.index, Leaf(leaf_hash(entry), receipt.path)),)
        yield Seen(parse_checkpoint(receipt.checkpoint), leaves)
    elif kind == "fork":
        fork = parse_fork(data)
        for at, signed in enumerate(fork.heads):
            yield Seen(signed, () if fork.place is None else ((fork.place, fork.leaves[at]),))
    elif data.startswith(b"{"):
        yield from _of_bundle(data)
    else:
        yield Seen(parse_checkpoint(data))


def _of_bundle(data: bytes) -> Iterator[Seen]:
    for section in parse_bundle(data).sections:
        leaves = tuple(
            (item.index, Leaf(leaf_hash(item.statement.digest), item.path)) for item in section.items
        )
        held = [part.checkpoint for part in section.anchors]
        held += [part.checkpoint for part in section.foreign]
        for note, shown in ((section.checkpoint, leaves), *((one, ()) for one in held if one is not None)):
            try:
                yield Seen(parse_checkpoint(note), shown)
            except LedgerError:
                continue


def _is_under(claim: _Claim, index: int) -> bool:
    checkpoint, leaf = claim.signed.checkpoint, claim.leaf
    try:
        verify_inclusion(leaf.hash, index, checkpoint.size, leaf.path, checkpoint.root)
    except LedgerError:
        return False
    return True


def _speaker(trust: TrustList | None) -> Callable[[_Claim], bytes | None]:
    """The head key that signed a claim's checkpoint; None where its log lines do not hold.  Each is checked once."""
    known: dict[bytes, bytes | None] = {}

    def speaks(claim: _Claim) -> bytes | None:
        if trust is None:
            return b""
        signed = claim.signed
        if signed.encoded not in known:
            known[signed.encoded] = _head_of(signed, trust)
        return known[signed.encoded]

    return speaks


def _head_of(signed: SignedCheckpoint, trust: TrustList) -> bytes | None:
    log = trust.log(signed.checkpoint.origin)
    if log is None:
        return None
    try:
        addresses = [key.address for key in log.head_keys]
        return verify_log_lines(signed, log.origin, log.vkeys, addresses).head_address
    except LedgerError:
        return None

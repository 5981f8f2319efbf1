"""Logs that show two histories, made by their own keys."""

from collections.abc import Sequence
from hashlib import sha256

from ledger.core.checkpoint import Checkpoint, cosign, parse_checkpoint, sign_checkpoint
from ledger.core.evm.foreign_calls import Leaf
from ledger.core.merkle import leaf_hash
from ledger.core.note import Note, encode_note
from ledger.core.receipt import Receipt, encode_receipt
from ledger.core.suites import PrivateKey
from ledger.verify.fork import encode_fork
from tests.simulator import START, Jurisdiction, key
from tests.trees import tree_path, tree_root

XA = Jurisdiction("XA", 31_001)
WITNESSES = (("witness-c", "did:web:org-c.example"), ("witness-d", "did:web:org-d.example"))


def entries(count: int, history: str = "true", common: int = 0) -> list[bytes]:
    """The entries of a log; two histories share the first `common`."""
    return [sha256(f"{'shared' if n < common else history} {n}".encode()).digest() for n in range(count)]


def note_of(
    held: Sequence[bytes],
    *,
    time: int = START + 100,
    witnesses: Sequence[str] = (),
    of: Jurisdiction = XA,
    head: str | None = None,
) -> bytes:
    """The log's signed checkpoint of these entries, with cosignatures."""
    if head is not None:
        of = Jurisdiction(of.code, of.number, head_name=head)
    root = tree_root([leaf_hash(one) for one in held])
    signed = parse_checkpoint(sign_checkpoint(Checkpoint(of.origin, len(held), root), of.signer, time))
    lines = tuple(cosign(signed, name, witness_key(name), time + 1) for name in witnesses)
    return encode_note(Note(signed.note.text, signed.note.signatures + lines))


def witness_key(name: str) -> PrivateKey:
    """A witness's key."""
    return key(name)


def leaf_of(held: Sequence[bytes], index: int) -> Leaf:
    """A leaf and its path under all of these entries."""
    leaves = [leaf_hash(one) for one in held]
    return Leaf(leaves[index], tuple(tree_path(index, leaves)))


def receipt_of(held: Sequence[bytes], index: int, note: bytes) -> bytes:
    """The receipt of one entry under a note of all of these entries."""
    return encode_receipt(Receipt(index, leaf_of(held, index).path, note, held[index]))


def fork_of(
    one: Sequence[bytes], other: Sequence[bytes], index: int | None = None, **how: Sequence[str]
) -> bytes:
    """A fork proof of two histories of XA's log."""
    a, b = (parse_checkpoint(note_of(held, witnesses=how.get("witnesses", ()))) for held in (one, other))
    if index is None:
        return encode_fork(a, b)
    return encode_fork(a, b, index, (leaf_of(one, index), leaf_of(other, index)))

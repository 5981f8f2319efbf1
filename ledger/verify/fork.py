"""Proofs that a log showed two histories: two checkpoints of it that cannot both be true (`evidence-fork/1`).

Either one size has two roots, or one index has two leaves under two sizes: any two checkpoints of which the larger
does not extend the smaller have such an index, and any two of which it does have none.  Nothing else is needed, so
that whoever holds the file can judge it, and a contract on any chain can (`proveSplit`).

Source: docs/spec/fork.md.
"""

from typing import NamedTuple

from ledger.core.canonical import NOTE_LIMIT, Json, decode, encode
from ledger.core.checkpoint import SignedCheckpoint, is_origin, parse_checkpoint
from ledger.core.evm.foreign_calls import Leaf
from ledger.core.members import Members
from ledger.core.merkle import verify_inclusion
from ledger.errors import MalformedError, ProofError
from ledger.verify.chain_parts import read_hashes, read_path

FORMAT = "evidence-fork/1"
MEDIA_TYPE = "application/vnd.evidence-ledger.fork+json"
LIMIT = 4 * NOTE_LIMIT
"""Most bytes read: two notes, escaped as JSON escapes them, and two paths."""
WHAT = "fork proof"

_LEAF_MEMBERS = ("index", "leaves", "paths")


class Fork(NamedTuple):
    """Two checkpoints of one log, and where they contradict each other.

    Attributes:
        a: The smaller one; of equal sizes the one with the smaller root.
        b: The other.
        place: Index of the leaf in which they differ; None for two roots of one size.
        leaves: Hash and inclusion path of that leaf in `a` and in `b`; none for two roots of one size.
    """

    origin: str
    a: SignedCheckpoint
    b: SignedCheckpoint
    place: int | None = None
    leaves: tuple[Leaf, ...] = ()

    @property
    def heads(self) -> tuple[SignedCheckpoint, SignedCheckpoint]:
        """Both checkpoints."""
        return self.a, self.b


def parse_fork(data: bytes) -> Fork:
    """Read a fork proof, strictly.  Whether it proves anything, `require_contradiction` and the signatures say.

    Raises:
        MalformedError: `format-unknown`; `fork-order`: the notes stand the other way round, or are of one size and
            root; `fork-origin`: a note is of another log; `fork-leaves`: leaves with one size, or none with two; or a
            fault of JSON, of a member or of a note.
    """
    value = decode(data, limit=LIMIT, what=WHAT)
    top = Members(
        value, what=WHAT, pointer="", required=("a", "b", "format", "origin"), optional=_LEAF_MEMBERS
    )
    if top.json("format") != FORMAT:
        raise top.fault("format", FORMAT, code="format-unknown")
    origin = top.text("origin")
    if not is_origin(origin):
        raise top.fault("origin", "1 to 255 characters A-Z a-z 0-9 . / -")
    a, b = (_note(top, name, origin) for name in ("a", "b"))
    if _order(a) >= _order(b):
        raise top.fault(
            "b", "a checkpoint of a larger size, or of this size with a larger root,", code="fork-order"
        )
    given = [name for name in _LEAF_MEMBERS if name in top]
    if (a.checkpoint.size == b.checkpoint.size) != (given == []) or len(given) not in {0, len(_LEAF_MEMBERS)}:
        raise top.fault(
            "index", "index, leaves and paths for two sizes, and none of them for one,", code="fork-leaves"
        )
    if not given:
        return Fork(origin, a, b)
    hashes = read_path(top, "leaves")
    paths = top.array("paths")
    if len(hashes) != 2 or len(paths) != 2:  # noqa: PLR2004 - of a and of b
        raise top.fault("paths", "two leaves and two paths")
    place = top.integer("index")
    leaves = (
        Leaf(hashes[0], read_hashes(top, "paths", paths[0])),
        Leaf(hashes[1], read_hashes(top, "paths", paths[1])),
    )
    return Fork(origin, a, b, place, leaves)


def encode_fork(
    one: SignedCheckpoint, other: SignedCheckpoint, place: int | None = None, leaves: tuple[Leaf, ...] = ()
) -> bytes:
    """The canonical bytes of a fork proof; reads them back, so what it returns parses.

    Args:
        one: A checkpoint.
        other: Another one of the same log.
        place: Index at which they differ; None where they have one size.
        leaves: The leaf there, of `one` and of `other`.

    Raises:
        MalformedError: As `parse_fork`.
    """
    if _order(one) > _order(other):
        one, other, leaves = other, one, leaves[::-1]
    document: dict[str, Json] = {
        "format": FORMAT,
        "origin": one.checkpoint.origin,
        "a": one.encoded.decode(),
        "b": other.encoded.decode(),
    }
    if place is not None:
        document["index"] = place
        document["leaves"] = [leaf.hash.hex() for leaf in leaves]
        document["paths"] = [[node.hex() for node in leaf.path] for leaf in leaves]
    data = encode(document, what=WHAT)
    parse_fork(data)
    return data


def require_contradiction(fork: Fork) -> str:
    """Check that the two checkpoints cannot both be of one log, and say why in words.

    Raises:
        ProofError: `no-split`: both have one leaf at the index; or a path does not lead to its root.
    """
    a, b = fork.a.checkpoint, fork.b.checkpoint
    if fork.place is None:
        return f"two roots at size {a.size}: {a.root.hex()} and {b.root.hex()}"
    one, other = fork.leaves
    if one.hash == other.hash:
        raise ProofError(f"both checkpoints have the leaf {one.hash.hex()} at {fork.place}", code="no-split")
    for checkpoint, leaf in ((a, one), (b, other)):
        verify_inclusion(leaf.hash, fork.place, checkpoint.size, leaf.path, checkpoint.root)
    return f"leaf {fork.place} is {one.hash.hex()} at size {a.size} and {other.hash.hex()} at size {b.size}"


def _order(signed: SignedCheckpoint) -> tuple[int, bytes]:
    return signed.checkpoint.size, signed.checkpoint.root


def _note(top: Members, name: str, origin: str) -> SignedCheckpoint:
    try:
        signed = parse_checkpoint(top.text(name).encode())
    except MalformedError as error:
        raise MalformedError(f"{WHAT}: note {name}: {error}", code=error.code, pointer=f"/{name}") from error
    if signed.checkpoint.origin != origin:
        raise top.fault(name, f"a checkpoint of {origin}", code="fork-origin")
    return signed

"""The parts of a bundle that speak of a chain: anchors, and what another jurisdiction's chain holds of a log.

Source: docs/spec/bundle.md.  Read for form; what they show is the business of steps 6 to 8.
"""

from dataclasses import dataclass
from typing import NamedTuple

from ledger.core.canonical import Json
from ledger.core.members import Members, from_hex
from ledger.core.merkle import HASH_SIZE

PATH_LIMIT = 128
"""Hashes in a path; a tree of 2^53 leaves needs 53 for inclusion and 54 for consistency."""
NODE_LIMIT = 65
"""Nodes of a trie proof: 64 nibbles of the key, and the root."""
FOREIGN_LIMIT = 16
"""Other jurisdictions' chains in one section."""

_MEMBERS_OF_FINALITY = {"operator": ("signature",), "attested": ("epoch", "signatures"), "sealed": ("epoch",)}
_KINDS_OF_FINALITY = tuple(_MEMBERS_OF_FINALITY)
_ANY_OF_FINALITY = sorted({name for names in _MEMBERS_OF_FINALITY.values() for name in names})
_SIGNATURE_LENGTH = 65
_OF_A_HASH = frozenset((HASH_SIZE,))
_SMALL = frozenset("-abcdefghijklmnopqrstuvwxyz0123456789")
_REFERENCE = _SMALL | frozenset("_ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NAMESPACE = (3, 8)
_REFERENCE_LIMIT = 32


class Finality(NamedTuple):
    """Who vouches for the block: `operator` (one signature), `attested` or `sealed` (an epoch of the trust list)."""

    kind: str
    signatures: tuple[bytes, ...] = ()
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class ReceiptPart:
    """A transaction receipt with its trie proof, and the position of the `Anchored` event among its logs."""

    index: int
    encoded: bytes
    nodes: tuple[bytes, ...]
    log: int


class Anchor(NamedTuple):
    """A checkpoint of the section's log fixed on a chain, with the proof that leads there from a block header.

    Attributes:
        checkpoint: The anchored note, where it is not the section's own.
        consistency: From the smaller to the larger of the two sizes; None where they are equal.
        start: Storage proof that the head key's first root stands in the contract; None where the key is the first.
    """

    chain: str
    checkpoint: bytes | None
    consistency: tuple[bytes, ...] | None
    header: bytes
    finality: Finality
    account: tuple[bytes, ...]
    storage: tuple[bytes, ...]
    start: tuple[bytes, ...] | None
    receipt: ReceiptPart | None


class Foreign(NamedTuple):
    """A checkpoint of the section's log that a contract on another jurisdiction's chain accepted.

    Attributes:
        source: Id of the source that the contract accepted it from, 32 bytes.
        checkpoint, consistency: As in an anchor.
        storage: Storage proof of the accepted root; which slot, the verifier computes.
        disputed: Storage proof, under the same header, that nobody has proven a split of the log.
    """

    chain: str
    source: bytes
    checkpoint: bytes | None
    consistency: tuple[bytes, ...] | None
    header: bytes
    finality: Finality
    account: tuple[bytes, ...]
    storage: tuple[bytes, ...]
    disputed: tuple[bytes, ...]


def read_anchors(section: Members) -> tuple[Anchor, ...]:
    """The member `anchors`."""
    listed = section.each(
        "anchors",
        ("account", "chain", "finality", "header", "storage"),
        ("checkpoint", "consistency", "receipt", "start"),
    )
    return tuple([_anchor(part) for part in listed])


def read_foreign(section: Members) -> tuple[Foreign, ...]:
    """The member `foreign`."""
    listed = section.each(
        "foreign",
        ("account", "chain", "disputed", "finality", "header", "source", "storage"),
        ("checkpoint", "consistency"),
    )
    if len(listed) > FOREIGN_LIMIT:
        raise section.fault("foreign", f"at most {FOREIGN_LIMIT} parts", code="too-many-foreign")
    return tuple([_foreign(part) for part in listed])


def _anchor(part: Members) -> Anchor:
    receipt = part.below("receipt", ("bytes", "index", "log", "nodes")) if "receipt" in part else None
    return Anchor(
        chain=_chain_id(part),
        checkpoint=part.text("checkpoint").encode() if "checkpoint" in part else None,
        consistency=read_path(part, "consistency") if "consistency" in part else None,
        header=_hexadecimal([part.text("header")], part, "header")[0],
        finality=_finality(part),
        account=_nodes(part, "account"),
        storage=_nodes(part, "storage"),
        start=_nodes(part, "start") if "start" in part else None,
        receipt=None
        if receipt is None
        else ReceiptPart(
            index=receipt.integer("index"),
            encoded=_hexadecimal([receipt.text("bytes")], receipt, "bytes")[0],
            nodes=_nodes(receipt, "nodes"),
            log=receipt.integer("log"),
        ),
    )


def _foreign(part: Members) -> Foreign:
    return Foreign(
        chain=_chain_id(part),
        source=part.evm("source", HASH_SIZE),
        checkpoint=part.text("checkpoint").encode() if "checkpoint" in part else None,
        consistency=read_path(part, "consistency") if "consistency" in part else None,
        header=_hexadecimal([part.text("header")], part, "header")[0],
        finality=_finality(part),
        account=_nodes(part, "account"),
        storage=_nodes(part, "storage"),
        disputed=_nodes(part, "disputed"),
    )


def _chain_id(part: Members) -> str:
    text = part.text("chain")
    namespace, _, reference = text.partition(":")
    if not (
        _NAMESPACE[0] <= len(namespace) <= _NAMESPACE[1]
        and 1 <= len(reference) <= _REFERENCE_LIMIT
        and _SMALL.issuperset(namespace)
        and _REFERENCE.issuperset(reference)
    ):
        raise part.fault("chain", "a chain id written namespace:reference (CAIP-2)")
    return text


def _finality(anchor: Members) -> Finality:
    kind = anchor.below("finality", ("kind",), _ANY_OF_FINALITY).choice("kind", _KINDS_OF_FINALITY)
    part = anchor.below("finality", ("kind", *_MEMBERS_OF_FINALITY[kind]))
    if kind == "operator":
        return Finality(kind, (part.evm("signature", _SIGNATURE_LENGTH),))
    epoch = part.integer("epoch")
    if kind == "sealed":
        return Finality(kind, (), epoch)
    signatures = tuple(_hexadecimal([*part.texts("signatures")], part, "signatures"))
    if any(len(one) != _SIGNATURE_LENGTH for one in signatures):
        raise part.fault("signatures", f"signatures of {_SIGNATURE_LENGTH} bytes")
    return Finality(kind, signatures, epoch)


def read_path(part: Members, name: str) -> tuple[bytes, ...]:
    """A member that is an inclusion or consistency path: an array of hashes."""
    return read_hashes(part, name, part.array(name))


def read_hashes(part: Members, name: str, listed: Json) -> tuple[bytes, ...]:
    """An array of hashes that is the member `name`, or stands in it."""
    hashes = from_hex(listed) if isinstance(listed, list) else None
    if hashes is None or not {*map(len, hashes)} <= _OF_A_HASH:
        raise part.fault(name, f"hashes of {2 * HASH_SIZE} lower-case hex digits")
    if len(hashes) > PATH_LIMIT:
        raise part.fault(name, f"at most {PATH_LIMIT} hashes")
    return tuple(hashes)


def _nodes(part: Members, name: str) -> tuple[bytes, ...]:
    nodes = part.array(name)
    if len(nodes) > NODE_LIMIT:
        raise part.fault(name, f"at most {NODE_LIMIT} nodes")
    return tuple(_hexadecimal(nodes, part, name))


def _hexadecimal(values: list[Json], part: Members, name: str) -> list[bytes]:
    found = from_hex(values, prefix="0x")
    if found is None:
        raise part.fault(name, "0x and pairs of lower-case hex digits")
    return found

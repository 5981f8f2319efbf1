"""Exporting evidence: all that is needed to verify one matter offline, in one file.

A statement stands in the section of the earliest checkpoint that covers it and that enough witnesses cosigned, where
the node asks for a quorum; else of the earliest anchored one.  Each chain that the log is anchored on gives the
section one anchor: of its own size, else the earliest that covers all its statements, with the proof that both sizes
are of one log.  An anchor carries the strongest finality that is held.

Source: docs/spec/bundle.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ledger.core.canonical import BUNDLE_LIMIT, Json, decode
from ledger.core.checkpoint import parse_checkpoint
from ledger.errors import NotFoundError, RefusedError
from ledger.services.bundles.closure import Carried, Tells, closure
from ledger.services.bundles.joining import FEWEST_SECTIONS, MOST_SECTIONS
from ledger.store.anchors import Anchors, Evidence, Stored
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.cosignatures import Cosignatures, KeyName
from ledger.store.log import Log
from ledger.store.statements import Statements
from ledger.verify.bundle import encode_bundle


@dataclass(frozen=True, slots=True)
class Shelf:
    """The parts of a node that evidence is taken from.

    Attributes:
        chain: CAIP-2 name of the first chain that the log is anchored on; None where there is none.
        further: Those of the other ones.
        cosignatures: What witnesses signed; None where nobody is asked to.
        quorum: Organisations that should have cosigned a section; 0 asks for none.
        organisations: Of the witnesses' keys that count; never the operator's own.
    """

    log: Log
    statements: Statements
    checkpoints: Checkpoints
    anchors: Anchors
    chain: str | None
    further: tuple[str, ...] = ()
    cosignatures: Cosignatures | None = None
    quorum: int = 0
    organisations: Mapping[KeyName, str] = field(default_factory=dict)

    @property
    def chains(self) -> tuple[str, ...]:
        """Every chain that the log is anchored on."""
        return (() if self.chain is None else (self.chain,)) + self.further

    def earliest_anchor(self, size: int) -> Stored[Evidence] | None:
        """The standing anchor of the smallest size that is `size` or more, on any chain."""
        found = [
            held for chain in self.chains if (held := self.anchors.evidence_for(chain, size)) is not None
        ]
        return min(found, key=lambda held: (held.row.size, held.row.block_time), default=None)

    def cosigned(self, index: int) -> StoredCheckpoint | None:
        """The earliest checkpoint that covers an entry and met the quorum; None where none did, or none is asked."""
        if self.cosignatures is None or not self.quorum:
            return None
        return self.cosignatures.earliest_with_quorum(index, self.quorum, self.organisations)

    def known(self, index: int) -> Iterator[int]:
        """By when an entry is shown to have existed: by a checkpoint, by its witnesses, and by each chain."""
        for stored in (self.checkpoints.earliest_covering(index), self.cosigned(index)):
            if stored is not None:
                yield stored.signed_at
        for chain in self.chains:
            held = self.anchors.evidence_for(chain, index + 1)
            if held is not None:
                yield held.row.block_time

    def note(self, stored: StoredCheckpoint) -> bytes:
        """A checkpoint's note with the cosignatures that are held."""
        return stored.note if self.cosignatures is None else self.cosignatures.under(stored)


def bundle_of(
    digest: bytes,
    shelf: Shelf,
    *,
    allow_unanchored: bool = False,
    at: int | None = None,
    also: Iterable[bytes] = (),
    sections: int = MOST_SECTIONS,
    tells: Tells | None = None,
) -> bytes:
    """The evidence bundle about a registered statement, as far as this log holds it; see `closure`.

    Each statement stands in the section of the earliest checkpoint that covers it and met the quorum, else of the
    earliest anchored one; where these are too many, in that of a later one.

    Args:
        digest: Of the statement.
        allow_unanchored: Export before the anchor too; such sections stand at the earliest signed checkpoint.
        at: The moment that is asked about, POSIX seconds: the status lists that cover it are carried.
        also: Further statements to carry, with what they rest on; those that are not in this log are passed over.
        sections: Most sections, 2 to `MOST_SECTIONS`: fewer leave more room for parts of other logs.
        tells: As of `closure`.

    Raises:
        NotFoundError: Nothing is registered under this digest.
        RefusedError: `not-anchored-yet`: the log has the statement and the chain does not hold it yet.
        StoreError: `store-corrupt`: what is stored does not prove a statement under its checkpoint.
    """
    placed: dict[int, list[Carried]] = {}
    proven = _proven_size(shelf, allow_unanchored=allow_unanchored)
    held, jurisdiction = shelf.statements, shelf.log.jurisdiction
    named: dict[str, Any] = {"at": at, "also": also, "size": proven, "tells": tells}
    for one in closure(digest, held, jurisdiction, times=shelf.known, **named):
        size = _section_size(one.index, shelf, allow_unanchored=allow_unanchored)
        placed.setdefault(size, []).append(one)
    while len(placed) > max(sections, FEWEST_SECTIONS):
        _merge(placed, digest, shelf)
    made: list[Mapping[str, Json]] = []
    before: int | None = None
    for size in sorted(placed):
        made.append(_section(size, before, placed[size], shelf))
        before = size
    return encode_bundle(digest, made)


def _proven_size(shelf: Shelf, *, allow_unanchored: bool) -> int:
    """Entries that a checkpoint covers, on a chain where that is asked."""
    if allow_unanchored:
        latest = shelf.checkpoints.latest()
        return 0 if latest is None else latest.size
    held = [shelf.anchors.latest_anchored(chain) for chain in shelf.chains]
    return max((one.row.size for one in held if one is not None), default=0)


def _merge(placed: dict[int, list[Carried]], subject: bytes, shelf: Shelf) -> None:
    """Unite the two neighbours that are closest in time; a later checkpoint covers the statements of both.

    Those of the earlier one lose some of their age, so that it is as little as can be; the subject loses none.
    """
    sizes = sorted(placed)
    times = {size: _time_of(size, shelf) for size in sizes}
    own = next(size for size in sizes if any(one.statement.digest == subject for one in placed[size]))
    gaps = [
        (times[second] - times[first], first, second) for first, second in pairwise(sizes) if first != own
    ]
    _, first, second = min(gaps)
    placed[second] = placed.pop(first) + placed[second]


def _time_of(size: int, shelf: Shelf) -> int:
    """When the log was of a size, as a chain of its says, else as its checkpoint does."""
    held = shelf.earliest_anchor(size)
    if held is not None and held.row.size == size:
        return held.row.block_time
    stored = shelf.checkpoints.at(size)
    return 0 if stored is None else stored.signed_at


def _section_size(index: int, shelf: Shelf, *, allow_unanchored: bool) -> int:
    """The checkpoint under which an entry is exported."""
    held = shelf.earliest_anchor(index + 1)
    if held is None and not allow_unanchored:
        raise RefusedError(
            f"entry {index} is in the log and waits for its anchor on the chain", code="not-anchored-yet"
        )
    cosigned = shelf.cosigned(index)
    if cosigned is not None:
        return cosigned.size
    if held is not None:
        return held.row.size
    stored = shelf.checkpoints.earliest_covering(index)
    if stored is None:
        raise RefusedError(
            f"entry {index} is in the log and waits for its checkpoint", code="not-anchored-yet"
        )
    return stored.size


def _section(size: int, before: int | None, placed: Sequence[Carried], shelf: Shelf) -> dict[str, Json]:
    stored = _stored(size, shelf)
    root = parse_checkpoint(stored.note).checkpoint.root
    items: list[Json] = [
        {
            "role": one.role,
            "statement": one.statement.document,
            "index": one.index,
            "path": [
                part.hex() for part in shelf.log.inclusion_path(one.index, size, root, one.statement.digest)
            ],
        }
        for one in placed
    ]
    section: dict[str, Json] = {
        "origin": shelf.log.origin,
        "checkpoint": shelf.note(stored).decode(),
        "items": items,
        "anchors": list(_anchors(size, max(one.index for one in placed), shelf)),
        "foreign": [],
    }
    if before is not None:
        section["extends"] = [one.hex() for one in shelf.log.consistency_path(before, size)]
    return section


def _stored(size: int, shelf: Shelf) -> StoredCheckpoint:
    stored = shelf.checkpoints.at(size)
    if stored is None:
        raise NotFoundError(f"no checkpoint of size {size} is stored")
    return stored


def _anchors(size: int, last: int, shelf: Shelf) -> Iterable[dict[str, Json]]:
    """An anchor of each chain: of the section's size, else the earliest that covers its entries up to `last`."""
    for chain in shelf.chains:
        held = shelf.anchors.evidence_for(chain, size)
        if held is None or held.row.size != size:
            held = shelf.anchors.evidence_for(chain, last + 1)
        if held is None:
            continue
        part = anchor_part(held, shelf)
        if held.row.size != size:
            smaller, larger = sorted((size, held.row.size))
            part["checkpoint"] = shelf.note(_stored(held.row.size, shelf)).decode()
            part["consistency"] = [one.hex() for one in shelf.log.consistency_path(smaller, larger)]
        yield part


def anchor_part(held: Stored[Evidence], shelf: Shelf) -> dict[str, Json]:
    """Evidence as an anchor of a bundle, for a section of its own size; with the strongest finality held."""

    def kept(data: bytes) -> Json:
        return decode(data, limit=BUNDLE_LIMIT, what="stored evidence")

    evidence = held.row
    part: dict[str, Json] = {
        "chain": evidence.chain,
        "header": "0x" + evidence.header.hex(),
        "finality": kept(shelf.anchors.finality_of(held)),
        "account": kept(evidence.account),
        "storage": kept(evidence.storage),
    }
    if evidence.receipt is not None:
        part["receipt"] = kept(evidence.receipt)
    if evidence.start is not None:
        part["start"] = kept(evidence.start)
    return part

"""Exporting evidence: all that is needed to verify one matter offline, in one file.

Source: docs/spec/bundle.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ledger.core.canonical import BUNDLE_LIMIT, Json, decode
from ledger.errors import NotFoundError, RefusedError
from ledger.services.bundles import FEWEST_SECTIONS, MOST_SECTIONS
from ledger.services.closure import Carried, closure
from ledger.store.anchors import Anchors, Evidence
from ledger.store.checkpoints import Checkpoints
from ledger.store.log import Log
from ledger.store.statements import Statements
from ledger.verify.bundle import encode_bundle


@dataclass(frozen=True, slots=True)
class Shelf:
    """The parts of a node that evidence is taken from.  `chain` is the CAIP-2 name of the chain it anchors on."""

    log: Log
    statements: Statements
    checkpoints: Checkpoints
    anchors: Anchors
    chain: str | None


def bundle_of(
    digest: bytes,
    shelf: Shelf,
    *,
    allow_unanchored: bool = False,
    at: int | None = None,
    also: Iterable[bytes] = (),
    sections: int = MOST_SECTIONS,
) -> bytes:
    """The evidence bundle about a registered statement, as far as this log holds it; see `closure`.

    Each statement stands in the section of the earliest anchored checkpoint that covers it; where these are too many,
    in that of a later one.

    Args:
        digest: Of the statement.
        allow_unanchored: Export before the anchor too; such sections stand at the earliest signed checkpoint.
        at: The moment that is asked about, POSIX seconds: the status lists that cover it are carried.
        also: Further statements to carry, with what they rest on; those that are not in this log are passed over.
        sections: Most sections, 2 to `MOST_SECTIONS`: fewer leave more room for parts of other logs.

    Raises:
        NotFoundError: Nothing is registered under this digest.
        RefusedError: `not-anchored-yet`: the log has the statement and the chain does not hold it yet.
    """
    placed: dict[int, list[Carried]] = {}
    proven = _proven_size(shelf, allow_unanchored=allow_unanchored)
    for one in closure(digest, shelf.statements, shelf.log.jurisdiction, at=at, also=also, size=proven):
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
    """Entries that a checkpoint covers, on the chain where that is asked."""
    if allow_unanchored:
        latest = shelf.checkpoints.latest()
        return 0 if latest is None else latest.size
    held = None if shelf.chain is None else shelf.anchors.latest_anchored(shelf.chain)
    return 0 if held is None else held.row.size


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
    """When the log was of a size, as its chain says, else as its checkpoint does."""
    held = None if shelf.chain is None else shelf.anchors.evidence_for(shelf.chain, size)
    if held is not None and held.row.size == size:
        return held.row.block_time
    stored = shelf.checkpoints.at(size)
    return 0 if stored is None else stored.signed_at


def _section_size(index: int, shelf: Shelf, *, allow_unanchored: bool) -> int:
    """The checkpoint under which an entry is exported."""
    held = None if shelf.chain is None else shelf.anchors.evidence_for(shelf.chain, index + 1)
    if held is not None:
        return held.row.size
    stored = shelf.checkpoints.earliest_covering(index)
    if stored is not None and allow_unanchored:
        return stored.size
    raise RefusedError(
        f"entry {index} is in the log and waits for its anchor on the chain", code="not-anchored-yet"
    )


def _section(size: int, before: int | None, placed: Sequence[Carried], shelf: Shelf) -> dict[str, Json]:
    stored = shelf.checkpoints.at(size)
    if stored is None:
        raise NotFoundError(f"no checkpoint of size {size} is stored")
    items: list[Json] = [
        {
            "role": one.role,
            "statement": one.statement.document,
            "index": one.index,
            "path": [part.hex() for part in shelf.log.inclusion_path(one.index, size)],
        }
        for one in placed
    ]
    held = None if shelf.chain is None else shelf.anchors.evidence_for(shelf.chain, size)
    anchors: list[Json] = [] if held is None or held.row.size != size else [_anchor(held.row)]
    section: dict[str, Json] = {
        "origin": shelf.log.origin,
        "checkpoint": stored.note.decode(),
        "items": items,
        "anchors": anchors,
        "foreign": [],
    }
    if before is not None:
        section["extends"] = [one.hex() for one in shelf.log.consistency_path(before, size)]
    return section


def _anchor(evidence: Evidence) -> dict[str, Json]:
    """Evidence as an anchor of a bundle."""

    def kept(data: bytes) -> Json:
        return decode(data, limit=BUNDLE_LIMIT, what="stored evidence")

    part: dict[str, Json] = {
        "chain": evidence.chain,
        "header": "0x" + evidence.header.hex(),
        "finality": kept(evidence.finality),
        "account": kept(evidence.account),
        "storage": kept(evidence.storage),
    }
    if evidence.receipt is not None:
        part["receipt"] = kept(evidence.receipt)
    if evidence.start is not None:
        part["start"] = kept(evidence.start)
    return part

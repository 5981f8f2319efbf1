"""What this node itself can show of a statement: that it stands in its own log, or in one that its chain knows.

What a partner's node said is not enough: a statement of a partner's log is known here once the contract on the own
chain accepted a checkpoint under which this node holds its inclusion.  Before that the answer is `not yet known here`,
which says nothing against the statement.

Source: docs/spec/foreign.md.
"""

from dataclasses import dataclass
from typing import Final, Literal

from ledger.core.evm.foreign import ATTESTED
from ledger.core.trust import TrustList
from ledger.errors import LedgerError
from ledger.services.bundles.export import Shelf
from ledger.store.foreign import Accepted, ForeignStore
from ledger.store.partners import Kept, Mirror
from ledger.verify.bundle import Section, parse_bundle
from ledger.verify.notes import OpenNote, open_note

Answer = Literal["known", "disputed", "not yet known here"]
GRADES: Final = {ATTESTED: "attested"}
_SEALED: Final = "sealed"


@dataclass(frozen=True, slots=True)
class Through:
    """The chain through which a statement is known.

    Attributes:
        chain: CAIP-2 name of the own chain; `block` is of it.
        size: Of the checkpoint that the chain holds.
        contract, source: Of a partner's log: where its checkpoint stands, and by whose word.
        grade: `attested` or `sealed`; None of the own log.
    """

    chain: str
    size: int
    block: int
    contract: bytes | None = None
    source: bytes | None = None
    grade: str | None = None
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands, and how this node knows it.

    Attributes:
        own: Whether the log is this node's.
        index: None where this node holds nothing of the statement.
    """

    log: str
    own: bool
    index: int
    answer: Answer
    through: tuple[Through, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """The answer about one statement, and its places; none where this node holds nothing of it."""

    digest: bytes
    answer: Answer
    places: tuple[Place, ...]


def provenance_of(
    digest: bytes, shelf: Shelf, mirror: Mirror, store: ForeignStore, trust: TrustList, log: str | None = None
) -> Provenance:
    """What this node can show of a statement.

    Args:
        digest: Of the statement.
        shelf: The own log.
        mirror: What partners gave.
        store: What the own chain holds.
        trust: Whose logs those are.
        log: Only this log is asked about; None: every one.
    """
    places: list[Place] = []
    stored = shelf.statements.by_digest(digest)
    if stored is not None and log in {None, shelf.log.origin}:
        places.append(_own(stored.index, shelf))
    for kept in mirror.bundles(digest):
        if log in {None, kept.origin}:
            place = _partners(kept, store, trust)
            if place is not None:
                places.append(place)
    answers = {place.answer for place in places}
    order: tuple[Answer, ...] = ("disputed", "known")
    answer: Answer = next((one for one in order if one in answers), "not yet known here")
    return Provenance(digest, answer, tuple(places))


def _own(index: int, shelf: Shelf) -> Place:
    held = None if shelf.chain is None else shelf.anchors.evidence_for(shelf.chain, index + 1)
    if held is None:
        return Place(shelf.log.origin, True, index, "not yet known here", ())
    through = Through(held.row.chain, held.row.size, held.row.block_number)
    return Place(shelf.log.origin, True, index, "known", (through,))


def _partners(kept: Kept, store: ForeignStore, trust: TrustList) -> Place | None:
    parsed = parse_bundle(kept.bundle)
    section = next(
        (
            one
            for one in parsed.sections
            if one.origin == kept.origin and any(item.statement.digest == kept.subject for item in one.items)
        ),
        None,
    )
    if section is None:
        return None
    through = [
        Through(
            one.chain,
            one.size,
            one.block_number,
            one.contract,
            one.source_id,
            GRADES.get(one.grade, _SEALED),
            one.disputed,
        )
        for note in _notes(section, trust)
        for one in _accepted(note, kept.index, store)
    ]
    if not through:
        return Place(kept.origin, False, kept.index, "not yet known here", ())
    answer: Answer = "disputed" if any(one.disputed for one in through) else "known"
    return Place(kept.origin, False, kept.index, answer, tuple(through))


def _notes(section: Section, trust: TrustList) -> list[OpenNote]:
    """The checkpoints under which a section shows its items: its own, and those that its anchors tie to it."""
    log = trust.log(section.origin)
    found: list[OpenNote] = []
    given = [section.checkpoint, *(one.checkpoint for one in section.anchors if one.checkpoint is not None)]
    for checkpoint in given if log is not None else ():
        assert log is not None
        try:
            note = open_note(checkpoint, section.origin, log)
        except LedgerError:
            continue
        if all((note.log_id, note.size) != (one.log_id, one.size) for one in found):
            found.append(note)
    return found


def _accepted(note: OpenNote, index: int, store: ForeignStore) -> list[Accepted]:
    """What the own chain holds of exactly this checkpoint."""
    return [
        one
        for one in store.accepted(note.log_id, after=note.size - 1)
        if one.size == note.size and one.root == note.root and index < one.size
    ]

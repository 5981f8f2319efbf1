"""Arrangement: is this text in force between these two sides at that time?

A text binds nobody by itself.  Each side joins it by its own endorsement and leaves it by its own denunciation;
a leaving holds until a later joining, side by side, so that one side's leaving touches only its own pairs.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from ledger.statements.arrangement import RecognitionArrangement
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.designation import Designation
from ledger.statements.endorsement import Endorsement
from ledger.statements.premises.evidence import Author, Evidence, Held
from ledger.statements.premises.finding import Premise, absent, decisive, failed, passed, written
from ledger.statements.scheme import DOCUMENT

NOT_BINDING: Final = frozenset({"mou", "initiative"})

_Naming = Held[RecognitionArrangement] | Held[Endorsement]
"""What names bodies and accreditors."""


class Move(NamedTuple):
    """A side's joining or leaving, when it begins, and from when another has replaced it."""

    begin: int
    by: Held[Endorsement]
    ends: int | None = None

    def is_in_effect(self, moment: int) -> bool:
        """Whether it has begun and nothing has replaced it."""
        return self.begin <= moment and (self.ends is None or moment < self.ends)


class Sides(NamedTuple):
    """The two an arrangement is asked to be in force between."""

    near: str
    into: str


def arrangement_between(
    evidence: Evidence,
    text: Held[RecognitionArrangement] | None,
    sides: Sides,
    moment: int,
    certificate: Held[ConformityCertificate] | None = None,
) -> Premise:
    """Whether an arrangement gives a ground for recognition: passed `IN_FORCE`.

    Args:
        evidence: With the endorsements of the text.
        text: None where it is not held.
        sides: Whose arrangement it would have to be.
        moment: POSIX seconds.
        certificate: Which has to lie within its scope; None where identities are recognised.
    """
    if text is None:
        return absent("ARRANGEMENT_MISSING", "the text of the arrangement is not in the evidence")
    if not text.value.binding or text.value.kind in NOT_BINDING:
        detail = (
            f"the text is of the kind {text.value.kind} and binds nobody; it gives no ground for recognition"
        )
        return failed("NO_LEGAL_BASIS", detail, text)
    found = [
        _joined(evidence, text, sides.near, sides.into, moment),
        _joined(evidence, text, sides.into, sides.near, moment),
    ]
    if certificate is not None:
        found.append(_within(text, certificate))
    against = decisive(found)
    if against is not None:
        return against
    digests = tuple(dict.fromkeys(digest for premise in found for digest in premise.rests_on))
    detail = f"in force between {sides.near} and {sides.into}"
    return passed("IN_FORCE", detail)._replace(rests_on=digests)


def _joined(
    evidence: Evidence, text: Held[RecognitionArrangement], side: str, other: str, moment: int
) -> Premise:
    party = text.value.party(side)
    if party is None and not text.value.accession:
        return failed("NOT_A_PARTY", f"{side} is not a party, and the text is not open to others", text)
    in_effect = joins_in_effect(evidence, text, side, moment)
    joining = _last(in_effect)
    leaving = _left(_denunciations(evidence, text, side, other, moment), in_effect)
    if leaving is not None:
        detail = f"{side} left it with effect from {written(leaving.begin)}"
        return failed("ARRANGEMENT_DENOUNCED", detail, text, leaving.by)
    if party is not None and party.until is not None and party.until <= moment:
        detail = f"in force for {side} until {written(party.until)}"
        return failed("ARRANGEMENT_NOT_IN_FORCE", detail, text)
    if joining is None:
        joins = _joins(evidence, text, side)
        if not joins:
            detail = f"no endorsement by which {side} joined is in the evidence"
            return absent("ARRANGEMENT_NOT_ENDORSED", detail, text)
        detail = f"not in force for {side} at {written(moment)}"
        return failed("ARRANGEMENT_NOT_IN_FORCE", detail, text, *(join.by for join in joins))
    detail = f"in force for {side} since {written(joining.begin)}"
    return passed("IN_FORCE", detail, text, joining.by)


def joined_by(evidence: Evidence, text: Held[RecognitionArrangement], side: str, moment: int) -> Move | None:
    """The last of a side's joinings to have begun by `moment`, None where there is none."""
    return _last(joins_in_effect(evidence, text, side, moment))


def joins_in_effect(
    evidence: Evidence, text: Held[RecognitionArrangement], side: str, moment: int
) -> list[Move]:
    """A side's joinings that have begun by `moment` and that no other has replaced by then."""
    return [join for join in _joins(evidence, text, side) if join.is_in_effect(moment)]


def designations(
    evidence: Evidence, text: Held[RecognitionArrangement], side: str, body: str, moment: int
) -> Iterator[tuple[int, Designation, Held[object]]]:
    """Where a side has designated a body by `moment`: (since when, the entry, where it stands)."""
    for entry in _designated(evidence, text, side, body):
        yield text.begin(entry.begins), entry, text
    for join in joins_in_effect(evidence, text, side, moment):
        for entry in _designated(evidence, join.by, side, body):
            yield max(entry.begins, join.begin), entry, join.by


def accreditors(
    evidence: Evidence, text: Held[RecognitionArrangement], side: str, moment: int
) -> Mapping[str, Held[object]]:
    """The accreditors a side relies on at `moment`, each with where it stands first."""
    said: tuple[_Naming, ...] = (text, *(join.by for join in joins_in_effect(evidence, text, side, moment)))
    return evidence.once(
        ("accreditors", side, *(held.digest for held in said)), lambda: _relied_on(said, side)
    )


def _relied_on(said: Iterable[_Naming], side: str) -> Mapping[str, Held[object]]:
    found: dict[str, Held[object]] = {}
    for held in said:
        for entry in held.value.accreditors:
            if entry.jurisdiction == side:
                found.setdefault(entry.accreditor, held)
    return found


def _designated(evidence: Evidence, held: _Naming, side: str, body: str) -> list[Designation]:
    def by_body() -> dict[tuple[str, str], list[Designation]]:
        found: dict[tuple[str, str], list[Designation]] = {}
        for entry in held.value.designated:
            found.setdefault((entry.jurisdiction, entry.body), []).append(entry)
        return found

    return evidence.once(("designated", held.digest), by_body).get((side, body), [])


def reservations(
    evidence: Evidence, text: Held[RecognitionArrangement], side: str, moment: int
) -> Iterator[str]:
    """What a side reserved, in the text and when it joined."""
    for party in text.value.subject.get("parties", ()):
        if party["jurisdiction"] == side:
            yield from party.get("reservations", ())
    joining = joined_by(evidence, text, side, moment)
    if joining is not None:
        yield from joining.by.value.subject.get("reservations", ())


def _of(evidence: Evidence, text: Held[RecognitionArrangement], side: str) -> Iterator[Held[Endorsement]]:
    for held in evidence.endorsements(text.digest):
        if held.value.jurisdiction == side and evidence.speaks_for(held, side):
            yield held


def _joins(evidence: Evidence, text: Held[RecognitionArrangement], side: str) -> list[Move]:
    return evidence.once(("joins", text.digest, side), lambda: _ended(_joinings(evidence, text, side)))


def _joinings(evidence: Evidence, text: Held[RecognitionArrangement], side: str) -> list[Move]:
    party = text.value.party(side)
    if party is None:
        if not text.value.accession:
            return []
        return [
            Move(held.begin(held.value.begins), held)
            for held in _of(evidence, text, side)
            if held.value.role == "accession"
        ]
    return [
        Move(max(party.in_force_from, held.begin(held.value.begins)), held)
        for held in _of(evidence, text, side)
        if held.value.role == "party" and held.issuer == party.authority
    ]


def _denunciations(
    evidence: Evidence, text: Held[RecognitionArrangement], side: str, other: str, moment: int
) -> list[Move]:
    """A side's leavings of the pair with `other`, begun by `moment`, that nothing has replaced by then."""

    def leavings() -> list[Move]:
        found = [
            Move(held.begin(held.value.begins), held)
            for held in _of(evidence, text, side)
            if held.value.role == "denunciation" and (held.value.toward is None or other in held.value.toward)
        ]
        return _ended(found, _joins(evidence, text, side))

    every = evidence.once(("leavings", text.digest, side, other), leavings)
    return [move for move in every if move.is_in_effect(moment)]


def _ended(moves: list[Move], others: Iterable[Move] = ()) -> list[Move]:
    """The moves, each with from when one of them or of the others has replaced it."""
    ends: dict[tuple[bytes | None, Author], int] = {}
    for later in (*moves, *others):
        replaced = (later.by.value.supersedes, later.by.author)
        ends[replaced] = min(later.begin, ends.get(replaced, later.begin))
    return [move._replace(ends=ends.get((move.by.digest, move.by.author))) for move in moves]


def _left(leavings: list[Move], joins: list[Move]) -> Move | None:
    """The last leaving that no joining answers: one said later that begins later.

    Who leaves between signing and entry into force has left; and a joining said before a leaving that is to
    begin in half a year does not take it back.
    """
    unanswered = [
        leaving
        for leaving in leavings
        if not any(join.begin > leaving.begin and join.by.existed > leaving.by.existed for join in joins)
    ]
    return _last(unanswered)


def _last(moves: list[Move]) -> Move | None:
    return max(moves, key=lambda move: (move.begin, move.by.digest)) if moves else None


def _within(text: Held[RecognitionArrangement], certificate: Held[ConformityCertificate]) -> Premise:
    granted, value = text.value, certificate.value
    if value.family not in granted.families:
        detail = f"the arrangement does not cover certificates of the family {value.family}"
        return failed("ARRANGEMENT_SCOPE", detail, text, certificate)
    if value.family == DOCUMENT:
        common = value.scope.document_types & (granted.document_types or frozenset())
    else:
        common = value.scope.data_categories & granted.data_categories
    if not common:
        kind = "kinds of documents" if value.family == DOCUMENT else "data categories"
        detail = f"the arrangement covers none of the {kind} of the certificate"
        return failed("ARRANGEMENT_SCOPE", detail, text, certificate)
    return passed("IN_FORCE", "within the scope of the arrangement", text)

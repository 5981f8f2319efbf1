"""Which jurisdictions recognise each other's certificates, by the arrangements that this node and its partners hold.

Judged by the rule of recognition itself, for the sides alone: whether one certificate counts is for its evidence.

Source: docs/spec/recognition.md.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, NamedTuple

from ledger.core.statement import parse_statement
from ledger.core.trust import TrustList
from ledger.errors import LedgerError
from ledger.services.bundles.export import Shelf
from ledger.statements.arrangement import RecognitionArrangement
from ledger.statements.catalogue import read
from ledger.statements.endorsement import JOINING, Endorsement
from ledger.statements.premises.arrangement import Sides, arrangement_between, joined_by
from ledger.statements.premises.evidence import Evidence, Held
from ledger.store.partners import Kept, Mirror
from ledger.store.statements import StoredStatement
from ledger.verify.bundle import parse_bundle

TEXTS: Final = 32
"""Arrangements of the own log that are looked at, and of partners' logs."""
ENDORSEMENTS: Final = 64
"""Endorsements of one text, of either."""
SIDES: Final = 24
"""Jurisdictions that are shown."""
ARRANGEMENT: Final = "RecognitionArrangement"

State = Literal["in force", "not in force", "signed by one side", "none"]
_ORDER: Final[tuple[State, ...]] = ("none", "signed by one side", "not in force", "in force")


class Cell(NamedTuple):
    """What holds between two sides.

    Attributes:
        texts: Digests of the arrangements that say so.
        detail: Why, for people.
    """

    state: State
    texts: tuple[bytes, ...] = ()
    detail: str = ""


class Matrix(NamedTuple):
    """Jurisdictions by jurisdictions.

    Attributes:
        cells: Of each two, the one that comes first in the alphabet first.
        more: Whether there is more than was looked at.
    """

    sides: tuple[str, ...]
    cells: dict[tuple[str, str], Cell]
    more: bool

    def cell(self, one: str, other: str) -> Cell:
        """What holds between two; the order does not matter."""
        return self.cells[min(one, other), max(one, other)]


class Sees(NamedTuple):
    """Whether a reader may see a statement of the own log, and one that partners gave."""

    stored: Callable[[StoredStatement], bool]
    digest: Callable[[bytes], bool]


def matrix(shelf: Shelf, mirror: Mirror, trust: TrustList, *, sees: Sees, now: int) -> Matrix:
    """What holds between the jurisdictions that arrangements name, the own one among them.

    Args:
        trust: The list that the node believes: whose endorsement is an authority's.
        sees: What the reader may see.
        now: POSIX seconds.
    """
    own = shelf.statements.of_type(ARRANGEMENT, limit=TEXTS + 1)
    kept = mirror.of_type(ARRANGEMENT, limit=TEXTS + 1)
    held = {
        one.digest: one
        for one in (
            *(_kept(one) for one in kept[:TEXTS] if sees.digest(one.subject)),
            *(_stored(one, shelf) for one in own[:TEXTS] if sees.stored(one)),
        )
        if one is not None and isinstance(one.value, RecognitionArrangement)
    }
    endorsed = {
        one.digest: one
        for text in held
        for one in _endorsements(text, shelf, mirror, sees)
        if one is not None
    }
    named = {party.jurisdiction for text in held.values() for party in text.value.parties}
    named |= {one.value.jurisdiction for one in endorsed.values()}
    sides = tuple(sorted(named)[:SIDES])
    if shelf.log.jurisdiction not in sides:
        sides = tuple(sorted((shelf.log.jurisdiction, *sides)))
    evidence = Evidence([*held.values(), *endorsed.values()], known=now, trust=trust)
    cells = {
        (one, other): _cell(Sides(one, other), list(held.values()), list(endorsed.values()), evidence, now)
        for one in sides
        for other in sides
        if one < other
    }
    return Matrix(sides, cells, len(own) > TEXTS or len(kept) > TEXTS or len(named) > SIDES)


def _cell(
    sides: Sides,
    texts: list[Held[RecognitionArrangement]],
    endorsed: list[Held[Endorsement]],
    evidence: Evidence,
    now: int,
) -> Cell:
    found = [_of_text(sides, text, endorsed, evidence, now) for text in texts]
    best = max((one.state for one in found), key=_ORDER.index, default=_ORDER[0])
    if best == "none":
        return Cell("none")
    alike = [one for one in found if one.state == best]
    digests = tuple(digest for one in alike for digest in one.texts)
    return Cell(best, digests, "; ".join(dict.fromkeys(one.detail for one in alike)))


def _of_text(
    sides: Sides,
    text: Held[RecognitionArrangement],
    endorsed: list[Held[Endorsement]],
    evidence: Evidence,
    now: int,
) -> Cell:
    judged = arrangement_between(evidence, text, sides, now)
    if judged.outcome == "passed":
        return Cell("in force", (text.digest,), judged.detail)
    joining = [one for one in endorsed if one.value.statement == text.digest and one.value.role in JOINING]
    signed = [side for side in sides if any(one.value.jurisdiction == side for one in joining)]
    if len(signed) == len(sides):
        return Cell("not in force", (text.digest,), judged.detail)
    if not signed or any(text.value.party(side) is None and side not in signed for side in sides):
        return Cell("none")
    counted = joined_by(evidence, text, signed[0], now) is not None
    detail = f"endorsed by {signed[0]}" + ("" if counted else ", which does not count at present")
    return Cell("signed by one side", (text.digest,), detail)


def _endorsements(text: bytes, shelf: Shelf, mirror: Mirror, sees: Sees) -> Iterator[Held[Any] | None]:
    for kept in mirror.referring(text, "Endorsement", limit=ENDORSEMENTS):
        if sees.digest(kept.subject):
            yield _kept(kept)
    for stored in shelf.statements.referring(text, "statement", kind="Endorsement", limit=ENDORSEMENTS):
        if sees.stored(stored):
            yield _stored(stored, shelf)


def _stored(stored: StoredStatement, shelf: Shelf) -> Held[Any]:
    covering = shelf.checkpoints.earliest_covering(stored.index)
    return Held(
        digest=stored.digest,
        type=stored.type,
        issuer=stored.issuer,
        created=stored.created,
        value=read(parse_statement(stored.body), screened=False),
        jurisdiction=shelf.log.jurisdiction,
        operator=None if covering is None else covering.signed_at,
    )


def _kept(kept: Kept) -> Held[Any] | None:
    """What a partner gave, which was verified before it was kept; None where the file was damaged since."""
    try:
        statement = parse_bundle(kept.bundle).subject_item.statement
        value = read(statement, screened=False)
    except LedgerError:
        return None
    return Held(
        statement.digest, statement.type, statement.issuer, statement.created, value, kept.jurisdiction
    )

"""The measures of one direction, made ready to be asked about transfers of one route at one time.

Rule: docs/spec/deciding.md, sections Measures and Facts.  Cost: measures at hand once for each route and time; whoever
decides about many transfers makes `Measures` of them once.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ledger.statements.deciding.facts import Vocabularies, vocabularies_of
from ledger.statements.deciding.verdicts import Ready, author_of, in_force, overriding, relations
from ledger.statements.decision import MeasureUsed
from ledger.statements.party import Party

_MOST_SIDES: Final = 1_024
"""Routes and times kept; beyond them all are made anew."""
_NOBODYS: Final[Vocabularies] = {}


class Side:
    """The measures of one direction that are in force for one route at one time.

    Attributes:
        measures: Ascending by digest.
        used: How a decision names them.
        work: Their rules, in all.
        relations: Of each, with the other side.
        known: To each, schemes and codes of scenarios.
        overriding: Of each, the places of those that override it.
        overridden: Places of those that any overrides.
        defaults: Places of those of the kind default.
        zone: Of the party on this side, empty without one.
    """

    __slots__ = (
        "defaults",
        "known",
        "measures",
        "overridden",
        "overriding",
        "relations",
        "used",
        "work",
        "zone",
    )

    def __init__(self, measures: list[Ready], party: Party, other: str, at: int) -> None:
        """Make a side ready.

        Args:
            measures: Those in force, ascending by digest.
            party: On this side.
            other: Jurisdiction of the other side.
            at: POSIX seconds.
        """
        self.measures, self.zone = measures, party.zone or ""
        self.used = [MeasureUsed(each.digest, each.measure.number, each.measure.version) for each in measures]
        self.work = sum(len(each.rulings) for each in measures)
        self.relations = [relations(each.measure, other, at) for each in measures]
        self.known = _known(measures)
        self.overriding = overriding(measures)
        self.overridden = [place for place, over in enumerate(self.overriding) if over]
        self.defaults = [place for place, each in enumerate(measures) if each.measure.kind == "default"]


class Measures:
    """Measures at hand, in any order; those of a route at a time are looked for once."""

    def __init__(self, at_hand: Iterable[Ready]) -> None:
        """Take measures as they are."""
        self._at_hand = tuple(at_hand)
        self._sides: dict[tuple[object, ...], Side] = {}

    def __iter__(self) -> Iterator[Ready]:
        """All of them."""
        return iter(self._at_hand)

    def side(self, direction: str, party: Party, other: str, at: int) -> Side:
        """Those of a direction.

        Args:
            direction: outbound or inbound.
            party: On that side.
            other: Jurisdiction of the other side.
            at: POSIX seconds.
        """
        route = (direction, party, other, at)
        side = self._sides.get(route)
        if side is None:
            if len(self._sides) >= _MOST_SIDES:
                self._sides.clear()
            side = Side(in_force(self._at_hand, direction, party, at), party, other, at)
            self._sides[route] = side
        return side


def _known(measures: list[Ready]) -> list[Vocabularies]:
    """For each measure, what its authority says that schemes of scenarios have, in all its measures of a direction."""
    authors = [author_of(each.measure) for each in measures]
    known = {
        author: vocabularies_of(
            list_
            for each, by in zip(measures, authors, strict=True)
            if by == author
            for list_ in each.measure.vocabularies
        )
        for author in {by for each, by in zip(measures, authors, strict=True) if each.measure.vocabularies}
    }
    return [known.get(author, _NOBODYS) for author in authors]

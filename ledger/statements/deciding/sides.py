"""The measures of one direction, made ready to be asked about transfers of one route at one time.

Rule: docs/spec/deciding.md, sections Measures and Facts.  Cost: measures at hand once for each route and time; whoever
decides about many transfers makes `Measures` of them once.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ledger.errors import RefusedError
from ledger.statements.deciding.verdicts import Ready, author_of, in_force, overriding, relations
from ledger.statements.decision import MOST_MEASURES, MeasureUsed
from ledger.statements.party import Party, party_of

_MOST_SIDES: Final = 1_024
"""Routes and times kept; beyond them all are made anew."""
MOST_WORK: Final = 2**18
"""Rules, facts of their tables and operators of their expressions, times lines."""


class Side:
    """The measures of one direction that are in force for one route at one time.

    Attributes:
        measures: Ascending by digest.
        used: How a decision names them.
        work: What asking all of them about a line costs, at most.
        relations: Of each, with the other side.
        overriding: Of each, the places of those that override it.
        overridden: Places of those that any overrides.
        defaults: Places of those of the kind default.
        zone: Of the party on this side, empty without one.
    """

    __slots__ = (
        "_authors",
        "_listing",
        "defaults",
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

        Raises:
            RefusedError: `decision-too-large`: they are more than `MOST_MEASURES`.
        """
        bound(len(measures), 0)
        self.measures, self.zone = measures, party.zone or ""
        self.used = [MeasureUsed(each.digest, each.measure.number, each.measure.version) for each in measures]
        self.relations = [relations(each.measure, other, at) for each in measures]
        self._authors = [author_of(each.measure) for each in measures]
        self._listing = [
            (author, list_)
            for author, each in zip(self._authors, measures, strict=True)
            for list_ in each.measure.vocabularies
        ]
        self.overriding = overriding(measures)
        self.overridden = [place for place, over in enumerate(self.overriding) if over]
        self.defaults = [place for place, each in enumerate(measures) if each.measure.kind == "default"]
        self.work = sum(ruling.work for each in measures for ruling in each.rulings) + sum(
            len(self.overriding[place]) + sum(ruling.work for ruling in measures[place].kept)
            for place in self.overridden
        )

    def knowing(self, scheme: str, code: str) -> list[bool]:
        """Of each measure whether its authority says, in any of its measures here, that there is such a scenario."""
        authors = {
            author for author, list_ in self._listing if list_.scheme == scheme and code in list_.codes
        }
        return [author in authors for author in self._authors]


def bound(measures: int, work: int) -> None:
    """Refuse what is more than is decided by.

    Raises:
        RefusedError: `decision-too-large`.
    """
    if measures > MOST_MEASURES or work > MOST_WORK:
        raise RefusedError(
            f"{measures} measures in force, whose rules and what these ask, times the lines, are {work}: at most"
            f" {MOST_MEASURES} and {MOST_WORK} are decided by",
            code="decision-too-large",
        )


class Measures:
    """Measures at hand, in any order; those of a route at a time are looked for once."""

    def __init__(self, at_hand: Iterable[Ready]) -> None:
        """Take measures as they are."""
        self._at_hand = tuple(at_hand)
        self._sides: dict[tuple[object, ...], Side] = {}

    def __iter__(self) -> Iterator[Ready]:
        """All of them."""
        return iter(self._at_hand)

    def side(self, direction: str, party: dict[str, str], other: dict[str, str], at: int) -> Side:
        """Those of a direction.

        Args:
            direction: outbound or inbound.
            party: On that side, as a record names it.
            other: On the other side.
            at: POSIX seconds.
        """
        where = party["jurisdiction"], other["jurisdiction"]
        route = (direction, where, party.get("zone"), party["scheme"], party["id"], at)
        side = self._sides.get(route)
        if side is None:
            if len(self._sides) >= _MOST_SIDES:
                self._sides.clear()
            of = party_of(party)
            side = Side(in_force(self._at_hand, direction, of, at), of, other["jurisdiction"], at)
            self._sides[route] = side
        return side

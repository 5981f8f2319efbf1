"""Measures that a decision had to ask and may not name: carried, so that step 11 can show what it leaves out.

A decision does not tell what it left out.  Whoever exports it looks into the log, at every moment at which a verifier
asks, for all that may count: which of it does, only a trust list says.

Source: docs/spec/bundle.md, docs/spec/deciding.md, docs/spec/verification.md (step 11 in full).
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, Final, NamedTuple

from ledger.core.statement import Statement, parse_statement
from ledger.core.times import parse_time
from ledger.statements.deciding.verdicts import has_begun, is_asked, series_of
from ledger.statements.edges import edges
from ledger.statements.measure import PolicyMeasure, read
from ledger.statements.party import Party, party_of
from ledger.statements.premises.evidence import existed
from ledger.store.statements import PAGE, Statements

Times = Callable[[int], Iterable[int]]
"""Of an entry by its index: by when it is shown to have existed, POSIX seconds; each by somebody else's word."""
_SIDES: Final = (("outbound", "exporter"), ("inbound", "importer"))


class _Listed(NamedTuple):
    """A measure of the log; `place`: its index there; `key`: the id of what signed it."""

    digest: bytes
    place: int
    measure: PolicyMeasure
    key: str


class LeftOut:
    """What may be asked about one record."""

    def __init__(self, record: Statement, known: Iterable[int], statements: Statements) -> None:
        """Nothing is read before it is asked for.

        Args:
            record: The TransferRecord.
            known: As `Times` gives for it; gone through once.
            statements: Of the log.
        """
        self._record, self._known, self._statements = record, known, statements

    def by(self, carried: Iterable[Statement]) -> list[bytes]:
        """Digests of what decisions about the record may leave out, and of what covers that; newest versions first.

        A version that is covered is among them where the later one may not count: where it is joint, where it was
        logged after a decision, or where another key signed it, which a trust list may not have.  What covers another
        comes before it: without it, the other would seem to be in force.

        Args:
            carried: Statements; those that are no decision about this record are passed over.

        Cost: nothing without a decision; else reads every measure of the log once, however often it is asked.
        """
        made = [one for one in carried if one.type == "Decision" and self._is_about(one)]
        if not made or self._record.type != "TransferRecord":
            return []
        places = [self._statements.index_of(one.digest) for one in made]
        before = min(index for index in places if index is not None)
        named = {digest for one in made for relation, digest in edges(one) if relation == "measure"}
        moments = dict.fromkeys([*(parse_time(str(one.subject["at"])) for one in made), *self._moments])
        found: dict[bytes, tuple[int, int]] = {}
        for place, moment in enumerate(moments):
            for versions in self._series(moment):
                asked = self._that_may_count(versions, before)
                is_named = any(one.digest in named for one in versions)
                if not is_named and not any(self._is_asked(one, moment) for one in asked):
                    continue
                for one in asked:
                    deep = sum(one.measure.version < other.measure.version for other in asked)
                    known = found.get(one.digest, (deep, place))
                    found[one.digest] = max(deep, known[0]), known[1]
        return sorted(found, key=lambda digest: (found[digest], digest))

    def _is_about(self, decision: Statement) -> bool:
        return decision.subject["transfer"] == self._record.digest.hex()

    @cached_property
    def _moments(self) -> tuple[int, ...]:
        """Every moment at which step 11 may ask, whoever's word a verifier takes for the record's time."""
        created = self._record.created
        found = [created]
        for known in self._known:
            begun = existed(created, known)
            found += begun, min(begun, known)  # two clocks differ: none counts from a moment still to come
        window: Any = self._record.subject.get("window", {})
        return (*found, *(parse_time(window[name]) for name in ("start", "end") if name in window))

    def _series(self, moment: int) -> Iterator[list[_Listed]]:
        """The measures of either direction that have begun, all versions of one together, newest first."""
        found: dict[tuple[str, ...], list[_Listed]] = {}
        for one in self._listed:
            direction = one.measure.direction
            if has_begun(one.measure, direction, self._parties[direction], moment):
                found.setdefault((direction, *series_of(one.measure)), []).append(one)
        for versions in found.values():
            yield sorted(versions, key=lambda one: -one.measure.version)

    def _that_may_count(self, versions: list[_Listed], before: int) -> list[_Listed]:
        """Those that are not covered by a later one, of which nothing in the log says that it may not count."""
        firm = [one for one in versions if one.place < before and one.measure.joint is None]
        return [one for one in versions if not any(_covers(later, one) for later in firm)]

    def _is_asked(self, one: _Listed, moment: int) -> bool:
        return is_asked(one.measure, self._parties[one.measure.direction], moment)

    @cached_property
    def _parties(self) -> dict[str, Party]:
        """The party of each direction."""
        told: dict[str, Any] = self._record.subject
        return {direction: party_of(told[side]) for direction, side in _SIDES}

    @cached_property
    def _listed(self) -> list[_Listed]:
        """The measures of the log that are of one of the record's jurisdictions."""
        sides = {party.jurisdiction for party in self._parties.values()}
        return [one for one in self._read() if one.measure.jurisdiction in sides]

    def _read(self) -> Iterator[_Listed]:
        first = 0
        while page := self._statements.of_type("PolicyMeasure", first=first):
            for stored in page:
                statement = parse_statement(stored.body)
                measure = read(statement, screened=False)
                yield _Listed(stored.digest, stored.index, measure, statement.key_id)
            first = page[-1].index + 1
            if len(page) < PAGE:
                return


def _covers(later: _Listed, one: _Listed) -> bool:
    return later.measure.version > one.measure.version and later.key == one.key

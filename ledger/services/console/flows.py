"""Two-way flows of a year, partner by partner, from the counts of the yearly report.

Sent is what exporters here recorded in this log; received is what importers here acknowledged in it, of records that
partners' logs gave.  Small cells are hidden as in the report.  Source: docs/spec/report.md.
"""

import threading
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any, Final, NamedTuple

from ledger.services.statistics.cells import Cell, Key, Row, Table, table_of
from ledger.services.statistics.counting import Counting, Given, span_of
from ledger.services.statistics.report import finder, given, sayer, told_table
from ledger.store.statements import Statements

AT_ONCE: Final = 20_000
"""Statements that are counted for one page; the next one goes on."""
TABLES: Final = ("outcomes", "categories", "grades", "scenarios")


class Flow(NamedTuple):
    """Records between here and a partner.

    Attributes:
        partner: Its jurisdiction; None: all others together.
        sent: None: what there is stands among all others.
        received: Likewise.
    """

    partner: str | None
    sent: int | None
    received: int | None


class Flows(NamedTuple):
    """What was counted.

    Attributes:
        counted: Entries of the log that were looked at, of `size`.
        total: All records that count.
        tables: Rows of each attribute, as the report has them.
    """

    year: int
    counted: int
    size: int
    total: Cell
    flows: tuple[Flow, ...]
    tables: dict[str, Any]

    @property
    def most(self) -> int:
        """The largest number of a row."""
        return max((number or 0 for row in self.flows for number in (row.sent, row.received)), default=0)


class _Year:
    def __init__(self, year: int, statements: Statements, jurisdiction: str) -> None:
        may_say = sayer(statements, jurisdiction)
        self.counting = Counting(span_of(year), finder(statements), may_say)
        self.year, self.reached = year, 0
        self.received: Counter[str] = Counter()


class FlowCounter:
    """Counts the log once and goes on where it was; of one year at a time.  Safe for threads."""

    def __init__(
        self, statements: Statements, jurisdiction: str, origin_of: Callable[[bytes], str | None]
    ) -> None:
        """Begin with nothing.

        Args:
            origin_of: In whose log a record stands that a partner gave; None where none did.
        """
        self._statements, self._own, self._origin_of = statements, jurisdiction, origin_of
        self._lock = threading.Lock()
        self._held: _Year | None = None

    def of(self, year: int, size: int) -> Flows:
        """The flows of a year, of the first `size` entries, or as far as one page may count.

        Cost: linear in the statements that are new since, `AT_ONCE` at most.
        """
        with self._lock:
            if self._held is None or self._held.year != year or self._held.reached > size:
                self._held = _Year(year, self._statements, self._own)
            held = self._held
            taken = list(islice(given(self._statements, first=held.reached, size=size), AT_ONCE))
            held.counting.extend(taken)
            for one in taken:
                if one.type == "TransferAcknowledgement":
                    self._receive(one, held)
            held.reached = taken[-1].place + 1 if len(taken) == AT_ONCE else size
            return self._told(held, size)

    def _receive(self, one: Given, held: _Year) -> None:
        if one.subject["outcome"] == "rejected" or not held.counting.is_of_year(one.subject["at"]):
            return
        origin = self._origin_of(bytes.fromhex(one.subject["record"]))
        if origin is not None and origin != self._own:
            held.received[origin] += 1

    def _told(self, held: _Year, size: int) -> Flows:
        received: dict[Key, Cell] = {(origin,): Cell(count) for origin, count in held.received.items()}
        return Flows(
            held.year,
            held.reached,
            size,
            held.counting.total,
            tuple(_rows(self._sent(held.counting), table_of(received, disjoint=True))),
            {name: told_table(held.counting, name) for name in TABLES},
        )

    def _sent(self, counting: Counting) -> Table:
        """By partner, what the report tells of routes, so that neither tells what the other hides."""
        routes = table_of(counting.tables["routes"], disjoint=True)
        rows = [Row(row.key[1:], row.cell) for row in routes.rows if row.key[0] == self._own]
        foreign = [row.cell for row in routes.rows if row.key[0] != self._own]
        other = routes.other
        for cell in foreign:
            other = cell.plus(other or Cell())
        return Table(tuple(rows), other)


def _rows(sent: Table, received: Table) -> list[Flow]:
    both = [{row.key[0]: row.cell.records for row in table.rows} for table in (sent, received)]
    # What has no row is none, if nothing is hidden.
    absent = [0 if table.other is None else None for table in (sent, received)]
    partners = {name for side in both for name in side}
    rows = [Flow(name, both[0].get(name, absent[0]), both[1].get(name, absent[1])) for name in partners]
    rows.sort(key=lambda row: (-(row.sent or 0) - (row.received or 0), row.partner))
    if sent.other is not None or received.other is not None:
        rows.append(
            Flow(None, *(0 if table.other is None else table.other.records for table in (sent, received)))
        )
    return rows

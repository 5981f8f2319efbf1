"""What the measures of a node's log say of transfer records: kept ready, and following the log.

Of a `joint` measure, endorsements count from their `from` on that its authorities registered in this log.  Measures of
other logs are not asked: what a destination asks for is known where its own measures are.

Source: docs/spec/deciding.md, docs/operations.md.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import orjson

from ledger.core.statement import parse_statement
from ledger.core.times import format_time
from ledger.errors import LedgerError, RefusedError, StoreError
from ledger.ruling import Ruling
from ledger.services.admission.batches import Admitted
from ledger.services.home.folder import Home
from ledger.statements.deciding.decide import Decided, Measures, Ready, decide, ready
from ledger.statements.endorsement import JOINT_MEASURE
from ledger.statements.endorsement import read as read_endorsement
from ledger.statements.measure import read
from ledger.store.log import Log
from ledger.store.rows import NewStatement
from ledger.store.statements import PAGE, Statements, StoredStatement

RECORD: Final = "TransferRecord"
RETRY: Final = 10.0
"""Seconds after which an entry that could not be read is tried once more."""
_NEVER: Final = 2**62
Short = dict[str, Any]
"""A decision as it is told in the answer to a registration."""


class MeasuresAtHand(NamedTuple):
    """What a log has at a moment.

    Attributes:
        measures: Those that could be read.
        trouble: Why another entry could not be read; None where all were.
    """

    measures: Measures
    trouble: LedgerError | None

    def require_readable(self) -> Measures:
        """The measures, where none is missing: what cannot be read may forbid what the others leave free.

        Raises:
            StoreError: `measure-unreadable`.
        """
        if self.trouble is not None:  # a new one: an error that is raised often keeps each place that did
            raise StoreError(str(self.trouble), code=self.trouble.code)
        return self.measures


class MeasureBook:
    """The measures of one log, ready to be asked.  Safe for threads.

    An entry that cannot be read keeps none of the others from being read, and is read once more when the book is asked
    `RETRY` seconds later or after: a fault of the store passes, and a restart is not needed to find that out.

    Args:
        statements: Of the log.
        size: Entries of the log, as this process knows it; what another process appended counts once it is followed.
        steady: Monotonic seconds.

    Cost: two look-ups whenever the log has grown; each measure is made ready once.  One look-up for each entry that
    could not be read, every `RETRY` seconds.
    """

    def __init__(
        self, statements: Statements, size: Callable[[], int], *, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._statements = statements
        self._size = size
        self._steady = steady
        self._takes = {"PolicyMeasure": self._take_measure, "Endorsement": self._take_endorsement}
        self._lock = threading.Lock()
        self._seen = 0
        self._measures: dict[bytes, Ready] = {}
        self._endorsed: dict[bytes, dict[str, int]] = {}
        self._held = Measures(())
        self._since = self._until = -_NEVER
        self._unread: dict[int, LedgerError] = {}
        self._again = 0.0
        self.trouble: LedgerError | None = None
        """Why a measure or an endorsement could not be read, when the book was last asked: what it says is unknown."""

    @property
    def unread(self) -> int:
        """How many entries could not be read when the book was last asked."""
        return len(self._unread)

    def at_hand(self, at: int) -> MeasuresAtHand:
        """The measures of the log at present, but for joint ones that too few had endorsed by `at`."""
        with self._lock:
            size = self._size()
            self._try_again()
            if size > self._seen:
                self._follow(size)
            if not self._since <= at < self._until:
                self._held, self._since, self._until = self._made(at)
            self.trouble = next(iter(self._unread.values()), None)
            return MeasuresAtHand(self._held, self.trouble)

    def _follow(self, size: int) -> None:
        for kind, take in self._takes.items():
            for stored in self._new(kind, size):
                self._take(take, stored)
        self._seen = size

    def _try_again(self) -> None:
        """Read once more what could not be read, if it is time."""
        if not self._unread or self._steady() < self._again:
            return
        self._again = self._steady() + RETRY
        for index in tuple(self._unread):
            stored = self._statements.by_index(index)
            take = None if stored is None else self._takes.get(stored.type)
            # Else it is damaged further: what it says is still unknown.
            if stored is not None and take is not None:
                self._take(take, stored)

    def _take(self, take: Callable[[StoredStatement], bool], stored: StoredStatement) -> None:
        """Take in one entry, or note why it cannot be read."""
        try:
            if take(stored):
                self._until = -_NEVER  # what is held is made anew, though an error may end this look
        except LedgerError as error:
            detail = f"{stored.type} {stored.digest.hex()}, entry {stored.index}, cannot be read: {error}"
            if not self._unread:
                self._again = self._steady() + RETRY
            self._unread[stored.index] = StoreError(detail, code="measure-unreadable")
        else:
            self._unread.pop(stored.index, None)

    def _take_measure(self, stored: StoredStatement) -> bool:
        measure = read(parse_statement(stored.body), screened=False)
        self._measures[stored.digest] = ready(stored.digest, measure)
        return True

    def _take_endorsement(self, stored: StoredStatement) -> bool:
        said = read_endorsement(parse_statement(stored.body), screened=False)
        if said.role != JOINT_MEASURE:
            return False
        by = self._endorsed.setdefault(said.statement, {})
        by[stored.issuer] = min(said.begins, by.get(stored.issuer, _NEVER))
        return True

    def _new(self, kind: str, size: int) -> list[StoredStatement]:
        found: list[StoredStatement] = []
        first = self._seen
        while page := self._statements.of_type(kind, first=first):
            found += [one for one in page if one.index < size]
            first = page[-1].index + 1
            if len(page) < PAGE or first >= size:
                break
        return found

    def _made(self, at: int) -> tuple[Measures, int, int]:
        """Those that count at a moment, and since and until when that is so."""
        begins = {digest: self._begins(one) for digest, one in self._measures.items()}
        held = Measures(one for digest, one in self._measures.items() if begins[digest] <= at)
        since = max((begin for begin in begins.values() if begin <= at), default=-_NEVER)
        return held, since, min((begin for begin in begins.values() if begin > at), default=_NEVER)

    def _begins(self, one: Ready) -> int:
        """From when a measure counts: a joint one, when enough had endorsed it."""
        joint = one.measure.joint
        if joint is None:
            return -_NEVER
        by = self._endorsed.get(one.digest, {})
        times = sorted(begin for did, begin in by.items() if did in joint.authorities)
        return times[joint.threshold - 1] if len(times) >= joint.threshold else _NEVER


class Rules:
    """Asks the measures of a log about the records that are being registered.

    Args:
        book: The measures.
        ruling: What the settings say.
        statements: Of the log: what stands in it already is not refused.
    """

    def __init__(self, book: MeasureBook, ruling: Ruling, statements: Statements) -> None:
        self._book = book
        self._ruling = ruling
        self._statements = statements

    def judged(self, admitted: Sequence[Admitted], now: int) -> tuple[list[Admitted], dict[bytes, Short]]:
        """The documents, those that the rules refuse with their error; and the decisions, by digest.

        Args:
            admitted: What was found of each document so far.
            now: For which it is decided, POSIX seconds.
        """
        held = self._book.at_hand(now)
        found: list[Admitted] = []
        decisions: dict[bytes, Short] = {}
        for one in admitted:
            if isinstance(one, NewStatement) and one.type == RECORD:
                told = decisions[one.digest] = _short(one.body, held, now)
                found.append(self._refused(one, told) or one)
            else:
                found.append(one)
        return found, decisions

    def _refused(self, row: NewStatement, told: Short) -> RefusedError | None:
        outcome = told["outcome"]
        if outcome not in self._ruling.refuse or self._statements.index_of(row.digest) is not None:
            return None
        strictest = told.get("strictest", {"direction": "outbound", "line": 0})
        return RefusedError(
            f"line {strictest['line']}, {strictest['direction']}: {outcome}, by the measures of this log at"
            f" {told['at']}; this node registers no such transfer",
            code="decision-refused",
        )


def _short(body: bytes, held: MeasuresAtHand, at: int) -> Short:
    try:
        return short(decide(orjson.loads(body)["credentialSubject"], held.require_readable(), at=at))
    except LedgerError as error:
        return {"at": format_time(at), "outcome": "indeterminate", "code": error.code}


def rules_of(home: Home, statements: Statements, log: Log) -> tuple[MeasureBook, Rules | None]:
    """The measures of a log, and what asks them, where the settings want it."""
    ruling = home.settings.ruling
    book = MeasureBook(statements, lambda: log.head.size)
    return book, Rules(book, ruling, statements) if ruling.decide else None


def short(decided: Decided) -> Short:
    """A decision in a few members: the outcome, whose it is, what would do, on which conditions, or what is missing."""
    direction, number = decided.strictest
    side = decided.outbound if direction == "outbound" or decided.inbound is None else decided.inbound
    told: Short = {
        "at": format_time(decided.at),
        "outcome": decided.outcome,
        "strictest": {"direction": direction, "line": number},
    }
    if decided.mechanisms is not None:
        told |= {"mechanisms": list(decided.mechanisms), "declared": decided.declared}
    missing = next((line.missing for line in side.lines if line.line == number), ())
    if decided.conditions:
        told["conditions"] = list(decided.conditions)
    if missing:
        told["missing"] = list(missing)
    return told

"""What the measures of a node's log say of transfer records: kept ready, and following the log.

Of a `joint` measure, endorsements count from their `from` on that its authorities registered in this log.  Measures of
other logs are not asked: what a destination asks for is known where its own measures are.

Source: docs/spec/deciding.md, docs/operations.md.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

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
_NEVER: Final = 2**62
Short = dict[str, Any]
"""A decision as it is told in the answer to a registration."""


class MeasureBook:
    """The measures of one log, ready to be asked.  Safe for threads.

    Args:
        statements: Of the log.
        size: Entries of the log, as this process knows it; what another process appended counts once it is followed.

    Cost: two look-ups whenever the log has grown; each measure is made ready once.
    """

    def __init__(self, statements: Statements, size: Callable[[], int]) -> None:
        self._statements = statements
        self._size = size
        self._lock = threading.Lock()
        self._seen = 0
        self._measures: dict[bytes, Ready] = {}
        self._endorsed: dict[bytes, dict[str, int]] = {}
        self._held = Measures(())
        self._since = self._until = -_NEVER
        self.trouble: LedgerError | None = None
        """Why a measure or an endorsement of the log could not be read: what it says is not known."""

    def at_hand(self, at: int) -> Measures:
        """The measures of the log at present, but for joint ones that too few had endorsed by `at`."""
        with self._lock:
            size = self._size()
            is_new = self._follow(size) if size > self._seen else False
            if is_new or not self._since <= at < self._until:
                self._held, self._since, self._until = self._made(at)
            self._seen = size
            return self._held

    def _follow(self, size: int) -> bool:
        """Take in what is new; whether there was anything."""
        found = False
        for kind, take in (("PolicyMeasure", self._take_measure), ("Endorsement", self._take_endorsement)):
            for stored in self._new(kind, size):
                try:
                    found |= take(stored)
                except LedgerError as error:
                    detail = f"{kind} {stored.digest.hex()}, entry {stored.index}, cannot be read: {error}"
                    self.trouble = StoreError(detail, code="measure-unreadable")
        return found

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
        measures = self._book.at_hand(now)
        found: list[Admitted] = []
        decisions: dict[bytes, Short] = {}
        for one in admitted:
            if isinstance(one, NewStatement) and one.type == RECORD:
                told = decisions[one.digest] = self._short(one.body, measures, now)
                found.append(self._refused(one, told) or one)
            else:
                found.append(one)
        return found, decisions

    def _short(self, body: bytes, measures: Measures, at: int) -> Short:
        trouble = self._book.trouble
        try:
            if trouble is not None:  # what cannot be read may forbid it
                raise trouble
            return short(decide(orjson.loads(body)["credentialSubject"], measures, at=at))
        except LedgerError as error:
            return {"at": format_time(at), "outcome": "indeterminate", "code": error.code}

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

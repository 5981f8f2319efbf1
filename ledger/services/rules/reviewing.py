"""A node's own review of each measure of its log, once an anchor proves when it was public.

It is signed by a machine whose key the settings name, and registered as anybody's; it flags, and blocks nothing.  What
was reviewed is looked up in the log, so that whoever takes over or starts again goes on where it was left, and the id
of a review is made of the measure, so that no log takes two of one reviewer.

Source: docs/spec/measure-lint.md.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledger.core.statement import Statement, parse_statement, unsigned
from ledger.core.times import format_time
from ledger.errors import LedgerError, StoreError
from ledger.ruling import Ruling
from ledger.services.admission.parties import Parties
from ledger.services.bundles.export import Shelf
from ledger.services.drafting.drafts import sign_draft
from ledger.services.home.folder import Home
from ledger.services.ids import derived_id
from ledger.services.keys.keyfile import HolderKey, read_holder_key
from ledger.services.registration.register import register
from ledger.services.registration.submitting import Submitting
from ledger.services.repeating import InRounds, Repeating
from ledger.statements.deciding.review import ENGINE, review
from ledger.statements.measure import PolicyMeasure
from ledger.statements.measure import read as read_measure
from ledger.statements.measure_review import Finding
from ledger.store.statements import PAGE, StoredStatement

PERIOD: Final = 5.0
"""Seconds between two rounds."""
LONGEST: Final = 3_600.0
"""Seconds that a review which was refused waits at most before it is tried again."""
_KIND: Final = "MeasureReview"
_MEASURE: Final = "PolicyMeasure"


def proven_at(shelf: Shelf, index: int) -> int | None:
    """When the entry at an index was anchored first, POSIX seconds; None before any anchor covers it."""
    held = (shelf.anchors.evidence_for(chain, index + 1) for chain in shelf.anchors.chains())
    return min((one.row.block_time for one in held if one is not None), default=None)


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as a MeasureReview has it."""
    told = {name: getattr(finding, name) for name in ("code", "rule", "pointer", "detail", "answer")}
    return {name: value for name, value in told.items() if value is not None}


def review_of(
    digest: bytes, measure: PolicyMeasure, ruling: Ruling, *, at: int, proven: int | None
) -> dict[str, Any]:
    """The subject of a MeasureReview: what the linter finds.

    Args:
        ruling: Which notice and languages are asked for.
        at: POSIX seconds.
        proven: When it was proven public; None: not asked.
    """
    found = review(
        measure, at=at, proven_at=proven, notice_days=ruling.notice_days, languages=ruling.languages
    )
    subject: dict[str, Any] = {
        "measure": digest.hex(),
        "at": format_time(at),
        "engine": ENGINE,
        "findings": unique(finding_json(one) for one in found),
        "noticeDays": ruling.notice_days,
    }
    if proven is not None:
        subject["provenAt"] = format_time(proven)
    if ruling.languages:
        subject["languages"] = sorted(set(ruling.languages))
    return subject


def unique(findings: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each finding once, in order."""
    found: list[dict[str, Any]] = []
    for one in findings:
        if one not in found:
            found.append(one)
    return found


class Waiting(NamedTuple):
    """A review that could not be made: of the measure at `entry`, how often it was tried, and when it is again."""

    entry: int
    tries: int
    again: float
    error: LedgerError


class Reviewer(InRounds):
    """Reviews what is anchored, on a thread of its own; begun with `start`.

    Each review is tried by itself: one that is refused waits, longer each time, and holds up no other.

    Args:
        shelf: Of the log.
        key: Reads the key of the machine that signs; asked in each round, so that a missing one is told and no more.
        ruling: What is asked for.
        steady: Seconds that no setting of the clock moves, for what waits.
    """

    def __init__(
        self,
        shelf: Callable[[], Shelf],
        parties: Parties,
        sequencer: Submitting,
        key: Callable[[], HolderKey],
        ruling: Ruling,
        *,
        clock: Callable[[], float],
        steady: Callable[[], float] = time.monotonic,
        period: float = PERIOD,
    ) -> None:
        self._shelf, self._parties, self._sequencer = shelf, parties, sequencer
        self._key, self._ruling, self._clock, self._steady = key, ruling, clock, steady
        self._done = 0
        self._waiting: dict[int, Waiting] = {}
        self._rounds = Repeating("reviewer", self.once, period=period, unforeseen=_unforeseen)

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """The reviews that could not be made yet, in the order in which they failed first."""
        return tuple(self._waiting.values())

    @property
    def trouble(self) -> LedgerError | None:
        """What ended the last round, else why the first review that waits could not be made."""
        return super().trouble or next((one.error for one in self.waiting), None)

    def once(self) -> None:
        """Review every measure that is anchored and that this machine has not reviewed yet.

        Raises:
            LedgerError: The key cannot be read, or the log; the next round tries again.
        """
        shelf, key = self._shelf(), self._key()
        for late in self.waiting:
            if late.again <= self._steady():
                for stored in shelf.statements.of_type(_MEASURE, first=late.entry, limit=1):
                    self._try(stored, shelf, key)
        for stored in self._measures(shelf):
            if proven_at(shelf, stored.index) is None:
                return  # what comes after it is not anchored either
            self._try(stored, shelf, key)
            self._done = stored.index + 1

    def _measures(self, shelf: Shelf) -> Iterator[StoredStatement]:
        while page := shelf.statements.of_type(_MEASURE, first=self._done):
            yield from page
            if len(page) < PAGE:
                return

    def _try(self, stored: StoredStatement, shelf: Shelf, key: HolderKey) -> None:
        try:
            if not _is_reviewed(stored.digest, key.holder, shelf):
                self._review(stored, proven_at(shelf, stored.index), key)
        except LedgerError as error:
            self._wait(stored.index, error)
        except Exception as error:  # noqa: BLE001 - a measure that no review can be made of holds up no other
            self._wait(stored.index, _unforeseen(error))
        else:
            self._waiting.pop(stored.index, None)

    def _wait(self, index: int, error: LedgerError) -> None:
        before = self._waiting.get(index)
        tries = 1 if before is None else before.tries + 1
        pause = min(LONGEST, PERIOD * 2.0 ** min(tries, 20))
        self._waiting[index] = Waiting(index, tries, self._steady() + pause, error)

    def _review(self, stored: StoredStatement, proven: int | None, key: HolderKey) -> None:
        measure = read_measure(parse_statement(stored.body), screened=False)
        now = int(self._clock())
        subject = review_of(stored.digest, measure, self._ruling, at=now, proven=proven)
        statement = signed_once(key, subject, now=now)
        register(statement.encoded, parties=self._parties, sequencer=self._sequencer, now=now)


def signed_once(key: HolderKey, subject: dict[str, Any], *, now: int) -> Statement:
    """A review under the id that this reviewer's first one of that measure has."""
    name = derived_id(key.holder, {"review": subject["measure"]})
    document = unsigned(kind=_KIND, identifier=name, issuer=key.holder, subject=subject, valid_from=now)
    return sign_draft(document, key, now=now)


def _is_reviewed(measure: bytes, reviewer: str, shelf: Shelf) -> bool:
    return bool(shelf.statements.referring(measure, "measure", kind=_KIND, issuer=reviewer, limit=1))


def reviewer_of(
    home: Home,
    shelf: Callable[[], Shelf],
    parties: Parties,
    sequencer: Submitting,
    *,
    clock: Callable[[], float],
) -> Reviewer | None:
    """What reviews the measures of a node's log, where its settings name a key for that."""
    ruling = home.settings.ruling
    if ruling.review_key is None:
        return None
    path = home.path / Path(ruling.review_key)
    return Reviewer(shelf, parties, sequencer, lambda: read_holder_key(path), ruling, clock=clock)


def _unforeseen(error: Exception) -> LedgerError:
    return StoreError(
        f"reviewing measures failed in a way that was not foreseen ({type(error).__name__})",
        code="reviewer-failed",
    )

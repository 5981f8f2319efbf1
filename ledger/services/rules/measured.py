"""The measures of a log with what became of them: their times, what reviewers found, and what their authority answers.

Source: docs/spec/policy-measure.md, docs/spec/measure-review.md.
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from ledger.core.statement import parse_statement
from ledger.services.bundles.export import Shelf
from ledger.statements.measure import PolicyMeasure, read
from ledger.statements.measure_review import Finding, MeasureReview
from ledger.statements.measure_review import read as read_review
from ledger.statements.observation import Observation
from ledger.statements.observation import read as read_observation
from ledger.store.statements import StoredStatement

PAGE: Final = 20
REVIEWS: Final = 64
"""Reviews, and observations, of one measure that are looked at: the first ones."""

State = Literal["future", "in force", "ended", "superseded"]


class Moment(NamedTuple):
    """A step in a measure's life; POSIX seconds."""

    what: Literal["published", "logged", "proven", "effective", "review", "superseded", "ends"]
    at: int
    detail: str = ""


class Flag(NamedTuple):
    """A finding of a reviewer's newest review, and what the measure's authority answers."""

    reviewer: str
    review: bytes
    finding: Finding
    answers: tuple[str, ...]


class Measured(NamedTuple):
    """A measure with its times, ascending.

    Attributes:
        reviewers: Whose reviews there are.
        successor: Digest of the next version in this log.
    """

    stored: StoredStatement
    measure: PolicyMeasure
    state: State
    timeline: tuple[Moment, ...]
    reviewers: tuple[str, ...]
    flags: tuple[Flag, ...]
    observations: tuple[tuple[str, Observation], ...]
    successor: bytes | None


class MeasuredPage(NamedTuple):
    """Measures in the order of the log; `following` is the `after` of the next page, None at the end."""

    items: tuple[Measured, ...]
    following: int | None


def measured(shelf: Shelf, *, now: int, after: int = -1) -> MeasuredPage:
    """A page of measures, which everybody may read.

    Args:
        now: POSIX seconds.
        after: Index of the last measure of the page before.
    """
    page = shelf.statements.of_type("PolicyMeasure", first=after + 1, limit=PAGE + 1)
    items = tuple(measured_one(stored, shelf, now) for stored in page[:PAGE])
    return MeasuredPage(items, page[PAGE - 1].index if len(page) > PAGE else None)


def measured_one(stored: StoredStatement, shelf: Shelf, now: int) -> Measured:
    """One PolicyMeasure of this log, as it is at a time, POSIX seconds."""
    measure = read(parse_statement(stored.body), screened=False)
    next_ = _successor(stored, measure, shelf)
    until = measure.effective_until
    if measure.pilot is not None:
        until = measure.pilot.sunset if until is None else min(until, measure.pilot.sunset)
    state: State = "in force"
    if now < measure.effective_from:
        state = "future"
    elif next_ is not None and next_[1].effective_from <= now:
        state = "superseded"
    elif until is not None and until <= now:
        state = "ended"
    timeline = sorted(_timeline(stored, measure, until, next_, shelf), key=lambda one: one.at)
    reviewers, flags = _flags(stored, shelf)
    seen = shelf.statements.referring(stored.digest, "statement", kind="Observation", limit=REVIEWS)
    told = tuple((one.issuer, read_observation(parse_statement(one.body), screened=False)) for one in seen)
    successor = None if next_ is None else next_[0].digest
    return Measured(stored, measure, state, tuple(timeline), reviewers, flags, told, successor)


def _successor(
    stored: StoredStatement, measure: PolicyMeasure, shelf: Shelf
) -> tuple[StoredStatement, PolicyMeasure] | None:
    """The next version, which its authority signed."""
    for one in shelf.statements.referring(
        stored.digest, "supersedes", kind="PolicyMeasure", issuer=stored.issuer, limit=REVIEWS
    ):
        found = read(parse_statement(one.body), screened=False)
        if (found.number, found.version) == (measure.number, measure.version + 1):
            return one, found
    return None


def _timeline(
    stored: StoredStatement,
    measure: PolicyMeasure,
    until: int | None,
    next_: tuple[StoredStatement, PolicyMeasure] | None,
    shelf: Shelf,
) -> Iterator[Moment]:
    yield Moment("published", measure.published_at, "as it says itself")
    covering = shelf.checkpoints.earliest_covering(stored.index)
    if covering is not None:
        yield Moment("logged", covering.signed_at, "by the clock of the log")
    held = [
        one
        for chain in shelf.anchors.chains()
        if (one := shelf.anchors.evidence_for(chain, stored.index + 1))
    ]
    if held:
        first = min(held, key=lambda one: one.row.block_time)
        yield Moment("proven", first.row.block_time, f"block {first.row.block_number} of {first.row.chain}")
    yield Moment("effective", measure.effective_from)
    if next_ is not None:
        yield Moment("superseded", next_[1].effective_from, f"by version {next_[1].version}")
    if until is not None:
        yield Moment("ends", until)


def _flags(stored: StoredStatement, shelf: Shelf) -> tuple[tuple[str, ...], tuple[Flag, ...]]:
    """Reviewers, and what the newest review of each found."""
    found = shelf.statements.referring(stored.digest, "measure", kind="MeasureReview", limit=REVIEWS)
    reviews = [(one, read_review(parse_statement(one.body), screened=False)) for one in found]
    newest: dict[str, tuple[StoredStatement, MeasureReview]] = {
        one.issuer: (one, review) for one, review in reviews if review.answers is None
    }
    answers = [
        review for one, review in reviews if review.answers is not None and one.issuer == stored.issuer
    ]
    flags = tuple(
        Flag(one.issuer, one.digest, finding, tuple(_answers(one.digest, finding, answers)))
        for one, review in newest.values()
        for finding in review.findings
    )
    return tuple(newest), flags


def _answers(review: bytes, finding: Finding, answers: list[MeasureReview]) -> Iterator[str]:
    for answer in answers:
        for one in answer.findings:
            same = (one.code, one.rule, one.pointer) == (finding.code, finding.rule, finding.pointer)
            if answer.answers == review and same and one.answer is not None:
                yield one.answer if one.detail is None else f"{one.answer}: {one.detail}"

"""Recognition: is this certificate good in that country, for this use, at that time, and now?

The rule of docs/spec/recognition.md, as a function of authenticated statements and of whom the verifier
believes.  Each premise has a module in `ledger.statements.premises`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

from ledger.core.times import format_time
from ledger.core.trust.values import TrustList
from ledger.errors import MalformedError
from ledger.statements.certificate import ConformityCertificate
from ledger.statements.premises.evidence import Dated, Evidence, Held, begun
from ledger.statements.premises.finding import Premise
from ledger.statements.premises.purpose import Purpose, purpose_of
from ledger.statements.premises.standing import Judged, Standing, standing_at
from ledger.statements.premises.status import last_suspension
from ledger.statements.reading import CLOCK_TOLERANCE
from ledger.statements.status_change import StatusChange

__all__ = [
    "Held",
    "Notice",
    "Premise",
    "Purpose",
    "RecognitionReport",
    "Standing",
    "purpose_of",
    "recognise",
]

Verdict = Literal["VALID", "VALID_THEN_NOT_NOW", "NOT_VALID_THEN", "UNKNOWN"]
MOST_JUDGED: Final = 60_000
"""Statements times moments that the search for the first good moment goes through."""


UNTRIED: Final = "whether it was good at one of the later moments, which are too many to be tried"


class Notice(NamedTuple):
    """Something a reader should know that changes no verdict."""

    code: str
    detail: str
    rests_on: tuple[bytes, ...]


class RecognitionReport(NamedTuple):
    """The answer for two times: when it mattered, and what is known.

    Attributes:
        verdict: Of the first, and whether it still holds.
        at: The standing at the time of the question.
        known: The standing at the time of knowledge.
        status_now: valid, the first thing against it in words, or not checked.
        into: The jurisdiction asked about; None: at home.
        not_checked: What the evidence cannot show, each as a clause that begins with whether.
        notices: What changes no verdict.
    """

    verdict: Verdict
    at: Standing
    known: Standing
    status_now: str
    into: str | None
    not_checked: tuple[str, ...]
    notices: tuple[Notice, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The report as JSON values."""
        return {
            "verdict": self.verdict,
            "at": self.at.to_json(),
            "known": self.known.to_json(),
            "statusNow": self.status_now,
            **({} if self.into is None else {"into": self.into}),
            "notChecked": list(self.not_checked),
            "notices": [
                {
                    "code": notice.code,
                    "detail": notice.detail,
                    "restsOn": [digest.hex() for digest in notice.rests_on],
                }
                for notice in self.notices
            ],
        }


def recognise(
    certificate: bytes,
    *,
    into: str | None,
    purpose: Purpose | None,
    at: int | None,
    known: int,
    evidence: Iterable[Held[object]],
    trust: TrustList,
) -> RecognitionReport:
    """Judge a certificate at the time of an event and at the time of knowledge.

    Args:
        certificate: Digest of a ConformityCertificate among the evidence.
        into: The jurisdiction it is to be used in; its own, or None, asks only whether it is good at home.
        purpose: The use it has to cover; None: not asked.
        at: When it mattered, POSIX seconds, no later than `known`; None: the first moment at which it was good.
        known: The time of knowledge.
        evidence: Statements that are authenticated, in any order, those of strangers too.
        trust: Whose word counts as an authority's.

    Raises:
        MalformedError: `certificate-not-carried`: no certificate of that digest is among the evidence.

    Cost: n log n in the statements, and for each moment that has to be tried the statements that concern it.
    """
    held = Evidence(evidence, known=known, trust=trust, subject=certificate)
    subject = held.certificate(certificate)
    if subject is None:
        detail = f"certificate {certificate.hex()} is not among the evidence"
        raise MalformedError(detail, code="certificate-not-carried")
    abroad = None if into == subject.jurisdiction else into

    def judge(moment: int) -> Judged:
        return standing_at(held, subject, moment, into=abroad, purpose=purpose)

    now = judge(known)
    missed: tuple[str, ...] = ()
    if at is None:
        tried, is_all = moments_tried(held, begun(subject), subject.value.valid_until)
        first = first_valid(tried, lambda moment: judge(moment).standing)
        then = first or now.standing
        missed = () if first or is_all else (UNTRIED,)
    else:
        then = now.standing if at >= known else judge(at).standing
    return RecognitionReport(
        verdict=verdict_of(then, now.standing),
        at=then,
        known=now.standing,
        status_now=status_now(now.standing),
        into=into,
        not_checked=(*_not_checked(then, now, purpose, abroad), *missed),
        notices=tuple(_notices(held, subject)),
    )


def verdict_of(then: Standing, now: Standing) -> Verdict:
    """What two standings come to together."""
    if then.outcome == "invalid":
        return "NOT_VALID_THEN"
    if then.outcome == "unknown":
        return "UNKNOWN"
    return "VALID_THEN_NOT_NOW" if now.outcome == "invalid" else "VALID"


def status_now(now: Standing) -> str:
    """A standing in words; what is not known is not called good."""
    if now.outcome == "valid":
        return "valid"
    if now.outcome == "unknown" or now.against is None:
        return "not checked"
    return now.against.code.lower().replace("_", " ")


def moments(evidence: Evidence, first: int, last: int) -> list[int]:
    """All moments, ascending, from which on something may be different: `first`, and later ones before `last`."""
    found = {first}
    for held in evidence:
        found.add(held.existed)
        found.update(_times(held.value))
    return sorted(moment for moment in found if first <= moment < last and moment <= evidence.known)


def moments_tried(evidence: Evidence, first: int, last: int) -> tuple[list[int], bool]:
    """The earliest of `moments`, and whether that is all: no evidence may take its reader forever."""
    every = moments(evidence, first, last)
    tried = every[: MOST_JUDGED // len(evidence.held)]
    return tried, len(tried) == len(every)


def first_valid(candidates: Iterable[int], judge: Callable[[int], Standing]) -> Standing | None:
    """The standing at the first moment at which it is valid, None where it never is."""
    for moment in candidates:
        standing = judge(moment)
        if standing.outcome == "valid":
            return standing
    return None


def _times(value: Any) -> Iterator[int]:
    """Every time that a statement names as the beginning or the end of something."""
    for name in ("valid_from", "valid_until", "effective", "begins"):
        moment = getattr(value, name, None)
        if moment is not None:
            yield moment
    credential = getattr(value, "credential", None)
    if credential is not None:
        yield from (credential.valid_from, credential.valid_until)
    for party in getattr(value, "parties", ()):
        yield party.in_force_from
        if party.until is not None:
            yield party.until
    for entry in getattr(value, "designated", ()):
        yield entry.begins
        if entry.ends is not None:
            yield entry.ends


def _not_checked(then: Standing, now: Judged, purpose: Purpose | None, into: str | None) -> Iterator[str]:
    if now.status.outcome == "absent":
        yield "whether a later withdrawal exists that is not in this evidence"
    if into is None:
        yield "whether another jurisdiction recognises it"
    if purpose is None:
        yield "whether a use lies within its scope"
    else:
        yield "whether the activity is one of those certified"
        counted = purpose.persons is not None
        if not counted and (now.effective.persons, now.effective.sensitive_persons) != (None, None):
            yield "whether the number of persons stays within the limit"
    if any(limit.startswith("condition: ") for limit in (*then.limits, *now.standing.limits)):
        yield "whether the conditions are met"


def _notices(evidence: Evidence, subject: Held[ConformityCertificate]) -> Iterator[Notice]:
    targets: list[Held[Dated]] = [subject]
    targets += evidence.recognitions(subject.digest)
    targets += evidence.accreditations(subject.author)
    for target in sorted(targets, key=lambda target: target.digest):
        for _, change in evidence.said_of(target)[0]:
            notice = _back_dated(change)
            if notice is not None:
                yield notice
        last = last_suspension(evidence, target, evidence.known)
        until = None if last is None else last.value.until
        if last is not None and until is not None and until <= evidence.known:
            detail = f"a suspension was to end by {format_time(until)}; no reinstatement is in the evidence"
            yield Notice("SUSPENSION_OVERDUE", detail, (target.digest, last.digest))


def _back_dated(change: Held[StatusChange]) -> Notice | None:
    effective, existed = change.value.effective, change.existed
    if effective >= change.created - CLOCK_TOLERANCE and existed <= change.created:
        return None
    detail = (
        f"a change of status claims effect from {format_time(effective)}; it is shown to exist from "
        f"{format_time(existed)}, and counts from {format_time(max(effective, existed))}"
    )
    return Notice("STATUS_BACK_DATED", detail, (change.digest,))

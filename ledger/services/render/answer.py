"""The answer at the head of the page: valid or not, then and now, recognised where, and what was not checked.

Never more than the report says: what failed makes it bad, what was not checked keeps it open.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.services.render.messages import Messages, Words, clock
from ledger.statements.recognition import Premise, RecognitionReport
from ledger.verify.report import STEPS, Report

_PREFIXES = ("ACCREDITATION_", "RECOGNITION_", "ONWARD_")
_NOT_ASKED = frozenset({2, 9, 11})
"""Steps that a certificate on its own leaves out: there is nothing of theirs to check."""


class Ground(NamedTuple):
    """One premise and how it came out."""

    code: str
    outcome: str
    said: Words


class Answer(NamedTuple):
    """What the page says first."""

    tone: str
    headline: Words
    lead: tuple[Words, ...]
    into: str | None
    effect: str | None
    limits: tuple[Words, ...]
    status_now: Words
    premises: tuple[Ground, ...]
    unchecked: tuple[Words, ...]


def answer_of(report: Report, messages: Messages) -> Answer:
    """The answer that a report on a certificate gives."""
    found = report.recognition
    # What is wrong at the moment asked about comes first; else what is known now.
    told = None if found is None else found.at if found.at.outcome != "valid" else found.known
    grounds = () if told is None else tuple(_ground(premise, messages) for premise in told.premises)
    key, tone = _headline(report, found)
    lead = [_moment(report, found, messages)]
    if told is not None and told.against is not None and tone != "good":
        lead.append(messages.say("lead.reason", reason=premise_said(told.against.code, messages)))
    stood = found.at if found is not None and key in _STOOD else None
    return Answer(
        tone=tone,
        headline=messages.say(key, into=("" if found is None else found.into) or ""),
        lead=tuple(lead),
        into=None if found is None else found.into,
        effect=None if stood is None else stood.effect,
        limits=() if stood is None else tuple(limit_said(one, messages) for one in stood.limits),
        status_now=_status(report, found, messages),
        premises=grounds,
        unchecked=tuple(dict.fromkeys(_unchecked(report, found, messages))),
    )


def _ground(premise: Premise, messages: Messages) -> Ground:
    return Ground(premise.code, premise.outcome, premise_said(premise.code, messages))


def limit_said(limit: str, messages: Messages) -> Words:
    """What comes with a recognition; conditions, gaps and reservations are in the words of their authors."""
    if limit == "partial":
        return messages.say("limit.partial")
    kind, colon, text = limit.partition(": ")
    name, _, state = kind.partition(" of ")
    if colon and messages.knows(f"limit.{name}"):
        return messages.say(f"limit.{name}", text=text, state=state)
    return (limit,)


def premise_said(code: str, messages: Messages) -> Words:
    """A code of the rule of recognition in words."""
    if messages.knows(f"premise.{code}"):
        return messages.say(f"premise.{code}")
    for prefix in _PREFIXES:
        rest = code.removeprefix(prefix)
        if rest != code and messages.knows(f"premise.{rest}"):
            return messages.say(f"prefix.{prefix}", text=messages.say(f"premise.{rest}"))
    return messages.say("premise.other")


def _headline(report: Report, found: RecognitionReport | None) -> tuple[str, str]:
    """The headline's key, and its tone."""
    if any(check.outcome == "failed" and check.step != _RECOGNITION for check in report.checks):
        return "headline.failed", "bad"
    if report.step(_RECOGNITION).outcome == "failed" or (found and found.verdict == "NOT_VALID_THEN"):
        return "headline.invalid", "bad"
    if report.verdict == "verified then, not now" or (found and found.verdict == "VALID_THEN_NOT_NOW"):
        return "headline.then", "bad"
    if found is None and report.verdict == "verified":
        return "headline.signed", "open"
    if found is None or found.verdict != "VALID" or report.verdict != "verified":
        return "headline.unknown", "open"
    return ("headline.recognised" if _is_abroad(found) else "headline.valid"), "good"


def _is_abroad(found: RecognitionReport) -> bool:
    """Whether another state's recognition was asked for, and not only whether it is good at home."""
    return found.into is not None and any(premise.code == "RECOGNISED" for premise in found.known.premises)


_RECOGNITION = 10
_STOOD = frozenset({"headline.recognised", "headline.then"})


def _moment(report: Report, found: RecognitionReport | None, messages: Messages) -> Words:
    checked = clock(report.checked_at)
    if found is None:
        return messages.say("lead.now", checked=checked)
    return messages.say("lead.moment", checked=checked, at=clock(found.at.moment))


def _status(report: Report, found: RecognitionReport | None, messages: Messages) -> Words:
    if report.status_now.startswith("not checked"):
        stale = "trust-list-stale" in report.status_now
        return messages.say("status.stale" if stale else "status.unchecked")
    if report.status_now == "valid":
        return messages.say("status.valid")
    against = None if found is None else found.known.against
    if against is None:
        return (report.status_now,)
    return messages.say("status.other", reason=premise_said(against.code, messages))


def _unchecked(report: Report, found: RecognitionReport | None, messages: Messages) -> Iterator[Words]:
    """What the report did not check, what of it a page never can."""
    for one in report.not_checked:
        key = f"unchecked.{one}"
        yield messages.say(key) if messages.knows(key) else (one,)
    if found is None:
        yield messages.say("unchecked.recognition")
    for number in STEPS:
        if number in _NOT_ASKED or (number == _RECOGNITION and found is None):
            continue
        if report.step(number).outcome == "absent":
            yield messages.say("unchecked.step", number=str(number), name=messages.say(f"step.{number}"))
    yield messages.say("unchecked.print")

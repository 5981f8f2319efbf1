"""What the page of a certificate says, whatever its form: text in each language, and nothing of how it looks.

All of it is taken from the signed statement and the verifier's report; no text of a stranger is ever markup.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.errors import MalformedError
from ledger.services.render.answer import Answer, answer_of
from ledger.services.render.messages import Messages, Words, clock, joined
from ledger.services.render.pointer import Pointer
from ledger.statements.certificate import read as read_certificate
from ledger.verify.report import STEPS, Dated, Report


class Row(NamedTuple):
    """One thing said: what it is, and its values."""

    label: Words
    values: tuple[Words, ...]
    exact: bool = False
    """A hash: set in letters of one width."""


class Part(NamedTuple):
    """Rows under a heading."""

    heading: Words
    rows: tuple[Row, ...]


class Line(NamedTuple):
    """One step of the check, or one premise of the answer."""

    name: Words
    outcome: str
    code: str


class Group(NamedTuple):
    """The lines that came out alike; `said` is how."""

    outcome: str
    said: Words
    lines: tuple[Line, ...]


class Sheet(NamedTuple):
    """The whole page.

    Attributes:
        tone: good, bad or open: how the answer is to look.
        unchecked: What was not checked; never empty.
        pointer: Text of the code.
        spelt_note: What a form adds that has no letter for some character.
    """

    languages: tuple[str, ...]
    title: Words
    subtitle: Words
    number: str
    number_label: Words
    tone: str
    headline: Words
    lead: tuple[Words, ...]
    parts: tuple[Part, ...]
    steps_heading: Words
    steps: tuple[Group, ...]
    premises_heading: Words
    premises: tuple[Group, ...]
    unchecked_heading: Words
    unchecked: tuple[Words, ...]
    pointer: str
    pointer_caption: Words
    foot: Words
    spelt_note: Words


def sheet_of(
    statement: Statement, report: Report, *, languages: tuple[str, ...], url: str | None = None
) -> Sheet:
    """The page of a certificate.

    Args:
        statement: The certificate.
        report: What the verifier says of it.
        languages: Of `LANGUAGES`, at least one; several stand beside each other.
        url: Where its bundle can be fetched, as `checked_url` let it pass.

    Raises:
        MalformedError: The statement is no certificate in order, or the report is of another one.
    """
    if report.subject != statement.digest:
        raise MalformedError("the report is of another statement than the page", code="statement-other")
    read_certificate(statement, screened=False)
    messages = Messages(languages)
    answer = answer_of(report, messages)
    pointer = Pointer(url, statement.digest, report.trust_hash)
    subject: dict[str, Any] = statement.subject
    return Sheet(
        languages=languages,
        title=messages.say("title"),
        subtitle=messages.say("subtitle"),
        number=subject["certificateNumber"],
        number_label=messages.say("number"),
        tone=answer.tone,
        headline=answer.headline,
        lead=answer.lead,
        parts=tuple(_parts(statement, report, answer, messages)),
        steps_heading=messages.say("heading.steps"),
        steps=_grouped(_steps(report, messages), messages),
        premises_heading=messages.say("heading.premises"),
        premises=_grouped(
            (Line(premise.said, premise.outcome, premise.code) for premise in answer.premises), messages
        ),
        unchecked_heading=messages.say("heading.unchecked"),
        unchecked=answer.unchecked,
        pointer=str(pointer),
        pointer_caption=messages.say("pointer.urn" if url is None else "pointer.url"),
        foot=messages.say("foot.page"),
        spelt_note=messages.say("foot.glyphs"),
    )


def _parts(statement: Statement, report: Report, answer: Answer, messages: Messages) -> Iterator[Part]:
    subject: dict[str, Any] = statement.subject
    yield Part(
        messages.say("heading.parties"),
        tuple(Row(messages.say(f"label.{who}"), _party(subject[who])) for who in ("holder", "body")),
    )
    yield Part(messages.say("heading.certificate"), tuple(_certified(subject, messages)))
    yield Part(messages.say("heading.scope"), tuple(_scope(subject["scope"], messages)))
    yield Part(messages.say("heading.recognition"), tuple(_recognised(answer, messages)))
    yield Part(messages.say("heading.check"), tuple(_check(statement, report, answer, messages)))


def _party(party: dict[str, Any]) -> tuple[Words, ...]:
    where = party.get("zone", party["jurisdiction"])
    number = "" if party["scheme"] == "DID" else f" · {party['scheme']} {party['id']}"
    return (party["did"],), (f"{where}{number}",)


def _certified(subject: dict[str, Any], messages: Messages) -> Iterator[Row]:
    scheme = subject["scheme"]
    yield Row(messages.say("label.scheme"), ((f"{scheme['id']} · {scheme['version']}",),))
    yield Row(messages.say("label.family"), (messages.coded("family", scheme["family"]),))
    yield Row(messages.say("label.standards"), tuple((one,) for one in scheme["standards"]))
    if "level" in scheme:
        yield Row(messages.say("label.level"), ((str(scheme["level"]),),))
    said = joined(
        [
            messages.coded("attestation", subject["attestationType"]),
            messages.coded("assessor", subject["assessorLevel"]),
            messages.coded("assessment", subject["assessmentLevel"]),
        ],
        " · ",
    )
    yield Row(messages.say("label.attestation"), (said,))
    dates = f"{clock(subject['validFrom'])} \N{EN DASH} {clock(subject['validUntil'])}"
    yield Row(messages.say("label.validity"), ((dates,),))


def _scope(scope: dict[str, Any], messages: Messages) -> Iterator[Row]:
    yield Row(messages.say("label.activities"), tuple((one,) for one in scope["activities"]))
    categories = [messages.coded("category", one) for one in scope["dataCategories"]]
    yield Row(messages.say("label.categories"), (joined(categories),))
    scenarios = [messages.coded("scenario", one["code"]) for one in scope["scenarios"]]
    yield Row(messages.say("label.scenarios"), (joined(scenarios),))
    yield Row(messages.say("label.destinations"), ((", ".join(scope["destinations"]),),))
    if "documentTypes" in scope:
        yield Row(messages.say("label.documents"), ((", ".join(scope["documentTypes"]),),))
    limits = scope.get("limits")
    if limits is not None:
        told = [messages.say("value.persons", count=f"{limits['persons']:,}")]
        if "sensitivePersons" in limits:
            told.append(messages.say("value.sensitivePersons", count=f"{limits['sensitivePersons']:,}"))
        yield Row(messages.say("label.limits"), (joined(told),))


def _recognised(answer: Answer, messages: Messages) -> Iterator[Row]:
    into = messages.say("value.notAsked") if answer.into is None else (answer.into,)
    yield Row(messages.say("label.into"), (into,))
    if answer.effect is None:
        yield Row(messages.say("label.effect"), (messages.say("value.notRecognised"),))
        return
    yield Row(messages.say("label.effect"), (messages.coded("effect", answer.effect),))
    limits = answer.limits or (messages.say("value.noLimits"),)
    yield Row(messages.say("label.recognitionLimits"), limits)


def _check(statement: Statement, report: Report, answer: Answer, messages: Messages) -> Iterator[Row]:
    yield Row(messages.say("label.signed"), ((clock(statement.created),),))
    dated = next((one for one in report.statements if one.digest == statement.digest), None)
    yield Row(messages.say("label.proven"), (_proven(dated, messages),))
    yield Row(messages.say("label.status"), (answer.status_now,))
    yield Row(messages.say("label.trust"), ((f"{report.trust_publisher} · {report.trust_version}",),))
    yield Row(messages.say("label.fingerprint"), ((report.trust_hash.hex(),),), exact=True)
    yield Row(messages.say("label.digest"), ((statement.digest.hex(),),), exact=True)


def _proven(dated: Dated | None, messages: Messages) -> Words:
    if dated is not None and dated.proven is not None:
        return messages.say("value.proven", time=clock(dated.proven), by=", ".join(dated.by))
    if dated is not None and dated.operator is not None:
        return messages.say("value.operator", time=clock(dated.operator))
    return messages.say("value.claimed")


def _steps(report: Report, messages: Messages) -> Iterator[Line]:
    for number in STEPS:
        check = report.step(number)
        first, *others = messages.say(f"step.{number}")
        yield Line((f"{number} {first}", *others), check.outcome, check.code)


def _grouped(lines: Iterable[Line], messages: Messages) -> tuple[Group, ...]:
    """What failed first, then what passed, then what was not checked."""
    every = tuple(lines)
    groups = (
        Group(
            outcome, messages.say(f"outcome.{outcome}"), tuple(one for one in every if one.outcome == outcome)
        )
        for outcome in ("failed", "passed", "absent")
    )
    return tuple(group for group in groups if group.lines)

"""Exploring decisions: a few answers about a transfer, or a whole draft, and what measures would say of it.

Nothing is kept of what is asked.  Source: docs/spec/precheck.md.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlencode

from ledger.errors import LedgerError
from ledger.services.drafting.drafts import read_document
from ledger.services.registration.deciding import MeasureBook
from ledger.services.rules.shipped_measures import Held, shipped
from ledger.statements.deciding.draft import draft_of
from ledger.statements.deciding.precheck import precheck
from ledger.statements.scenario import OWN_SCHEME
from ledger.statements.shape import Problem

LONGEST: Final = 128
"""Characters of an answer."""
MOST_CHANGES: Final = 12

Source = Literal["log", "shipped"]


class Question(NamedTuple):
    """Something that a person is asked.

    Attributes:
        name: Of the answer, and of its place on the page.
        fact: As measures ask for it.
        path: Where the answer stands in a draft's subject.
        codes: The list that it is of; "" where it is a number, a text, or yes or no.
    """

    name: str
    fact: str
    path: tuple[str, ...]
    kind: Literal["country", "text", "count", "truth", "code"]
    codes: str = ""


QUESTIONS: Final = (
    Question("from-country", "transfer.origin", ("exporter", "jurisdiction"), "country"),
    Question("zone", "exporter.zone", ("exporter", "zone"), "text"),
    Question("to", "transfer.destination", ("importer", "jurisdiction"), "country"),
    Question("flow", "transfer.flow", ("flow",), "code", "flows"),
    Question("category", "line.category", ("category",), "code", "categories"),
    Question("grade", "line.grade", ("grade",), "code", "grades"),
    Question("scenario", "line.scenario", ("scenario", "code"), "code", "scenarios"),
    Question("persons", "line.persons.count", ("persons", "count"), "count"),
    Question("sensitive", "line.persons.sensitiveCount", ("persons", "sensitiveCount"), "count"),
    Question("year", "line.persons.ytdCount", ("persons", "ytdCount"), "count"),
    Question("year-sensitive", "line.persons.ytdSensitiveCount", ("persons", "ytdSensitiveCount"), "count"),
    Question("critical", "transfer.criticalInfrastructure", ("criticalInfrastructure",), "truth"),
    Question("mechanism", "transfer.mechanism", ("mechanism", "type"), "code", "mechanisms"),
    Question("exemption", "transfer.exemption", ("mechanism", "exemptionCode"), "code", "exemptions"),
)
NAMES: Final = {question.fact: question.name for question in QUESTIONS}
"""Of the question about each fact."""


class Changing(NamedTuple):
    """A single fact that would change the answer, and where it is asked with it; "" where no page asks that."""

    change: dict[str, Any]
    query: str


class Explored(NamedTuple):
    """What is said of a draft.

    Attributes:
        checked: As `Precheck.subject` has it; None where the draft is not in order.
        problems: What is not in order.
        said: Of each measure by its digest, where it is from.
    """

    draft: dict[str, Any]
    checked: dict[str, Any] | None
    problems: tuple[Problem, ...]
    changes: tuple[Changing, ...]
    said: dict[str, str]


def draft_of_answers(answers: Mapping[str, str]) -> dict[str, Any]:
    """The subject of a draft with one line, as far as somebody answered."""
    line: dict[str, Any] = {}
    made: dict[str, Any] = {}
    for question in QUESTIONS:
        given = answers.get(question.name, "").strip()[:LONGEST]
        if given:
            *path, last = question.path
            place = line if question.fact.startswith("line.") else made
            for name in path:
                place = place.setdefault(name, {})
            place[last] = _value(question, given)
    if "code" in line.get("scenario", ()):
        line["scenario"]["scheme"] = OWN_SCHEME
    if "exemptionCode" in made.get("mechanism", ()):
        made["mechanism"].setdefault("type", "exemption")
    if line:
        made["lines"] = [{"line": 1, **line}]
    return made


def _value(question: Question, given: str) -> str | int | bool:
    if question.kind == "truth":
        return given == "yes"
    if question.kind == "country":
        return given.upper()
    if question.kind == "count" and given.isascii() and given.isdigit():
        return int(given[:15])
    return given


def draft_of_document(text: bytes) -> dict[str, Any]:
    """The subject of a draft that somebody gave whole: a statement, signed or not, or its subject.

    Raises:
        MalformedError: It is no JSON object.
    """
    document = read_document(text, what="draft")
    subject = document.get("credentialSubject", document)
    return subject if isinstance(subject, dict) else document


def explore(
    subject: dict[str, Any], held: Iterable[Held], *, at: int, answers: Mapping[str, str] | None = None
) -> Explored:
    """What measures say of a draft, and what would change it.

    Args:
        held: The measures at hand.
        at: When it is to cross, POSIX seconds.
        answers: What it was made of, for the queries of changes.

    Cost: as `precheck`.
    """
    at_hand = list(held)
    draft, problems = draft_of(subject)
    if problems:
        return Explored(subject, None, tuple(problems), (), {})
    try:
        checked = precheck(draft, [one.ready for one in at_hand], at=at).subject()
    except LedgerError as error:
        return Explored(subject, None, (Problem(error.pointer or "", error.code, str(error)),), (), {})
    changes = [Changing(change, _query(change, answers)) for change in checked["changes"][:MOST_CHANGES]]
    said = {one.ready.digest.hex(): one.said for one in at_hand}
    return Explored(subject, checked, (), tuple(changes), said)


def _query(change: dict[str, Any], answers: Mapping[str, str] | None) -> str:
    """The answers with this one fact changed; "" where there is no question about it, or no one value."""
    name = NAMES.get(change["fact"])
    if name is None or answers is None:
        return ""
    if "atLeast" in change:
        value = str(change.get("nearest", change["atLeast"]))
    elif len(change["values"]) == 1 and change["values"][0] not in {"", "*"}:
        value = change["values"][0].removeprefix(f"{OWN_SCHEME} ")
        value = {"true": "yes", "false": "no"}.get(value, value)
    else:
        return ""
    changed = {**answers, name: value}
    if "mechanism" in change:
        changed["mechanism"] = change["mechanism"]
    return urlencode({key: given for key, given in changed.items() if given})


def at_hand(source: Source, book: MeasureBook, now: int) -> list[Held]:
    """The measures of a log that count at present, as `GET /v1/measures` goes by them, or those that ship.

    Raises:
        StoreError: `measure-unreadable`: one of the log.
    """
    if source == "shipped":
        return _shipped()
    return [Held(one, "of this log", is_shipped=False) for one in book.at_hand(now).require_readable()]


@lru_cache(1)
def _shipped() -> list[Held]:
    return shipped()

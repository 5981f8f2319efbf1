"""MeasureReview: what was found in a published measure, or what its authority answers to it.

Format: docs/spec/measure-review.md.  Signed by a machine, an authority or an observer.  It flags and blocks nothing.
"""

from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements import codes as lists
from ledger.statements.fields import DIGEST, LABEL, REFERENCE, TIME, Code, Integer, Text
from ledger.statements.measure_terms import ENGINE, LANGUAGE
from ledger.statements.reading import Kind, not_in_future, optional_digest, read_subject
from ledger.statements.shape import Array, Object, Problem, rule


class Finding(NamedTuple):
    """One finding, or the answer to it."""

    code: str
    """A code of `measure-findings`."""
    rule: str | None
    """Id of the rule it is about."""
    pointer: str | None
    """JSON pointer into the measure's subject."""
    detail: str | None
    answer: str | None
    """agreed, disputed or remedied; None exactly where the review answers none."""


class MeasureReview(NamedTuple):
    """One review; times are POSIX seconds."""

    measure: bytes
    """Digest of the PolicyMeasure, 32 bytes."""
    at: int
    engine: str | None
    """What found it; None: people."""
    findings: tuple[Finding, ...]
    """Empty: nothing was found."""
    proven_at: int | None
    """Until when the measure was proven public at the latest, as the reviewer knew it."""
    notice_days: int | None
    """Days of notice that were asked for."""
    languages: frozenset[str]
    """In which the text was asked for."""
    answers: bytes | None
    """Digest of the MeasureReview that this one answers."""
    supersedes: bytes | None
    subject: dict[str, Any]


@rule("findings", "answers")
def _answers_say_so(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    answering = "answers" in subject
    for index, finding in enumerate(subject["findings"]):
        where = f"{at}/findings/{index}/answer"
        if answering and "answer" not in finding:
            detail = 'member "answer" is missing; a review that answers another says how'
            found.append(Problem(where, "member-missing", detail))
        elif not answering and "answer" in finding:
            found.append(Problem(where, "answer-conflict", "given where another review is answered"))


POINTER = Text(
    "a JSON pointer",
    r"(?:/(?:[A-Za-z0-9._:-]|~[01])+){1,16}",
    255,
)
"""RFC 6901, of the names that members of statements have."""
_FINDING = Object(
    {"code": Code("findings", lists.MEASURE_FINDINGS)},
    {
        "rule": REFERENCE,
        "pointer": POINTER,
        "detail": LABEL,
        "answer": Code("answers", lists.FINDING_ANSWERS),
    },
)
SHAPE = Object(
    {"measure": DIGEST, "at": TIME, "findings": Array(_FINDING, 0, 1_024, unique=True)},
    {
        "engine": ENGINE,
        "provenAt": TIME,
        "noticeDays": Integer(0, 3_650),
        "languages": Array(LANGUAGE, 1, 32, unique=True),
        "answers": DIGEST,
        "supersedes": DIGEST,
    },
    rules=(_answers_say_so,),
    note="What was found in a published measure; it blocks nothing.",
)
KIND = Kind("MeasureReview", ("machine", "authority", "observer"), SHAPE, (not_in_future("at"),))


def read(statement: Statement, *, screened: bool = True) -> MeasureReview:
    """The review that a statement holds.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    return MeasureReview(
        measure=bytes.fromhex(subject["measure"]),
        at=parse_time(subject["at"]),
        engine=subject.get("engine"),
        findings=tuple(
            Finding(
                code=finding["code"],
                rule=finding.get("rule"),
                pointer=finding.get("pointer"),
                detail=finding.get("detail"),
                answer=finding.get("answer"),
            )
            for finding in subject["findings"]
        ),
        proven_at=parse_time(subject["provenAt"]) if "provenAt" in subject else None,
        notice_days=subject.get("noticeDays"),
        languages=frozenset(subject.get("languages", ())),
        answers=optional_digest(subject, "answers"),
        supersedes=optional_digest(subject, "supersedes"),
        subject=subject,
    )

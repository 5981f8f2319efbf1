"""DatasetRegistration: how a holder's dataset was classified, by whom, under which licence and where it is.

Format: docs/spec/dataset-registration.md.  Signed by the registrar.  Lines of transfer records name the dataset by
its reference, in their `datasetRef`; a changed grade or category is a further version, which supersedes the last.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements import codes as lists
from ledger.statements.fields import (
    COUNTRY,
    DATE,
    DID,
    DIGEST,
    LABEL,
    REFERENCE,
    URI,
    Code,
    Integer,
    codes,
)
from ledger.statements.measure_rules import CITE, Cite, Scenarios, cite_of, scenarios_of
from ledger.statements.party import PARTY, Party, party_of
from ledger.statements.reading import SUBJECT, ContextRule, Kind, optional_digest, read_subject
from ledger.statements.scenario import SCENARIO
from ledger.statements.shape import Array, Object, Problem, rule
from ledger.statements.transfer import types_fit_category
from ledger.statements.validity import later_versions_supersede


class Classification(NamedTuple):
    """Who decided of category and grade, when, and by what."""

    by: str
    """DID."""
    date: str
    criteria: tuple[Cite, ...]
    measure: bytes | None
    """Digest of the PolicyMeasure by which it was graded."""


class DatasetRegistration(NamedTuple):
    """One version of what is known of one dataset."""

    holder: Party
    reference: str
    """Names the dataset among its holder's."""
    version: int
    supersedes: bytes | None
    """Digest of the version before; None exactly of the first."""
    category: str
    grade: str
    classification: Classification
    licence: str
    location: frozenset[str]
    description: str | None
    """None of what is graded core, always."""
    data_types: frozenset[str]
    scenarios: Scenarios
    subject: dict[str, Any]


@rule("grade", "description", "dataTypes", "scenarios")
def _core_is_not_described(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    if subject["grade"] == "core":
        for name in ("dataTypes", "description", "scenarios"):
            if name in subject:
                detail = "what is graded core is not described in public"
                found.append(Problem(f"{at}/{name}", "core-described", detail))


SHAPE = Object(
    {
        "holder": PARTY,
        "reference": REFERENCE,
        "version": Integer(1),
        "category": Code("categories", lists.CATEGORIES),
        "grade": Code("grades", lists.GRADES),
        "classification": Object(
            {"by": DID, "date": DATE, "criteria": Array(CITE, 1, 32, unique=True)}, {"measure": DIGEST}
        ),
        "licence": Object({"name": LABEL}, {"uri": URI}),
        "location": Array(COUNTRY, 1, 16, unique=True),
    },
    {
        "supersedes": DIGEST,
        "description": LABEL,
        "dataTypes": codes("data types", lists.DATA_TYPES),
        "scenarios": Array(SCENARIO, 1, 64, unique=True),
        "reviewBy": DATE,
    },
    rules=(later_versions_supersede, types_fit_category, _core_is_not_described),
    note="How a dataset was classified, by whom, its licence and its location.",
)


def _classified_before(subject: dict[str, Any], _issuer: str, created: int) -> Iterable[Problem]:
    day = parse_time(f"{subject['classification']['date']}T00:00:00Z")
    if day > (created // _DAY + 1) * _DAY:
        yield Problem(f"{SUBJECT}/classification/date", "time-order", "later than the day of signing")


_DAY = 86_400
"""Dates have no time zone: a day is granted."""
KIND = Kind(
    "DatasetRegistration",
    ("registrar",),
    SHAPE,
    (ContextRule(frozenset({"classification"}), _classified_before),),
)


def read(statement: Statement, *, screened: bool = True) -> DatasetRegistration:
    """The registration that a statement makes.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    classified = subject["classification"]
    return DatasetRegistration(
        holder=party_of(subject["holder"]),
        reference=subject["reference"],
        version=subject["version"],
        supersedes=optional_digest(subject, "supersedes"),
        category=subject["category"],
        grade=subject["grade"],
        classification=Classification(
            by=classified["by"],
            date=classified["date"],
            criteria=tuple(cite_of(cite) for cite in classified["criteria"]),
            measure=optional_digest(classified, "measure"),
        ),
        licence=subject["licence"]["name"],
        location=frozenset(subject["location"]),
        description=subject.get("description"),
        data_types=frozenset(subject.get("dataTypes", ())),
        scenarios=scenarios_of(subject.get("scenarios", [])),
        subject=subject,
    )

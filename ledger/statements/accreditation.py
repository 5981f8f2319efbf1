"""Accreditation: an accreditor's word that a body may certify, under which schemes and for how long.

Format: docs/spec/accreditation.md.  The body may itself be an accreditor: `parent` names the accreditation that
the accreditor holds, up to one whose word counts by itself.
"""

from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements.fields import DIGEST, TIME, URI, Integer
from ledger.statements.party import PARTY, Party, party_of
from ledger.statements.reading import Kind, optional_digest, read_subject, signed_by
from ledger.statements.scheme import DOCUMENT, FAMILY, LEVEL, NUMBER, VERSION
from ledger.statements.scope import DATA_CATEGORIES, DOCUMENT_TYPES, document_types_fit
from ledger.statements.shape import Array, Object, Problem, rule
from ledger.statements.status_reference import STATUS_REFERENCE, StatusReference, status_reference_of
from ledger.statements.validity import VALIDITY


class AccreditedScheme(NamedTuple):
    """A scheme that the body may certify under."""

    id: str
    versions: frozenset[str]
    family: str
    maximum_days: int
    """The longest that a certificate may be valid."""
    level: int | None
    """The highest level it may certify; None: the accreditation does not limit it."""


class Accreditation(NamedTuple):
    """One accreditation; times are POSIX seconds, digests 32 bytes."""

    number: str
    """Unique per accreditor."""
    accreditor: Party
    body: Party
    schemes: tuple[AccreditedScheme, ...]
    data_categories: frozenset[str]
    document_types: frozenset[str]
    """Empty where no scheme is of the family document."""
    valid_from: int
    """Included."""
    valid_until: int
    """Excluded."""
    status: StatusReference
    parent: bytes | None
    """The Accreditation that the accreditor itself holds."""
    supersedes: bytes | None
    subject: dict[str, Any]


@rule("schemes", "scope")
def _document_types_fit(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    of_documents = any(scheme["family"] == DOCUMENT for scheme in subject["schemes"])
    document_types_fit(subject["scope"], f"{at}/scope", found, of_documents=of_documents)


SHAPE = Object(
    {
        "number": NUMBER,
        "accreditor": PARTY,
        "body": PARTY,
        "schemes": Array(
            Object(
                {
                    "id": URI,
                    "versions": Array(VERSION, 1, 16, unique=True),
                    "family": FAMILY,
                    "maximumDays": Integer(1, 3660),
                },
                {"level": LEVEL},
            ),
            1,
            32,
            unique="id",
        ),
        "scope": Object({"dataCategories": DATA_CATEGORIES}, {"documentTypes": DOCUMENT_TYPES}),
        "validFrom": TIME,
        "validUntil": TIME,
        "statusReference": STATUS_REFERENCE,
    },
    {"parent": DIGEST, "supersedes": DIGEST},
    rules=(VALIDITY, _document_types_fit),
    note="An accreditor's word that a body may certify.",
)
KIND = Kind("Accreditation", ("accreditor",), SHAPE, (signed_by("accreditor"),))


def read(statement: Statement, *, screened: bool = True) -> Accreditation:
    """The accreditation that a statement grants; says nothing about its status.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    return Accreditation(
        number=subject["number"],
        accreditor=party_of(subject["accreditor"]),
        body=party_of(subject["body"]),
        schemes=tuple(
            AccreditedScheme(
                id=scheme["id"],
                versions=frozenset(scheme["versions"]),
                family=scheme["family"],
                maximum_days=scheme["maximumDays"],
                level=scheme.get("level"),
            )
            for scheme in subject["schemes"]
        ),
        data_categories=frozenset(subject["scope"]["dataCategories"]),
        document_types=frozenset(subject["scope"].get("documentTypes", ())),
        valid_from=parse_time(subject["validFrom"]),
        valid_until=parse_time(subject["validUntil"]),
        status=status_reference_of(subject["statusReference"]),
        parent=optional_digest(subject, "parent"),
        supersedes=optional_digest(subject, "supersedes"),
        subject=subject,
    )

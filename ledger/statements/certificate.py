"""ConformityCertificate: a conformity body's word that a holder's processing meets a scheme.

Format: docs/spec/conformity-certificate.md.  Where the Digital Conformity Credential of the UN Transparency
Protocol has a word (assessorLevel, assessmentLevel, attestationType, conformityCertificate,
auditableEvidence), it is used.
"""

from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements import codes as lists
from ledger.statements.fields import (
    COMMITMENT,
    COUNTRY,
    DID,
    DIGEST,
    LABEL,
    MEDIA_TYPE,
    TIME,
    URI,
    Code,
    Integer,
    Text,
    codes,
)
from ledger.statements.party import PARTY, Party, party_of
from ledger.statements.reading import Kind, read_subject, signed_by
from ledger.statements.scenario import SCENARIO
from ledger.statements.shape import Array, Object, Problem, rule


class ConformityCertificate(NamedTuple):
    """One certificate; times are POSIX seconds, digests 32 bytes."""

    number: str
    """Unique per body."""
    body: Party
    holder: Party
    scheme: str
    scheme_version: str
    family: str
    valid_from: int
    """Included."""
    valid_until: int
    """Excluded."""
    supersedes: bytes | None
    subject: dict[str, Any]
    """All fields, in order, as recognition reads them."""


@rule("persons", "sensitivePersons")
def _limits_fit(limits: dict[str, Any], at: str, found: list[Problem]) -> None:
    if "sensitivePersons" in limits and limits["sensitivePersons"] > limits["persons"]:
        detail = f'{limits["sensitivePersons"]} is more than "persons", {limits["persons"]}'
        found.append(Problem(f"{at}/sensitivePersons", "counts-conflict", detail))


@rule("validFrom", "validUntil")
def _dates_in_order(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    if subject["validFrom"] >= subject["validUntil"]:  # times of one form order as text does
        found.append(Problem(f"{at}/validUntil", "time-order", 'not later than "validFrom"'))


SCHEME = Object(
    {
        "id": URI,
        "version": Text("a version", r"[A-Za-z0-9][A-Za-z0-9._:-]{0,31}", 32),
        "family": Code("scheme families", lists.SCHEME_FAMILIES),
        "standards": Array(LABEL, 1, 32, unique=True),
    },
    note="The conformity scheme, and the standards assessed.",
)
SCOPE = Object(
    {
        "activities": Array(LABEL, 1, 64, unique=True),
        "dataCategories": codes("categories", lists.CATEGORIES),
        "scenarios": Array(SCENARIO, 1, 64, unique=True),
        "destinations": Array(COUNTRY, 1, 300, unique=True),
    },
    {"limits": Object({"persons": Integer(0)}, {"sensitivePersons": Integer(0)}, rules=(_limits_fit,))},
    note="What is certified; a transfer outside it is not covered.",
)
SHAPE = Object(
    {
        "certificateNumber": Text(
            "a certificate number: letters, digits and ._/-", r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}", 64
        ),
        "body": PARTY,
        "holder": PARTY,
        "assessorLevel": Code("assessor levels, UNTP", lists.ASSESSOR_LEVELS),
        "assessmentLevel": Code("assessment levels, UNTP", lists.ASSESSMENT_LEVELS),
        "attestationType": Code("attestation types, UNTP", lists.ATTESTATION_TYPES),
        "scheme": SCHEME,
        "scope": SCOPE,
        "validFrom": TIME,
        "validUntil": TIME,
    },
    {
        "accreditation": Object({"accreditor": DID, "statement": DIGEST}),
        "conformityCertificate": Object({"commitment": DIGEST, "mediaType": MEDIA_TYPE}),
        "auditableEvidence": COMMITMENT,
        "statusReference": Object({"statusListCredential": URI, "statusListIndex": Integer(0)}),
        "supersedes": DIGEST,
    },
    rules=(_dates_in_order,),
    note="A conformity body's word that a holder's processing meets a scheme.",
)
KIND = Kind("ConformityCertificate", "body", SHAPE, (signed_by("body"),))


def read(statement: Statement, *, screened: bool = True) -> ConformityCertificate:
    """The certificate that a statement grants; says nothing about its status.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    return ConformityCertificate(
        number=subject["certificateNumber"],
        body=party_of(subject["body"]),
        holder=party_of(subject["holder"]),
        scheme=subject["scheme"]["id"],
        scheme_version=subject["scheme"]["version"],
        family=subject["scheme"]["family"],
        valid_from=parse_time(subject["validFrom"]),
        valid_until=parse_time(subject["validUntil"]),
        supersedes=bytes.fromhex(subject["supersedes"]) if "supersedes" in subject else None,
        subject=subject,
    )

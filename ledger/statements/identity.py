"""IdentityRecognition: an authority's word that a digital identity of another jurisdiction counts in its own.

Format: docs/spec/identity-recognition.md.
"""

from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements.codes import ASSURANCE_LEVELS, CREDENTIAL_TYPES
from ledger.statements.fields import COUNTRY, DIGEST, TIME, URI, Code
from ledger.statements.party import PARTY, Party, party_of
from ledger.statements.reading import Kind, optional_digest, read_subject
from ledger.statements.shape import Object, Problem, rule
from ledger.statements.status_reference import STATUS_REFERENCE, StatusReference, status_reference_of
from ledger.statements.validity import VALIDITY


class Credential(NamedTuple):
    """The credential by which the party is known at home; times are POSIX seconds."""

    type: str
    issuer: str
    """URI, mostly a DID."""
    digest: bytes
    """SHA-256 of the credential as issued, 32 bytes."""
    valid_from: int
    """Included."""
    valid_until: int
    """Excluded."""


class IdentityRecognition(NamedTuple):
    """One recognition of an identity; times are POSIX seconds, digests 32 bytes."""

    party: Party
    credential: Credential
    level: str
    """Assurance level at home."""
    mapped_level: str
    """What it counts as where it is recognised."""
    arrangement: bytes
    jurisdiction: str
    """Who recognises."""
    valid_from: int
    """Included."""
    valid_until: int
    """Excluded."""
    status: StatusReference
    supersedes: bytes | None
    subject: dict[str, Any]


@rule("party", "jurisdiction")
def _of_another_jurisdiction(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    if subject["party"]["jurisdiction"] == subject["jurisdiction"]:
        detail = f"the party is of {subject['jurisdiction']} itself"
        found.append(Problem(f"{at}/party/jurisdiction", "same-jurisdiction", detail))


_LEVEL = Code("assurance levels", ASSURANCE_LEVELS)
SHAPE = Object(
    {
        "party": PARTY,
        "credential": Object(
            {
                "type": Code("credential types", CREDENTIAL_TYPES),
                "issuer": URI,
                "digest": DIGEST,
                "validFrom": TIME,
                "validUntil": TIME,
            },
            rules=(VALIDITY,),
        ),
        "level": _LEVEL,
        "mappedLevel": _LEVEL,
        "arrangement": DIGEST,
        "jurisdiction": COUNTRY,
        "validFrom": TIME,
        "validUntil": TIME,
        "statusReference": STATUS_REFERENCE,
    },
    {"supersedes": DIGEST},
    rules=(VALIDITY, _of_another_jurisdiction),
    note="An authority's word that a digital identity of another jurisdiction counts in its own.",
)
KIND = Kind("IdentityRecognition", ("authority",), SHAPE)


def read(statement: Statement, *, screened: bool = True) -> IdentityRecognition:
    """The recognition that a statement grants; says nothing about what it rests on, nor about its status.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    credential = subject["credential"]
    return IdentityRecognition(
        party=party_of(subject["party"]),
        credential=Credential(
            type=credential["type"],
            issuer=credential["issuer"],
            digest=bytes.fromhex(credential["digest"]),
            valid_from=parse_time(credential["validFrom"]),
            valid_until=parse_time(credential["validUntil"]),
        ),
        level=subject["level"],
        mapped_level=subject["mappedLevel"],
        arrangement=bytes.fromhex(subject["arrangement"]),
        jurisdiction=subject["jurisdiction"],
        valid_from=parse_time(subject["validFrom"]),
        valid_until=parse_time(subject["validUntil"]),
        status=status_reference_of(subject["statusReference"]),
        supersedes=optional_digest(subject, "supersedes"),
        subject=subject,
    )

"""ConformityCertificate: a conformity body's word that a holder's processing meets a scheme.

Format: docs/spec/conformity-certificate.md.  Where the Digital Conformity Credential of the UN Transparency
Protocol has a word (assessorLevel, assessmentLevel, attestationType, conformityCertificate,
auditableEvidence), it is used.
"""

from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements import codes as lists
from ledger.statements.fields import COMMITMENT, DID, DIGEST, LABEL, MEDIA_TYPE, TIME, URI, Code
from ledger.statements.party import PARTY, Party, party_of
from ledger.statements.reading import Kind, optional_digest, read_subject, signed_by
from ledger.statements.scheme import DOCUMENT, FAMILY, LEVEL, NUMBER, VERSION
from ledger.statements.scope import SCOPE, Scope, document_types_fit, scope_of
from ledger.statements.shape import Array, Object, Problem, rule
from ledger.statements.status_reference import STATUS_REFERENCE, StatusReference, status_reference_of
from ledger.statements.validity import VALIDITY


class ConformityCertificate(NamedTuple):
    """One certificate; times are POSIX seconds, digests 32 bytes."""

    number: str
    """Unique per body."""
    body: Party
    holder: Party
    scheme: str
    scheme_version: str
    family: str
    standards: tuple[str, ...]
    """Those assessed, as the body names them."""
    level: int | None
    """None where the scheme has no levels."""
    scope: Scope
    valid_from: int
    """Included."""
    valid_until: int
    """Excluded."""
    status: StatusReference | None
    """None: its status cannot be known."""
    accreditation: tuple[str, bytes] | None
    """(DID of the accreditor, digest of the Accreditation), where the certificate names one."""
    supersedes: bytes | None
    subject: dict[str, Any]
    """All fields, in order."""


@rule("scheme", "scope")
def _document_types_fit(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    of_documents = subject["scheme"]["family"] == DOCUMENT
    document_types_fit(subject["scope"], f"{at}/scope", found, of_documents=of_documents)


SCHEME = Object(
    {
        "id": URI,
        "version": VERSION,
        "family": FAMILY,
        "standards": Array(LABEL, 1, 32, unique=True),
    },
    {"level": LEVEL},
    note="The conformity scheme, and the standards assessed.",
)
SHAPE = Object(
    {
        "certificateNumber": NUMBER,
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
        "statusReference": STATUS_REFERENCE,
        "supersedes": DIGEST,
    },
    rules=(VALIDITY, _document_types_fit),
    note="A conformity body's word that a holder's processing meets a scheme.",
)
KIND = Kind("ConformityCertificate", ("body",), SHAPE, (signed_by("body"),))


def read(statement: Statement, *, screened: bool = True) -> ConformityCertificate:
    """The certificate that a statement grants; says nothing about its status.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    scheme, accreditation = subject["scheme"], subject.get("accreditation")
    status = subject.get("statusReference")
    return ConformityCertificate(
        number=subject["certificateNumber"],
        body=party_of(subject["body"]),
        holder=party_of(subject["holder"]),
        scheme=scheme["id"],
        scheme_version=scheme["version"],
        family=scheme["family"],
        standards=tuple(scheme["standards"]),
        level=scheme.get("level"),
        scope=scope_of(subject["scope"]),
        valid_from=parse_time(subject["validFrom"]),
        valid_until=parse_time(subject["validUntil"]),
        status=None if status is None else status_reference_of(status),
        accreditation=(
            None
            if accreditation is None
            else (accreditation["accreditor"], bytes.fromhex(accreditation["statement"]))
        ),
        supersedes=optional_digest(subject, "supersedes"),
        subject=subject,
    )

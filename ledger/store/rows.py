"""What is stored of a statement.  Loads no database, so that a process that only verifies stays small."""

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from ledger.core.canonical import encode_decoded
from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.errors import MalformedError
from ledger.statements.edges import Edge, edges

ABOUT_A_PARTY = ("Enrolment", "KeyRevocation")
STREAMED = ("TransferRecord", "TransferAcknowledgement")
"""What comes by the hundred thousand; it attests nothing, and is judged by its signer's keys alone."""
NUMBERED = ("Accreditation", "PolicyMeasure")
"""The types whose own number is their reference."""
HOLDERS: Mapping[str, str | None] = {
    "ConformityCertificate": "holder",
    "Accreditation": "body",
    "Recognition": None,
    "IdentityRecognition": "party",
}
"""The types that attest something for a while, under a status of their own; each with the member that says of whom."""

VERSIONED: Mapping[str, str] = {"DatasetRegistration": "holder", "PolicyMeasure": "authority"}
"""The types of which a log has each version once, under their reference; each with the member that says whose it is."""


class StatusEntry(NamedTuple):
    """Where an issuer publishes the status of one statement: a list's name, and the place in it."""

    list_id: str
    number: int


class Attestation(NamedTuple):
    """What an attestation is found by; times in POSIX seconds, the end excluded."""

    number: str | None
    holder: str | None
    valid_from: int
    valid_until: int
    status: StatusEntry | None


class Edition(NamedTuple):
    """What an edition of a status list is found by; times in POSIX seconds, the end excluded."""

    list_id: str
    valid_from: int
    valid_until: int


class Version(NamedTuple):
    """Which version of what a statement is; `name` is the same of all versions, see `version_name`."""

    name: bytes
    number: int


class NewStatement(NamedTuple):
    """A statement to append, already verified; `digest`, the SHA-256 of `body`, is the entry.

    The members up to `reference` are columns of `StatementRow`; `created` in POSIX seconds.

    Attributes:
        edges: The statements that it refers to; rows of `EdgeRow`.
        attestation: Row of `AttestationRow`, of those types that have one.
        edition: Row of `StatusListRow`, of a StatusList.
        version: Row of `VersionRow`, of those types that have versions.
    """

    digest: bytes
    issuer: str
    statement_id: str
    type: str
    created: int
    body: bytes
    party: str | None = None
    record: bytes | None = None
    reference: str | None = None
    edges: tuple[Edge, ...] = ()
    attestation: Attestation | None = None
    edition: Edition | None = None
    version: Version | None = None

    @property
    def status(self) -> StatusEntry | None:
        """Where its status is published."""
        return None if self.attestation is None else self.attestation.status


def row_of(statement: Statement) -> NewStatement:
    """What is stored of a statement whose fields are already checked.

    Never fails: what is not in order is left out.
    """
    subject, kind = statement.subject, statement.type
    party = subject.get("party") if kind in ABOUT_A_PARTY else None
    refers = edges(statement)
    record = dict(refers).get("record") if refers and kind == "TransferAcknowledgement" else None
    reference = subject.get("reference", subject.get("certificateNumber"))
    if kind in NUMBERED:
        reference = subject.get("number")
    number = reference if isinstance(reference, str) else None
    return NewStatement(  # by place, since every registration passes here
        statement.digest,
        statement.issuer,
        statement.id,
        kind,
        statement.created,
        statement.encoded,
        party if isinstance(party, str) else None,
        record,
        number,
        refers,
        _attestation(kind, subject, number) if kind in HOLDERS else None,
        _edition(subject) if kind == "StatusList" else None,
        _version(statement, number) if kind in VERSIONED else None,
    )


def version_name(kind: str, issuer: str, did: str, jurisdiction: str, reference: str) -> bytes:
    """SHA-256 of what is the same of all versions, as a list of canonical JSON: by whom, whose, and their reference."""
    return sha256(encode_decoded([kind, issuer, did, jurisdiction, reference])).digest()


def _version(statement: Statement, reference: str | None) -> Version | None:
    whose, number = statement.subject.get(VERSIONED[statement.type]), statement.subject.get("version")
    if not isinstance(whose, dict) or type(number) is not int or reference is None:
        return None
    did, jurisdiction = whose.get("did"), whose.get("jurisdiction")
    if not isinstance(did, str) or not isinstance(jurisdiction, str):
        return None
    return Version(version_name(statement.type, statement.issuer, did, jurisdiction, reference), number)


def _attestation(kind: str, subject: Mapping[str, object], number: str | None) -> Attestation | None:
    dates = _dates(subject)
    if dates is None:
        return None
    member = HOLDERS[kind]
    named = None if member is None else subject.get(member)
    holder = named.get("did") if isinstance(named, dict) else None
    return Attestation(number, holder if isinstance(holder, str) else None, *dates, _status(subject))


def _edition(subject: Mapping[str, object]) -> Edition | None:
    dates, name = _dates(subject), subject.get("id")
    return None if dates is None or not isinstance(name, str) else Edition(name, *dates)


def _status(subject: Mapping[str, object]) -> StatusEntry | None:
    told = subject.get("statusReference")
    if not isinstance(told, dict):
        return None
    name, index = told.get("statusListCredential"), told.get("statusListIndex")
    if not isinstance(name, str) or type(index) is not int or index < 0:
        return None
    return StatusEntry(name, index)


def _dates(subject: Mapping[str, object]) -> tuple[int, int] | None:
    begins, ends = subject.get("validFrom"), subject.get("validUntil")
    if not isinstance(begins, str) or not isinstance(ends, str):
        return None
    try:
        return parse_time(begins), parse_time(ends)
    except MalformedError:
        return None

"""What is stored of a statement.  Loads no database, so that a process that only verifies stays small."""

from dataclasses import dataclass

from ledger.core.statement import Statement

ABOUT_A_PARTY = ("Enrolment", "KeyRevocation")


@dataclass(frozen=True, slots=True)
class NewStatement:
    """A statement to append, already verified; `digest`, the SHA-256 of `body`, is the entry.

    The other members are columns of `StatementRow`; `created` in POSIX seconds.
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


def row_of(statement: Statement) -> NewStatement:
    """What is stored of a statement whose fields are already checked."""
    subject = statement.subject
    party = subject.get("party") if statement.type in ABOUT_A_PARTY else None
    record = subject.get("record") if statement.type == "TransferAcknowledgement" else None
    reference = subject.get("reference", subject.get("certificateNumber"))
    return NewStatement(
        digest=statement.digest,
        issuer=statement.issuer,
        statement_id=statement.id,
        type=statement.type,
        created=statement.created,
        body=statement.encoded,
        party=party if isinstance(party, str) else None,
        record=bytes.fromhex(record) if isinstance(record, str) else None,
        reference=reference if isinstance(reference, str) else None,
    )

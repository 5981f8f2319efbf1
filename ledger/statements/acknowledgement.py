"""TransferAcknowledgement: the importer's word on one transfer record.

Format: docs/spec/transfer-acknowledgement.md.  That its issuer is the importer of that record is checked
where the record is at hand: `answers`.
"""

from typing import NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements.codes import OUTCOMES
from ledger.statements.fields import DIGEST, TIME, Code
from ledger.statements.reading import Kind, not_in_future, optional_digest, read_subject
from ledger.statements.shape import Object
from ledger.statements.transfer import TransferRecord


class TransferAcknowledgement(NamedTuple):
    """What became of a transfer, in the words of its importer."""

    record: bytes
    """Digest of the TransferRecord, 32 bytes."""
    outcome: str
    """accepted, reservation or rejected."""
    at: int
    """POSIX seconds."""
    received_payload: bytes | None = None
    """The commitment that the importer computed over what it received, 32 bytes; None where it says nothing."""

    @property
    def receives(self) -> bool:
        """Whether the importer says that it received the transfer, with or without reservation."""
        return self.outcome != "rejected"


SHAPE = Object(
    {"record": DIGEST, "outcome": Code("outcomes", OUTCOMES), "at": TIME},
    {"receivedPayload": DIGEST},
    note="The importer's word on one transfer record.",
)
KIND = Kind("TransferAcknowledgement", ("importer",), SHAPE, (not_in_future("at"),))


def read(statement: Statement, *, screened: bool = True) -> TransferAcknowledgement:
    """The acknowledgement that a statement makes.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    return TransferAcknowledgement(
        record=bytes.fromhex(subject["record"]),
        outcome=subject["outcome"],
        at=parse_time(subject["at"]),
        received_payload=optional_digest(subject, "receivedPayload"),
    )


def answers(statement: Statement, record: TransferRecord) -> bool:
    """Whether an acknowledgement was issued by the importer that `record` names."""
    return statement.issuer == record.importer.did

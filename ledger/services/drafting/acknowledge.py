"""The importer's word on a transfer record: making it, and finding it in a node's log.

Source: docs/spec/transfer-acknowledgement.md.
"""

from typing import Any

from ledger.core.statement import Statement, parse_statement, sign_statement, unsigned
from ledger.core.times import format_time
from ledger.errors import LedgerError, RefusedError
from ledger.remote.node import NodeClient
from ledger.services.ids import statement_id
from ledger.services.keys.keyfile import HolderKey
from ledger.statements.acknowledgement import TransferAcknowledgement, answers, read
from ledger.statements.transfer import TransferRecord
from ledger.statements.transfer import read as read_record


def acknowledgement(record: str, outcome: str, key: HolderKey, *, now: int, random: bytes) -> Statement:
    """A signed acknowledgement.

    Args:
        record: Digest of the transfer record, 64 hex digits.
        outcome: accepted, reservation or rejected.
        key: Of the importer.
        now: POSIX seconds; when it was signed, and what it says of when.
        random: As `ids.statement_id` takes.
    """
    document = unsigned(
        kind="TransferAcknowledgement",
        identifier=statement_id(now, random),
        issuer=key.holder,
        subject={"record": record, "outcome": outcome, "at": format_time(now)},
        valid_from=now,
    )
    statement = sign_statement(document, key.private, key.verification_method, now)
    read(statement)  # what a node would refuse is never handed out
    return statement


def require_importer(record: Statement, key: HolderKey) -> TransferRecord:
    """The record, where the holder of `key` is its importer.

    Raises:
        MalformedError: It is no transfer record.
        RefusedError: `not-the-importer`.
    """
    found = read_record(record, screened=False)
    if found.importer.did != key.holder:
        raise RefusedError(
            f"the importer of the record is {found.importer.did}; the key is of {key.holder}",
            code="not-the-importer",
        )
    return found


def given(node: NodeClient, record: str) -> list[tuple[Statement, TransferAcknowledgement]]:
    """The acknowledgements of a record in a node's log, first logged first; what is none is left out.

    Raises:
        RemoteError: The node did not answer, or with nonsense.
    """
    found: list[tuple[Statement, TransferAcknowledgement]] = []
    for item in node.acknowledgements(record):
        try:
            statement = parse_statement(node.statement(str(item.get("digest"))))
            said = read(statement, screened=False)
        except LedgerError as error:
            if getattr(error, "code", "").startswith("remote"):
                raise
            continue
        if said.record.hex() == record:
            found.append((statement, said))
    return found


def counted(
    found: list[tuple[Statement, TransferAcknowledgement]], record: TransferRecord
) -> Statement | None:
    """The one that evidence of `record` carries: the first of its importer that receives it, else its first."""
    own = [(statement, said) for statement, said in found if answers(statement, record)]
    receiving = [statement for statement, said in own if said.receives]
    return receiving[0] if receiving else own[0][0] if own else None


def told(found: list[tuple[Statement, TransferAcknowledgement]]) -> list[dict[str, Any]]:
    """Acknowledgements as members of a command's answer."""
    return [
        {
            "digest": statement.digest.hex(),
            "issuer": statement.issuer,
            "outcome": said.outcome,
            "at": format_time(said.at),
        }
        for statement, said in found
    ]

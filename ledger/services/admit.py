"""Whether one statement may be registered: its format, its fields, and who signed it.

Loads no database, so that a process that does nothing else starts quickly and stays small; what is known of
parties comes through a function.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ledger.core.statement import Statement, parse_statement
from ledger.errors import LedgerError, MalformedError
from ledger.statements.catalogue import statement_type
from ledger.store.rows import NewStatement, row_of
from ledger.verify.authorship import party_author
from ledger.verify.keyrule import Grant, Revocation, Times


@dataclass(frozen=True, slots=True)
class Party:
    """What is known of one DID: the keys it may sign with, and what revokes them."""

    grants: tuple[Grant, ...]
    revocations: tuple[Revocation, ...]


PartyOf = Callable[[str, int], Party]
"""What is known of a DID at a POSIX second; an unknown one has no grants."""
Admit = Callable[[Statement, object, int], None]
"""Checks that the signer of a statement, whose subject is read, may sign it here; raises where it may not."""


class Verdict(NamedTuple):
    """What became of a document: a row to append, or a refusal.

    Attributes:
        digest: Of a statement whose fields or signer are refused.  It stands all the same where it stood before.
    """

    row: NewStatement | None = None
    refusal: LedgerError | None = None
    digest: bytes | None = None


def judge(data: bytes, *, wanted: str | None, now: int, admit: Admit) -> Verdict:
    """Read a document and have its signer judged.

    Args:
        wanted: The type that the statement must have; None takes any.
        now: POSIX seconds.
    """
    try:
        statement = parse_statement(data)
        if wanted is not None and statement.type != wanted:
            raise MalformedError(
                f"the statement is a {statement.type}; a {wanted} is asked for",
                code="statement-type",
                pointer="/type/1",
            )
    except LedgerError as error:
        return Verdict(refusal=error)
    try:
        admit(statement, statement_type(statement.type).read(statement), now)
        return Verdict(row_of(statement))
    except LedgerError as error:
        return Verdict(refusal=error, digest=statement.digest)


def admit_party(
    statement: Statement, subject: object, *, jurisdiction: str, party_of: PartyOf, now: int
) -> None:
    """Check that a party may sign a statement in this log; not for statements about parties.

    Args:
        jurisdiction: Of the log.

    Raises:
        SignatureError, VerificationError: As the key rule; `log-jurisdiction`, `party-not-enrolled-so`.
    """
    signer = party_of(statement.issuer, now)
    party_author(
        statement,
        subject,
        log_jurisdiction=jurisdiction,
        grants=signer.grants,
        revocations=signer.revocations,
        times=Times(),
        now=now,
    )

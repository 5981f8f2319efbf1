"""Whether one statement may be registered: its format, its fields, and who signed it.

Loads no database, so that a process that does nothing else starts quickly and stays small; what is known of
parties comes through a function.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger.core.statement import Statement, parse_statement
from ledger.errors import LedgerError, MalformedError
from ledger.statements.catalogue import statement_type
from ledger.store.rows import NewStatement, row_of
from ledger.verify.authorship import party_author
from ledger.verify.keyrule import Grant, Revocation, Times

TOGETHER: Final = 32
"""Documents that are taken through a step before the next one is begun."""


@dataclass(frozen=True, slots=True)
class Party:
    """What is known of one DID: the keys it may sign with, and what revokes them."""

    grants: tuple[Grant, ...]
    revocations: tuple[Revocation, ...]


_NOTHING_KNOWN: Final = Times()

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
    """Read a document and have its signer judged; see `judge_all`."""
    (verdict,) = judge_all((data,), wanted=wanted, now=now, admit=admit)
    return verdict


def judge_all(documents: Sequence[bytes], *, wanted: str | None, now: int, admit: Admit) -> list[Verdict]:
    """Read documents and have their signers judged; one verdict each, in order.

    One step is done for a few documents, then the next for them: what a step needs is still in the processor's
    caches for all but the first of them, which saves a fourth of what is not the signature.

    Args:
        wanted: The type that a statement must have; None takes any.
        now: POSIX seconds.
    """
    verdicts: list[Verdict] = []
    for at in range(0, len(documents), TOGETHER):
        parsed = [_parsed(data, wanted) for data in documents[at : at + TOGETHER]]
        read = [_read(one) for one in parsed]
        signed = [_signed(one, admit, now) for one in read]
        verdicts += [one if isinstance(one, Verdict) else Verdict(row_of(one)) for one in signed]
    return verdicts


def _parsed(data: bytes, wanted: str | None) -> Statement | Verdict:
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
    return statement


def _read(parsed: Statement | Verdict) -> tuple[Statement, object] | Verdict:
    if isinstance(parsed, Verdict):
        return parsed
    try:
        return parsed, statement_type(parsed.type).read(parsed)
    except LedgerError as error:
        return Verdict(refusal=error, digest=parsed.digest)


def _signed(read: tuple[Statement, object] | Verdict, admit: Admit, now: int) -> Statement | Verdict:
    if isinstance(read, Verdict):
        return read
    statement, subject = read
    try:
        admit(statement, subject, now)
    except LedgerError as error:
        return Verdict(refusal=error, digest=statement.digest)
    return statement


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
        times=_NOTHING_KNOWN,
        now=now,
    )

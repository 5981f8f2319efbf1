"""Versions of a measure or of a dataset's registration: each follows the one before, and each stands once.

What a version supersedes is looked for in this log; where it stands in another one, nothing is refused here.

Source: docs/spec/policy-measure.md and docs/spec/dataset-registration.md.
"""

from collections.abc import Iterator

from ledger.core.statement import Statement, parse_statement
from ledger.errors import ConflictError, RefusedError
from ledger.statements.catalogue import read
from ledger.statements.dataset import DatasetRegistration
from ledger.statements.measure import PolicyMeasure
from ledger.store.statements import Statements, StoredStatement

Versioned = PolicyMeasure | DatasetRegistration


def check_version(statement: Statement, subject: object, _: str, statements: Statements) -> None:
    """Refuse a version that does not follow the one it names, or that another statement is already.

    Args:
        statement: A PolicyMeasure or a DatasetRegistration.
        subject: As its type reads it.
        statements: Of the log.

    Raises:
        RefusedError: `version-conflict`.
        ConflictError: `version-taken`; of two that come at once the log itself refuses one.

    Cost: two look-ups, and one more for every 256 versions of this issuer under the number.
    """
    assert isinstance(subject, Versioned)
    what, version = name_of(statement.issuer, subject), subject.version
    if subject.supersedes is not None:
        held = statements.by_digest(subject.supersedes)
        before = None if held is None else _read(held)
        if held is not None and not (
            isinstance(before, Versioned)
            and name_of(held.issuer, before) == what
            and before.version == version - 1
            and _scope_of(before) == _scope_of(subject)
        ):
            raise RefusedError(
                f"version {version} of {_shown(subject)} supersedes {held.type} {held.digest.hex()}, which is not"
                f" its version {version - 1} of the same scope",
                code="version-conflict",
            )
    for stored in _under(statement, _number_of(subject), statements):
        other = _read(stored)
        if stored.digest == statement.digest or not isinstance(other, Versioned):
            continue
        if name_of(stored.issuer, other) == what and other.version == version:
            raise ConflictError(
                f"version {version} of {_shown(subject)} is {stored.digest.hex()}; another needs a further version",
                code="version-taken",
            )


def name_of(issuer: str, subject: Versioned) -> tuple[str, ...]:
    """What is the same through all versions: by whom, for whom, and under which number or reference."""
    whose = subject.authority if isinstance(subject, PolicyMeasure) else subject.holder
    return issuer, whose.did, whose.jurisdiction, _number_of(subject)


def _scope_of(subject: Versioned) -> tuple[str, ...]:
    """What a version of a measure may not change: another kind, direction or zone is another measure."""
    if isinstance(subject, PolicyMeasure):
        return subject.kind, subject.direction, subject.zone or ""
    return ()


def _number_of(subject: Versioned) -> str:
    return subject.number if isinstance(subject, PolicyMeasure) else subject.reference


def _shown(subject: Versioned) -> str:
    kind = "measure" if isinstance(subject, PolicyMeasure) else "dataset"
    return f"{kind} {_number_of(subject)}"


def _under(one: Statement, number: str, statements: Statements) -> Iterator[StoredStatement]:
    """What the issuer of a statement has under a number already; others' numbers are other numbers."""
    first = 0
    while page := statements.of_type(one.type, reference=number, issuer=one.issuer, first=first):
        yield from page
        first = page[-1].index + 1


def _read(stored: StoredStatement) -> object:
    return read(parse_statement(stored.body), screened=False)

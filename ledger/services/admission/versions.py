"""Versions of a measure or of a dataset's registration: each follows the one before, and each stands once.

What a version supersedes is looked for in this log; where it stands in another one, nothing is refused here.

Source: docs/spec/policy-measure.md and docs/spec/dataset-registration.md.
"""

from ledger.core.statement import Statement, parse_statement
from ledger.errors import ConflictError, RefusedError
from ledger.statements.catalogue import read
from ledger.statements.dataset import DatasetRegistration
from ledger.statements.measure import PolicyMeasure
from ledger.store.rows import Version, version_name
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

    Cost: two look-ups.
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
    other = statements.at_version(Version(version_name(statement.type, *what), version))
    if other is not None and other.digest != statement.digest:
        raise ConflictError(
            f"version {version} of {_shown(subject)} is {other.digest.hex()}; another needs a further version",
            code="version-taken",
        )


def name_of(issuer: str, subject: Versioned) -> tuple[str, str, str, str]:
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


def _read(stored: StoredStatement) -> object:
    return read(parse_statement(stored.body), screened=False)

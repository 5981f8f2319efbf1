"""StatusChange: an issuer suspends, reinstates or withdraws what it issued, or reduces its scope, and says why.

Format: docs/spec/status-change.md.  It counts only where its issuer is that of the statement it speaks of, which
is asked where that statement is at hand.
"""

from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements.codes import STATUS_CHANGES, STATUS_REASONS
from ledger.statements.fields import DIGEST, TIME, Code
from ledger.statements.reading import Kind, read_subject
from ledger.statements.scope import SCOPE, Scope, scope_of
from ledger.statements.shape import Object, Problem, rule
from ledger.statements.status_reference import SIGNERS_OF_STATUS
from ledger.statements.validity import in_order


class StatusChange(NamedTuple):
    """One change; times are POSIX seconds."""

    statement: bytes
    """Digest of what it changes the status of, 32 bytes."""
    change: str
    """suspend, reinstate, withdraw or reduceScope."""
    reason: str
    effective: int
    until: int | None
    """Of a suspension: the longest it may last."""
    scope: Scope | None
    """Of a reduction: what is left."""
    subject: dict[str, Any]


@rule("change", "until", "scope")
def _members_of_the_change(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    for name, change in (("until", "suspend"), ("scope", "reduceScope")):
        if subject["change"] == change and name not in subject:
            detail = f'member "{name}" is missing; the change {change} needs it'
            found.append(Problem(f"{at}/{name}", "member-missing", detail))
        elif subject["change"] != change and name in subject:
            detail = f"given with the change {change} alone"
            found.append(Problem(f"{at}/{name}", "change-conflict", detail))


SHAPE = Object(
    {
        "statement": DIGEST,
        "change": Code("status changes", STATUS_CHANGES),
        "reason": Code("status reasons", STATUS_REASONS),
        "effective": TIME,
    },
    {"until": TIME, "scope": SCOPE},
    rules=(_members_of_the_change, in_order("effective", "until")),
    note="An issuer's word that the status of what it issued changes.",
)
KIND = Kind("StatusChange", SIGNERS_OF_STATUS, SHAPE)


def read(statement: Statement, *, screened: bool = True) -> StatusChange:
    """The change that a statement makes; says nothing about whether its signer may make it.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    return StatusChange(
        statement=bytes.fromhex(subject["statement"]),
        change=subject["change"],
        reason=subject["reason"],
        effective=parse_time(subject["effective"]),
        until=parse_time(subject["until"]) if "until" in subject else None,
        scope=scope_of(subject["scope"]) if "scope" in subject else None,
        subject=subject,
    )

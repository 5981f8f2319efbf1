"""Recognition: an authority's word that a certificate of another jurisdiction counts in its own.

Format: docs/spec/recognition-grant.md.  Whether that word holds at some time, with all it rests on, is the rule of
`ledger.statements.recognition`.
"""

from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements.codes import RECOGNITION_EFFECTS
from ledger.statements.fields import COUNTRY, DIGEST, LABEL, TIME, Code
from ledger.statements.reading import Kind, optional_digest, read_subject
from ledger.statements.scope import SCOPE, Scope, scope_of
from ledger.statements.shape import Array, Object, Problem, rule
from ledger.statements.status_reference import STATUS_REFERENCE, StatusReference, status_reference_of
from ledger.statements.validity import VALIDITY


class Recognition(NamedTuple):
    """One recognition; times are POSIX seconds, digests 32 bytes."""

    certificate: bytes
    arrangement: bytes
    jurisdiction: str
    """Where the certificate is to count."""
    effect: str
    """full, partial or conditional."""
    conditions: tuple[str, ...]
    scope: Scope | None
    """What is recognised; None: all that is certified."""
    valid_from: int
    """Included."""
    valid_until: int
    """Excluded."""
    status: StatusReference
    onward: bytes | None
    """The Recognition by another jurisdiction that this one rests on."""
    supersedes: bytes | None
    subject: dict[str, Any]


@rule("effect", "conditions", "scope")
def _members_of_the_effect(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    effect = subject["effect"]
    for name, needed, barred in (
        ("conditions", ("conditional",), ("full", "partial")),
        ("scope", ("partial",), ("full",)),
    ):
        if effect in needed and name not in subject:
            detail = f'member "{name}" is missing; a {effect} recognition says which'
            found.append(Problem(f"{at}/{name}", "member-missing", detail))
        elif effect in barred and name in subject:
            found.append(Problem(f"{at}/{name}", "effect-conflict", f"given with a {effect} recognition"))


SHAPE = Object(
    {
        "certificate": DIGEST,
        "arrangement": DIGEST,
        "jurisdiction": COUNTRY,
        "effect": Code("recognition effects", RECOGNITION_EFFECTS),
        "validFrom": TIME,
        "validUntil": TIME,
        "statusReference": STATUS_REFERENCE,
    },
    {
        "conditions": Array(LABEL, 1, 32, unique=True),
        "scope": SCOPE,
        "onward": DIGEST,
        "supersedes": DIGEST,
    },
    rules=(VALIDITY, _members_of_the_effect),
    note="An authority's word that a certificate of another jurisdiction counts in its own.",
)
KIND = Kind("Recognition", ("authority",), SHAPE)


def read(statement: Statement, *, screened: bool = True) -> Recognition:
    """The recognition that a statement grants; says nothing about what it rests on, nor about its status.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    return Recognition(
        certificate=bytes.fromhex(subject["certificate"]),
        arrangement=bytes.fromhex(subject["arrangement"]),
        jurisdiction=subject["jurisdiction"],
        effect=subject["effect"],
        conditions=tuple(subject.get("conditions", ())),
        scope=scope_of(subject["scope"]) if "scope" in subject else None,
        valid_from=parse_time(subject["validFrom"]),
        valid_until=parse_time(subject["validUntil"]),
        status=status_reference_of(subject["statusReference"]),
        onward=optional_digest(subject, "onward"),
        supersedes=optional_digest(subject, "supersedes"),
        subject=subject,
    )

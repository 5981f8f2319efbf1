"""Endorsement: by which an authority joins the text of an arrangement, accedes to it, or leaves it.

Or by which it is one of those that publish a measure jointly.

Format: docs/spec/endorsement.md.
"""

from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements.codes import ENDORSEMENT_ROLES
from ledger.statements.designation import (
    ACCREDITORS,
    DESIGNATED_BODIES,
    AccreditorEntry,
    Designation,
    accreditors_of,
    designations_of,
)
from ledger.statements.fields import COUNTRY, DIGEST, LABEL, TIME, Code
from ledger.statements.reading import Kind, optional_digest, read_subject
from ledger.statements.shape import Array, Object, Problem, rule

DENUNCIATION = "denunciation"
JOINT_MEASURE = "jointMeasure"
JOINING = frozenset({"party", "accession"})
"""The roles of who joins an arrangement."""


class Endorsement(NamedTuple):
    """What one side says to one text."""

    statement: bytes
    """Digest of the RecognitionArrangement or, of the role jointMeasure, the PolicyMeasure, 32 bytes."""
    role: str
    """party, accession, denunciation or jointMeasure."""
    jurisdiction: str
    begins: int
    """POSIX seconds, included."""
    toward: frozenset[str] | None
    """Of a denunciation: the sides it leaves; None: all of them."""
    designated: tuple[Designation, ...]
    accreditors: tuple[AccreditorEntry, ...]
    supersedes: bytes | None
    subject: dict[str, Any]


@rule("role")
def _members_of_the_role(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    for name in _NOT_OF_ROLE.get(subject["role"], ("toward",)):
        if name in subject:
            detail = f"not a member of an endorsement with the role {subject['role']}"
            found.append(Problem(f"{at}/{name}", "role-conflict", detail))


@rule("jurisdiction", "designatedBodies", "accreditors")
def _each_of_its_own(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    for name in ("designatedBodies", "accreditors"):
        for index, entry in enumerate(subject.get(name, ())):
            if entry["jurisdiction"] != subject["jurisdiction"]:
                detail = (
                    f"of {entry['jurisdiction']}; a side designates for itself, {subject['jurisdiction']}"
                )
                found.append(Problem(f"{at}/{name}/{index}/jurisdiction", "foreign-designation", detail))


_OF_JOINING = ("designatedBodies", "accreditors", "reservations")
_NOT_OF_ROLE = {DENUNCIATION: _OF_JOINING, JOINT_MEASURE: (*_OF_JOINING, "toward")}
SHAPE = Object(
    {
        "statement": DIGEST,
        "role": Code("endorsement roles", ENDORSEMENT_ROLES),
        "jurisdiction": COUNTRY,
        "from": TIME,
    },
    {
        "toward": Array(COUNTRY, 1, 64, unique=True),
        "designatedBodies": DESIGNATED_BODIES,
        "accreditors": ACCREDITORS,
        "reservations": Array(LABEL, 1, 64, unique=True),
        "supersedes": DIGEST,
    },
    rules=(_members_of_the_role, _each_of_its_own),
    note="What one side says to the text of an arrangement, or to a measure published jointly.",
)
KIND = Kind("Endorsement", ("authority",), SHAPE)


def read(statement: Statement, *, screened: bool = True) -> Endorsement:
    """The endorsement that a statement makes; that its issuer may speak for that side is not asked.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    return Endorsement(
        statement=bytes.fromhex(subject["statement"]),
        role=subject["role"],
        jurisdiction=subject["jurisdiction"],
        begins=parse_time(subject["from"]),
        toward=frozenset(subject["toward"]) if "toward" in subject else None,
        designated=designations_of(subject),
        accreditors=accreditors_of(subject),
        supersedes=optional_digest(subject, "supersedes"),
        subject=subject,
    )

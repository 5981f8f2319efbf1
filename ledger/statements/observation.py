"""Observation: what somebody who watches has to say of a published statement.

Format: docs/spec/observation.md.  Signed by an observer.  It changes nothing; it stands beside what it is about.
"""

from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.statements import codes as lists
from ledger.statements.fields import DIGEST, LABEL, MEDIA_TYPE, TIME, Code
from ledger.statements.measure_review import POINTER
from ledger.statements.reading import Kind, not_in_future, optional_digest, read_subject
from ledger.statements.shape import Array, Object


class Observation(NamedTuple):
    """One observation; times are POSIX seconds."""

    statement: bytes
    """Digest of what it is about, 32 bytes."""
    kind: str
    at: int
    pointer: str | None
    """JSON pointer into the subject of what it is about."""
    detail: str | None
    evidence: tuple[bytes, ...]
    """SHA-256 of documents."""
    supersedes: bytes | None
    subject: dict[str, Any]


SHAPE = Object(
    {"statement": DIGEST, "kind": Code("kinds of observations", lists.OBSERVATION_KINDS), "at": TIME},
    {
        "pointer": POINTER,
        "detail": LABEL,
        "evidence": Array(Object({"sha256": DIGEST, "mediaType": MEDIA_TYPE}), 1, 32, unique="sha256"),
        "supersedes": DIGEST,
    },
    note="What an observer has to say of a published statement.",
)
KIND = Kind("Observation", ("observer",), SHAPE, (not_in_future("at"),))


def read(statement: Statement, *, screened: bool = True) -> Observation:
    """The observation that a statement makes.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    return Observation(
        statement=bytes.fromhex(subject["statement"]),
        kind=subject["kind"],
        at=parse_time(subject["at"]),
        pointer=subject.get("pointer"),
        detail=subject.get("detail"),
        evidence=tuple(bytes.fromhex(each["sha256"]) for each in subject.get("evidence", ())),
        supersedes=optional_digest(subject, "supersedes"),
        subject=subject,
    )

"""StatusList: which of an issuer's statements are withdrawn, suspended or reduced in scope, one bit each.

Format: docs/spec/status-list.md; the encoded lists are those of W3C Bitstring Status List 1.0.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from ledger.core.statement import Statement
from ledger.core.times import parse_time
from ledger.errors import MalformedError
from ledger.statements import bitstring
from ledger.statements.fields import DIGEST, TIME, URI, Code, Integer, Text
from ledger.statements.reading import Kind, read_subject
from ledger.statements.shape import Array, Object, Problem, rule
from ledger.statements.status_reference import MOST_ENTRIES, SIGNERS_OF_STATUS

SMALLEST = 131_072
"""Entries that a list has at least: fewer, and whose status a reader asks for would show in what it fetches."""
LONGEST_SECONDS = 366 * 86_400
"""How long a list may be valid."""
PURPOSES = ("revocation", "suspension", "refresh")

_ENCODED_LIMIT = 256 * 1024
_decode = lru_cache(maxsize=len(PURPOSES))(bitstring.decode)
"""A list is inflated once, though its shape and its reader both look at it."""


class StatusList(NamedTuple):
    """One edition of a list; times are POSIX seconds, the three lists `length` bits each as `bitstring` has them."""

    id: str
    """What statements name it by; the same for all editions."""
    valid_from: int
    """Included."""
    valid_until: int
    """Excluded."""
    length: int
    """Entries."""
    revocation: bytes
    suspension: bytes
    refresh: bytes
    """Of statements whose scope was reduced; a StatusChange says how."""
    supersedes: bytes | None
    """Digest of the edition before."""
    subject: dict[str, Any]


@rule("validFrom", "validUntil")
def _dates_in_order(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    seconds = parse_time(subject["validUntil"]) - parse_time(subject["validFrom"])
    if seconds <= 0:
        found.append(Problem(f"{at}/validUntil", "time-order", 'not later than "validFrom"'))
    elif seconds > LONGEST_SECONDS:
        detail = 'more than 366 days after "validFrom"'
        found.append(Problem(f"{at}/validUntil", "validity-too-long", detail))


@rule("length", "lists")
def _lists_fit(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    length = subject["length"]
    if length % 8:
        found.append(Problem(f"{at}/length", "list-length", f"{length} is not a multiple of 8"))
        return
    for index, (one, purpose) in enumerate(zip(subject["lists"], PURPOSES, strict=True)):
        if one["statusPurpose"] != purpose:
            detail = f"the lists stand in the order {', '.join(PURPOSES)}"
            found.append(Problem(f"{at}/lists/{index}/statusPurpose", "list-order", detail))
            return
        try:
            _decode(one["encodedList"], length)
        except MalformedError as error:
            found.append(Problem(f"{at}/lists/{index}/encodedList", error.code, str(error)))


LIST = Object(
    {
        "statusPurpose": Code("purposes", frozenset(PURPOSES)),
        "encodedList": Text(
            "u and base64url without padding", r"u[A-Za-z0-9_-]+", _ENCODED_LIMIT, screened=False
        ),
    }
)
SHAPE = Object(
    {
        "id": URI,
        "validFrom": TIME,
        "validUntil": TIME,
        "length": Integer(SMALLEST, MOST_ENTRIES),
        "lists": Array(LIST, len(PURPOSES), len(PURPOSES), unique="statusPurpose"),
    },
    {"supersedes": DIGEST},
    rules=(_dates_in_order, _lists_fit),
    note="Which of an issuer's statements are withdrawn, suspended or reduced in scope.",
)
KIND = Kind("StatusList", SIGNERS_OF_STATUS, SHAPE)


def read(statement: Statement, *, screened: bool = True) -> StatusList:
    """The list that a statement publishes; says nothing about whose statements it speaks of.

    Args:
        statement: Of this type.
        screened: Refuse what looks like personal data, as who registers must and who verifies need not.

    Raises:
        MalformedError: `statement-type` or `statement-invalid`; see `read_subject`.
    """
    subject = read_subject(KIND, statement, screened=screened)
    revocation, suspension, refresh = (
        _decode(one["encodedList"], subject["length"]) for one in subject["lists"]
    )
    return StatusList(
        id=subject["id"],
        valid_from=parse_time(subject["validFrom"]),
        valid_until=parse_time(subject["validUntil"]),
        length=subject["length"],
        revocation=revocation,
        suspension=suspension,
        refresh=refresh,
        supersedes=bytes.fromhex(subject["supersedes"]) if "supersedes" in subject else None,
        subject=subject,
    )


def lists(*, length: int, revocation: bytes, suspension: bytes, refresh: bytes) -> dict[str, Any]:
    """The members `length` and `lists` of a subject, from three lists of `length` bits."""
    given = zip(PURPOSES, (revocation, suspension, refresh), strict=True)
    encoded = [{"statusPurpose": name, "encodedList": bitstring.encode(bits)} for name, bits in given]
    return {"length": length, "lists": encoded}

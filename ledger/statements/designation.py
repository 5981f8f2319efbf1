"""Whom an arrangement relies on: the bodies each side designates, and their accreditors.

Both stand in the text of the arrangement, or in the endorsement by which a side joins it.
"""

from typing import Any, NamedTuple

from ledger.core.times import parse_time
from ledger.statements.codes import SCHEME_FAMILIES
from ledger.statements.fields import COUNTRY, DID, TIME, codes
from ledger.statements.shape import Array, Object
from ledger.statements.validity import in_order


class Designation(NamedTuple):
    """A body whose certificates count under an arrangement; times are POSIX seconds."""

    jurisdiction: str
    body: str
    """DID."""
    begins: int
    """Included."""
    ends: int | None
    """Excluded; None: open."""
    families: frozenset[str] | None
    """Scheme families it is designated for; None: all."""


class AccreditorEntry(NamedTuple):
    """An accreditor whose word counts under an arrangement, by its DID."""

    jurisdiction: str
    accreditor: str


FAMILIES = codes("scheme families", SCHEME_FAMILIES)
DESIGNATED_BODIES = Array(
    Object(
        {"jurisdiction": COUNTRY, "body": DID, "from": TIME},
        {"until": TIME, "families": FAMILIES},
        rules=(in_order("from", "until"),),
    ),
    1,
    256,
)
ACCREDITORS = Array(Object({"jurisdiction": COUNTRY, "accreditor": DID}), 1, 64, unique=True)


def designations_of(subject: dict[str, Any]) -> tuple[Designation, ...]:
    """The designations of a subject found in order, as they stand."""
    return tuple(
        Designation(
            jurisdiction=entry["jurisdiction"],
            body=entry["body"],
            begins=parse_time(entry["from"]),
            ends=parse_time(entry["until"]) if "until" in entry else None,
            families=frozenset(entry["families"]) if "families" in entry else None,
        )
        for entry in subject.get("designatedBodies", ())
    )


def accreditors_of(subject: dict[str, Any]) -> tuple[AccreditorEntry, ...]:
    """The accreditors of a subject found in order, as they stand."""
    return tuple(
        AccreditorEntry(entry["jurisdiction"], entry["accreditor"])
        for entry in subject.get("accreditors", ())
    )

"""Where the status of a statement is kept: a status list and an index in it.

The words are those of W3C Bitstring Status List 1.0.
"""

from typing import Any, Final, NamedTuple

from ledger.statements.fields import URI, Integer
from ledger.statements.shape import Object

MOST_ENTRIES: Final = 1_048_576
"""Of one status list."""
SIGNERS_OF_STATUS: Final = ("body", "accreditor", "authority")
"""The roles whose statements have a status; each speaks of its own statements."""


class StatusReference(NamedTuple):
    """An entry of a status list of the same issuer."""

    list_id: str
    """`id` in the subject of the StatusList."""
    index: int  # type: ignore[assignment]  # the name of a tuple's method, which nothing asks for here


STATUS_REFERENCE = Object({"statusListCredential": URI, "statusListIndex": Integer(0, MOST_ENTRIES - 1)})


def status_reference_of(value: dict[str, Any]) -> StatusReference:
    """The reference of a value that `STATUS_REFERENCE` found in order."""
    return StatusReference(value["statusListCredential"], value["statusListIndex"])

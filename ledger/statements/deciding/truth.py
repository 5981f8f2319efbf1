"""Whether a condition holds: true, false, unknown for want of named facts, or in error.

Rule: docs/spec/deciding.md, section Truth: Kleene's strong logic of three values, with the facts that are missing, and
an error, which only what settles the matter without it can outweigh.
"""

from enum import Enum
from typing import Final


class Missing(frozenset[str]):
    """Unknown, for want of these facts."""

    __slots__ = ()


def together(left: Missing, right: Missing) -> Missing:
    """All that is missing; most often the same again, of which no copy is made."""
    return left if right <= left else Missing(left | right)


class Fault(Enum):
    """A value that cannot be computed."""

    FAULT = "rule-error"


FAULT: Final = Fault.FAULT
Truth = bool | Missing | Fault


def both(left: Truth, right: Truth) -> Truth:
    """The conjunction: false if either is; else an error if either is; else unknown if either is."""
    if left is False or right is False:
        return False
    return _unsettled(left, right)


def either(left: Truth, right: Truth) -> Truth:
    """The disjunction: true if either is; else an error if either is; else unknown if either is."""
    if left is True or right is True:
        return True
    return _unsettled(left, right)


def _unsettled(left: Truth, right: Truth) -> Truth:
    """Of two of which none settles the matter."""
    if left is FAULT or right is FAULT:
        return FAULT
    if isinstance(left, Missing):
        return together(left, right) if isinstance(right, Missing) else left
    return right

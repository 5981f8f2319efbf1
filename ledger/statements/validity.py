"""From when to when a statement's word holds: the dates, and the order they stand in."""

from typing import Any

from ledger.statements.shape import Problem, Rule, rule


def in_order(first: str, last: str) -> Rule:
    """The rule that the time under `last`, if it is given, is later than the one under `first`."""

    @rule(first, last)
    def ordered(value: dict[str, Any], at: str, found: list[Problem]) -> None:
        if last in value and value[first] >= value[last]:  # times of one form order as text does
            found.append(Problem(f"{at}/{last}", "time-order", f'not later than "{first}"'))

    return ordered


VALIDITY = in_order("validFrom", "validUntil")
"""Valid from the first, included, up to the second, excluded."""

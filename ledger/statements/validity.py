"""From when to when a statement's word holds: the dates, the versions, and the order they stand in."""

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


@rule("version", "supersedes")
def later_versions_supersede(subject: dict[str, Any], at: str, found: list[Problem]) -> None:
    """The rule that every version but the first names the one that it supersedes."""
    later, where = subject["version"] > 1, f"{at}/supersedes"
    if later and "supersedes" not in subject:
        detail = 'member "supersedes" is missing; a later version names the one before'
        found.append(Problem(where, "member-missing", detail))
    elif not later and "supersedes" in subject:
        found.append(Problem(where, "version-conflict", "the first version supersedes none"))

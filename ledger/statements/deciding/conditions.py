"""What a rule asks of a line: its table and its expression, compiled once, in three values.

Rule: docs/spec/deciding.md, section Tables.  Cost: one look-up for each member of the table.
"""

from collections.abc import Callable
from typing import Final

from ledger.statements.deciding.cel import parse
from ledger.statements.deciding.facts import NOT_LISTED, RELATIONS, ZONE, Facts, Value, lies_in
from ledger.statements.deciding.truth import Missing, Truth, both
from ledger.statements.measure_rules import Bound, MeasureRule, Table

Condition = Callable[[Facts], Truth]
_Test = Callable[[Value], bool]
_Asked = tuple[tuple[str, _Test], ...]
_MEMBERS: Final = (
    ("categories", "line.category"),
    ("grades", "line.grade"),
    ("flows", "transfer.flow"),
    ("exemptions", "transfer.exemption"),
    ("mechanisms", "transfer.mechanism"),
)
"""Parts of a table that hold of what is in them, and the fact of each."""
_LISTS: Final = (
    ("data_types", "line.dataTypes"),
    ("purposes", "transfer.purpose"),
    ("legal_bases", "transfer.legalBasis"),
    ("relations", RELATIONS),
)
"""Parts of which one of the fact's values is enough."""


def condition_of(rule: MeasureRule) -> Condition:
    """What a rule asks, as a function of the facts of a line.

    Raises:
        MalformedError: `cel-invalid`: its expression is none.
    """
    table = conjunction(() if rule.table is None else tuple(asked_of(rule.table)))
    if rule.when is None:
        return table
    evaluate = parse(rule.when).evaluate
    if rule.table is None:
        return evaluate
    return lambda facts: both(table(facts), evaluate(facts))


def work_of(rule: MeasureRule) -> int:
    """What it costs to ask a rule of a line: itself, each fact of its table, each operator of its expression."""
    table = 0 if rule.table is None else len(asked_of(rule.table))
    return 1 + table + (0 if rule.when is None else parse(rule.when).operators)


def conjunction(asked: _Asked) -> Condition:
    """Whether all that is asked holds."""

    def holds(facts: Facts) -> Truth:
        missing: list[str] | None = None
        for name, test in asked:
            value = facts.get(name)
            if value is None:
                if missing is None:
                    missing = []
                missing.append(name)
            elif not test(value):
                return False
        return True if missing is None else Missing(missing)

    return holds


def asked_of(table: Table) -> list[tuple[str, _Test]]:
    """The facts that a table asks about, each with its test."""
    asked: list[tuple[str, _Test]] = []
    for part, fact in _MEMBERS:
        wanted = getattr(table, part)
        if wanted is not None:
            asked.append((fact, wanted.__contains__))
    if table.scenarios is not None:
        scenarios = {f"{scheme} {code}" for scheme, code in table.scenarios} - {NOT_LISTED}
        asked.append(("line.scenario", scenarios.__contains__))
    for part, fact in _LISTS:
        wanted = getattr(table, part)
        if wanted is not None:
            asked.append((fact, _meets(wanted)))
    if table.critical_infrastructure is not None:
        asked.append(("transfer.criticalInfrastructure", table.critical_infrastructure.__eq__))
    if table.zone is not None:
        asked.append((ZONE, _inside(table.zone)))
    asked += ((f"line.persons.{bound.count}", _within(bound)) for bound in table.persons)
    return asked


def _meets(wanted: frozenset[str]) -> _Test:
    def meets(value: Value) -> bool:
        return isinstance(value, tuple) and not wanted.isdisjoint(value)

    return meets


def _inside(area: str) -> _Test:
    return lambda value: isinstance(value, str) and lies_in(value, area)


def _within(bound: Bound) -> _Test:
    at_least, below = bound.at_least or 0, bound.below

    def within(value: Value) -> bool:
        return isinstance(value, int) and at_least <= value and (below is None or value < below)

    return within

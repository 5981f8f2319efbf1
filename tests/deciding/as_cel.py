"""Tables of rules as expressions, and the other engines that can be asked about them."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from ledger.statements.deciding.facts import FACTS, NOT_LISTED, RELATIONS, Facts
from ledger.statements.measure_rules import Table


def as_cel(table: Table) -> str:
    """An expression that holds where a table does."""
    parts: list[str] = []
    for fact, one_of in (
        ("line.category", table.categories),
        ("line.grade", table.grades),
        ("transfer.flow", table.flows),
        ("transfer.exemption", table.exemptions),
        ("transfer.mechanism", table.mechanisms),
    ):
        if one_of is not None:
            parts.append(f"{fact} in {_listed(one_of)}")
    if table.scenarios is not None:
        scenarios = {f"{scheme} {code}" for scheme, code in table.scenarios} - {NOT_LISTED}
        parts.append(f"line.scenario in {_listed(scenarios)}")
    for fact, any_of in (
        ("line.dataTypes", table.data_types),
        ("transfer.purpose", table.purposes),
        ("transfer.legalBasis", table.legal_bases),
        (RELATIONS, table.relations),
    ):
        if any_of is not None:
            parts.append("(" + " || ".join(f'"{text}" in {fact}' for text in sorted(any_of)) + ")")
    if table.critical_infrastructure is not None:
        parts.append(f"transfer.criticalInfrastructure == {str(table.critical_infrastructure).lower()}")
    assert table.zone is None, "a zone lies in another by more than equality"
    for bound in table.persons:
        if bound.at_least is not None:
            parts.append(f"line.persons.{bound.count} >= {bound.at_least}")
        if bound.below is not None:
            parts.append(f"line.persons.{bound.count} < {bound.below}")
    return " && ".join(parts)


def _listed(texts: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{text}"' for text in sorted(texts)) + "]"


def nested(facts: Facts) -> dict[str, Any]:
    """Facts as other engines take them: what is missing is not there."""
    found: dict[str, Any] = {}
    for name in FACTS:
        *path, last = name.split(".")
        place = found
        for step in path:
            place = place.setdefault(step, {})
        if name in facts:
            value = facts[name]
            place[last] = list(value) if isinstance(value, tuple) else value
    return found


def cel_expr(text: str) -> Callable[[Facts], bool | None]:
    """What the runtime in C++ says: true, false, or none where it has no value.  `pip install cel-expr-python`."""
    cel: Any = import_module("cel_expr_python.cel")
    roots = {name.partition(".")[0]: cel.Type.DYN for name in FACTS}
    compiled = cel.NewEnv(variables=roots).compile(text)

    def run(facts: Facts) -> bool | None:
        value = compiled.eval(data=nested(facts)).value()
        return value if isinstance(value, bool) else None

    return run

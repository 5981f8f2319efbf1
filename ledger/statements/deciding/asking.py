"""What a set of measures asks about: the facts, the numbers at which an answer may turn, the codes that are named.

It is what `precheck` tries one after the other.  A function of the measures.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from typing import Any, Final, NamedTuple

from ledger.statements import codes as lists
from ledger.statements.deciding.cel import parse
from ledger.statements.deciding.conditions import asked_of
from ledger.statements.deciding.facts import FACTS, RELATIONS
from ledger.statements.deciding.tree import Added, Constant, nodes
from ledger.statements.deciding.verdicts import Ready, relations
from ledger.statements.measure import PolicyMeasure
from ledger.statements.measure_rules import MeasureRule, Table

MOST_COMPLETIONS: Final = 64
"""Ways to complete what every record says and a draft does not, that are tried."""


class Asking(NamedTuple):
    """What measures ask about."""

    facts: frozenset[str]
    cuts: dict[str, tuple[int, ...]]
    """Of a count: the numbers from which another answer is possible, ascending."""
    adds: bool
    """Whether an expression adds or subtracts, so that the numbers depend on other counts too."""
    texts: dict[str, frozenset[str]]
    """Of a fact of text: what it is compared with."""


def asking_of(measures: Iterable[PolicyMeasure]) -> Asking:
    """What these measures ask about."""
    facts: set[str] = set()
    cuts: dict[str, set[int]] = defaultdict(set)
    texts: dict[str, set[str]] = defaultdict(set)
    adds = False
    for measure in measures:
        texts["line.scenario"] |= {f"{scheme} {code}" for scheme, code in measure.scenarios}
        for rule in measure.rules:
            if rule.table is not None:
                _ask_table(rule.table, facts, cuts, texts)
            if rule.when is not None:
                adds |= _ask_expression(rule, facts, cuts, texts)
    return Asking(
        frozenset(facts),
        {name: tuple(sorted(numbers)) for name, numbers in cuts.items()},
        adds,
        {name: frozenset(found) for name, found in texts.items()},
    )


def _ask_table(table: Table, facts: set[str], cuts: dict[str, set[int]], texts: dict[str, set[str]]) -> None:
    facts.update(name for name, _ in asked_of(table))
    for bound in table.persons:
        cuts[f"line.persons.{bound.count}"] |= {
            number for number in (bound.at_least, bound.below) if number is not None
        }
    texts["line.scenario"] |= {f"{scheme} {code}" for scheme, code in table.scenarios or ()}
    texts["line.dataTypes"] |= table.data_types or frozenset()
    texts["transfer.purpose"] |= table.purposes or frozenset()
    texts["transfer.legalBasis"] |= table.legal_bases or frozenset()


def _ask_expression(
    rule: MeasureRule, facts: set[str], cuts: dict[str, set[int]], texts: dict[str, set[str]]
) -> bool:
    """Every constant counts for every fact of the expression: what is tried in vain does no harm."""
    expression = parse(rule.when or "")
    facts |= expression.facts
    constants = [
        value for node in nodes(expression.tree) if isinstance(node, Constant) for value in _each(node)
    ]
    for name in expression.facts:
        for value in constants:
            if isinstance(value, str) and FACTS[name].type in {"text", "texts"}:
                texts[name].add(value)
            elif type(value) is int and FACTS[name].type == "integer":
                cuts[name] |= {value, value + 1}
    return any(isinstance(node, Added) for node in nodes(expression.tree))


def _each(node: Constant) -> Iterator[object]:
    value: Any = node.value
    if isinstance(value, str | int):
        yield value
    else:
        yield from value


class Completions(NamedTuple):
    """The ways in which a draft may go on where it does not say what every record says."""

    transfers: list[dict[str, Any]]
    """At least one."""
    missing: tuple[str, ...]
    """Names of the facts in which they differ."""
    whole: bool
    """False: there are more of them than are tried."""
    countries: dict[str, tuple[str, ...]]
    """A destination that is tried, to all that the measures treat alike; empty text: any other."""


def completions(draft: dict[str, Any], measures: list[Ready], asking: Asking, at: int) -> Completions:
    """Every way to say what every record says and a draft does not, so far as the measures can tell them apart.

    Args:
        draft: As `draft.completed` makes it.
        measures: Those that may be asked.
        asking: What they ask about.
        at: POSIX seconds.
    """
    choices: dict[str, list[_Said]] = {}
    countries: dict[str, tuple[str, ...]] = {}
    if not draft["flow"]:
        codes = sorted(lists.FLOWS) if "transfer.flow" in asking.facts else ["outbound"]
        choices["transfer.flow"] = [{"flow": code} for code in codes]
    if not draft["importer"]["jurisdiction"]:
        countries = _destinations(measures, asking, at)
        choices["transfer.destination"] = [{"importer": {"jurisdiction": country}} for country in countries]
    for party in ("exporter", "importer"):
        if not draft[party]["did"]:
            named = sorted(asking.texts.get(f"{party}.did", ()))
            choices[f"{party}.did"] = [{party: {"did": did}} for did in ("", *named)]
        if not draft[party]["id"]:
            choices[f"{party}.id"] = [{party: said} for said in _parties(measures, party, asking)]
    missing = tuple(name for name, said in choices.items() if len(said) > 1)
    if prod(map(len, choices.values())) > MOST_COMPLETIONS:
        return Completions([draft], missing, whole=False, countries=countries)
    transfers = [_with(draft, said) for said in product(*choices.values())]
    return Completions(transfers, missing, whole=True, countries=countries)


_Said = dict[str, Any]
"""A member of the subject, or members of one of its parties."""


def _with(draft: dict[str, Any], said: Iterable[_Said]) -> dict[str, Any]:
    made = dict(draft)
    for members in said:
        for name, value in members.items():
            made[name] = made[name] | value if isinstance(value, dict) else value
    return made


def _destinations(measures: list[Ready], asking: Asking, at: int) -> dict[str, tuple[str, ...]]:
    """One country for each way in which the measures treat countries, with all that are treated so."""
    outbound = [each.measure for each in measures if each.measure.direction == "outbound"]
    inbound = {each.measure.jurisdiction for each in measures if each.measure.direction == "inbound"}
    named = {entry.jurisdiction for measure in outbound for entry in measure.relations} | inbound
    named |= asking.texts.get("transfer.destination", frozenset())
    kinds: dict[object, list[str]] = defaultdict(list)
    for country in ["", *sorted(named)]:
        treated = tuple(relations(measure, country, at) for measure in outbound)
        own = country if country in inbound or "transfer.destination" in asking.facts else ""
        kinds[treated if RELATIONS in asking.facts else (), own].append(country)
    return {alike[0]: tuple(alike) for alike in kinds.values()}


def _parties(measures: list[Ready], party: str, asking: Asking) -> list[_Said]:
    """Nobody in particular, and everybody whom a measure names."""
    direction = "outbound" if party == "exporter" else "inbound"
    cohorts = {
        member
        for each in measures
        if each.measure.pilot is not None and each.measure.direction == direction
        for member in each.measure.pilot.parties
    }
    cohorts |= {("", identifier) for identifier in asking.texts.get(f"{party}.id", ())}
    return [{"id": ""}, *({"scheme": scheme, "id": identifier} for scheme, identifier in sorted(cohorts))]

"""What a set of measures asks about: the facts, the numbers at which an answer may turn, the codes that are named.

It is what `precheck` tries one after the other.  A function of the measures.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, Final, NamedTuple

from ledger.statements import codes as lists
from ledger.statements.deciding.cel import parse
from ledger.statements.deciding.conditions import asked_of
from ledger.statements.deciding.draft import NOT_SAID
from ledger.statements.deciding.facts import FACTS, RELATIONS
from ledger.statements.deciding.tree import Added, Constant, nodes
from ledger.statements.deciding.verdicts import Ready, relations
from ledger.statements.measure import PolicyMeasure
from ledger.statements.measure_rules import Table

MOST_COMPLETIONS: Final = 64
"""Ways to complete what every record says and a draft does not, that are tried."""
MOST_WORK: Final = 2**20
"""Rules times lines times ways."""
EXEMPTING: Final = ("exemption", "derogation")
"""Mechanisms that name an exemption."""


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
                adds |= _ask_expression(rule.when, facts, cuts, texts)
    return Asking(
        frozenset(facts),
        {name: tuple(sorted(numbers)) for name, numbers in cuts.items()},
        adds,
        defaultdict(frozenset, {name: frozenset(found) for name, found in texts.items()}),
    )


def _ask_table(table: Table, facts: set[str], cuts: dict[str, set[int]], texts: dict[str, set[str]]) -> None:
    facts.update(name for name, _ in asked_of(table))
    for bound in table.persons:
        cuts[f"line.persons.{bound.count}"] |= {
            number for number in (bound.at_least, bound.below) if number is not None
        }
    texts["line.scenario"] |= {f"{scheme} {code}" for scheme, code in table.scenarios or ()}
    texts["transfer.zone"] |= frozenset() if table.zone is None else {table.zone}
    texts["line.dataTypes"] |= table.data_types or frozenset()
    texts["transfer.purpose"] |= table.purposes or frozenset()
    texts["transfer.legalBasis"] |= table.legal_bases or frozenset()


def _ask_expression(
    when: str, facts: set[str], cuts: dict[str, set[int]], texts: dict[str, set[str]]
) -> bool:
    """Every constant counts for every fact of the expression: what is tried in vain does no harm."""
    asked, constants, adds = _expression(when)
    facts |= asked
    for name in asked:
        for value in constants:
            if isinstance(value, str) and FACTS[name].type in {"text", "texts"}:
                texts[name].add(value)
            elif type(value) is int and FACTS[name].type == "integer":
                cuts[name] |= {value, value + 1}
    return adds


@lru_cache(4_096)
def _expression(when: str) -> tuple[frozenset[str], frozenset[object], bool]:
    """Of an expression: its facts, its constants, and whether it adds or subtracts."""
    expression = parse(when)
    found: set[object] = set()
    for node in nodes(expression.tree):
        if isinstance(node, Constant):
            value: Any = node.value
            found |= {value} if isinstance(value, str | int) else set(value)
    adds = any(isinstance(node, Added) for node in nodes(expression.tree))
    return expression.facts, frozenset(found), adds


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


def completions(draft: dict[str, Any], measures: Iterable[Ready], asking: Asking, at: int) -> Completions:
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
        countries = _destinations(draft, measures, asking, at)
        choices["transfer.destination"] = [{"importer": {"jurisdiction": country}} for country in countries]
    for party, direction in (("exporter", "outbound"), ("importer", "inbound")):
        given, other = draft[party], draft["importer" if party == "exporter" else "exporter"]
        of_side = [each.measure for each in measures if each.measure.direction == direction]
        if not given["did"]:
            named = sorted(_named(asking, f"{party}.did", other["did"]))
            choices[f"{party}.did"] = [{party: {"did": did}} for did in ("", *named)]
        if not given["id"] or not given["scheme"]:
            choices[f"{party}.id"] = [
                {party: said} for said in _parties(of_side, given, other, asking, party)
            ]
        if given.get("zone") == NOT_SAID:
            zones = zones_of(of_side, asking, party, other.get("zone", ""))
            choices[f"{party}.zone"] = [{party: {"zone": zone}} for zone in zones]
    if draft.get("mechanism", {}).get("type") in EXEMPTING and "exemptionCode" not in draft["mechanism"]:
        codes = sorted(lists.EXEMPTIONS) if "transfer.exemption" in asking.facts else [""]
        choices["transfer.exemption"] = [{"mechanism": {"exemptionCode": code}} for code in codes]
    missing = tuple(name for name, said in choices.items() if len(said) > 1)
    ways = prod(map(len, choices.values()))
    work = ways * len(draft["lines"]) * sum(len(each.rulings) for each in measures)
    if ways > MOST_COMPLETIONS or (ways > 1 and work > MOST_WORK):
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


def _named(asking: Asking, fact: str, other: str) -> frozenset[str]:
    """What a fact of a party is compared with, be it the same of the other party."""
    return (asking.texts[fact] | {other}) - {""} if fact in asking.facts else frozenset()


def zones_of(measures: Iterable[PolicyMeasure], asking: Asking, party: str, other: str = "") -> list[str]:
    """The zones that measures of a party's side tell apart, none first."""
    zones = {measure.zone for measure in measures if measure.zone is not None}
    zones |= asking.texts.get("transfer.zone", frozenset()) | _named(asking, f"{party}.zone", other)
    return ["", *sorted(zones - {""})]


def _destinations(
    draft: dict[str, Any], measures: Iterable[Ready], asking: Asking, at: int
) -> dict[str, tuple[str, ...]]:
    """One country for each way in which the measures treat countries, with all that are treated so."""
    outbound = [each.measure for each in measures if each.measure.direction == "outbound"]
    inbound = {each.measure.jurisdiction for each in measures if each.measure.direction == "inbound"}
    named = {entry.jurisdiction for measure in outbound for entry in measure.relations} | inbound
    if "transfer.destination" in asking.facts:  # an expression may compare it with others
        named |= asking.texts["transfer.destination"] | {draft["exporter"]["jurisdiction"]}
        named |= set(draft.get("dataLocation", ()))
    kinds: dict[object, list[str]] = defaultdict(list)
    for country in ["", *sorted(named)]:
        treated = tuple(relations(measure, country, at) for measure in outbound)
        own = country if country in inbound or "transfer.destination" in asking.facts else ""
        kinds[treated if RELATIONS in asking.facts else (), own].append(country)
    return {alike[0]: tuple(alike) for alike in kinds.values()}


def _parties(
    measures: list[PolicyMeasure],
    given: dict[str, str],
    other: dict[str, str],
    asking: Asking,
    party: str,
) -> list[_Said]:
    """Nobody in particular, and everybody whom a measure names and the draft may mean."""
    cohorts = {
        member for measure in measures if measure.pilot is not None for member in measure.pilot.parties
    }
    named = {(given["scheme"], identifier) for identifier in _named(asking, f"{party}.id", other["id"])}
    fitting = [
        {"scheme": scheme, "id": identifier}
        for scheme, identifier in sorted(cohorts | named)
        if given["scheme"] in {"", scheme} and given["id"] in {"", identifier}
    ]
    return [{}, *fitting]

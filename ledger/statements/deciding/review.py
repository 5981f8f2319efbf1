"""What a published measure should be asked about: equal treatment, proportion, localisation, transparency.

Rule: docs/spec/measure-lint.md.  Findings, each with a code of `measure-findings`: they flag, and block nothing.  The
linter goes by which facts a rule asks about and never by which country or party stands beside them, so that it treats
all alike itself.
"""

from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import Any, Final

from ledger.core.times import parse_time
from ledger.statements import codes as lists
from ledger.statements.deciding.cel import Expression, parse
from ledger.statements.deciding.facts import FACTS, RELATIONS, ZONE, Facts, Value
from ledger.statements.deciding.tree import Asked, Compared, Constant, Node, nodes
from ledger.statements.deciding.verdicts import Ruling, ready, verdict_of
from ledger.statements.measure import PolicyMeasure
from ledger.statements.measure_review import Finding
from ledger.statements.measure_rules import MeasureRule, Table
from ledger.statements.scenario import OWN_SCHEME

ENGINE: Final = "evidence-lint/1"
NOTICE_DAYS: Final = 30
_DAY: Final = 86_400
_MOST_TRIED: Final = 256
"""Combinations of the other facts for which one rule's treatment is compared."""
_LISTS: Final[dict[str, frozenset[str]]] = {
    "line.category": lists.CATEGORIES,
    "line.grade": lists.GRADES,
    "line.dataTypes": lists.DATA_TYPES,
    "transfer.flow": lists.FLOWS,
    "transfer.exemption": lists.EXEMPTIONS | {""},
    "transfer.mechanism": lists.MECHANISMS,
    "transfer.purpose": lists.PURPOSES,
    "transfer.legalBasis": lists.LEGAL_BASES,
    RELATIONS: lists.COUNTRY_RELATIONS,
}
"""Facts of which every value is a code that all share."""
_DEFAULTS: Final[Facts] = {
    "line.category": "personal",
    "line.dataTypes": ("dpv:PersonalData",),
    "line.grade": "general",
    "line.persons.count": 0,
    "line.persons.sensitiveCount": 0,
    "line.persons.ytdCount": 0,
    "line.persons.ytdSensitiveCount": 0,
    "line.scenario": f"{OWN_SCHEME} other",
    "transfer.criticalInfrastructure": False,
    "transfer.exemption": "",
    "transfer.flow": "outbound",
    "transfer.legalBasis": ("dpv:Contract",),
    "transfer.mechanism": "noneRequired",
    "transfer.onwardAllowed": False,
    "transfer.purpose": ("dpv:ServiceProvision",),
    RELATIONS: (),
    ZONE: "",
}
_STRANGERS: Final = ("anybody", "somebody else")
"""Values of facts of identity that no rule names."""


def review(
    measure: PolicyMeasure,
    *,
    at: int,
    proven_at: int | None = None,
    notice_days: int = NOTICE_DAYS,
    languages: Iterable[str] = (),
) -> list[Finding]:
    """Everything that is found in a measure.

    Args:
        measure: In order.
        at: When it is reviewed, POSIX seconds.
        proven_at: When it was proven public at the latest; None: not asked.
        notice_days: Days from there until it may take effect.
        languages: In which its text should be there.
    """
    return [
        *_equal_treatment(measure, at),
        *_proportion(measure),
        *_transparency(measure, proven_at, notice_days, languages),
        *_vocabulary(measure),
    ]


def _found(
    code: str, detail: str | None = None, rule: str | None = None, pointer: str | None = None
) -> Finding:
    return Finding(code, rule, pointer, detail, None)


def _equal_treatment(measure: PolicyMeasure, at: int) -> Iterator[Finding]:
    """ND-1 to ND-4."""
    rulings = ready(bytes(32), measure).rulings
    targeting = measure.targeting
    named = targeting.mode != "none"
    if named:
        yield _found("ND-1", f"aimed at: {targeting.mode}", pointer="/targeting")
    for place, rule in enumerate(measure.rules):
        expression = None if rule.when is None else parse(rule.when)
        identity = sorted(name for name in _facts(expression) if FACTS[name].identity)
        if expression is None or not identity:
            continue
        named = True
        pointer = f"/rules/{place}/when"
        yield _found("ND-1", f"asks {', '.join(identity)}"[:120], rule.id, pointer)
        if _differs(rulings, rule, expression):
            yield _found("ND-4", None, rule.id, pointer)
    if not named:
        return
    if targeting.basis is None:
        yield _found("ND-2", pointer="/targeting")
    elif at >= parse_time(f"{targeting.basis.review_by}T00:00:00Z") + _DAY:
        yield _found("ND-3", f"to be reviewed by {targeting.basis.review_by}", pointer="/targeting/basis")


def _facts(expression: Expression | None) -> frozenset[str]:
    return frozenset() if expression is None else expression.facts


def _differs(rulings: tuple[Ruling, ...], rule: MeasureRule, expression: Expression) -> bool:
    """Whether, all other facts being equal, the measure says another thing of somebody else."""
    base = {**_DEFAULTS, **(_meeting(rule.table) if rule.table is not None else {})}
    tried = _candidates(expression)
    who = [name for name in FACTS if FACTS[name].identity]
    others = [name for name in sorted(expression.facts) if not FACTS[name].identity]
    everybody = [dict(zip(who, values, strict=True)) for values in _choices(who, tried)]
    for values in _choices(others, tried):
        known: Facts = {**base, **dict(zip(others, values, strict=True))}
        said = {verdict_of(rulings, {**known, **each}).possible for each in everybody}
        if len(said) > 1:
            return True
    return False


def _choices(names: list[str], tried: dict[str, list[Value]]) -> Iterator[tuple[Value, ...]]:
    return islice(product(*(tried.get(name) or [_anybody(name)] for name in names)), _MOST_TRIED)


def _anybody(name: str) -> Value:
    return (_STRANGERS[0],) if FACTS[name].type == "texts" else _STRANGERS[0]


def _candidates(expression: Expression) -> dict[str, list[Value]]:
    """For each fact of an expression the values that its constants tell apart."""
    constants = [node for node in nodes(expression.tree) if isinstance(node, Constant)]
    texts = [text for constant in constants for text in _each(constant.value) if isinstance(text, str)]
    numbers = [number for constant in constants for number in _each(constant.value) if type(number) is int]
    found: dict[str, list[Value]] = {}
    for name in expression.facts:
        kind = FACTS[name].type
        if kind == "truth":
            found[name] = [False, True]
        elif kind == "integer":
            found[name] = sorted({0, *(max(0, number + step) for number in numbers for step in (-1, 0, 1))})
        else:
            wanted = [*dict.fromkeys(texts), *_STRANGERS]
            found[name] = [(text,) for text in wanted] if kind == "texts" else list(wanted)
    return found


def _each(value: object) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _meeting(table: Table) -> Facts:
    """Facts of which a table holds."""
    found: Facts = {}
    for name, wanted in (
        ("line.category", table.categories),
        ("line.grade", table.grades),
        ("transfer.flow", table.flows),
        ("transfer.exemption", table.exemptions),
        ("transfer.mechanism", table.mechanisms),
    ):
        if wanted is not None:
            found[name] = min(wanted)
    for name, wanted in (
        ("line.dataTypes", table.data_types),
        ("transfer.purpose", table.purposes),
        ("transfer.legalBasis", table.legal_bases),
        (RELATIONS, table.relations),
    ):
        if wanted is not None:
            found[name] = (min(wanted),)
    if table.scenarios:
        found["line.scenario"] = " ".join(min(table.scenarios))
    if table.critical_infrastructure is not None:
        found["transfer.criticalInfrastructure"] = table.critical_infrastructure
    if table.zone is not None:
        found[ZONE] = table.zone
    for bound in table.persons:
        found[f"line.persons.{bound.count}"] = bound.at_least or 0
    return found


def _proportion(measure: PolicyMeasure) -> Iterator[Finding]:
    """PR-1 and LOC-1."""
    reasoned = measure.alternatives_considered is not None or measure.proportionality is not None
    for place, rule in enumerate(measure.rules):
        pointer = f"/rules/{place}"
        localises = rule.reason == "localised" or "storedCopy" in rule.conditions
        if (localises or rule.outcome == "prohibited") and not (measure.objectives and reasoned):
            yield _found("PR-1", None, rule.id, pointer)
        if localises:
            detail = "also data that only pass through" if _of_transit(rule.table) else None
            yield _found("LOC-1", detail, rule.id, pointer)


def _of_transit(table: Table | None) -> bool:
    if table is None:
        return True
    flows, exemptions = table.flows, table.exemptions
    return (flows is None or "transit" in flows) and (exemptions is None or "transit" in exemptions)


def _transparency(
    measure: PolicyMeasure, proven_at: int | None, notice_days: int, languages: Iterable[str]
) -> Iterator[Finding]:
    """TR-1 to TR-4."""
    if proven_at is not None:
        notice = 0 if measure.emergency else notice_days * _DAY
        if measure.effective_from < proven_at + notice:
            days = (measure.effective_from - proven_at) // _DAY
            yield _found(
                "TR-1", f"{days} days of notice, {notice // _DAY} are asked for", pointer="/effectiveFrom"
            )
    if not measure.objectives:
        yield _found("TR-2", pointer="/objectives")
    if measure.visibility == "hashOnly":
        yield _found("TR-3", pointer="/visibility")
    given = {text.language for text in measure.texts}
    for language in sorted(set(languages) - given):
        yield _found("TR-4", f"no text in {language}", pointer="/texts")


def _vocabulary(measure: PolicyMeasure) -> Iterator[Finding]:
    """IO-1."""
    shared = {(each.scheme, code) for each in measure.vocabularies for code in each.codes}
    for scheme, code in sorted(measure.scenarios):
        if scheme != OWN_SCHEME and (scheme, code) not in shared:
            yield _found("IO-1", None, pointer="/scenarios")
    for place, rule in enumerate(measure.rules):
        scenarios = (rule.table.scenarios if rule.table is not None else None) or frozenset()
        if any(scheme != OWN_SCHEME and (scheme, code) not in shared for scheme, code in scenarios):
            yield _found("IO-1", None, rule.id, f"/rules/{place}/if/scenario")
        if rule.when is not None and any(_unshared(node) for node in nodes(parse(rule.when).tree)):
            yield _found("IO-1", None, rule.id, f"/rules/{place}/when")


def _unshared(node: Node) -> bool:
    """Whether a fact of codes is compared with what is none of them."""
    if not isinstance(node, Compared):
        return False
    for fact, constant in ((node.left, node.right), (node.right, node.left)):
        if isinstance(fact, Asked) and isinstance(constant, Constant) and fact.name in _LISTS:
            return any(value not in _LISTS[fact.name] for value in _each(constant.value))
    return False

"""The rules of a PolicyMeasure: what each asks of a line, and what it says where that holds.

Format: docs/spec/policy-measure.md.  A rule is a table of facts, an expression in the restricted CEL of
docs/spec/deciding.md, both, or neither: then it holds of every line.  What evaluates them is
`ledger.statements.deciding`.
"""

from typing import Any, Final, NamedTuple

from ledger.errors import MalformedError
from ledger.statements import codes as lists
from ledger.statements.fields import BOOLEAN, LABEL, REFERENCE, Code, Integer, Text, codes
from ledger.statements.party import ZONE
from ledger.statements.scenario import SCENARIO
from ledger.statements.shape import Array, Object, Problem, rule

MOST_RULES: Final = 1_024
LONGEST_WHEN: Final = 1_000
COUNTS: Final = ("count", "sensitiveCount", "ytdCount", "ytdSensitiveCount")
"""The members of a line's `persons` that a table may ask of."""

Scenarios = frozenset[tuple[str, str]]
"""(scheme, code); versions are not compared."""


class Cite(NamedTuple):
    """Where in the law a rule stands."""

    instrument: str
    article: str | None


class Bound(NamedTuple):
    """Between which numbers a count has to be; None: no such bound."""

    count: str  # type: ignore[assignment]  # hides a tuple's method, which nobody asks of three different things
    """One of `COUNTS`."""
    at_least: int | None
    """Included."""
    below: int | None
    """Excluded."""


class Table(NamedTuple):
    """What a rule asks: every part that is not None has to hold; sets hold of what is in them.

    Of facts that are lists (`data_types`, `purposes`, `legal_bases`) one in the set is enough.
    """

    categories: frozenset[str] | None
    grades: frozenset[str] | None
    scenarios: Scenarios | None
    flows: frozenset[str] | None
    exemptions: frozenset[str] | None
    mechanisms: frozenset[str] | None
    data_types: frozenset[str] | None
    purposes: frozenset[str] | None
    legal_bases: frozenset[str] | None
    critical_infrastructure: bool | None
    relations: frozenset[str] | None
    """Of the other side: the destination of what goes out, the origin of what comes in."""
    zone: str | None
    """Of the party on the measure's side."""
    persons: tuple[Bound, ...]
    """In the order of `COUNTS`; empty: not asked."""


class MeasureRule(NamedTuple):
    """One rule, in its place among the others: the first that holds decides."""

    id: str
    table: Table | None
    """None: asks nothing."""
    when: str | None
    """An expression in CEL; None: asks nothing."""
    outcome: str
    """A code of `decision-outcomes`, never indeterminate."""
    mechanisms: tuple[str, ...]
    """As written; empty but for the outcome mechanismRequired."""
    conditions: tuple[str, ...]
    documents: tuple[str, ...]
    reason: str
    cite: Cite
    delegable: bool
    """Whether a measure that overrides this one may say otherwise."""


@rule("atLeast", "below")
def _bounds_leave_room(bounds: dict[str, Any], at: str, found: list[Problem]) -> None:
    if "atLeast" in bounds and "below" in bounds and bounds["atLeast"] >= bounds["below"]:
        found.append(Problem(f"{at}/below", "counts-conflict", 'not more than "atLeast"'))


@rule("outcome", "mechanisms", "conditions", "documents")
def _members_of_the_outcome(value: dict[str, Any], at: str, found: list[Problem]) -> None:
    outcome = value["outcome"]
    for name, needed, allowed in _OF_OUTCOMES:
        if name in value and outcome not in allowed:
            found.append(Problem(f"{at}/{name}", "outcome-conflict", f"given with the outcome {outcome}"))
        elif name not in value and outcome == needed:
            detail = f'member "{name}" is missing; the outcome {outcome} needs it'
            found.append(Problem(f"{at}/{name}", "member-missing", detail))


@rule("when")
def _expression_is_one(value: dict[str, Any], at: str, found: list[Problem]) -> None:
    if "when" in value:
        from ledger.statements.deciding.cel import parse

        try:
            parse(value["when"])
        except MalformedError as fault:
            found.append(Problem(f"{at}/when", fault.code, str(fault)))


_OF_OUTCOMES: Final = (
    ("mechanisms", "mechanismRequired", ("mechanismRequired",)),
    ("conditions", "conditional", ("conditional", "mechanismRequired", "assessmentRequired")),
    ("documents", None, ("free", "conditional", "mechanismRequired", "assessmentRequired")),
)
"""Each member, the outcome that needs it, and those that may have it."""
_BOUND = Object(
    {},
    {"atLeast": Integer(0), "below": Integer(1)},
    any_of=("atLeast", "below"),
    rules=(_bounds_leave_room,),
)
_MEMBERS = {
    "category": codes("categories", lists.CATEGORIES),
    "grade": codes("grades", lists.GRADES),
    "scenario": Array(SCENARIO, 1, 256, unique=True),
    "flow": codes("flows", lists.FLOWS),
    "exemption": codes("exemptions", lists.EXEMPTIONS),
    "mechanism": codes("mechanisms", lists.MECHANISMS),
    "dataTypes": codes("data types", lists.DATA_TYPES),
    "purpose": codes("purposes, DPV", lists.PURPOSES),
    "legalBasis": codes("legal bases, DPV", lists.LEGAL_BASES),
    "criticalInfrastructure": BOOLEAN,
    "relation": codes("relations between countries", lists.COUNTRY_RELATIONS),
    "zone": ZONE,
    "persons": Object({}, dict.fromkeys(COUNTS, _BOUND), any_of=COUNTS),
}
TABLE = Object({}, _MEMBERS, any_of=tuple(_MEMBERS), note="Facts of a line; every member has to hold.")
CITE = Object({"instrument": LABEL}, {"article": LABEL}, note="Where in the law it stands.")
WHEN = Text(
    "an expression of 1 to 1,000 printable ASCII characters without outer spaces",
    r"(?! )[ -~]{1,1000}(?<! )",
    LONGEST_WHEN,
)
RULE = Object(
    {
        "id": REFERENCE,
        "outcome": Code("outcomes of a rule", lists.DECISION_OUTCOMES_OF_RULES),
        "reason": Code("reasons", lists.MEASURE_REASONS),
        "cite": CITE,
    },
    {
        "if": TABLE,
        "when": WHEN,
        "mechanisms": codes("mechanisms", lists.MECHANISMS),
        "conditions": codes("conditions", lists.MEASURE_CONDITIONS),
        "documents": codes("documents", lists.MEASURE_DOCUMENTS),
        "delegable": BOOLEAN,
    },
    rules=(_expression_is_one, _members_of_the_outcome),
    note="The first rule that holds of a line decides.",
)
RULES = Array(RULE, 0, MOST_RULES, unique="id")


def rules_of(value: list[dict[str, Any]]) -> tuple[MeasureRule, ...]:
    """The rules of a list that `RULES` found in order."""
    return tuple(
        MeasureRule(
            id=entry["id"],
            table=table_of(entry["if"]) if "if" in entry else None,
            when=entry.get("when"),
            outcome=entry["outcome"],
            mechanisms=tuple(entry.get("mechanisms", ())),
            conditions=tuple(entry.get("conditions", ())),
            documents=tuple(entry.get("documents", ())),
            reason=entry["reason"],
            cite=cite_of(entry["cite"]),
            delegable=entry.get("delegable", False),
        )
        for entry in value
    )


def table_of(value: dict[str, Any]) -> Table:
    """The table of a value that `TABLE` found in order."""
    persons = value.get("persons", {})
    return Table(
        categories=_set(value, "category"),
        grades=_set(value, "grade"),
        scenarios=scenarios_of(value["scenario"]) if "scenario" in value else None,
        flows=_set(value, "flow"),
        exemptions=_set(value, "exemption"),
        mechanisms=_set(value, "mechanism"),
        data_types=_set(value, "dataTypes"),
        purposes=_set(value, "purpose"),
        legal_bases=_set(value, "legalBasis"),
        critical_infrastructure=value.get("criticalInfrastructure"),
        relations=_set(value, "relation"),
        zone=value.get("zone"),
        persons=tuple(
            Bound(name, persons[name].get("atLeast"), persons[name].get("below"))
            for name in COUNTS
            if name in persons
        ),
    )


def scenarios_of(value: list[dict[str, str]]) -> Scenarios:
    """The scenarios of a list of values that `SCENARIO` found in order."""
    return frozenset((scenario["scheme"], scenario["code"]) for scenario in value)


def cite_of(value: dict[str, str]) -> Cite:
    """The place in the law of a value that `CITE` found in order."""
    return Cite(value["instrument"], value.get("article"))


def _set(value: dict[str, Any], name: str) -> frozenset[str] | None:
    return frozenset(value[name]) if name in value else None

"""A scope: what a certificate covers, what a recognition takes over, what a status change leaves.

Form: docs/spec/conformity-certificate.md.  A scope is a product of sets and limits, so that "lies within" and
"what both cover" are set inclusion and intersection.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ledger.statements import codes as lists
from ledger.statements.fields import COUNTRY, LABEL, Integer, Text, codes
from ledger.statements.scenario import SCENARIO
from ledger.statements.shape import Array, Object, Problem, rule


class Scope(NamedTuple):
    """What is covered."""

    activities: frozenset[str]
    data_categories: frozenset[str]
    scenarios: frozenset[tuple[str, str]]
    """(scheme, code)."""
    destinations: frozenset[str]
    document_types: frozenset[str] = frozenset()
    """Empty: no kind of document is."""
    persons: int | None = None
    """Most persons; None: no limit."""
    sensitive_persons: int | None = None
    """Most persons whose sensitive data are concerned; None: `persons` alone limits them."""


def scope_of(value: dict[str, Any]) -> Scope:
    """The scope of a value that `SCOPE` found in order."""
    limits = value.get("limits", {})
    return Scope(
        activities=frozenset(value["activities"]),
        data_categories=frozenset(value["dataCategories"]),
        scenarios=frozenset((scenario["scheme"], scenario["code"]) for scenario in value["scenarios"]),
        destinations=frozenset(value["destinations"]),
        document_types=frozenset(value.get("documentTypes", ())),
        persons=limits.get("persons"),
        sensitive_persons=limits.get("sensitivePersons"),
    )


def covers(outer: Scope, inner: Scope) -> bool:
    """Whether all that lies within `inner` lies within `outer`."""
    return (
        inner.activities <= outer.activities
        and inner.data_categories <= outer.data_categories
        and inner.scenarios <= outer.scenarios
        and inner.destinations <= outer.destinations
        and inner.document_types <= outer.document_types
        and _within(inner.persons, outer.persons)
        and _within(_sensitive(inner), _sensitive(outer))
    )


def narrowed(one: Scope, other: Scope) -> Scope:
    """What lies within both; sets may become empty."""
    persons = _least((one.persons, other.persons))
    sensitive = _least((one.sensitive_persons, other.sensitive_persons))
    return Scope(
        activities=one.activities & other.activities,
        data_categories=one.data_categories & other.data_categories,
        scenarios=one.scenarios & other.scenarios,
        destinations=one.destinations & other.destinations,
        document_types=one.document_types & other.document_types,
        persons=persons,
        sensitive_persons=None if sensitive is None else _least((sensitive, persons)),
    )


def _sensitive(scope: Scope) -> int | None:
    return _least((scope.sensitive_persons, scope.persons))


def _least(limits: Iterable[int | None]) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _within(asked: int | None, limit: int | None) -> bool:
    return limit is None or (asked is not None and asked <= limit)


def document_types_fit(scope: dict[str, Any], at: str, found: list[Problem], *, of_documents: bool) -> None:
    """Find `documentTypes` that are missing where documents are certified, or given where they are not."""
    if of_documents and "documentTypes" not in scope:
        detail = 'member "documentTypes" is missing; the family document needs it'
        found.append(Problem(f"{at}/documentTypes", "document-types", detail))
    elif not of_documents and "documentTypes" in scope:
        detail = "given with the family document alone"
        found.append(Problem(f"{at}/documentTypes", "document-types", detail))


@rule("persons", "sensitivePersons")
def _limits_fit(limits: dict[str, Any], at: str, found: list[Problem]) -> None:
    if "sensitivePersons" in limits and limits["sensitivePersons"] > limits["persons"]:
        detail = f'{limits["sensitivePersons"]} is more than "persons", {limits["persons"]}'
        found.append(Problem(f"{at}/sensitivePersons", "counts-conflict", detail))


DATA_CATEGORIES = codes("categories", lists.CATEGORIES)
DOCUMENT_TYPES = Array(
    Text(
        "a kind of document, such as einvoice/UBL-2.1",
        r"[a-z][A-Za-z0-9]{0,31}/[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        97,
    ),
    1,
    32,
    unique=True,
)
SCOPE = Object(
    {
        "activities": Array(LABEL, 1, 64, unique=True),
        "dataCategories": DATA_CATEGORIES,
        "scenarios": Array(SCENARIO, 1, 64, unique=True),
        "destinations": Array(COUNTRY, 1, 300, unique=True),
    },
    {
        "documentTypes": DOCUMENT_TYPES,
        "limits": Object({"persons": Integer(0)}, {"sensitivePersons": Integer(0)}, rules=(_limits_fit,)),
    },
    note="What is covered; what lies outside is not.",
)

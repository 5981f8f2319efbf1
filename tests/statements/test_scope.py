"""Scopes: what lies within what, against a reference that looks at every use there could be."""

from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.statements.scope import SCOPE, Scope, covers, narrowed, scope_of
from ledger.statements.shape import problems
from tests.campaign import count
from tests.statements.drawing import made


def some(*items: Any) -> st.SearchStrategy[frozenset[Any]]:
    return st.frozensets(st.sampled_from(items))


LIMIT = st.none() | st.integers(0, 3)
SCOPES = st.builds(
    Scope,
    activities=some("a", "b"),
    data_categories=some("personal", "nonPersonal"),
    scenarios=some(("urn:x:s", "1"), ("urn:x:s", "2")),
    destinations=some("XA", "XB"),
    document_types=some("ebl/1", "ebl/2"),
    persons=LIMIT,
    sensitive_persons=LIMIT,
)
SETS = Scope._fields[:5]


def admitted(scope: Scope) -> set[tuple[str, Any]]:
    """Everything that a scope admits, one thing at a time: members of its sets, and numbers of persons up to 4."""
    sets = {(name, member) for name in SETS for member in getattr(scope, name)}
    counts = {
        ("persons", (persons, sensitive))
        for persons, sensitive in product(range(5), repeat=2)
        if sensitive <= persons
        and (scope.persons is None or persons <= scope.persons)
        and (scope.sensitive_persons is None or sensitive <= scope.sensitive_persons)
    }
    return sets | counts


@given(SCOPES, SCOPES)
def test_a_scope_covers_another_when_it_admits_all_that_the_other_does(outer: Scope, inner: Scope):
    assert covers(outer, inner) == (admitted(inner) <= admitted(outer))


@given(SCOPES, SCOPES)
def test_what_two_scopes_admit_is_what_each_of_them_does(one: Scope, other: Scope):
    both = narrowed(one, other)
    assert admitted(both) == admitted(one) & admitted(other)
    assert covers(one, both)
    assert covers(other, both)
    assert narrowed(other, one) == both


@given(SCOPES, SCOPES, SCOPES)
def test_the_order_of_narrowing_makes_no_difference(one: Scope, two: Scope, three: Scope):
    left, right = narrowed(narrowed(one, two), three), narrowed(one, narrowed(two, three))
    assert admitted(left) == admitted(right)


@given(SCOPES)
def test_a_scope_covers_and_narrows_itself(scope: Scope):
    assert covers(scope, scope)
    assert admitted(narrowed(scope, scope)) == admitted(scope)


@settings(max_examples=count(25))
@given(made(SCOPE))
def test_a_scope_in_order_is_read_whole(value: dict[str, Any]):
    assert problems(SCOPE, value) == []
    scope = scope_of(value)
    assert scope.activities == set(value["activities"])
    assert scope.data_categories == set(value["dataCategories"])
    assert scope.scenarios == {(one["scheme"], one["code"]) for one in value["scenarios"]}
    assert scope.destinations == set(value["destinations"])
    assert scope.document_types == set(value.get("documentTypes", []))
    limits = value.get("limits", {})
    assert (scope.persons, scope.sensitive_persons) == (limits.get("persons"), limits.get("sensitivePersons"))

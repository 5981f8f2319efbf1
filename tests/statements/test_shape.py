import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.did import LENGTH_LIMIT
from ledger.core.times import parse_time
from ledger.statements import catalogue
from ledger.statements.fields import (
    BOOLEAN,
    COUNTRY,
    DATE,
    DID,
    DIGEST,
    REFERENCE,
    TIME,
    URI,
    Code,
    Integer,
    Text,
)
from ledger.statements.party import PARTY
from ledger.statements.reading import subject_problems
from ledger.statements.shape import (
    Array,
    Object,
    Problem,
    Shape,
    StatementInvalidError,
    json_schema,
    passes,
    problems,
    rule,
)
from tests.campaign import count
from tests.schemas import validator


@rule("low", "high")
def _ascending(value: Any, at: str, found: list[Problem]) -> None:

    if value["low"] > value.get("high", value["low"]):
        found.append(Problem(f"{at}/high", "order", "below low"))


SHAPE = Object(
    {"low": Integer(0, 9), "colour": Code("colours", frozenset({"red", "green"}))},
    {
        "high": Integer(0, 9),
        "names": Array(Text("a name", "[a-z]{1,4}", 4), 1, 3, unique=True),
        "yes": BOOLEAN,
    },
    rules=(_ascending,),
)
GOOD = {"low": 1, "colour": "red", "high": 2, "names": ["ab", "c"], "yes": True}

FAULTS = [
    ({"low": "1"}, "/low", "wrong-type"),
    ({"low": True}, "/low", "wrong-type"),
    ({"low": 10}, "/low", "out-of-range"),
    ({"low": None}, "/low", "wrong-type"),
    ({"colour": "blue"}, "/colour", "not-in-list"),
    ({"colour": ["red"]}, "/colour", "wrong-type"),
    ({"other/~": 1}, "/other~1~0", "member-unknown"),
    ({"names": []}, "/names", "wrong-length"),
    ({"names": ["a", "b", "c", "d"]}, "/names", "wrong-length"),
    ({"names": ["a", "b", "a"]}, "/names/2", "duplicate"),
    ({"names": ["A"]}, "/names/0", "wrong-form"),
    ({"names": ["abcde"]}, "/names/0", "wrong-length"),
    ({"names": "a"}, "/names", "wrong-type"),
    ({"yes": 1}, "/yes", "wrong-type"),
    ({"low": 3}, "/high", "order"),
]


def test_a_value_in_order_has_no_problem():
    assert problems(SHAPE, GOOD) == []
    validator(json_schema(SHAPE)).validate(GOOD)


@pytest.mark.parametrize(("change", "pointer", "code"), FAULTS, ids=[f"{f[2]} at {f[1]}" for f in FAULTS])
def test_one_fault_is_named_with_its_pointer(change: dict[str, Any], pointer: str, code: str):
    assert [(p.pointer, p.code) for p in problems(SHAPE, {**GOOD, **change})] == [(pointer, code)]


def test_all_faults_are_reported_at_once():
    found = problems(SHAPE, {"low": 99, "names": ["ok", "NO", 3], "extra": 1}, "/at")
    assert [(p.pointer, p.code) for p in found] == [
        ("/at/low", "out-of-range"),
        ("/at/names/1", "wrong-form"),
        ("/at/names/2", "wrong-type"),
        ("/at/extra", "member-unknown"),
        ("/at/colour", "member-missing"),
    ]


def test_a_rule_waits_until_the_members_it_needs_are_in_order():
    assert [p.code for p in problems(SHAPE, {**GOOD, "low": "x"})] == ["wrong-type"]
    assert [p.code for p in problems(SHAPE, {**GOOD, "low": 3, "colour": "x"})] == ["not-in-list", "order"]


@pytest.mark.parametrize("value", [None, 1, "text", [], True])
def test_what_is_no_object_is_one_problem(value: Any):
    assert [p.code for p in problems(SHAPE, value)] == ["wrong-type"]


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (TIME, "2026-11-22T04:03:60Z"),
        (TIME, "2026-02-30T00:00:00Z"),
        (TIME, "2026-11-22T04:03:04+00:00"),
        (TIME, "2026-11-22"),
        (DATE, "2026-02-29"),
        (DATE, "2026-13-01"),
        (DATE, "26-01-01"),
        (DATE, "2026-11-22T00:00:00Z"),
        (DIGEST, "A" * 64),
        (DIGEST, "a" * 63),
        (DIGEST, "a" * 64 + "\n"),
        (DID, "did:web:"),
        (DID, "did:WEB:a"),
        (DID, "did:web:a b"),
        (DID, "did:web:a%2"),
        (DID, "did:web:a#key"),
        (DID, "did:web:" + "a" * 300),
        (COUNTRY, "UK"),
        (COUNTRY, "xa"),
        (COUNTRY, "ZZ"),
    ],
)
def test_text_that_is_nearly_right_is_refused(shape: Shape, text: str):
    assert problems(shape, text)


@pytest.mark.parametrize(
    "text", ["did:web:a.example.xa", "did:web:a.example.xa%3A8443:b", "did:key:z6Mk", "did:web:a:b%2F:c"]
)
def test_a_did_of_the_standards_grammar_is_accepted(text: str):
    assert problems(DID, text) == []


def test_details_repeat_no_value_that_could_be_personal():
    for value in ("Jane Doe, 1 Example Road", "+86 138 0013 8000", "jane@example.org", "4111111111111111"):
        for shape in (DID, COUNTRY, DIGEST, TIME, DATE, Integer(0)):
            assert all(value not in problem.detail for problem in problems(shape, value))


def test_the_error_lists_every_problem_and_shows_the_first():
    found = problems(SHAPE, {str(number): 1 for number in range(20)})
    error = StatementInvalidError("TransferRecord", found)
    assert error.code == "statement-invalid"
    assert error.problems == tuple(found)
    assert str(error).startswith("TransferRecord has 22 problems: /0: no such member here; ")
    assert str(error).endswith("; and 14 more")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.sampled_from(["red", "ab", "", "zzzzz", "X"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["low", "high", "names", "colour", "yes", "no"]), inner, max_size=5)
    ),
    max_leaves=10,
)


@settings(max_examples=count(300))
@given(VALUES)
def test_the_schema_and_the_check_agree_but_for_rules(value: Any):
    by_schema = validator(json_schema(SHAPE))
    found = [problem for problem in problems(SHAPE, value) if problem.code != "order"]
    assert by_schema.is_valid(value) == (not found)


TEST = SHAPE.test()


@settings(max_examples=count(300))
@given(VALUES)
def test_the_quick_test_passes_what_has_no_problem_and_nothing_else(value: Any):
    assert passes(TEST, value) == (not problems(SHAPE, value))


@pytest.mark.parametrize(("change", "pointer", "code"), FAULTS, ids=[f"{f[2]} at {f[1]}" for f in FAULTS])
def test_the_quick_test_does_not_pass_a_fault(change: dict[str, Any], pointer: str, code: str):
    assert passes(TEST, GOOD)
    assert not passes(TEST, {**GOOD, **change})


LEAVES = [BOOLEAN, COUNTRY, DATE, DID, DIGEST, REFERENCE, TIME, URI, Integer(0, 1)]
NEARLY = [
    *(None, True, False, 0, 1, 2, -1, "", "XA", "ZZ", [], {}, ["XA"], {"XA": 1}),
    *("2026-11-22", "2026-02-29", "2026-11-22T04:03:04Z", "2026-11-22T04:03:60Z", "2026-11-22T04:03:04Z\n"),
    *(
        "a" * 64,
        "a" * 64 + "\n",
        "a" * 65,
        "A" * 64,
        "ORDER-7",
        "13800138000",
        "a:b",
        "mailto:jane@example.org",
    ),
    *(
        "did:web:" + "a" * (LENGTH_LIMIT - 8),
        "did:web:" + "a" * (LENGTH_LIMIT - 7),
        "did:web:a\n",
        "did:web:",
    ),
]


@pytest.mark.parametrize("shape", LEAVES, ids=lambda shape: getattr(shape, "what", type(shape).__name__))
def test_the_quick_test_of_a_field_passes_what_has_no_problem_and_nothing_else(shape: Shape):
    test = shape.test()
    for value in NEARLY:
        assert passes(test, value) == (not problems(shape, value)), value


@settings(max_examples=count(300))
@given(st.data())
def test_the_quick_test_of_a_type_passes_a_changed_example_only_if_it_has_no_problem(data: st.DataObject):
    document = catalogue.example(data.draw(st.sampled_from(sorted(catalogue.TYPES))))
    kind, issuer = catalogue.TYPES[document["type"][1]].kind, document["issuer"]
    created = parse_time(document["validFrom"]) + data.draw(st.sampled_from([0, 10**6, -(10**6), 10**9]))
    places = list(_places(document["credentialSubject"]))
    for holder, key in data.draw(st.lists(st.sampled_from(places), max_size=2)):
        change = data.draw(st.sampled_from(["remove", "set", "add"]))
        if change == "remove" and isinstance(holder, dict):
            holder.pop(key, None)
        elif change == "set" and (isinstance(holder, dict) or key < len(holder)):
            holder[key] = data.draw(st.sampled_from(NEARLY))
        elif isinstance(holder, list) and holder:
            holder.append(holder[0])
    subject = document["credentialSubject"]
    assert kind.passes(subject, issuer, created) == (not subject_problems(kind, subject, issuer, created))


def test_a_remembered_party_does_not_stand_for_another_one():
    party = {
        "did": "did:web:a.example.xa",
        "id": "did:web:a.example.xa",
        "jurisdiction": "XA",
        "scheme": "DID",
    }
    test = PARTY.test()
    for _ in range(2):
        assert passes(test, party)
        for name, value in [
            ("did", "did:web:b"),
            ("jurisdiction", True),
            ("id", ["x"]),
            ("zone", "XB"),
            ("x", ""),
        ]:
            assert not passes(test, {**party, name: value})


def test_only_objects_of_text_are_remembered():
    # 1 and True are the same key of a cache.
    waiting: list[Shape] = [kind.kind.shape for kind in catalogue.TYPES.values()]
    seen = 0
    while waiting:
        shape = waiting.pop()
        if isinstance(shape, Object):
            waiting += shape.members.values()
            if shape.recurring:
                seen += 1
                assert all(isinstance(member, Text | Code) for member in shape.members.values())
        elif isinstance(shape, Array):
            waiting.append(shape.item)
    assert seen > 3


@settings(max_examples=count(150))
@given(st.data())
def test_a_changed_example_that_the_schema_refuses_is_refused_by_the_check(data: st.DataObject):
    # The schema can say less than the check, never more.
    name = data.draw(st.sampled_from(sorted(catalogue.TYPES)))
    document = catalogue.example(name)
    places = list(_places(document["credentialSubject"]))
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(st.sampled_from([None, "", "x", -1, 0, [], {}, True, "XA", 2**60, ["XA", "XA"]]))
    schema = {**catalogue.json_schema(name)}
    schema["required"] = [member for member in schema["required"] if member != "proof"]
    if not validator(schema).is_valid(document):
        assert catalogue.check(document), json.dumps(document)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield value, key
        if isinstance(item, dict | list):
            yield from _places(item)

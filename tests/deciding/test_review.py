import json
import random
from typing import Any

import pytest

from ledger.core.times import parse_time
from ledger.statements.codes import MEASURE_FINDINGS
from ledger.statements.deciding.decide import Ready
from ledger.statements.deciding.review import review
from ledger.statements.measure_review import SHAPE
from ledger.statements.scenario import OWN_SCHEME
from ledger.statements.shape import problems
from tests.deciding.records import AT, SHIPPED, rule, rules, shipped

BASIS = {"sha256": "11" * 32, "date": "2026-01-01", "reviewBy": "2026-11-22"}
AIMED = {"mode": "country", "ids": ["XB"], "basis": BASIS}
DESTINATION = 'transfer.destination == "XB"'
REASONED = {"alternativesConsidered": "22" * 32}


def found(measure: Ready, *, at: int = AT, **asked: Any) -> set[str]:
    findings = review(measure.measure, at=at, **asked)
    for finding in findings:
        written = {name: value for name, value in finding._asdict().items() if value is not None}
        subject = {"measure": "00" * 32, "at": "2026-11-22T04:00:00Z", "findings": [written]}
        assert problems(SHAPE, subject) == []
    return {finding.code for finding in findings}


def one(
    outcome: str = "mechanismRequired", *, measure: dict[str, Any] | None = None, **members: Any
) -> Ready:
    return rules(rule("1", outcome, **members), rule("2", "free"), **(measure or {}))


IDENTITY = [
    DESTINATION,
    'transfer.destination in ["XB", "XC"]',
    '!(transfer.destination != "XB")',
    'transfer.origin == "XA"',
    'importer.id == "TEST00EE3E62B8A0AA00"',
    'exporter.id == "TEST00EE3E62B8A0AA00"',
    'importer.did in ["did:web:importer.example"]',
    'exporter.did == "did:web:exporter.example"',
    'importer.zone == "XB-01+harbour"',
    'exporter.zone == "XA-01+harbour"',
    '"XB" in transfer.dataLocation',
    f"{DESTINATION} && line.persons.ytdCount >= 100",
    f'line.grade == "important" && {DESTINATION}',
    f'transfer.criticalInfrastructure && ({DESTINATION} || importer.id == "x")',
]


@pytest.mark.parametrize("when", IDENTITY)
def test_a_rule_that_goes_by_identity_is_found_and_treats_others_otherwise(when: str) -> None:
    assert found(one(when=when)) == {"ND-1", "ND-2", "ND-4"}


@pytest.mark.parametrize("when", IDENTITY)
def test_a_rule_that_goes_by_identity_with_a_basis_is_found_without_the_want_of_one(when: str) -> None:
    measure = one(when=when, measure={"targeting": AIMED})
    assert found(measure) == {"ND-1", "ND-4"}
    assert found(measure, at=parse_time("2026-11-23T00:00:00Z")) == {"ND-1", "ND-3", "ND-4"}


@pytest.mark.parametrize(
    "when",
    [
        f"{DESTINATION} || true",
        f"{DESTINATION} && false",
        'transfer.destination == "XB" || transfer.destination != "XB"',
    ],
)
def test_a_rule_that_names_a_country_to_no_effect_treats_all_alike(when: str) -> None:
    assert found(one(when=when)) == {"ND-1", "ND-2"}


def test_who_says_whom_it_is_aimed_at_needs_a_basis() -> None:
    assert found(one(measure={"targeting": {"mode": "country", "ids": ["XB"]}})) == {"ND-1", "ND-2"}
    assert found(one(measure={"targeting": AIMED})) == {"ND-1"}


LOCAL = [
    ({"reason": "localised"}, "prohibited"),
    ({"reason": "localised"}, "assessmentRequired"),
    ({"conditions": ["storedCopy"]}, "conditional"),
    ({"conditions": ["encrypt", "storedCopy"]}, "mechanismRequired"),
]


@pytest.mark.parametrize(("members", "outcome"), LOCAL)
def test_a_rule_that_keeps_data_is_found_and_asks_for_proportion(
    members: dict[str, Any], outcome: str
) -> None:
    assert found(one(outcome, **members)) == {"LOC-1", "PR-1"}
    assert found(one(outcome, **members, measure=REASONED)) == {"LOC-1"}
    assert found(one(outcome, **members, measure={**REASONED, "objectives": []})) == {"LOC-1", "PR-1", "TR-2"}


def test_a_rule_that_keeps_what_only_passes_through_says_so() -> None:
    (keeps,) = review(one("conditional", conditions=["storedCopy"], measure=REASONED).measure, at=AT)
    assert keeps.detail == "also data that only pass through"
    outbound = one("conditional", conditions=["storedCopy"], table={"flow": ["outbound"]}, measure=REASONED)
    (kept,) = review(outbound.measure, at=AT)
    assert kept.detail is None


@pytest.mark.parametrize("reason", ["alternativesConsidered", "proportionality"])
def test_a_prohibition_asks_for_proportion(reason: str) -> None:
    assert found(one("prohibited")) == {"PR-1"}
    assert found(one("prohibited", measure={reason: "22" * 32})) == set()


def test_notice_is_counted_from_when_a_measure_was_proven_public() -> None:
    effective = parse_time("2026-02-01T00:00:00Z")
    proven = effective - 30 * 86_400
    assert found(one(), proven_at=proven) == set()
    assert found(one(), proven_at=proven + 1) == {"TR-1"}
    assert found(one(), proven_at=proven + 1, notice_days=29) == set()
    emergency = one(measure={"emergency": True, "reviewBy": "2026-04-01"})
    assert found(emergency, proven_at=effective) == set()
    assert found(emergency, proven_at=effective + 1) == {"TR-1"}


def test_a_measure_without_objective_text_or_language_is_found() -> None:
    assert found(one(measure={"objectives": []})) == {"TR-2"}
    assert found(one(measure={"visibility": "hashOnly"})) == {"TR-3"}
    assert found(one(), languages=["en", "fr"]) == {"TR-4"}


OTHERS = {"scheme": "urn:example:list", "code": "a"}


def test_codes_that_nobody_shares_are_found() -> None:
    assert found(one(table={"scenario": [OTHERS]})) == {"IO-1"}
    assert found(one(measure={"scenarios": [OTHERS]})) == {"IO-1"}
    known = {"vocabularies": [{"scheme": "urn:example:list", "codes": ["a"]}]}
    assert found(one(table={"scenario": [OTHERS]}, measure={"scenarios": [OTHERS], **known})) == set()


@pytest.mark.parametrize(
    "when",
    [
        'line.grade == "secret"',
        '"secret" == line.grade',
        'line.category in ["personal", "secret"]',
        'transfer.mechanism != "handshake"',
        '"dpv:Nothing" in line.dataTypes',
        '"friend" in transfer.relations',
    ],
)
def test_an_expression_with_a_code_that_nobody_shares_is_found(when: str) -> None:
    assert found(one(when=when)) == {"IO-1"}


CLEAN = [
    {},
    {"table": {"grade": ["important"]}},
    {"table": {"relation": ["adequacy"]}},
    {"table": {"zone": "XA-01+harbour"}},
    {"table": {"scenario": [{"scheme": OWN_SCHEME, "code": "veh.after-sales"}]}},
    {"table": {"persons": {"ytdCount": {"atLeast": 100, "below": 200}}}},
    {"table": {"criticalInfrastructure": True, "flow": ["outbound"], "purpose": ["dpv:Marketing"]}},
    {"when": 'line.grade in ["important", "core"]'},
    {"when": "line.persons.ytdCount - line.persons.ytdSensitiveCount >= 100"},
    {"when": '!("adequacy" in transfer.relations)'},
    {"when": 'transfer.zone == "XA-01+harbour"'},
    {"when": "size(transfer.purpose) > 1 || !transfer.onwardAllowed"},
]


@pytest.mark.parametrize("members", CLEAN, ids=str)
@pytest.mark.parametrize("outcome", ["free", "mechanismRequired", "assessmentRequired"])
def test_a_clean_measure_has_no_finding(members: dict[str, Any], outcome: str) -> None:
    assert (
        found(one(outcome, **members), languages=["en"], proven_at=parse_time("2026-01-01T00:00:00Z"))
        == set()
    )


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_a_shipped_measure_treats_all_alike(path: Any) -> None:
    (measure,) = shipped(path.stem)
    assert found(measure) == set()


@pytest.mark.parametrize("when", IDENTITY[:3] + IDENTITY[11:13])
def test_the_linter_treats_all_countries_alike(when: str) -> None:
    expected = [
        (each.code, each.rule, each.pointer)
        for each in review(one(when=when, measure={"targeting": AIMED}).measure, at=AT)
    ]
    codes = [f"X{letter}" for letter in "BCDEFGHIJKLMNOPQRSTUVWXYZ"]
    random.Random(7).shuffle(codes)
    for code in codes:
        other = json.loads(json.dumps([when, AIMED]).replace("XB", code))
        findings = review(one(when=other[0], measure={"targeting": other[1]}).measure, at=AT)
        assert [(each.code, each.rule, each.pointer) for each in findings] == expected


def test_every_code_of_findings_is_found_somewhere_here() -> None:
    planted = [
        found(one("prohibited", reason="localised", when=f'{DESTINATION} || line.grade == "secret"')),
        found(one(measure={"targeting": AIMED}), at=AT + 2 * 86_400, proven_at=AT, languages=["fr"]),
        found(one(measure={"objectives": [], "visibility": "hashOnly"})),
    ]
    assert set().union(*planted) == MEASURE_FINDINGS

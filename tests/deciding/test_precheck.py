import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.statements.deciding.changes import Change
from ledger.statements.deciding.counters import Sent, Threshold
from ledger.statements.deciding.decide import decide
from ledger.statements.deciding.precheck import outlines
from tests.campaign import count
from tests.deciding.china_cases import AT as LISTED
from tests.deciding.china_cases import cases, transfer_of
from tests.deciding.prechecking import CHINA, checked, only, personal
from tests.deciding.records import AT, line, party, people, rule, rules, transfer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "spec" / "precheck.md"
CASES = list(cases())
LIMIT = rules(
    rule("1", "mechanismRequired", table={"persons": {"ytdCount": {"atLeast": 100_000}}}),
    rule("2", "free", reason="belowThreshold", cite={"instrument": "XA Act", "article": "5"}),
    number="XA-2026-1",
    kind="threshold",
    title=[{"language": "en", "text": "Threshold of persons a year"}],
)


def test_the_example_of_the_page_is_what_is_found() -> None:
    (text,) = re.findall(r"^```json\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    record = transfer(personal(98_795), mechanism=None)
    (changed,) = (each for each in checked(record, LIMIT).changes if each.fact == "line.persons.ytdCount")
    found = json.loads(json.dumps(checked(record, LIMIT)._replace(changes=(changed,)).subject()))
    assert found == json.loads(text.replace("9a11…", LIMIT.digest.hex()))


@pytest.mark.parametrize("case", CASES[:: max(1, len(CASES) // count(20))], ids=str)
def test_it_says_what_the_engine_says(case: Any) -> None:
    record = transfer_of(case)
    found, decided = checked(record, *CHINA, at=LISTED), decide(record, CHINA, at=LISTED)
    assert found.outcome == decided.outcome
    assert found.strictest == decided.strictest
    assert found.mechanisms == decided.mechanisms
    assert [each._replace(direction="", rules=())[1:5] for each in found.lines] == [
        tuple(each) for each in decided.outbound.lines
    ]


def put(record: dict[str, Any], change: Change, value: object) -> dict[str, Any]:
    """The record with the fact that a change names, by its pointer alone."""
    made: dict[str, Any] = json.loads(json.dumps(record))
    *path, last = change.pointer.split("/")[1:]
    place: Any = made
    for token in path:
        place = place[int(token)] if isinstance(place, list) else place.setdefault(token, {})
    place[last] = value
    return made


@settings(max_examples=count(15), deadline=None)
@given(st.sampled_from(CASES))
def test_a_change_does_what_it_says_and_the_fact_before_it_does_not(case: Any) -> None:
    record = transfer_of(case)
    found = checked(record, *CHINA, at=LISTED)
    for change in found.changes:
        values: list[object] = [*change.values]
        if change.at_least is not None:
            values = [change.at_least] + ([] if change.below is None else [change.below - 1])
            if change.was is not None:
                assert change.nearest in values
        for value in values:
            given_: object = value
            if change.fact == "transfer.exemption":
                given_ = {"type": change.mechanism, "exemptionCode": value}
            elif change.fact == "transfer.mechanism":
                given_ = {"type": value}
            elif change.fact == "line.scenario":
                scheme, _, code = str(value).partition(" ")
                given_ = {"scheme": scheme, "code": code}
            elif value in {"true", "false"}:
                given_ = value == "true"
            elif change.fact in {"line.category", "exporter.zone"}:
                continue  # these take other members with them
            (then,) = outlines([put(record, change, given_)], CHINA, at=LISTED)
            assert (then.outcome, then.goes) == (change.outcome, change.goes), (change, value)
            assert (then.outcome, then.goes) != (found.outcome, found.goes)


@settings(max_examples=count(20), deadline=None)
@given(st.sampled_from([case for case in CASES if case.persons is not None]), st.integers(0, 2_000_000))
def test_no_count_of_the_year_changes_the_answer_but_those_it_names(case: Any, persons: int) -> None:
    record = transfer_of(case)
    sensitive = record["lines"][0]["persons"].get("ytdSensitiveCount", 0)
    persons = max(persons, sensitive)
    found = checked(record, *CHINA, at=LISTED)
    record["lines"][0]["persons"]["ytdCount"] = persons
    other = checked(record, *CHINA, at=LISTED)
    named = [
        change
        for change in only(found, "line.persons.ytdCount")
        if change.at_least is not None and change.at_least <= persons
        and (change.below is None or persons < change.below)
    ]  # fmt: skip
    assert bool(named) == ((other.outcome, other.goes) != (found.outcome, found.goes))


def test_the_single_fact_is_the_mechanism_where_that_is_enough() -> None:
    record = transfer(personal(100_000), exporter=party("exporter", "CN"), mechanism={"type": "treaty"})
    found = checked(record, *CHINA)
    assert (found.outcome, found.goes) == ("mechanismRequired", False)
    first = found.changes[0]
    assert (first.fact, first.values, first.goes) == (
        "transfer.mechanism", ("certification", "standardContract"), True,
    )  # fmt: skip
    fewer = only(found, "line.persons.ytdCount")[0]
    assert (fewer.at_least, fewer.below, fewer.nearest, fewer.outcome) == (1_200, 100_000, 99_999, "free")
    assert [step.step for step in found.steps] == ["declareMechanism", "keepDocuments"]


def test_what_is_required_and_declared_may_go_and_what_else_is_declared_may_not() -> None:
    for kind, goes in (("standardContract", True), ("adequacy", False)):
        record = transfer(personal(100_000), exporter=party("exporter", "CN"), mechanism={"type": kind})
        assert checked(record, *CHINA).goes is goes
    for kind, goes in (("authorityAssessment", True), ("standardContract", False)):
        record = transfer(personal(1_000_000), exporter=party("exporter", "CN"), mechanism={"type": kind})
        assert (checked(record, *CHINA).outcome, checked(record, *CHINA).goes) == ("assessmentRequired", goes)


def test_two_lines_at_the_strictest_are_changed_by_no_fact_of_one() -> None:
    core = transfer(line(1, grade="core"), line(2, grade="core"), exporter=party("exporter", "CN"))
    found = checked(core, *CHINA)
    assert only(found, "line.grade") == []
    one = transfer(line(1, grade="core"), line(2), exporter=party("exporter", "CN"))
    assert [(each.line, each.values) for each in only(checked(one, *CHINA), "line.grade")] == [
        (1, ("general",))
    ]


def test_the_count_of_the_year_is_one_fact_of_all_lines() -> None:
    lines = [personal(100_000), {**personal(100_000), "line": 2}]
    found = checked(transfer(*lines, exporter=party("exporter", "CN")), *CHINA)
    assert [change.outcome for change in only(found, "line.persons.ytdCount")] == [
        "free",
        "assessmentRequired",
    ]


def test_an_expression_that_adds_turns_where_the_sum_does() -> None:
    sums = rules(
        rule("1", "prohibited", when="line.persons.ytdCount + line.persons.count >= 10000"), rule("2", "free")
    )
    found = checked(transfer(personal(5_000)), sums)
    (change,) = only(found, "line.persons.ytdCount")
    assert (change.at_least, change.below, change.outcome) == (8_800, None, "prohibited")


def test_room_is_what_is_left_of_the_year_with_this_record() -> None:
    record = transfer(personal(98_795), exporter=party("exporter", "CN"))
    rooms = {each.threshold: each.left for each in checked(record, *CHINA).room}
    assert rooms[Threshold("count", 100_000)] == 1_204
    unsaid = checked(transfer(personal(), exporter=party("exporter", "CN")), *CHINA)
    assert {each.left for each in unsaid.room if each.threshold.metric == "count"} == {None}


def test_room_counts_the_records_that_went_before() -> None:
    before = transfer(line(1, "personal", persons=people(90_000)), exporter=party("exporter", "CN"))
    history = [Sent(bytes([1]) * 32, AT - 86_400, before)]
    unsaid = transfer(personal(), exporter=party("exporter", "CN"))
    rooms = {
        each.threshold: (each.reached, each.left) for each in checked(unsaid, *CHINA, history=history).room
    }
    assert rooms[Threshold("count", 100_000)] == (91_200, 8_799)
    reached = transfer(personal(100_000), exporter=party("exporter", "CN"))
    rooms = {each.threshold: (each.reached, each.left) for each in checked(reached, *CHINA).room}
    assert rooms[Threshold("count", 100_000)] == (100_000, None)


def test_a_measure_that_is_not_asked_says_why() -> None:
    record = transfer(personal(5_000), exporter=party("exporter", "CN"))
    states = {each.measure.measure.number: each.state for each in checked(record, *CHINA).measures}
    assert states["CN-CAC-2024-16"] == "inForce"
    assert states["CN-SH-NL-2024"] == "otherZone"
    cohort = {"parties": [{"scheme": "DID", "id": "did:web:x.example"}], "sunset": "2027-01-01T00:00:00Z"}
    found = checked(
        transfer(),
        rules(number="XA-2", effectiveFrom="2027-01-01T00:00:00Z"),
        rules(number="XA-3", effectiveUntil="2026-03-01T00:00:00Z"),
        rules(number="XA-4", kind="pilot", pilot=cohort),
        rules(number="XA-5"),
        rules(number="XA-5", version=2, supersedes="11" * 32),
    )
    states = {
        (each.measure.measure.number, each.measure.measure.version): each.state for each in found.measures
    }
    assert states == {
        ("XA-2", 1): "future", ("XA-3", 1): "ended", ("XA-4", 1): "otherParty",
        ("XA-5", 1): "superseded", ("XA-5", 2): "inForce",
    }  # fmt: skip


def test_many_are_told_the_same_as_one() -> None:
    records = [transfer_of(case) for case in CASES[::20]]
    for record, short in zip(records, outlines(records, CHINA, at=LISTED), strict=True):
        whole = checked(record, *CHINA, at=LISTED)
        assert short == whole._replace(changes=(), room=())


def test_numbers_on_both_sides_of_others_are_two_changes() -> None:
    between = rules(
        rule("1", "prohibited", table={"persons": {"ytdCount": {"atLeast": 2_000, "below": 3_000}}}),
        rule("2", "free"),
    )
    found = only(checked(transfer(personal(2_400)), between), "line.persons.ytdCount")
    assert [(each.at_least, each.below, each.nearest) for each in found] == [
        (1_200, 2_000, 1_999),
        (3_000, None, 3_000),
    ]


def test_more_than_there_is_time_for_is_not_tried_and_said() -> None:
    many = rules(
        *(rule(f"r{n}", "free", table={"persons": {"ytdCount": {"atLeast": n * 10}}}) for n in range(1, 900))
    )
    record = transfer(*({**personal(2_000 + number), "line": number} for number in range(1, 101)))
    found = checked(record, many)
    assert (found.all_tried, found.outcome) == (False, "free")

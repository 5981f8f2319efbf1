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
from ledger.statements.deciding.draft import draft_of
from ledger.statements.deciding.precheck import Precheck, outlines, precheck
from tests.campaign import count
from tests.deciding.china_cases import AT as LISTED
from tests.deciding.china_cases import MEASURES, cases, transfer_of
from tests.deciding.records import AT, line, party, people, rule, rules, shipped, transfer

CHINA = shipped(*MEASURES)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "spec" / "precheck.md"
CASES = list(cases())
LIMIT = rules(
    rule("1", "mechanismRequired", table={"persons": {"ytdCount": {"atLeast": 100_000}}}),
    rule("2", "free", reason="belowThreshold", cite={"instrument": "XA Act", "article": "5"}),
    number="XA-2026-1",
    kind="threshold",
    title=[{"language": "en", "text": "Threshold of persons a year"}],
)


def personal(ytd: int | None = None, **members: Any) -> dict[str, Any]:
    counts = (
        people(1_200, ytdSensitiveCount=0)
        if ytd is None
        else people(1_200, ytdCount=ytd, ytdSensitiveCount=0)
    )
    return line(1, "personal", persons=counts, **members)


def checked(record: dict[str, Any], *measures: Any, at: int = AT, **more: Any) -> Precheck:
    draft, problems = draft_of(record)
    assert problems == []
    return precheck(draft, measures, at=at, **more)


def only(found: Precheck, fact: str) -> list[Change]:
    return [change for change in found.changes if change.fact == fact]


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
            decided = decide(put(record, change, given_), CHINA, at=LISTED)
            assert decided.outcome == change.outcome, (change, value)
            assert (decided.outcome, change.goes) != (found.outcome, found.goes)


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


def test_what_is_not_said_yet_is_missing_with_its_place_and_would_settle_it() -> None:
    record = transfer(
        line(1, "personal", persons={"count": "<persons>", "ytdCount": 5, "ytdSensitiveCount": 0}),
        exporter=party("exporter", "CN"),
        criticalInfrastructure="<whether>",
    )
    found = checked(record, *CHINA)
    assert (found.outcome, found.goes) == ("indeterminate", False)
    assert [missing.pointer for missing in found.missing] == ["/criticalInfrastructure"]
    answers = {change.values: change.outcome for change in only(found, "transfer.criticalInfrastructure")}
    assert answers == {("false",): "free", ("true",): "assessmentRequired"}
    assert found.changes[0].values == ("false",)
    assert found.conditions == found.documents == ()


def test_a_country_that_is_not_said_is_missing_where_countries_differ_and_only_there() -> None:
    gdpr = shipped("eu-gdpr-chapter-v")
    importer = {"did": "did:web:importer.example", "jurisdiction": "<country>"}
    record = transfer(
        personal(), exporter=party("exporter", "IE"), importer=importer, mechanism={"type": "treaty"}
    )
    found = checked(record, *gdpr)
    assert found.outcome == "indeterminate"
    assert [missing.fact for missing in found.missing] == ["transfer.destination"]
    (free,) = (change for change in only(found, "transfer.destination") if change.outcome == "free")
    assert {"JP", "FR"} <= set(free.values)
    assert "XB" not in free.values
    (other,) = (change for change in only(found, "transfer.destination") if "*" in change.values)
    assert other.outcome == "mechanismRequired"
    nobody = transfer(line(), exporter=party("exporter", "IE"), importer=importer)
    assert checked(nobody, *gdpr).outcome == "free"


def test_without_the_exporters_country_nothing_is_known() -> None:
    found = checked({"exporter": {"did": "<who>"}, "lines": [{"category": "nonPersonal"}]}, *CHINA)
    assert (found.outcome, found.goes, found.changes) == ("indeterminate", False, ())
    assert [missing.fact for missing in found.missing] == ["transfer.origin", "measures"]


def test_a_party_that_is_not_named_may_be_any_that_a_measure_names() -> None:
    named = rules(rule("1", "prohibited", when='importer.id == "did:web:b.example"'), rule("2", "free"))
    found = checked(transfer(importer={"did": "did:web:b.example", "jurisdiction": "XB"}), named)
    assert found.outcome == "indeterminate"
    assert [missing.fact for missing in found.missing] == ["importer.id"]
    assert {change.outcome for change in only(found, "importer.id")} == {"free", "prohibited"}


@pytest.mark.parametrize(
    ("when", "blank", "fact"),
    [
        ("exporter.id == importer.id", {"id": "<id>"}, "importer.id"),
        ("exporter.did == importer.did", {"did": "<did>"}, "importer.did"),
        (
            "transfer.destination in transfer.dataLocation",
            {"jurisdiction": "<country>"},
            "transfer.destination",
        ),
    ],
)
def test_what_is_not_said_may_be_what_the_record_says_elsewhere(
    when: str, blank: dict[str, str], fact: str
) -> None:
    same = rules(rule("1", "free", when=when), rule("2", "prohibited"))
    found = checked(transfer(importer={**party("importer", "XB"), **blank}, dataLocation=["XC"]), same)
    assert [missing.fact for missing in found.missing] == [fact]


def test_more_ways_than_are_tried_leave_it_open() -> None:
    many = " || ".join(f'importer.id == "{n}" || importer.did == "{n}"' for n in range(9))
    named = rules(rule("1", "free", when=f"!({many})"), rule("2", "free"))
    record = transfer(importer={"jurisdiction": "XB"})
    assert checked(record, named).outcome == "indeterminate"


def test_what_is_wrong_with_a_draft_is_told_and_what_is_missing_is_not() -> None:
    _, problems = draft_of(
        {"lines": [{"category": "none", "grade": "<grade>"}], "reference": 7, "mechanism": {}}
    )
    assert [problem.pointer for problem in problems] == ["/lines/0/category", "/reference"]
    assert draft_of("text")[1][0].code == "wrong-type"
    assert draft_of({}) == ({}, [])


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


def test_a_zone_that_is_yet_to_be_filled_in_is_not_none() -> None:
    exporter = {**party("exporter", "CN"), "zone": "<zone, if any>"}
    record = transfer(personal(1_000_000), exporter=exporter)
    found = checked(record, *CHINA, at=LISTED)
    assert (found.outcome, [missing.fact for missing in found.missing]) == (
        "indeterminate",
        ["exporter.zone"],
    )
    answers = {change.values: change.outcome for change in only(found, "exporter.zone")}
    assert answers == {("*",): "assessmentRequired", ("CN-SH+lingang",): "conditional"}
    assert checked(transfer(line(), exporter=exporter), *CHINA, at=LISTED).outcome == "free"


def test_an_exemption_that_is_yet_to_be_named_is_none_of_them_and_any() -> None:
    record = transfer(
        personal(1_000_000),
        exporter=party("exporter", "CN"),
        mechanism={"type": "exemption", "exemptionCode": "<code>"},
    )
    found = checked(record, *CHINA)
    assert (found.outcome, [missing.fact for missing in found.missing]) == (
        "indeterminate",
        ["transfer.exemption"],
    )
    assert {change.outcome for change in only(found, "transfer.exemption")} == {"free", "assessmentRequired"}


def test_a_list_that_is_yet_to_be_filled_up_is_not_known() -> None:
    asked = rules(rule("1", "prohibited", table={"purpose": ["dpv:CustomerCare"]}), rule("2", "free"))
    found = checked(transfer(purpose=["dpv:ServiceProvision", "<another purpose>"]), asked)
    assert [missing.fact for missing in found.missing] == ["transfer.purpose"]


def test_a_party_without_scheme_may_be_of_the_cohort() -> None:
    cohort = {"parties": [{"scheme": "LEI", "id": "TEST000C76DC31B85900"}], "sunset": "2027-01-01T00:00:00Z"}
    pilot = rules(rule("1", "free"), kind="pilot", pilot=cohort)
    exporter = {"did": "did:web:e.example", "id": "TEST000C76DC31B85900", "jurisdiction": "XA"}
    assert checked(transfer(exporter=exporter), pilot).outcome == "indeterminate"
    assert checked(transfer(exporter={**exporter, "scheme": "LEI"}), pilot).outcome == "free"


def test_more_than_there_is_time_for_is_not_tried_and_said() -> None:
    many = rules(
        *(rule(f"r{n}", "free", table={"persons": {"ytdCount": {"atLeast": n * 10}}}) for n in range(1, 900))
    )
    record = transfer(*({**personal(2_000 + number), "line": number} for number in range(1, 101)))
    found = checked(record, many)
    assert (found.all_tried, found.outcome) == (False, "free")


NAMING = rules(
    rule("1", "prohibited", when='importer.did == "did:web:b.example" && transfer.flow != "return"'),
    rule("2", "assessmentRequired", table={"exemption": ["emergency"], "flow": ["onward"]}),
    rule("3", "conditional", when='transfer.destination == "XC" || "dpv:Marketing" in transfer.purpose'),
    rule("4", "free"),
    number="XA-9",
)
INTO = rules(
    rule("1", "prohibited", table={"zone": "XB-01"}),
    applies={"direction": "inbound", "jurisdiction": "XB"},
    authority={**party("authority", "XB")},
    number="XB-1",
)
BLANKS = (
    "/flow", "/importer/jurisdiction", "/importer/did", "/importer/id", "/importer/zone", "/exporter/zone",
    "/exporter/id", "/mechanism/exemptionCode", "/mechanism/type", "/purpose/0", "/criticalInfrastructure",
    "/lines/0/category", "/lines/0/persons/ytdCount", "/lines/0/scenario/code",
)  # fmt: skip


@st.composite
def whole_records(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(["a", "b"]))
    record = transfer(
        personal(draw(st.sampled_from([1_200, 100_000, 1_000_000]))),
        exporter=party(
            "exporter", *draw(st.sampled_from([("XA", None), ("CN", "CN-SH+lingang"), ("CN", "CN-BJ")]))
        ),
        importer=party(name, draw(st.sampled_from(["XB", "XC"]))),
        flow=draw(st.sampled_from(["outbound", "onward", "return"])),
        purpose=draw(st.sampled_from([["dpv:Marketing"], ["dpv:CustomerCare"]])),
        mechanism={
            "type": "exemption",
            "exemptionCode": draw(st.sampled_from(["emergency", "transit", "publicInterest"])),
        },
    )
    if record["importer"]["jurisdiction"] == "XB" and draw(st.booleans()):
        record["importer"]["zone"] = draw(st.sampled_from(["XB-01", "XB-02"]))
    return record


@settings(max_examples=count(20), deadline=None)
@given(whole_records(), st.sets(st.sampled_from(BLANKS), min_size=1, max_size=4))
def test_what_is_said_of_a_draft_holds_however_it_is_filled_in(
    record: dict[str, Any], blanks: set[str]
) -> None:
    measures = [*CHINA, NAMING, INTO]
    draft: dict[str, Any] = json.loads(json.dumps(record))
    for pointer in blanks:
        *path, last = pointer.split("/")[1:]
        place: Any = draft
        for token in path:
            place = place[int(token)] if isinstance(place, list) else place[token]
        if isinstance(place, list):
            place[int(last)] = "<to be filled in>"
        else:
            place[last] = "<to be filled in>"
    found = checked(draft, *measures, at=LISTED if record["exporter"]["jurisdiction"] == "CN" else AT)
    if found.outcome != "indeterminate":
        decided = decide(record, measures, at=found.at)
        assert found.outcome == decided.outcome

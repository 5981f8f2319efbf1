import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.statements.deciding.decide import decide
from ledger.statements.deciding.draft import draft_of
from tests.campaign import count
from tests.deciding.china_cases import AT as LISTED
from tests.deciding.prechecking import CHINA, checked, only, personal
from tests.deciding.records import AT, line, party, rule, rules, shipped, transfer


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
    found = checked(record, named)
    assert found.outcome == "indeterminate"
    assert [(line.outcome, line.missing) for line in found.lines] == [
        ("indeterminate", ("importer.did", "importer.id"))
    ]


def test_a_zone_that_only_a_rule_names_is_one_that_may_be_filled_in() -> None:
    asked = rules(rule("1", "prohibited", table={"zone": "XA-01"}), rule("2", "free"))
    exporter = party("exporter", "XA")
    found = checked(transfer(exporter={**exporter, "zone": "<zone>"}), asked)
    assert [missing.fact for missing in found.missing] == ["exporter.zone"]
    assert [
        change.values for change in only(checked(transfer(exporter=exporter), asked), "exporter.zone")
    ] == [("XA-01",)]


def test_what_is_wrong_with_a_draft_is_told_and_what_is_missing_is_not() -> None:
    _, problems = draft_of(
        {"lines": [{"category": "none", "grade": "<grade>"}], "reference": 7, "mechanism": {}}
    )
    assert [problem.pointer for problem in problems] == ["/lines/0/category", "/reference"]
    assert draft_of("text")[1][0].code == "wrong-type"
    assert draft_of({}) == ({}, [])


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

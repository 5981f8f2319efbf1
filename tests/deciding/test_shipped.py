import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ledger.core.times import parse_time
from ledger.statements.codes import COUNTRIES, TEST_COUNTRIES
from ledger.statements.deciding.cel import parse
from ledger.statements.deciding.decide import decide
from ledger.statements.deciding.facts import FACTS
from ledger.statements.measure import SHAPE
from ledger.statements.scenario import OWN_SCHEME
from ledger.statements.shape import problems
from tests.deciding.records import AT, SHIPPED, line, party, people, shipped, transfer

TRIAL = parse_time("2025-03-01T00:00:00Z")
"""Within the year of trial of the list of vehicles."""
END = parse_time("2025-05-16T16:00:00Z")
FILES = sorted(SHIPPED.glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def test_the_measures_that_ship_are_these() -> None:
    assert [path.stem for path in FILES] == [
        "asean-model-clauses",
        "cn-2024-provisions",
        "cn-lingang-general-list-vehicles",
        "cn-shanghai-negative-list-shape",
        "cpta-parties",
        "default-flows-freely",
        "eu-gdpr-chapter-v",
        "global-cbpr-certification",
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_measure_is_in_order_and_says_that_it_is_no_advice(path: Path) -> None:
    document = read(path)
    assert problems(SHAPE, document["subject"]) == []
    assert "As read on 2026-11-22, not legal advice" in document["notice"]
    digest = hashlib.sha256(document["summary"].encode()).hexdigest()
    assert [text["sha256"] for text in document["subject"]["texts"]] == [digest]
    assert all("article" in rule["cite"] for rule in document["subject"]["rules"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_rule_of_a_shipped_measure_names_a_country_or_asks_who_somebody_is(path: Path) -> None:
    for rule in read(path)["subject"]["rules"]:
        assert "zone" not in rule.get("if", {})
        asked = {key: value for key, value in rule.items() if key in {"if", "when"}}
        words = set(re.findall(r"[A-Za-z]+", json.dumps(asked)))
        assert words.isdisjoint(COUNTRIES | TEST_COUNTRIES)
        if "when" in rule:
            assert not any(FACTS[name].identity for name in parse(rule["when"]).facts)


@pytest.mark.parametrize(
    "code", ["veh.manufacturing", "veh.rd-test", "veh.after-sales", "veh.used-car-trade"]
)
def test_the_four_vehicle_scenarios_have_the_published_outcome(code: str) -> None:
    china = shipped("cn-2024-provisions", "cn-lingang-general-list-vehicles")
    scenario = {"scheme": OWN_SCHEME, "code": code}
    counts = people(5, ytdCount=2_000_000, ytdSensitiveCount=0)
    record = transfer(
        line(1, scenario=scenario),
        line(2, "personal", scenario=scenario, persons=counts),
        exporter=party("exporter", "CN", "CN-SH+lingang"),
    )
    decided = decide(record, china, at=TRIAL)
    assert [each.outcome for each in decided.outbound.lines] == ["free", "conditional"]
    assert decided.outbound.lines[1].reasons[0].cite is not None
    assert "Lingang general list" in decided.outbound.lines[1].reasons[0].cite.instrument
    operator = decide({**record, "criticalInfrastructure": True}, china, at=TRIAL)
    assert [each.outcome for each in operator.outbound.lines] == ["free", "assessmentRequired"]
    outside = decide({**record, "exporter": party("exporter", "CN", "CN-SH+elsewhere")}, china, at=TRIAL)
    assert [each.outcome for each in outside.outbound.lines] == ["free", "assessmentRequired"]
    afterwards = [decide(record, china, at=END + later).outcome for later in (-1, 0)]
    assert afterwards == ["conditional", "assessmentRequired"]


def test_what_is_listed_unlisted_or_of_another_sector_has_three_different_answers() -> None:
    china = shipped("cn-2024-provisions", "cn-shanghai-negative-list-shape")
    counts = people(5, ytdCount=1_000_000, ytdSensitiveCount=0)

    def answer(code: str, category: str) -> str:
        scenario = {"scheme": OWN_SCHEME, "code": code}
        record = transfer(
            line(1, category, scenario=scenario, persons=counts),
            exporter=party("exporter", "CN", "CN-SH+lingang"),
        )
        return decide(record, china, at=AT).outcome

    assert answer("ins.reinsurance", "sensitivePersonal") == "mechanismRequired"
    assert answer("ins.reinsurance", "personal") == "free"
    assert answer("fund.research-info", "personal") == "assessmentRequired"


def gdpr(destination: str, at: str, **members: Any) -> tuple[str, tuple[str, ...] | None]:
    record = transfer(
        line(1, "personal", persons=people(5)),
        exporter=party("exporter", "IE"),
        importer=party("importer", destination),
        **members,
    )
    decided = decide(record, shipped("eu-gdpr-chapter-v"), at=parse_time(at))
    return decided.outcome, decided.mechanisms


def test_adequacy_holds_from_its_day() -> None:
    assert gdpr("KR", "2021-12-16T23:59:59Z")[0] == "mechanismRequired"
    assert gdpr("KR", "2021-12-17T00:00:00Z")[0] == "free"


def test_what_was_no_third_country_and_what_a_court_undid_is_so_until_its_day() -> None:
    assert gdpr("GB", "2020-12-31T22:59:59Z")[0] == "free"
    assert gdpr("GB", "2020-12-31T23:00:00Z")[0] == "mechanismRequired"
    assert gdpr("GB", "2021-06-28T00:00:00Z")[0] == "free"
    listed = [gdpr("US", at)[1] or () for at in ("2020-07-15T23:59:59Z", "2020-07-16T00:00:00Z")]
    assert ["adequacy" in mechanisms for mechanisms in listed] == [True, False]


def test_to_a_country_without_relation_safeguards_or_a_derogation_are_needed() -> None:
    outcome, mechanisms = gdpr("XB", "2026-11-22T00:00:00Z")
    assert outcome == "mechanismRequired"
    assert mechanisms is not None
    assert "standardContract" in mechanisms
    assert "adequacy" not in mechanisms
    derogation = {"type": "derogation", "exemptionCode": "legalClaims"}
    assert gdpr("XB", "2026-11-22T00:00:00Z", mechanism=derogation)[0] == "conditional"


def test_where_some_organisations_are_adequate_adequacy_is_one_of_the_mechanisms() -> None:
    outcome, mechanisms = gdpr("US", "2026-11-22T00:00:00Z", mechanism={"type": "adequacy"})
    assert outcome == "mechanismRequired"
    assert mechanisms is not None
    assert "adequacy" in mechanisms


def test_by_default_what_is_neither_personal_nor_important_flows_freely() -> None:
    default = shipped("default-flows-freely")
    assert decide(transfer(), default, at=AT).outcome == "free"
    assert decide(transfer(line(grade="important")), default, at=AT).outcome == "indeterminate"
    assert decide(transfer(line(1, "personal", persons=people(1))), default, at=AT).outcome == "indeterminate"


def test_common_certification_and_clauses_are_mechanisms_among_their_members() -> None:
    measures = shipped("global-cbpr-certification", "asean-model-clauses")

    def allowed(destination: str) -> tuple[str, ...] | None:
        record = transfer(
            line(1, "personal", persons=people(5)),
            exporter=party("exporter", "SG"),
            importer=party("importer", destination),
        )
        return decide(record, measures, at=AT).mechanisms

    assert allowed("JP") == ("bindingCorporateRules", "certification", "standardContract")
    assert allowed("VN") == ("bindingCorporateRules", "certification", "standardContract")
    assert allowed("XB") is None


def test_trade_documents_flow_freely_between_parties_of_the_framework_agreement_from_the_day_of_each() -> (
    None
):
    scenario = {"scheme": OWN_SCHEME, "code": "trade.document"}
    record = transfer(
        line(1, scenario=scenario), exporter=party("exporter", "CN"), importer=party("importer", "KG")
    )
    measures = shipped("cpta-parties")
    assert decide(record, measures, at=parse_time("2024-03-18T23:59:59Z")).outcome == "indeterminate"
    assert decide(record, measures, at=parse_time("2024-03-19T00:00:00Z")).outcome == "free"

"""The console's views of rules: measures with their times and flags, what they say of a transfer, and what flows."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import orjson
import pytest
from fastapi.routing import APIRoute

from api.access import EVERYBODY, table
from api.console.forms import fields_of
from api.console.plots import bar
from api.routes.console_rules import router
from ledger.core.times import parse_time
from ledger.errors import LedgerError
from ledger.services.console import flows as counting_flows
from ledger.services.console.exploring import at_hand, draft_of_answers, explore
from ledger.services.console.flows import Flow, FlowCounter
from ledger.services.statistics.cells import Cell
from ledger.services.statistics.counting import Counting, span_of
from tests.api.consoled import Consoled, consoled
from tests.api.ruled import origin_of, ruled

NOW = parse_time("2026-11-22T04:00:00Z")
ASKED = {
    "from-country": "xa",
    "to": "XB",
    "category": "personal",
    "grade": "general",
    "year": "98795",
    "by": "log",
}
PATH = "/console/precheck"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consoled]:
    with consoled(tmp_path_factory.mktemp("console"), ruled) as made:
        made.app.state.flows = FlowCounter(made.node.statements, "XA", origin_of)
        yield made


def plain(page: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", " ", page)).split())


def text(seen: Consoled, path: str, **params: str) -> str:
    answered = seen.get(path, params=params or None)
    assert answered.status_code == 200, answered.text
    return plain(answered.text)


def test_a_transfer_that_may_go_is_told_with_its_rule_its_citation_and_the_room_left(seen: Consoled) -> None:
    told = text(seen, PATH, **ASKED).replace("\u202f", " ")
    for words in (
        "It may go May cross",
        "Numbers of persons are below the threshold: rule 1 of XA-TH-1, XA Act on Data Crossing the Border, 5",
        "all 100 000 98 795 1 204 XA-TH-1",
        "in all transfers of the exporter, if 100 000 or more: May cross under one of the mechanisms named",
        "Sign the record and register it.",
    ):
        assert words in told, words


def test_the_single_fact_that_would_change_it_is_asked_about_by_one_link(seen: Consoled) -> None:
    page = seen.get(PATH, params=ASKED).text
    (path,) = re.findall(r'href="([^"]*year=100000[^"]*)"', page)
    told = text(seen, unescape(path))
    assert "It may not go as it is" in told
    assert "Put one of these in place, and declare it: Certification by a conformity body" in told
    assert "Assessment of the impact on persons" in told


def test_what_is_not_known_is_named_and_leads_to_its_question(seen: Consoled) -> None:
    page = seen.get(PATH, params={**ASKED, "year": ""}).text
    assert "Nobody can say yet" in page
    assert re.search(r'<a href="#year">persons since 1 January', page)
    assert 'id="year"' in page


def test_answers_that_are_no_answers_are_named_by_their_questions(seen: Consoled) -> None:
    page = seen.get(PATH, params={**ASKED, "from-country": "XAA", "year": "many"}).text
    assert '<a href="#from-country">country of the exporter</a>' in page
    assert '<a href="#year">persons since 1 January' in page
    assert "It may go" not in page


def test_readings_of_published_law_say_that_they_are_no_advice(seen: Consoled) -> None:
    told = text(seen, PATH, **{"from-country": "CN", "to": "SG", "by": "shipped"})
    assert "Not legal advice." in told
    assert "as read on 2026-" in told


@pytest.mark.parametrize("as_file", [False, True])
def test_a_whole_draft_is_taken_as_text_and_as_a_file(seen: Consoled, as_file: bool) -> None:
    subject = draft_of_answers(ASKED)
    held = orjson.dumps({"credentialSubject": subject})
    data = {"by": "log"} if as_file else {"by": "log", "draft": held.decode()}
    files: Any = {"file": ("draft.json", held if as_file else b"", "application/json")}
    answered = seen.client.post(seen.url + PATH, data=data, files=files)
    assert answered.status_code == 200
    assert "It may go" in answered.text


@pytest.mark.parametrize("pasted", ["", "{", "[]", '{"flow": 1}', "[" * 5_000, '{"window": {"start": "x"}}'])
def test_what_is_no_draft_is_told_on_the_page(seen: Consoled, pasted: str) -> None:
    answered = seen.client.post(seen.url + PATH, data={"draft": pasted, "by": "log"})
    assert answered.status_code == 200
    assert re.search('<h2 id="answer">The (draft cannot be read|answers do not fit together)', answered.text)


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/plain", b"a=b"), ("application/x-www-form-urlencoded", b"\xff"), ("multipart/form-data", b"")],
)
def test_what_browsers_do_not_send_is_no_form(kind: str, body: bytes) -> None:
    with pytest.raises(LedgerError) as refused:
        fields_of(kind, body)
    assert refused.value.code == "form-invalid"


def test_a_measure_stands_with_its_times_its_flags_and_the_answers_of_its_authority(seen: Consoled) -> None:
    told = text(seen, "/console/measures")
    for words in (
        "In force · XA-TH-1, version 1",
        "Not yet in force · XA-TH-1, version 2",
        "Published as it says itself",
        "Replaced by version 2",
        "/effectiveFrom disputed: Published in the gazette before",
        "rule 1 none yet",
        "It contradicts another published text Which trucks",
        "Nobody reviewed it here yet.",
        "<script>alert(1)</script>[U+061C]",
    ):
        assert words in told, words
    assert "<script" not in seen.get("/console/measures").text
    dates = re.findall(r'class="time">(\d{4}-\d\d-\d\d)<', seen.get("/console/measures").text)
    assert dates[:6] == sorted(dates[:6])


def test_flows_stand_side_by_side_and_small_ones_in_none_of_their_own(seen: Consoled) -> None:
    told = text(seen, "/console/flows", year="2026").replace("\u202f", " ")
    assert "9 XB 12" in told
    assert "6 XE \N{EN DASH} among all others" in told
    assert "0 all others 10" in told
    assert "XC" not in told
    assert "XD" not in told
    assert "Personal data 22 22 66" in told
    assert "Vehicles: after-sales service 22 22 66" in told


def test_a_year_without_records_says_so(seen: Consoled) -> None:
    assert "No transfer of this year is recorded here." in text(seen, "/console/flows", year="2025")


def test_counting_goes_on_where_it_was(seen: Consoled, monkeypatch: pytest.MonkeyPatch) -> None:
    statements, size = seen.node.statements, seen.node.log.head.size
    whole = FlowCounter(statements, "XA", origin_of).of(2026, size)
    monkeypatch.setattr(counting_flows, "AT_ONCE", 7)
    counter = FlowCounter(statements, "XA", origin_of)
    found = [counter.of(2026, size) for _ in range(20)]
    assert [one.counted for one in found] == sorted(one.counted for one in found)
    assert found[0].counted < size
    assert found[-1] == whole
    assert whole.flows[-1] == Flow(None, 10, 0)


def test_what_was_sent_is_told_by_partner_as_the_report_tells_routes_and_no_more(seen: Consoled) -> None:
    counter = FlowCounter(seen.node.statements, "XA", origin_of)
    counting = Counting(span_of(2026), lambda _: None, lambda *_: True)
    counting.tables["routes"] = {
        ("XA", "XB"): Cell(12), ("XA", "XC"): Cell(3), ("XA", "XE"): Cell(30),
        ("XD", "XB"): Cell(20), ("XD", "XC"): Cell(20),
    }  # fmt: skip
    sent = counter._sent(counting)
    # With a row of XB beside the report's rows of XD, the 3 to XC would be what is left of all others.
    assert [(row.key, row.cell.records) for row in sent.rows] == [(("XE",), 30)]
    assert sent.other == Cell(55)


def test_counts_are_for_whoever_sees_the_whole_log(seen: Consoled) -> None:
    seen.answer_parties_alone(True)
    try:
        told = text(seen, "/console/flows")
        assert "for its operator" in told
        assert "XB" not in told
        assert "In force · XA-TH-1" in text(seen, "/console/measures")
        assert "It may go" in text(seen, PATH, **ASKED)
    finally:
        seen.answer_parties_alone(False)


def test_nothing_on_these_pages_runs_or_is_loaded_from_elsewhere(seen: Consoled) -> None:
    hostile = {**ASKED, "zone": '"><script>\u202e'}
    for path, params in (("/console/flows", {}), ("/console/measures", {}), (PATH, ASKED), (PATH, hostile)):
        answered = seen.get(path, params=params)
        assert answered.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert not re.search(r"<script|\son\w+=|\sstyle=|javascript:|http://|\u202e", answered.text)


def test_every_route_has_a_row_that_lets_everybody_ask() -> None:
    routes = [one for one in router.routes if isinstance(one, APIRoute)]
    assert len(routes) == 4
    for one in routes:
        (method,) = one.methods or {""}
        assert table().routes[f"{method} {one.path}"].may == {EVERYBODY: "any"}
        assert len(one.dependencies) == 1  # so many pages a minute


def test_no_answer_is_no_fact() -> None:
    assert draft_of_answers({"from-country": " ", "year": ""}) == {}
    draft = draft_of_answers({"exemption": "transit", "critical": "no", "scenario": "veh.rd-test"})
    assert draft["mechanism"] == {"exemptionCode": "transit", "type": "exemption"}
    assert draft["criticalInfrastructure"] is False
    assert draft["lines"][0]["scenario"]["code"] == "veh.rd-test"


def test_a_joint_measure_counts_when_enough_of_its_authorities_endorsed_it(seen: Consoled) -> None:
    def numbers(at: int) -> set[str]:
        return {one.ready.measure.number for one in at_hand("log", seen.node.measures, at)}

    assert numbers(int(seen.node.clock())) == {"XA-TH-1", "XA-JOINT-2"}
    assert numbers(NOW) == {"XA-TH-1"}


def test_a_bar_is_as_long_as_its_number() -> None:
    assert (bar(5, 10), bar(5, 10, leftward=True), bar(0, 0)) == ("M0 150H500", "M1000 150H500", "M0 150H0")


def test_the_shipped_readings_answer_the_same_as_the_command(seen: Consoled) -> None:
    answers = {"from-country": "CN", "to": "SG", "category": "nonPersonal", "grade": "important"}
    explored = explore(
        draft_of_answers(answers), at_hand("shipped", seen.node.measures, NOW), at=NOW, answers=answers
    )
    assert explored.checked is not None
    assert explored.checked["outcome"] == "assessmentRequired"
    assert all("not legal advice" in said for said in explored.said.values())

"""Measures over HTTP: found by what they are and by their state, with flags and answers; and drafts asked about."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.measure_schemas import Prechecked
from api.schemas import Line, Registered
from api.single import told_of
from api.streams import answer_line
from ledger.core.times import format_time
from ledger.remote.node import NodeClient
from ledger.services.registration.register import Registration
from tests.api.consoled import Consoled, consoled
from tests.api.ruled import record
from tests.services.homes import DAY
from tests.services.recognising import Recognising, party, subject_of
from tests.services.sides import holder

LAW = {"instrument": "XA Act", "article": "5"}
RULES = [{"id": "1", "outcome": "free", "reason": "notListed", "cite": LAW}]


def filled(made: Recognising) -> dict[str, str]:
    xa, now, told = made.sides.xa, made.sides.clock.now, dict[str, str]()
    machine, observer = holder("machine", "XA"), holder("observer", "XA")
    xa.enrol(machine, "machine")
    xa.enrol(observer, "observer")

    def measure(name: str, number: str, **changes: Any) -> None:
        subject = {**subject_of("PolicyMeasure"), "authority": party(made.of_xa), "number": number}
        for member in ("overrides", "relations", "scenarios"):
            subject.pop(member)
        subject |= {"applies": {"direction": "outbound", "jurisdiction": "XA"}, "rules": RULES}
        subject |= {"effectiveFrom": format_time(now - DAY), **changes}
        told[name] = xa.register(made.sides.sign(made.of_xa, "PolicyMeasure", subject)).hex()

    measure("first", "XA-1", kind="threshold")
    measure("second", "XA-1", kind="threshold", version=2, supersedes=told["first"])
    measure("ended", "XA-2", effectiveUntil=format_time(now - 60))
    measure("inward", "XA-3", applies={"direction": "inbound", "jurisdiction": "XA"})
    measure("future", "XA-4", effectiveFrom=format_time(now + 9 * DAY))
    for findings in ([{"code": "TR-3"}], [{"code": "TR-1", "pointer": "/effectiveFrom"}]):
        review = {"measure": told["ended"], "at": format_time(now), "findings": findings}
        told["review"] = xa.register(made.sides.sign(machine, "MeasureReview", review)).hex()
    answer = {**findings[0], "answer": "disputed"}
    said = {**review, "answers": told["review"], "findings": [answer]}
    xa.register(made.sides.sign(made.of_xa, "MeasureReview", said))
    observed = {"statement": told["ended"], "kind": "contradiction", "at": format_time(now)}
    xa.register(made.sides.sign(observer, "Observation", observed))
    return told


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consoled]:
    with consoled(tmp_path_factory.mktemp("measures"), filled) as found:
        yield found


def found(seen: Consoled, **query: str) -> set[str]:
    names = {digest: name for name, digest in seen.digests.items()}
    with NodeClient(seen.url) as client:
        return {names[one["digest"]] for one in client.measures(query)}


def test_measures_are_found_by_what_they_are_and_by_their_state(seen: Consoled) -> None:
    assert found(seen) == {"first", "second", "ended", "inward", "future"}
    assert found(seen, number="XA-1") == {"first", "second"}
    assert found(seen, state="inForce", direction="outbound") == {"second"}
    assert found(seen, state="superseded") == {"first"}
    assert found(seen, state="ended") == {"ended"}
    assert found(seen, direction="inbound") == {"inward"}
    assert found(seen, kind="threshold", state="future") == set()
    assert found(seen, jurisdiction="XB") == set()
    later = format_time(int(seen.node.clock()) + 20 * DAY)
    assert found(seen, at=later, number="XA-4", state="inForce") == {"future"}


def test_pages_of_measures_lead_on_to_the_end(seen: Consoled) -> None:
    digests, after = [], -1
    while True:
        page = seen.get("/v1/measures", params={"limit": 2, "after": after}).json()
        digests += [one["digest"] for one in page["items"]]
        if "next" not in page:
            break
        after = page["next"]
    assert digests == [seen.digests[name] for name in ("first", "second", "ended", "inward", "future")]


def test_a_measure_is_told_with_the_newest_review_its_answer_and_observations(seen: Consoled) -> None:
    with NodeClient(seen.url) as client:
        told = client.measure(seen.digests["ended"])
    ((flag),) = told["flags"]
    assert (flag["code"], flag["review"], flag["answers"]) == ("TR-1", seen.digests["review"], ["disputed"])
    assert [one["kind"] for one in told["observations"]] == ["contradiction"]
    first = seen.get(f"/v1/measures/{seen.digests['ended']}")
    again = seen.get(
        f"/v1/measures/{seen.digests['ended']}", headers={"if-none-match": first.headers["etag"]}
    )
    assert again.status_code == 304
    missing = seen.get(f"/v1/measures/{'00' * 32}")
    assert missing.json()["type"] == "/problems/not-found"


def test_a_draft_is_asked_about_and_nothing_of_it_is_kept(seen: Consoled) -> None:
    size = seen.node.log.head.size
    draft = {"credentialSubject": {**record(holder("exporter", "XA"), "XB")}}
    url = f"{seen.url}/v1/precheck"
    told = seen.client.post(url, json=draft).json()
    assert (told["by"], told["outcome"], told["goes"]) == ("log", "free", True)
    shipped = seen.client.post(url, json=draft, params={"by": "shipped"}).json()
    assert shipped["outcome"] == "indeterminate"
    for answer in (told, shipped):
        assert Prechecked.model_validate(answer).model_dump(exclude_unset=True) == answer
    wrong = {"credentialSubject": {**draft["credentialSubject"], "flow": "sideways"}}
    problem = seen.client.post(url, json=wrong)
    assert problem.status_code == 422
    assert problem.json()["errors"][0]["pointer"] == "/credentialSubject/flow"
    assert seen.node.log.head.size == size


def test_the_answer_to_a_record_has_its_decision_alone_and_in_a_stream() -> None:
    decision = {
        "at": "2026-11-22T04:00:00Z",
        "outcome": "free",
        "strictest": {"direction": "outbound", "line": 1},
    }
    found = Registration(3, bytes(32), "TransferRecord", "urn:uuid:1", first=True, decision=decision)
    alone = Registered.model_validate(told_of(found)).model_dump(exclude_none=True)
    line = Line.model_validate_json(answer_line(7, found)).model_dump(exclude_none=True)
    assert alone["decision"] == line["decision"] == decision
    assert (line["line"], line["status"]) == (7, 201)

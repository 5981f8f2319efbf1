"""What partners' nodes ask of this one."""

import orjson
import pytest

from ledger.statements.entries import read_entry
from tests.api.served import Served
from tests.api.test_registering import problem


def test_the_entry_is_signed_by_the_registrar_and_stands_in_the_log(served: Served) -> None:
    answer = served.get("/v1/jurisdiction")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vc"
    entry = read_entry(answer.content)
    settings = served.home.settings
    assert (entry.jurisdiction, entry.statement.issuer) == ("XA", settings.registrar)
    assert list(entry.listed.logs) == [settings.origin]
    assert [(key.vkey.name, key.organisation) for key in entry.listed.witnesses] == [
        ("registry.example.xa/witness", settings.operator)
    ]
    stored = served.get(f"/v1/statements/{entry.statement.digest.hex()}")
    assert stored.content == answer.content


def test_what_concerns_a_jurisdiction_is_told_page_by_page(served: Served) -> None:
    record = served.record("CONCERNS-1")
    posted = served.post("/v1/transfers", record.encoded)
    assert posted.status_code == 201
    index, after, found, more = posted.json()["index"], -1, {}, True
    while more:
        answer = served.get(f"/v1/concerning?jurisdiction=XB&after={after}")
        assert answer.headers["content-type"] == "application/json"
        page = orjson.loads(answer.content)
        assert page["after"] > after
        found |= {item["index"]: (item["digest"], item["type"]) for item in page["items"]}
        after, more = page["after"], page["more"]
    assert found[index] == (record.digest.hex(), "TransferRecord")
    assert "Enrolment" not in {kind for _, kind in found.values()}
    others = orjson.loads(served.get("/v1/concerning?jurisdiction=XE").content)["items"]
    assert {item["type"] for item in others} <= {"JurisdictionEntry", "Accreditation", "KeyRevocation"}
    beyond = orjson.loads(served.get(f"/v1/concerning?jurisdiction=XB&after={2**53 - 1}").content)
    assert beyond == {"items": [], "after": 2**53 - 1, "more": False}


@pytest.mark.parametrize(
    "query",
    ["", "?jurisdiction=xb", "?jurisdiction=XBB", "?jurisdiction=XB&after=-2", "?jurisdiction=XB&before=1"],
)
def test_a_query_that_is_not_as_required_is_a_problem(served: Served, query: str) -> None:
    problem(served.get(f"/v1/concerning{query}"), 400, "query-invalid")

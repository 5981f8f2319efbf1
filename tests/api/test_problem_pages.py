"""Every type of problem has an address that says what it means, to people and to programs."""

import pytest

from api.problem_types import codes_of, problem_types
from api.problems import status_of_code
from tests.api.served import Served

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_every_type_resolves_for_people_and_for_programs(served: Served) -> None:
    assert len(problem_types()) > 500
    with served.client() as client:
        for code, one in problem_types().items():
            told = client.get(f"/problems/{code}")
            assert told.status_code == 200, code
            assert told.headers["content-type"] == "application/json"
            assert (told.json()["code"], told.json()["statuses"]) == (code, list(one.statuses))
            assert told.json()["means"], code
        for code in list(problem_types())[::25]:
            page = client.get(f"/problems/{code}", headers=BROWSER)
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert f"<h1>{code}</h1>" in page.text
            assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("", False),
        ("*/*", False),
        ("application/problem+json", False),
        ("text/html", True),
        ("application/json, text/html;q=0.5", False),
        ("application/json;q=0.5, text/html;q=0.9", True),
        ("text/html;q=x", False),
        ("text/html;q=0", False),
    ],
)
def test_who_prefers_a_page_gets_one(served: Served, accept: str, html: bool) -> None:
    answer = served.get("/problems/not-found", headers={"accept": accept})
    assert answer.headers["content-type"].startswith("text/html") is html
    assert answer.headers["vary"] == "Accept"


def test_what_a_refusal_names_as_its_type_is_found_there(served: Served) -> None:
    refused = served.get("/v1/statements/" + "0" * 64)
    told = served.get(refused.json()["type"])
    assert refused.status_code in told.json()["statuses"]


def test_a_type_that_is_none_is_not_found_and_not_repeated(served: Served) -> None:
    answer = served.get("/problems/%3Cscript%3E")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert "<script>" not in answer.text


def test_all_of_them_are_listed(served: Served) -> None:
    listed = [one["code"] for one in served.get("/problems").json()["items"]]
    assert listed == sorted(problem_types())
    assert 'href="/problems/not-found"' in served.get("/problems", headers=BROWSER).text


def test_who_has_the_page_is_not_sent_it_again(served: Served) -> None:
    first = served.get("/problems/not-found")
    again = served.get("/problems/not-found", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_status_of_a_code_is_that_which_is_answered() -> None:
    assert "caller-unsigned" in codes_of(401)
    assert "not-anchored-yet" in codes_of(409)
    assert status_of_code("report", "anything") is None
    assert status_of_code("ProofError", "proof-invalid") == 422

"""Where a measure of the log cannot be read: no precheck says that anything is free, and everybody is told why."""

from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest

from api.metrics import Metrics
from ledger.core.statement import Statement
from ledger.errors import MalformedError
from ledger.services.console.exploring import draft_of_answers
from ledger.services.registration import deciding
from ledger.services.registration.deciding import MeasureBook
from ledger.statements.measure import read
from tests.api.consoled import Consoled, consoled
from tests.api.ruled import ruled
from tests.schemas import validator

CONSOLE = "/console/precheck"
ASKED = {"from-country": "xa", "to": "XB", "category": "personal", "grade": "general", "year": "98795"}
HEADING = "Nobody can say: a measure of this log cannot be read"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consoled]:
    """Without the measure that cannot be read, its node answers that the draft may go."""
    with (
        consoled(tmp_path_factory.mktemp("unreadable"), ruled) as made,
        pytest.MonkeyPatch.context() as broken,
    ):
        assert precheck(made).json()["goes"]
        bad = bytes.fromhex(made.digests["second"])

        def unreadable(statement: Statement, *, screened: bool) -> Any:
            if statement.digest == bad:
                raise MalformedError("of another kind", code="statement-malformed")
            return read(statement, screened=screened)

        broken.setattr(deciding, "read", unreadable)
        made.node.measures = MeasureBook(made.node.statements, lambda: made.node.log.head.size)
        yield made


def precheck(seen: Consoled, **params: str) -> httpx2.Response:
    draft = draft_of_answers(ASKED)
    return seen.client.post(f"{seen.url}/v1/precheck", json=draft, params=params)


@pytest.mark.parametrize("asked", [{}, {"by": "log"}])
def test_a_precheck_by_the_log_is_refused_as_described(seen: Consoled, asked: dict[str, str]) -> None:
    answer = precheck(seen, **asked)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/measure-unreadable")
    assert seen.digests["second"] in answer.json()["detail"]
    assert answer.headers["retry-after"]
    described = seen.get("/openapi.json").json()
    told = described["paths"]["/v1/precheck"]["post"]["responses"]["503"]
    told = described["components"]["responses"][told["$ref"].rpartition("/")[2]]
    schema = told["content"][answer.headers["content-type"].partition(";")[0]]["schema"]
    validator({**schema, "components": described["components"]}).validate(answer.json())


def test_by_the_measures_that_ship_it_is_answered(seen: Consoled) -> None:
    assert precheck(seen, by="shipped").json()["by"] == "shipped"


@pytest.mark.parametrize("by", ["", "log"])
@pytest.mark.parametrize("form", ["questions", "draft"])
def test_both_forms_of_the_console_show_the_trouble_and_no_outcome(
    seen: Consoled, form: str, by: str
) -> None:
    if form == "questions":
        answer = seen.get(CONSOLE, params={**ASKED, "by": by})
        assert 'value="98795"' in answer.text  # what was answered is not lost
    else:
        draft = orjson.dumps(draft_of_answers(ASKED)).decode()
        answer = seen.client.post(seen.url + CONSOLE, data={"draft": draft, "by": by})
    assert answer.status_code == 200
    assert HEADING in answer.text
    assert f"{seen.digests['second']}, entry" in answer.text
    assert '<option value="log" selected>' in answer.text
    assert "It may" not in answer.text
    assert 'class="verdict' not in answer.text


def test_by_the_measures_that_ship_the_console_answers(seen: Consoled) -> None:
    answer = seen.get(CONSOLE, params={**ASKED, "by": "shipped"})
    assert HEADING not in answer.text
    assert 'class="verdict' in answer.text


def test_where_none_of_the_logs_measures_can_be_read_those_that_ship_do_not_stand_in(
    seen: Consoled, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: Statement, *, screened: bool) -> Any:
        raise MalformedError(f"screened: {screened}", code="statement-malformed")

    monkeypatch.setattr(deciding, "read", unreadable)
    book = MeasureBook(seen.node.statements, lambda: seen.node.log.head.size)
    monkeypatch.setattr(seen.node, "measures", book)
    assert precheck(seen).status_code == 503
    assert '<option value="log" selected>' in seen.get(CONSOLE).text
    assert HEADING in seen.get(CONSOLE, params=ASKED).text


def test_health_the_overview_and_the_metrics_tell_of_it(seen: Consoled) -> None:
    precheck(seen)
    trouble = seen.get("/health").json()["ruleTrouble"]
    assert trouble["code"] == "measure-unreadable"
    assert seen.digests["second"] in trouble["detail"]
    assert "Measures of this log:" in seen.get("/").text
    assert b"\nevidence_measures_unreadable 1.0\n" in Metrics(seen.node).text()

"""The description of the API: whole, valid, and true of what is answered, whatever is asked."""

import json
import string
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.access import table
from api.problem_types import problem_types
from api.schemas import Line
from ledger.statements.catalogue import TYPES, check
from tests.api.served import NDJSON, Served
from tests.campaign import count
from tests.schemas import validator

METHODS = ("get", "post")


@pytest.fixture(scope="session")
def described(served: Served) -> dict[str, Any]:
    told: dict[str, Any] = served.get("/openapi.json").json()
    return told


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, item[method])
        for path, item in described["paths"].items()
        for method in METHODS
        if method in item
    ]


def resolved(described: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that stands alone."""
    return {**schema, "components": described["components"]}


def of(described: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """An answer as it is told of; several share what is said of problems."""
    if "$ref" not in answer:
        return answer
    found: dict[str, Any] = described["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return found


def test_every_route_is_described_with_an_example(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    seen = operations(described)
    assert len(seen) >= 16
    assert len({operation["operationId"] for _, _, operation in seen}) == len(seen)
    for path, method, operation in seen:
        assert operation["summary"], path
        assert len(operation["description"]) > 20, path
        good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        assert any("example" in media for media in good["content"].values()), (path, method)
        refused = {status: of(described, answer) for status, answer in operation["responses"].items()}
        for status in ("400", "404", "405", "421", "500"):
            assert "application/problem+json" in refused[status]["content"], (path, status)
        if method == "post":
            assert {"408", "409", "413", "415", "422"} <= refused.keys(), path
            content = operation["requestBody"]["content"].values()
            assert any("example" in media or "examples" in media for media in content), path
        for parameter in operation.get("parameters", ()):
            assert parameter["in"] in ("query", "path")


def test_every_schema_is_a_schema_and_every_example_is_of_it(described: dict[str, Any]) -> None:
    for schema in described["components"]["schemas"].values():
        validator(schema).check_schema(schema)
    compared = 0
    for path, _, operation in operations(described):
        sent = operation.get("requestBody", {})
        for answer in (sent, *(of(described, one) for one in operation["responses"].values())):
            for media in answer.get("content", {}).values():
                shown = [one["value"] for one in media.get("examples", {}).values()]
                for example in shown + ([media["example"]] if "example" in media else []):
                    validator(resolved(described, media["schema"])).validate(example)
                    compared += 1
        assert compared, path


def test_every_type_of_problem_that_is_told_of_is_one_of_the_catalogue(described: dict[str, Any]) -> None:
    told = described["components"]["responses"]
    for name, answer in told.items():
        schema = answer["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]
        assert schema["type"]["enum"], name
        codes = {one.removeprefix("/problems/") for one in schema["type"]["enum"]}
        assert codes == {
            code for code, one in problem_types().items() if schema["status"]["const"] in one.statuses
        }
    everywhere = {
        answer["$ref"]
        for _, _, one in operations(described)
        for answer in one["responses"].values()
        if "$ref" in answer
    }
    assert {one.rpartition("/")[2] for one in everywhere} == set(told)


def test_what_not_everybody_may_ask_for_is_told_with_how_it_is_refused(described: dict[str, Any]) -> None:
    for path, method, operation in operations(described):
        rows = [
            row
            for name, row in table().routes.items()
            if name.replace(":path}", "}") == f"{method.upper()} {path}"
        ]
        assert len(rows) == 1, path
        assert {"401", "403"} <= operation["responses"].keys() or rows[0].is_open, path


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    names = {part.split('"')[0] for part in json.dumps(described).split("#/components/schemas/")[1:]}
    assert names <= set(described["components"]["schemas"])


NO_STATEMENTS = {"/v1/verify", "/v1/attestations", "/witness/add-checkpoint"}


def test_the_examples_of_statements_pass_the_nodes_own_check(described: dict[str, Any]) -> None:
    seen = set()
    for path, method, operation in operations(described):
        if method == "post" and path not in NO_STATEMENTS:
            for name, shown in operation["requestBody"]["content"]["application/json"]["examples"].items():
                assert check(shown["value"]) == [], name
                seen.add(name)
    assert seen == set(TYPES)


def test_an_example_that_is_signed_is_registered(served: Served, described: dict[str, Any]) -> None:
    body = described["paths"]["/v1/transfers"]["post"]["requestBody"]
    document = body["content"]["application/json"]["examples"]["TransferRecord"]["value"]
    signed = served.sign("TransferRecord", document["credentialSubject"], served.exporter)
    answer = served.post("/v1/transfers", signed.encoded)
    assert answer.status_code == 201, answer.text


def conforms(described: dict[str, Any], method: str, path: str, answer: Any) -> None:
    """An answer is one that the description has: its status, its media type, its shape."""
    status = str(answer.status_code)
    told = described["paths"][path][method]["responses"]
    assert status in told, (path, status, answer.text[:300])
    known = of(described, told[status])
    kind = answer.headers["content-type"].partition(";")[0]
    media = {name.partition(";")[0]: found for name, found in known["content"].items()}
    assert kind in media, (path, status, kind)
    if kind == "application/x-ndjson":
        for line in answer.text.splitlines():
            validator(Line.model_json_schema()).validate(json.loads(line))
    elif kind.endswith("json") and "$ref" in media[kind]["schema"]:
        validator(resolved(described, media[kind]["schema"])).validate(answer.json())


def test_what_is_answered_is_as_described(served: Served, described: dict[str, Any]) -> None:
    record = served.record("described")
    for _ in range(2):
        conforms(described, "post", "/v1/transfers", served.post("/v1/transfers", record.encoded))
    conforms(
        described, "post", "/v1/statements", served.post("/v1/statements", record.encoded + b"\nx\n", NDJSON)
    )
    one = "/v1/statements/{digest}"
    for part in ("", "/receipt", "/status", "/bundle"):
        for query in ("", "?allowUnanchored=true") if part == "/bundle" else ("",):
            url = f"/v1/statements/{record.digest.hex()}{part}{query}"
            conforms(described, "get", one + part, served.get(url))
    for path in (
        "/v1/transfers",
        "/v1/anchors",
        "/v1/schemas",
        "/.well-known/evidence-ledger",
        "/health",
        "/log/checkpoint",
    ):
        conforms(described, "get", path, served.get(path))
    conforms(described, "post", "/v1/verify", served.post("/v1/verify", b"{}"))


@pytest.mark.parametrize("form", ["json", "prov-json", "svg"])
def test_a_lineage_is_as_described_in_each_form(served: Served, described: dict[str, Any], form: str) -> None:
    record = served.record("lineage-described")
    assert served.post("/v1/transfers", record.encoded).status_code == 201
    answer = served.get(f"/v1/lineage/{record.digest.hex()}?format={form}")
    assert answer.status_code == 200
    conforms(described, "get", "/v1/lineage/{digest}", answer)


def test_a_node_in_trouble_says_so_as_described(
    served: Served, described: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ledger.errors import ChainError, StoreError

    def full(_: object) -> None:
        raise StoreError("the disk is full", code="store-full")

    with monkeypatch.context() as broken:
        broken.setattr(served.node.checkpoints, "store", full)
        refused = served.post("/v1/statements", served.record("trouble").encoded)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/store-full")
        assert refused.headers["retry-after"]
        broken.setattr(served.node.chains[0], "trouble", ChainError("it is silent"))
        answer = served.get("/health")
        assert answer.status_code == 503
        assert answer.json()["trouble"]["code"] == "store-full"
        conforms(described, "get", "/health", answer)
    give_up = time.monotonic() + 10
    while served.get("/health").status_code != 200:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert served.post("/v1/statements", served.record("trouble").encoded).status_code == 201


TEXT = st.one_of(
    st.text(max_size=30),
    st.text(string.digits + "-+.eE", max_size=24),
    st.sampled_from(
        ["0", "1", "-1", "true", "null", "2026-11-22T00:00:00Z", "00" * 32, "registered", "\0", "%", "../.."]
    ),
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
    st.lists(st.binary(max_size=30), max_size=5).map(b"\n".join),
)
KINDS = st.sampled_from(
    [
        "application/json",
        "application/vc",
        "application/x-ndjson",
        "application/vnd.evidence-ledger.bundle+json",
        "x/y",
        "",
    ]
)


@settings(max_examples=count(150), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_asked_the_answer_is_a_described_one(
    served: Served, described: dict[str, Any], data: Any
) -> None:
    path, method, operation = data.draw(st.sampled_from(operations(described)))
    filled, query = path, []
    for parameter in operation.get("parameters", ()):
        value = data.draw(TEXT)
        if parameter["in"] == "path":
            filled = filled.replace("{" + parameter["name"] + "}", quote(value, safe=""))
            filled = filled.replace("{" + parameter["name"] + ":path}", quote(value, safe=""))
        elif data.draw(st.booleans()):
            query.append(f"{parameter['name']}={quote(value, safe='')}")
    url = filled + ("?" + "&".join(query) if query else "")
    if method == "get":
        answer = served.get(url)
    else:
        answer = served.post(url, data.draw(BODIES), {"content-type": data.draw(KINDS)})
    if answer.status_code in (404, 405) and answer.json()["type"] in (
        "/problems/route-unknown",
        "/problems/method-not-allowed",
    ):
        return  # the path that was made is another one
    conforms(described, method, path, answer)
    assert answer.status_code < 500

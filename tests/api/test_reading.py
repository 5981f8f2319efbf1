"""What a node hands out: lists to their end, evidence, itself; and how bad requests for it are answered."""

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.trust import parse_trust_list
from ledger.verify.verifier import verify_bundle
from tests.api.served import BUNDLE, JSON, NDJSON, Served
from tests.api.test_registering import problem
from tests.forks import entries, fork_of
from tests.simulator import world


def settle(served: Served, url: str) -> bytes:
    """The bundle of a statement, once it is anchored."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        answer = served.get(f"{url}/bundle")
        if answer.status_code == 200:
            return answer.content
        problem(answer, 409, "not-anchored-yet")
        assert int(answer.headers["retry-after"]) > 0
        time.sleep(0.2)
    raise AssertionError(f"not anchored: {served.get('/health').text}")


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/statements/", "/v1/statement", "/docs", "/%00", "/é", "//"]
)
def test_an_unknown_route_is_a_problem(served: Served, path: str) -> None:
    problem(served.get(path), 404, "route-unknown")


def test_another_method_is_a_problem_that_names_the_right_one(served: Served) -> None:
    answer = served.get("/v1/statements")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"
    with served.client() as client:
        for method in ("DELETE", "PUT", "PATCH", "OPTIONS", "TRACE"):
            problem(client.request(method, "/health"), 405, "method-not-allowed")


def test_head_answers_as_get_without_the_body(served: Served) -> None:
    with served.client() as client:
        for path in ("/health", "/log/checkpoint", "/v1/schemas", "/nothing"):
            got, headed = client.get(path), client.head(path)
            assert (headed.status_code, headed.content) == (got.status_code, b"")
            assert headed.headers["content-type"] == got.headers["content-type"]


DIGEST = "00" * 32


@pytest.mark.parametrize("part", ["", "/receipt", "/bundle", "/status"])
def test_what_is_not_registered_is_not_found(served: Served, part: str) -> None:
    problem(served.get(f"/v1/statements/{DIGEST}{part}"), 404, "not-found")
    for bad in ("zz", DIGEST.upper().replace("0", "A"), DIGEST + "00", "%F0%9F%92%A9"):
        told = problem(served.get(f"/v1/statements/{bad}{part}"), 400, "query-invalid")
        assert told["errors"][0]["pointer"] == "/path/digest"


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/transfers?limit=0", "/query/limit"),
        ("/v1/transfers?limit=501", "/query/limit"),
        ("/v1/transfers?limit=many", "/query/limit"),
        ("/v1/transfers?after=-2", "/query/after"),
        ("/v1/transfers?after=99999999999999999999", "/query/after"),
        ("/v1/transfers?state=lost", "/query/state"),
        ("/v1/transfers?stat=anchored", "/query/stat"),
        ("/v1/transfers?reference=", "/query/reference"),
        ("/v1/acknowledgements", "/query/record"),
        ("/v1/acknowledgements?record=zz", "/query/record"),
        ("/v1/anchors?limit=-1", "/query/limit"),
        ("/health?a~/b=1", "/query/a~0~1b"),
    ],
)
def test_a_bad_query_names_its_parameter(served: Served, path: str, pointer: str) -> None:
    told = problem(served.get(path), 400, "query-invalid")
    assert [found["pointer"] for found in told["errors"]] == [pointer]


@pytest.mark.parametrize(
    "moment", ["yesterday", "2026-11-22", "2026-13-01T00:00:00Z", "2026-11-22T00:00:60Z"]
)
def test_a_bad_time_is_refused(served: Served, moment: str) -> None:
    for path in (f"/v1/transfers?since={moment}",):
        assert served.get(path).status_code == 400
    assert served.post(f"/v1/verify?at={moment}", b"{}", BUNDLE).status_code == 400


def test_the_status_at_a_time_to_come_is_refused(served: Served) -> None:
    problem(served.post("/v1/verify?at=2999-01-01T00:00:00Z", b"{}", BUNDLE), 400, "at-in-future")


def pages(served: Served, path: str, **query: object) -> Iterator[list[dict[str, object]]]:
    after = -1
    for _ in range(1_000):
        told = served.get(path, params={**query, "after": after}).json()
        yield told["items"]
        if "next" not in told:
            return
        assert told["next"] > after
        after = told["next"]
    raise AssertionError("no last page")


def test_lists_go_on_to_their_end(served: Served) -> None:
    records = [served.record("LISTED") for _ in range(25)]
    served.post("/v1/statements", b"\n".join(one.encoded for one in records), NDJSON)
    wanted = [one.digest.hex() for one in records]
    for limit in (1, 7, 25, 26):
        found = [
            item["digest"]
            for page in pages(served, "/v1/transfers", reference="LISTED", limit=limit)
            for item in page
        ]
        assert found == wanted
    settle(served, f"/v1/statements/{wanted[-1]}")
    for state, count in (("anchored", 25), ("acknowledged", 0), ("registered", 0)):
        found = [
            i["digest"]
            for p in pages(served, "/v1/transfers", reference="LISTED", state=state, limit=4)
            for i in p
        ]
        assert len(found) == count
    assert list(pages(served, "/v1/transfers", reference="LISTED", since="2999-01-01T00:00:00Z")) == [[]]
    anchors = [item["size"] for page in pages(served, "/v1/anchors", limit=1) for item in page]
    assert anchors == sorted(set(anchors))
    assert anchors


def test_the_bundle_verifies_here_and_by_the_node(served: Served) -> None:
    record = served.record("bundled")
    url = served.post("/v1/transfers", record.encoded).json()["url"]
    bundle = settle(served, url)
    claim = served.get("/.well-known/evidence-ledger").json()
    trust = parse_trust_list((served.home.path / "claim.json").read_bytes())
    assert claim["claim"] == orjson.loads((served.home.path / "claim.json").read_bytes())
    assert claim["fingerprint"] == trust.list_hash.hex()
    answer = served.post("/v1/verify?require=6", bundle, BUNDLE).json()
    own = verify_bundle(bundle, trust, at=None, now=int(time.time()), require=[6]).to_json()
    assert {**answer["report"], "checkedAt": None} == {**own, "checkedAt": None}
    assert answer["trust"]["listHash"] == trust.list_hash.hex()
    assert answer["checkedAt"] == answer["report"]["checkedAt"]
    passed = {step["step"] for step in answer["report"]["steps"] if step["outcome"] == "passed"}
    assert {1, 3, 4, 5, 6, 7} <= passed


@pytest.mark.parametrize(
    "body", [b"", b"garbage", b"{}", b"[]", b"[" * 1000, b'{"format":"evidence-bundle/1"}']
)
def test_verifying_garbage_reports_a_failed_format(served: Served, body: bytes) -> None:
    answer = served.post("/v1/verify", body, BUNDLE)
    assert answer.status_code == 200, answer.text
    assert answer.json()["report"]["verdict"] != "verified"
    assert answer.json()["exitStatus"] == 1


def test_a_fork_proof_is_judged_like_a_bundle(served: Served) -> None:
    proof = fork_of(entries(9), entries(9, "other"))
    fork = {"content-type": "application/vnd.evidence-ledger.fork+json"}
    answer = served.post("/v1/verify", proof, fork).json()
    # By this node's list the log of this name has other keys.
    assert (answer["report"]["verdict"], answer["report"]["code"]) == ("not proven", "line-missing")
    assert answer["exitStatus"] == 1
    assert answer["report"]["format"] == "evidence-fork-report/1"
    (served.home.trust / "pinned.json").write_bytes(world().trust().encoded)
    try:
        answer = served.post("/v1/verify", proof, JSON).json()
        assert (answer["report"]["verdict"], answer["exitStatus"]) == ("split view proven", 0)
        assert answer["report"]["signedBoth"] == ["did:web:registry.example.xa"]
        assert "SPLIT VIEW PROVEN" in answer["text"]
        # It answers nothing that is asked of evidence, least of all with an exit status of 0.
        for asked in ("require=9", "into=XB", "at=2026-11-22T00:00:00Z"):
            problem(served.post(f"/v1/verify?{asked}", proof, fork), 400, "query-invalid")
    finally:
        (served.home.trust / "pinned.json").unlink()


def test_a_bundle_of_others_is_not_verified_by_this_node(served: Served) -> None:
    told = served.post("/v1/verify", world().bundle(), BUNDLE).json()
    assert told["report"]["verdict"] != "verified"
    assert told["exitStatus"] == 1


def test_a_node_answers_by_the_list_that_is_pinned_on_it(served: Served, tmp_path: Path) -> None:
    made = world()
    pinned = served.home.trust / "pinned.json"
    from ledger.core.trust import sign_trust_list
    from tests.simulator import key

    data = sign_trust_list(made.trust_body(), {"#1": key("publisher")})
    pinned.write_bytes(data)
    try:
        told = served.post("/v1/verify", made.bundle(), BUNDLE).json()
        assert told["trust"]["publisher"] == "did:web:trust.example.xa"
        assert told["report"]["verdict"] == "verified", told["text"]
        (served.home.trust / "another.json").write_bytes((served.home.path / "claim.json").read_bytes())
        problem(served.post("/v1/verify", made.bundle(), BUNDLE), 503, "trust-several")
        pinned.write_bytes(data[:-10])
        assert served.post("/v1/verify", made.bundle(), BUNDLE).status_code in (400, 503)
    finally:
        for path in served.home.trust.iterdir():
            path.unlink()


def test_the_checkpoint_is_of_this_log(served: Served) -> None:
    signed = parse_checkpoint(served.get("/log/checkpoint").content)
    assert signed.checkpoint.origin == served.home.settings.origin
    assert served.get("/health").json()["signedSize"] >= signed.checkpoint.size


def test_schemas_are_listed_and_served(served: Served) -> None:
    for entry in served.get("/v1/schemas").json()["items"]:
        found = served.get(entry["url"])
        assert found.headers["content-type"] == "application/schema+json"
        assert found.json()["title"] == entry["type"]
    problem(served.get("/v1/schemas/Nothing"), 404, "not-found")
    problem(served.get("/v1/schemas/" + "x" * 100), 400, "query-invalid")


def test_the_chain_answers_json_rpc_whatever_is_asked(served: Served) -> None:
    def ask(asked: object) -> object:
        answer = served.post("/chain", orjson.dumps(asked))
        assert answer.status_code == 200, answer.text
        return answer.json()

    chain = {"jsonrpc": "2.0", "method": "eth_chainId", "id": 7}
    assert ask(chain) == {"jsonrpc": "2.0", "id": 7, "result": hex(served.home.settings.chain.id)}
    assert [one["id"] for one in ask([chain, {**chain, "id": "x"}])] == [7, "x"]  # type: ignore[attr-defined]
    for asked in (
        [],
        {},
        1,
        None,
        "x",
        [1],
        {**chain, "method": "nothing"},
        {**chain, "params": {"a": 1}},
        [chain] * 101,
    ):
        found = ask(asked)
        for one in found if isinstance(found, list) else [found]:
            assert one["error"]["code"] < 0
    assert ask({"jsonrpc": "2.0", "method": "eth_call", "id": 1, "params": [{"to": "0x"}, "latest"]})["error"]  # type: ignore[index]
    problem(served.post("/chain", b"{garbage"), 400, "not-canonical")
    problem(served.post("/chain", b"[" * 5_000), 400, "not-canonical")
    problem(served.post("/chain", b" " * (1 << 20) + b"1"), 413, "too-large")


def raw(served: Served, *parts: bytes, close: bool = False) -> bytes:
    """What the node answers to these bytes."""
    with served.connect() as connection:
        for part in parts:
            connection.sendall(part)
        if close:
            connection.shutdown(socket.SHUT_WR)
        found = b""
        connection.settimeout(5)
        while more := connection.recv(65536):
            found += more
            if is_whole(found) and not close:
                break
        return found


def is_whole(answer: bytes) -> bool:
    """Whether an answer's head is there, and as much of a body as it announces; the two may arrive apart."""
    head, end, body = answer.partition(b"\r\n\r\n")
    announced = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    return bool(end) and len(body) >= (int(announced[1]) if announced else 0)


POST = b"POST /v1/statements HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def test_bodies_that_lie_about_their_size_harm_nobody(served: Served) -> None:
    assert b" 413 " in raw(served, POST + b"Content-Length: 99999999999\r\n\r\n")
    assert b" 400 " in raw(served, POST + b"Content-Length: 12345678901234567890123\r\n\r\n")
    assert b" 400 " in raw(served, POST + b"Content-Length: -1\r\n\r\n")
    assert b" 400 " in raw(served, POST + b"\r\n")
    raw(served, POST + b"Content-Length: 100\r\n\r\n{", close=True)
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    assert b" 400 " in raw(served, chunked + b"2\r\n{}\r\n0\r\n\r\n")
    assert b" 413 " in raw(served, chunked, *[b"10000\r\n" + b"a" * 65536 + b"\r\n"] * 5)
    raw(served, chunked + b"5\r\n{}", close=True)
    assert served.get("/health").json()["status"] == "ok"


def test_a_body_that_does_not_come_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.deps.BODY_SECONDS", 0.3)
    assert b"/problems/body-slow" in raw(served, POST + b"Content-Length: 100\r\n\r\n{")


def test_the_content_type_of_json_is_needed_for_the_chain(served: Served) -> None:
    # A page in a browser can post text/plain to a loopback address without being asked.
    problem(served.post("/chain", b"{}", {"content-type": "text/plain"}), 415, "content-type")
    assert served.post("/chain", b"{}", JSON).status_code == 200


def test_what_never_changes_is_not_sent_twice(served: Served) -> None:
    record = served.record("kept")
    assert served.post("/v1/transfers", record.encoded).status_code == 201
    one = f"/v1/statements/{record.digest.hex()}"
    for path, caching in (
        (one, "private, max-age=31536000, immutable"),
        (one + "/receipt", "public, max-age=31536000, immutable"),
        ("/v1/schemas/TransferRecord", "public, max-age=3600"),
    ):
        first = served.get(path)
        tag = first.headers["etag"]
        assert first.headers["cache-control"] == caching
        for asked in (tag, f'"other", W/{tag}', "*"):
            again = served.get(path, headers={"if-none-match": asked})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), path
        assert served.get(path, headers={"if-none-match": '"other"'}).content == first.content

"""One statement a request: the route in front of the framework answers as the framework's does."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.routes.statements import REGISTERING
from api.single import OneStatement
from ledger.core.canonical import STATEMENT_LIMIT
from tests.api.served import JSON, Served, holder

FRAMEWORK = {"content-type": "application/json; charset=utf-8"}
"""Of another kind than the plain one, so that the framework answers."""


def answer(
    served: Served, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, Any, dict[str, str]]:
    found = served.post(path, body, headers)
    kept = {name: value for name, value in found.headers.items() if name != "date"}
    return found.status_code, found.json(), kept


@pytest.fixture
def asked(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of POST requests that the framework was asked for."""
    paths: list[str] = []
    stack: Any = served.app.middleware_stack
    while not isinstance(stack, OneStatement):
        stack = stack.app if hasattr(stack, "app") else stack._app
    behind = stack._app

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            paths.append(scope["path"])
        await behind(scope, receive, send)

    monkeypatch.setattr(stack, "_app", noting)
    return paths


@pytest.mark.parametrize("path", REGISTERING)
def test_both_give_the_same_answers(served: Served, asked: list[str], path: str) -> None:
    record = served.record("both")
    assert served.post("/v1/statements", record.encoded).status_code == 201
    unknown = served.record("unknown", key=holder("did:web:stranger.example.xa"))
    bodies = [record.encoded, b"", b"garbage", record.encoded + b" ", unknown.encoded, b"[" * 100_000]
    plain = [answer(served, path, body, JSON) for body in bodies]
    assert asked == []
    assert plain == [answer(served, path, body, FRAMEWORK) for body in bodies]
    assert asked == [path] * len(bodies)
    assert {status for status, _, _ in plain} >= {400}


def test_what_is_not_of_the_plain_kind_is_for_the_framework(served: Served, asked: list[str]) -> None:
    path = "/v1/statements"
    for headers in ({"content-type": "text/plain"}, {**JSON, "content-encoding": "gzip"}, {}):
        assert served.post(path, b"{}", headers).status_code == 415
    assert served.post(path + "?colour=red", b"{}").status_code == 400
    assert served.post(path, b'"' + b"a" * STATEMENT_LIMIT + b'"').status_code == 413
    assert served.post(path, iter([b"{}"])).status_code == 400
    assert asked == [path] * 6
    assert served.post(path, b"{}", {"content-type": "application/vc"}).status_code == 400
    assert len(asked) == 6


def test_a_body_that_ends_early_is_no_statement(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(
            b"POST /v1/statements HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)
    assert served.get("/health").status_code == 200


def test_a_slow_body_is_ended_by_name(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.deps.BODY_SECONDS", 0.2)
    with served.connect() as connection:
        connection.sendall(
            b"POST /v1/statements HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        found = b""
        while b"}" not in found and (more := connection.recv(65536)):
            found += more
    assert found.startswith(b"HTTP/1.1 408 ")
    assert b"body-slow" in found


def test_a_fault_that_nobody_foresaw_is_told_as_such(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise ValueError("not foreseen")

    monkeypatch.setattr(served.node.admission, "submit", broken)
    for headers in (JSON, FRAMEWORK):
        status, told, _ = answer(served, "/v1/statements", served.record("broken").encoded, headers)
        assert (status, told["type"]) == (500, "/problems/internal")


def test_identical_submissions_at_once_are_one_entry_with_one_answer(served: Served) -> None:
    record = served.record("identical")
    size = served.node.log.head.size
    with ThreadPoolExecutor(32) as clients:
        found = list(clients.map(lambda _: served.post("/v1/statements", record.encoded), range(200)))
    assert sorted(one.status_code for one in found) == [200] * 199 + [201]
    assert len({one.content for one in found}) == 1
    assert served.node.log.head.size == size + 1
    assert os.path.basename(found[0].headers["location"]) == record.digest.hex()  # noqa: PTH119 - a URL

"""Registering many statements: in order, in bounded memory, over connections that break."""

import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice

import httpx2
import pytest

from ledger.errors import RemoteError
from ledger.remote import registration
from ledger.remote.node import Refused, Registered, RemoteRefusedError, Skipped
from tests.remote.transports import answering, client


class Log:
    """A node as far as registration goes; `breaks` requests fail after half of their statements."""

    def __init__(self, breaks: int = 0, status: int | None = None) -> None:
        self.entries: dict[str, int] = {}
        self.requests: list[int] = []
        self.breaks, self.status = breaks, status

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert request.url.path == "/v1/statements"
        assert request.headers["content-type"] == "application/x-ndjson"
        body = request.read()
        lines = body.split(b"\n")
        assert lines.pop() == b""
        self.requests.append(len(lines))
        if self.breaks:
            self.breaks -= 1
            for line in lines[: len(lines) // 2]:
                self.entries.setdefault(sha256(line).hexdigest(), len(self.entries))
            if self.status:
                return httpx2.Response(self.status, headers={"retry-after": "3"})
            raise httpx2.ReadError("reset")
        return httpx2.Response(
            200, content=b"".join(self.answer(number, line) for number, line in enumerate(lines, 1))
        )

    def answer(self, number: int, line: bytes) -> bytes:
        if not line or b"bad" in line:
            problem = {"type": "/problems/statement-invalid", "detail": "no", "errors": [{"pointer": "/x"}]}
            return json.dumps({"line": number, "status": 422, "problem": problem}).encode() + b"\n"
        digest = sha256(line).hexdigest()
        status = 200 if digest in self.entries else 201
        index = self.entries.setdefault(digest, len(self.entries))
        return (
            json.dumps({"line": number, "status": status, "digest": digest, "index": index}).encode() + b"\n"
        )


def documents(count: int) -> Iterator[bytes]:
    return (json.dumps({"n": number}).encode() for number in range(count))


def test_many_statements_are_answered_in_order_in_batches() -> None:
    log = Log()
    outcomes = list(client(log).register_all(documents(25), batch=10))
    assert log.requests == [10, 10, 5]
    assert [outcome.index for outcome in outcomes if isinstance(outcome, Registered)] == list(range(25))
    assert [outcome.digest for outcome in outcomes] == [sha256(data).hexdigest() for data in documents(25)]


def test_a_batch_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "BATCH_BYTES", 40)
    log = Log()
    assert len(list(client(log).register_all(documents(10)))) == 10
    assert log.requests == [4, 4, 2]


def test_the_input_is_read_one_batch_ahead_and_no_more() -> None:
    read = 0

    def counted() -> Iterator[bytes]:
        nonlocal read
        for data in documents(1_000_000):
            read += 1
            yield data

    outcomes = client(Log()).register_all(counted(), batch=10)
    assert len(list(islice(outcomes, 15))) == 15
    assert read <= 21


def test_a_refused_statement_does_not_stop_the_rest() -> None:
    given = [b'{"n":1}', b'{"bad":1}', b"{\n}", b'{"n":2}']
    first, second, third, fourth = client(Log()).register_all(given)
    assert isinstance(first, Registered)
    assert isinstance(fourth, Registered)
    for outcome in (second, third):
        assert isinstance(outcome, Refused)
        assert (outcome.error.problem, outcome.error.pointer) == ("statement-invalid", "/x")


def test_known_statements_are_skipped_and_order_is_kept() -> None:
    known = {sha256(data).hexdigest() for data in islice(documents(9), 3, 6)}
    log = Log()
    outcomes = list(client(log).register_all(documents(9), known=known.__contains__))
    assert [type(outcome) for outcome in outcomes] == [Registered] * 3 + [Skipped] * 3 + [Registered] * 3
    assert sum(log.requests) == 6


def test_a_broken_connection_is_tried_again_and_nothing_registered_twice() -> None:
    waits: list[float] = []
    log = Log(breaks=2)
    outcomes = list(client(log, waits).register_all(documents(10)))
    assert sorted(log.entries.values()) == list(range(10))
    assert all(isinstance(outcome, Registered) for outcome in outcomes)
    assert sum(isinstance(outcome, Registered) and outcome.new for outcome in outcomes) == 5
    assert waits == [0.5, 1.0]


def test_a_busy_node_is_given_the_time_it_asks_for() -> None:
    waits: list[float] = []
    assert len(list(client(Log(breaks=1, status=503), waits).register_all(documents(2)))) == 2
    assert waits == [3.0]


def test_a_node_that_stays_away_is_an_error_after_several_tries() -> None:
    waits: list[float] = []
    with pytest.raises(RemoteError) as refused:
        list(client(Log(breaks=99), waits).register_all(documents(2)))
    assert refused.value.code == "remote-unreachable"
    assert len(waits) == registration.ATTEMPTS - 1


def test_a_refusal_of_the_whole_batch_is_not_tried_again() -> None:
    waits: list[float] = []
    with pytest.raises(RemoteRefusedError):
        list(client(Log(breaks=99, status=415), waits).register_all(documents(2)))
    assert waits == []


def test_answers_that_stop_early_are_followed_by_the_rest() -> None:
    log = Log()

    def partly(request: httpx2.Request) -> httpx2.Response:
        whole = log(request)
        lines = whole.read().splitlines(keepends=True)
        return httpx2.Response(200, content=b"".join(lines[:3]))

    outcomes = list(client(partly).register_all(documents(7)))
    assert [outcome.digest for outcome in outcomes] == [sha256(data).hexdigest() for data in documents(7)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"{}\n",
        b'{"line":1,"status":201}\n',
        b'{"line":2,"status":422}\n',
        b'{"line":1,"status":"201"}\n',
        b'{"line":1,"status":201,"digest":"00","index":1}\n',
        b'{"line":1,"status":422}',
        b'{"line":1,"status":422}\n{"line":2,"status":422}\n',
    ],
)
def test_answer_lines_that_do_not_fit_are_refused(body: bytes) -> None:
    with pytest.raises(RemoteError) as refused:
        list(answering(200, content=body).register_all(documents(1)))
    assert refused.value.code == "remote-answer-invalid"

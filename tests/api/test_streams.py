"""Streams of statements: line for line, whoever writes too much, too slowly, or goes away."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx2
import orjson
import pytest

from api.single import registered
from api.streams import answer_line
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.services.registration.register import Registration
from tests.api.served import NDJSON, Served, holder
from tests.api.test_registering import CODES

HEAD = b"POST /v1/statements HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
CLIENT = b"X-Forwarded-For: "


def send(served: Served, *lines: bytes, path: str = "/v1/statements") -> list[dict[str, object]]:
    answer = served.post(path, b"\n".join(lines), NDJSON)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def code(line: dict[str, object]) -> str:
    problem = line["problem"]
    assert isinstance(problem, dict)
    assert problem["status"] == line["status"]
    name: str = problem["type"].removeprefix("/problems/")
    assert f"| `{name}` |" in CODES
    return name


def streams() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(("stream", "verify"))]


def until(condition: object, seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]  # a stand-in
        assert time.monotonic() < give_up
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def threads_end(served: Served) -> Iterator[None]:
    yield
    until(lambda: not streams() and served.app.state.streams.taken == 0)


def test_every_line_has_its_answer_in_its_place(served: Served) -> None:
    good = [served.record(f"mixed-{number}") for number in range(600)]
    lines = [one.encoded for one in good]
    bad = {
        3: b"garbage",
        4: b"",
        260: b'{"a":1,"a":2}',
        261: b"x" * (STATEMENT_LIMIT + 100_000),
        599: lines[0] + b" ",
    }
    for number, line in bad.items():
        lines[number] = line
    lines[10] = lines[9]
    answers = send(served, *lines)
    assert [one["line"] for one in answers] == list(range(1, 601))
    for number, answer in enumerate(answers):
        if number in bad:
            assert code(answer) == ("too-large" if number == 261 else "not-canonical")
        elif number == 10:
            assert (answer["status"], answer["index"]) == (200, answers[9]["index"])
        else:
            assert (answer["status"], answer["digest"]) == (201, good[number].digest.hex())


def test_an_empty_stream_has_no_answers(served: Served) -> None:
    assert send(served) == []
    assert [code(one) for one in send(served, b"", b"", b"")] == ["not-canonical"] * 2
    assert len(send(served, served.record("end").encoded, b"")) == 1


def test_a_typed_stream_takes_its_type_alone(served: Served) -> None:
    (answer,) = send(served, served.record("typed").encoded, path="/v1/certificates")
    assert code(answer) == "statement-type"


def test_a_party_enrolled_in_a_stream_signs_in_the_same_stream(served: Served) -> None:
    key = holder("did:web:exporter.example.xa", "#stream")
    answers = send(
        served,
        served.record("too-early", key=key).encoded,
        served.enrolment(key, "exporter").encoded,
        served.record("in-time", key=key).encoded,
    )
    assert [one["status"] for one in answers] == [422, 201, 201], answers


def test_lines_beyond_the_limit_are_refused_and_the_others_answered(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.streams.LINES", 300)
    lines = [served.record(f"many-{number}").encoded for number in range(310)]
    answers = send(served, *lines)
    assert [one["line"] for one in answers] == list(range(1, 302))
    assert {one["status"] for one in answers[:300]} == {201}
    assert code(answers[300]) == "stream-too-long"
    assert len(send(served, *lines[:300])) == 300


@pytest.mark.exhaustive
def test_a_hundred_thousand_and_one_lines(served: Served) -> None:
    answer = served.post("/v1/statements", b"x\n" * 100_001, NDJSON)
    lines = answer.text.splitlines()
    assert len(lines) == 100_001
    assert code(json.loads(lines[-1])) == "stream-too-long"
    assert code(json.loads(lines[-2])) == "not-canonical"


def test_each_line_is_answered_before_the_next_is_sent(served: Served) -> None:
    told: list[int] = []

    def body() -> Iterator[bytes]:
        for number in range(3):
            yield served.record(f"slow-{number}").encoded + b"\n"
            until(lambda: len(told) > number)  # noqa: B023 - called at once

    def read(connection: socket.socket) -> None:
        for line in connection.makefile("rb"):
            if line.startswith(b'{"line"'):
                told.append(orjson.loads(line)["status"])  # noqa: PERF401 - as they come

    with served.connect() as connection:
        reader = threading.Thread(target=read, args=(connection,))
        reader.start()
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for part in body():
            connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        until(lambda: len(told) == 3)
        connection.shutdown(socket.SHUT_RDWR)
        reader.join(10)
    assert told == [201, 201, 201]


def test_what_was_acknowledged_before_the_client_went_stays(served: Served) -> None:
    records = [served.record(f"gone-{number}") for number in range(5)]
    with served.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
        connection.sendall(b"".join(one.encoded + b"\n" for one in records[:4]) + records[4].encoded[:-5])
        found = b""
        while found.count(b'"line"') < 4:
            found += connection.recv(65536)
    until(lambda: not streams())
    for one in records[:4]:
        assert served.get(f"/v1/statements/{one.digest.hex()}").content == one.encoded
    assert served.get(f"/v1/statements/{records[4].digest.hex()}").status_code == 404


def test_a_client_that_leaves_at_once_leaves_no_thread(served: Served) -> None:
    for number in range(10):
        with served.connect() as connection:
            connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
            connection.sendall(served.record(f"left-{number}").encoded[: number * 100])
    served.get("/health")  # who came before was let in, and takes no place of the next test's
    until(lambda: not streams() and served.app.state.streams.taken == 0)


def test_a_client_that_never_reads_is_left(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.streams.IDLE_SECONDS", 0.3)
    body = b"x\n" * 99_999
    with served.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        served.get("/health")  # as above
        until(lambda: served.app.state.streams.taken == 0)


def test_a_stream_that_pauses_too_long_is_ended_by_name(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.streams.IDLE_SECONDS", 0.5)
    record = served.record("paused")
    with served.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n" + record.encoded + b"\n" + b"half")
        found = b""
        while b"body-slow" not in found:
            more = connection.recv(65536)
            assert more
            found += more
    assert b'"line":1,"status":201' in found
    assert b'"line":2,"status":408' in found


@contextmanager
def open_streams(served: Served, client: str, count: int) -> Iterator[None]:
    """Streams of a client that send nothing more."""
    before = served.app.state.streams.taken
    with ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(served.connect())
            connection.sendall(HEAD + CLIENT + client.encode() + b"\r\nContent-Length: 1000000\r\n\r\n")
        until(lambda: served.app.state.streams.taken == before + count)
        yield


def refusal(served: Served, client: str) -> tuple[int, str, str] | None:
    """Status, code and Retry-After that a client's next stream is answered with; None where it is taken in."""
    before = served.app.state.streams.taken
    answer = served.post("/v1/statements", b"", {**NDJSON, "x-forwarded-for": client})
    if answer.status_code == 200:
        until(lambda: served.app.state.streams.taken == before)  # its place is given back after its answer
        return None
    name = answer.json()["type"].removeprefix("/problems/")
    return answer.status_code, name, answer.headers["retry-after"]


def test_one_client_takes_half_of_the_places_for_streams_and_is_told_to_come_again(served: Served) -> None:
    with open_streams(served, "192.0.2.1", 7):
        assert refusal(served, "192.0.2.1") is None
        with open_streams(served, "192.0.2.1", 1):
            assert refusal(served, "192.0.2.1") == (429, "too-many-requests", "5")
            assert refusal(served, "192.0.2.2") is None
        until(lambda: served.app.state.streams.taken == 7)
        assert refusal(served, "192.0.2.1") is None


def test_who_has_no_stream_is_refused_only_where_every_place_is_taken(served: Served) -> None:
    # Of one client 8, of the next 4, 2, 1: each leaves one, which whoever comes first takes.
    with ExitStack() as stack:
        for number, count in enumerate((8, 4, 2, 1)):
            client = f"192.0.2.{number}"
            stack.enter_context(open_streams(served, client, count))
            assert refusal(served, client) == (429, "too-many-requests", "5")
        assert refusal(served, "192.0.2.9") is None
        with open_streams(served, "192.0.2.9", 1):
            assert refusal(served, "192.0.2.10") == (503, "overloaded", "1")


def test_streams_side_by_side_lose_nothing(served: Served) -> None:
    found: list[list[dict[str, object]]] = [[] for _ in range(4)]
    records = [[served.record(f"side-{s}-{n}").encoded for n in range(200)] for s in range(4)]

    def work(at: int) -> None:
        found[at] = send(served, *records[at])

    workers = [threading.Thread(target=work, args=(at,)) for at in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    indices = [one["index"] for part in found for one in part]
    assert len(set(indices)) == len(indices) == 800


def test_a_failure_that_nobody_foresaw_is_told_on_its_line(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> object:
        raise ValueError("not foreseen")

    monkeypatch.setattr("api.streams.register_many", broken)
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    (answer,) = send(served, served.record("broken").encoded)
    assert code(answer) == "internal"


def test_a_full_log_is_told_and_nothing_acknowledged(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.node.sequencer, "_capacity", 0)
    monkeypatch.setattr("ledger.services.registration.register.ROOM_SECONDS", 0.1)
    (answer,) = send(served, served.record("full").encoded)
    assert (code(answer), answer["status"]) == ("overloaded", 503)
    single = served.post("/v1/statements", served.record("full").encoded)
    assert (single.status_code, single.headers["retry-after"]) == (503, "1")


def test_the_answers_reach_a_client_of_the_standard_kind(served: Served) -> None:
    with httpx2.stream(
        "POST", served.url + "/v1/transfers", content=served.record("std").encoded, headers=NDJSON
    ) as got:
        assert [orjson.loads(line)["status"] for line in got.iter_lines()] == [201]


@pytest.mark.parametrize("first", [True, False])
def test_a_line_says_what_a_single_answer_does(first: bool) -> None:
    found = Registration(2**40, bytes(range(32)), "TransferRecord", "urn:uuid:x", first=first)
    told = {"line": 100_000, "status": 201 if first else 200, **registered(found)}
    assert answer_line(100_000, found) == orjson.dumps(told) + b"\n"

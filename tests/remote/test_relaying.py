"""A partner's node that a relay reads may say what it likes, and not take up the relay's time for good."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx2
import pytest

from ledger.errors import RemoteError
from ledger.remote.exchange import Exchange
from ledger.remote.relaying import RelayClient
from tests.loopback import listening
from tests.remote.transports import URL, Transport


def endless(request: httpx2.Request) -> httpx2.Response:
    """Pages without anything on them, each of which leads to the next."""
    after = int(request.url.params.get("after", "0"))
    if after > 5_000:
        pytest.fail("pages are read without end")
    return httpx2.Response(200, json={"items": [], "next": after + 1})


def test_empty_pages_that_lead_on_are_not_followed_without_end() -> None:
    node = RelayClient(URL, transport=Transport(endless))
    assert list(node.anchored("eip155:31001")) == []
    assert node.foreign_sizes(bytes(32)) == {}


def test_a_node_has_only_so_long_for_all_that_is_asked_in_one_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1_000.0]
    monkeypatch.setattr("ledger.remote.relaying.monotonic", lambda: now[0])

    def slow(request: httpx2.Request) -> httpx2.Response:
        now[0] += 15.0  # each answer is within its own time
        return httpx2.Response(200, json={"path": []})

    node = RelayClient(URL, transport=Transport(slow))
    node.latest()
    for _ in range(4):
        node.consistency(1, 2)
    with pytest.raises(RemoteError) as refused:
        node.consistency(1, 2)
    assert refused.value.code == "remote-slow"
    node.latest()  # the next reading begins anew
    assert node.consistency(1, 2) == ()


@contextmanager
def dripping() -> Iterator[str]:
    """A node whose answer's headers come one byte at a time and never end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def serve() -> None:
            taken, _ = server.accept()
            with taken:
                taken.recv(65_536)
                taken.sendall(b"HTTP/1.1 200 OK\r\nx: ")
                while not done.wait(0.05):
                    try:
                        taken.sendall(b"a")
                    except OSError:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            done.set()
            thread.join(5.0)


def test_headers_that_drip_in_meet_the_deadline_too() -> None:
    with dripping() as url:
        exchange = Exchange(url, patience=0.5)
        found: list[Any] = []

        def ask() -> None:
            try:
                exchange.ask("GET", "/log/checkpoint", limit=1_000)
            except RemoteError as error:
                found.append(error)

        began = time.monotonic()
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(4.0)
        assert [one.code for one in found] == ["remote-slow"]
        assert time.monotonic() - began < 3.0


def test_a_body_without_a_length_that_was_cut_off_is_not_taken_as_whole() -> None:
    asked = threading.Event()

    def stop(handler: BaseHTTPRequestHandler, _: object) -> None:
        handler.close_connection = True
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"[]")
        handler.wfile.flush()
        asked.wait(30)

    with listening(stop) as url:
        exchange = Exchange(url, patience=0.5)
        try:
            with pytest.raises(RemoteError) as refused:
                exchange.ask("POST", "/", limit=1 << 20, body=b"{}")
        finally:
            asked.set()
            exchange.close()
    assert refused.value.code == "remote-slow"

"""Several partners at once, over real connections: one that hangs, lies or is gone holds up no other."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ledger.services.exchange import syncing
from ledger.services.exchange.syncing import Syncing, Wants, ask_all
from tests.services.exchange.exchanging import Exchange, exchanging


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    with exchanging(tmp_path) as made:
        yield made


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A server on loopback that answers from a function."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def rubbish(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b"\x00 not a checkpoint")


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, for ever."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        try:
            handler.wfile.write(b"x")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.02)


@contextmanager
def silent() -> Iterator[str]:
    """Takes connections, and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def wants(exchange: Exchange) -> Wants:
    return Wants(exchange.sides.xb.node.mirror, exchange.trust, "XB", lambda: exchange.sides.clock.now)


@contextmanager
def honest(exchange: Exchange) -> Iterator[str]:
    """XA's node as it is, served."""
    import uvicorn

    from api.app import build_app

    app = build_app(lambda: exchange.sides.xa.node)
    app.router.lifespan_context = _lifespan(exchange)
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", ws="none", log_config=None))
    thread = threading.Thread(target=server.run, args=([bound],))
    thread.start()
    try:
        give_up = time.monotonic() + 30
        while not server.started and time.monotonic() < give_up:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        bound.close()


def _lifespan(exchange: Exchange):  # noqa: ANN202
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def lifespan(app):  # noqa: ANN001, ANN202
        app.state.node = exchange.sides.xa.node
        yield

    return lifespan


def test_a_partner_that_hangs_lies_or_is_gone_holds_up_no_other(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "PATIENCE", 2.5)  # of which the honest one needs a tenth on a quiet machine
    certificate = exchange.sides.xa.register(exchange.certificate("XB"))
    with honest(exchange) as good, answering(rubbish) as bad, answering(dripping) as slow, silent() as still:
        urls = [bad, slow, still, "http://127.0.0.1:9", None, good]
        partners = [replace(exchange.partner, node=url) for url in urls]
        begun = time.monotonic()
        asked = ask_all(partners, wants(exchange))
        assert time.monotonic() - begun < 20
    codes = [one.error.code if one.error is not None else None for one in asked]
    assert codes == [
        "remote-answer-invalid", "remote-slow", "remote-slow", "remote-unreachable", "partner-without-node", None,
    ]  # fmt: skip
    assert asked[-1].pulled.kept == 2
    assert exchange.sides.xb.node.mirror.bundle(certificate) is not None


def test_a_partner_without_any_progress_is_left(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syncing, "STILL", 0.3)
    with silent() as still:
        (asked,) = ask_all([replace(exchange.partner, node=still)], wants(exchange))
    assert asked.error is not None
    assert asked.error.code == "partner-silent"


def test_a_fault_of_ours_ends_one_partner_and_is_told_without_its_message(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(syncing.Puller, "pull", fail)
    (asked,) = ask_all([exchange.partner], wants(exchange))
    assert asked.error is not None
    assert asked.error.code == "partner-failed"
    assert "secret" not in str(asked.error)


def test_a_serving_node_asks_again_and_again_until_it_is_closed(exchange: Exchange) -> None:
    node = exchange.sides.xb.node
    first = exchange.sides.xa.register(exchange.certificate("XB"))
    rounds: list[int] = []
    with honest(exchange) as good:
        node.partners.add(
            exchange.entry.encoded,
            fingerprint=exchange.entry.digest.hex(),
            node=good,
            now=exchange.sides.clock.now,
        )
        asking = Syncing(
            node.partners,
            node.mirror,
            believed=lambda: exchange.trust,
            period=0.05,
            clock=lambda: exchange.sides.clock.now,
            before=lambda: rounds.append(1),
        )
        asking.start()
        until(lambda: node.mirror.bundle(first))
        second = exchange.sides.xa.register(exchange.certificate("XB"))
        until(lambda: node.mirror.bundle(second))
        asking.close()
    assert len(rounds) > 1
    assert asking.trouble is None


def test_a_fault_of_a_round_is_told_and_the_next_round_begins(exchange: Exchange) -> None:
    node = exchange.sides.xb.node
    rounds: list[int] = []

    def once() -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise RuntimeError("secret")

    asking = Syncing(
        node.partners, node.mirror, believed=lambda: exchange.trust, period=0.05, clock=lambda: 0, before=once
    )
    asking.start()
    until(lambda: len(rounds) > 2)
    asking.close()


def until(check: Callable[[], object], seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < give_up
        time.sleep(0.02)

"""Nodes that are absent, slow or broken, over HTTP: each is a named error, and no secret of the URL is shown."""

import errno
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import urllib3

from ledger.chain.evm import EvmChain, connect
from ledger.chain.http_provider import BoundedHTTPProvider
from ledger.chain.rpc import RpcNode
from ledger.errors import ChainError, SetupError
from tests.chain.anchoring import closing


@contextmanager
def server(*parts: bytes, pause: float = 0) -> Iterator[str]:
    """Answers each request with `parts`, waiting `pause` seconds before each; then hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    _read_request(connection)
                    for part in parts:
                        stop.wait(pause)
                        connection.sendall(part)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/secret-key"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _read_request(connection: socket.socket) -> None:
    """All of it: hanging up on what was not read would reset the connection, and take the answer with it."""
    data = b""
    while part := connection.recv(65_536):
        data += part
        head, ends, body = data.partition(b"\r\n\r\n")
        told = re.search(rb"(?i)content-length: *(\d+)", head)
        is_whole = ends and len(body) >= (int(told[1]) if told else 0)
        if is_whole or not data.startswith(b"POST "):  # the greeting of TLS
            return


def http(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}Connection: close\r\n\r\n".encode()
        + body
    )


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([http(b"<html>busy</html>")], "chain-answer-invalid"),
        ([http(b'{"jsonrpc":"2.0","id":0,"resu')], "chain-answer-invalid"),
        ([http(b'{"jsonrpc":"2.0","id":0,"result":"0x1"}')[:-9]], "chain-unavailable"),
        ([http(b'{"jsonrpc":"2.0","id":7,"result":"0x1"}')], "chain-answer-invalid"),
        ([http(b'{"jsonrpc":"2.0","result":"0x1"}')], "chain-answer-invalid"),
        ([http(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32005}}')], "chain-request-refused"),
        ([http(b"[" * 100_000)], "chain-answer-invalid"),
        ([http(b"", "502 Bad Gateway")], "chain-unavailable"),
        ([http(b"", "503 Service Unavailable", "Retry-After: 1\r\n")], "chain-unavailable"),
        ([http(b"", "307 Temporary Redirect", "Location: http://127.0.0.1:1/\r\n")], "chain-unavailable"),
        ([http(b"{}", "404 Not Found")], "chain-unavailable"),
        ([b""], "chain-unavailable"),
        ([b"garbage\r\n\r\n"], "chain-unavailable"),
        ([http(b'{"jsonrpc":"2.0","id":0,"result":"\xff"}')], "chain-answer-invalid"),
    ],
)
def test_a_broken_server_is_a_named_error(parts: list[bytes], code: str) -> None:
    with server(*parts) as url, closing(connect(url)) as chain, pytest.raises(ChainError) as refused:
        chain.check_identity()
    assert refused.value.code == code
    assert "secret-key" not in str(refused.value)


def test_a_dead_node_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        closing(connect(f"http://127.0.0.1:{port}/secret-key")) as chain,
        pytest.raises(ChainError) as refused,
    ):
        chain.head()
    assert refused.value.code == "chain-unavailable"
    assert str(refused.value).startswith(f"chain node at 127.0.0.1:{port} could not be reached")
    assert str(refused.value).endswith("nothing listens there, or the connection was refused")
    assert "secret-key" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://nowhere.invalid/", "the name is not known, or there is no network to ask about it"),
        (
            "https://127.0.0.1:{port}/",
            "what listens there does not speak TLS; is it http:// instead of https://?",
        ),
    ],
)
def test_why_a_node_cannot_be_reached_is_told_in_words(url: str, why: str) -> None:
    with server(http(b"{}")) as plain:
        port = plain.removeprefix("http://").partition("/")[0].rpartition(":")[2]
        with closing(connect(url.format(port=port))) as chain, pytest.raises(ChainError) as refused:
            chain.head()
    assert refused.value.code == "chain-unavailable"
    assert str(refused.value).endswith(why)


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (b"garbage\r\n\r\n", "what listens there does not speak HTTP"),
        (b"", "the connection broke off"),
        (http(b'{"jsonrpc":"2.0","id":0,"result":"0x1"}')[:-9], "the connection broke off"),
    ],
    ids=["another protocol", "hangs up", "hangs up within its answer"],
)
def test_what_listens_but_does_not_answer_is_not_said_to_be_absent(part: bytes, why: str) -> None:
    with server(part) as url, closing(connect(url)) as chain, pytest.raises(ChainError) as refused:
        chain.head()
    assert str(refused.value).endswith(why)


def _of(error: Exception, cause: Exception) -> Exception:
    error.__context__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (requests.exceptions.ChunkedEncodingError("x"), "its provider failed (ChunkedEncodingError)"),
        (requests.exceptions.ContentDecodingError("x"), "its provider failed (ContentDecodingError)"),
        (requests.exceptions.InvalidURL("x"), "its provider failed (InvalidURL)"),
        (FileNotFoundError(2, "x"), "its provider failed (FileNotFoundError)"),
        (KeyError("x"), "its provider failed (KeyError)"),
        (_of(KeyError("x"), ConnectionRefusedError()), "its provider failed (KeyError)"),
        (requests.ConnectionError("x"), "its provider failed (ConnectionError)"),
        (_of(requests.ConnectionError("x"), ConnectionRefusedError()), "nothing listens there, or the"),
        (_of(requests.ConnectionError("x"), OSError(errno.EHOSTUNREACH, "x")), "no network leads there"),
        (
            _of(requests.ConnectionError("x"), _of(ChainError("another node"), ConnectionRefusedError())),
            "its provider failed (ConnectionError)",
        ),
        (
            urllib3.exceptions.ProtocolError("x", ConnectionResetError()),
            "its provider failed (ProtocolError)",
        ),
        (_of(urllib3.exceptions.ProtocolError("x"), BrokenPipeError()), "the connection broke off"),
        (
            _of(
                urllib3.exceptions.NewConnectionError(urllib3.HTTPConnectionPool("h"), "x"),
                ConnectionRefusedError(),
            ),
            "nothing listens there, or the",
        ),
        (ConnectionRefusedError(), "nothing listens there, or the connection was refused"),
        (socket.gaierror(-2, "x"), "the name is not known"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_only_errors_of_connecting_are_told_as_such(error: Exception, why: str) -> None:
    def fail(_method: str, _params: Any) -> Any:
        raise error

    node = RpcNode(SimpleNamespace(make_request=fail), name="node")
    with pytest.raises(ChainError) as refused:
        node.request("eth_chainId")
    assert refused.value.code == "chain-unavailable"
    assert str(refused.value).startswith(f"node could not be reached for eth_chainId: {why}")


@pytest.mark.parametrize(
    "parts", [[b"never"], [http(b" " * 50)[:-50]] + [b" "] * 50], ids=["silent", "dripping"]
)
def test_a_slow_node_times_out(parts: list[bytes]) -> None:
    pause = 30.0 if parts == [b"never"] else 0.1
    started = time.monotonic()
    with (
        server(*parts, pause=pause) as url,
        closing(connect(url, timeout=0.5)) as chain,
        pytest.raises(ChainError) as refused,
    ):
        chain.head()
    assert refused.value.code == "chain-timeout"
    assert time.monotonic() - started < 5


def test_an_endless_answer_is_cut_off() -> None:
    with server(http(b'"' + b"x" * 300_000 + b'"')) as url:
        provider = BoundedHTTPProvider(url, response_limit=100_000)
        with closing(EvmChain(provider)) as chain, pytest.raises(ChainError) as refused:
            chain.head()
    assert refused.value.code == "chain-answer-invalid"


@pytest.mark.parametrize(
    "url", ["", "node", "ftp://node.example.xa", "http://", "http://[::1", "http://a:port"]
)
def test_what_is_no_address_of_a_node_is_a_setup_error(url: str) -> None:
    with pytest.raises(SetupError) as refused:
        connect(url)
    assert refused.value.code == "chain-url"

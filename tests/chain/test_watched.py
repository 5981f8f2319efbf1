"""A chain's node that answers one byte at a time has no longer than any other."""

import gc
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger.chain.http_provider import BoundedHTTPProvider
from ledger.chain.rpc import RpcNode
from ledger.errors import ChainError


@contextmanager
def dripping(first: bytes, each: bytes) -> Iterator[int]:
    """A port at which whoever connects is answered `first`, and then `each` for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def serve() -> None:
            taken, _ = server.accept()
            with taken:
                taken.recv(65_536)
                taken.sendall(first)
                while not done.wait(0.05):
                    try:
                        taken.sendall(each)
                    except OSError:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            done.set()
            thread.join(5.0)


# A handshake that is cut off leaves its socket, which is shut down already, to the collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl:ResourceWarning")
@pytest.mark.parametrize(
    ("scheme", "first", "each"),
    [
        ("http", b"HTTP/1.1 200 OK\r\nx: ", b"a"),
        ("https", b"\x16\x03\x03\x40\x00", b"\x00"),
    ],
    ids=["headers", "handshake"],
)
def test_a_node_that_drips_is_left_in_time(scheme: str, first: bytes, each: bytes) -> None:
    with dripping(first, each) as port:
        provider = BoundedHTTPProvider(f"{scheme}://127.0.0.1:{port}/secret", timeout=0.5)
        found: list[ChainError] = []

        def ask() -> None:
            try:
                RpcNode(provider, name="the node").request("eth_chainId")
            except ChainError as error:
                found.append(error)

        began = time.monotonic()
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(5.0)
        assert [one.code for one in found] == ["chain-timeout"]
        assert time.monotonic() - began < 3.0
        assert "secret" not in str(found[0])
        provider.close()
    found.clear()
    gc.collect()


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    body = b'{"jsonrpc":"2.0","id":0,"result":"0x1"}'
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
    with dripping(head + body, b"") as port:
        provider = BoundedHTTPProvider(f"http://127.0.0.1:{port}", timeout=5)
        assert provider.make_request("eth_chainId", [])["result"] == "0x1"
        provider.close()

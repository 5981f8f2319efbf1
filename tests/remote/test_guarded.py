"""A serving node calls no machine that a name hides: a listener on loopback must see nothing of any of it."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from ledger.errors import LedgerError
from ledger.remote import guarded
from ledger.remote.exchange import GUARDED, Exchange
from ledger.remote.guarded import Guarded, address_of, is_public, names_private
from ledger.remote.node import NodeClient

PRIVATE = [
    "fec0::1",
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "2002:5db8:d822::", "64:ff9b::5db8:d822"]


class Listener:
    """Counts who connects."""

    def __init__(self) -> None:
        self.seen = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.seen += 1
            connection.close()

    def close(self) -> None:
        with socket.socket() as last:  # wakes the thread
            last.connect(("127.0.0.1", self.port))
        self.socket.close()
        self._thread.join(5)


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


def code(call: Callable[[], Any]) -> str:
    with pytest.raises(LedgerError) as refused:
        call()
    return refused.value.code


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_the_internets_is_private(address: str) -> None:
    assert not is_public(address)
    assert code(lambda: address_of("a.example", 80, lambda *_: [address])) == "remote-private"
    assert code(lambda: address_of("a.example", 80, lambda *_: [PUBLIC[0], address])) == "remote-private"


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)
    assert address_of("a.example", 80, lambda *_: [address]) == address


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "127.0.0.1."])
def test_an_address_written_as_a_resolver_alone_reads_it_is_called_by_nobody(
    host: str, listener: Listener
) -> None:
    with NodeClient(f"http://{host}:{listener.port}", calling=GUARDED) as client, pytest.raises(LedgerError):
        client.health()
    assert names_private(f"http://{host}/")
    assert listener.seen == 0


@pytest.mark.parametrize("leads_to", ["127.0.0.1", "::ffff:127.0.0.1", "::1", "169.254.169.254"])
def test_a_name_that_leads_to_this_machine_or_its_network_is_not_called(
    leads_to: str, listener: Listener
) -> None:
    transport = Guarded(verify=False, lookup=lambda *_: [leads_to])
    exchange = Exchange(f"http://registry.example.xb:{listener.port}", transport=transport)
    assert code(lambda: exchange.ask("GET", "/health", limit=10)) == "remote-private"
    exchange.close()
    assert listener.seen == 0


def test_a_name_that_leads_elsewhere_a_moment_later_is_called_where_it_led_when_it_was_judged() -> None:
    answers = iter(["93.184.216.34", "127.0.0.1"])
    called: list[httpx2.Request] = []
    transport = Guarded(verify=False, lookup=lambda *_: [next(answers)])

    def answer(asked: httpx2.Request) -> httpx2.Response:
        called.append(asked)
        return httpx2.Response(200, stream=httpx2.ByteStream(b"{}"))

    transport._inner = httpx2.MockTransport(answer)  # type: ignore[assignment] # in its place
    exchange = Exchange("http://registry.example.xb", transport=transport)
    assert exchange.ask("GET", "/health", limit=10).status == 200
    assert (called[0].url.host, called[0].headers["host"]) == ("93.184.216.34", "registry.example.xb")
    assert called[0].extensions["sni_hostname"] == "registry.example.xb"
    assert code(lambda: exchange.ask("GET", "/health", limit=10)) == "remote-private"
    exchange.close()


def test_the_connection_goes_to_the_address_that_was_judged_and_nobody_looks_the_name_up_again(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["127.0.0.2", "127.0.0.1"])
    looked_up: list[object] = []
    found = socket.getaddrinfo

    def resolver(host: str | bytes | None, *rest: Any, **more: Any) -> Any:
        looked_up.append(host)
        return found(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(
        guarded, "is_public", lambda address: address == "127.0.0.2"
    )  # taken for the internet
    transport = Guarded(verify=False, lookup=lambda *_: [next(answers)])
    exchange = Exchange(f"http://registry.example.xb:{listener.port}", transport=transport)
    assert code(lambda: exchange.ask("GET", "/health", limit=10)) == "remote-unreachable"
    assert code(lambda: exchange.ask("GET", "/health", limit=10)) == "remote-private"
    exchange.close()
    assert listener.seen == 0  # it listens at 127.0.0.1 alone
    assert set(looked_up) <= {"127.0.0.2", b"127.0.0.2"}


def test_a_redirect_is_not_followed_wherever_it_leads(listener: Listener) -> None:
    place = f"http://127.0.0.1:{listener.port}/"
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(302, headers={"location": place}, stream=httpx2.ByteStream(b""))
    )
    exchange = Exchange("http://registry.example.xb", transport=transport)
    assert code(lambda: exchange.ask("GET", "/health", limit=10)) == "remote-answer-invalid"
    exchange.close()
    assert listener.seen == 0


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "//127.0.0.1"]
)
def test_nothing_but_http_is_called(url: str) -> None:
    assert code(lambda: NodeClient(url, calling=GUARDED)) == "remote-url"


def test_an_address_that_the_operator_wrote_by_number_is_called(listener: Listener) -> None:
    with NodeClient(f"http://127.0.0.1:{listener.port}", calling=GUARDED) as client:
        assert code(client.health) == "remote-unreachable"
    assert listener.seen == 1


def test_what_a_card_says_of_itself_is_told_from_what_the_operator_says() -> None:
    for url in (
        "http://127.0.0.1:1",
        "http://[::1]/",
        "http://localhost:1",
        "http://a.localhost",
        "http://10.0.0.1",
    ):
        assert names_private(url), url
    for url in ("https://registry.example.xb", "http://93.184.216.34"):
        assert not names_private(url), url

"""How a node listens: on loopback for this machine, beyond it with a certificate or behind a proxy, and not open."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from starlette.datastructures import Headers

from api.origin import client_at, is_ours, proxies_of, url_of
from ledger.cli.serving import certified
from ledger.config import encode_settings, parse_settings
from ledger.errors import LedgerError, RefusedError, SetupError
from ledger.listening import Listening, reads_of, require_protected
from ledger.remote.signing import RequestSigner
from ledger.services.home.folder import Home, Plan, init_home, open_home, save_settings
from tests.nodes import free_port

TLS = Listening(certificate="tls.pem", certificate_key="tls.key")
BEHIND = Listening(proxy=("192.0.2.1",))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    plan = Plan("XA", "registry.example.xa", registrar="did:web:registrar.example.xa")
    made = init_home(tmp_path / "node", plan, now=int(time.time()) - 60, random=os.urandom)
    _certify(made.path)
    return made


def _certify(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )
    (folder / "tls.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "tls.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "tls.key").chmod(0o600)


def code(call: Any) -> str:
    with pytest.raises(LedgerError) as refused:
        call()
    return refused.value.code


def test_beyond_loopback_a_node_needs_a_certificate_or_a_proxy_and_an_address() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert require_protected(host, Listening(), None).startswith(("127", "::1"))
    for host in ("0.0.0.0", "::", "192.0.2.1", "registry.example.xa"):
        assert (
            code(lambda host=host: require_protected(host, Listening(), "https://x")) == "host-not-loopback"
        )
    for listening in (TLS, BEHIND):
        assert require_protected("192.0.2.1", listening, "https://registry.example.xa") == "192.0.2.1"
        assert code(lambda one=listening: require_protected("192.0.2.1", one, None)) == "address-missing"
        assert code(lambda one=listening: require_protected("a.example", one, "https://x")) == "host-invalid"


def test_what_is_private_is_open_to_this_machine_alone() -> None:
    assert reads_of(Listening(), loopback=True) == "open"
    assert reads_of(Listening("parties"), loopback=True) == "parties"
    assert reads_of(TLS, loopback=False) == "parties"
    assert reads_of(BEHIND, loopback=True) == "parties"
    for listening, loopback in ((TLS, False), (BEHIND, True)):
        with pytest.raises(RefusedError) as refused:
            reads_of(replace(listening, reads="open"), loopback=loopback)
        assert refused.value.code == "reads-open-beyond"


def test_the_settings_say_how_a_node_listens_and_are_written_as_they_are_read(home: Home) -> None:
    listening = Listening("parties", "tls.pem", 'a "key".pem', ("192.0.2.1", "2001:db8::1"))
    settings = replace(home.settings, listening=listening)
    assert parse_settings(encode_settings(settings).encode()).listening == listening
    for wrong in (
        {"reads": "all"},
        {"certificate": "tls.pem"},
        {"certificate_key": "tls.key"},
        {"certificate": "ä", "certificate_key": "b"},
        {"proxy": ("registry.example.xa",)},
        {"proxy": ("192.0.2.0/24",)},
        {"proxy": ("192.0.2.1",) * 17},
    ):
        assert code(lambda wrong=wrong: Listening(**wrong)) == "settings-invalid", wrong


def test_a_certificate_that_does_not_load_is_told(home: Home) -> None:
    assert certified(home.path, Listening()) is None
    assert certified(home.path, TLS) is not None
    key = home.path / "tls.key"
    key.chmod(0o640)
    assert code(lambda: certified(home.path, TLS)) == "key-file-readable"
    key.chmod(0o600)
    whole = key.read_bytes()
    key.write_bytes(whole[:50])
    assert code(lambda: certified(home.path, TLS)) == "certificate-invalid"
    key.unlink()
    with pytest.raises(SetupError) as refused:
        certified(home.path, TLS)
    assert refused.value.code == "file-missing"


# -- behind a proxy ----------------------------------------------------------------------------------------------------


def request(client: str, fields: dict[str, str], *, settings: Any, server: str = "192.0.2.9") -> Any:
    node = SimpleNamespace(home=SimpleNamespace(settings=settings))
    state = SimpleNamespace(node=node, proxies=proxies_of(node))
    return SimpleNamespace(
        app=SimpleNamespace(state=state),
        client=SimpleNamespace(host=client),
        headers=Headers(fields),
        scope={"scheme": "http", "server": (server, 8151), "raw_path": b"/v1/x", "query_string": b"a=%20"},
    )


SETTINGS = SimpleNamespace(listening=BEHIND, address="https://registry.example.xa")
FORWARDED = {"host": "registry.example.xa", "x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.7"}


def test_a_declared_proxy_says_how_the_client_asked() -> None:
    asked = request("192.0.2.1", FORWARDED, settings=SETTINGS)
    assert url_of(asked) == "https://registry.example.xa/v1/x?a=%20"
    assert is_ours(asked, "registry.example.xa")
    assert is_ours(asked, "Registry.example.xa:443")
    assert not is_ours(asked, "registry.example.xb")
    assert not is_ours(asked, "192.0.2.9:8151")


@pytest.mark.parametrize("client", ["192.0.2.2", "127.0.0.1", "::1"])
def test_nobody_else_says_how_the_client_asked(client: str) -> None:
    asked = request(client, FORWARDED, settings=SETTINGS)
    assert url_of(asked) == "http://registry.example.xa/v1/x?a=%20"
    assert client_at(client, "198.51.100.7", frozenset({"192.0.2.1"})) in (client, "::/64")
    assert client_at("192.0.2.1", "198.51.100.7", frozenset({"192.0.2.1"})) == "198.51.100.7"


def test_on_loopback_a_node_is_called_by_the_address_it_listens_at_too() -> None:
    settings = SimpleNamespace(listening=Listening(), address=None)
    asked = request("127.0.0.1", {"host": "127.0.0.1:8151"}, settings=settings, server="127.0.0.1")
    assert is_ours(asked, "127.0.0.1:8151")
    assert is_ours(asked, "localhost:8151")
    assert not is_ours(asked, "127.0.0.1:8152")


# -- with a certificate ------------------------------------------------------------------------------------------------


@contextmanager
def served(home: Home, *options: str) -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "ledger.cli",
        "node",
        "serve",
        "--home",
        str(home.path),
        "--json",
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            yield json.loads(b"".join(iter(process.stdout.readline, b"}\n")) + b"}")["url"]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def test_a_node_with_a_certificate_serves_beyond_loopback_those_who_sign(home: Home) -> None:
    port = free_port()
    address = f"https://localhost:{port}"
    save_settings(home, replace(home.settings, listening=TLS, address=address, port=port))
    trusted = ssl.create_default_context(cafile=str(home.path / "tls.pem"))
    with served(open_home(home.path), "--host", "0.0.0.0") as url, httpx2.Client(verify=trusted) as client:
        assert url == f"https://0.0.0.0:{port}"
        assert client.get(f"{address}/health").status_code == 200
        private = f"{address}/v1/transfers"
        assert client.get(private).status_code == 401
        operator = home.keys.publisher
        fields = RequestSigner(operator.private, operator.verification_method).fields("GET", private)
        assert client.get(private, headers=fields).json() == {"items": []}

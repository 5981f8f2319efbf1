"""The client of a node, against answers honest, broken and hostile."""

import errno
import gzip
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from ledger.core.checkpoint import Checkpoint, LogSigner, sign_checkpoint
from ledger.core.merkle import leaf_hash, node_hash
from ledger.core.receipt import Receipt, encode_receipt
from ledger.core.secp256k1 import Account
from ledger.errors import RemoteError
from ledger.remote.node import NodeClient, Registered, RemoteRefusedError
from tests.remote.transports import answering, client

DATA = b'{"a":1}'
DIGEST = sha256(DATA).hexdigest()


def test_one_statement_is_registered() -> None:
    body = {"digest": DIGEST, "index": 4, "checkpointSize": 5}
    assert answering(201, json=body).register(DATA) == Registered(DIGEST, 4, new=True, size=5)
    assert answering(200, json=body).register(DATA) == Registered(DIGEST, 4, new=False, size=5)


@pytest.mark.parametrize(
    "body",
    [
        {"digest": "0" * 64, "index": 4},
        {"digest": DIGEST},
        {"digest": DIGEST, "index": -1},
        {"digest": DIGEST, "index": True},
        {"digest": DIGEST, "index": 4, "checkpointSize": 4},
        [],
        "ok",
    ],
)
def test_an_answer_that_is_not_about_the_statement_is_refused(body: object) -> None:
    with pytest.raises(RemoteError) as refused:
        answering(201, json=body).register(DATA)
    assert refused.value.code == "remote-answer-invalid"


def test_a_refusal_carries_the_nodes_code_and_pointer() -> None:
    problem = {"type": "/problems/key-unknown", "detail": "no such key", "pointer": "/proof", "status": 422}
    with pytest.raises(RemoteRefusedError, match="no such key") as refused:
        answering(422, json=problem, headers={"retry-after": "7"}).register(DATA)
    found = refused.value
    assert (found.code, found.problem, found.status) == ("remote-refused", "key-unknown", 422)
    assert (found.pointer, found.retry_after) == ("/proof", 7)


def test_a_refusal_without_a_problem_still_has_a_code() -> None:
    for content in (b"", b"<html>", b"[1]", json.dumps({"type": "/problems/\x1b[31m"}).encode()):
        with pytest.raises(RemoteRefusedError) as refused:
            answering(500, content=content).health()
        assert refused.value.problem == "http-500"


def test_what_a_node_says_cannot_move_a_terminal() -> None:
    problem = {"type": "/problems/x", "detail": "a\x1b[2J\nb" + "c" * 9000}
    with pytest.raises(RemoteRefusedError) as refused:
        answering(400, json=problem).health()
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx2.ConnectError("x"), "remote-unreachable"),
        (httpx2.ConnectTimeout("x"), "remote-unreachable"),
        (httpx2.ReadTimeout("x"), "remote-unreachable"),
        (httpx2.RemoteProtocolError("x"), "remote-unreachable"),
        (httpx2.DecodingError("x"), "remote-answer-invalid"),
    ],
)
def test_a_connection_that_fails_is_an_error_of_ours(error: Exception, code: str) -> None:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise error

    with pytest.raises(RemoteError) as refused:
        client(fail).health()
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name is not known"),
        (ssl.SSLCertVerificationError(1, "self-signed"), "certificate is not trusted"),
        (ssl.SSLError(1, "wrong version number"), "does not speak TLS"),
        (ConnectionRefusedError(111, "refused"), "nothing listens"),
        (OSError(errno.ENETUNREACH, "unreachable"), "no network leads there"),
        (OSError(errno.EMFILE, "too many open files"), "no connection came about"),
    ],
    ids=str,
)
def test_what_kept_from_connecting_is_said(cause: Exception, says: str) -> None:
    def fail(_: httpx2.Request) -> httpx2.Response:
        if isinstance(cause, ssl.SSLCertVerificationError):
            cause.verify_message = "self-signed"  # as the library sets it
        error = httpx2.ConnectError(str(cause))
        error.__context__ = cause  # the library names no cause
        raise error

    with pytest.raises(RemoteError, match=says) as refused:
        client(fail).health()
    assert refused.value.code == "remote-unreachable"


def test_nothing_listening_is_said_so() -> None:
    with (
        NodeClient("http://127.0.0.1:1") as node,
        pytest.raises(RemoteError, match="nothing listens") as refused,
    ):
        node.health()
    assert refused.value.code == "remote-unreachable"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8151",
        "ftp://x",
        "http://",
        "http://a b",
        "http://u:p@h",
        "http://h/?q=1",
        "http://h:99999",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(RemoteError) as refused:
        NodeClient(url)
    assert refused.value.code == "remote-url"
    assert "u:p" not in str(refused.value)


def test_a_redirect_is_not_followed() -> None:
    with pytest.raises(RemoteError) as refused:
        answering(302, headers={"location": "http://elsewhere.example/"}).health()
    assert refused.value.code == "remote-answer-invalid"


def test_an_answer_beyond_its_bound_is_cut_off() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 65_536

    with pytest.raises(RemoteError, match="more than") as refused:
        client(lambda _: httpx2.Response(200, content=endless())).statement(DIGEST)
    assert refused.value.code == "remote-answer-invalid"


def test_a_compressed_answer_is_refused() -> None:

    content = gzip.compress(b"{}" + b" " * 100_000)
    with pytest.raises(RemoteError) as refused:
        answering(200, content=content, headers={"content-encoding": "gzip"}).health()
    assert refused.value.code == "remote-answer-invalid"


def test_a_statement_has_the_digest_asked_for() -> None:
    assert answering(200, content=DATA).statement(DIGEST) == DATA
    with pytest.raises(RemoteError) as refused:
        answering(200, content=DATA + b" ").statement(DIGEST)
    assert refused.value.code == "remote-answer-invalid"


@pytest.mark.parametrize("digest", ["", "../../x", DIGEST.upper(), DIGEST[:-1]])
def test_a_digest_that_is_none_is_never_sent(digest: str) -> None:
    with pytest.raises(RemoteError) as refused:
        answering(200, content=DATA).statement(digest)
    assert refused.value.code == "digest-malformed"


def receipt(entry: bytes, extra: bytes | None) -> bytes:
    signer = LogSigner(
        "log.example.xa/XA/2026",
        ed25519_secret=b"\1" * 32,
        mldsa_seed=b"\2" * 32,
        head=Account(b"\3" * 32),
    )
    sibling = leaf_hash(b"other")
    root = node_hash(leaf_hash(entry), sibling)
    note = sign_checkpoint(Checkpoint("log.example.xa/XA/2026", 2, root), signer, 1_795_320_000)
    return encode_receipt(Receipt(index=0, path=(sibling,), checkpoint=note, extra=extra))


def test_a_receipt_leads_from_the_entry_to_its_root() -> None:
    entry = bytes.fromhex(DIGEST)
    good = receipt(entry, entry)
    assert answering(200, content=good).receipt(DIGEST) == good
    for bad in (receipt(b"\5" * 32, entry), receipt(entry, b"\5" * 32), good[:-1], b""):
        with pytest.raises(RemoteError) as refused:
            answering(200, content=bad).receipt(DIGEST)
        assert refused.value.code == "remote-answer-invalid"


def test_a_bundle_before_its_anchor_is_a_refusal_that_says_when() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.url.params.get("allowUnanchored") == "true":
            return httpx2.Response(200, content=b"{}")
        problem = {"type": "/problems/not-anchored-yet", "detail": "entry 4 is not anchored yet"}
        return httpx2.Response(409, json=problem, headers={"retry-after": "9"})

    node = client(handler)
    with pytest.raises(RemoteRefusedError) as refused:
        node.bundle(DIGEST)
    assert (refused.value.problem, refused.value.retry_after) == ("not-anchored-yet", 9)
    assert node.bundle(DIGEST, allow_unanchored=True) == b"{}"


def test_pages_are_read_to_the_last_with_the_same_question() -> None:
    asked: list[dict[str, str]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(dict(request.url.params))
        after = int(request.url.params.get("after", "-1"))
        page: dict[str, Any] = {"items": [{"index": after + 1}, {"index": after + 2}]}
        return httpx2.Response(200, json={**page, "next": after + 2} if after < 3 else page)

    items = list(client(handler).transfers(state="anchored", reference="A 1&b"))
    assert [item["index"] for item in items] == [0, 1, 2, 3, 4, 5]
    assert [page.get("after") for page in asked] == [None, "1", "3"]
    assert all((page["state"], page["reference"]) == ("anchored", "A 1&b") for page in asked)


@pytest.mark.parametrize(
    "page", [{}, {"items": {}}, {"items": [1]}, {"items": [], "next": -1}, {"items": [], "next": "x"}]
)
def test_a_page_that_is_none_or_leads_back_is_refused(page: object) -> None:
    with pytest.raises(RemoteError) as refused:
        list(answering(200, json=page).transfers())
    assert refused.value.code == "remote-answer-invalid"


class Silent(BaseHTTPRequestHandler):
    """Answers one request over a real connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"status":"ok"}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


def test_a_real_connection_works_whatever_proxy_the_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with NodeClient(f"http://127.0.0.1:{server.server_address[1]}/") as node:
                assert node.health() == {"status": "ok"}
        finally:
            server.shutdown()
            thread.join()

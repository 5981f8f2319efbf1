"""Signed requests: what a signature must be before anything of a request is believed, one attack a test."""

import base64
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256, sha512

import httpx2
import pytest
from http_message_signatures import ContentDigest

from api.signed import BODY_LIMIT
from ledger.core.suites import ECDSA
from ledger.core.times import format_time
from ledger.errors import MalformedError
from ledger.remote.node import NodeClient, RemoteRefusedError
from ledger.remote.signing import COVERED, OF_A_BODY, RequestSigner
from ledger.services.home.calling import calling_of
from ledger.services.home.folder import Home, Plan, init_home
from ledger.services.keys.keyfile import HolderKey, make_holder_key
from ledger.services.node.jurisdiction import logged_entry
from ledger.store.requests import PRUNED, Requests
from tests.api.served import EXPORTER, Served, holder, listening, serving
from tests.api.signing import Forged, code_of, read, signer

HTTP = httpx2.Client(timeout=60, verify=False)


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("private"), reads="parties") as found, HTTP:
        yield found


@pytest.fixture(scope="module")
def record(private: Served) -> str:
    """The path of a statement that is the exporter's."""
    statement = private.record("signed")
    assert private.post("/v1/statements", statement.encoded).status_code == 201
    return f"/v1/statements/{statement.digest.hex()}"


@pytest.fixture
def forged(private: Served) -> Forged:
    return Forged(private.exporter)


def get(private: Served, path: str, forged: Forged) -> tuple[int, str]:
    url = private.url + path
    return code_of(HTTP.get(url, headers=forged.fields("GET", url), timeout=60))


def test_a_private_statement_is_read_by_its_party_and_by_nobody_who_does_not_sign(
    private: Served, record: str
) -> None:
    unsigned = private.get(record)
    assert code_of(unsigned) == (401, "caller-unsigned")
    assert unsigned.headers["www-authenticate"] == "Signature"
    assert b"credentialSubject" in read(private, record, private.exporter).content


def test_a_key_of_p256_signs_requests_too(private: Served, record: str) -> None:
    key = make_holder_key(EXPORTER, "#p256", ECDSA, os.urandom(48))
    private.enrol(key, "exporter")
    assert read(private, record, key).status_code == 200


def test_a_request_that_is_sent_again_is_refused(private: Served, record: str) -> None:
    url = private.url + record
    fields = signer(private.exporter).fields("GET", url)
    assert HTTP.get(url, headers=fields).status_code == 200
    assert code_of(HTTP.get(url, headers=fields)) == (401, "caller-replayed")


def test_a_nonce_that_is_signed_again_is_refused(private: Served, record: str, forged: Forged) -> None:
    assert get(private, record, forged)[0] == 200
    assert get(private, record, forged) == (401, "caller-replayed")


@pytest.mark.parametrize("covered", [("@method",), ("@method", "@authority"), ("@authority", "@target-uri")])
def test_a_signature_over_less_than_the_profile_is_refused(
    private: Served, record: str, forged: Forged, covered: tuple[str, ...]
) -> None:
    assert get(private, record, replace(forged, covered=covered)) == (401, "caller-coverage")


def test_a_signature_over_more_than_the_profile_is_refused(
    private: Served, record: str, forged: Forged
) -> None:
    wider = replace(forged, covered=(*forged.covered, "@path"))
    assert get(private, record, wider) == (401, "caller-coverage")


def test_a_signature_for_another_purpose_is_refused(private: Served, record: str, forged: Forged) -> None:
    assert get(private, record, replace(forged, tag="another-tag")) == (401, "caller-tag")


def test_two_signatures_with_our_tag_are_refused(private: Served, record: str, forged: Forged) -> None:
    url = private.url + record
    one, other = (replace(forged, label=label).fields("GET", url) for label in ("a", "b"))
    both = {name: f"{one[name]}, {other[name]}" for name in one}
    assert code_of(HTTP.get(url, headers=both)) == (401, "caller-several")


def test_a_signature_that_names_its_algorithm_is_refused(
    private: Served, record: str, forged: Forged
) -> None:
    assert get(private, record, replace(forged, include_alg=True)) == (401, "caller-algorithm")


def test_another_algorithm_than_that_of_the_key_does_not_verify(private: Served, record: str) -> None:
    other = make_holder_key(EXPORTER, "#2026", ECDSA, os.urandom(48))
    assert code_of(read(private, record, other)) == (401, "caller-signature")


def test_a_signature_that_has_ended_is_refused(private: Served, record: str, forged: Forged) -> None:
    assert get(private, record, replace(forged, age=301)) == (401, "caller-expired")


def test_a_signature_of_the_future_is_refused(private: Served, record: str, forged: Forged) -> None:
    assert get(private, record, replace(forged, age=-90)) == (401, "caller-future")


def test_a_signature_that_lives_too_long_is_refused(private: Served, record: str, forged: Forged) -> None:
    assert get(private, record, replace(forged, life=301)) == (401, "caller-lifetime")


def test_a_signature_for_another_path_does_not_verify(private: Served, record: str, forged: Forged) -> None:
    fields = forged.fields("GET", private.url + record)
    answer = HTTP.get(f"{private.url}{record}/bundle", headers=fields)
    assert code_of(answer) == (401, "caller-signature")


def test_a_signature_for_another_method_does_not_verify(private: Served, record: str, forged: Forged) -> None:
    url = private.url + record
    assert HTTP.head(url, headers=forged.fields("GET", url)).status_code == 401
    assert HTTP.head(url, headers=Forged(private.exporter).fields("HEAD", url)).status_code == 200


def test_a_signature_for_another_node_is_refused_though_it_is_handed_on_as_it_was(
    private: Served, record: str, forged: Forged
) -> None:
    fields = forged.fields("GET", f"http://registry.example.xb{record}")
    answer = HTTP.get(private.url + record, headers={**fields, "host": "registry.example.xb"})
    assert code_of(answer) == (401, "caller-authority")


def test_an_unknown_key_is_refused(private: Served, record: str) -> None:
    stranger = holder("did:web:stranger.example.xa")
    assert code_of(read(private, record, stranger)) == (401, "caller-key-unknown")


def test_a_known_key_does_not_sign_for_another(private: Served, record: str, forged: Forged) -> None:
    stolen = replace(forged, key=holder(EXPORTER))
    assert get(private, record, stolen) == (401, "caller-signature")


def test_a_revoked_key_is_refused_and_another_of_the_same_party_is_not(private: Served, record: str) -> None:
    key = holder(EXPORTER, "#lost")
    private.enrol(key, "exporter")
    assert read(private, record, key).status_code == 200
    at = format_time(int(time.time()) - 1)
    subject = {"party": EXPORTER, "key": "#lost", "at": at, "reason": "keyCompromise"}
    revocation = private.sign("KeyRevocation", subject, private.home.keys.registrar)
    assert private.post("/v1/statements", revocation.encoded).status_code == 201
    assert code_of(read(private, record, key)) == (401, "caller-key-revoked")
    assert read(private, record, private.exporter).status_code == 200


def test_a_key_that_has_ended_is_refused(private: Served, record: str) -> None:
    key = holder(EXPORTER, "#short")
    private.enrol(key, "exporter", start=-60, end=2)
    time.sleep(2.1)
    assert code_of(read(private, record, key)) == (401, "caller-key-ended")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(";tag=", ";more=1;tag="),
        lambda text: text.replace('nonce="', 'nonce="!'),
        lambda text: text.replace("did:web", "mailto"),
        lambda text: text.replace("created=", "created=1.5;x="),
        lambda text: text.replace("(", "((", 1),
        lambda text: text + ", " + text,
        lambda text: text + ", x" * 3_000,
        lambda text: text.replace("evidence=", "évidence="),
    ],
)
def test_fields_that_are_not_of_the_profile_are_refused(
    private: Served, record: str, forged: Forged, change: object
) -> None:
    url = private.url + record
    fields = forged.fields("GET", url)
    fields["signature-input"] = change(fields["signature-input"])  # type: ignore[operator] # a parameter
    raw = [(name.encode(), value.encode("utf-8")) for name, value in fields.items()]
    assert code_of(HTTP.get(url, headers=raw)) == (401, "caller-malformed")


def test_what_is_open_needs_no_signature_and_looks_at_none(private: Served, forged: Forged) -> None:
    bad = replace(forged, tag="another-tag").fields("GET", f"{private.url}/health")
    assert private.get("/health", headers=bad).status_code == 200
    assert private.get("/log/checkpoint").status_code == 200


def test_a_key_of_another_party_sees_nothing_of_this_one(private: Served, record: str) -> None:
    other: HolderKey = holder("did:web:other.example.xa")
    private.enrol(other, "exporter")
    assert code_of(read(private, record, other)) == (403, "access-denied")


# -- keys that are not enrolled ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def neighbour(private: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The home of XB's node, which the private node has taken up as a partner."""
    plan = Plan("XB", "registry.example.xb", registrar="did:web:registrar.example.xb")
    home = init_home(
        tmp_path_factory.mktemp("neighbour") / "node", plan, now=int(time.time()) - 60, random=os.urandom
    )
    with listening(home) as (app, url):
        node = app.state.node
        give_up = time.monotonic() + 30
        while logged_entry(node.statements, home.settings.registrar) is None:
            assert time.monotonic() < give_up
            time.sleep(0.05)
        entry = HTTP.get(f"{url}/v1/jurisdiction").content
    private.node.partners.add(
        entry, fingerprint=sha256(entry).hexdigest(), node="http://127.0.0.1:9", now=int(time.time())
    )
    yield home
    private.node.partners.remove("XB")


def test_a_partners_node_reads_what_concerns_its_jurisdiction_and_no_other(
    private: Served, record: str, neighbour: Home
) -> None:
    with NodeClient(private.url, calling=calling_of(neighbour)) as client:
        assert client.concerning("XB", after=-1).items
        assert client.statement(record.rpartition("/")[2])
        with pytest.raises(RemoteRefusedError) as refused:
            client.concerning("XC", after=-1)
    assert (refused.value.status, refused.value.problem) == (403, "access-denied")
    with NodeClient(private.url) as nobody, pytest.raises(RemoteRefusedError) as refused:
        nobody.concerning("XB", after=-1)
    assert (refused.value.status, refused.value.problem) == (401, "caller-unsigned")


def test_a_partners_key_of_another_organisation_is_unknown(private: Served, neighbour: Home) -> None:
    found = calling_of(neighbour).signer
    assert found is not None
    method = found.verification_method.replace("registry.example.xb", "other.example.xb")
    url = f"{private.url}/v1/concerning?jurisdiction=XB"
    fields = RequestSigner(found.private, method).fields("GET", url)
    assert code_of(HTTP.get(url, headers=fields)) == (401, "caller-key-unknown")


def test_the_operator_and_the_registrar_read_everything_of_their_node(private: Served, record: str) -> None:
    keys = private.home.keys
    for key in (keys.publisher, keys.registrar):
        assert read(private, record, key).status_code == 200
    assert read(private, "/v1/log/statements/0", keys.publisher).status_code == 200
    assert code_of(read(private, "/v1/log/statements/0", keys.registrar)) == (403, "access-denied")


# -- bodies ------------------------------------------------------------------------------------------------------------


def attest(
    private: Served, home: Home, body: bytes, *, sent: str | None = None, once: str = "", **changed: str
) -> tuple[int, str]:
    """A request to attest that a partner's node signs, changed on its way."""
    found = calling_of(home).signer
    assert found is not None
    url = f"{private.url}/v1/attestations"
    fields = found.fields("POST", url, body, content_type="application/json", once=once)
    for name, value in changed.items():
        fields[name.replace("_", "-")] = value
    content = body if sent is None else sent.encode()
    return code_of(HTTP.post(url, content=content, headers={k: v for k, v in fields.items() if v}))


def test_a_signed_body_is_read_once_its_digest_holds(private: Served, neighbour: Home) -> None:
    assert attest(private, neighbour, b"{}")[0] == 400  # it is no request to attest


@pytest.mark.parametrize("sent", ['{"a":1}', "", "{} "])
def test_another_body_than_the_signed_one_is_refused(private: Served, neighbour: Home, sent: str) -> None:
    assert attest(private, neighbour, b"{}", sent=sent) == (401, "caller-digest")


def test_another_digest_than_the_signed_one_does_not_verify(private: Served, neighbour: Home) -> None:
    other = ContentDigest.create(b"other")
    assert attest(private, neighbour, b"{}", content_digest=other) == (401, "caller-signature")


TWO = '{"a":1}'
RIGHT, WRONG = (
    {
        name: base64.b64encode(hashed(body).digest()).decode()
        for name, hashed in (("256", sha256), ("512", sha512))
    }
    for body in (TWO.encode(), b"another body")
)


@pytest.mark.parametrize(
    ("digest", "expected"),
    [
        (f"sha-256=:{RIGHT['256']}:, sha-512=:{RIGHT['512']}:", (403, "access-denied")),  # the body held
        (f"sha-256=:{RIGHT['256']}:, sha-512=:{WRONG['512']}:", (401, "caller-digest")),
        (f"sha-256=:{WRONG['256']}:, sha-512=:{RIGHT['512']}:", (401, "caller-digest")),
        (f"sha-256=:{WRONG['256']}:, sha-256=:{RIGHT['256']}:", (401, "caller-digest")),
        (f"sha-256=:{RIGHT['256']}:, md5=:{WRONG['256']}:", (401, "caller-digest")),
        (f"sha-256=:{RIGHT['512']}:", (401, "caller-digest")),
        ("", (401, "caller-digest")),
    ],
)
def test_of_several_digests_that_were_signed_every_one_is_that_of_the_body(
    private: Served, forged: Forged, digest: str, expected: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{private.url}/v1/attestations"
    given = {"content-type": "application/json", "idempotency-key": forged.nonce, "content-digest": digest}
    with monkeypatch.context() as unchecked:  # the library signs no digest that is none
        unchecked.setattr(ContentDigest, "prepare", lambda *_, **__: None)
        fields = replace(forged, covered=COVERED + OF_A_BODY).fields("POST", url, given)
    assert code_of(HTTP.post(url, content=TWO.encode(), headers=fields)) == expected


def test_a_body_of_another_type_than_the_signed_one_does_not_verify(private: Served, neighbour: Home) -> None:
    assert attest(private, neighbour, b"{}", content_type="text/plain") == (401, "caller-signature")


def test_a_signed_body_has_a_bound(private: Served, neighbour: Home) -> None:
    assert attest(private, neighbour, b" " * (BODY_LIMIT + 1)) == (413, "too-large")


def test_a_signed_body_without_an_idempotency_key_is_refused(private: Served, neighbour: Home) -> None:
    assert attest(private, neighbour, b"{}", idempotency_key="") == (400, "idempotency-key-missing")


def test_a_get_that_brings_a_body_covers_it(private: Served, record: str, forged: Forged) -> None:
    url = private.url + record
    answer = HTTP.request("GET", url, content=b"{}", headers=forged.fields("GET", url))
    assert code_of(answer) == (400, "idempotency-key-missing")


def test_a_name_stands_for_one_request_of_its_caller(private: Served, neighbour: Home) -> None:
    requests, payload = private.app.state.requests, sha256(b"one").digest()
    now = int(time.time())
    ask = partial(requests.begin, "did:web:registry.example.xb", until=now + 60, now=now)
    assert ask("n-1", payload) == "begun"
    assert ask("n-1", payload) == "running"
    assert ask("n-1", sha256(b"two").digest()) == "other"
    assert requests.begin("did:web:other.example.xb", "n-1", payload, until=now, now=now) == "begun"
    assert attest(private, neighbour, b"{}", once="n-1") == (422, "idempotency-key-reused")
    requests.end("did:web:registry.example.xb", "n-1", payload, until=now + 60)
    assert ask("n-1", payload) == "finished"
    requests.end("did:web:registry.example.xb", "n-1", payload, until=None)
    assert ask("n-1", payload) == "begun"


def test_a_request_under_way_is_not_begun_again(
    private: Served, neighbour: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: bytes) -> None:
        begun.set()
        assert go_on.wait(20)
        raise MalformedError("as far as this", code="broken-off")

    monkeypatch.setattr(private.node.attester, "attest", slow)
    answers: list[tuple[int, str]] = []
    first = threading.Thread(target=lambda: answers.append(attest(private, neighbour, b"{}", once="n-2")))
    first.start()
    assert begun.wait(20)
    assert attest(private, neighbour, b"{}", once="n-2") == (409, "idempotency-key-running")
    go_on.set()
    first.join(20)
    assert answers == [(400, "broken-off")]
    assert attest(private, neighbour, b"{}", once="n-2") == (400, "broken-off")  # it came to nothing


def test_what_is_over_is_forgotten(private: Served) -> None:
    requests, now = Requests(private.node.database), int(time.time())
    assert requests.use("did:web:x#1", "n" * 22, until=now - 1, now=now) == "first"
    assert requests.use("did:web:x#1", "n" * 22, until=now + 9, now=now) == "again"
    assert requests.use("did:web:x#1", "n" * 22, until=now + 9, now=now + PRUNED) == "first"

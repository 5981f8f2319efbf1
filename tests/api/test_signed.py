"""Signed requests: what a signature must be before anything of a request is believed, one attack a test."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest

from ledger.core.suites import ECDSA
from ledger.core.times import format_time
from ledger.services.keyfile import HolderKey, make_holder_key
from tests.api.served import EXPORTER, Served, holder, serving
from tests.api.signing import Forged, code_of, read, signer


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("private"), reads="parties") as found:
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
    return code_of(httpx2.get(url, headers=forged.fields("GET", url), timeout=60))


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
    assert httpx2.get(url, headers=fields).status_code == 200
    assert code_of(httpx2.get(url, headers=fields)) == (401, "caller-replayed")


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
    assert code_of(httpx2.get(url, headers=both)) == (401, "caller-several")


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
    answer = httpx2.get(f"{private.url}{record}/bundle", headers=fields)
    assert code_of(answer) == (401, "caller-signature")


def test_a_signature_for_another_method_does_not_verify(private: Served, record: str, forged: Forged) -> None:
    url = private.url + record
    assert httpx2.head(url, headers=forged.fields("GET", url)).status_code == 401
    assert httpx2.head(url, headers=Forged(private.exporter).fields("HEAD", url)).status_code == 200


def test_a_signature_for_another_node_is_refused_though_it_is_handed_on_as_it_was(
    private: Served, record: str, forged: Forged
) -> None:
    fields = forged.fields("GET", f"http://registry.example.xb{record}")
    answer = httpx2.get(private.url + record, headers={**fields, "host": "registry.example.xb"})
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
    fields["signature-input"] = change(fields["signature-input"])  # type: ignore[operator]
    raw = [(name.encode(), value.encode("utf-8")) for name, value in fields.items()]
    assert code_of(httpx2.get(url, headers=raw)) == (401, "caller-malformed")


def test_what_is_open_needs_no_signature_and_looks_at_none(private: Served, forged: Forged) -> None:
    bad = replace(forged, tag="another-tag").fields("GET", f"{private.url}/health")
    assert private.get("/health", headers=bad).status_code == 200
    assert private.get("/log/checkpoint").status_code == 200


def test_a_key_of_another_party_sees_nothing_of_this_one(private: Served, record: str) -> None:
    other: HolderKey = holder("did:web:other.example.xa")
    private.enrol(other, "exporter")
    assert code_of(read(private, record, other)) == (403, "access-denied")

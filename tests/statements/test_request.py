from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.suites import ECDSA, EDDSA, PrivateKey, encode_multikey
from ledger.errors import LedgerError, MalformedError, SignatureError
from ledger.statements import catalogue, request
from ledger.statements.shape import StatementInvalidError
from tests.campaign import count

KEYS = {"#2026": PrivateKey(EDDSA, bytes(range(32))), "#p256": PrivateKey(ECDSA, bytes(range(1, 33)))}
NOW = 1_795_320_184
SUBJECT = {
    **catalogue.example("Enrolment")["credentialSubject"],
    "keys": [
        {
            "id": name,
            "publicKeyMultibase": encode_multikey(key.public),
            "from": "2026-11-22T04:00:00Z",
            "until": "2027-11-22T04:00:00Z",
        }
        for name, key in KEYS.items()
    ],
}
MADE = request.make(SUBJECT, KEYS, created=NOW)


def again(change: dict[str, Any]) -> bytes:
    value = canonical.decode(MADE, limit=request.LIMIT, what="request")
    return canonical.encode({**value, **change})


def test_a_request_made_is_read_and_gives_the_subject_of_the_enrolment():
    read = request.parse(MADE)
    assert read.subject == SUBJECT
    assert read.created == NOW
    assert read.wanted.key("#p256").key == KEYS["#p256"].public
    assert catalogue.check({**catalogue.example("Enrolment"), "credentialSubject": read.subject}) == []


@pytest.mark.parametrize(
    "change",
    [
        {"party": "did:web:other.example.xa"},
        {"roles": ["importer"]},
        {"created": "2026-11-22T04:03:05Z"},
        {"identifiers": []},
    ],
)
def test_a_request_changed_after_signing_is_refused(change: dict[str, Any]):
    with pytest.raises(SignatureError) as refused:
        request.parse(again(change))
    assert refused.value.code == "possession-not-proven"


def test_each_key_must_sign():
    proofs = canonical.decode(MADE, limit=request.LIMIT, what="request")["proofs"]
    for index in range(2):
        other = [dict(proof) for proof in proofs]
        other[index]["value"] = proofs[1 - index]["value"]
        with pytest.raises(SignatureError):
            request.parse(again({"proofs": other}))
    for fewer in (proofs[:1], proofs[::-1], []):
        with pytest.raises(StatementInvalidError) as refused:
            request.parse(again({"proofs": fewer}))
        assert refused.value.code == "request-invalid"


@pytest.mark.parametrize(
    "change",
    [{"format": "evidence-enrolment-request/2"}, {"extra": 1}, {"roles": ["registrar"]}, {"keys": []}],
)
def test_a_request_of_another_form_is_refused(change: dict[str, Any]):
    with pytest.raises(StatementInvalidError) as refused:
        request.parse(again(change))
    assert refused.value.code == "request-invalid"


def test_a_key_that_no_registrar_may_enrol_is_refused():
    small_order = "z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP"  # the point (0, 1) is no key
    with pytest.raises(LedgerError):
        request.parse(
            again({"keys": [{**SUBJECT["keys"][0], "publicKeyMultibase": small_order}, SUBJECT["keys"][1]]})
        )


def test_a_missing_private_key_is_told():
    with pytest.raises(MalformedError) as refused:
        request.make(SUBJECT, {"#2026": KEYS["#2026"]}, created=NOW)
    assert refused.value.code == "request-invalid"


@settings(max_examples=count(150))
@given(st.integers(0, len(MADE) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(position: int, bits: int):
    data = bytearray(MADE)
    data[position] ^= bits
    with pytest.raises(LedgerError):
        request.parse(bytes(data))

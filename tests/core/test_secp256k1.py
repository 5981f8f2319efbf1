"""Recovered addresses: own vectors, other people's signatures, and each form that is refused."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import secp256k1
from ledger.core.keccak import keccak256
from ledger.errors import LedgerError, MalformedError, SignatureError
from tests.campaign import count
from tests.core.vectors import KEYS, load, secret
from tests.outside import outside

DIGEST = hashlib.sha256(b"digest").digest()
SECRET = secret("secp256k1", "XA head 1")
ADDRESS = secp256k1.address_of(SECRET)
SIGNATURE = secp256k1.sign(SECRET, DIGEST)


def code_of(signature: bytes, digest: bytes = DIGEST) -> str:
    with pytest.raises(SignatureError) as refused:
        secp256k1.recover(digest, signature)
    return refused.value.code


@pytest.mark.parametrize("key", KEYS["secp256k1"], ids=lambda key: key["name"])
def test_addresses_are_those_of_the_vectors(key: dict[str, str]) -> None:
    assert "0x" + secp256k1.address_of(bytes.fromhex(key["scalar"])).hex() == key["address"]


def test_head_signatures_are_those_of_the_vectors() -> None:
    heads = load("eip712.json")["heads"]
    assert heads
    for head in heads:
        digest, signature = (bytes.fromhex(head[name].removeprefix("0x")) for name in ("digest", "signature"))
        assert "0x" + secp256k1.recover(digest, signature).hex() == head["signer"]


@given(st.binary(min_size=32, max_size=32))
def test_a_signature_recovers_its_signer(digest: bytes) -> None:
    signature = secp256k1.sign(SECRET, digest)
    assert secp256k1.recover(digest, signature) == ADDRESS
    assert signature == secp256k1.sign(SECRET, digest)


def test_the_high_s_form_is_refused_by_name() -> None:
    s = secp256k1.ORDER - int.from_bytes(SIGNATURE[32:64])
    other_v = bytes([55 - SIGNATURE[64]])
    assert code_of(SIGNATURE[:32] + s.to_bytes(32) + other_v) == "high-s"


@pytest.mark.parametrize("v", [0, 1, 26, 29, 35, 255])
def test_another_v_is_refused(v: int) -> None:
    assert code_of(SIGNATURE[:64] + bytes([v])) == "signature-invalid"


@pytest.mark.parametrize("size", [0, 63, 64, 66])
def test_another_length_is_refused(size: int) -> None:
    assert code_of((SIGNATURE * 2)[:size]) == "signature-invalid"


@pytest.mark.parametrize("number", [0, secp256k1.ORDER, 2**256 - 1])
def test_an_r_or_s_out_of_range_is_refused(number: int) -> None:
    assert code_of(number.to_bytes(32) + SIGNATURE[32:]) == "signature-invalid"
    assert code_of(SIGNATURE[:32] + number.to_bytes(32) + SIGNATURE[64:]) == "signature-invalid"


@given(st.binary(min_size=64, max_size=64), st.sampled_from([27, 28]))
@settings(max_examples=count(300))
def test_any_bytes_recover_somebody_or_are_refused(half: bytes, v: int) -> None:
    try:
        assert len(secp256k1.recover(DIGEST, half + bytes([v]))) == 20
    except LedgerError as error:
        assert isinstance(error, SignatureError)  # noqa: PT017


@pytest.mark.parametrize("scalar", [bytes(32), b"\xff" * 32, b"", bytes(33)])
def test_a_secret_out_of_range_is_refused(scalar: bytes) -> None:
    for attempt in (lambda: secp256k1.address_of(scalar), lambda: secp256k1.sign(scalar, DIGEST)):
        with pytest.raises(MalformedError):
            attempt()


@pytest.mark.parametrize("name", ["ecdsa_secp256k1_sha256_p1363_test.json"])
def test_wycheproof_verdicts_hold_except_that_high_s_is_refused(name: str) -> None:
    place = outside("wycheproof")
    counts = {True: 0, False: 0}
    high_s = 0
    for group in json.loads((place / name).read_text())["testGroups"]:
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        address = keccak256(point[1:])[-20:]
        for test in group["tests"]:
            signature = bytes.fromhex(test["sig"])
            digest = hashlib.sha256(bytes.fromhex(test["msg"])).digest()
            found = False
            for v in (27, 28):
                try:
                    found = found or secp256k1.recover(digest, signature + bytes([v])) == address
                except SignatureError as refused:
                    high_s += refused.code == "high-s" and test["result"] == "valid" and v == 27
            is_low = int.from_bytes(signature[32:64]) <= secp256k1.ORDER // 2
            assert found == (test["result"] == "valid" and is_low), test["tcId"]
            counts[found] += 1
    assert min(counts.values()) > 20
    assert high_s > 0

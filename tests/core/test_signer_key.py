"""Signer keys: one way to write each, and the verifier key that belongs to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.note import ED25519, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE, encode_vkey, parse_vkey
from ledger.core.signer_key import encode_signer_key, make_signer_key, parse_signer_key
from ledger.core.suites import EDDSA, PrivateKey, sign, verify
from ledger.errors import LedgerError, MalformedError

# The key pair in the documentation of golang.org/x/mod/sumdb/note, and what it signs there.
SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_the_documented_pair_belongs_together() -> None:
    key = parse_signer_key(SIGNER)
    assert encode_vkey(key.vkey) == VERIFIER
    assert encode_signer_key(key) == SIGNER
    signature = sign(PrivateKey(EDDSA, key.seed), b"text\n")
    assert parse_vkey(VERIFIER) == key.vkey
    verify(PrivateKey(EDDSA, key.seed).public, b"text\n", signature)


@given(st.binary(min_size=32, max_size=32), st.sampled_from([ED25519, ED25519_COSIGNATURE]))
def test_what_is_written_is_read(seed: bytes, kind: int) -> None:
    key = make_signer_key("witness.example.xb", kind, seed)
    assert parse_signer_key(encode_signer_key(key)) == key
    assert parse_vkey(encode_vkey(key.vkey)) == key.vkey


@pytest.mark.parametrize(
    "text",
    [
        *("", "PRIVATE+KEY+", VERIFIER, SIGNER[:-1], SIGNER + "=", SIGNER + "\n", SIGNER[8:], SIGNER[12:]),
        *(SIGNER.replace("c74f20a3", "c74f20a4"), SIGNER.replace("c74f20a3", "C74F20A3"), SIGNER.lower()),
        *(SIGNER.replace("PeterNeumann", "Peter Neumann"), SIGNER.replace("PeterNeumann", "")),
        *(SIGNER.replace("+AYEK", "+BoEK"), SIGNER.replace("+AYEK", "+/4EK"), SIGNER[:-4]),
    ],
)
def test_everything_else_is_refused_and_no_secret_told(text: str) -> None:
    with pytest.raises(LedgerError) as refused:
        parse_signer_key(text)
    assert refused.value.code in ("signer-key-malformed", "vkey-malformed")
    assert "EKFALVFGy" not in str(refused.value)


@pytest.mark.parametrize("size", range(0, 70, 3))
def test_a_seed_of_another_length_or_a_key_of_another_type_is_refused(size: int) -> None:
    for kind, seed in ((ED25519, bytes(size)), (MLDSA44_COSIGNATURE, bytes(32))):
        with pytest.raises(MalformedError) as refused:
            make_signer_key("log.example.xa", kind, seed)
        assert refused.value.code == "signer-key-malformed"


def test_a_key_is_not_shown() -> None:
    assert "seed" not in repr(parse_signer_key(SIGNER))


def test_every_changed_character_is_seen() -> None:
    for at in range(len(SIGNER)):
        with pytest.raises(LedgerError):
            parse_signer_key(SIGNER[:at] + ("A" if SIGNER[at] != "A" else "B") + SIGNER[at + 1 :])

"""ML-DSA-44: own vectors, and what changes is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import mldsa
from ledger.errors import MalformedError, SignatureError
from tests.core.vectors import KEYS, secret

SEED = secret("mlDsa44", "witness E")
PUBLIC = mldsa.public_of(SEED)
SIGNATURE = mldsa.sign(SEED, b"message")


@pytest.mark.parametrize("key", KEYS["mlDsa44"], ids=lambda key: key["name"])
def test_public_keys_are_those_of_the_vectors(key: dict[str, str]) -> None:
    assert mldsa.public_of(bytes.fromhex(key["seed"])).hex() == key["public"]


def test_a_signature_verifies_and_differs_each_time() -> None:
    mldsa.verify(PUBLIC, b"message", SIGNATURE)
    assert mldsa.sign(SEED, b"message") != SIGNATURE


def test_another_message_is_refused() -> None:
    with pytest.raises(SignatureError):
        mldsa.verify(PUBLIC, b"massage", SIGNATURE)


@given(st.integers(0, mldsa.SIGNATURE_SIZE * 8 - 1))
def test_every_changed_bit_is_refused(bit: int) -> None:
    changed = bytearray(SIGNATURE)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureError):
        mldsa.verify(PUBLIC, b"message", bytes(changed))


@pytest.mark.parametrize(
    ("public", "signature"), [(PUBLIC[:-1], SIGNATURE), (PUBLIC, SIGNATURE + b"\0"), (b"", b"")]
)
def test_another_length_is_refused(public: bytes, signature: bytes) -> None:
    with pytest.raises(SignatureError):
        mldsa.verify(public, b"message", signature)


def test_a_seed_of_another_length_is_refused() -> None:
    with pytest.raises(MalformedError):
        mldsa.public_of(SEED[:-1])

"""The hash of Ethereum, not that of FIPS 202."""

import hashlib

from Crypto.Hash import keccak
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.keccak import keccak256


def test_the_hash_of_nothing_is_the_known_one() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@given(st.binary(max_size=1000))
def test_it_equals_another_implementation_and_never_the_fips_one(data: bytes) -> None:
    assert keccak256(data) == keccak.new(data=data, digest_bits=256).digest()
    assert keccak256(data) != hashlib.sha3_256(data).digest()

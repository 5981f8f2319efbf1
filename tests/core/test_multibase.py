"""Base58btc: round trips, known texts, one text for one byte string."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.multibase import ALPHABET, LENGTH_LIMIT, base58btc_decode, base58btc_encode
from ledger.errors import MalformedError


@given(st.binary(max_size=150))
def test_what_is_written_is_read_back(data: bytes) -> None:
    assert base58btc_decode(base58btc_encode(data)) == data


@given(st.text(alphabet=ALPHABET, max_size=LENGTH_LIMIT - 1))
def test_digits_are_read_as_they_would_be_one_by_one(digits: str) -> None:
    number = 0
    for digit in digits:
        number = number * 58 + ALPHABET.index(digit)
    data = base58btc_decode("z" + digits)
    assert int.from_bytes(data) == number
    assert len(data) - len(data.lstrip(b"\0")) == len(digits) - len(digits.lstrip("1"))


@pytest.mark.parametrize("length", range(LENGTH_LIMIT))
def test_the_largest_number_of_each_length_is_read(length: int) -> None:
    assert int.from_bytes(base58btc_decode("z" + "z" * length)) == 58**length - 1


@given(st.text(alphabet=ALPHABET, max_size=100))
def test_what_is_read_is_written_back(digits: str) -> None:
    assert base58btc_encode(base58btc_decode("z" + digits)) == "z" + digits


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("z", b""),
        ("z1", b"\0"),
        ("z2NEpo7TZRRrLZSi2U", b"Hello World!"),
        ("zUXE7GvtEk8XTXs1GF8HSGbVA9FCX9SEBPe", b"Decentralize everything!!"),
        ("z11233QC4", bytes.fromhex("0000287fb4cd")),
    ],
)
def test_known_texts(text: str, data: bytes) -> None:
    assert base58btc_decode(text) == data
    assert base58btc_encode(data) == text


@pytest.mark.parametrize(
    "text", ["", "Z2", "u2", "z0", "zO", "zI", "zl", "z2 ", "z\n", "zü", "z\ud800", "z٢"]
)
def test_other_bases_and_characters_are_refused(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        base58btc_decode(text)
    assert refused.value.code == "multibase-malformed"


def test_a_long_text_is_refused_before_it_is_decoded() -> None:
    assert base58btc_decode("z" + "1" * (LENGTH_LIMIT - 1)) == bytes(LENGTH_LIMIT - 1)
    with pytest.raises(MalformedError):
        base58btc_decode("z" + "1" * LENGTH_LIMIT)

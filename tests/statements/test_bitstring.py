import gzip
import io
import random
import tracemalloc
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import MalformedError
from ledger.statements import bitstring
from tests.campaign import count

LENGTH = 131_072
INDEXES = st.sets(st.integers(0, 1023), max_size=200)


def text(packed: bytes) -> str:
    return "u" + urlsafe_b64encode(packed).rstrip(b"=").decode()


def refused(encoded: str, length: int = LENGTH) -> str:
    with pytest.raises(MalformedError) as error:
        bitstring.decode(encoded, length)
    assert error.value.code == "list-malformed"
    return str(error.value)


def attempted(encoded: str, length: int) -> bytes | None:
    """The bits, or None where the text is refused as it should be."""
    try:
        return bitstring.decode(encoded, length)
    except MalformedError as error:
        return None if error.code == "list-malformed" else b"another code"


def naive(bits: bytes) -> list[int]:
    return [index for index, digit in enumerate("".join(f"{byte:08b}" for byte in bits)) if digit == "1"]


def test_the_example_of_the_standard_is_read():
    # W3C Bitstring Status List 1.0, section 2.1: the list of its example credential.
    encoded = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
    assert bitstring.decode(encoded, LENGTH) == bytes(LENGTH // 8)


def test_the_first_bit_is_the_most_significant_of_the_first_byte():
    bits = bitstring.of(LENGTH, [0, 15, LENGTH - 1])
    assert (bits[:2], bits[-1]) == (b"\x80\x01", 1)
    assert bitstring.bit(bits, 0)
    assert not bitstring.bit(bits, 1)


@settings(max_examples=count(100))
@given(INDEXES, INDEXES)
def test_bits_are_those_of_a_naive_reference(old: set[int], new: set[int]):
    earlier, later = bitstring.of(1024, old), bitstring.of(1024, new)
    assert bitstring.decode(bitstring.encode(earlier), 1024) == earlier
    assert list(bitstring.indexes(earlier)) == naive(earlier) == sorted(old)
    assert [index for index in range(1024) if bitstring.bit(earlier, index)] == sorted(old)
    assert list(bitstring.changed(earlier, later)) == sorted(old ^ new)
    put = earlier
    for index in old ^ new:
        put = bitstring.put(put, index, is_set=index in new)
    assert put == later


@settings(max_examples=count(100))
@given(st.binary(max_size=64), st.binary(max_size=64))
def test_a_list_that_grew_is_compared_as_if_it_had_held_zeros(old: bytes, new: bytes):
    width = max(len(old), len(new))
    expected = set(naive(old.ljust(width, b"\0"))) ^ set(naive(new.ljust(width, b"\0")))
    assert set(bitstring.changed(old, new)) == expected


@pytest.mark.parametrize("index", [-1, 16, 10**30])
def test_an_index_outside_the_list_is_no_bit_of_it(index: int):
    for call in (
        lambda: bitstring.bit(b"\0\0", index),
        lambda: bitstring.put(b"\0\0", index, is_set=True),
        lambda: bitstring.of(16, [index]),
    ):
        with pytest.raises(IndexError):
            call()


@settings(max_examples=count(200))
@given(
    st.text(max_size=80)
    | st.binary(max_size=80).map(text)
    | st.binary(max_size=40).map(gzip.compress).map(text)
)
def test_any_text_is_a_list_or_is_refused(encoded: str):
    bits = attempted(encoded, 256)
    assert bits is None or len(bits) == 32


@settings(max_examples=count(200))
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_every_changed_byte_of_a_stream_is_noticed_or_changes_no_bit(place: int, mask: int):
    bits = bitstring.of(2048, range(0, 2048, 7))
    packed = bytearray(zlib.compress(bits, 9, 31))
    packed[place % len(packed)] ^= mask
    assert attempted(text(bytes(packed)), 2048) in (None, bits)


@pytest.mark.parametrize("size", [LENGTH // 8 - 1, LENGTH // 8 + 1, 0, 1])
def test_a_list_of_another_length_is_refused(size: int):
    assert "bits" in refused(text(gzip.compress(bytes(size), mtime=0)))


def test_a_bomb_is_given_up_at_the_first_byte_too_many():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = text(b"".join(packer.compress(bytes(1 << 20)) for _ in range(180)) + packer.flush())
    assert len(bomb) < 256 * 1024  # 180 MiB in what a statement may hold
    tracemalloc.start()
    try:
        assert "inflates to more" in refused(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_stream_of_a_hundred_thousand_empty_blocks_is_read_once():
    packer = zlib.compressobj(0, zlib.DEFLATED, -15)
    body = packer.compress(bytes(LENGTH // 8)) + packer.flush()
    empty = b"\x00\x00\x00\xff\xff" * 30_000
    crc = zlib.crc32(bytes(LENGTH // 8)).to_bytes(4, "little") + (LENGTH // 8).to_bytes(4, "little")
    header = b"\x1f\x8b\x08\x00" + bytes(6)
    assert bitstring.decode(text(header + empty + body + crc), LENGTH) == bytes(LENGTH // 8)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda packed: packed + b"\0", "follow"),
        (lambda packed: packed + packed, "follow"),
        (lambda packed: packed[:-1], "early"),
        (lambda packed: packed[:-8], "early"),
        (lambda packed: packed[:40], "early"),
        (lambda packed: b"", "gzip"),
        (lambda packed: packed[:-8] + bytes(8), "broken"),
        (lambda packed: packed[:-4] + b"\1\0\0\0", "broken"),
        (lambda packed: packed[:2] + b"\7" + packed[3:], "flags"),
        (lambda packed: zlib.compress(bytes(LENGTH // 8)), "flags"),
        (lambda packed: zlib.compress(bytes(LENGTH // 8), wbits=-15), "flags"),
        (lambda packed: bytes(LENGTH // 8), "flags"),
    ],
)
def test_a_stream_that_is_cut_lengthened_or_another_is_refused(change: Callable[[bytes], bytes], says: str):
    packed = gzip.compress(bitstring.of(LENGTH, [5, 9]), mtime=0)
    assert bitstring.decode(text(packed), LENGTH)
    assert says in refused(text(change(packed)))


def test_a_stream_with_a_file_name_is_refused():
    target = io.BytesIO()
    with gzip.GzipFile("jane.doe", "wb", fileobj=target, mtime=0) as stream:
        stream.write(bytes(LENGTH // 8))
    assert "flags" in refused(text(target.getvalue()))


def test_other_writings_of_the_same_bytes_are_refused():
    bits = bitstring.of(LENGTH, [1001])
    good = next(
        made
        for name in range(200)
        if len(made := text(zlib.compress(bitstring.put(bits, name, is_set=True), 9, 31))) % 4 == 3
    )
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(good[-1])
    other_bits = good[:-1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last | 1]
    assert bitstring.decode(good, LENGTH)
    for encoded in (
        good[1:],
        "z" + good[1:],
        good + "=",
        good + "==",
        good + "\n",
        good[:9] + " " + good[9:],
        good.replace("_", "/").replace("-", "+") if set("_-") & set(good) else good + "+",
        good[:-1],
        "",
        "u",
        other_bits,
        good[:5] + "\u00e9" + good[5:],
    ):
        refused(encoded)


def test_one_percent_of_131072_takes_less_than_3_kb():
    for seed in range(8):
        withdrawn = random.Random(seed).sample(range(LENGTH), LENGTH // 100)
        assert len(bitstring.encode(bitstring.of(LENGTH, withdrawn))) < 3_000

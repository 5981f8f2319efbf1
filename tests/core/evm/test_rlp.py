"""One encoding for each value, and no other accepted; the PyPI package `rlp` is the oracle."""

from typing import Any

import pytest
import rlp as oracle
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.core.evm import rlp
from ledger.errors import MalformedError

ITEMS = st.recursive(
    st.binary(max_size=70), lambda items: st.lists(items, max_size=6).map(tuple), max_leaves=20
)


def listed(item: rlp.Item) -> Any:
    return item if isinstance(item, bytes) else [listed(each) for each in item]


def depth(item: rlp.Item) -> int:
    return 0 if isinstance(item, bytes) else 1 + max(map(depth, item), default=0)


@given(ITEMS)
@example(bytes(55))
@example(bytes(56))
@example(bytes(256))
@example((bytes(55),))
@example(bytes(1 << 16))
@example(b"\x7f")
@example(b"\x80")
def test_what_is_encoded_equals_the_oracle_and_decodes_again(item: rlp.Item) -> None:
    encoded = rlp.encode(item)
    assert encoded == oracle.encode(listed(item))
    if depth(item) <= rlp.DEPTH_LIMIT:
        assert rlp.decode(encoded) == item


def verdict_of_the_oracle(data: bytes) -> Any:
    try:
        return oracle.decode(data)
    except (oracle.DecodingError, IndexError):
        return None


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_or_encode_to_themselves_just_as_the_oracle_says(data: bytes) -> None:
    try:
        item = rlp.decode(data)
    except MalformedError as refused:
        if refused.code != "rlp-too-deep":
            assert verdict_of_the_oracle(data) is None
    else:
        assert rlp.encode(item) == data
        assert verdict_of_the_oracle(data) == listed(item)


@given(ITEMS, st.data())
def test_one_changed_byte_is_refused_or_encodes_to_itself(item: rlp.Item, data: st.DataObject) -> None:
    encoded = bytearray(rlp.encode(item))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] = data.draw(st.integers(0, 255))
    test_any_bytes_are_refused_or_encode_to_themselves_just_as_the_oracle_says.hypothesis.inner_test(
        bytes(encoded)
    )


@pytest.mark.parametrize(
    ("data", "code", "offset"),
    [
        ("", "rlp-truncated", 0),
        ("8100", "rlp-not-canonical", 0),
        ("817f", "rlp-not-canonical", 0),
        ("b800", "rlp-not-canonical", 0),
        ("b837" + "01" * 55, "rlp-not-canonical", 0),
        ("b90038" + "01" * 56, "rlp-not-canonical", 0),
        ("f837" + "01" * 55, "rlp-not-canonical", 0),
        ("c28101", "rlp-not-canonical", 1),
        ("81", "rlp-truncated", 0),
        ("b9", "rlp-truncated", 0),
        ("bfffffffffffffffff", "rlp-truncated", 0),
        ("c2", "rlp-truncated", 0),
        ("c282ffff", "rlp-truncated", 1),
        ("c3c282ffff", "rlp-truncated", 2),
        ("0000", "rlp-trailing", 1),
        ("c000", "rlp-trailing", 1),
        ("8080", "rlp-trailing", 1),
        ("c8c7c6c5c4c3c2c1c0", "rlp-too-deep", 8),
    ],
)
def test_another_form_is_refused_with_its_cause_and_place(data: str, code: str, offset: int) -> None:
    with pytest.raises(MalformedError) as refused:
        rlp.decode(bytes.fromhex(data))
    assert (refused.value.code, refused.value.offset) == (code, offset)


def test_lists_may_be_nested_to_the_limit_and_no_deeper() -> None:
    nested: rlp.Item = ()
    for _ in range(rlp.DEPTH_LIMIT - 1):
        nested = (nested,)
    assert rlp.decode(rlp.encode(nested)) == nested
    with pytest.raises(MalformedError) as refused:
        rlp.decode(rlp.encode((nested,)))
    assert refused.value.code == "rlp-too-deep"


def test_a_size_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(MalformedError) as refused:
        rlp.decode(b"\xff" * (rlp.SIZE_LIMIT + 1))
    assert refused.value.code == "rlp-too-large"


@given(st.integers(0, 2**256 - 1))
def test_an_integer_reads_back_from_its_bytes(value: int) -> None:
    assert rlp.read_integer(rlp.encode_integer(value), "value") == value


@pytest.mark.parametrize(
    ("item", "code"), [(b"\0", "rlp-not-canonical"), (b"\0\1", "rlp-not-canonical"), (b"\1" * 9, "rlp-shape")]
)
def test_an_integer_has_no_leading_zero_and_fits(item: bytes, code: str) -> None:
    with pytest.raises(MalformedError) as refused:
        rlp.read_integer(item, "value", 8)
    assert refused.value.code == code


def test_a_list_is_no_byte_string_and_a_byte_string_no_list() -> None:
    for read, item in ((rlp.read_bytes, ()), (rlp.read_integer, ()), (rlp.read_list, b"")):
        with pytest.raises(MalformedError) as refused:
            read(item, "value")  # type: ignore[operator]
        assert refused.value.code == "rlp-shape"

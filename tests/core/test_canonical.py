"""Canonical JSON against the committed vectors, RFC 8785's own, and a writer in Python."""

import json
import time
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.canonical import (
    BUNDLE_LIMIT,
    DEPTH_LIMIT,
    INTEGER_LIMIT,
    STATEMENT_LIMIT,
    decode,
    decode_part,
    encode,
    encode_decoded,
    normalise,
)
from ledger.errors import LedgerError, MalformedError
from tests.core.vectors import load
from tests.outside import outside

VECTORS = load("json.json")
NOT_PARSED = ("leading zero", "comment", "trailing comma", "two values")

text = st.text(st.characters(exclude_categories=["Cs"]))
names = st.text(st.characters(max_codepoint=127))
values = st.recursive(
    st.booleans() | st.integers(-INTEGER_LIMIT, INTEGER_LIMIT) | text,
    lambda below: st.lists(below, max_size=5) | st.dictionaries(names, below, max_size=5),
    max_leaves=30,
)


def bytes_of(vector: dict[str, Any]) -> bytes:
    if "hex" in vector:
        return bytes.fromhex(vector["hex"])
    assert vector["name"] == "256 KiB + 1"
    return b'{"a":"' + b"x" * 262_137 + b'"}'


def read_statement(data: bytes) -> Any:
    return decode(data, limit=STATEMENT_LIMIT, what="statement")


def code_of(data: bytes) -> str:
    with pytest.raises(MalformedError) as refused:
        read_statement(data)
    return refused.value.code


def test_the_vector_file_holds_both_verdicts() -> None:
    assert len(VECTORS["refused"]) >= 34
    assert len(VECTORS["accepted"]) >= 8


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])
def test_a_refused_vector_is_refused_with_its_code_and_offset(vector: dict[str, Any]) -> None:
    code, _, said = vector["says"].partition(": ")
    with pytest.raises(MalformedError) as refused:
        read_statement(bytes_of(vector))
    assert refused.value.code == code
    expected = int(said.removeprefix("offset ")) if said.startswith("offset ") else None
    assert refused.value.offset == expected


@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=lambda vector: vector["hex"][:40])
def test_an_accepted_vector_is_its_own_encoding(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    assert encode(read_statement(data)) == data


@given(values)
def test_encoding_equals_rfc_8785_and_is_read_back(value: Any) -> None:
    data = encode(value)
    assert data == rfc8785.dumps(value)
    assert encode_decoded(value) == data
    assert decode(data, limit=BUNDLE_LIMIT, what="value") == value


@given(values, st.integers(0, 3))
def test_any_spelling_normalises_to_the_canonical_bytes(value: Any, indent: int) -> None:
    spelled = json.dumps(value, indent=indent, sort_keys=False).encode()
    assert encode(normalise(spelled, limit=BUNDLE_LIMIT, what="value")) == rfc8785.dumps(value)


def test_the_rfc_8785_files_normalise_to_their_outputs_or_are_refused_by_name() -> None:
    folder = outside("jcs") / "testdata"
    verdicts = {}
    for file in sorted((folder / "input").glob("*.json")):
        expected = (folder / "output" / file.name).read_bytes()
        try:
            verdicts[file.name] = (
                encode(normalise(file.read_bytes(), limit=BUNDLE_LIMIT, what="value")) == expected
            )
        except MalformedError as refused:
            verdicts[file.name] = refused.code
    assert verdicts == {
        "arrays.json": "not-canonical",  # null
        "french.json": "member-name",
        "structures.json": "not-canonical",  # a float
        "unicode.json": True,
        "values.json": "not-canonical",  # floats
        "weird.json": "member-name",
    }


def test_integers_of_the_number_serialisation_list_are_written_alike_and_floats_refused() -> None:
    import struct

    written, refused = 0, 0
    for line in (outside("jcs") / "es6_1000.txt").read_text().splitlines():
        bits, expected = line.split(",")
        number = struct.unpack(">d", bytes.fromhex(bits.zfill(16)))[0]
        with pytest.raises(MalformedError):
            encode(number)
        refused += 1
        if number.is_integer() and abs(number) <= INTEGER_LIMIT:
            assert encode(int(number)).decode() == expected
            written += 1
    assert refused == 1000
    assert written > 0


@pytest.mark.parametrize("limit", [INTEGER_LIMIT, -INTEGER_LIMIT])
def test_the_largest_integers_pass_and_the_next_do_not(limit: int) -> None:
    assert read_statement(b"%d" % limit) == limit
    assert code_of(b"[%d]" % (limit + (1 if limit > 0 else -1))) == "not-canonical"


def test_depth_counts_arrays_and_objects_from_one() -> None:
    deepest = b"[" * DEPTH_LIMIT + b"1" + b"]" * DEPTH_LIMIT
    assert encode(read_statement(deepest)) == deepest
    assert code_of(b'{"a":' + deepest + b"}") == "too-deep"
    assert code_of(b'{"a":1.5,"b":' + deepest + b"}") == "too-deep"


@pytest.mark.parametrize(
    "value",
    [
        None,
        1.5,
        1.0,
        float("nan"),
        b"bytes",
        (1,),
        {1: 2},
        {"\u00fc": 1},
        {"a": {"\ud800": 1}},
        "\ud800",
        2**53,
        {1},
    ],
)
def test_values_outside_the_restrictions_are_never_written(value: Any) -> None:
    with pytest.raises(MalformedError):
        encode({"a": [value]})


def test_a_type_that_only_looks_like_a_permitted_one_is_not_written() -> None:
    class Text(str):
        __slots__ = ()

    class Names(dict):  # type: ignore[type-arg]  # a stand-in
        pass

    for value in (Text("a"), Names(a=1), {Text("a"): 1}, {"a": {"b": Text("c")}}):
        with pytest.raises(MalformedError):
            encode(value)


def test_a_fault_is_named_by_its_pointer() -> None:
    with pytest.raises(MalformedError) as refused:
        read_statement(b'{"a":[1,{"b/c":null}]}')
    assert refused.value.pointer == "/a/1/b~1c"
    with pytest.raises(MalformedError) as refused:
        read_statement('{"a":{"ü":1}}'.encode())
    assert (refused.value.code, refused.value.pointer) == ("member-name", "/a")


def test_a_duplicate_member_is_not_normalised_away() -> None:
    with pytest.raises(MalformedError) as refused:
        normalise(b'{"x":{"a":1, "a":2}}', limit=100, what="draft")
    assert refused.value.code == "duplicate-member"


def test_a_byte_order_mark_is_forgiven_when_normalising_only() -> None:
    assert normalise(b'\xef\xbb\xbf{"a": 1}', limit=100, what="draft") == {"a": 1}
    assert code_of(b'\xef\xbb\xbf{"a":1}') == "not-canonical"


@given(
    st.binary(max_size=60) | st.text(alphabet='{}[]",:0123456789.eE+-\\ua \n', max_size=60).map(str.encode)
)
def test_any_bytes_are_read_or_refused_and_what_is_read_is_canonical(data: bytes) -> None:
    try:
        value = read_statement(data)
    except LedgerError:
        return
    assert rfc8785.dumps(value) == data


@pytest.mark.parametrize(
    "data",
    [
        b"[" * BUNDLE_LIMIT,
        b'{"a":' * (BUNDLE_LIMIT // 5),
        b"[]" * (BUNDLE_LIMIT // 2),
        b'"' * BUNDLE_LIMIT,
        b'"\\' * (BUNDLE_LIMIT // 2),
        b"9" * BUNDLE_LIMIT,
        b"x" * (BUNDLE_LIMIT + 1),
    ],
    ids=["brackets", "objects", "pairs", "quotes", "escapes", "digits", "beyond the limit"],
)
def test_hostile_input_of_the_largest_size_ends_quickly(data: bytes) -> None:
    start = time.process_time()
    with pytest.raises(MalformedError):
        decode(data, limit=BUNDLE_LIMIT, what="bundle")
    assert time.process_time() - start < 5


foreign = st.recursive(
    values
    | st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([INTEGER_LIMIT + 1, -INTEGER_LIMIT - 1])
    | st.sampled_from(["[0", ",0", '":0', "n", "é"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(names | text, below, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(names | text, foreign, max_size=3))
def test_a_part_is_read_where_the_whole_is(value: Any) -> None:
    data = encode_decoded(value)
    try:
        whole = decode(data, limit=STATEMENT_LIMIT, what="document")
    except MalformedError:
        whole = None
    assert decode_part(data, around=0) == whole


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":null}',
        b'{"a":[null]}',
        b'{"a":["b",null]}',
        b'{"a":0.5}',
        b'{"a":[-0.5]}',
        b'{"a":["b",9007199254740992]}',
        b'{"a":-9007199254740992}',
        '{"é":"b"}'.encode(),
        b'{"\\u00e9":"b"}',
        b'{"a": "b"}',
        b'{"b":"","a":""}',
        b'{"a":' * 32 + b'""' + b"}" * 32,
        b'{"a":' + b"[" * 31 + b"]" * 31 + b"}",
    ],
)
def test_a_part_that_the_whole_may_not_hold_is_not_read(data: bytes) -> None:
    assert decode_part(data, around=1) is None


@pytest.mark.parametrize(
    "data", [b'{"a":' * 31 + b'""' + b"}" * 31, b'{"a":"x,0 [n \\":0"}', b'{"a":[0,-1,true]}']
)
def test_a_part_that_only_looks_like_it_is_read(data: bytes) -> None:
    assert decode_part(data, around=1) == json.loads(data)

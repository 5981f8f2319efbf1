"""Commitments and the file of openings."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.canonical import encode
from ledger.core.commitment import Opening, Openings, commitment, encode_openings, parse_openings
from ledger.errors import LedgerError, MalformedError
from tests.core.vectors import load, read

VECTORS = load("commitments.json")
EXAMPLE = read("openings/example.openings.json")
SALT = bytes(range(32))
ID = "urn:uuid:0198f3c2-0000-7000-8000-000000000001"

hashes = st.binary(min_size=32, max_size=32)
named = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
openings = st.builds(
    Opening, hashes, value=st.integers(0, 9) | st.booleans() | st.just("ü"), name=named
) | st.builds(Opening, hashes, file_sha256=hashes, name=named)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["pointer"])
def test_a_commitment_is_that_of_the_vectors(vector: dict[str, Any]) -> None:
    value = bytes.fromhex(vector["v"])
    if "value" in vector:
        assert encode(vector["value"]) == value
    found = commitment(vector["statementId"], vector["pointer"], bytes.fromhex(vector["salt"]), value)
    assert found.hex() == vector["commitment"]


def test_the_example_opens_the_commitments_of_the_vectors_and_is_written_back() -> None:
    held = parse_openings(EXAMPLE)
    assert encode_openings(held) == EXAMPLE
    expected = {vector["pointer"]: vector["commitment"] for vector in VECTORS}
    assert expected == {
        pointer: commitment(held.statement, pointer, opening.salt, opening.committed).hex()
        for pointer, opening in held.openings.items()
    }


@given(
    st.dictionaries(st.text(alphabet="ab/~", max_size=5).map("/".__add__), openings, min_size=1, max_size=3)
)
def test_what_is_written_is_read_back(held: dict[str, Opening]) -> None:
    assert parse_openings(encode_openings(Openings(ID, held))) == Openings(ID, held)


def test_a_commitment_cannot_be_moved_or_opened_otherwise() -> None:
    made = commitment(ID, "/a", SALT, b"1")
    others = [
        commitment(ID, "/b", SALT, b"1"),
        commitment(ID[:-1] + "2", "/a", SALT, b"1"),
        commitment(ID, "/a", bytes(32), b"1"),
        commitment(ID, "/a", SALT, b"2"),
        commitment(ID, "/a" + SALT.decode("latin-1")[:1], SALT, b"1"),
    ]
    assert len({made, *others}) == 6


@pytest.mark.parametrize("salt", [b"", bytes(31), bytes(33)])
def test_a_salt_has_32_bytes(salt: bytes) -> None:
    with pytest.raises(MalformedError):
        commitment(ID, "/a", salt, b"")


def test_the_context_has_a_length_that_fits() -> None:
    with pytest.raises(MalformedError):
        commitment(ID, "/" + "a" * 65_536, SALT, b"")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"openings/1", b"openings/2"),
        (b'"statement":"urn:uuid:', b'"statement":"urn:other:'),
        (b'"salt":"88', b'"salt":"8'),
        (b'"salt":"88546bb2681c27b5', b'"salt":"88546BB2681C27B5'),
        (b'"/credentialSubject/volume', b'"credentialSubject/volume'),
        (b'"value":4200', b'"value":4200,"zother":1'),
        (b'"value":4200', b'"value":null'),
        (b',"value":4200', b""),
        (b'"name":"file.txt"', b'"name":1'),
        (b'"fileSha256":"da', b'"fileSha256":"d'),
        (b"}", b"} "),
    ],
)
def test_another_form_of_openings_is_refused(old: bytes, new: bytes) -> None:
    assert old in EXAMPLE
    with pytest.raises(MalformedError):
        parse_openings(EXAMPLE.replace(old, new, 1))


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"format": "evidence-openings/1", "openings": {}, "statement": ID},
        {"format": "evidence-openings/1", "openings": [], "statement": ID},
        {"format": "evidence-openings/1", "openings": {"/a": []}, "statement": ID},
        {"format": "evidence-openings/1", "openings": {"/a": {"value": 1}}, "statement": ID},
        {"format": "evidence-openings/1", "openings": {"/a": {"salt": 1, "value": 1}}, "statement": ID},
        {
            "format": "evidence-openings/1",
            "openings": {"/a": {"salt": "00" * 32, "value": 1, "fileSha256": "00" * 32}},
            "statement": ID,
        },
    ],
)
def test_a_document_of_another_shape_is_refused(document: Any) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_openings(encode(document))
    assert refused.value.code == "openings-malformed"


@given(st.binary(max_size=50))
def test_any_bytes_are_refused_in_our_own_words(data: bytes) -> None:
    with pytest.raises(LedgerError):
        parse_openings(data)

"""Receipts: byte for byte, and only for the entry and log they are of."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.merkle import leaf_hash, verify_inclusion
from ledger.core.note import parse_vkey
from ledger.core.receipt import RECEIPT_LIMIT, Receipt, encode_receipt, parse_receipt, verify_receipt
from ledger.errors import LedgerError, MalformedError, ProofError, SignatureError
from tests.core.vectors import KEYS, LOG, read
from tests.outside import outside

ROWS = [(checkpoint, row) for checkpoint in LOG["checkpoints"] for row in checkpoint["receipts"]]
LOG_KEYS: dict[str, Any] = {
    "origin": LOG["origin"],
    "vkeys": [parse_vkey(text) for text in LOG["vkeys"][:2]],
    "head_addresses": [bytes.fromhex(KEYS["logs"][0]["headKeys"][0]["address"].removeprefix("0x"))],
}
DATA = read("log/size-7-index-3.tlog-proof")
RECEIPT = parse_receipt(DATA)
ENTRY = RECEIPT.extra or b""


def test_there_are_ten_receipts() -> None:
    assert len(ROWS) == 10


@pytest.mark.parametrize(("checkpoint", "row"), ROWS, ids=lambda value: value.get("file"))
def test_a_receipt_of_the_vectors_proves_its_entry_and_is_written_back(
    checkpoint: dict[str, Any], row: dict[str, Any]
) -> None:
    data = read(row["file"])
    receipt = parse_receipt(data)
    assert encode_receipt(receipt) == data
    assert receipt.checkpoint == read(checkpoint["file"])
    assert [one.hex() for one in receipt.path] == row["path"]
    assert receipt.extra == bytes.fromhex(row["entry"])
    assert leaf_hash(receipt.extra).hex() == row["leafHash"]
    found = verify_receipt(receipt, bytes.fromhex(row["entry"]), **LOG_KEYS)
    assert (found.size, found.root.hex()) == (checkpoint["size"], checkpoint["root"])


def test_somebody_else_s_receipt_without_extra_is_written_back() -> None:
    own = json.loads((outside("c2sp-examples") / "selfmade.json").read_text())
    data = own["tlog_proof_index3"].encode()
    receipt = parse_receipt(data)
    assert receipt.extra is None
    assert encode_receipt(receipt) == data
    root = b64decode(receipt.checkpoint.split(b"\n")[2])
    verify_inclusion(leaf_hash(b"leaf-3"), receipt.index, 5, receipt.path, root)


@given(
    st.integers(0, 2**63 - 2),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(min_size=1, max_size=100),
)
def test_what_is_written_is_read_back(index: int, path: list[bytes], extra: bytes | None) -> None:
    receipt = Receipt(index, tuple(path), RECEIPT.checkpoint, extra)
    assert parse_receipt(encode_receipt(receipt)) == receipt


@given(st.data())
def test_a_changed_byte_never_verifies(data: st.DataObject) -> None:
    changed = bytearray(DATA)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        receipt = parse_receipt(bytes(changed))
        assert encode_receipt(receipt) == changed
        verify_receipt(receipt, ENTRY, **LOG_KEYS)
    except LedgerError:
        return
    assert receipt == replace(RECEIPT, extra=receipt.extra)  # only what nobody signs may change


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1", b"@v2"),
        (b"index 3", b"index 03"),
        (b"index 3", b"index -3"),
        (b"index 3", b"index +3"),
        (b"index 3", b"index  3"),
        (b"index 3", b"index 3 "),
        (b"index 3", b"index " + b"9" * 19),
        (b"index 3", b"index " + b"9" * 5000),
        (b"index 3\n", b""),
        (b"index 3\n", b"index 3\n" + b64encode(bytes(31)) + b"\n"),
        (b"index 3\n", b"index 3\n" + (b64encode(bytes(32)) + b"\n") * 61),
        (b"extra ", b"extra"),
        (b"extra ", b"other "),
        (b"\nindex", b"\n\nindex"),
        (b"\n\nregistry", b"\nregistry"),
        (b"\nindex 3", b"\r\nindex 3"),
        (b"index 3\n", b"index 3\nextra AAAA\n"),
    ],
)
def test_another_spelling_is_refused(old: bytes, new: bytes) -> None:
    assert old in DATA
    with pytest.raises(MalformedError):
        parse_receipt(DATA.replace(old, new, 1))


def test_an_empty_or_loose_extra_is_refused() -> None:
    line = b"extra " + b64encode(ENTRY)
    for other in (b"extra ", line.rstrip(b"="), line[:-2] + b"B=", b"extra " + b64encode(bytes(65_537))):
        with pytest.raises(MalformedError):
            parse_receipt(DATA.replace(line, other, 1))


def test_a_receipt_is_of_one_entry_one_place_and_one_log() -> None:
    with pytest.raises(ProofError):
        verify_receipt(RECEIPT, bytes(32), **LOG_KEYS)
    with pytest.raises(ProofError):
        verify_receipt(replace(RECEIPT, index=2), ENTRY, **LOG_KEYS)
    with pytest.raises(ProofError):
        verify_receipt(replace(RECEIPT, checkpoint=read("log/checkpoint-2.txt")), ENTRY, **LOG_KEYS)
    with pytest.raises(SignatureError):
        verify_receipt(RECEIPT, ENTRY, **{**LOG_KEYS, "origin": "registry.example.xb/XB/2026"})


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_in_our_own_words(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_receipt(b"c2sp.org/tlog-proof@v1\n" + data)


def test_a_receipt_larger_than_any_is_refused_before_it_is_read() -> None:
    with pytest.raises(MalformedError) as refused:
        parse_receipt(bytes(RECEIPT_LIMIT + 1))
    assert refused.value.code == "too-large"

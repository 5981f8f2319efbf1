"""Header, account, storage and receipt of one real block, and every way to spoil them."""

import json
from typing import Any

import pytest

from ledger.core.evm import rlp, trie
from ledger.core.evm.account import prove_account, prove_slot
from ledger.core.evm.header import Header, parse_header
from ledger.core.evm.receipt import anchored_event, parse_receipt, prove_receipt, receipt_key
from ledger.errors import LedgerError, MalformedError, ProofError
from tests.core.evm import chain

VECTORS = json.loads(chain.VECTORS.read_text())
RECEIPTS = VECTORS["receipts"]
STORAGE = VECTORS["storage"]


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def unhexed(texts: list[str]) -> list[bytes]:
    return [unhex(text) for text in texts]


HEADER = unhex(VECTORS["header"])
STATE_ROOT = unhex(VECTORS["stateRoot"])
RECEIPTS_ROOT = unhex(VECTORS["receiptsRoot"])
ANCHOR = unhex(VECTORS["anchor"])
LOG_ID = unhex(VECTORS["logId"])
ACCOUNT = unhexed(VECTORS["account"])


def test_the_vectors_are_what_py_evm_makes_today() -> None:
    assert chain.VECTORS.read_text() == chain.written(chain.make_vectors())


def test_the_vectors_hold_present_and_absent_values_and_every_type() -> None:
    assert {row["type"] for row in RECEIPTS} == {0, 1, 2, 4}
    assert {unhex(row["value"]) == bytes(32) for row in STORAGE} == {True, False}
    assert len(HEADER) > 600


def test_a_real_header_reads_with_its_hash_and_roots() -> None:
    header = parse_header(HEADER)
    assert header.hash == unhex(VECTORS["hash"])
    assert (header.number, header.time) == (VECTORS["number"], VECTORS["time"])
    assert (header.state_root, header.receipts_root) == (STATE_ROOT, RECEIPTS_ROOT)
    assert rlp.encode(header.fields) == header.encoded == HEADER


FIELDS = parse_header(HEADER).fields


@pytest.mark.parametrize("count", range(15, 22))
def test_a_header_of_any_fork_since_the_first_reads(count: int) -> None:
    assert parse_header(rlp.encode(FIELDS[:count])).fields == FIELDS[:count]


def test_fields_of_a_fork_to_come_are_kept() -> None:
    tail: tuple[rlp.Item, ...] = (b"\0\0", (b"list",), b"")
    header = parse_header(rlp.encode(FIELDS + tail))
    assert header.fields[len(FIELDS) :] == tail
    assert header.hash != unhex(VECTORS["hash"])


def with_field(index: int, item: rlp.Item) -> bytes:
    return rlp.encode((*FIELDS[:index], item, *FIELDS[index + 1 :]))


@pytest.mark.parametrize("index", [0, 1, 3, 4, 5, 13, 16, 19, 20])
@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_root_of_another_length_than_32_is_refused(index: int, length: int) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_header(with_field(index, b"\1" * length))
    assert refused.value.code == "rlp-shape"


@pytest.mark.parametrize("index", [7, 8, 9, 10, 11, 15, 17, 18])
def test_an_integer_field_with_a_leading_zero_or_too_long_is_refused(index: int) -> None:
    for digits, code in (
        (b"\0", "rlp-not-canonical"),
        (b"\0\1", "rlp-not-canonical"),
        (b"\1" * 33, "rlp-shape"),
    ):
        with pytest.raises(MalformedError) as refused:
            parse_header(with_field(index, digits))
        assert refused.value.code == code


@pytest.mark.parametrize("index", range(len(FIELDS)))
def test_a_list_in_place_of_a_known_field_is_refused(index: int) -> None:
    with pytest.raises(MalformedError):
        parse_header(with_field(index, ()))


@pytest.mark.parametrize(
    ("encoded", "code"),
    [
        (rlp.encode(FIELDS[:14]), "header-fields"),
        (rlp.encode(()), "header-fields"),
        (rlp.encode(HEADER), "rlp-shape"),
        (HEADER + b"\0", "rlp-trailing"),
        (HEADER[:-1], "rlp-truncated"),
        (b"", "rlp-truncated"),
        (b"\xff" * ((1 << 16) + 1), "header-too-large"),
        (with_field(6, bytes(255)), "rlp-shape"),
        (with_field(2, bytes(19)), "rlp-shape"),
        (with_field(14, bytes(7)), "rlp-shape"),
    ],
)
def test_what_is_no_header_is_refused_with_its_cause(encoded: bytes, code: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_header(encoded)
    assert refused.value.code == code


def test_every_changed_byte_of_a_header_changes_its_hash_or_is_refused() -> None:
    for at in range(len(HEADER)):
        changed = bytearray(HEADER)
        changed[at] ^= 1
        try:
            header = parse_header(bytes(changed))
        except MalformedError:
            continue
        assert header.hash != unhex(VECTORS["hash"])


def test_a_real_account_proves_its_code_and_storage() -> None:
    account = prove_account(STATE_ROOT, ANCHOR, ACCOUNT)
    assert account.code_hash == unhex(VECTORS["codeHash"])
    assert (account.nonce, account.balance) == (1, 0)


@pytest.mark.parametrize("row", STORAGE, ids=lambda row: row["name"])
def test_a_real_slot_proves_its_value_or_its_emptiness(row: dict[str, Any]) -> None:
    account = prove_account(STATE_ROOT, ANCHOR, ACCOUNT)
    assert prove_slot(account.storage_root, unhex(row["slot"]), unhexed(row["nodes"])) == unhex(row["value"])


def test_an_account_that_is_proven_absent_is_named_so() -> None:
    absent = VECTORS["absentAccount"]
    with pytest.raises(ProofError) as refused:
        prove_account(STATE_ROOT, unhex(absent["address"]), unhexed(absent["nodes"]))
    assert refused.value.code == "account-absent"


def changed_proofs(nodes: list[bytes]) -> list[list[bytes]]:
    """`nodes` with each byte changed in turn, each node dropped, doubled, and one added."""
    changed = [[*nodes[:n], *nodes[n + 1 :]] for n in range(len(nodes))]
    changed += [[*nodes[:n], nodes[n], *nodes[n:]] for n in range(len(nodes))]
    changed.append([*nodes, b"\x80"])
    for n, node in enumerate(nodes):
        for at in range(len(node)):
            spoiled = node[:at] + bytes((node[at] ^ 0x01,)) + node[at + 1 :]
            changed.append([*nodes[:n], spoiled, *nodes[n + 1 :]])
    return changed


def test_no_spoiled_account_proof_is_accepted() -> None:
    for nodes in changed_proofs(ACCOUNT):
        with pytest.raises((ProofError, MalformedError)):
            prove_account(STATE_ROOT, ANCHOR, nodes)


@pytest.mark.parametrize("row", STORAGE, ids=lambda row: row["name"])
def test_no_spoiled_storage_proof_is_accepted_nor_turned_into_absence(row: dict[str, Any]) -> None:
    root = prove_account(STATE_ROOT, ANCHOR, ACCOUNT).storage_root
    for nodes in changed_proofs(unhexed(row["nodes"])):
        with pytest.raises((ProofError, MalformedError)):
            prove_slot(root, unhex(row["slot"]), nodes)


def test_a_slot_proof_does_not_serve_another_slot() -> None:
    root = prove_account(STATE_ROOT, ANCHOR, ACCOUNT).storage_root
    first, second = STORAGE[1], STORAGE[2]
    with pytest.raises(ProofError):
        prove_slot(root, unhex(second["slot"]), unhexed(first["nodes"]))


def lone_leaf(key: bytes, value: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    return trie.root_and_proof({chain.anchor.keccak256(key): value}, chain.anchor.keccak256(key))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"\x80", "rlp-not-canonical"),
        (rlp.encode(b"\0\1"), "rlp-not-canonical"),
        (b"\0", "rlp-not-canonical"),
        (rlp.encode(b"\1" * 33), "rlp-shape"),
        (rlp.encode(()), "rlp-shape"),
        (b"\x01\x01", "rlp-trailing"),
    ],
)
def test_a_slot_value_that_is_no_minimal_integer_is_refused(value: bytes, code: str) -> None:
    root, nodes = lone_leaf(bytes(32), value)
    with pytest.raises(MalformedError) as refused:
        prove_slot(root, bytes(32), nodes)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "fields",
    [
        (b"", b"", bytes(32)),
        (b"", b"", bytes(32), bytes(32), b""),
        (b"\0", b"", bytes(32), bytes(32)),
        (b"\1" * 9, b"", bytes(32), bytes(32)),
        (b"", b"\0\1", bytes(32), bytes(32)),
        (b"", b"", bytes(31), bytes(32)),
        (b"", b"", bytes(32), bytes(33)),
        (b"", b"", bytes(32), ()),
    ],
)
def test_an_account_of_another_shape_is_refused(fields: tuple[rlp.Item, ...]) -> None:
    root, nodes = lone_leaf(ANCHOR, rlp.encode(fields))
    with pytest.raises(MalformedError):
        prove_account(root, ANCHOR, nodes)


@pytest.mark.parametrize("row", RECEIPTS, ids=lambda row: str(row["index"]))
def test_a_real_receipt_of_each_type_proves_its_event(row: dict[str, Any]) -> None:
    receipt = prove_receipt(RECEIPTS_ROOT, row["index"], unhex(row["bytes"]), unhexed(row["nodes"]))
    assert receipt.type == row["type"]
    size = row["index"] + 1
    if receipt.status:
        assert anchored_event(receipt, 0, ANCHOR, LOG_ID, size) == (chain.root_of(size), size - 1)
    else:
        assert row is RECEIPTS[-1]
        assert receipt.logs == ()


def test_our_builder_makes_the_same_receipt_proofs() -> None:
    values = {receipt_key(row["index"]): unhex(row["bytes"]) for row in RECEIPTS}
    for row in RECEIPTS:
        root, nodes = trie.root_and_proof(values, receipt_key(row["index"]))
        assert root == RECEIPTS_ROOT
        assert list(nodes) == unhexed(row["nodes"])


@pytest.mark.parametrize("row", RECEIPTS[:5], ids=lambda row: str(row["type"]))
def test_no_spoiled_receipt_proof_is_accepted(row: dict[str, Any]) -> None:
    encoded = unhex(row["bytes"])
    for nodes in changed_proofs(unhexed(row["nodes"])):
        with pytest.raises((ProofError, MalformedError)):
            prove_receipt(RECEIPTS_ROOT, row["index"], encoded, nodes)


def test_a_receipt_beside_its_proof_must_be_the_proven_one() -> None:
    row = RECEIPTS[1]
    nodes = unhexed(row["nodes"])
    encoded = unhex(row["bytes"])
    for index, given in (
        (1, unhex(RECEIPTS[2]["bytes"])),
        (1, encoded[1:]),
        (1, b""),
        (-1, encoded),
        (1 << 32, encoded),
    ):
        with pytest.raises(ProofError):
            prove_receipt(RECEIPTS_ROOT, index, given, nodes)
    with pytest.raises(ProofError):
        prove_receipt(RECEIPTS_ROOT, 2, encoded, nodes)


BLOOM = bytes(256)
EVENT: tuple[rlp.Item, ...] = (
    ANCHOR,
    (chain.anchor.ANCHORED_TOPIC, LOG_ID, (5).to_bytes(32, "big")),
    bytes(64),
)
OTHER_EVENT: tuple[rlp.Item, ...] = (ANCHOR, (bytes(32),), b"")


def encoded_receipt(*events: rlp.Item, status: rlp.Item = b"\x01", kind: bytes = b"\x02") -> bytes:
    return kind + rlp.encode((status, b"\x01", BLOOM, events))


@pytest.mark.parametrize(
    ("encoded", "code"),
    [
        (b"", "receipt-type"),
        (encoded_receipt(EVENT, kind=b"\x00"), "receipt-type"),
        (encoded_receipt(EVENT, kind=b"\x05"), "receipt-type"),
        (encoded_receipt(EVENT, kind=b"\x7f"), "receipt-type"),
        (encoded_receipt(EVENT, kind=b"\x80"), "receipt-type"),
        (rlp.encode(encoded_receipt(EVENT)), "receipt-type"),
        (b"\x02", "rlp-truncated"),
        (encoded_receipt(EVENT, kind=b"\x02\x02"), "rlp-trailing"),
        (encoded_receipt(EVENT, status=bytes(32)), "receipt-status"),
        (encoded_receipt(EVENT, status=b"\x02"), "receipt-status"),
        (encoded_receipt(EVENT, status=b"\x00"), "receipt-status"),
        (encoded_receipt(EVENT, status=b"\x00\x01"), "receipt-status"),
        (encoded_receipt(EVENT, status=()), "rlp-shape"),
        (b"\x02" + rlp.encode((b"\x01", b"\0\1", BLOOM, ())), "rlp-not-canonical"),
        (b"\x02" + rlp.encode((b"\x01", b"\1", BLOOM[1:], ())), "rlp-shape"),
        (b"\x02" + rlp.encode((b"\x01", b"\1", BLOOM)), "rlp-shape"),
        (b"\x02" + rlp.encode((b"\x01", b"\1", BLOOM, b"")), "rlp-shape"),
        (encoded_receipt((ANCHOR[1:], (), b"")), "rlp-shape"),
        (encoded_receipt((ANCHOR, (bytes(31),), b"")), "rlp-shape"),
        (encoded_receipt((ANCHOR, (bytes(32),) * 5, b"")), "rlp-shape"),
        (encoded_receipt((ANCHOR, b"", b"")), "rlp-shape"),
        (encoded_receipt((ANCHOR, (), ())), "rlp-shape"),
        (encoded_receipt(b"log"), "rlp-shape"),
    ],
)
def test_what_is_no_receipt_is_refused_with_its_cause(encoded: bytes, code: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_receipt(encoded)
    assert refused.value.code == code


def event(
    address: bytes = ANCHOR, topics: tuple[bytes, ...] | None = None, data: bytes = bytes(64)
) -> rlp.Item:
    stated = (chain.anchor.ANCHORED_TOPIC, LOG_ID, (5).to_bytes(32, "big"))
    return (address, stated if topics is None else topics, data)


TOPIC, SIZE = chain.anchor.ANCHORED_TOPIC, (5).to_bytes(32, "big")


@pytest.mark.parametrize(
    ("encoded", "index", "code"),
    [
        (encoded_receipt(event(), status=b""), 0, "receipt-status"),
        (encoded_receipt(event()), 1, "event-absent"),
        (encoded_receipt(event()), -1, "event-absent"),
        (encoded_receipt(), 0, "event-absent"),
        (encoded_receipt(OTHER_EVENT, event()), 0, "event-topics"),
        (encoded_receipt(event(address=bytes(20))), 0, "event-emitter"),
        (encoded_receipt(event(topics=(TOPIC, LOG_ID))), 0, "event-topics"),
        (encoded_receipt(event(topics=(TOPIC, LOG_ID, SIZE, SIZE))), 0, "event-topics"),
        (encoded_receipt(event(topics=(bytes(32), LOG_ID, SIZE))), 0, "event-name"),
        (encoded_receipt(event(topics=(TOPIC, bytes(32), SIZE))), 0, "event-log-id"),
        (encoded_receipt(event(topics=(TOPIC, LOG_ID, bytes(32)))), 0, "event-size"),
        (encoded_receipt(event(data=bytes(63))), 0, "event-data"),
        (encoded_receipt(event(data=bytes(65))), 0, "event-data"),
        (encoded_receipt(event(data=b"")), 0, "event-data"),
        (encoded_receipt(event(data=bytes(32) + b"\1" * 32)), 0, "event-data"),
    ],
)
def test_a_receipt_that_does_not_announce_this_anchor_is_refused_with_its_cause(
    encoded: bytes, index: int, code: str
) -> None:
    with pytest.raises(ProofError) as refused:
        anchored_event(parse_receipt(encoded), index, ANCHOR, LOG_ID, 5)
    assert refused.value.code == code


def test_the_event_is_found_by_its_place_within_the_receipt() -> None:
    receipt = parse_receipt(encoded_receipt(OTHER_EVENT, event(data=b"\7" * 32 + (4).to_bytes(32, "big"))))
    assert anchored_event(receipt, 1, ANCHOR, LOG_ID, 5) == (b"\7" * 32, 4)


def test_every_changed_byte_of_a_receipt_is_refused_or_reads_as_another_value() -> None:
    good = unhex(RECEIPTS[2]["bytes"])
    for at in range(len(good)):
        changed = bytearray(good)
        changed[at] ^= 1
        try:
            parse_receipt(bytes(changed))
        except LedgerError as refused:
            assert isinstance(refused, MalformedError)  # noqa: PT017


def test_a_header_is_a_value_that_cannot_be_changed() -> None:
    header = parse_header(HEADER)
    with pytest.raises(AttributeError):
        header.hash = bytes(32)  # type: ignore[misc]
    assert isinstance(header, Header)

"""Digests, ids, slots and selectors against vectors made by another implementation."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode as abi_encode

from ledger.core.evm import anchor
from ledger.core.keccak import keccak256
from ledger.errors import MalformedError

VECTORS = Path(__file__).parents[2] / "vectors"
EIP712 = json.loads((VECTORS / "eip712.json").read_text())
SLOTS = json.loads((VECTORS / "slots.json").read_text())
CONTRACT = json.loads((VECTORS / "contract.json").read_text())
KEYS = json.loads((VECTORS / "keys.json").read_text())


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def test_the_vector_files_hold_the_rows_that_the_tests_below_read() -> None:
    assert len(EIP712["heads"]) == 3
    assert len(EIP712["checkpoints"]) == 2
    assert len(EIP712["setIds"]) == 2
    assert len(SLOTS) == 8


def test_domain_and_type_hashes_match_the_vectors() -> None:
    assert unhex(EIP712["domainSeparator"]) == anchor.DOMAIN_SEPARATOR
    assert unhex(EIP712["headTypeHash"]) == anchor.HEAD_TYPE_HASH
    assert unhex(EIP712["checkpointTypeHash"]) == anchor.CHECKPOINT_TYPE_HASH


@pytest.mark.parametrize("row", EIP712["heads"], ids=lambda row: str(row["size"]))
def test_head_digest_and_log_id_match_the_vector(row: dict[str, Any]) -> None:
    log_id = anchor.log_id(row["origin"], unhex(row["headKey"]))
    assert log_id == unhex(row["logId"])
    assert anchor.head_digest(log_id, row["size"], unhex(row["root"])) == unhex(row["digest"])


def claim_of(row: dict[str, Any]) -> anchor.CheckpointClaim:
    return anchor.CheckpointClaim(
        origin_chain_id=row["originChainId"],
        genesis=unhex(row["genesisHash"]),
        anchor=unhex(row["anchor"]),
        log_id=unhex(row["logId"]),
        size=row["size"],
        root=unhex(row["root"]),
        block_hash=unhex(row["blockHash"]),
        block_number=row["blockNumber"],
        block_time=row["blockTime"],
        set_id=unhex(row["setId"]),
    )


@pytest.mark.parametrize("row", EIP712["checkpoints"], ids=lambda row: row["setId"][:8])
def test_checkpoint_digest_matches_the_vector(row: dict[str, Any]) -> None:
    assert anchor.checkpoint_digest(claim_of(row)) == unhex(row["digest"])


def test_every_member_of_a_claim_changes_its_digest() -> None:
    claim = claim_of(EIP712["checkpoints"][0])
    digests = {anchor.checkpoint_digest(claim)}
    fields = claim._fields
    for name in fields:
        value = getattr(claim, name)
        other = value + 1 if isinstance(value, int) else bytes([value[0] ^ 1]) + value[1:]
        digests.add(anchor.checkpoint_digest(claim._replace(**{name: other})))
    assert len(digests) == len(fields) + 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("size", 1 << 64), ("block_time", -1), ("root", bytes(31)), ("anchor", bytes(32)), ("set_id", b"")],
)
def test_a_claim_that_does_not_fit_its_evm_types_has_no_digest(name: str, value: object) -> None:
    claim = claim_of(EIP712["checkpoints"][0])
    with pytest.raises(MalformedError) as refused:
        anchor.checkpoint_digest(claim._replace(**{name: value}))  # type: ignore[arg-type]
    assert refused.value.code == "out-of-range"


@pytest.mark.parametrize("row", EIP712["setIds"], ids=lambda row: str(len(row["members"])))
def test_set_id_matches_the_vector_in_whatever_order_the_members_come(row: dict[str, Any]) -> None:
    members = [unhex(member) for member in row["members"]]
    organisations = row["organisations"]
    assert keccak256(unhex(row["abiEncoded"])) == unhex(row["setId"])
    assert anchor.set_id(members, organisations, row["threshold"]) == unhex(row["setId"])
    assert anchor.set_id(members[::-1], organisations[::-1], row["threshold"]) == unhex(row["setId"])


@pytest.mark.parametrize(
    ("members", "organisations", "threshold"),
    [
        ([], [], 0),
        ([bytes(20)], ["a"], 0),
        ([bytes(20)], ["a"], 2),
        ([bytes(20)], [], 1),
        ([bytes(20), bytes(20)], ["a", "b"], 1),
    ],
)
def test_a_set_that_can_never_or_always_sign_has_no_id(
    members: list[bytes], organisations: list[str], threshold: int
) -> None:
    with pytest.raises(MalformedError) as refused:
        anchor.set_id(members, organisations, threshold)
    assert refused.value.code == "signer-set"


@pytest.mark.parametrize("row", SLOTS, ids=lambda row: f"{row['logId'][2:10]}-{row['size']}")
def test_storage_slots_match_the_vector(row: dict[str, Any]) -> None:
    assert anchor.root_at_slot(unhex(row["logId"]), row["size"]) == unhex(row["rootAtSlot"])
    assert anchor.head_slot(unhex(row["logId"])) == unhex(row["headSlot"])


@pytest.mark.parametrize("log", KEYS["logs"], ids=lambda log: log["origin"])
def test_origin_hash_and_log_ids_match_the_key_vectors(log: dict[str, Any]) -> None:
    assert anchor.origin_hash(log["origin"]) == unhex(log["originHash"])
    for head in log["headKeys"]:
        assert anchor.log_id(log["origin"], unhex(head["address"])) == unhex(head["logId"])


def test_selectors_and_topic_match_the_contract_vectors() -> None:
    stated = {
        entry["signature"].partition("(")[0]: unhex(entry["selectorOrTopic"]) for entry in CONTRACT["abi"]
    }
    assert {name: selector for selector, name in anchor.ERROR_SELECTORS.items()} == {
        name: stated[name] for name in ("NotNewer", "ZeroRoot", "BadProof", "BadSignature")
    }
    assert stated["Anchored"] == anchor.ANCHORED_TOPIC
    assert stated["anchor"] == anchor.ANCHOR_SELECTOR
    assert stated["head"] == anchor.HEAD_SELECTOR
    assert stated["rootAt"] == anchor.ROOT_AT_SELECTOR


@pytest.mark.parametrize("call", CONTRACT["calls"], ids=lambda call: call["call"])
def test_anchor_call_data_matches_an_independent_abi_encoder(call: dict[str, Any]) -> None:
    origin = "registry.example.xa/XA/2026"
    values = (
        anchor.origin_hash(origin),
        unhex(call["headKey"]),
        call["size"],
        unhex(call["root"]),
        [unhex(node) for node in call["consistency"]],
        unhex(call["headSignature"]),
    )
    types = ["bytes32", "address", "uint64", "bytes32", "bytes32[]", "bytes"]
    expected = anchor.ANCHOR_SELECTOR + abi_encode(types, values)
    assert anchor.encode_anchor_call(origin, *values[1:]) == expected  # type: ignore[arg-type]

"""CheckpointAnchor on eth-tester and on anvil: the vectors, the code, the surface, the cost."""

import dataclasses

import pytest
from web3 import Web3

from tests.contracts import trees
from tests.contracts.chains import ARTIFACT, VECTORS, Deployment, HeadKey, Offer, offer_of

KEY = HeadKey(bytes(Web3.keccak(text="head key of a test")), "registry.example.xa/XA/2026")


def test_the_vector_file_holds_every_verdict() -> None:
    assert {row["expect"] for row in VECTORS["calls"]} == {
        "ok",
        "NotNewer",
        "ZeroRoot",
        "BadProof",
        "BadSignature",
    }
    assert len(VECTORS["calls"]) == 24


def test_every_call_of_the_vectors_in_order(deployed: Deployment) -> None:
    for row in VECTORS["calls"]:
        offer = offer_of(row)
        refusal = deployed.refusal(offer)
        receipt = deployed.send(offer)
        if row["expect"] != "ok":
            assert (refusal, receipt["status"], receipt["logs"]) == (row["expect"], 0, []), row["call"]
            continue
        assert (refusal, receipt["status"]) == (None, 1), row["call"]
        (event,) = receipt["logs"]
        assert event["address"] == deployed.contract.address
        assert [topic.to_0x_hex() for topic in event["topics"]] == row["event"]["topics"], row["call"]
        assert event["data"].to_0x_hex() == row["event"]["data"], row["call"]
        after = row["after"]
        assert deployed.slot(after["rootAtSlot"]) == after["value"], row["call"]
        assert deployed.slot(after["headSlot"]) == after["head"], row["call"]


def test_the_getters_answer_what_was_anchored_and_zero_for_the_rest(deployed: Deployment) -> None:
    hashes = trees.leaves(8)
    assert deployed.send(KEY.offer(3, trees.root(hashes[:3])))["status"] == 1
    assert deployed.head(KEY.log_id) == 3
    assert deployed.root_at(KEY.log_id, 3) == trees.root(hashes[:3])
    assert deployed.root_at(KEY.log_id, 2) == bytes(32)
    assert deployed.head(bytes(32)) == 0


def test_the_checks_are_made_in_the_order_of_the_specification(deployed: Deployment) -> None:
    # One call with all four faults, mended one at a time: the error told is always the first that is left.
    faults = Offer(KEY.origin_hash, KEY.address, 0, bytes(32), [bytes(32)], b"")
    told = [deployed.refusal(faults)]
    root = trees.root(trees.leaves(3))
    for mended in (
        {"size": 3},
        {"root": root},
        {"consistency": []},
        {"signature": KEY.offer(3, root).signature},
    ):
        faults = dataclasses.replace(faults, **mended)
        told.append(deployed.refusal(faults))
    assert told == ["NotNewer", "ZeroRoot", "BadProof", "BadSignature", None]


def test_the_deployed_code_is_that_of_the_artifact(deployed: Deployment) -> None:
    code = bytes(deployed.web3.eth.get_code(deployed.contract.address))
    assert "0x" + code.hex() == ARTIFACT["runtimeBytecode"]
    assert Web3.keccak(code).to_0x_hex() == ARTIFACT["runtimeCodeHash"]


def test_the_abi_is_that_of_the_vectors_and_only_anchor_changes_anything() -> None:
    def signature(item: dict) -> str:
        return item["name"] + "(" + ",".join(argument["type"] for argument in item["inputs"]) + ")"

    found = {
        (
            item["type"],
            signature(item),
            tuple(o["type"] for o in item.get("outputs", ())),
            item.get("stateMutability"),
        )
        for item in ARTIFACT["abi"]
    }
    wanted = {
        (item["kind"], item["signature"], tuple(item["outputs"]), item["stateMutability"])
        for item in VECTORS["abi"]
    }
    # No constructor, fallback or receive either: those would be items of their own.
    assert found == wanted
    changing = {
        item["name"] for item in ARTIFACT["abi"] if item.get("stateMutability") in {"payable", "nonpayable"}
    }
    assert changing == {"anchor"}
    (event,) = [item for item in ARTIFACT["abi"] if item["type"] == "event"]
    assert [item["indexed"] for item in event["inputs"]] == [True, True, False, False]
    assert not event["anonymous"]


def test_the_code_calls_nobody_but_the_two_hash_and_recover_precompiles() -> None:
    # Without these a contract cannot hand over control, be replaced or be destroyed. STATICCALL remains, for
    # SHA-256 and ecrecover.
    forbidden = {0xF0: "CREATE", 0xF1: "CALL", 0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xF5: "CREATE2"}
    forbidden[0xFF] = "SELFDESTRUCT"
    assert not {forbidden[op] for op in _opcodes() if op in forbidden}


def test_the_storage_layout_is_that_of_the_specification() -> None:
    assert ARTIFACT["storage"] == VECTORS["storage"]


def test_the_artifact_was_made_with_the_fixed_settings() -> None:
    wanted = {name: value for name, value in VECTORS["settings"].items() if name != "library"}
    assert ARTIFACT["compiler"] == wanted


def test_gas_stays_in_the_measured_range(deployed: Deployment) -> None:
    hashes = trees.leaves(1500)
    first = deployed.send(KEY.offer(700, trees.root(hashes[:700])))["gasUsed"]
    path = trees.consistency(700, hashes)
    later = deployed.send(KEY.offer(1500, trees.root(hashes), path))["gasUsed"]
    assert len(path) >= 10
    assert first <= 100_000
    assert later <= 85_000
    assert deployed.receipt["gasUsed"] <= 600_000


def test_ether_cannot_be_sent_to_it(deployed: Deployment) -> None:
    web3 = deployed.web3
    payment = {"from": web3.eth.accounts[0], "to": deployed.contract.address, "value": 1, "gas": 100_000}
    receipt = web3.eth.wait_for_transaction_receipt(web3.eth.send_transaction(payment), poll_latency=0.01)
    assert receipt["status"] == 0


def _opcodes() -> list[int]:
    """The opcodes of the runtime code, without the data of pushes."""
    code = bytes.fromhex(ARTIFACT["runtimeBytecode"][2:])
    found, at = [], 0
    while at < len(code):
        found.append(code[at])
        at += 1 + (code[at] - 0x5F if 0x60 <= code[at] <= 0x7F else 0)
    return found


@pytest.mark.parametrize("opcode", [0x54, 0x55])
def test_the_opcode_reader_sees_the_storage_opcodes(opcode: int) -> None:
    # Guards the test above: a reader that loses its place would find nothing forbidden either.
    assert opcode in _opcodes()

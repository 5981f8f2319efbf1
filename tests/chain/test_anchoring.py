"""Anchoring on an embedded chain and on anvil: what is captured verifies with the pure core alone."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ledger.chain.artifact import load_artifact
from ledger.chain.evidence import capture
from ledger.chain.evm import EvmChain
from ledger.chain.port import Message, StateProof
from ledger.core.evm.account import prove_account, prove_slot
from ledger.core.evm.anchor import HEAD_SELECTOR, head_slot, root_at_slot
from ledger.core.evm.header import Header, parse_header
from ledger.core.evm.receipt import anchored_event, prove_receipt
from ledger.core.keccak import keccak256
from ledger.errors import ChainError
from tests.chain.anchoring import SENDER, Anchored, deploy


def test_the_deployed_code_is_the_artifact(chain: EvmChain) -> None:
    anchored = deploy(chain)
    assert keccak256(chain.code(anchored.address)) == load_artifact().runtime_code_hash
    assert keccak256(load_artifact().runtime_code) == load_artifact().runtime_code_hash


def test_evidence_of_each_anchor_verifies_without_the_chain(chain: EvmChain) -> None:
    anchored = deploy(chain)
    previous = 0
    for size in (1, 2, 7, 8, 33, 64):
        signed = anchored.anchor(size)
        evidence = capture(chain, anchored.address, anchored.log_id, size, signed.hash, extra_sizes=(1,))

        header = parse_header(evidence.header.encoded)
        account = prove_account(header.state_root, anchored.address, evidence.account)
        assert account.code_hash == evidence.code_hash == load_artifact().runtime_code_hash
        slot = root_at_slot(anchored.log_id, size)
        assert prove_slot(account.storage_root, slot, evidence.storage.nodes) == anchored.log.root(size)
        (start,) = evidence.starts
        slot = root_at_slot(anchored.log_id, 1)
        assert prove_slot(account.storage_root, slot, start.nodes) == anchored.log.root(1) == start.root

        proof = evidence.receipt
        assert proof is not None
        receipt = prove_receipt(header.receipts_root, proof.index, proof.encoded, proof.nodes)
        root, before = anchored_event(receipt, proof.log, anchored.address, anchored.log_id, size)
        assert (root, before) == (anchored.log.root(size), previous)
        previous = size


def test_an_old_anchor_is_proven_again_under_a_later_block(chain: EvmChain) -> None:
    anchored = deploy(chain)
    for size in (3, 9):
        anchored.anchor(size)
    evidence = capture(chain, anchored.address, anchored.log_id, 3, None)
    assert evidence.receipt is None
    assert evidence.header.number == chain.head().number
    assert evidence.storage.root == anchored.log.root(3)


def test_old_blocks_keep_their_proofs(chain: EvmChain) -> None:
    anchored = deploy(chain)
    before = chain.head()
    anchored.anchor(5)
    slots = [root_at_slot(anchored.log_id, 5), head_slot(anchored.log_id)]
    absent = chain.state_proof(anchored.address, slots, before)
    assert [slot.value for slot in absent.slots] == [bytes(32), bytes(32)]
    present = chain.state_proof(anchored.address, slots, chain.head())
    assert [slot.value for slot in present.slots] == [anchored.log.root(5), (5).to_bytes(32, "big")]


def test_the_events_of_a_log_are_found(chain: EvmChain) -> None:
    anchored = deploy(chain)
    sent = [anchored.anchor(size) for size in (2, 5, 11)]
    other = Anchored(chain, anchored.address, head_secret=bytes([9]) * 32)
    other.anchor(4)
    events = chain.anchored(anchored.address, anchored.log_id)
    assert [event.size for event in events] == [2, 5, 11]
    assert [event.previous_size for event in events] == [0, 2, 5]
    assert [event.transaction_hash for event in events] == [signed.hash for signed in sent]
    assert [event.root for event in events] == [anchored.log.root(size) for size in (2, 5, 11)]
    assert chain.anchored(anchored.address, anchored.log_id, first=events[-1].block_number) == events[-1:]


def test_a_contract_that_refuses_is_named(chain: EvmChain) -> None:
    anchored = deploy(chain)
    anchored.anchor(8)
    for data, name in (
        (anchored.call_data(8), "NotNewer"),
        (anchored.call_data(9, root=bytes(32)), "ZeroRoot"),
        (anchored.call_data(12, old=7), "BadProof"),
        (anchored.call_data(12)[:-40] + bytes([1]) + anchored.call_data(12)[-39:], "BadSignature"),
    ):
        for ask in (chain.estimate_gas, chain.call):
            with pytest.raises(ChainError) as refused:
                ask(Message(SENDER, anchored.address, data))
            assert refused.value.code == "chain-reverted"
            assert name in str(refused.value)


def test_calls_return_what_the_contract_holds(chain: EvmChain) -> None:
    anchored = deploy(chain)
    anchored.anchor(21)
    answer = chain.call(Message(SENDER, anchored.address, HEAD_SELECTOR + anchored.log_id))
    assert int.from_bytes(answer, "big") == 21


def test_a_size_that_was_never_anchored_is_absent(chain: EvmChain) -> None:
    anchored = deploy(chain)
    signed = anchored.anchor(4)
    for size, transaction, extra in (
        (3, None, ()),
        (3, signed.hash, ()),
        (4, None, (3,)),
        (4, bytes(32), ()),
    ):
        with pytest.raises(ChainError) as refused:
            capture(chain, anchored.address, anchored.log_id, size, transaction, extra_sizes=extra)
        assert refused.value.code == "anchor-absent"


def test_evidence_of_an_address_without_contract_is_refused(chain: EvmChain) -> None:
    with pytest.raises(ChainError) as refused:
        capture(chain, bytes([5]) * 20, bytes(32), 1, None)
    assert refused.value.code == "chain-account-absent"


def test_another_transaction_is_no_anchor(chain: EvmChain) -> None:
    anchored = deploy(chain)
    first, second = anchored.anchor(4), anchored.anchor(6)
    with pytest.raises(ChainError) as refused:
        capture(chain, anchored.address, anchored.log_id, 4, second.hash)
    assert refused.value.code == "anchor-absent"
    assert capture(chain, anchored.address, anchored.log_id, 4, first.hash).receipt is not None


def test_gas_of_an_anchor_is_as_documented(chain: EvmChain) -> None:
    anchored = deploy(chain)
    for size in (1, 40, 64):
        included = chain.inclusion(anchored.anchor(size).hash)
        assert included is not None
        assert included.gas_used <= 100_000


def test_an_event_that_contradicts_the_storage_is_no_evidence(dev: SimpleNamespace) -> None:
    anchored = deploy(dev.port)
    signed = anchored.anchor(4)
    honest = dev.port.state_proof

    def contradicting(address: bytes, slots: list[bytes], header: Header) -> StateProof:
        proof = honest(address, slots, header)
        return replace(proof, slots=tuple(replace(slot, value=bytes([1]) * 32) for slot in proof.slots))

    dev.port.state_proof = contradicting
    with pytest.raises(ChainError) as refused:
        capture(dev.port, anchored.address, anchored.log_id, 4, signed.hash)
    assert refused.value.code == "anchor-contradiction"

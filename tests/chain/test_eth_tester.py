"""eth-tester read through the same port.

It shows what a mangled node looks like (headers without leading zeros, receipts without bloom, no
eth_getBlockReceipts), and proves nothing about chain ids, gas limits or finality: it takes transactions for
other chains, ignores the calldata floor and calls every block final.  Those are tested on anvil.
"""

import pytest
from eth_utils import to_checksum_address

from ledger.chain.evidence import capture
from ledger.chain.evm import EvmChain
from ledger.chain.port import Message
from ledger.core.keccak import keccak256
from ledger.errors import ChainError
from tests.chain.anchoring import SENDER, deploy
from tests.chain.tester import MangledNode


@pytest.fixture
def tester() -> EvmChain:
    node = MangledNode()
    rich = node.provider.ethereum_tester.get_accounts()[0]
    payment = {"from": rich, "to": to_checksum_address(SENDER), "value": 10**20, "gas": 21_000}
    node.provider.ethereum_tester.send_transaction(payment)
    return EvmChain(node, name="eth-tester")


def test_mangled_headers_are_put_right_or_refused(tester: EvmChain) -> None:
    deploy(tester).anchor(3)
    for number in range(tester.head().number + 1):
        header = tester.header(number)
        assert header is not None
        assert keccak256(header.encoded) == header.hash
        assert tester.header_by_hash(header.hash) == header


def test_anchors_are_captured_with_receipt_and_state(tester: EvmChain) -> None:
    anchored = deploy(tester)
    for size in (2, 7, 8):
        signed = anchored.anchor(size)
        evidence = capture(tester, anchored.address, anchored.log_id, size, signed.hash, extra_sizes=(2,))
        assert evidence.storage.root == anchored.log.root(size)
        assert evidence.starts[0].root == anchored.log.root(2)
        assert evidence.receipt is not None
    assert [event.size for event in tester.anchored(anchored.address, anchored.log_id)] == [2, 7, 8]


def test_a_contract_that_refuses_is_named_here_too(tester: EvmChain) -> None:
    anchored = deploy(tester)
    anchored.anchor(8)
    with pytest.raises(ChainError) as refused:
        tester.call(Message(SENDER, anchored.address, anchored.call_data(8)))
    assert refused.value.code == "chain-reverted"
    assert "NotNewer" in str(refused.value)


def test_a_transaction_it_never_saw_is_absent(tester: EvmChain) -> None:
    assert tester.inclusion(bytes(32)) is None
    assert tester.header(99) is None

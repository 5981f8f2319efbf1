"""What only a real node enforces, and eth-tester lets pass: chain ids and gas limits.

eth-tester accepts a transaction signed for another chain, and one whose gas limit is below what its calldata
costs; so these rules are shown on anvil alone.
"""

from typing import Any

import pytest
from eth_account import Account
from web3 import HTTPProvider, Web3
from web3.exceptions import TransactionNotFound, Web3RPCError
from web3.types import RPCEndpoint

from tests.contracts import trees
from tests.contracts.chains import ARTIFACT, GAS, Deployment, HeadKey, deploy
from tests.servers import anvil

KEY = HeadKey(bytes(Web3.keccak(text="head key of a test")), "registry.example.xa/XA/2026")
SENDER = Account.from_key(Web3.keccak(text="transaction key of a test"))


@pytest.fixture
def node(anvil_web3: Web3) -> Deployment:
    deployed = deploy("anvil", anvil_web3)
    funds = {"from": anvil_web3.eth.accounts[0], "to": SENDER.address, "value": 10**18}
    anvil_web3.eth.wait_for_transaction_receipt(anvil_web3.eth.send_transaction(funds), poll_latency=0.01)
    return deployed


def _call(deployed: Deployment) -> Any:
    offer = KEY.offer(1, trees.root(trees.leaves(1)))
    return deployed.contract.functions.anchor(
        offer.origin_hash, offer.head_key, offer.size, offer.root, [], offer.signature
    )


def _signed(deployed: Deployment, **changes: int) -> bytes:
    web3 = deployed.web3
    transaction = _call(deployed).build_transaction(
        {
            "from": SENDER.address,
            "nonce": web3.eth.get_transaction_count(SENDER.address),
            "gas": GAS,
            "chainId": web3.eth.chain_id,
        }
    )
    return bytes(SENDER.sign_transaction({**transaction, **changes}).raw_transaction)


def test_a_transaction_for_another_chain_is_refused(node: Deployment) -> None:
    with pytest.raises(Web3RPCError):
        node.web3.eth.send_raw_transaction(_signed(node, chainId=31002))
    assert node.head(KEY.log_id) == 0


def test_a_gas_limit_below_the_price_of_the_calldata_is_never_mined(node: Deployment) -> None:
    # anvil answers with a hash and drops the transaction in silence: a hash alone promises nothing.
    web3 = node.web3
    nonce = web3.eth.get_transaction_count(SENDER.address)
    hashed = web3.eth.send_raw_transaction(_signed(node, gas=22_000))
    web3.provider.make_request(RPCEndpoint("evm_mine"), [])
    with pytest.raises(TransactionNotFound):
        web3.eth.get_transaction(hashed)
    assert web3.eth.get_transaction_count(SENDER.address) == nonce
    assert node.head(KEY.log_id) == 0


def test_an_anchor_that_runs_out_of_gas_stores_nothing(node: Deployment) -> None:
    hashed = node.web3.eth.send_raw_transaction(_signed(node, gas=60_000))
    receipt = node.web3.eth.wait_for_transaction_receipt(hashed, poll_latency=0.01)
    assert (receipt["status"], receipt["logs"]) == (0, [])
    assert node.head(KEY.log_id) == 0
    assert node.root_at(KEY.log_id, 1) == bytes(32)


def test_the_estimate_of_an_anchor_is_enough(node: Deployment) -> None:
    estimate = _call(node).estimate_gas({"from": SENDER.address})
    hashed = node.web3.eth.send_raw_transaction(_signed(node, gas=estimate))
    receipt = node.web3.eth.wait_for_transaction_receipt(hashed, poll_latency=0.01)
    assert receipt["status"] == 1
    assert receipt["gasUsed"] <= estimate <= 100_000


def test_one_head_signature_and_one_code_serve_on_two_chains(node: Deployment) -> None:
    offer = KEY.offer(1, trees.root(trees.leaves(1)))
    with anvil(chain_id=31002) as server:
        other = deploy("anvil", Web3(HTTPProvider(server.url)))
        assert other.web3.eth.chain_id != node.web3.eth.chain_id
        code = bytes(other.web3.eth.get_code(other.contract.address))
        assert Web3.keccak(code).to_0x_hex() == ARTIFACT["runtimeCodeHash"]
        assert [chain.send(offer)["status"] for chain in (node, other)] == [1, 1]

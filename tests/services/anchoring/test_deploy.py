"""Deploying the contract: what it would take, that it is there, and what was not paid twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from ledger.chain.artifact import load_artifact
from ledger.chain.embedded_port import EmbeddedProvider
from ledger.chain.embedded_rpc import EmbeddedRpc
from ledger.chain.evm import EvmChain
from ledger.chain.transactions import prepare
from ledger.core.secp256k1 import address_of
from ledger.errors import ChainError
from ledger.services.anchoring.deploy import (
    ANCHOR_GAS,
    condition,
    deploy,
    deployed_on,
    estimate,
    found_on,
    proven_code,
)
from tests.chain.anchoring import CHAIN_ID, SECRET, SENDER, embedded
from tests.servers import anvil
from tests.services.anchoring.rigs import Faulty, http_provider, pay
from tests.simulator import seed


@contextmanager
def on_embedded(folder: Path) -> Iterator[SimpleNamespace]:
    with embedded(folder) as dev:
        faulty = Faulty(EmbeddedProvider(EmbeddedRpc(dev.chain)))
        yield SimpleNamespace(provider=faulty, chain=EvmChain(faulty, chain_id=CHAIN_ID))


@contextmanager
def on_anvil(_folder: Path) -> Iterator[SimpleNamespace]:
    with anvil(chain_id=31_009) as node:
        faulty = Faulty(http_provider(node.url))
        yield SimpleNamespace(provider=faulty, chain=EvmChain(faulty, chain_id=31_009))
        faulty.honest.close()


@pytest.fixture(params=["embedded", "anvil"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SimpleNamespace]:
    with {"embedded": on_embedded, "anvil": on_anvil}[request.param](tmp_path) as made:
        yield made


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[SimpleNamespace]:
    with on_embedded(tmp_path) as made:
        yield made


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(ChainError) as refused:
        action()
    return refused.value.code


def quick(_seconds: float) -> None:
    """Nothing to wait for on the embedded chain; anvil needs a moment."""
    import time

    time.sleep(0.05)


def test_the_contract_is_deployed_once_and_found_again(place: SimpleNamespace) -> None:
    assert found_on(place.chain, SECRET) is None
    told = []
    address = deploy(place.chain, SECRET, before_sending=told.append, wait=quick)
    assert len(told) == 1
    assert proven_code(place.chain, address) == load_artifact().runtime_code_hash
    assert found_on(place.chain, SECRET) == address == deployed_on(place.chain, SECRET)
    assert place.provider.sent == 1


def test_the_estimate_covers_what_it_costs(place: SimpleNamespace) -> None:
    needed = estimate(place.chain, SECRET)
    before = place.chain.balance(SENDER)
    deploy(place.chain, SECRET, wait=quick)
    spent = before - place.chain.balance(SENDER)
    assert 0 < spent <= needed.cost == needed.gas * needed.fee
    assert needed.balance == before


def test_a_contract_that_was_not_the_first_transaction_is_found(dev: SimpleNamespace) -> None:
    pay(dev.chain, address_of(seed("anybody")), 1)
    address = deployed_on(dev.chain, SECRET)
    assert deployed_on(dev.chain, SECRET) == address
    assert dev.provider.sent == 2


def test_an_empty_wallet_deploys_nothing(place: SimpleNamespace) -> None:
    assert code_of(lambda: deploy(place.chain, seed("empty"), wait=quick)) == "chain-balance-low"
    assert place.provider.sent == 0


def test_a_node_that_gives_no_state_proofs_is_found_out_before_anything_is_paid(dev: SimpleNamespace) -> None:
    dev.provider.refused["eth_getProof"] = "the method eth_getProof does not exist"
    for action in (estimate, deploy):
        assert code_of(lambda do=action: do(dev.chain, SECRET)) == "chain-proof-unavailable"
    assert dev.provider.sent == 0


def test_another_chain_gets_no_signature(place: SimpleNamespace) -> None:
    other = EvmChain(place.provider, chain_id=5)
    assert code_of(lambda: deploy(other, SECRET)) == "chain-wrong-id"
    assert code_of(lambda: condition(other, SECRET, None, 10)) == "chain-wrong-id"
    assert place.provider.sent == 0


def test_an_answer_lost_after_sending_does_not_lose_the_contract(place: SimpleNamespace) -> None:
    place.provider.tamper = lambda method, _params, answer: (
        {} if method == "eth_sendRawTransaction" else answer
    )
    address = deploy(place.chain, SECRET, wait=quick)
    assert found_on(place.chain, SECRET) == address
    assert place.provider.sent == 1


def test_a_refusal_is_told(dev: SimpleNamespace) -> None:
    dev.provider.refused["eth_sendRawTransaction"] = "transaction underpriced"
    assert code_of(lambda: deploy(dev.chain, SECRET)) == "transaction-refused"


def test_a_transaction_that_is_not_mined_is_unknown_and_named(dev: SimpleNamespace) -> None:
    told = []
    waited = []
    dev.provider.tamper = lambda method, _params, answer: (
        answer | {"result": None} if method == "eth_getTransactionReceipt" else answer
    )
    with pytest.raises(ChainError) as refused:
        deploy(dev.chain, SECRET, before_sending=told.append, wait=waited.append, patience=3)
    assert refused.value.code == "chain-deploy-unknown"
    assert told[0].hash.hex() in str(refused.value)
    assert len(waited) == 3
    dev.provider.tamper = lambda _method, _params, answer: answer
    assert found_on(dev.chain, SECRET) is not None


def test_the_condition_says_what_is_there_and_how_long_the_balance_lasts(place: SimpleNamespace) -> None:
    address = deploy(place.chain, SECRET, wait=quick)
    found = condition(place.chain, SECRET, address, 10)
    assert found.matches
    assert found.sender == SENDER
    assert found.anchors == found.balance // (ANCHOR_GAS * place.chain.fees().max_fee)
    assert found.days == found.anchors * 10 // 86_400
    nothing = condition(place.chain, SECRET, bytes([9]) * 20, 10)
    assert (nothing.code_hash, nothing.matches) == (None, False)
    wallet = condition(place.chain, SECRET, SENDER, 10)
    assert (wallet.code_hash, wallet.matches) == (None, False)
    assert not condition(place.chain, SECRET, None, 10).matches


def test_other_code_at_the_address_does_not_match(dev: SimpleNamespace) -> None:
    # PUSH1 1, PUSH0, MSTORE8, PUSH1 1, PUSH0, RETURN: a contract of one byte.
    signed = prepare(dev.chain, SECRET, to=b"", data=bytes.fromhex("60015f5360015ff3"))
    dev.chain.send_raw(signed.raw)
    from ledger.chain.transactions import contract_address

    found = condition(dev.chain, SECRET, contract_address(SENDER, 0), 10)
    assert found.code_hash is not None
    assert not found.matches


def test_code_that_a_node_only_says_is_there_is_not_believed(dev: SimpleNamespace) -> None:
    dev.provider.tamper = lambda method, _params, answer: (
        answer | {"result": "0x" + load_artifact().runtime_code.hex()} if method == "eth_getCode" else answer
    )
    assert not condition(dev.chain, SECRET, bytes([9]) * 20, 10).matches
    assert found_on(dev.chain, SECRET) is None

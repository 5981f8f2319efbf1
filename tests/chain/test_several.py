"""One chain through several nodes: one that fails is passed over, two that contradict each other decide nothing."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.chain.embedded_rpc import EmbeddedRpc
from ledger.chain.evm import EvmChain, connect
from ledger.chain.several import Several
from ledger.chain.transactions import prepare
from tests.chain.anchoring import CHAIN_ID, SECRET, SENDER, deploy, embedded
from tests.chain.test_lying_node import LyingProvider, code_of, member, on

Made = SimpleNamespace


@pytest.fixture
def made(tmp_path: Any) -> Iterator[Made]:
    """Three nodes of one chain with two anchors, each of which can be made to lie."""
    with embedded(tmp_path) as dev:
        anchored = deploy(dev.port)
        sent = [anchored.anchor(size) for size in (2, 5)]
        yield Made(**vars(nodes(dev)), anchored=anchored, sent=sent, dev=dev)


def nodes(dev: SimpleNamespace, count: int = 3, **options: Any) -> Made:
    providers = [LyingProvider(EmbeddedRpc(dev.chain)) for _ in range(count)]
    told = {"chain_id": CHAIN_ID, **options}
    chains = [
        EvmChain(provider, name=f"node {number}", **told)  # type: ignore[arg-type]
        for number, provider in enumerate(providers)
    ]
    return Made(chain=Several(chains, [f"node {number}" for number in range(count)]), providers=providers)


def silence(provider: LyingProvider) -> None:
    provider.honest = None  # type: ignore[assignment]


def test_three_nodes_answer_like_one(made: Made) -> None:
    port, chain = made.anchored.chain, made.chain
    number = port.head().number
    assert chain.head() == port.head()
    assert chain.finalized_number() == number
    assert chain.header(number) == port.header(number)
    assert chain.header(number + 1) is None
    assert (chain.chain_id, chain.genesis_hash) == (port.chain_id, port.genesis_hash)
    assert chain.inclusion(made.sent[1].hash) == port.inclusion(made.sent[1].hash)
    assert chain.inclusion(bytes(32)) is None
    assert chain.nonce(SENDER) == chain.nonce(SENDER, pending=True) == 3
    assert "node 0 and node 1 and node 2" in chain.description
    signed = made.anchored.transaction(9)
    assert prepare(chain, SECRET, to=made.anchored.address, data=made.anchored.call_data(9)) == signed
    assert chain.send_raw(signed.raw) == signed.hash
    assert [node.asked.count("eth_sendRawTransaction") for node in made.providers] == [1, 0, 0]


def test_one_url_is_one_node_and_two_are_several() -> None:
    assert isinstance(connect(["http://127.0.0.1:1"]), EvmChain)
    assert isinstance(connect(["http://127.0.0.1:1", "http://127.0.0.1:2"]), Several)


def test_a_node_that_fails_is_passed_over_and_asked_last(made: Made) -> None:
    made.chain.check_identity()
    honest = made.providers[0].honest
    silence(made.providers[0])
    assert made.chain.head().number == 3
    asked = len(made.providers[0].asked)
    for _ in range(5):
        made.chain.balance(SENDER)
    assert made.chain.finalized_number() == 3
    assert len(made.providers[0].asked) == asked
    made.providers[0].honest = honest
    made.chain.check_identity()
    made.chain.finalized_number()
    assert made.providers[0].asked[-1] == "eth_getBlockByNumber"


def test_one_node_alone_says_nothing_of_what_is_final(made: Made) -> None:
    made.chain.check_identity()
    for provider in made.providers[1:]:
        silence(provider)
    assert made.chain.head().number == 3
    assert code_of(made.chain.finalized_number) == "rpc-alone"
    assert code_of(lambda: made.chain.header(1)) == "rpc-alone"
    silence(made.providers[0])
    assert code_of(made.chain.head) == "chain-unavailable"
    assert code_of(made.chain.check_identity) == "chain-unavailable"


def test_what_one_of_three_nodes_calls_final_is_not(dev: SimpleNamespace) -> None:
    anchored = deploy(dev.port)
    for size in (1, 2, 3, 4, 5):
        anchored.anchor(size)
    made = nodes(dev, confirmations=2)
    chains = [*made.chain._order]
    chains[0]._confirmations = 0
    assert made.chain.finalized_number() == 4 < made.chain.head().number == 6
    chains[1]._confirmations = 1
    assert made.chain.finalized_number() == 5


def test_nodes_with_different_blocks_of_one_height_decide_nothing(
    made: Made, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with embedded(tmp_path_factory.mktemp("other")) as dev:
        dev.clock.now += 1
        deploy(dev.port)
        other = EmbeddedRpc(dev.chain).handle(
            {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["0x1", False]}
        )["result"]
    made.providers[1].tamper = lambda method, params, result: (
        other if method == "eth_getBlockByNumber" and params[0] == "0x1" else result
    )
    made.chain.check_identity()
    assert code_of(lambda: made.chain.header(1)) == "rpc-disagree"
    assert made.chain.header(2) == made.anchored.chain.header(2)
    for chain in made.chain._order:
        chain._confirmations = 2
    assert code_of(made.chain.finalized_number) == "rpc-disagree"


def test_a_node_of_another_chain_stops_everything(made: Made) -> None:
    made.providers[2].tamper = on("eth_chainId", lambda _: "0x5")
    assert code_of(made.chain.check_identity) == "chain-wrong-id"
    data = made.anchored.call_data(9)
    assert (
        code_of(lambda: prepare(made.chain, SECRET, to=made.anchored.address, data=data)) == "chain-wrong-id"
    )
    made.providers[2].tamper = lambda _method, _params, result: result
    assert prepare(made.chain, SECRET, to=made.anchored.address, data=data).transaction.chain_id == CHAIN_ID


def test_a_forged_proof_is_passed_over_for_a_true_one(made: Made) -> None:
    header = made.chain.head()
    slot = bytes(32)
    true = made.chain.state_proof(made.anchored.address, [slot], header)
    made.providers[0].tamper = on("eth_getProof", member("accountProof", []))
    made.providers[1].tamper = on("eth_getProof", lambda _: None)
    assert made.chain.state_proof(made.anchored.address, [slot], header) == true
    made.providers[2].tamper = made.providers[0].tamper
    assert (
        code_of(lambda: made.chain.state_proof(made.anchored.address, [slot], header))
        == "chain-proof-invalid"
    )


def test_a_node_that_has_not_come_to_a_block_yet_hides_no_transaction(made: Made) -> None:
    found = made.anchored.chain.inclusion(made.sent[1].hash)
    made.providers[0].tamper = on("eth_getTransactionReceipt", lambda _: None)
    assert made.chain.inclusion(made.sent[1].hash) == found
    made.chain.finalized_number()
    assert made.chain.inclusion(made.sent[1].hash) == found


def test_a_transaction_goes_to_the_next_node_where_one_does_not_take_it(made: Made) -> None:
    signed = made.anchored.transaction(9)
    made.chain.check_identity()
    silence(made.providers[0])
    assert made.chain.send_raw(signed.raw) == signed.hash
    assert [node.asked.count("eth_sendRawTransaction") for node in made.providers] == [1, 1, 0]
    assert made.chain.inclusion(signed.hash) is not None


def test_a_transaction_taken_by_a_node_whose_answer_is_lost_is_of_unknown_fate(made: Made) -> None:
    signed = made.anchored.transaction(9)
    made.providers[0].tamper = on("eth_sendRawTransaction", lambda _: None)
    assert code_of(lambda: made.chain.send_raw(signed.raw)) == "chain-answer-invalid"
    assert [node.asked.count("eth_sendRawTransaction") for node in made.providers] == [1, 1, 1]
    assert made.chain.inclusion(signed.hash) is not None


def test_a_transaction_that_no_node_takes_is_refused_or_of_unknown_fate(made: Made) -> None:
    spent = made.sent[0].raw
    assert code_of(lambda: made.chain.send_raw(spent)) == "transaction-refused"
    silence(made.providers[1])
    assert code_of(lambda: made.chain.send_raw(spent)) == "chain-unavailable"


def test_a_nonce_too_high_at_one_node_keeps_no_transaction_back(made: Made) -> None:
    made.providers[0].tamper = on("eth_getTransactionCount", lambda _: "0xff")
    assert made.chain.nonce(SENDER, pending=True) == 3

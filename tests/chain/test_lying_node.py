"""Nodes that lie: what does not hash or prove itself is refused, each lie by its code."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from ledger.chain.embedded_port import EmbeddedProvider
from ledger.chain.embedded_rpc import EmbeddedRpc
from ledger.chain.evidence import capture
from ledger.chain.evm import EvmChain
from ledger.chain.port import Message
from ledger.chain.transactions import Transaction, prepare, sign_transaction
from ledger.errors import ChainError
from tests.chain.anchoring import CHAIN_ID, SECRET, SENDER, Anchored, deploy, embedded

Tamper = Callable[[str, list[Any], Any], Any]
REFUSAL = {"code": -32000, "message": "missing trie node"}
"""What a test's `tamper` gives where the node is to answer with an error."""


class LyingProvider:
    """An honest node, but for what `tamper(method, params, result)` makes of its answers."""

    def __init__(self, rpc: EmbeddedRpc) -> None:
        self.honest = EmbeddedProvider(rpc)
        self.tamper: Tamper = lambda _method, _params, result: result
        self.asked: list[str] = []

    def make_request(self, method: str, params: Any) -> Any:
        self.asked.append(method)
        answer = self.honest.make_request(method, params)  # type: ignore[arg-type]  # a stand-in
        if "result" not in answer:
            return answer
        result = self.tamper(method, params, json.loads(json.dumps(answer["result"])))
        return {"error": REFUSAL} if result is REFUSAL else answer | {"result": result}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A contract with three anchors."""
    with embedded(tmp_path_factory.mktemp("honest")) as dev:
        anchored = deploy(dev.port)
        sent = [anchored.anchor(size) for size in (2, 5, 9)]
        yield SimpleNamespace(port=dev.port, rpc=EmbeddedRpc(dev.chain), anchored=anchored, sent=sent)


@pytest.fixture
def liar(honest: SimpleNamespace) -> SimpleNamespace:
    """The same, seen through a node that a test makes lie."""
    provider = LyingProvider(honest.rpc)
    chain = EvmChain(provider)  # type: ignore[arg-type]  # a stand-in
    return SimpleNamespace(
        chain=chain, provider=provider, sent=honest.sent, anchored=honest.anchored, honest=honest.port
    )


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(ChainError) as refused:
        action()
    assert "://" not in str(refused.value)
    return refused.value.code


def on(method: str, change: Callable[[Any], Any]) -> Tamper:
    return lambda asked, _params, result: change(result) if asked == method else result


def member(name: str, value: Any) -> Callable[[Any], Any]:
    return lambda result: result | {name: value}


# Identity


def test_a_node_of_another_chain_is_refused(dev: SimpleNamespace) -> None:
    provider = EmbeddedProvider(EmbeddedRpc(dev.chain))
    wrong_id = EvmChain(provider, chain_id=CHAIN_ID + 1)
    assert code_of(wrong_id.check_identity) == "chain-wrong-id"
    assert code_of(lambda: wrong_id.chain_id) == "chain-wrong-id"
    assert code_of(lambda: prepare(wrong_id, SECRET, to=SENDER, data=b"")) == "chain-wrong-id"
    wrong_genesis = EvmChain(provider, genesis_hash=bytes(32))
    assert code_of(wrong_genesis.check_identity) == "chain-wrong-genesis"
    right = EvmChain(provider, chain_id=CHAIN_ID, genesis_hash=dev.chain.genesis_hash)
    right.check_identity()
    assert right.genesis_hash == dev.chain.genesis_hash


def test_a_node_that_changes_chains_is_found_out_before_anything_is_signed(liar: SimpleNamespace) -> None:
    assert liar.chain.chain_id == CHAIN_ID
    liar.provider.tamper = on("eth_chainId", lambda _: "0x1")
    assert code_of(lambda: prepare(liar.chain, SECRET, to=SENDER, data=b"")) == "chain-wrong-id"
    other = liar.honest.header(1)
    liar.provider.tamper = lambda method, params, result: (
        liar.provider.honest.make_request(method, ["0x1", False])["result"]
        if method == "eth_getBlockByNumber" and params[0] == "0x0"
        else result
    )
    assert code_of(liar.chain.check_identity) == "chain-answer-invalid"
    assert other is not None


# Headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stateRoot", "0x" + "11" * 32),
        ("timestamp", "0x1"),
        ("hash", "0x" + "22" * 32),
        ("hash", None),
        ("requestsHash", None),
        ("logsBloom", "0x01"),
        ("extraData", "0x00ff"),
        ("number", "0x-1"),
        ("number", "0x"),
        ("number", True),
        ("number", "1"),
        ("gasUsed", "0x1" + "0" * 64),
        ("parentHash", "0x12"),
        ("parentHash", 5),
    ],
)
def test_a_header_that_does_not_hash_to_its_hash_is_refused(
    liar: SimpleNamespace, name: str, value: Any
) -> None:
    liar.provider.tamper = on("eth_getBlockByNumber", member(name, value))
    assert code_of(liar.chain.head) == "chain-answer-invalid"
    assert code_of(lambda: liar.chain.header(1)) == "chain-answer-invalid"


def test_another_block_than_the_one_asked_for_is_refused(liar: SimpleNamespace) -> None:
    head = liar.provider.honest.make_request("eth_getBlockByNumber", ["latest", False])["result"]
    liar.provider.tamper = lambda method, _params, result: (
        head if method.startswith("eth_getBlockBy") else result
    )
    assert code_of(lambda: liar.chain.header(1)) == "chain-answer-invalid"
    asked = liar.honest.header(1)
    assert code_of(lambda: liar.chain.header_by_hash(asked.hash)) == "chain-answer-invalid"


def test_a_node_that_falls_behind_what_was_final_is_stale(liar: SimpleNamespace) -> None:
    assert liar.chain.finalized_number() == liar.chain.head().number >= 4
    old = liar.provider.honest.make_request("eth_getBlockByNumber", ["0x2", False])["result"]
    liar.provider.tamper = lambda method, params, result: (
        old if method == "eth_getBlockByNumber" and params[0] == "latest" else result
    )
    assert code_of(liar.chain.head) == "chain-stale"
    liar.provider.tamper = lambda method, params, result: (
        old if method == "eth_getBlockByNumber" and params[0] == "finalized" else result
    )
    assert code_of(liar.chain.finalized_number) == "chain-stale"


def test_confirmations_stand_in_where_nothing_is_called_final(dev: SimpleNamespace) -> None:
    chain = EvmChain(EmbeddedProvider(EmbeddedRpc(dev.chain)), confirmations=3)
    assert chain.finalized_number() == 0
    anchored = deploy(dev.port)
    for size in range(1, 6):
        anchored.anchor(size)
    assert chain.finalized_number() == 3


# Receipts


def of_receipts(change: Callable[[dict[str, Any]], Any]) -> Tamper:
    def tamper(method: str, _params: list[Any], result: Any) -> Any:
        if method == "eth_getTransactionReceipt":
            return change(result)
        return [change(each) for each in result] if method == "eth_getBlockReceipts" else result

    return tamper


def with_log(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda receipt: receipt | {"logs": [receipt["logs"][0] | changes]}


@pytest.mark.parametrize(
    "change",
    [
        member("status", "0x0"),
        member("status", None),
        member("cumulativeGasUsed", "0x1"),
        member("type", "0x1"),
        member("type", "0x7"),
        member("logs", []),
        member("logs", None),
        with_log(address="0x" + "33" * 20),
        with_log(data="0x" + "44" * 64),
        with_log(topics=["0x" + "55" * 32] * 3),
        with_log(topics=["0x55"]),
    ],
)
def test_a_forged_receipt_is_refused(liar: SimpleNamespace, change: Callable[[dict[str, Any]], Any]) -> None:
    liar.provider.tamper = of_receipts(change)
    assert code_of(lambda: liar.chain.inclusion(liar.sent[1].hash)) == "chain-answer-invalid"


def test_the_receipt_of_another_transaction_is_refused(liar: SimpleNamespace) -> None:
    first, second = (each.hash for each in liar.sent[:2])
    other = liar.provider.honest.make_request("eth_getTransactionReceipt", ["0x" + second.hex()])["result"]
    liar.provider.tamper = on("eth_getTransactionReceipt", lambda _: other)
    assert code_of(lambda: liar.chain.inclusion(first)) == "chain-answer-invalid"
    renamed = other | {"transactionHash": "0x" + first.hex()}
    liar.provider.tamper = on("eth_getTransactionReceipt", lambda _: renamed)
    assert code_of(lambda: liar.chain.inclusion(first)) == "chain-answer-invalid"


def test_a_receipt_of_a_block_that_is_not_canonical_counts_as_absent(liar: SimpleNamespace) -> None:
    for name, value in (("blockHash", "0x" + "66" * 32), ("blockNumber", "0x1"), ("blockNumber", "0x99")):
        liar.provider.tamper = on("eth_getTransactionReceipt", member(name, value))
        assert liar.chain.inclusion(liar.sent[1].hash) is None
    liar.provider.tamper = on("eth_getTransactionReceipt", member("blockHash", None))
    assert liar.chain.inclusion(liar.sent[1].hash) is None


def test_receipts_missing_from_a_block_are_noticed(liar: SimpleNamespace) -> None:
    liar.provider.tamper = on("eth_getBlockReceipts", lambda _: [])
    assert code_of(lambda: liar.chain.inclusion(liar.sent[1].hash)) == "chain-answer-invalid"
    liar.provider.tamper = on("eth_getTransactionReceipt", member("transactionIndex", "0x1"))
    assert code_of(lambda: liar.chain.inclusion(liar.sent[1].hash)) == "chain-answer-invalid"


def test_a_bloom_that_a_node_gets_wrong_does_not_matter(liar: SimpleNamespace) -> None:
    liar.provider.tamper = of_receipts(member("logsBloom", "0x00"))
    assert liar.chain.inclusion(liar.sent[1].hash) == liar.honest.inclusion(liar.sent[1].hash)


# State proofs


def evidence(liar: SimpleNamespace) -> object:
    anchored: Anchored = liar.anchored
    return capture(liar.chain, anchored.address, anchored.log_id, 5, liar.sent[1].hash)


def of_storage(change: Callable[[dict[str, Any]], Any]) -> Tamper:
    return on("eth_getProof", lambda r: r | {"storageProof": [change(each) for each in r["storageProof"]]})


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (of_storage(lambda proof: proof | {"proof": proof["proof"][:-1]}), "chain-proof-invalid"),
        (of_storage(lambda proof: proof | {"proof": proof["proof"] * 2}), "chain-proof-invalid"),
        (of_storage(lambda proof: proof | {"proof": []}), "chain-proof-invalid"),
        (of_storage(lambda proof: proof | {"proof": ["0x" + "f8" * 40]}), "chain-proof-invalid"),
        (of_storage(lambda proof: proof | {"proof": None}), "chain-answer-invalid"),
        (on("eth_getProof", member("storageProof", [])), "chain-answer-invalid"),
        (on("eth_getProof", member("accountProof", [])), "chain-proof-invalid"),
        (on("eth_getProof", lambda r: r | {"accountProof": r["accountProof"][1:]}), "chain-proof-invalid"),
        (on("eth_getProof", lambda _: None), "chain-answer-invalid"),
    ],
)
def test_a_state_proof_that_does_not_hold_is_refused(
    liar: SimpleNamespace, tamper: Tamper, code: str
) -> None:
    evidence(liar)
    liar.provider.tamper = tamper
    assert code_of(lambda: evidence(liar)) == code


def test_a_stated_value_is_not_looked_at_but_for_its_proof(liar: SimpleNamespace) -> None:
    expected = evidence(liar)
    liar.provider.tamper = of_storage(member("value", "0x1234"))
    assert evidence(liar) == expected


def test_a_proof_of_another_block_is_refused(liar: SimpleNamespace) -> None:
    address = "0x" + liar.anchored.address.hex()
    liar.provider.tamper = lambda method, params, result: (
        liar.provider.honest.make_request(method, [address, params[1], "latest"])["result"]
        if method == "eth_getProof"
        else result
    )
    assert code_of(lambda: evidence(liar)) == "chain-proof-invalid"


@pytest.mark.parametrize("wrong", [1, 2])
@pytest.mark.parametrize("code", ["chain-proof-invalid", "chain-proof-unavailable"])
def test_a_node_that_is_taking_up_a_block_is_asked_for_a_proof_once_more(
    liar: SimpleNamespace, wrong: int, code: str
) -> None:
    address = liar.anchored.address
    included = liar.honest.inclusion(liar.sent[1].hash)
    assert included is not None
    shown: list[Any] = []

    def next_block(method: str, params: list[Any], result: Any) -> Any:
        if method != "eth_getProof":
            return result
        shown.append(params)
        if len(shown) > wrong:
            return result
        if code == "chain-proof-unavailable":
            return REFUSAL
        later = hex(int(params[2], 16) + 1)
        return liar.provider.honest.make_request(method, [*params[:2], later])["result"]

    liar.provider.tamper = next_block
    if wrong == 1:
        true = liar.honest.state_proof(address, [bytes(32)], included.header)
        assert liar.chain.state_proof(address, [bytes(32)], included.header) == true
    else:
        assert code_of(lambda: liar.chain.state_proof(address, [bytes(32)], included.header)) == code
    assert len(shown) == 2
    assert shown[0] == shown[1]


# Other answers


def test_events_that_were_not_asked_for_are_refused(liar: SimpleNamespace) -> None:
    anchored: Anchored = liar.anchored
    for change in (
        {"address": "0x" + "33" * 20},
        {"topics": ["0x" + "33" * 32] * 3},
        {"topics": []},
        {"data": "0x"},
        {"blockHash": None},
    ):
        liar.provider.tamper = on("eth_getLogs", lambda logs, c=change: [log | c for log in logs])
        assert (
            code_of(lambda: liar.chain.anchored(anchored.address, anchored.log_id)) == "chain-answer-invalid"
        )


def test_a_fee_beyond_the_cap_is_not_offered(liar: SimpleNamespace) -> None:
    liar.provider.tamper = on("eth_maxPriorityFeePerGas", lambda _: hex(10**15))
    assert code_of(liar.chain.fees) == "chain-fee-too-high"


def test_another_hash_than_that_of_the_transaction_sent_is_noticed(liar: SimpleNamespace) -> None:
    liar.provider.tamper = on("eth_sendRawTransaction", lambda _: "0x" + "77" * 32)
    signed = liar.anchored.transaction(12)
    assert code_of(lambda: liar.chain.send_raw(signed.raw)) == "chain-answer-invalid"
    assert liar.chain.inclusion(signed.hash) is not None


def test_a_transaction_is_sent_once_whatever_happens() -> None:
    sent = []

    class Broken:
        def make_request(self, method: str, _params: Any) -> Any:
            sent.append(method)
            raise requests.ConnectionError("http://user:secret@node.example.xa/key")

    signed = sign_transaction(Transaction(1, 0, SENDER, b"", 21_000, 1, 1), SECRET)
    chain = EvmChain(Broken())  # type: ignore[arg-type]  # a stand-in
    with pytest.raises(ChainError) as refused:
        chain.send_raw(signed.raw)
    assert refused.value.code == "chain-unavailable"
    assert "secret" not in str(refused.value)
    assert sent == ["eth_sendRawTransaction"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (None, "chain-answer-invalid"),
        ([], "chain-answer-invalid"),
        ({}, "chain-answer-invalid"),
        ({"result": None}, "chain-answer-invalid"),
        ({"result": {}}, "chain-answer-invalid"),
        ({"result": "0x"}, "chain-answer-invalid"),
        ({"result": ["0x1"]}, "chain-answer-invalid"),
        ({"result": "ok"}, "chain-answer-invalid"),
        ({"error": "no"}, "chain-answer-invalid"),
        (
            {"error": {"code": -32000, "message": "header\nnot\x1b[31m found" + "x" * 999}},
            "chain-request-refused",
        ),
        ({"error": {}}, "chain-request-refused"),
    ],
)
def test_answers_of_any_form_are_named_errors(answer: Any, code: str) -> None:
    chain = EvmChain(SimpleNamespace(make_request=lambda _method, _params: answer))
    for action in (
        chain.head,
        chain.check_identity,
        lambda: chain.balance(SENDER),
        lambda: chain.estimate_gas(Message(SENDER, SENDER, b"")),
        chain.fees,
    ):
        with pytest.raises(ChainError) as refused:
            action()
        assert refused.value.code == code
        assert len(str(refused.value)) < 500
        assert str(refused.value).isprintable()

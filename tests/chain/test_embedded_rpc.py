"""JSON-RPC of the embedded chain: its form, its errors, and that no request raises."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3 import Web3
from web3.providers.base import BaseProvider

from ledger.chain.artifact import load_artifact
from ledger.chain.embedded_port import EmbeddedProvider
from ledger.chain.embedded_rpc import BATCH_LIMIT, EmbeddedRpc
from ledger.core.evm.anchor import ANCHORED_TOPIC, HEAD_SELECTOR
from tests.campaign import count
from tests.chain.anchoring import CHAIN_ID, SECRET, SENDER, deploy


@pytest.fixture
def rpc(dev: SimpleNamespace) -> EmbeddedRpc:
    return EmbeddedRpc(dev.chain)


def ask(rpc: EmbeddedRpc, method: str, *params: Any) -> Any:
    answer = rpc.handle({"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)})
    assert json.loads(json.dumps(answer)) == answer
    assert answer["jsonrpc"] == "2.0"
    assert answer["id"] == 7
    return answer


def result(rpc: EmbeddedRpc, method: str, *params: Any) -> Any:
    return ask(rpc, method, *params)["result"]


def error(rpc: EmbeddedRpc, method: str, *params: Any) -> Any:
    return ask(rpc, method, *params)["error"]


def test_batches_are_answered_in_order(rpc: EmbeddedRpc) -> None:
    answers = rpc.handle(
        [
            {"jsonrpc": "2.0", "id": n, "method": m}
            for n, m in enumerate(("eth_chainId", "nonsense", "net_version"))
        ]
    )
    assert [answer["id"] for answer in answers] == [0, 1, 2]
    assert answers[0]["result"] == hex(CHAIN_ID)
    assert answers[1]["error"]["code"] == -32601
    assert answers[2]["result"] == str(CHAIN_ID)


@pytest.mark.parametrize(
    "request_",
    [None, 5, "x", [], {}, {"method": 5}, {"method": "eth_chainId", "params": {}}, [{}] * (BATCH_LIMIT + 1)],
)
def test_what_is_no_request_is_an_invalid_request(rpc: EmbeddedRpc, request_: Any) -> None:
    answer = rpc.handle(request_)
    assert answer["error"]["code"] == -32600
    assert answer["id"] is None


@pytest.mark.parametrize(
    "method",
    ["eth_accounts", "eth_sendTransaction", "eth_sign", "personal_unlockAccount", "debug_traceTransaction",
     "admin_peers", "evm_mine", "anvil_setBalance", "miner_start", "__init__"],
)  # fmt: skip
def test_there_are_no_accounts_and_no_administration(rpc: EmbeddedRpc, method: str) -> None:
    assert error(rpc, method)["code"] == -32601


def test_bad_parameters_are_named(rpc: EmbeddedRpc) -> None:
    for method, params in (
        ("eth_getBalance", []),
        ("eth_getBalance", ["0x12", "latest"]),
        ("eth_getBalance", ["0x" + "zz" * 20, "latest"]),
        ("eth_getBalance", ["0x" + "11" * 20, "newest"]),
        ("eth_getBlockByNumber", ["12"]),
        ("eth_getBlockByNumber", ["0x" + "1" * 65]),
        ("eth_getBlockByHash", ["0x12"]),
        ("eth_getProof", ["0x" + "11" * 20, "0x0", "latest"]),
        ("eth_getProof", ["0x" + "11" * 20, ["0x0"] * 2_000, "latest"]),
        ("eth_getLogs", [{"topics": [[], [], [], [], []]}]),
        ("eth_getLogs", ["all"]),
        ("eth_call", [{"to": 5}]),
        ("eth_sendRawTransaction", [5]),
        ("eth_sendRawTransaction", ["0x1"]),
        ("eth_sendRawTransaction", ["0x 1 1"]),
    ):
        assert error(rpc, method, *params)["code"] == -32602, (method, params)


def test_unknown_blocks_and_transactions_are_null(rpc: EmbeddedRpc) -> None:
    assert result(rpc, "eth_getBlockByNumber", "0x99", False) is None
    assert result(rpc, "eth_getBlockByHash", "0x" + "11" * 32, False) is None
    assert result(rpc, "eth_getTransactionByHash", "0x" + "11" * 32) is None
    assert result(rpc, "eth_getTransactionReceipt", "0x" + "11" * 32) is None
    assert result(rpc, "eth_getBlockReceipts", "0x99") is None
    assert error(rpc, "eth_getBalance", "0x" + "11" * 20, "0x99")["code"] == -32000


def test_hashes_of_other_stored_things_are_not_blocks(rpc: EmbeddedRpc, dev: SimpleNamespace) -> None:
    # Trie nodes and code share the store with headers, under keccak keys alike.
    anchored = deploy(dev.port)
    header = dev.chain.head()
    code_hash = load_artifact().runtime_code_hash
    for key in (header.state_root, header.transaction_root, header.receipt_root, code_hash):
        assert result(rpc, "eth_getBlockByHash", "0x" + key.hex(), False) is None
        assert "result" not in ask(
            rpc, "eth_getBalance", "0x" + anchored.address.hex(), {"blockHash": "0x" + key.hex()}
        )


def test_a_revert_carries_its_data_as_anvils_does(
    rpc: EmbeddedRpc, dev: SimpleNamespace, anvil_chain: Any
) -> None:
    ours, theirs = deploy(dev.port), deploy(anvil_chain)
    answers = []
    for anchored, request in (
        (ours, lambda *asked: ask(rpc, *asked)),
        (theirs, lambda method, *params: anvil_chain._node._provider.make_request(method, list(params))),
    ):
        anchored.anchor(3)
        call = {"from": "0x" + SENDER.hex(), "to": "0x" + anchored.address.hex()}
        call["data"] = "0x" + anchored.call_data(3).hex()
        answers += [request("eth_call", call, "latest")["error"], request("eth_estimateGas", call)["error"]]
    assert {answer["code"] for answer in answers} == {3}
    assert len({answer["data"] for answer in answers}) == 1
    assert all(answer["message"].startswith("execution reverted") for answer in answers)


def test_blocks_and_receipts_have_the_members_that_anvils_have(
    rpc: EmbeddedRpc, dev: SimpleNamespace, anvil_chain: Any
) -> None:
    shown = []
    for anchored, request in (
        (deploy(dev.port), lambda *asked: ask(rpc, *asked)),
        (
            deploy(anvil_chain),
            lambda method, *params: anvil_chain._node._provider.make_request(method, list(params)),
        ),
    ):
        signed = anchored.anchor(3)
        receipt = request("eth_getTransactionReceipt", "0x" + signed.hash.hex())["result"]
        block = request("eth_getBlockByHash", receipt["blockHash"], True)["result"]
        shown.append((set(block), set(block["transactions"][0]), set(receipt), set(receipt["logs"][0])))
    for ours, theirs in zip(*shown, strict=True):
        assert theirs - ours <= {
            "blobGasPrice",
            "blobGasUsed",
            "blockAccessListHash",
            "slotNumber",
            "blockTimestamp",
        }


class Web3Provider(EmbeddedProvider, BaseProvider):
    """As web3 wants one."""


def test_web3_reads_the_chain_as_any_other(rpc: EmbeddedRpc, dev: SimpleNamespace) -> None:
    anchored = deploy(dev.port)
    sent = [anchored.anchor(size) for size in (1, 5)]
    w3 = Web3(Web3Provider(rpc))
    assert w3.eth.chain_id == CHAIN_ID
    assert w3.eth.get_block("latest")["number"] == 3
    assert w3.eth.get_transaction(sent[1].hash)["from"].lower() == "0x" + SENDER.hex()
    contract = w3.eth.contract(Web3.to_checksum_address(anchored.address), abi=load_artifact().abi)
    assert contract.functions.head(anchored.log_id).call() == 5
    assert contract.functions.rootAt(anchored.log_id, 1).call() == anchored.log.root(1)
    assert [event["args"]["size"] for event in contract.events.Anchored().get_logs(from_block=0)] == [1, 5]
    assert w3.eth.fee_history(2, "latest", [50])["oldestBlock"] == 2
    built = contract.functions.anchor(
        *(w3.keccak(text="x"), Web3.to_checksum_address(SENDER), 1, bytes(32), [], b"")
    )
    with pytest.raises(Exception, match="0x"):
        built.call()
    account = w3.eth.account.from_key(SECRET)
    transaction = {"to": account.address, "value": 1, "nonce": w3.eth.get_transaction_count(account.address)}
    transaction |= {"gas": 21_000, "chainId": CHAIN_ID, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1}
    w3.eth.wait_for_transaction_receipt(
        w3.eth.send_raw_transaction(account.sign_transaction(transaction).raw_transaction), timeout=5
    )


def test_logs_are_filtered_by_place_emitter_and_topics(rpc: EmbeddedRpc, dev: SimpleNamespace) -> None:
    first, second = deploy(dev.port), deploy(dev.port)
    first.anchor(1)
    second.anchor(2)
    first.anchor(3)

    def sizes(**wanted: Any) -> list[int]:
        wanted = {"fromBlock": "0x0"} | wanted
        return [int(log["topics"][2], 16) for log in result(rpc, "eth_getLogs", wanted)]

    topic = "0x" + ANCHORED_TOPIC.hex()
    address = "0x" + first.address.hex()
    assert sizes() == [1, 2, 3]
    assert sizes(address=address) == [1, 3]
    assert sizes(address=[address, "0x" + second.address.hex()]) == [1, 2, 3]
    assert sizes(fromBlock="0x4") == [2, 3]
    assert sizes(toBlock="0x4") == [1, 2]
    assert (
        sizes(topics=[topic])
        == sizes(topics=[None])
        == sizes(topics=[[topic, "0x" + "11" * 32]])
        == [1, 2, 3]
    )
    assert sizes(topics=[None, None, "0x" + (2).to_bytes(32, "big").hex()]) == [2]
    assert sizes(topics=["0x" + "11" * 32]) == sizes(topics=[None, None, None, None]) == []
    head = result(rpc, "eth_getBlockByNumber", "latest", False)
    assert [int(log["topics"][2], 16) for log in result(rpc, "eth_getLogs", {"blockHash": head["hash"]})] == [
        3
    ]


def test_state_of_old_blocks_stays_readable(rpc: EmbeddedRpc, dev: SimpleNamespace) -> None:
    anchored = deploy(dev.port)
    for size in (2, 4, 8):
        anchored.anchor(size)
    call = {"to": "0x" + anchored.address.hex(), "data": "0x" + (HEAD_SELECTOR + anchored.log_id).hex()}
    heads = [int(result(rpc, "eth_call", call, hex(block)), 16) for block in range(1, 5)]
    assert heads == [0, 2, 4, 8]
    nonces = [
        int(result(rpc, "eth_getTransactionCount", "0x" + SENDER.hex(), hex(block)), 16) for block in range(5)
    ]
    assert nonces == [0, 1, 2, 3, 4]


METHODS = [
    "eth_getBlockByNumber", "eth_getBlockByHash", "eth_getBalance", "eth_getProof", "eth_getLogs", "eth_call",
    "eth_estimateGas", "eth_feeHistory", "eth_sendRawTransaction", "eth_getStorageAt", "eth_getBlockReceipts",
]  # fmt: skip
scalar = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.binary(max_size=40).map(lambda b: "0x" + b.hex()),
    st.sampled_from(["latest", "earliest", "0x0", "0x1", "0x" + "11" * 20, "0x" + "22" * 32]),
)  # fmt: skip
names = st.sampled_from(
    ["to", "from", "data", "input", "value", "gas", "fromBlock", "topics", "address", "blockHash"]
)
params = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4)
)


@given(method=st.sampled_from(METHODS), params=st.lists(params, max_size=4))
@settings(max_examples=count(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_request_raises_or_fails_inside(rpc: EmbeddedRpc, method: str, params: list[Any]) -> None:
    answer = ask(rpc, method, *params)
    assert ("result" in answer) != ("error" in answer)
    if "error" in answer:
        assert answer["error"]["code"] != -32603, answer

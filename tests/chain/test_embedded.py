"""The embedded chain: its first block, its rules, its clock and its file."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address

from ledger.chain.embedded import EmbeddedChain
from ledger.chain.embedded_calls import Call
from ledger.chain.embedded_genesis import Genesis
from ledger.chain.embedded_port import DESCRIPTION
from ledger.core.evm.header import parse_header
from ledger.errors import ChainError, SetupError
from tests.chain.anchoring import CHAIN_ID, GENESIS, SECRET, SENDER, START, deploy, embedded


def signed(nonce: int, **changes: object) -> bytes:
    members: dict[str, object] = {
        "chainId": CHAIN_ID,
        "nonce": nonce,
        "gas": 21_000,
        "maxFeePerGas": 3 * 10**9,
        "maxPriorityFeePerGas": 10**9,
        "to": "0x" + "22" * 20,
        "value": 1,
    }
    members |= changes
    key = members.pop("key", SECRET)
    if members["to"] is not None:
        members["to"] = to_checksum_address(members["to"])
    return bytes(
        Account.sign_transaction({k: v for k, v in members.items() if v is not None}, key).raw_transaction
    )


def refusal(dev: SimpleNamespace, raw: bytes) -> str:
    before = dev.chain.head().hash
    with pytest.raises(ChainError) as refused:
        dev.chain.send_raw(raw)
    assert refused.value.code == "transaction-refused"
    assert dev.chain.head().hash == before
    return str(refused.value)


def test_it_says_of_itself_that_it_adds_no_independence(dev: SimpleNamespace) -> None:
    assert dev.port.description == "development chain, run by the operator: adds no independence"
    assert dev.port.description == DESCRIPTION


def test_the_same_configuration_gives_the_same_first_block_for_ever(dev: SimpleNamespace) -> None:
    # Changes when the EVM library builds genesis blocks differently: then old files no longer open.
    assert dev.chain.genesis_hash.hex() == "7854936eee37e6b152865c2e43e4fc68489bfcd04e89613b87f87d87c2760a94"


@pytest.mark.parametrize(
    "genesis",
    [
        Genesis(CHAIN_ID + 1, START, {SENDER: 10**24}),
        Genesis(CHAIN_ID, START + 1, {SENDER: 10**24}),
        Genesis(CHAIN_ID, START, {SENDER: 10**24 + 1}),
        Genesis(CHAIN_ID, START, {}),
    ],
    ids=["chain id", "time", "balance", "nobody"],
)
def test_another_configuration_is_another_chain(tmp_path: Path, genesis: Genesis) -> None:
    with embedded(tmp_path) as dev:
        ours = dev.chain.genesis_hash
        dev.chain.send_raw(signed(0))
        head = dev.chain.head().hash
    with pytest.raises(SetupError) as refused, embedded(tmp_path, genesis):
        pass
    assert refused.value.code == "chain-genesis-differs"
    (tmp_path / "other").mkdir()
    with embedded(tmp_path / "other", genesis) as other:
        assert other.chain.genesis_hash != ours
    with embedded(tmp_path) as again:
        assert again.chain.head().hash == head


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    with embedded(tmp_path) as dev:
        anchored = deploy(dev.port)
        transactions = [anchored.anchor(size) for size in (2, 3, 9)]
        head = dev.port.head()
    with embedded(tmp_path) as dev:
        assert dev.port.head() == head
        assert all(dev.port.inclusion(each.hash) for each in transactions)
        assert len(dev.port.anchored(anchored.address, anchored.log_id)) == 3
        anchored.chain = dev.port
        anchored.anchor(11)
        assert dev.port.head().number == head.number + 1


def test_a_second_process_is_told_that_the_file_is_in_use(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from ledger.chain.embedded import EmbeddedChain\n"
        "from ledger.errors import SetupError\n"
        "from tests.chain.anchoring import GENESIS\n"
        "try: EmbeddedChain(Path(sys.argv[1]), GENESIS, clock=lambda: 0)\n"
        "except SetupError as error: print(error.code)\n"
    )
    with embedded(tmp_path):
        for again in (True, False):
            if again:
                with pytest.raises(SetupError) as refused:
                    EmbeddedChain(tmp_path / "chain.sqlite", GENESIS, clock=lambda: 0)
                assert refused.value.code == "chain-in-use"
            else:
                command = [sys.executable, "-c", code, str(tmp_path / "chain.sqlite")]
                said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
                assert said.stdout.strip() == "chain-in-use"


def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / "text").write_text("not a database at all, but long enough to be read as a header\n" * 20)
    with sqlite3.connect(tmp_path / "other") as other:
        other.execute("CREATE TABLE notes (text)")
    other.close()
    for name in ("text", "other"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(SetupError) as refused:
            EmbeddedChain(tmp_path / name, GENESIS, clock=lambda: 0)
        assert refused.value.code == "chain-file-foreign"
        assert (tmp_path / name).read_bytes() == before
    with pytest.raises(SetupError) as refused:
        EmbeddedChain(tmp_path / "no" / "folder", GENESIS, clock=lambda: 0)
    assert refused.value.code == "chain-file"


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chain.sqlite"
    with embedded(tmp_path) as dev:
        for nonce in range(3):
            dev.chain.send_raw(signed(nonce))
    content = bytearray(path.read_bytes())
    content[100:4096] = bytes(3996)
    path.write_bytes(content)
    with pytest.raises(SetupError) as refused, embedded(tmp_path):
        pass
    assert refused.value.code == "chain-file-damaged"


def test_block_times_follow_the_clock_and_always_increase(dev: SimpleNamespace) -> None:
    times = []
    for nonce, now in enumerate((START + 1_000, START + 1_000, START + 500, START + 5_000)):
        dev.clock.now = now
        dev.chain.send_raw(signed(nonce))
        times.append(dev.chain.head().timestamp)
    assert times == [START + 1_000, START + 1_001, START + 1_002, START + 5_000]


def test_every_transaction_has_a_block_of_its_own(dev: SimpleNamespace) -> None:
    for nonce in range(4):
        transaction_hash = dev.chain.send_raw(signed(nonce))
        mined = dev.chain.transaction(transaction_hash)
        assert (mined.header.block_number, mined.index) == (nonce + 1, 0)
    assert [parse_header(dev.port.header(n).encoded).number for n in range(5)] == list(range(5))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chainId": 5}, "invalid chain id"),
        ({"gas": 20_999}, "intrinsic gas too low"),
        ({"data": "0x" + "11" * 100, "gas": 22_700}, "insufficient gas for floor data gas cost"),
        ({"gas": 30_000_001}, "exceeds block gas limit"),
        ({"nonce": 7}, "nonce too high"),
        ({"value": 10**25}, "insufficient funds"),
        ({"key": bytes([1]) * 32}, "insufficient funds"),
        ({"maxFeePerGas": 1, "maxPriorityFeePerGas": 0}, "max fee per gas less than block base fee"),
        ({"maxFeePerGas": 10**9, "maxPriorityFeePerGas": 2 * 10**9}, "max priority fee per gas higher"),
        ({"data": "0x" + "00" * 49_153, "to": None, "gas": 10**6}, "max initcode size exceeded"),
        ({"maxFeePerGas": None, "maxPriorityFeePerGas": None, "gasPrice": 10**9, "chainId": 5}, "chain id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_real_node_refuses_is_refused(
    dev: SimpleNamespace, changes: dict[str, object], words: str
) -> None:
    nonce = changes.pop("nonce", 0)
    assert words in refusal(dev, signed(nonce, **changes))
    dev.chain.send_raw(signed(0))


def test_a_used_nonce_is_too_low_and_a_mined_transaction_is_known(dev: SimpleNamespace) -> None:
    dev.chain.send_raw(signed(0))
    assert refusal(dev, signed(0, value=2)).startswith("nonce too low: next nonce 1, tx nonce 0")
    assert refusal(dev, signed(0)) == "already known"


def test_raw_bytes_that_are_no_transaction_are_refused(dev: SimpleNamespace) -> None:
    good = signed(0)
    for raw in (
        b"",
        b"\x02",
        b"\x02\xff",
        b"\xc0",
        good[:-1],
        good + b"\0",
        b"\x05" + good[1:],
        bytes(200_000),
    ):
        refusal(dev, raw)
    for kind in (3, 4):
        assert "not supported" in refusal(dev, bytes([kind]) + good[1:])


def test_a_signature_with_high_s_is_refused(dev: SimpleNamespace) -> None:
    import rlp

    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    fields = rlp.decode(signed(0)[1:])
    fields[-1] = (order - int.from_bytes(fields[-1], "big")).to_bytes(32, "big").lstrip(b"\0")
    fields[-3] = b"" if fields[-3] else b"\x01"
    assert refusal(dev, b"\x02" + rlp.encode(fields)) == "invalid transaction v, r, s values"


def test_legacy_and_access_list_transactions_are_mined(dev: SimpleNamespace) -> None:
    legacy = {"maxFeePerGas": None, "maxPriorityFeePerGas": None, "gasPrice": 2 * 10**9}
    listed = {"accessList": [{"address": "0x" + "22" * 20, "storageKeys": ["0x" + "00" * 32]}], "gas": 30_000}
    for nonce, changes in enumerate((legacy, legacy | listed, listed)):
        transaction_hash = dev.chain.send_raw(signed(nonce, **changes))
        assert dev.port.inclusion(transaction_hash).status == 1


def test_a_transaction_that_fails_is_mined_with_status_0(dev: SimpleNamespace) -> None:
    anchored = deploy(dev.port)
    raw = signed(1, to=anchored.address, value=0, gas=200_000, data="0x" + anchored.call_data(5)[:100].hex())
    included = dev.port.inclusion(dev.chain.send_raw(raw))
    assert included.status == 0
    assert dev.chain.send_raw(signed(2))


def test_an_estimate_is_enough_and_not_much_too_much(dev: SimpleNamespace) -> None:
    anchored = deploy(dev.port)
    anchored.anchor(3)
    data = anchored.call_data(50)
    outcome, limit = dev.chain.estimate(Call(SENDER, anchored.address, data), dev.chain.head())
    raw = signed(2, to=anchored.address, value=0, gas=limit, data="0x" + data.hex())
    included = dev.port.inclusion(dev.chain.send_raw(raw))
    assert included.status == 1
    assert included.gas_used == outcome.gas_used <= limit <= 1.1 * outcome.gas_used


def test_reading_and_calling_leave_no_trace(dev: SimpleNamespace) -> None:
    anchored = deploy(dev.port)
    head = dev.chain.head()
    dev.chain.call(Call(SENDER, anchored.address, anchored.call_data(5)), head)
    dev.chain.estimate(Call(SENDER, anchored.address, anchored.call_data(5)), head)
    assert dev.chain.proof(anchored.address, [], head).account.storage_root.hex().startswith("56e81f17")
    assert dev.chain.head() == head


def test_threads_that_send_at_once_all_are_mined(dev: SimpleNamespace) -> None:
    keys = [bytes([n]) * 32 for n in range(1, 6)]
    for nonce, key in enumerate(keys):
        dev.chain.send_raw(signed(nonce, to=Account.from_key(key).address, value=10**18))
    errors: list[BaseException] = []

    def send(key: bytes) -> None:
        try:
            for nonce in range(5):
                dev.chain.send_raw(signed(nonce, key=key))
                dev.port.head()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=send, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert dev.chain.head().block_number == 5 + 25


def test_a_full_disk_loses_the_block_and_nothing_else(tmp_path: Path) -> None:
    with embedded(tmp_path) as dev:
        dev.chain.send_raw(signed(0))
        pages = dev.chain._store._connection.execute("PRAGMA page_count").fetchone()[0]
        dev.chain._store._connection.execute(f"PRAGMA max_page_count={pages}")

        def fill() -> None:
            for nonce in range(1, 40):
                dev.chain.send_raw(signed(nonce, data="0x" + "11" * 9_000, gas=10**6))

        with pytest.raises(ChainError) as refused:
            fill()
        assert refused.value.code == "chain-storage"
        head = dev.chain.head()
        assert head.block_number == dev.chain.account(SENDER, head)[0] > 0
        dev.chain._store._connection.execute("PRAGMA max_page_count=100000")
        dev.chain.send_raw(signed(dev.chain.account(SENDER, head)[0]))
        assert dev.chain.head().block_number == head.block_number + 1


def test_opening_is_fast_and_only_an_embedded_chain_loads_the_evm_library(tmp_path: Path) -> None:
    code = "import ledger.chain.evm, ledger.chain.evidence, ledger.chain.transactions, sys; print('eth' in sys.modules)"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    assert said.stdout.strip() == "False"

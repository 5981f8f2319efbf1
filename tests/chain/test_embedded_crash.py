"""kill -9 of a process that mines: nothing acknowledged is lost, and the chain is whole."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from ledger.core.evm.header import parse_header
from tests.chain.anchoring import SENDER, deploy, embedded

ROUNDS = 10
SEED = 20260613


def mine_and_kill(miner: subprocess.Popen[str], rng: random.Random) -> list[str]:
    """Have it mine, kill it at a random moment, and give back what it acknowledged."""
    assert miner.stdin is not None
    assert miner.stdout is not None
    miner.stdin.write("go\n")
    miner.stdin.flush()
    process_id = int(miner.stdout.readline())
    acknowledged = [miner.stdout.readline().strip() for _ in range(rng.randrange(6))]
    time.sleep(rng.random() * 0.04)
    os.kill(process_id, signal.SIGKILL)
    for line in miner.stdout:
        if line.strip() == "ended":
            return acknowledged
        # A line cut short by the kill acknowledges nothing.
        acknowledged += [line.strip()] if len(line.strip()) == 64 else []
    raise AssertionError("the miner ended by itself")


def check_chain(folder: Path, acknowledged: list[str]) -> int:
    with embedded(folder) as dev:
        head = dev.port.head()
        assert dev.chain.account(SENDER, dev.chain.head())[0] == head.number
        assert head.number - len(acknowledged) in range(ROUNDS + 1)
        child = head
        for number in range(head.number - 1, -1, -1):
            header = dev.port.header(number)
            assert header is not None
            assert child.parent_hash == parse_header(header.encoded).hash
            assert child.time > header.time
            child = header
        for transaction in acknowledged:
            included = dev.port.inclusion(bytes.fromhex(transaction))
            assert included is not None
            assert included.status == 1
        return head.number


def test_kill_9_at_any_moment_loses_nothing_acknowledged(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    command = [sys.executable, "-m", "tests.chain.mining_process", str(tmp_path / "chain.sqlite")]
    acknowledged: list[str] = []
    heads = [0]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as miner:
        for _ in range(ROUNDS):
            acknowledged += mine_and_kill(miner, rng)
            heads.append(check_chain(tmp_path, acknowledged))
        assert miner.stdin is not None
        miner.stdin.close()
        miner.wait(timeout=10)
    assert heads == sorted(heads)
    assert len(acknowledged) == len(set(acknowledged)) > 0


def test_a_block_is_one_database_transaction(tmp_path: Path) -> None:
    with embedded(tmp_path) as dev:
        anchored = deploy(dev.port)
        signed = anchored.transaction(3)
        statements: list[str] = []
        dev.chain._store._connection.set_trace_callback(statements.append)
        dev.chain.send_raw(signed.raw)
        dev.chain._store._connection.set_trace_callback(None)
    words = [statement.split()[0] for statement in statements if not statement.startswith("SELECT")]
    assert words[0] == "BEGIN"
    assert words[-1] == "COMMIT"
    assert set(words[1:-1]) == {"INSERT"}

"""kill -9 in the middle of registering: what was acknowledged is there, and the log is one log."""

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from ledger.core.receipt import verify_receipt
from ledger.store.database import open_database
from tests.services.nodes import running

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "10"))


def test_every_acknowledged_receipt_verifies_after_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    chance = random.Random(os.environ.get("CRASH_SEED", "1"))
    acknowledged: dict[bytes, int] = {}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.services.crashing", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as forks:
        assert forks.stdin is not None
        assert forks.stdout is not None
        for number in range(ROUNDS):
            forks.stdin.write(f"round {number}\n")
            child = int(forks.stdout.readline().removeprefix("child "))
            assert forks.stdout.readline() == "ready\n", "the node did not start again"
            killer = threading.Timer(chance.uniform(0.0, 0.4), os.kill, (child, signal.SIGKILL))
            killer.start()
            for line in forks.stdout:
                if line == "gone\n":
                    break
                digest, _, index = line.partition(" ")  # a line this short is written whole or not at all
                acknowledged[bytes.fromhex(digest)] = int(index)
            killer.join()
            open_database(path, read_only=True).close()
        forks.stdin.close()
    assert len(acknowledged) > ROUNDS
    assert len(set(acknowledged.values())) == len(acknowledged)
    with running(path) as node:
        signer = node.world.xa.signer
        for digest, index in acknowledged.items():
            receipt = node.receipt(digest)
            assert receipt.index == index
            verify_receipt(
                receipt,
                digest,
                origin=signer.origin,
                vkeys=signer.vkeys,
                head_addresses=[signer.head_address],
            )
        assert node.audit().findings == ()

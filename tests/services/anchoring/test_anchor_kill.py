"""kill -9 of a process that anchors, at any moment: no anchor twice, and none missing."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from tests.campaign import count
from tests.loopback import PlainProvider
from tests.servers import anvil
from tests.services.anchoring.process import CONFIRMATIONS, OPTIONS
from tests.services.anchoring.rigs import ANVIL_ID, Rig, fresh, mine, reopened
from tests.simulator import World

KILLS = 20
SEED = 20261122
ROOT = Path(__file__).parents[3]


def kill_one(anchorer: subprocess.Popen[str], rng: random.Random) -> int:
    """Have it anchor, kill it at a random moment, after as many ticks as chance says; how often it ticked."""
    assert anchorer.stdin is not None
    assert anchorer.stdout is not None
    anchorer.stdin.write("go\n")
    anchorer.stdin.flush()
    process_id = int(anchorer.stdout.readline())
    ticks, least = 0, rng.randint(0, 2)
    while ticks < least:
        line = anchorer.stdout.readline().strip()
        assert line not in ("", "ended"), "the anchorer ended by itself"
        ticks += line == "."
    time.sleep(rng.random() * 0.12)
    os.kill(process_id, signal.SIGKILL)
    for line in anchorer.stdout:
        if line.strip() == "ended":
            return ticks
        ticks += line.strip() == "."
    raise AssertionError("the process that starts anchorers ended")


def test_kill_9_at_any_moment_leaves_each_anchor_once(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    module = "tests.services.anchoring.process"
    with anvil(chain_id=ANVIL_ID) as node, closing(PlainProvider(node.url)) as provider:
        contract = fresh(tmp_path, provider, **OPTIONS)
        provider.make_request("evm_setAutomine", [False])
        command = [sys.executable, "-m", module, str(tmp_path), node.url, contract.hex()]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as anchorer:
            ticks = sum(kill_one(anchorer, rng) for _ in range(count(KILLS)))
            assert anchorer.stdin is not None
            anchorer.stdin.close()
            anchorer.wait(timeout=10)
        assert ticks > 0
        # Whoever starts next settles what was on its way.
        with reopened(tmp_path, provider, contract, World(), **OPTIONS) as rig:
            latest = rig.checkpoints.latest()
            assert latest is not None
            rig.now = max(int(time.time()), latest.signed_at)
            if latest.size < rig.log.head.size:
                rig.sign()  # as a node does at its start, where it was killed between the entries and their checkpoint
            settle(rig)
            sizes = rig.announced()
            assert [one.size for one in rig.evidence()] == rig.ours_mined() == sizes
            assert sizes[-1] == rig.log.head.size
            assert [one.row.size for one in rig.anchors.every_intent()] == sizes


def settle(rig: Rig) -> None:
    anchorer = rig.anchorer()
    for _ in range(20):
        mine(rig, CONFIRMATIONS + 1)
        rig.tick(anchorer)
        held = rig.anchors.latest_anchored(anchorer.name)
        if not rig.anchors.pending() and held and held.row.size == rig.log.head.size:
            return
    raise AssertionError(f"not settled: {[rig.history(one.id) for one in rig.anchors.intents()]}")

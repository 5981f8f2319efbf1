"""kill -9 of a relay, again and again: no checkpoint is carried twice, none is left out."""

import os
import random
import signal
import time
from pathlib import Path

from ledger.chain.http_provider import BoundedHTTPProvider
from tests.campaign import count
from tests.services.anchoring.rigs import Faulty
from tests.services.relay.carrying import Rig, rig

KILLS = count(20)


def relay_until_killed(made: Rig) -> None:
    """What the child does; connections are its own."""
    made.provider = Faulty(BoundedHTTPProvider(made.provider.honest._url))
    relay, route = made.relay(), made.route()
    while True:
        made.tick(relay, route)


def test_a_relay_that_is_killed_carries_every_checkpoint_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    with rig(tmp_path, confirmations=1) as made:
        for _ in range(KILLS):
            made.partner.grow(1)
            made.partner.grow(1)
            made.now += 1_000
            child = os.fork()
            if child == 0:
                try:
                    relay_until_killed(made)
                finally:
                    os._exit(1)
            time.sleep(chance.uniform(0.0, 0.12))
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            assert os.WIFSIGNALED(status)
        made.now += 10_000
        relay, route = made.relay(), made.route()
        for _ in range(2 * KILLS + 20):
            made.tick(relay, route)
            made.provider.ask("anvil_mine", "0x1")
            if set(made.states().values()) == {"done"} and len(made.states()) == len(made.partner.anchored):
                break
        sizes = sorted(made.partner.anchored)
        assert made.accepted() == sizes
        assert made.states() == dict.fromkeys(sizes, "done")
        mined = made.mined()
        assert [nonce for nonce, _ in mined] == list(range(len(mined)))
        assert [status for _, status in mined].count(1) == len(sizes)

"""kill -9 in the middle of registering: what was acknowledged is there, and the log is one log.

`EVIDENCE_CAMPAIGN` is the number of kills where it is more than the suite's.
"""

import os
import random
import time
from pathlib import Path

from tests.campaign import count
from tests.faults.judge import Told, autopsy, judge
from tests.faults.writer import make_store
from tests.faults.writers import restarted, writers
from tests.services.nodes import identity
from tests.simulator import World

LONGEST = 0.2
"""Seconds between a start and its kill, at most."""
SEED = os.environ.get("EVIDENCE_SEED", "1")


def test_nothing_that_was_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    place, told, chance = tmp_path / "ledger.sqlite", Told(), random.Random(SEED)
    make_store(place)
    with writers() as forks:
        for number in range(count(20)):
            writer = forks.ready(f"kill-{number}", place, told)
            time.sleep(chance.uniform(0.0, LONGEST))
            writer.kill()
            assert not writer.refused
            assert not autopsy(told, place)
        restarted(forks, place, told)
    assert len(told.indices) > count(20)
    assert not judge(told, place, identity(World()))

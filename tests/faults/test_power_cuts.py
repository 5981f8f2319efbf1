"""Power fails under load, on a disk that forgets what was not synchronised: nothing that was acknowledged is lost.

Half of the cuts are at any time, half at a chosen operation of the disk; half leave nothing that was not
synchronised, half leave what chance says.  `EVIDENCE_CAMPAIGN` is the number of cuts where it is more than the suite's.
"""

import os
import random
import time
from contextlib import suppress
from pathlib import Path

from ledger.errors import SetupError, StoreError
from ledger.services.home.database import DATABASE, open_log_database
from ledger.services.home.folder import Plan, init_home, open_home
from tests.campaign import count
from tests.faults.judge import Told, autopsy, judge, kinds
from tests.faults.mount import Mount, mounted, needs_fuse
from tests.faults.writer import make_store
from tests.faults.writers import fail_power, restarted, writers
from tests.services.nodes import identity
from tests.simulator import World

pytestmark = needs_fuse
PLAN = Plan("XA", "registry.example.xa", registrar="did:web:registrar.example.xa")
SEED = os.environ.get("EVIDENCE_SEED", "1")


def test_nothing_that_was_acknowledged_is_lost_by_a_power_cut(tmp_path: Path) -> None:
    told, chance = Told(), random.Random(SEED)
    with mounted(tmp_path / "disk") as disk, writers() as forks:
        place = disk.folder / "ledger.sqlite"
        make_store(place)
        for number in range(count(6)):
            writer = forks.ready(f"cut-{number}", place, told)
            assert not writer.refused
            fail_power(disk, writer, chance, number)
            assert not autopsy(told, place)
        restarted(forks, place, told)
        assert len(told.indices) > count(6)
        assert not judge(told, place, identity(World()))


def test_without_synchronising_a_power_cut_loses_what_was_acknowledged(tmp_path: Path) -> None:
    # Were nothing lost here either, the cuts above would show nothing.
    told = Told()
    with mounted(tmp_path / "disk") as disk, writers() as forks:
        place = disk.folder / "ledger.sqlite"
        make_store(place)
        writer = forks.ready("careless", place, told, plant="never-synchronises")
        writer.wait_for_records(50)
        writer.kill()
        disk.cut()
        assert kinds(autopsy(told, place)) & {"unsigned", "unusable"}


def test_a_first_start_that_power_cut_off_goes_on_at_the_next(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with mounted(tmp_path / "disk") as disk:
        made = init_home(disk.folder / "node", PLAN, now=int(time.time()), random=os.urandom)
        disk.cut()
        home = open_home(made.path)
        before = changes(disk)
        open_log_database(home).close()
        most = changes(disk) - before
        for number in range(count(6)):
            for left in home.path.glob(f"{DATABASE}*"):
                left.unlink()
            disk.freeze(chance.randint(1, most))
            with suppress(SetupError, StoreError):
                open_log_database(home).close()
            disk.cut(chance.random() if number % 2 else None)
            open_log_database(home).close()
            assert not list(home.path.glob("*.new*"))
            disk.cut()
            assert (home.path / DATABASE).is_file()


def changes(disk: Mount) -> int:
    return sum(number for kind, number in disk.counts().items() if kind != "read")

"""Several processes that would all move one log, stopped and resumed at any time, with clocks that jump.

On SQLite the lock of the file elects one, and stays with it while it is stopped; on PostgreSQL the server may end the
session that holds the lock, and another is elected while the first one does not know.  There are never two heads of
one size.  `EVIDENCE_CAMPAIGN` is the number of seconds where it is more than the suite's.
"""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.campaign import count
from tests.faults.judge import Told, judge
from tests.faults.writer import make_store
from tests.faults.writers import Writer, Writers, restarted, writers
from tests.postgres import Server, served
from tests.services.nodes import identity
from tests.simulator import World

SEED = os.environ.get("EVIDENCE_SEED", "1")
SECONDS = count(10)
HOUR = 3_600
LONGEST = 0.4
"""Seconds for which a process is stopped, at most."""
END_ELECTED = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = '{}')"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as made:
        yield made


@pytest.fixture
def forks() -> Iterator[Writers]:
    with writers() as made:
        yield made


def race(
    forks: Writers,
    place: Path | str,
    clocks: Path,
    told: Told,
    wanted: set[str],
    meanwhile: Callable[[], object],
) -> None:
    """Three writers that would all move the log, for `SECONDS` and until all that is wanted was refused once.

    Args:
        wanted: Codes; a busy machine needs longer to come to all of them.
        meanwhile: Called while some are stopped.
    """
    chance = random.Random(SEED)
    clocks.mkdir()
    made = [
        forks.start(f"rival-{number}", place, told, hold=0.3 + number / 10, clock=str(clocks / str(number)))
        for number in range(3)
    ]
    right = 0
    begun = time.monotonic()
    while time.monotonic() < begun + SECONDS or not is_enough(made, wanted):
        assert time.monotonic() < begun + SECONDS + 90, (codes(made), [writer.readies for writer in made])
        right += chance.choice((0, 0, HOUR))
        for number in range(3):
            (clocks / str(number)).write_text(str(right + chance.choice((-HOUR, 0, 0))))
        stopped = chance.sample(made, chance.choice((1, 1, 2)))
        for writer in stopped:
            writer.signal(signal.SIGSTOP)
        time.sleep(chance.uniform(0.0, LONGEST / 2))
        meanwhile()
        time.sleep(chance.uniform(0.0, LONGEST / 2))
        for writer in stopped:
            writer.signal(signal.SIGCONT)
        time.sleep(chance.uniform(0.0, LONGEST))
    for number in range(3):
        (clocks / str(number)).write_text(str(right + HOUR))
    settle(made)


def is_enough(made: list[Writer], wanted: set[str]) -> bool:
    """Whether two moved the log, and all that is wanted was refused once."""
    return (
        sum(writer.readies > 0 for writer in made) > 1
        and codes(made) >= wanted
        and len(made[0].told.seen) > 10
    )


def settle(made: list[Writer]) -> None:
    """Wait until somebody moves the log, now that nothing happens any more; then end them all."""
    give_up = time.monotonic() + 30
    before = sum(writer.lines for writer in made)
    while sum(writer.lines for writer in made) < before + 10:
        assert time.monotonic() < give_up, "nobody moves the log any more"
        time.sleep(0.05)
    for writer in made:
        writer.kill()


def codes(made: list[Writer]) -> set[str]:
    return {code for writer in made for code in writer.refused}


def test_writers_of_one_file_never_sign_two_heads_of_one_size(forks: Writers, tmp_path: Path) -> None:
    place, told = tmp_path / "ledger.sqlite", Told()
    make_store(place)
    race(forks, place, tmp_path / "clocks", told, {"clock-behind", "store-locked"}, lambda: None)
    restarted(forks, place, told, ahead=str(tmp_path / "clocks" / "0"))
    assert not judge(told, place, identity(World()))


def test_writers_of_one_server_never_sign_two_heads_of_one_size(
    forks: Writers, server: Server, tmp_path: Path
) -> None:
    name, told = server.database(), Told(in_order=False)
    place = server.url(name)
    make_store(place)
    wanted = {"clock-behind", "store-locked"}
    race(forks, place, tmp_path / "clocks", told, wanted, lambda: server.execute(END_ELECTED.format(name)))
    restarted(forks, place, told, ahead=str(tmp_path / "clocks" / "0"))
    assert not judge(told, place, identity(World()))


def test_a_leader_that_slept_through_an_election_is_fenced(forks: Writers, server: Server) -> None:
    name, told = server.database(), Told(in_order=False)
    place = server.url(name)
    make_store(place)
    first = forks.ready("first", place, told)
    first.wait_for_records(5)
    first.signal(signal.SIGSTOP)
    assert server.execute(END_ELECTED.format(name)) == [(True,)]
    second = forks.ready("second", place, told)
    second.wait(lambda one: one.readies > 0)
    second.wait_for_records(5)
    first.signal(signal.SIGCONT)
    first.wait(lambda one: bool({"fenced", "store-locked"} & set(one.refused)))
    # Before that, the store's own fault where it was asleep within a statement on the very session that was ended.
    assert set(first.refused) <= {"fenced", "store-locked", "store-failed", "store-unavailable"}
    second.wait_for_records(5)
    assert not set(second.refused) & {"fenced"}
    for writer in (first, second):
        writer.kill()
    restarted(forks, place, told)
    assert not judge(told, place, identity(World()))


def test_a_stopped_writer_whose_folder_was_replaced_by_a_copy_signs_nothing_more(
    forks: Writers, tmp_path: Path
) -> None:
    place, told = tmp_path / "node" / "ledger.sqlite", Told()
    place.parent.mkdir()
    make_store(place)
    first = forks.ready("moved", place, told)
    first.wait_for_records(5)
    first.signal(signal.SIGSTOP)
    place.parent.rename(tmp_path / "away")
    shutil.copytree(tmp_path / "away", place.parent)
    second = forks.ready("copy", place, told)
    assert second.readies
    second.wait_for_records(5)
    first.signal(signal.SIGCONT)
    first.wait(lambda one: len(one.refused) > 1 and "store-moved" in one.refused)
    # Where it was stopped within a change, that one first finds its journal gone, or a file that is not in its place.
    before = first.refused[: first.refused.index("store-moved")]
    assert set(before) <= {"store-io", "store-read-only"}
    second.wait_for_records(5)
    for writer in (first, second):
        writer.kill()
    restarted(forks, place, told)
    wrong = judge(told, place, identity(World()))
    # Whatever the first one was telling at the very moment is in the copy too, or it was stopped in the middle.
    assert not wrong, wrong

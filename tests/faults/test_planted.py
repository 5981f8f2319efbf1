"""The judge finds what it is there to find: each planted bug turns it red, by the name of what it breaks."""

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.judge import Kind, Told, Wrong, autopsy, judge, kinds
from tests.faults.mount import Mount, mounted, needs_fuse
from tests.faults.planted import BUGS
from tests.faults.writer import make_store
from tests.faults.writers import Writers, fail_power, writers
from tests.services.nodes import identity
from tests.simulator import World

ROUNDS = 12
"""Kills or cuts within which a bug must have shown itself."""

BY_KILLING: dict[str, set[Kind]] = {
    "answers-before-appending": {"lost", "unsigned", "reused"},
    "answers-before-the-checkpoint": {"unsigned"},
    "publishes-before-storing": {"rolled-back"},
    "publishes-an-older-one-again": {"rolled-back"},
    "signs-again": {"two-heads"},
    "restores-a-copy": {"reused", "lost"},
    "drops-the-last": {"lost", "reused", "unsigned"},
    "swaps-answers": {"lost", "reused"},
    "leaves-the-head": {"unusable"},
    "flips-a-bit": {"damaged"},
}
BY_CUTTING: dict[str, set[Kind]] = {
    "never-synchronises": {"lost", "unusable", "rolled-back", "two-heads"},
    "forgets-the-folder": {"lost", "rolled-back", "unsigned"},
    "has-no-journal": {"unusable", "damaged", "unsigned", "lost"},
}


@pytest.fixture(scope="module")
def forks() -> Iterator[Writers]:
    with writers() as made:
        yield made


def test_every_bug_is_tried() -> None:
    assert BY_KILLING.keys() | BY_CUTTING.keys() == BUGS.keys()


@pytest.mark.parametrize("plant", BY_KILLING)
def test_a_planted_bug_is_found_by_kills(plant: str, forks: Writers, tmp_path: Path) -> None:
    place = tmp_path / "ledger.sqlite"
    make_store(place)
    found = rounds(forks, place, plant, None)
    assert kinds(found) & BY_KILLING[plant], found[:3]


@needs_fuse
@pytest.mark.parametrize("plant", BY_CUTTING)
def test_a_planted_bug_is_found_by_power_cuts(plant: str, forks: Writers, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk") as disk:
        place = disk.folder / "ledger.sqlite"
        make_store(place)
        found = rounds(forks, place, plant, disk)
    assert kinds(found) & BY_CUTTING[plant], found[:3]


def test_a_writer_that_dies_by_itself_is_no_success(forks: Writers, tmp_path: Path) -> None:
    place, told = tmp_path / "ledger.sqlite", Told()
    make_store(place)
    writer = forks.start("dies", place, told, plant="none of them")
    with pytest.raises(AssertionError, match="writer dies died"):
        writer.wait_for_records(1)


def rounds(forks: Writers, place: Path, plant: str, disk: Mount | None) -> list[Wrong]:
    """Kill or cut until something is wrong."""
    told, chance = Told(), random.Random(plant)
    for number in range(ROUNDS):
        writer = forks.ready(f"{plant}-{number}", place, told, plant=plant)
        with suppress(AssertionError):  # a bug may keep it from getting there
            writer.wait_for_records(30, patience=3)
        if disk is None:
            time.sleep(chance.uniform(0.0, 0.1))
            writer.kill()
        else:
            fail_power(disk, writer, chance, number)
        if found := autopsy(told, place):
            return found
        if found := judge(told, place, identity(World())):
            return found
    return []

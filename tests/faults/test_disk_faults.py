"""The disk fails at its n-th operation: 503, no signature over bytes that are not safe, and then all is well.

What a power cut would leave is looked at while the disk fails and afterwards: whatever was answered and published by
then is there.  `EVIDENCE_CAMPAIGN` is the largest n where it is more than the suite's.
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count as numbers
from pathlib import Path
from random import Random
from shutil import rmtree

import pytest

from api.problems import status_of
from ledger.errors import LedgerError
from ledger.services.registration.register import Registration
from ledger.store.checkpoints import StoredCheckpoint
from tests.campaign import count
from tests.faults.disk import FOR_EVER
from tests.faults.judge import Told, autopsy, judge
from tests.faults.mount import Mount, mounted, needs_fuse
from tests.faults.writer import make_store, opened
from tests.services.nodes import NOW, Node, identity
from tests.simulator import World

pytestmark = needs_fuse
LARGEST = count(60)
SEED = os.environ.get("EVIDENCE_SEED", "1")
RETRY = 0.02
PATIENCE = 30
PART = 20
"""Faults that one log meets in a campaign: what is kept is looked through after each."""
FAULTS = [
    ("write", errno.ENOSPC),
    ("write", errno.EIO),
    ("fsync", errno.EIO),
    ("create", errno.EROFS),
    ("remove", errno.EIO),
    ("change", errno.EROFS),
]


class Faulty:
    """A node on a disk that fails, and what its clients were told."""

    def __init__(self, disk: Mount, scratch: Path) -> None:
        self.disk = disk
        self.place = disk.folder / "ledger.sqlite"
        self.scratch = scratch
        self.told = Told()
        self.statuses: set[int] = set()
        self.node: Node
        self._names = (f"fault-{number}" for number in numbers())
        self._saved = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        with opened(self.place, self.publish, lambda: NOW, 0.0) as self.node:
            yield

    def publish(self, checkpoint: StoredCheckpoint) -> None:
        self.told.published(checkpoint.size, sha256(checkpoint.note).digest())

    def register(self) -> bool:
        """Register two single records and three together; whether all were answered."""
        taken = 0
        for together in (1, 3, 1):
            records = [self.node.world.record(next(self._names)).encoded for _ in range(together)]
            try:
                answers = self.node.register_many(records)
                for answer in answers:
                    assert isinstance(answer, Registration), answer
                    self.told.acknowledged(answer.digest, answer.index)
                    taken += 1
            except LedgerError as error:
                self.statuses.add(status_of(error))
        return taken == 5

    def register_until_struck(self, *, at_most: int) -> None:
        """Go on until the disk has failed, and once more: most operations come once or oftener a record."""
        for _ in range(at_most):
            self.register()
            if self.disk.struck():
                break
        self.register()

    def holds(self, seed: object = None) -> None:
        """Whatever was told so far is there if power fails now."""
        self._saved += 1
        left = self.scratch / f"saved-{self._saved}"
        told = self.told.so_far()  # what the node publishes after this may be there or not
        self.disk.save(left, seed)
        assert not autopsy(told, left / "ledger.sqlite")
        rmtree(left)

    def recovers(self) -> None:
        """The node takes records again, by itself."""
        give_up = time.monotonic() + PATIENCE
        while not self.register():
            assert time.monotonic() < give_up, "the node did not recover"
            time.sleep(RETRY)
        assert self.node.sequencer.trouble is None


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    monkeypatch.setattr("ledger.services.log.sequencer.RETRY", RETRY)
    with mounted(tmp_path / "disk") as disk:
        made = Faulty(disk, tmp_path)
        make_store(made.place)
        with made.running():
            made.told.acknowledged(made.node.enrol_exporter().digest, 0)
        yield made
        disk.cut()
        assert not judge(made.told, made.place, identity(World()))


def sample(name: str) -> list[int]:
    """Which operations fail in the suite: the first ones, and a few of the others."""
    return [*range(1, 7), *sorted(Random(f"{SEED} {name}").sample(range(7, 61), 4))]


def parts() -> list[range | None]:
    """The operations that fail one after the other on one disk: all in a campaign, or None: a sample."""
    if LARGEST > 60:
        return [range(first, min(first + PART, LARGEST + 1)) for first in range(1, LARGEST + 1, PART)]
    return [None]


@pytest.mark.parametrize("part", parts(), ids=str)
@pytest.mark.parametrize(("kind", "number"), FAULTS, ids=lambda value: errno.errorcode.get(value, value))
def test_a_disk_that_fails_loses_nothing_and_is_over(
    faulty: Faulty, kind: str, number: int, part: range | None
) -> None:
    tried = sample(f"{kind} {number}") if part is None else part
    struck = 0
    with faulty.running():
        for place, after in enumerate(tried):
            faulty.disk.fail(kind, number, after=after, times=FOR_EVER if place % 2 else 1)
            faulty.register_until_struck(at_most=2 + after)
            faulty.holds()
            struck += bool(faulty.disk.heal())
            faulty.recovers()
            faulty.holds(after)
    assert struck == len(tried)
    assert faulty.statuses == {503}


def test_a_node_that_ends_while_the_disk_fails_starts_again_when_it_is_over(faulty: Faulty) -> None:
    for after in (1, 2, 3, 5, 8, 13, 21):
        for kind in ("fsync", "change"):
            with faulty.running():
                faulty.disk.fail(kind, errno.EIO, after=after)
                faulty.register()
                faulty.holds()
            faulty.disk.heal()
            with faulty.running():
                faulty.recovers()
            faulty.holds()


def test_what_a_restarted_node_shows_is_safe_though_the_one_before_died_at_the_end_of_a_commit(
    faulty: Faulty,
) -> None:
    for after in range(1, 61, 1 if LARGEST > 60 else 4):
        with faulty.running():
            faulty.disk.freeze(after)
            faulty.register()
        faulty.disk.heal()
        with faulty.running():
            latest = faulty.node.checkpoints.latest()
            assert latest is not None
            faulty.publish(latest)
            faulty.holds()

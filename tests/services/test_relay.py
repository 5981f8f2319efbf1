"""Carrying a partner's checkpoints to the own chain: every one, in order, once, and none that does not hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sealing import secrets
from tests.services.relaying import Rig, rig


@pytest.fixture
def attested(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path) as made:
        yield made


def test_every_anchored_checkpoint_is_carried_in_order(attested: Rig) -> None:
    sizes = [attested.partner.grow() for _ in range(4)]
    attested.settle()
    assert attested.accepted() == sizes
    assert attested.head() == sizes[-1]
    assert attested.mined() == [(n, 1) for n in range(4)]


@pytest.mark.parametrize(("count", "round_"), [(4, 0), (4, 5), (7, 5)])
def test_sealed_checkpoints_are_carried_across_a_change_of_validators(
    tmp_path: Path, count: int, round_: int
) -> None:
    first, second = secrets(count), secrets(count + 2)[1:]
    with rig(tmp_path, sets=[(0, first), (16, second)], round_=round_) as sealed:
        sizes = [sealed.partner.grow() for _ in range(3)]  # blocks 13, 16 and 19
        sealed.settle()
        assert sealed.accepted() == sizes
        assert [one.kind for one in sealed.items()] == ["checkpoint", "rotation", "checkpoint", "checkpoint"]

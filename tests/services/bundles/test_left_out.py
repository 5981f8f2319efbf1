"""What a bundle carries that a decision leaves out, at every moment of step 11; what weighs most comes first."""

from collections.abc import Iterator
from typing import Any

import pytest

from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.services.bundles import closure as closing
from ledger.services.bundles.closure import closure
from ledger.statements.deciding import sides as asking
from tests.deciding.records import rule
from tests.services.deciding import Deciding
from tests.services.homes import DAY
from tests.services.recognising import party, recognising
from tests.services.sides import holder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deciding]:
    with recognising(tmp_path_factory.mktemp("sides")) as made:
        machine = holder("machine", "XA")
        made.sides.xa.enrol(machine, "machine")
        yield Deciding(made, machine, {})


class Scene:
    """A zone of its own, whose measures are asked about its own records alone."""

    def __init__(self, world: Deciding, zone: str) -> None:
        self.world, self.zone = world, zone
        self.free = self.measure("free")

    @property
    def now(self) -> int:
        return int(self.world.made.sides.clock.now)

    def measure(self, name: str, outcome: str = "free", **members: Any) -> bytes:
        applies = {"direction": "outbound", "jurisdiction": "XA", "zone": self.zone}
        made = {
            "rules": [rule("1", outcome)],
            "number": f"{self.zone}-{name.replace(' ', '-')}",
            "applies": applies,
            **members,
        }
        return self.world.measure(self.named(name, made.get("version", 1)), **made)

    def named(self, name: str, version: int = 1) -> str:
        return f"{self.zone} {name} {version}"

    def next(self, name: str, version: int, **members: Any) -> bytes:
        before = self.world.named[self.named(name, version - 1)]
        return self.measure(name, version=version, supersedes=before.hex(), **members)

    def record(self, **members: Any) -> Statement:
        exporter = {**party(self.world.made.sides.exporter), "zone": self.zone}
        return self.world.record(f"{self.zone} record", exporter=exporter, **members)

    def decide(self, record: Statement, *names: str, **how: Any) -> bytes:
        return self.world.decide(f"{self.zone} decision", record, *map(self.named, names), **how)

    def carried(self, record: Statement, **how: Any) -> list[bytes]:
        found = closure(record.digest, self.world.xa.node.statements, "XA", **how)
        return [one.statement.digest for one in found]

    def said(self, record: Statement) -> tuple[str, str]:
        self.world.xa.anchor()
        return self.world.said(self.world.xa.bundle(record.digest))[:2]


@pytest.fixture
def scene(world: Deciding) -> Scene:
    return Scene(world, f"XA-Z{len(world.named)}")


@pytest.mark.parametrize("end", ["start", "end"])
def test_what_takes_effect_within_the_window_is_carried(scene: Scene, end: str) -> None:
    far = scene.now + 50 * DAY
    soon = scene.measure(
        "soon",
        "prohibited",
        effectiveFrom=format_time(far),
        effectiveUntil=format_time(far + DAY),
    )
    at_start, at_end = (far, far + 2 * DAY) if end == "start" else (scene.now + DAY, far)
    record = scene.record(window={"start": format_time(at_start), "end": format_time(at_end)})
    scene.decide(record, "free")
    assert soon in scene.carried(record)
    assert scene.said(record) == ("absent", "decided-for-another-time")


def test_what_takes_effect_past_the_window_is_not_carried(scene: Scene) -> None:
    later = scene.measure("later", effectiveFrom=format_time(scene.now + 50 * DAY))
    window = {"start": format_time(scene.now), "end": format_time(scene.now + 49 * DAY)}
    record = scene.record(window=window)
    scene.decide(record, "free")
    assert later not in scene.carried(record)


def test_what_was_in_force_when_a_record_that_was_dated_back_was_logged_is_carried(scene: Scene) -> None:
    clock = scene.world.made.sides.clock
    since = format_time(clock.now + 5 * DAY)
    between = scene.measure("between", "prohibited", effectiveFrom=since)
    exporter = {**party(scene.world.made.sides.exporter), "zone": scene.zone}
    record = scene.world.made.sides.record(exporter=exporter)
    clock.now += 10 * DAY
    scene.world.named[scene.zone] = scene.world.xa.register(record)
    scene.decide(record, "free", at=record.created)
    assert between not in scene.carried(record)  # by its own word
    assert scene.said(record) == ("absent", "decided-for-another-time")
    assert between in scene.carried(record, times=scene.world.xa.node.shelf.known)


def test_a_version_that_is_covered_by_one_without_its_endorsements_is_carried(scene: Scene) -> None:
    of_xa = scene.world.made.of_xa.holder
    first = scene.measure("joint", "prohibited")
    second = scene.next("joint", 2, joint={"threshold": 1, "authorities": [of_xa]})
    record = scene.record()
    scene.decide(record, "free")
    assert {first, second} <= set(scene.carried(record))
    assert scene.said(record) == ("failed", "measure-left-out")


def test_a_version_that_is_covered_by_one_published_after_the_decision_is_carried(scene: Scene) -> None:
    first = scene.measure("early", "prohibited")
    since = format_time(scene.now)
    record = scene.record()
    scene.decide(record, "free")
    second = scene.next("early", 2, effectiveFrom=since)
    assert {first, second} <= set(scene.carried(record))
    assert scene.said(record) == ("failed", "measure-left-out")


def test_a_version_that_is_covered_by_one_that_another_key_signed_is_carried(scene: Scene) -> None:
    newer = scene.world.made.newer
    first = scene.measure("rotated", "prohibited")
    second = scene.next("rotated", 2, by=newer)
    third = scene.next("rotated", 3, by=newer)
    record = scene.record()
    scene.decide(record, "free")
    carried = scene.carried(record)
    assert {first, third} <= set(carried)
    assert second not in carried


def test_a_version_that_another_surely_covers_is_not_carried(scene: Scene) -> None:
    first = scene.measure("covered", "prohibited")
    second = scene.next("covered", 2)
    record = scene.record()
    scene.decide(record, "free", "covered")
    carried = scene.carried(record)
    assert second in carried
    assert first in carried  # the decision names it
    other = scene.record()
    scene.decide(other, "free")
    carried = scene.carried(other)
    assert second in carried
    assert first not in carried


def test_the_end_of_a_measure_is_carried_where_an_earlier_version_would_seem_to_be_in_force(
    scene: Scene,
) -> None:
    scene.measure("ended", "prohibited")
    ended = format_time(scene.now + 1)
    last = scene.next("ended", 2, effectiveUntil=ended)
    scene.world.made.sides.clock.now += 10
    record = scene.record()
    scene.decide(record, "free", "ended")
    assert last in scene.carried(record)
    assert scene.said(record) == ("failed", "decision-differs")


def test_more_measures_than_are_decided_by_are_carried_and_nothing_is_said_to_follow(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {scene.measure(f"more {number}") for number in range(3)}
    record = scene.record()
    scene.decide(record, "free")
    monkeypatch.setattr(asking, "MOST_MEASURES", 2)
    assert more <= set(scene.carried(record))
    assert scene.said(record) == ("absent", "decision-too-large")


def test_nine_decisions_by_strangers_leave_the_parties_own_and_what_it_leaves_out(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = scene.measure("second", "conditional")
    record = scene.record()
    own = scene.decide(record, "free")
    ahead = scene.now + 90 * DAY
    strange = scene.measure("strange", effectiveFrom=format_time(ahead))
    others = [scene.decide(record, "free", at=ahead + number, by=scene.world.machine) for number in range(9)]
    carried = scene.carried(record)
    places = [carried.index(one) for one in (own, scene.free, second, others[-1], strange)]
    assert places == sorted(places)
    assert [one for one in carried if one in others] == others[2:]  # as many as there is room for
    monkeypatch.setattr(closing, "LIMIT", carried.index(others[2]))
    kept = scene.carried(record)
    assert {own, scene.free, second} <= set(kept)
    assert strange not in kept
    assert not set(others) & set(kept)


def test_versions_that_cover_others_come_before_them(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    joint = {"threshold": 1, "authorities": [scene.world.made.of_xa.holder]}
    made = [scene.measure("long"), *(scene.next("long", version, joint=joint) for version in range(2, 6))]
    world = scene.world.made
    endorsed = scene.world.xa.register(world.endorsement(world.of_xa, "XA", made[-1], "jointMeasure"))
    record = scene.record()
    scene.decide(record, "free")
    carried = scene.carried(record)
    order = [one for one in carried if one in (*made, endorsed)]
    assert order == [made[4], endorsed, made[3], made[2], made[1], made[0]]
    monkeypatch.setattr(closing, "LIMIT", carried.index(made[3]))
    assert [one for one in scene.carried(record) if one in (*made, endorsed)] == [made[4], endorsed]

"""A monitor that meets a notice that its log ended: told in place of a log that changed, held against what was seen."""

from pathlib import Path
from typing import Any

import pytest

from ledger.core.statement import Statement
from ledger.services.monitoring.monitor import UNREACHABLE, Look, Monitor
from ledger.services.monitoring.succession import ENDED, MISPLACED, SPLIT
from ledger.store.alarms import Alarms
from ledger.store.followed import FILE, FollowedLogs
from tests.services.monitoring.shown_logs import ShownLog, reading
from tests.simulator import NOW, Jurisdiction, world
from tests.verify.test_succession import HELD, SEEN, Rig, Successor
from tests.verify.test_succession import told as signed_root


class Watch:
    """A monitor of XA's address, and what is shown there."""

    def __init__(self, folder: Path, rig: Rig, *logs: Jurisdiction) -> None:
        self.logs, self.alarms, self.rig = FollowedLogs(folder / FILE), Alarms(folder / FILE), rig
        self.monitor = Monitor(self.logs, self.alarms, lambda: rig.trust(*logs), lambda: NOW)

    def look(self, shown: ShownLog) -> Look:
        with reading(shown.answer) as reader:
            return self.monitor.look(reader)

    def old(self, size: int) -> ShownLog:
        return ShownLog(self.rig.made.xa, size)

    def new(self, notice: Statement, log: Jurisdiction | None = None) -> ShownLog:
        place = self.rig.after if log is None else log
        place.entries = [notice.digest, self.rig.made.record("after").digest]
        return ShownLog(place, 2, notice=notice.encoded)


@pytest.fixture
def rig() -> Rig:
    made = world()
    return Rig(made, Successor("XA", made.xa.number))


def raised(look: Look) -> dict[str, Any]:
    assert look.error is None or look.error.code == "log-unknown", look.error
    return {alarm.code: alarm.detail for alarm in look.alarms}


def test_a_log_in_place_of_the_one_that_was_followed_says_what_is_missing(tmp_path: Path, rig: Rig) -> None:
    watch = Watch(tmp_path, rig)
    assert raised(watch.look(watch.old(SEEN))) == {}
    shown = watch.new(rig.notice())
    told = raised(watch.look(shown))
    assert list(told) == [ENDED]  # and not that the log changed
    assert "entries 4 to 5 of it (2) are lost" in told[ENDED]
    assert raised(watch.look(shown)) == {}
    assert shown.asked.count("v1/log/succession") == 1


def test_without_its_notice_it_is_a_log_that_changed(tmp_path: Path, rig: Rig) -> None:
    watch = Watch(tmp_path, rig)
    watch.look(watch.old(SEEN))
    shown = watch.new(rig.notice())
    shown.notice = None
    assert list(raised(watch.look(shown))) == ["log-changed"]


def test_who_believes_the_log_that_ended_alone_is_told_too_and_not_that_it_is_unreachable(
    tmp_path: Path, rig: Rig
) -> None:
    watch = Watch(tmp_path, rig, rig.made.xa)
    watch.look(watch.old(SEEN))
    shown = watch.new(rig.notice())
    looks = [watch.look(shown) for _ in range(UNREACHABLE)]
    assert all(look.error is not None for look in looks)
    assert [list(raised(look)) for look in looks] == [[ENDED], [], []]


def test_a_gap_that_is_told_too_small_is_an_alarm(tmp_path: Path, rig: Rig) -> None:
    watch = Watch(tmp_path, rig)
    watch.look(watch.old(SEEN + 1))
    assert set(raised(watch.look(watch.new(rig.notice())))) == {ENDED, "gap-understated"}


def contradicting(rig: Rig) -> Statement:
    """A notice with another history of the log, signed by it, at a size below the one that was seen."""
    other = rig.made.xa.checkpoint(HELD, root=bytes(32))
    return rig.notice(held=signed_root(other) | {"checkpoint": other.decode()})


def test_a_notice_of_another_history_below_the_head_that_was_followed_is_an_alarm(
    tmp_path: Path, rig: Rig
) -> None:
    watch = Watch(tmp_path, rig)
    watch.look(watch.old(SEEN))
    assert set(raised(watch.look(watch.new(contradicting(rig))))) == {ENDED, "gap-contradicted"}


def test_a_log_that_is_followed_after_its_notice_is_held_against_the_sizes_in_it(
    tmp_path: Path, rig: Rig
) -> None:
    watch = Watch(tmp_path, rig)
    with reading(watch.new(contradicting(rig)).answer, "http://another.example.xa") as reader:
        assert list(raised(watch.monitor.look(reader))) == [ENDED]
    assert list(raised(watch.look(watch.old(SEEN)))) == ["gap-contradicted"]


def test_a_second_successor_of_one_log_is_an_alarm(tmp_path: Path, rig: Rig) -> None:
    other = Successor("XA", rig.made.xa.number)
    other.origin = rig.made.xa.origin + "-other"
    watch = Watch(tmp_path, rig, rig.made.xa, rig.after, other)
    watch.look(watch.old(SEEN))
    assert list(raised(watch.look(watch.new(rig.notice())))) == [ENDED]
    second = watch.look(watch.new(rig.notice(successor=other.trusted_log()), other))
    assert SPLIT in raised(second)
    assert raised(second)[SPLIT].count(rig.made.xa.origin) == 3  # of which log, and the two names after it


def test_a_second_notice_under_the_same_name_is_an_alarm_for_who_believes_the_old_log_alone(
    tmp_path: Path, rig: Rig
) -> None:
    watch = Watch(tmp_path, rig, rig.made.xa)
    watch.look(watch.old(SEEN))
    assert list(raised(watch.look(watch.new(rig.notice())))) == [ENDED]
    with reading(watch.new(rig.notice(reason="databaseLost")).answer, "http://another.example.xa") as reader:
        assert set(raised(watch.monitor.look(reader))) == {SPLIT, ENDED}
        assert raised(watch.monitor.look(reader)) == {}
    with reading(watch.new(rig.notice()).answer, "http://third.example.xa") as reader:
        assert SPLIT in raised(watch.monitor.look(reader))


def test_a_strangers_notice_tells_nothing(tmp_path: Path, rig: Rig) -> None:
    watch = Watch(tmp_path, rig)
    watch.look(watch.old(SEEN))
    look = watch.look(watch.new(rig.notice("did:web:stranger.example.xa")))
    assert [error.code for _, error in look.troubles] == ["key-unknown"]
    assert list(raised(look)) == ["log-changed"]


def test_a_notice_that_is_not_the_logs_first_entry_is_found_out(tmp_path: Path, rig: Rig) -> None:
    watch = Watch(tmp_path, rig)
    shown = watch.new(rig.notice())
    rig.after.entries = rig.after.entries[::-1]
    assert set(raised(watch.look(shown))) == {ENDED, MISPLACED}
    assert raised(watch.look(shown)) == {}


def test_a_log_that_goes_on_after_its_notice_is_an_alarm(tmp_path: Path, rig: Rig) -> None:
    watch = Watch(tmp_path, rig)
    old = watch.old(SEEN)
    watch.look(old)
    with reading(watch.new(rig.notice()).answer, "http://another.example.xa") as reader:
        assert list(raised(watch.monitor.look(reader))) == [ENDED]
    old.grow(1)
    assert list(raised(watch.look(old))) == ["gap-understated"]
    assert raised(watch.look(old)) == {}


def test_a_successor_that_gives_no_entries_is_unreachable_in_time(
    tmp_path: Path, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(tmp_path, rig)
    shown = watch.new(rig.notice())
    assert list(raised(watch.look(shown))) == [ENDED]
    rig.after.entries.append(rig.made.record("later").digest)
    shown.grow(1)
    monkeypatch.setattr(shown, "tile", lambda _: None)
    looks = [watch.look(shown) for _ in range(UNREACHABLE)]
    assert [alarm.code for look in looks for alarm in look.alarms] == ["log-unreachable"]


def test_a_log_that_is_not_believed_and_shows_no_notice_is_unreachable_in_time(
    tmp_path: Path, rig: Rig
) -> None:
    watch = Watch(tmp_path, rig, rig.made.xa)
    shown = watch.new(rig.notice())
    shown.notice = None
    looks = [watch.look(shown) for _ in range(UNREACHABLE)]
    assert list(raised(looks[-1])) == ["log-unreachable"]

"""Watching a log: what its witnesses, partners and chains saw is held against what its own server shows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.checkpoint import parse_checkpoint
from ledger.errors import RemoteError
from ledger.services.monitoring.monitor import UNREACHABLE, WITHIN, Look, Monitor
from ledger.services.monitoring.sources import Kind, Source, View, _accepted
from ledger.store import followed
from ledger.store.alarms import Alarms
from ledger.store.followed import FILE, FollowedLogs
from ledger.verify.fork_report import verify_fork
from tests.forks import entries
from tests.services.monitoring.shown_logs import ShownLog, reading, trusting
from tests.simulator import NOW, Jurisdiction
from tests.trees import tree_root

TRUST = trusting()
ORIGIN = "registry.example.xa/XA/2026"


def log_of(held: list[bytes], size: int) -> ShownLog:
    return ShownLog(Jurisdiction("XA", 31_001, entries=held), size)


class Rig:
    """A monitor with a clock of its own, and somebody else who saw what a test says."""

    def __init__(self, folder: Path) -> None:
        self.logs, self.alarms = FollowedLogs(folder / FILE), Alarms(folder / FILE)
        self.now = NOW
        self.seen: list[View] = []
        self.kind: Kind = "witness"
        self.agreed = 0
        self.published: list[Any] = []
        self.monitor = Monitor(
            self.logs,
            self.alarms,
            lambda: TRUST,
            lambda: self.now,
            sources=lambda _: [Source(self.kind, "somebody", lambda _: self._ask(), self._told)],
            publish=self.published.append,
        )

    def _ask(self) -> Sequence[View]:
        if not isinstance(self.seen, list):
            raise self.seen
        return self.seen

    def _told(self, _: object, size: int) -> None:
        self.agreed = size

    def look(self, shown: ShownLog) -> Look:
        with reading(shown.answer) as reader:
            return self.monitor.look(reader)

    def codes(self, shown: ShownLog) -> list[str]:
        look = self.look(shown)
        assert look.error is None, look.error
        assert [one.id for one in look.alarms] == [one.id for one in self.published]
        self.published.clear()
        for alarm in look.alarms:
            if alarm.code == "log-forked":
                assert alarm.evidence is not None
                assert verify_fork(alarm.evidence, TRUST, now=NOW).verdict == "split view proven"
        return [alarm.code for alarm in look.alarms]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def signed(shown: ShownLog, size: int | None = None) -> View:
    note = parse_checkpoint(shown.note(size))
    return View(note.checkpoint.size, note.checkpoint.root, note)


def word(shown: ShownLog, size: int) -> View:
    return View(size, tree_root(shown.log.leaves[:size]))


def test_who_saw_the_same_is_named_and_goes_on_from_there(rig: Rig) -> None:
    shown = log_of(entries(20), 12)
    rig.seen = [signed(shown, 5), word(shown, 9), signed(shown, 12)]
    look = rig.look(shown)
    assert (look.size, look.agreed, look.alarms, rig.agreed) == (12, ["somebody"], [], 12)


def test_a_witness_of_another_history_is_a_proof(rig: Rig) -> None:
    rig.seen = [signed(log_of(entries(9, "other"), 9))]
    assert rig.codes(log_of(entries(9), 9)) == ["log-forked"]
    # The same again is the same alarm.
    assert rig.codes(log_of(entries(9), 9)) == []


def test_a_smaller_head_of_another_history_is_a_proof_where_the_log_keeps_its_own_of_that_size(
    rig: Rig,
) -> None:
    true, false = log_of(entries(20), 20), log_of(entries(20, "other", common=3), 7)
    true.note(7)
    rig.seen = [signed(false)]
    assert rig.codes(true) == ["log-forked"]


def test_a_smaller_head_of_another_history_is_an_alarm_with_both_heads_where_nothing_is_kept(
    rig: Rig,
) -> None:
    true, false = log_of(entries(20), 20), log_of(entries(20, "other", common=3), 7)
    rig.seen = [signed(false)]
    assert rig.codes(true) == ["heads-contradict"]
    (alarm,) = rig.alarms.all()
    assert alarm.notes == true.note(20) + false.note(7)


def test_a_log_that_shows_less_than_a_witness_saw_withholds(rig: Rig) -> None:
    shown = log_of(entries(20), 9)
    rig.seen = [signed(shown, 13)]
    assert rig.codes(shown) == ["log-withholds"]
    shown.size = 13
    assert rig.codes(shown) == []


def test_what_a_witness_saw_first_is_held_against_what_the_log_shows_later(rig: Rig) -> None:
    shown, false = log_of(entries(20), 9), log_of(entries(20, "other", common=9), 13)
    rig.seen = [signed(false)]
    assert rig.codes(shown) == ["log-withholds"]
    rig.seen = []
    shown.size = 13
    assert rig.codes(shown) == ["log-forked"]


def test_a_log_that_grew_meanwhile_withholds_nothing(rig: Rig) -> None:
    shown = log_of(entries(20), 9)
    rig.seen = [word(shown, 13)]
    answer, asked = shown.answer, []

    def grows(request: Any) -> Any:
        if request.url.path == "/log/checkpoint":
            asked.append(request)
            shown.size = 13 if len(asked) > 2 else 9
        return answer(request)

    with reading(grows) as reader:
        look = rig.monitor.look(reader)
    assert (look.size, look.alarms, look.agreed) == (13, [], ["somebody"])


@pytest.mark.parametrize("kind", ["chain", "own"])
def test_a_root_without_a_signature_is_an_alarm_and_no_proof(rig: Rig, kind: Kind) -> None:
    rig.kind = kind
    rig.seen = [word(log_of(entries(9, "other"), 9), 7)]
    assert rig.codes(log_of(entries(9), 9)) == ["other-root"]
    assert rig.alarms.all()[0].evidence is None


def test_a_root_on_a_chain_is_a_proof_where_the_log_shows_that_it_signed_it(rig: Rig) -> None:
    true, false = log_of(entries(9), 9), log_of(entries(9, "other"), 9)
    rig.kind = "chain"
    rig.look(true)
    rig.seen = [word(false, 9)]
    true.changes["v1/checkpoints/9"] = lambda _: false.note(9)
    assert rig.codes(true) == ["log-forked"]


def test_somebody_who_cannot_be_asked_keeps_nothing_from_being_followed(rig: Rig) -> None:
    rig.seen = RemoteError("gone", code="remote-unreachable")  # type: ignore[assignment]  # a stand-in
    look = rig.look(log_of(entries(9), 9))
    assert (look.size, look.alarms, [name for name, _ in look.troubles]) == (9, [], ["somebody"])


def test_a_note_that_the_log_did_not_sign_proves_nothing_against_it(rig: Rig) -> None:
    """Whoever serves a copy of the log's tiles may show any note; with a partner who lies it looked like a fork."""
    true, false = log_of(entries(9), 9), log_of(entries(9, "other"), 9)
    rig.look(true)
    rig.kind = "partner"
    rig.seen = [word(false, 9)]
    forged = parse_checkpoint(false.note(9)).checkpoint.text.encode() + b"\n" + true.note(9).split(b"\n\n")[1]
    true.changes["v1/checkpoints/9"] = lambda _: forged
    assert rig.codes(true) == ["other-root"]


def test_one_who_lies_about_many_sizes_raises_one_alarm(rig: Rig) -> None:
    true, false = log_of(entries(20), 20), log_of(entries(20, "other"), 20)
    found = []
    for size in range(1, 9):
        rig.seen = [word(false, size)]
        found += rig.codes(true)
    assert found == ["other-root"]


@pytest.mark.parametrize("size", [-5, 0, 2**63, True])
def test_a_size_that_no_checkpoint_has_is_no_answer(size: int) -> None:
    class Lying:
        def document(self, _: str) -> object:
            return {"items": [{"size": size, "root": "00" * 32}]}

    with pytest.raises(RemoteError) as refused:
        list(_accepted(Lying(), bytes(32), 0))  # type: ignore[arg-type]  # a stand-in
    assert refused.value.code == "remote-answer-invalid"


def test_a_log_whose_entries_come_slowly_is_compared_meanwhile(rig: Rig) -> None:
    shown = log_of(entries(600), 300)
    rig.look(shown)
    rig.monitor.follower._longest = 0.0
    shown.size = 600
    rig.seen = [signed(shown, 300), word(shown, 600)]
    look = rig.look(shown)
    assert (look.size, look.shown, look.is_reading, look.alarms) == (300, 600, True, [])
    rig.seen = [word(log_of(entries(300, "other"), 300), 300)]
    assert rig.codes(shown) == ["other-root"]


# -- the log's own server ------------------------------------------------------------------------------------


def test_a_log_that_cannot_be_read_some_times_in_a_row_is_an_alarm(rig: Rig) -> None:
    shown = log_of(entries(9), 9)
    assert rig.codes(shown) == []
    shown.changes["log/checkpoint"] = lambda _: b"gone"
    for at in range(1, UNREACHABLE + 2):
        look = rig.look(shown)
        assert look.error is not None
        assert [one.code for one in look.alarms] == (["log-unreachable"] if at == UNREACHABLE else [])
    rig.published.clear()
    shown.changes.clear()
    assert rig.codes(shown) == []
    assert rig.logs.progress("http://registry.example.xa/log", "failed") == 0


def test_a_checkpoint_by_other_keys_is_an_alarm_at_once(rig: Rig) -> None:
    shown = log_of(entries(9), 9)
    other = Jurisdiction("XA", 31_001, entries=entries(9), head_name="another head")
    shown.notes[9] = other.checkpoint(9)
    look = rig.look(shown)
    assert [one.code for one in look.alarms] == ["checkpoint-unsigned"]
    assert look.alarms[0].notes == shown.notes[9]


def test_a_head_that_is_in_no_contract_for_too_long_is_an_alarm(rig: Rig) -> None:
    shown = log_of(entries(20), 9)
    rig.kind = "chain"
    rig.seen = [word(shown, 5)]
    assert rig.codes(shown) == []
    rig.now += WITHIN + 1
    assert rig.codes(shown) == ["anchors-missing"]
    rig.seen = [word(shown, 9)]
    assert rig.codes(shown) == []


def test_that_nothing_is_anchored_is_noticed_of_a_log_that_signs_more_heads_than_are_kept(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed, "KEPT", 3)
    shown = log_of(entries(20), 5)
    rig.kind = "chain"
    rig.seen = [word(shown, 5)]
    found = []
    for _ in range(12):
        found += rig.codes(shown)
        rig.now += WITHIN // 8
        shown.grow(1)
    assert found == ["anchors-missing"]


def test_the_same_is_no_alarm_where_no_anchor_is_asked_for(rig: Rig) -> None:
    shown = log_of(entries(20), 9)
    rig.kind = "chain"
    lax = TRUST._replace(
        require={name: one._replace(steps=(1, 3, 4, 5), chains=None) for name, one in TRUST.require.items()}
    )
    rig.monitor._trust = lambda: lax
    rig.look(shown)
    rig.now += WITHIN + 1
    assert rig.codes(shown) == []


# -- alarms --------------------------------------------------------------------------------------------------


def test_an_alarm_stands_until_somebody_takes_note_and_is_never_forgotten(rig: Rig, tmp_path: Path) -> None:
    shown = log_of(entries(20), 9)
    rig.seen = [word(shown, 13)]
    rig.look(shown)
    again = Alarms(tmp_path / FILE)
    (alarm,) = again.all(standing=True)
    assert again.acknowledge(alarm.id, NOW + 5)
    assert not again.acknowledge(alarm.id, NOW + 6)
    assert again.all(standing=True) == []
    assert again.all() == [replace(alarm, acknowledged_at=NOW + 5)]
    # What goes on after somebody took note is raised again.
    assert [one.code for one in rig.look(shown).alarms] == ["log-withholds"]


def test_a_proof_is_raised_once(rig: Rig) -> None:
    rig.seen = [signed(log_of(entries(9, "other"), 9))]
    (alarm,) = rig.look(log_of(entries(9), 9)).alarms
    rig.alarms.acknowledge(alarm.id, NOW)
    assert rig.look(log_of(entries(9), 9)).alarms == []

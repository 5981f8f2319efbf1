"""Following a log: what its server shows is recomputed, and a second history never goes by unseen."""

import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.merkle import leaf_hash
from ledger.errors import LedgerError, RemoteError
from ledger.services.monitoring.following import Followed, Follower
from ledger.store.followed import FILE, FollowedLogs
from ledger.verify.fork import parse_fork
from ledger.verify.fork_report import verify_fork
from tests.forks import entries
from tests.services.monitoring.shown_logs import ShownLog, reading, trusting
from tests.simulator import NOW, Jurisdiction
from tests.trees import tree_root

TRUST = trusting()
ORIGIN = "registry.example.xa/XA/2026"


def log_of(held: list[bytes], size: int = 0) -> ShownLog:
    return ShownLog(Jurisdiction("XA", 31_001, entries=held), size)


@pytest.fixture
def logs(tmp_path: Path) -> FollowedLogs:
    return FollowedLogs(tmp_path / FILE)


def follower(logs: FollowedLogs, **options: object) -> Follower:
    return Follower(logs, lambda: TRUST, lambda: NOW, **options)  # type: ignore[arg-type]  # a stand-in


def follow(
    logs: FollowedLogs, answer: Callable[[httpx2.Request], httpx2.Response], **options: object
) -> Followed:
    with reading(answer) as reader:
        return follower(logs, **options).follow(reader)


def alternating(*shown: ShownLog) -> Callable[[httpx2.Request], httpx2.Response]:
    """One address behind which several servers answer, whichever it falls to."""
    chance = random.Random(7)
    return lambda request: chance.choice(shown).answer(request)


def require_proof(found: Followed) -> bytes:
    (alarm,) = found.alarms
    assert alarm.code == "log-forked", alarm.detail
    assert alarm.evidence is not None
    report = verify_fork(alarm.evidence, TRUST, now=NOW)
    assert report.verdict == "split view proven", report.detail
    assert report.head_address is not None
    for one in parse_fork(alarm.evidence).heads:
        assert one.encoded in alarm.notes
    return alarm.evidence


# -- one history ---------------------------------------------------------------------------------------------


def test_every_size_from_every_size_is_recomputed(tmp_path: Path) -> None:
    held = entries(70)
    leaves = [leaf_hash(entry) for entry in held]
    roots = [b"", *(tree_root(leaves[:size]) for size in range(1, 71))]
    shown = log_of(held)
    for step in range(1, 71) if os.environ.get("EVIDENCE_CAMPAIGN") else (3, 8, 31, 64):
        logs = FollowedLogs(tmp_path / f"{step}.sqlite")
        for size in [*range(step, 70, step), 70]:
            shown.size = size
            found = follow(logs, shown.answer)
            head = logs.head(ORIGIN)
            assert head is not None
            assert (found.size, found.shown, found.alarms) == (size, size, ())
            assert (head.size, head.root, head.note) == (size, roots[size], shown.note(size))
        tree = follower(logs).tree(ORIGIN, 70)
        assert [tree.root_at(at) for at in range(1, 71)] == roots[1:]
        assert logs.entries(ORIGIN, 0, 70) == held


def test_tiles_of_higher_levels_are_kept_as_the_definition_has_them(logs: FollowedLogs) -> None:
    held = entries(1_300)
    shown = log_of(held)
    for count in (255, 2, 500, 543):
        shown.grow(count)
        assert follow(logs, shown.answer).alarms == ()
    leaves = [leaf_hash(entry) for entry in held]
    for size in (255, 256, 257, 757, 1_024, 1_300):
        assert follower(logs).tree(ORIGIN, size).root_at(size) == tree_root(leaves[:size])
        assert logs.tile(ORIGIN, 1, 0, size) == b"".join(
            tree_root(leaves[at : at + 256]) for at in range(0, size - size % 256, 256)
        )


def test_only_what_is_new_is_downloaded(logs: FollowedLogs) -> None:
    shown = log_of(entries(600), 300)
    follow(logs, shown.answer)
    shown.asked.clear()
    shown.grow(300)
    follow(logs, shown.answer)
    assert shown.asked == ["log/checkpoint", "log/tile/entries/001", "log/tile/entries/002.p/88"]
    shown.asked.clear()
    follow(logs, shown.answer)
    assert shown.asked == ["log/checkpoint"]


def test_a_download_that_is_cut_off_goes_on_where_it_was(logs: FollowedLogs) -> None:
    shown = log_of(entries(1_000), 1_000)
    found = follow(logs, shown.answer, most=2)
    head = logs.head(ORIGIN)
    assert head is not None
    assert (found.size, head.size, head.staged, head.note) == (0, 0, 512, b"")
    shown.asked.clear()
    assert follow(logs, shown.answer, most=2).size == 1_000
    assert shown.asked == ["log/checkpoint", "log/tile/entries/002", "log/tile/entries/003.p/232"]


def test_a_smaller_newest_checkpoint_is_a_roll_back(logs: FollowedLogs) -> None:
    shown = log_of(entries(9), 9)
    follow(logs, shown.answer)
    shown.size = 7
    (alarm,) = follow(logs, shown.answer).alarms
    assert alarm.code == "log-rolled-back"
    assert alarm.notes == shown.note(9) + shown.note(7)
    head = logs.head(ORIGIN)
    assert head is not None
    assert head.size == 9


def test_another_address_may_be_behind(logs: FollowedLogs) -> None:
    shown = log_of(entries(9), 9)
    follow(logs, shown.answer)
    shown.size = 7
    with reading(shown.answer, "http://mirror.example/xa/log") as reader:
        assert reader.url == "http://mirror.example/xa/log"
        assert follower(logs).follow(reader).alarms == ()


# -- two histories -------------------------------------------------------------------------------------------


def test_two_roots_of_one_size_are_a_proof_at_once(logs: FollowedLogs) -> None:
    follow(logs, log_of(entries(9), 9).answer)
    proof = require_proof(follow(logs, log_of(entries(9, "other"), 9).answer))
    assert parse_fork(proof).place is None


@pytest.mark.parametrize(
    ("first", "second", "common"),
    [(9, 13, 4), (13, 9, 4), (600, 900, 257), (900, 600, 599), (9, 13, 0), (1, 2, 0)],
)
def test_two_sizes_are_a_proof_by_the_first_leaf_that_differs(
    logs: FollowedLogs, first: int, second: int, common: int
) -> None:
    follow(logs, log_of(entries(first, common=common), first).answer)
    found = follow(logs, log_of(entries(second, "other", common=common), second).answer)
    if second < first:
        assert [one.code for one in found.alarms] == ["log-forked", "log-rolled-back"]
        found = replace(found, alarms=found.alarms[:1])
    assert parse_fork(require_proof(found)).place == common
    head = logs.head(ORIGIN)
    assert head is not None
    assert (head.size, head.staged) == (first, first)  # an alarm moves nothing


def test_one_address_that_answers_from_either_of_two_copies_is_found_out(logs: FollowedLogs) -> None:
    one, other = (log_of(entries(40, name, common=20), 20) for name in ("one", "other"))
    other.notes = one.notes
    answer = alternating(one, other)
    follow(logs, answer)
    codes: list[str] = []
    for _ in range(6):
        one.grow(2)
        other.grow(3)
        try:
            found = follow(logs, answer)
        except RemoteError:
            continue
        codes += [alarm.code for alarm in found.alarms]
        for alarm in found.alarms:
            if alarm.code == "log-forked":
                assert alarm.evidence is not None
                assert verify_fork(alarm.evidence, TRUST, now=NOW).verdict == "split view proven"
    assert "log-forked" in codes


def test_a_head_without_its_tiles_is_an_alarm_with_both_heads(logs: FollowedLogs) -> None:
    true, false = log_of(entries(9), 9), log_of(entries(13, "other"), 13)
    follow(logs, true.answer)
    false.changes["log/tile/0/000.p/13"] = lambda data: data[::-1]
    (alarm,) = follow(logs, false.answer).alarms
    assert (alarm.code, alarm.evidence) == ("entries-mismatch", None)
    assert alarm.notes == true.note(9) + false.note(13)


def test_a_head_that_waited_for_its_entries_is_held_against_them(logs: FollowedLogs) -> None:
    true, false = log_of(entries(20), 9), log_of(entries(20, "other", common=9), 13)
    follow(logs, true.answer)
    with reading(true.answer) as reader, pytest.raises(RemoteError):
        follower(logs).judge(parse_checkpoint(false.note()), reader, "a witness")
    true.size = 13
    found = follow(logs, true.answer)
    assert found.size == 13
    assert parse_fork(require_proof(found)).place is None


# -- what a server may do ------------------------------------------------------------------------------------


def flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def outcome(logs: FollowedLogs, shown: ShownLog) -> str:
    try:
        found = follow(logs, shown.answer)
    except LedgerError as error:
        return error.code
    return ",".join(alarm.code for alarm in found.alarms)


@pytest.mark.parametrize(
    ("path", "at", "code"),
    [
        ("log/checkpoint", 0, "log-unknown"),
        ("log/checkpoint", 30, "line-invalid"),  # the size, three hundred and one
        ("log/tile/entries/001.p/44", 0, "remote-answer-invalid"),
        ("log/tile/entries/001.p/44", 1, "remote-answer-invalid"),
        ("log/tile/entries/001.p/44", 2, "entries-mismatch"),
        ("log/tile/entries/000", 8_703, "entries-mismatch"),
    ],
)
def test_one_bit_of_an_answer_is_never_taken_up(logs: FollowedLogs, path: str, at: int, code: str) -> None:
    shown = log_of(entries(300), 300)
    shown.changes[path] = flipped(at)
    assert outcome(logs, shown) == code
    head = logs.head(ORIGIN)
    assert head is None or head.size == 0
    shown.changes.clear()
    assert outcome(logs, shown) == ""


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b""])
def test_an_answer_of_another_length_is_none(logs: FollowedLogs, change: Callable[[bytes], bytes]) -> None:
    shown = log_of(entries(9), 9)
    shown.changes["log/tile/entries/000.p/9"] = change
    assert outcome(logs, shown) == "remote-answer-invalid"


def test_a_log_that_nobody_named_is_not_followed(logs: FollowedLogs) -> None:
    shown = ShownLog(Jurisdiction("XC", 31_003, entries=entries(9)), 9)
    assert outcome(logs, shown) == "log-unknown"


def test_an_address_that_shows_another_log_is_an_alarm(logs: FollowedLogs) -> None:
    follow(logs, log_of(entries(9), 9).answer)
    other = ShownLog(Jurisdiction("XB", 31_002, entries=entries(9)), 9)
    (alarm,) = follow(logs, other.answer).alarms
    assert (alarm.origin, alarm.code) == (ORIGIN, "log-changed")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a test of this file uses no network")

    monkeypatch.setattr("socket.socket.connect", refuse)


def test_a_tile_of_neither_history_accuses_nobody_of_two(logs: FollowedLogs) -> None:
    shown = log_of(entries(600), 300)
    assert outcome(logs, shown) == ""
    shown.size = 600
    shown.changes["log/tile/entries/002.p/88"] = flipped(2)
    shown.changes["log/tile/1/000.p/2"] = flipped(0)
    assert outcome(logs, shown) == "entries-mismatch"

"""Anchoring: one anchor for each checkpoint, whatever crashes, is lost, refused or reorganised."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services.anchoring.rigs import (
    Crash,
    CrashingAnchors,
    Rig,
    code_of,
    mine,
    on_anvil,
    on_embedded,
)
from tests.simulator import seed

# The ordinary course


def test_each_checkpoint_is_anchored_once(any_rig: Rig) -> None:
    any_rig.tick()
    assert any_rig.anchors.every_intent() == []
    for count in (1, 2, 4, 9):
        any_rig.grow(count)
        any_rig.settle()
        any_rig.tick(times=3)
    assert any_rig.announced() == any_rig.ours_mined() == [1, 3, 7, 16]
    assert [one.size for one in any_rig.evidence()] == [1, 3, 7, 16]
    assert all(one.receipt is not None and one.intent is not None for one in any_rig.evidence())
    assert any_rig.provider.sent == 4


def test_the_latest_of_several_checkpoints_is_the_one_anchored(dev: Rig) -> None:
    for count in (2, 3, 5):
        dev.grow(count)
    dev.settle()
    assert dev.announced() == [10]


def test_an_idle_tick_asks_little(dev: Rig) -> None:
    dev.grow(3)
    dev.settle()
    before = len(dev.provider.asked)
    dev.tick(times=1)
    assert len(dev.provider.asked) - before <= 6  # the identity twice: this anchorer is a new one


def test_nothing_is_recorded_before_it_is_final(tmp_path: Path) -> None:
    with on_anvil(tmp_path, confirmations=2) as made:
        made.grow(3)
        anchorer = made.anchorer()
        made.tick(anchorer)
        mine(made)
        made.grow(2)
        made.tick(anchorer, times=3)
        assert made.evidence() == []
        assert made.history(1) == ["sent", "mined"]
        mine(made)
        made.tick(anchorer)
        assert [one.size for one in made.evidence()] == [3]
        assert made.provider.sent == 2  # and the next is on its way


# Crashes


def test_a_crash_before_any_request_leaves_one_anchor(tmp_path: Path) -> None:
    with on_embedded(tmp_path) as made:
        for point in itertools.count(1, 2):
            size = made.grow(1)
            begun = len(made.provider.asked)

            def crash(count: int, _method: str, at: int = begun + point) -> None:
                if count == at:
                    raise Crash

            made.provider.before = crash
            try:
                made.tick(made.anchorer(), times=2)
                reached = False
            except Crash:
                reached = True
            made.provider.before = lambda _count, _method: None
            made.settle()
            if not reached:
                break
        assert size > 10
        expected = list(range(1, size + 1))
        assert made.ours_mined() == made.announced() == [one.size for one in made.evidence()] == expected
        assert len(made.anchors.every_intent()) == size


def test_a_crash_right_after_sending_leaves_one_anchor(any_rig: Rig) -> None:
    def crash(_count: int, method: str) -> None:
        if method == "eth_sendRawTransaction":
            raise Crash

    any_rig.grow(3)
    any_rig.provider.after = crash
    with pytest.raises(Crash):
        any_rig.tick()
    any_rig.settle()
    assert any_rig.announced() == any_rig.ours_mined() == [3]
    assert any_rig.provider.sent == 1


@pytest.mark.parametrize("is_written", [False, True], ids=["before", "after"])
def test_a_crash_at_any_write_leaves_one_anchor(tmp_path: Path, is_written: bool) -> None:
    with on_embedded(tmp_path) as made:
        for point in itertools.count(1):
            made.grow(1)
            journal = CrashingAnchors(made.database)
            journal.left, journal.is_written = point, is_written
            try:
                made.tick(made.anchorer(anchors=journal), times=2)
                reached = False
            except Crash:
                reached = True
            made.settle()
            if not reached:
                break
        assert point == 4  # intent, sent, evidence
        expected = list(range(1, point + 1))
        assert made.ours_mined() == [one.size for one in made.evidence()] == expected
        assert len(made.anchors.every_intent()) == point


def test_crashes_one_after_the_other_on_anvil_still_leave_one_anchor(fork: Rig) -> None:
    fork.grow(3)
    for point in range(1, 40, 3):
        begun = len(fork.provider.asked)

        def crash(count: int, _method: str, at: int = begun + point) -> None:
            if count == at:
                raise Crash

        fork.provider.after = crash
        try:
            fork.tick(fork.anchorer())
        except Crash:
            continue
    fork.provider.after = lambda _count, _method: None
    fork.settle()
    assert fork.ours_mined() == fork.announced() == [3]
    assert len(fork.anchors.every_intent()) == 1


def test_an_answer_lost_after_sending_is_settled_by_the_hash(any_rig: Rig) -> None:
    any_rig.grow(3)
    any_rig.provider.tamper = lambda asked, _params, answer: (
        {} if asked == "eth_sendRawTransaction" else answer
    )
    assert code_of(any_rig.tick) == "chain-answer-invalid"
    assert any_rig.history(1) == []
    any_rig.settle()
    assert any_rig.announced() == any_rig.ours_mined() == [3]
    assert any_rig.provider.sent == 1


# What the chain does to a transaction


def refusing(message: str) -> Callable[..., object]:
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": message}}
    return lambda method, _params, answer: error if method == "eth_sendRawTransaction" else answer


def test_a_transaction_that_is_refused_is_sent_again_and_not_made_again(dev: Rig) -> None:
    dev.grow(3)
    dev.provider.refused["eth_sendRawTransaction"] = "insufficient funds"
    for _ in range(3):
        assert code_of(dev.tick) == "transaction-refused"
    (intent,) = dev.anchors.every_intent()
    assert dev.history(intent.id) == ["sent"]
    assert "insufficient funds" in dev.anchors.events(intent.id)[0].row.detail
    dev.provider.refused.clear()
    dev.settle()
    assert dev.announced() == [3]
    assert len(dev.anchors.every_intent()) == 1


def test_a_refusal_of_what_was_taken_does_not_matter(dev: Rig) -> None:
    dev.grow(3)
    dev.provider.tamper = refusing("already known")  # type: ignore[assignment]
    assert code_of(dev.tick) == "transaction-refused"
    dev.settle()
    assert dev.announced() == dev.ours_mined() == [3]


def test_an_empty_wallet_signs_nothing(any_rig: Rig) -> None:
    any_rig.grow(3)
    poor = any_rig.anchorer(sender_secret=seed("empty wallet"))
    assert code_of(lambda: any_rig.tick(poor)) == "chain-balance-low"
    assert any_rig.anchors.every_intent() == []
    assert any_rig.provider.sent == 0
    any_rig.fund(seed("empty wallet"))
    any_rig.tick(poor, times=2)
    assert any_rig.announced() == [3]


def test_a_reorganisation_returns_an_anchor_to_pending_and_it_is_anchored_again(fork: Rig) -> None:
    for count in (2, 3):
        fork.grow(count)
        fork.settle()
    before = fork.evidence()
    fork.provider.ask("anvil_reorg", 1, [])
    assert fork.announced() == [2]
    fork.settle()
    after = fork.evidence()
    assert [one.size for one in after] == [2, 5]
    assert after[0] == before[0]
    assert after[1].block_hash != before[1].block_hash
    assert [kind for kind in fork.history(2) if kind in {"final", "reorged"}] == ["final", "reorged", "final"]
    assert fork.announced() == [2, 5]
    assert len(fork.anchors.every_intent()) == 2


def test_several_anchors_reorganised_away_come_back(fork: Rig) -> None:
    for count in (2, 3, 4):
        fork.grow(count)
        fork.settle()
    fork.provider.ask("anvil_reorg", 3, [])
    assert fork.announced() == []
    fork.settle()
    fork.tick(times=3)
    assert fork.announced()[-1] == 9
    assert [one.size for one in fork.evidence()] == fork.announced() == fork.ours_mined()
    assert fork.anchors.pending() == []


def test_a_node_that_is_behind_takes_nothing_away(fork: Rig) -> None:
    fork.grow(3)
    fork.settle()
    fork.provider.ask("anvil_rollback", 1)
    assert code_of(fork.tick) == "chain-stale"
    assert [one.size for one in fork.evidence()] == [3]

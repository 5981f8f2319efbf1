"""The sequencer: one checkpoint per head, time that never goes back, failures that lose nothing."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.core.checkpoint import Checkpoint, parse_checkpoint, verify_log_lines
from ledger.errors import ConflictError, LedgerError, RefusedError, StoreError
from ledger.services.log.sequencer import Sequencer
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.log import Appended
from ledger.store.rows import NewStatement
from tests.services.nodes import NOW, Node, running, signing
from tests.simulator import World
from tests.store.conftest import make_statement, make_statements


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def code_of(future: "Future[list[Appended | ConflictError]]") -> str:
    with pytest.raises(LedgerError) as refused:
        future.result(20)
    return refused.value.code


def fill(node: Node) -> None:
    with node.database._turn:
        assert node.database._writer is not None
        pages = node.database._writer.execute("PRAGMA page_count").fetchone()[0]
        node.database._writer.execute(f"PRAGMA max_page_count = {pages}")


def empty_out(node: Node) -> None:
    with node.database._turn:
        assert node.database._writer is not None
        node.database._writer.execute("PRAGMA max_page_count = 1000000")


def test_every_stored_checkpoint_is_of_a_head_that_was_and_signed_three_times(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db", interval=0.01) as node:
        for at in range(20):
            node.sequencer.submit(make_statements(range(at * 10, at * 10 + 10))).result(20)
        stored = list(node.checkpoints.every())
        assert stored[-1].size == 200
        signer = node.world.xa.signer
        for one in stored:
            signed = parse_checkpoint(one.note)
            assert signed.checkpoint.root == node.log.root_at(one.size)
            lines = verify_log_lines(signed, signer.origin, signer.vkeys, [signer.head_address])
            assert lines.mldsa_time == one.signed_at


def test_at_most_one_checkpoint_an_interval_and_at_once_when_idle(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db", interval=0.5) as node:
        begun = time.monotonic()
        node.sequencer.submit(make_statements([0])).result(20)
        assert time.monotonic() - begun < 0.4
        futures = [node.sequencer.submit(make_statements([at])) for at in range(1, 50)]
        for future in futures:
            future.result(20)
        spent = time.monotonic() - begun
        assert node.checkpoints.latest() is not None
        assert len(list(node.checkpoints.every())) <= 2 + spent / 0.5


def appended_by(node: Node, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements each transaction of a node takes from now on."""
    sizes: list[int] = []
    append = node.log.append

    def counted(batch: list[NewStatement], *rest: Any) -> list[Appended | ConflictError]:
        sizes.append(len(batch))
        return append(batch, *rest)

    monkeypatch.setattr(node.log, "append", counted)
    return sizes


def test_what_waits_for_one_checkpoint_is_appended_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path / "ledger.db", interval=1.5) as node:
        node.sequencer.submit(make_statements([0])).result(20)
        sizes = appended_by(node, monkeypatch)
        futures = []
        for at in range(1, 10):
            futures.append(node.sequencer.submit(make_statements([at])))
            time.sleep(0.02)
        for future in futures:
            future.result(20)
        assert sizes == [9]


def test_a_full_batch_does_not_wait_for_the_checkpoint_to_be_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.services.log.sequencer.BATCH", 10)
    with running(tmp_path / "ledger.db", interval=60) as node:
        node.sequencer.submit(make_statements([0])).result(20)
        sizes = appended_by(node, monkeypatch)
        for at in range(1, 21, 5):
            node.sequencer.submit(make_statements(range(at, at + 5)))
        wait_for(lambda: node.log.head.size == 21)
        assert sizes == [10, 10]


def test_no_head_is_signed_twice(tmp_path: Path) -> None:
    world = World()
    sizes: list[int] = []

    def sign(checkpoint: Checkpoint, now: int) -> bytes:
        sizes.append(checkpoint.size)
        return signing(world)(checkpoint, now)

    with running(tmp_path / "ledger.db", interval=0.0) as node:
        node.sequencer.close()
        with Sequencer(node.log, node.checkpoints, sign, clock=lambda: NOW, interval=0.0) as sequencer:
            for at in range(100):
                sequencer.submit([make_statement(at // 2)]).result(20)
    assert len(sizes) == len(set(sizes)) == 50


def test_nobody_is_answered_before_the_checkpoint_is_stored_and_published(tmp_path: Path) -> None:
    published: list[StoredCheckpoint] = []
    with running(tmp_path / "ledger.db", publish=published.append) as node:
        for at in range(10):
            (outcome,) = node.sequencer.submit([make_statement(at)]).result(20)
            assert isinstance(outcome, Appended)
            assert published[-1].size > outcome.index
            assert node.checkpoints.at(published[-1].size) == published[-1]


def test_too_many_waiting_statements_are_refused_and_room_can_be_waited_for(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db", interval=0.3, capacity=100) as node:
        node.sequencer.submit(make_statements([0])).result(20)
        held = node.sequencer.submit(make_statements(range(1, 91)))
        with pytest.raises(RefusedError) as refused:
            node.sequencer.submit(make_statements(range(100, 120)))
        assert refused.value.code == "overloaded"
        later = node.sequencer.submit(make_statements(range(100, 120)), wait=10)
        assert len(held.result(20)) == 90
        assert len(later.result(20)) == 20


def test_a_cancelled_submission_is_not_appended_and_gives_its_room_back(tmp_path: Path) -> None:
    entered, go = threading.Event(), threading.Event()
    world = World()

    def slow(checkpoint: Checkpoint, now: int) -> bytes:
        entered.set()
        go.wait(20)
        return signing(world)(checkpoint, now)

    with running(tmp_path / "ledger.db") as node:
        node.sequencer.close()
        with Sequencer(node.log, node.checkpoints, slow, clock=lambda: NOW, interval=0.0) as sequencer:
            first = sequencer.submit([make_statement(0)])
            entered.wait(20)
            second = sequencer.submit([make_statement(1)])
            assert second.cancel()
            go.set()
            first.result(20)
            sequencer.submit([make_statement(2)]).result(20)
            assert node.log.head.size == 2
            assert sequencer._held == 0


def test_a_full_disk_is_told_to_every_waiter_and_over_when_there_is_room(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        node.sequencer.submit(make_statements(range(5))).result(20)
        before = node.checkpoints.latest()
        fill(node)
        big = [make_statement(100 + at, body=b"%d" % at * 6000) for at in range(5)]
        futures = [node.sequencer.submit([one]) for one in big]
        assert {code_of(future) for future in futures} == {"store-full"}
        assert node.checkpoints.latest() == before
        empty_out(node)
        outcomes = [node.sequencer.submit([one]).result(20)[0] for one in big]
        assert outcomes == [Appended(index, first=True) for index in range(5, 10)]


def test_a_checkpoint_that_cannot_be_stored_stops_signing_and_is_stored_later_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.services.log.sequencer.RETRY", 0.2)
    world = World()
    notes: list[bytes] = []

    def sign(checkpoint: Checkpoint, now: int) -> bytes:
        notes.append(signing(world)(checkpoint, now))
        return notes[-1]

    with running(tmp_path / "ledger.db") as node:
        node.sequencer.close()
        failing = threading.Event()
        failing.set()

        def store(checkpoint: StoredCheckpoint) -> None:
            if failing.is_set():
                raise StoreError("the disk is gone", code="store-io")
            node.checkpoints.store(checkpoint)

        disk = SimpleNamespace(store=store, latest=node.checkpoints.latest)
        with Sequencer(node.log, disk, sign, clock=lambda: NOW, interval=0.0) as sequencer:  # type: ignore[arg-type]
            assert code_of(sequencer.submit([make_statement(0)])) == "store-io"
            # The log does not grow while nothing can be answered.
            assert code_of(sequencer.submit([make_statement(1)])) == "store-io"
            assert node.log.head.size == 1
            assert sequencer.trouble is not None
            failing.clear()
            wait_for(lambda: sequencer.trouble is None)
            (outcome,) = sequencer.submit([make_statement(0)]).result(20)
            assert outcome == Appended(0, first=False)
        stored = node.checkpoints.at(1)
        assert stored is not None
        assert notes == [stored.note]


def test_a_signer_that_fails_is_an_error_and_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.services.log.sequencer.RETRY", 0.05)
    broken = threading.Event()
    broken.set()
    world = World()

    def sign(checkpoint: Checkpoint, now: int) -> bytes:
        if broken.is_set():
            raise ValueError
        return signing(world)(checkpoint, now)

    with running(tmp_path / "ledger.db") as node:
        node.sequencer.close()
        with Sequencer(node.log, node.checkpoints, sign, clock=lambda: NOW) as sequencer:
            assert code_of(sequencer.submit([make_statement(0)])) == "sequencer-failed"
            broken.clear()
            wait_for(lambda: sequencer.trouble is None)
            assert sequencer.submit([make_statement(0)]).result(20) == [Appended(0, first=False)]


def test_a_clock_that_went_back_stops_signing_until_it_is_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.services.log.sequencer.RETRY", 0.05)
    now = [float(NOW)]
    with running(tmp_path / "ledger.db", clock=lambda: now[0]) as node:
        node.sequencer.submit([make_statement(0)]).result(20)
        now[0] = NOW - 3600
        assert code_of(node.sequencer.submit([make_statement(1)])) == "clock-behind"
        now[0] = NOW - 1  # close enough to be waited for
        wait_for(lambda: node.sequencer.trouble is None)
        future = node.sequencer.submit([make_statement(1)])
        time.sleep(0.3)
        assert not future.done()
        now[0] = NOW
        (outcome,) = future.result(20)
        assert isinstance(outcome, Appended)
        assert outcome.index == 1
        times = [stored.signed_at for stored in node.checkpoints.every()]
        assert times == sorted(times)


def test_entries_without_a_checkpoint_are_signed_at_the_start(tmp_path: Path) -> None:
    # What a crash between the append and the signature leaves.
    with running(tmp_path / "ledger.db") as node:
        node.sequencer.close()
        node.log.append(make_statements(range(3)))
        assert node.checkpoints.latest() is None
    with running(tmp_path / "ledger.db") as node:
        wait_for(lambda: node.sequencer.latest is not None)
        assert node.sequencer.latest is not None
        assert node.sequencer.latest.size == 3


def test_nothing_is_appended_or_signed_until_it_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.services.log.sequencer.RETRY", 0.05)
    answers: list[LedgerError | None] = [StoreError("a witness saw more", code="log-rolled-back")]
    asked: list[int] = []

    def may_sign() -> LedgerError | None:
        asked.append(1)
        return answers[-1]

    with running(tmp_path / "ledger.db") as node:
        node.sequencer.close()
        node.log.append(make_statements(range(3)))  # left unsigned by a crash
    with running(tmp_path / "ledger.db", may_sign=may_sign) as node:
        wait_for(lambda: node.sequencer.trouble is not None and len(asked) > 2)
        assert node.sequencer.trouble is answers[0]
        assert code_of(node.sequencer.submit([make_statement(3)])) == "log-rolled-back"
        assert (node.log.head.size, node.checkpoints.latest()) == (3, None)
        answers.append(None)
        wait_for(lambda: node.sequencer.trouble is None)
        node.sequencer.submit([make_statement(3)]).result(20)
        answers.append(answers[0])
        count = len(asked)
        node.sequencer.submit([make_statement(4)]).result(20)
        assert len(asked) == count


def test_a_trouble_that_lasts_holds_nothing_of_those_who_were_told_of_it(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db", interval=0.01) as node:
        trouble = StoreError("an older copy was put back", code="log-rolled-back")
        node.sequencer.halt(trouble)
        for number in range(50):
            assert code_of(node.sequencer.submit(make_statements([number]))) == "log-rolled-back"
        held, frames = trouble.__traceback__, 0
        while held is not None:
            held, frames = held.tb_next, frames + 1
        assert frames < 20


def test_what_may_be_signed_is_asked_though_nothing_waits(tmp_path: Path) -> None:
    refused = StoreError("nobody answered", code="restart-unproven")
    with running(tmp_path / "ledger.db", may_sign=lambda: refused) as node:
        wait_for(lambda: node.sequencer.trouble is refused)


def test_an_older_copy_of_the_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with running(path) as node:
        node.sequencer.submit(make_statements(range(3))).result(20)
    with running(tmp_path / "later.db") as node:
        node.sequencer.submit(make_statements(range(9))).result(20)
        later = node.checkpoints.latest()
        assert later is not None
    # The checkpoint that was given out is there, the entries under it are not.
    with running(path) as node, node.database.write() as writing:
        writing.insert(
            "checkpoint", ("size", "note", "signed_at"), [(later.size, later.note, later.signed_at)]
        )
    with pytest.raises(StoreError) as refused, running(path):
        pass
    assert refused.value.code == "log-rolled-back"


def test_a_rewritten_log_is_refused(tmp_path: Path) -> None:
    path, world = tmp_path / "ledger.db", World()
    with running(path, world=world) as node:
        node.sequencer.close()
        node.log.append(make_statements(range(5)))
        note = signing(world)(Checkpoint(world.xa.origin, 4, bytes(32)), NOW)
        node.checkpoints.store(StoredCheckpoint(4, note, NOW))
    with pytest.raises(StoreError) as refused, running(path, world=world):
        pass
    assert refused.value.code == "log-rewritten"


def test_closing_answers_what_waits_and_refuses_what_comes(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db", interval=5.0) as node:
        node.sequencer.submit([make_statement(0)]).result(20)
        waiting = node.sequencer.submit([make_statement(1)])
        begun = time.monotonic()
        node.sequencer.close()
        assert time.monotonic() - begun < 4
        assert waiting.result(0) == [Appended(1, first=True)]
        with pytest.raises(StoreError) as refused:
            node.sequencer.submit([make_statement(2)])
        assert refused.value.code == "sequencer-closed"

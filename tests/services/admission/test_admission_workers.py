"""Workers that are killed, that hang, that cannot be had, and that the node outlives: nothing is lost or left."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ledger.errors import StoreError
from ledger.services.admission import batches as admission_module
from ledger.services.admission.batches import Admission, usual_workers
from ledger.services.registration.register import CHUNK, Registration
from tests.services.admission.admitting import WORKERS, codes, found, here, records, stream, told
from tests.services.nodes import NOW, Node, running


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(tmp_path_factory.mktemp("admission") / "ledger.db") as node:
        node.enrol_exporter()
        yield node


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Node]:
    """A node whose keys a test may change."""
    with running(tmp_path / "ledger.db") as node:
        node.enrol_exporter()
        yield node


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_worker_killed_at_work_loses_nothing(node: Node) -> None:
    documents = records(node.world, 50, "killed")
    with Admission(node.parties, 1) as admission:
        found(admission, documents)
        (first,) = admission.pids
        os.kill(first, signal.SIGSTOP)  # it has the batch, and will not answer
        future = admission.submit(documents, now=NOW, wanted=None)
        time.sleep(0.1)
        assert not future.done()
        os.kill(first, signal.SIGKILL)
        assert [told(one) for one in admission.found(future)] == here(node, documents)
        (second,) = admission.pids
        assert second != first
        until(lambda: not psutil.pid_exists(first))


def test_workers_killed_all_the_time_lose_nothing(fresh: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_module, "LOSSES", 1_000)
    documents = records(fresh.world, 6 * CHUNK)
    over = threading.Event()

    def kill() -> None:
        while not over.wait(0.1):
            for pid in admission.pids:
                os.kill(pid, signal.SIGKILL)

    with Admission(fresh.parties, WORKERS) as admission:
        killing = threading.Thread(target=kill)
        killing.start()
        try:
            answers = stream(fresh, documents, admission)
        finally:
            over.set()
            killing.join()
    assert [one.index for one in answers if isinstance(one, Registration)] == list(
        range(1, len(documents) + 1)
    )


def test_an_idle_worker_that_was_killed_is_replaced(node: Node) -> None:
    with Admission(node.parties, 1) as admission:
        documents = records(node.world, 20)
        found(admission, documents)
        (first,) = admission.pids
        os.kill(first, signal.SIGKILL)
        until(lambda: psutil.Process(first).status() == psutil.STATUS_ZOMBIE)
        assert codes(found(admission, documents)) == {"good"}
        assert first not in admission.pids


def test_a_worker_that_does_not_answer_is_ended(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = records(node.world, 20)
    with Admission(node.parties, 1) as admission:
        found(admission, documents)
        (first,) = admission.pids
        monkeypatch.setattr(admission_module, "STALL_SECONDS", 0.5)
        os.kill(first, signal.SIGSTOP)
        assert codes(found(admission, documents)) == {"good"}
        assert first not in admission.pids


def test_without_workers_to_be_had_the_node_judges_and_tries_again_later(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def none(jurisdiction: str) -> None:
        tried.append(jurisdiction)
        raise OSError("no process")

    documents = records(node.world, 20)
    with Admission(node.parties, 1) as admission:
        with monkeypatch.context() as patched:
            patched.setattr(admission_module, "WorkerProcess", none)
            for _ in range(admission_module.LOSSES + 3):
                assert codes(found(admission, documents)) == {"good"}
        assert tried == ["XA"] * admission_module.LOSSES
        admission._resting_until = 0.0
        found(admission, documents)
        assert len(admission.pids) == 1


def test_closing_ends_the_workers_and_refuses_what_comes(node: Node) -> None:
    admission = Admission(node.parties, WORKERS)
    documents = records(node.world, 100)
    futures = [admission.submit(documents, now=NOW, wanted=None) for _ in range(6)]
    until(lambda: len(admission.pids) == WORKERS)
    pids = admission.pids
    admission.close()
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    with pytest.raises(StoreError) as refused:
        admission.found(admission.submit(documents, now=NOW, wanted=None))
    assert refused.value.code == "sequencer-closed"
    for future in futures:  # judged to its end, or not at all
        refusal = future.exception()
        assert refusal is None or (isinstance(refusal, StoreError) and refusal.code == "sequencer-closed")
        assert refusal is not None or codes(future.result().found) == {"good"}


def test_a_worker_is_small_and_loads_no_database(node: Node) -> None:
    with Admission(node.parties, 1) as admission:
        found(admission, records(node.world, 100))
        (worker,) = map(psutil.Process, admission.pids)
        mapped = {Path(one.path).name for one in worker.memory_maps()}
        assert not {name for name in mapped if "sqlite" in name or "sqlalchemy" in name}, mapped
        assert worker.memory_info().rss < 64 * 1024 * 1024


def test_there_are_as_many_workers_as_processors_and_none_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for processors, workers in ((1, 0), (2, 2), (64, admission_module.MOST_WORKERS)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, count=processors: set(range(count)))
        assert usual_workers() == workers

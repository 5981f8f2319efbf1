"""A serving node watches its partners' logs: on threads, over sockets, until it is closed."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.monitoring import contradictions_of, monitoring_of
from ledger.services.anchoring.observing import ObservedChains
from ledger.services.monitoring.rounds import FORKS, Monitoring
from ledger.services.trust.partners import FOLDER, PartnerBook
from ledger.store.foreign import FILE as FOREIGN
from ledger.store.foreign import ForeignStore
from ledger.store.witness import FILE as WITNESS
from ledger.store.witness import WitnessStore
from ledger.verify.fork_report import verify_fork
from tests.forks import entries
from tests.services.monitoring.shown_logs import ShownLog, served, trusting
from tests.services.witnessing.noting import entry_of, take_up
from tests.simulator import NOW, Jurisdiction

TRUST = trusting()


@dataclass
class Watching:
    """XB's monitor, and XA's log as it is shown at present."""

    home: Path
    shown: list[ShownLog]
    monitoring: Monitoring

    def wait(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, self.monitoring.looks
            time.sleep(0.02)


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    shown = [log_of(entries(20), 9)]
    with served(*shown) as url:
        book = PartnerBook(tmp_path / FOLDER, "XB")
        take_up(book, entry_of(Jurisdiction("XA", 31_001)), node=url)
        monitoring = Monitoring(
            tmp_path,
            book,
            believed=lambda: TRUST,
            observed=ObservedChains(()),
            witness=WitnessStore(tmp_path / WITNESS),
            foreign=ForeignStore(tmp_path / FOREIGN),
            period=0.05,
            clock=lambda: NOW,
        )
        monitoring.start()
        try:
            yield Watching(tmp_path, shown, monitoring)
        finally:
            monitoring.close()


def log_of(held: list[bytes], size: int) -> ShownLog:
    return ShownLog(Jurisdiction("XA", 31_001, entries=held), size)


def test_a_partners_log_is_followed_and_its_second_history_published(watching: Watching) -> None:
    looks = watching.monitoring.looks
    watching.wait(lambda: "XA" in looks and looks["XA"].size == 9)
    node = SimpleNamespace(monitoring=watching.monitoring)
    told = monitoring_of(node)["monitor"]  # type: ignore[arg-type]  # a stand-in
    assert told == {
        "logs": [{"partner": "XA", "size": 9, "agree": [], "origin": "registry.example.xa/XA/2026"}],
        "alarms": [],
    }
    other = log_of(entries(20, "other", common=4), 13)
    first = watching.shown[0]
    first.log, first.size, first.notes = other.log, other.size, other.notes
    watching.wait(watching.monitoring.alarms.all)
    told = monitoring_of(node)["monitor"]  # type: ignore[arg-type]  # a stand-in
    assert [one["code"] for one in told["alarms"]] == ["log-forked"]
    (shown,) = contradictions_of(node)  # type: ignore[arg-type]  # a stand-in
    assert (shown["code"], shown["acknowledged"]) == ("log-forked", False)
    watching.wait(lambda: list((watching.home / FORKS).glob("*.json")))
    (file,) = (watching.home / FORKS).glob("*-log-forked-*.json")
    assert json.loads(file.read_bytes()) == shown["evidence"]
    assert verify_fork(file.read_bytes(), TRUST, now=NOW).verdict == "split view proven"


def test_what_is_not_foreseen_ends_no_thread(watching: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = watching.monitoring.looks

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(watching.monitoring._monitor, "look", fails)
    watching.wait(lambda: "XA" in looks and looks["XA"].error is not None)
    error = looks["XA"].error
    assert error is not None
    assert error.code == "monitor-failed"
    monkeypatch.undo()
    watching.wait(lambda: looks["XA"].size == 9)

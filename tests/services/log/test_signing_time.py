"""No head is signed at a time before what it covers: a clock that was set back would leave parties without keys."""

from pathlib import Path
from typing import Any

import pytest

from ledger.errors import LedgerError, StoreError
from ledger.services.log.signing_time import PATIENCE, is_time, untimely
from ledger.store.log import Appended
from ledger.store.rows import row_of
from ledger.verify.keyrule import CLOCK_DRIFT
from tests.services.log.test_sequencer import wait_for
from tests.services.nodes import NOW, Node, enrolment, running
from tests.simulator import START
from tests.store.conftest import make_statement

HOUR = 3_600


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.services.log.sequencer.RETRY", 0.05)


def code_of(node: Node) -> str:
    with pytest.raises(LedgerError) as refused:
        node.enrol_exporter()
    return refused.value.code


def require_registers(node: Node) -> None:
    """The enrolled party has its key."""
    assert node.register(node.world.record("order")).first


def test_what_is_not_signed_yet_by_the_sequencers_clock_is_not_appended(tmp_path: Path) -> None:
    now = [NOW - HOUR]
    with running(tmp_path / "ledger.db", clock=lambda: now[0]) as node:
        assert code_of(node) == "clock-behind"
        assert (node.log.head.size, node.sequencer.trouble) == (0, None)
        now[0] = NOW
        node.enrol_exporter()
        require_registers(node)


def test_nothing_else_is_refused_beside_it(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db", clock=lambda: 1_500, interval=5.0) as node:
        node.sequencer.submit([make_statement(0)]).result(20)
        early = node.sequencer.submit([make_statement(900)])  # at 1,900
        timely = node.sequencer.submit([make_statement(1)])
        node.sequencer.close()
        assert timely.result(20) == [Appended(1, first=True)]
        assert isinstance(error := early.exception(20), StoreError)
        assert error.code == "clock-behind"
        assert node.sequencer._held == 0


def test_a_first_head_is_not_signed_by_a_clock_that_was_set_back_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [NOW]
    with running(tmp_path / "ledger.db", clock=lambda: now[0]) as node:
        append = node.log.append

        def set_back(*given: Any) -> Any:
            found = append(*given)
            now[0] = NOW - HOUR
            return found

        monkeypatch.setattr(node.log, "append", set_back)
        assert code_of(node) == "clock-behind"
        assert (node.log.head.size, node.checkpoints.latest()) == (1, None)
        monkeypatch.setattr(node.log, "append", append)
        now[0] = NOW
        wait_for(lambda: node.sequencer.latest is not None)
        require_registers(node)


def test_what_a_crash_left_unsigned_is_not_signed_by_a_clock_that_is_behind(tmp_path: Path) -> None:
    path, now = tmp_path / "ledger.db", [NOW - HOUR]
    with running(path) as node:
        node.sequencer.close()
        node.log.append([row_of(enrolment(node.world))])
    with running(path, clock=lambda: now[0]) as node:
        wait_for(lambda: node.sequencer.trouble is not None)
        assert node.sequencer.trouble is not None
        assert node.sequencer.trouble.code == "clock-behind"
        assert node.checkpoints.latest() is None
        now[0] = START
        wait_for(lambda: node.sequencer.latest is not None)
        require_registers(node)


def test_a_clock_that_is_ahead_by_what_clocks_may_differ_holds_nobody_up(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        node.enrol_exporter()
        assert node.register(node.world.record("order", created=NOW + CLOCK_DRIFT)).first
        latest = node.checkpoints.latest()
        assert latest is not None
        assert latest.signed_at == NOW


@pytest.mark.parametrize(("last", "claimed"), [(NOW, 0), (0, NOW + CLOCK_DRIFT)])
def test_a_clock_that_is_nearly_there_is_waited_for(last: int, claimed: int) -> None:
    def at(behind: int) -> bool:
        return is_time(NOW - behind, last=last, claimed=claimed)

    assert [at(0), at(1), at(PATIENCE)] == [True, False, False]
    with pytest.raises(StoreError) as refused:
        at(PATIENCE + 1)
    assert refused.value.code == "clock-behind"


def test_statements_are_untimely_from_the_first_second_beyond_what_clocks_may_differ() -> None:
    rows = [make_statement(0), make_statement(500)]  # at 1,000 and 1,500
    assert untimely(rows, 1_500 - CLOCK_DRIFT) is None
    error = untimely(rows, 1_499 - CLOCK_DRIFT)
    assert error is not None
    assert error.code == "clock-behind"

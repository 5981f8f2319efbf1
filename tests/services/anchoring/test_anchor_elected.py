"""Of several processes on one database one anchors; another takes over, and nobody's late word counts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.evm import EvmChain
from ledger.errors import ConflictError
from ledger.store.anchors import Anchors, Event
from ledger.store.captures import Captures
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import open_database
from ledger.store.log import Log, create_log
from tests.chain.anchoring import CHAIN_ID
from tests.postgres import APP, Server
from tests.services.anchoring.rigs import Faulty, Rig, code_of, embedded_provider, put_contract
from tests.simulator import World
from tests.store.test_anchors import evidence, intent
from tests.store.test_captures import capture

ORIGIN = World().xa.origin


class Process:
    """What one process has: the log in the database, and the chain."""

    def __init__(self, url: str, honest: Any, contract: bytes, *, moves: bool) -> None:
        self.database = open_database(url, lead=moves)
        self.office: Any = self.database.office("anchoring", ORIGIN)
        log, checkpoints = Log(self.database, ORIGIN), Checkpoints(self.database)
        options = {"chain_id": CHAIN_ID}
        anchors = Anchors(self.database, self.office)
        self.rig = Rig(World(), self.database, log, checkpoints, anchors, Faulty(honest), options, contract)
        self.anchorer = self.rig.anchorer()
        log.follows = not moves

    def tick(self) -> bool:
        """As the thread of a node does; whether it anchors."""
        if not self.office.hold():
            return False
        self.rig.log.follow()
        self.rig.tick(self.anchorer)
        return True


@pytest.fixture
def both(postgres: Server, tmp_path: Path) -> Iterator[tuple[Process, Process]]:
    url = postgres.url(postgres.ledger(), APP)
    with embedded_provider(tmp_path) as honest, open_database(url, lead=False) as database:
        create_log(database, ORIGIN, lead=False)
        contract = put_contract(EvmChain(honest, chain_id=CHAIN_ID))
        one = Process(url, honest, contract, moves=True)
        two = Process(url, honest, contract, moves=False)
        yield one, two
        for process in (one, two):
            process.database.close()


def cut_off(postgres: Server, process: Process) -> None:
    """End the session of a process's lock behind its back."""
    session = process.office._lock._session
    postgres.execute(f"SELECT pg_terminate_backend({session.info.backend_pid})")


def test_one_anchors_and_the_other_once_it_is_gone(both: tuple[Process, Process]) -> None:
    one, two = both
    one.rig.grow(3)
    assert (one.tick(), two.tick(), one.tick()) == (True, False, True)
    assert one.rig.announced() == [3]
    one.office.leave()
    one.rig.grow(2)
    assert (two.tick(), one.tick(), two.tick()) == (True, False, True)
    assert one.rig.announced() == [3, 5]
    assert (one.rig.provider.sent, two.rig.provider.sent) == (1, 1)
    assert [found.nonce for found in (one.row for one in two.rig.anchors.every_intent())] == [1, 2]


def test_who_was_stopped_before_it_sent_sends_nothing_once_another_anchored(
    both: tuple[Process, Process], postgres: Server
) -> None:
    one, two = both
    one.rig.grow(3)

    def stopped(_count: int, method: str) -> None:
        if method == "eth_estimateGas":  # the nonce is chosen, nothing is written down
            cut_off(postgres, one)
            assert two.tick()

    one.rig.provider.after = stopped
    assert one.office.hold()
    assert code_of(lambda: one.rig.tick(one.anchorer)) == "fenced"
    assert (one.rig.provider.sent, two.rig.provider.sent) == (0, 1)
    assert len(two.rig.anchors.every_intent()) == 1
    one.rig.provider.after = lambda _count, _method: None
    assert not one.tick()


def test_a_server_that_ends_every_session_ends_no_anchoring(
    both: tuple[Process, Process], postgres: Server
) -> None:
    one, _ = both
    one.rig.grow(3)
    assert one.tick()
    cut_off(postgres, one)
    one.rig.grow(1)
    assert one.tick()
    assert one.rig.announced() == [3, 4]


WRITES: dict[str, Callable[[Anchors, Captures], object]] = {
    "intent": lambda anchors, _: anchors.record_intent(intent(9)),
    "event": lambda anchors, _: anchors.record_event(Event("sent", 1, intent=1)),
    "evidence": lambda anchors, _: anchors.record_evidence(evidence(9)),
    "capture": lambda _, captures: captures.record(capture(9, 1)),
    "settling": lambda _, captures: captures.settle("eip155:1", 9),
}


@pytest.mark.parametrize("what", WRITES)
def test_nothing_is_written_down_by_who_lost_the_office(both: tuple[Process, Process], what: str) -> None:
    one, two = both
    assert one.office.hold()
    one.office._lock.release()  # lost, and not known yet
    assert two.office.hold()
    with pytest.raises(ConflictError) as refused:
        WRITES[what](one.rig.anchors, Captures(one.database, one.office))
    assert refused.value.code == "fenced"


def test_one_process_on_a_file_always_anchors(tmp_path: Path) -> None:
    with open_database(tmp_path / "log.sqlite", create=True) as database:
        office = database.office("anchoring", ORIGIN)
        assert office.hold()
        with database.write() as writing:
            office.require(writing)
        office.leave()
        assert office.hold()

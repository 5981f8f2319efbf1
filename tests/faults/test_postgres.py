"""kill -9 of writers on PostgreSQL, and of PostgreSQL itself: nothing acknowledged is lost, and nodes go on alone.

`EVIDENCE_CAMPAIGN` is the number of kills where it is more than the suite's; the server is killed once for each
twenty, and five times at least.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from ledger.testing_nodes import RunningNode, serving
from tests.api.served import EXPORTER, Served, holder
from tests.campaign import count
from tests.faults.judge import Told, autopsy, judge
from tests.faults.writer import make_store
from tests.faults.writers import restarted, writers
from tests.postgres import Server, served
from tests.services.nodes import identity
from tests.simulator import World

SEED = os.environ.get("EVIDENCE_SEED", "1")
LONGEST = 0.25
"""Seconds between a start and its kill, at most."""
RECOVERY = 60
"""Seconds within which a node must have found its server again; ten on a machine with nothing else to do."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as made:
        yield made


def test_nothing_that_was_acknowledged_is_lost_by_kill_9_of_a_writer(server: Server) -> None:
    told, chance = Told(), random.Random(SEED)
    place = server.url(server.database())
    make_store(place)
    with writers() as forks:
        for number in range(count(20)):
            writer = forks.ready(f"kill-{number}", place, told)
            writer.wait(
                lambda one: one.readies > 0
            )  # the server may not have noticed yet that the last one is gone
            time.sleep(chance.uniform(0.0, LONGEST))
            writer.kill()
            assert set(writer.refused) <= {"store-locked"}
            if number % 5 == 0:
                assert not autopsy(told, place)
        restarted(forks, place, told)
    assert len(told.indices) > count(20)
    assert not judge(told, place, identity(World()))


def test_nothing_that_was_acknowledged_is_lost_by_kill_9_of_the_server(server: Server) -> None:
    told, chance = Told(), random.Random(SEED)
    place = server.url(server.database())
    make_store(place)
    with writers() as forks:
        writer = forks.ready("through-it-all", place, told)
        for _ in range(max(5, count(0) // 20)):
            writer.wait_for_records(5)
            time.sleep(chance.uniform(0.0, LONGEST))
            server.kill()
            writer.wait(lambda one: bool(one.refused))
            server.start()
            assert not autopsy(told, place)
        writer.wait_for_records(5)
        writer.kill()
        assert all(code.startswith("store-") for code in writer.refused), set(writer.refused)
        restarted(forks, place, told)
    assert not judge(told, place, identity(World()))


def test_a_node_answers_503_while_its_server_is_gone_and_goes_on_by_itself(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", server.url(server.database()))
    with serving(tmp_path) as running:
        node = Served(running.home, None, running.url, holder(EXPORTER))  # type: ignore[arg-type]  # a stand-in
        node.enrol(node.exporter, "exporter")
        before = node.record("before")
        told = node.post("/v1/statements", before.encoded).json()["index"]
        server.kill()
        refused = node.post("/v1/statements", node.record("meanwhile").encoded)
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True), refused.text
        server.start()
        recovered(node, running)
        assert node.post("/v1/statements", node.record("after").encoded).status_code == 201
        assert node.get(f"/v1/statements/{before.digest.hex()}/status").json()["index"] == told


def recovered(node: Served, running: RunningNode) -> None:
    """Wait until the node says that all is well."""
    give_up = time.monotonic() + RECOVERY
    while node.get("/health").status_code != httpx2.codes.OK:
        assert running.process.poll() is None, running.output.read_text()
        assert time.monotonic() < give_up, "the node did not find its server again"
        time.sleep(0.1)

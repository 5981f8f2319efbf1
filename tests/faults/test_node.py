"""A whole node on a disk that fails and loses power: what clients see, and what is there afterwards."""

import errno
import json
import os
import random
import time
from hashlib import sha256
from pathlib import Path

import httpx2

from ledger.core.checkpoint import parse_checkpoint
from ledger.services.auditing.audit import LogIdentity
from ledger.services.home.database import DATABASE
from ledger.testing_nodes import RunningNode, serving
from tests.api.served import EXPORTER, NDJSON, Served, holder
from tests.campaign import count
from tests.faults.judge import Told, autopsy, judge
from tests.faults.mount import Mount, mounted, needs_fuse

pytestmark = needs_fuse
CUTS = max(2, count(0) // 25)
SEED = os.environ.get("EVIDENCE_SEED", "1")
PATIENCE = 60


class Clients:
    """Those who register, and what they were told."""

    def __init__(self, running: RunningNode) -> None:
        self.running = running
        self.node = Served(running.home, None, running.url, holder(EXPORTER))  # type: ignore[arg-type]  # a stand-in
        self.told = Told()
        self.node.enrol(self.node.exporter, "exporter")

    def stream(self, many: int) -> list[int]:
        """Register a stream; the statuses that were answered."""
        records = b"\n".join(self.node.record(f"R-{at}").encoded for at in range(many))
        answers = [
            json.loads(line) for line in self.node.post("/v1/statements", records, NDJSON).text.splitlines()
        ]
        for answer in answers:
            if answer["status"] == 201:
                self.told.acknowledged(bytes.fromhex(answer["digest"]), answer["index"])
        self.look()
        return [answer["status"] for answer in answers]

    def look(self) -> None:
        """Read the checkpoint that is published."""
        answer = self.node.get("/log/checkpoint")
        if answer.status_code == 200:
            size = parse_checkpoint(answer.content).checkpoint.size
            self.told.published(size, sha256(answer.content).digest())

    def status_of_one(self) -> int:
        """Register a single record."""
        answer = self.node.post("/v1/statements", self.node.record("single").encoded)
        if answer.status_code == 201:
            told = answer.json()
            self.told.acknowledged(bytes.fromhex(told["digest"]), told["index"])
        return answer.status_code

    def recover(self) -> None:
        """Wait until the node says that all is well."""
        give_up = time.monotonic() + PATIENCE
        while self.node.get("/health").status_code != httpx2.codes.OK:
            assert time.monotonic() < give_up, self.node.get("/health").text
            time.sleep(0.1)


def lose_power(disk: Mount, clients: Clients, seed: object) -> None:
    """Kill the node, lose what was not synchronised, look, and start it again."""
    clients.running.kill()
    disk.cut(seed)
    assert not autopsy(clients.told, clients.running.home.path / DATABASE)
    clients.running.restart()
    clients.recover()


def test_a_node_whose_disk_fails_answers_503_goes_on_by_itself_and_survives_power_cuts(
    tmp_path: Path,
) -> None:
    chance = random.Random(SEED)
    with mounted(tmp_path / "disk") as disk, serving(disk.folder) as running:
        clients = Clients(running)
        for number in range(CUTS):
            assert clients.stream(30) == [201] * 30
            kind, code = (("fsync", errno.EIO), ("write", errno.ENOSPC))[number % 2]
            disk.fail(kind, code, after=chance.randint(1, 6))
            statuses = clients.stream(30)
            assert set(statuses) <= {201, 503}
            assert clients.status_of_one() == 503
            known = next(iter(clients.told.indices))
            # A change that could not be undone is undone by whoever reads next: not on a disk that takes nothing.
            assert clients.node.get(f"/v1/statements/{known.hex()}/status").status_code in (200, 503)
            assert disk.heal()
            clients.recover()
            assert clients.node.get(f"/v1/statements/{known.hex()}/status").status_code == 200
            assert clients.status_of_one() == 201
            lose_power(disk, clients, chance.random() if number % 2 else None)
        assert clients.stream(30) == [201] * 30
        running.kill()
        signer = running.home.log_signer()
        identity = LogIdentity(signer.origin, signer.vkeys, [signer.head_address])
        assert not judge(clients.told, running.home.path / DATABASE, identity)
        running.restart()  # its end is the block's

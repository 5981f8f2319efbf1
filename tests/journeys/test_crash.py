"""kill -9 of a served node under load, at any moment: every receipt that was given verifies afterwards.

`EVIDENCE_CAMPAIGN` is the number of kills where it is more than the suite's.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from ledger.core.evm.anchor import log_id
from ledger.core.secp256k1 import address_of
from ledger.core.statement import Statement
from ledger.services.auditing.audit import LogIdentity
from ledger.services.home.database import DATABASE
from ledger.services.home.folder import Plan, init_home
from ledger.services.node.assembly import open_node
from tests.api.served import EXPORTER, NDJSON, Served, holder
from tests.campaign import count
from tests.faults.judge import Told, judge
from tests.nodes import free_port

ROUNDS = count(6)
SEED = os.environ.get("EVIDENCE_SEED", "1")
LONGEST = 0.9
"""Seconds between a start that answers and its kill, at most; the chain is anchored on each second."""


@contextmanager
def forks(served: Served) -> Iterator["subprocess.Popen[str]"]:
    environment = {**os.environ, "EVIDENCE_HOME": str(served.home.path), "EVIDENCE_ANCHOR_PERIOD": "1"}
    command = [sys.executable, "-m", "tests.journeys.forking", str(served.address[1])]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment
    ) as parent:
        yield parent
        assert parent.stdin is not None
        parent.stdin.close()


def started(parent: "subprocess.Popen[str]") -> int:
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write("go\n")
    return int(parent.stdout.readline().removeprefix("child "))


def ready(served: Served) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            if served.get("/health").status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.02)
    raise AssertionError("the node did not start again")


def load(served: Served, records: list[Statement], told: Told) -> None:
    """Register until the node is gone: streams, single ones, receipts, and what it may have had already."""
    at = 0
    try:
        with served.client() as client:
            while at < len(records):
                batch = records[at : at + 40]
                body = b"\n".join(one.encoded for one in batch)
                with client.stream("POST", "/v1/statements", content=body, headers=NDJSON) as answers:
                    for line in answers.iter_lines():
                        answer = json.loads(line)
                        assert answer["status"] in (200, 201), answer
                        note(told, answer)
                note(
                    told,
                    client.post(
                        "/v1/transfers", content=batch[0].encoded, headers={"content-type": "application/vc"}
                    ).json(),
                )
                name = batch[-1].digest.hex()
                told.receipts[batch[-1].digest] = client.get(f"/v1/statements/{name}/receipt").content
                at += 40
    except (httpx2.HTTPError, json.JSONDecodeError):
        return  # killed; half an answer is none


def note(told: Told, answer: dict[str, object]) -> None:
    if "digest" not in answer:
        assert answer["type"] == "/problems/sequencer-closed", answer
        return
    told.acknowledged(bytes.fromhex(str(answer["digest"])), int(str(answer["index"])))


def test_every_receipt_verifies_after_kill_9(tmp_path: Path) -> None:
    plan = Plan("XA", "registry.example.xa", registrar="did:web:registrar.example.xa", port=free_port())
    home = init_home(tmp_path / "node", plan, now=int(time.time()), random=os.urandom)
    served = Served(home, None, f"http://127.0.0.1:{plan.port}", holder(EXPORTER))  # type: ignore[arg-type]
    chance, told = random.Random(SEED), Told()
    enrolment = served.enrolment(served.exporter, "exporter")
    with forks(served) as parent:
        assert parent.stdout is not None
        for number in range(ROUNDS):
            records = [served.record(f"crash-{number}-{at}") for at in range(400)]
            child = started(parent)
            if number % 3:
                ready(served)
            if number % 3 == 2:  # so that some records are told of, however busy the machine is
                served.post("/v1/statements", enrolment.encoded)
                load(served, records[:40], told)
            killer = threading.Timer(chance.uniform(0.0, LONGEST), os.kill, (child, signal.SIGKILL))
            killer.start()
            try:
                served.post("/v1/statements", enrolment.encoded)
                load(served, records, told)
            except httpx2.HTTPError:
                pass
            assert parent.stdout.readline() == "gone\n"
            killer.join()
    assert told.indices
    everything_holds(served, told)


def everything_holds(served: Served, told: Told) -> None:
    """Receipts verify and are the same as ever, the audit finds nothing, and no checkpoint was anchored twice."""
    signer = served.home.log_signer()
    identity = LogIdentity(signer.origin, signer.vkeys, [signer.head_address])
    with open_node(served.home, clock=time.time) as node:
        assert node.anchorer is not None
        for _ in range(10):
            node.anchorer.tick(lambda: int(time.time()))
        assert node.anchors.pending(node.chain_name) == []
        sizes = Counter(stored.row.size for stored in node.anchors.every_intent())
        assert sizes
        assert max(sizes.values()) == 1
        latest = node.anchors.latest_anchored(node.chain_name)
        assert latest is not None
        assert latest.row.size == node.log.head.size
        assert node.chain is not None
        events = node.chain.anchored(latest.row.contract, log_id(signer.origin, signer.head_address))
        assert [event.size for event in events] == sorted(sizes)
        sender = address_of(served.home.keys.sender.secret)
        assert node.chain.nonce(sender) == len(sizes) + 1  # and the contract's deployment
    assert not judge(told, served.home.path / DATABASE, identity)

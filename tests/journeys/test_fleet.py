"""Several processes of one node on one PostgreSQL database, as real processes: one log, whoever is asked, whoever dies.

`EVIDENCE_CAMPAIGN` is the number of times that the process which moves the log is lost.
"""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from ledger.core.times import format_time
from ledger.services.auditing.audit import LogIdentity
from tests.api.served import JSON, NDJSON, Served, holder
from tests.faults.judge import Told, autopsy, judge
from tests.fleet import PATIENCE, Fleet, Member, fleet
from tests.postgres import Server

SEED = os.environ.get("EVIDENCE_SEED", "1")
LOSSES = max(2, int(os.environ.get("EVIDENCE_CAMPAIGN", "0")))
SAME = 1_000
TAKEN_OVER = 60
"""Seconds within which another process must have taken over; two on a machine with nothing else to do."""


@pytest.fixture(scope="module")
def node(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(postgres, tmp_path_factory.mktemp("fleet"), ("sequencer", "sequencer", "api", "api")) as made:
        one, two = apis(made)
        two.exporter = one.exporter
        one.enrol(one.exporter, "exporter")
        yield made


def apis(node: Fleet) -> list[Served]:
    return [member.served for member in node.members if member.role == "api"]


def holder_of(node: Fleet) -> Member:
    """Whoever has the lock on the log."""
    query = (
        "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory'"
        f" AND granted AND datname = '{node.database}'"
    )
    give_up = time.monotonic() + TAKEN_OVER
    while time.monotonic() < give_up:
        found = {str(row[0]) for row in node.server.execute(query)}
        for member in node.members:
            if str(member.port) in found:
                return member
        time.sleep(0.05)
    raise AssertionError("nobody moves the log")


def identity(node: Fleet) -> LogIdentity:
    signer = node.home.log_signer()
    return LogIdentity(signer.origin, signer.vkeys, [signer.head_address])


def rows(node: Fleet, query: str) -> list[tuple[object, ...]]:
    return node.server.execute(query, node.database)


def test_a_thousand_identical_submissions_to_both_are_one_entry_with_one_answer(node: Fleet) -> None:
    record = apis(node)[0].record("one-of-a-thousand")
    ((before,),) = rows(node, "SELECT size FROM head")

    def post(at: int) -> list[dict[str, object]]:
        client = clients[at % 2]
        return [
            client.post("/v1/statements", content=record.encoded, headers=JSON).json()
            for _ in range(SAME // 50)
        ]

    with apis(node)[0].client() as one, apis(node)[1].client() as two, ThreadPoolExecutor(50) as threads:
        clients = (one, two)
        answers = [answer for some in threads.map(post, range(50)) for answer in some]
    assert [answer for answer in answers if "digest" not in answer] == []
    assert len(answers) == SAME
    assert {(answer["digest"], answer["index"]) for answer in answers} == {(record.digest.hex(), before)}
    assert rows(node, "SELECT size FROM head") == [(int(str(before)) + 1,)]
    receipts = {api.get(f"/v1/statements/{record.digest.hex()}/receipt").content for api in apis(node)}
    assert len(receipts) == 1


def test_a_process_says_what_it_does_not_serve(node: Fleet) -> None:
    mover = node.members[0].served
    for served, path in ((mover, "/log/checkpoint"), (apis(node)[0], f"/witness/{'0' * 64}/checkpoint")):
        answer = served.get(path)
        assert (answer.status_code, answer.json()["type"]) == (421, "/problems/role-not-served")
    assert apis(node)[1].get("/log/checkpoint").status_code == 200


def test_what_one_process_enrols_and_revokes_the_other_believes(node: Fleet) -> None:
    one, two = apis(node)
    key = holder(one.exporter.holder, "#second")
    assert two.post("/v1/statements", two.record("early", key=key).encoded).status_code == 422
    assert two.post("/v1/statements", two.record("known").encoded).status_code == 201  # now its keys are kept
    one.enrol(key, "exporter")
    eventually(lambda: two.post("/v1/statements", two.record("late", key=key).encoded).status_code == 201)
    revocation = one.sign(
        "KeyRevocation",
        {
            "party": key.holder,
            "key": key.id,
            "at": format_time(int(time.time()) - 30),
            "reason": "superseded",
        },
        one.home.keys.registrar,
    )
    assert one.post("/v1/statements", revocation.encoded).status_code == 201
    eventually(lambda: two.post("/v1/statements", two.record("revoked", key=key).encoded).status_code == 422)


def test_a_holder_that_was_stopped_and_lost_its_lock_signs_nothing_any_more(node: Fleet) -> None:
    first = holder_of(node)
    first.process.send_signal(signal.SIGSTOP)
    try:
        for session in node.sessions(first, "true"):
            node.server.execute(f"SELECT pg_terminate_backend({session})")
        second = holder_of(node)
        assert second is not first
        one, _ = apis(node)
        eventually(lambda: one.post("/v1/statements", one.record("meanwhile").encoded).status_code == 201)
        ((epoch,),) = rows(node, "SELECT epoch FROM head")
    finally:
        first.process.send_signal(signal.SIGCONT)
    node.wait(first)
    for _ in range(3):
        assert one.post("/v1/statements", one.record("after").encoded).status_code == 201
        time.sleep(0.3)
    assert holder_of(node) is second
    assert rows(node, "SELECT epoch FROM head") == [(epoch,)]
    assert not judge(Told(), node.url, identity(node))


def test_nothing_acknowledged_is_lost_where_the_process_that_moves_the_log_is_killed(node: Fleet) -> None:
    told, chance, stop = Told(), random.Random(SEED), threading.Event()
    lock = threading.Lock()
    threads = [
        threading.Thread(target=load, args=(api, f"load-{at}", told, lock, stop))
        for at, api in enumerate(apis(node))
    ]
    for thread in threads:
        thread.start()
    for _ in range(LOSSES):
        grow(told, 40)
        time.sleep(chance.uniform(0.0, 0.3))
        lost = holder_of(node)
        lost.process.kill()
        lost.process.wait(PATIENCE)
        assert not autopsy(told, node.url)
        node.start("sequencer")
    grow(told, 40)
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert not judge(told, node.url, identity(node))
    assert rows(node, "SELECT count(*), min(leaf_index), max(leaf_index) + 1 FROM entry") == [
        (size, 0, size) for ((size,),) in [rows(node, "SELECT size FROM head")]
    ]
    assert rows(node, "SELECT count(*) FROM submission") == [(0,)]


def load(api: Served, name: str, told: Told, lock: threading.Lock, stop: threading.Event) -> None:
    """Register until it is enough; what is refused is sent again."""
    with api.client() as client:
        for number in count():
            left = [api.record(f"{name}-{number}-{at}") for at in range(20)]
            while left and not stop.is_set():
                body = b"\n".join(one.encoded for one in left)
                answer = client.post("/v1/statements", content=body, headers=NDJSON)
                for line in map(json.loads, answer.text.splitlines()):
                    if "digest" not in line:
                        assert line["status"] == 503, line
                        continue
                    with lock:
                        told.acknowledged(bytes.fromhex(line["digest"]), line["index"])
                left = [one for one in left if one.digest not in told.indices]
            if stop.is_set():
                return


def grow(told: Told, more: int) -> None:
    wanted = len(told.indices) + more
    eventually(lambda: len(told.indices) >= wanted)


def eventually(condition: object, seconds: float = TAKEN_OVER) -> None:
    give_up = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]  # a stand-in
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.05)

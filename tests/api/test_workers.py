"""A served node's admission workers: lines in their places, and no process left behind, however the node ends."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import psutil
import pytest

from ledger.core.statement import Statement
from ledger.services.keys.keyfile import HolderKey
from tests.api.served import DAY, NDJSON
from tests.nodes import RunningNode, enrol, serving
from tests.simulator import make

LINES = 450


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningNode]:
    monkeypatch.setenv("EVIDENCE_WORKERS", "2")
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def exporter(node: RunningNode, tmp_path: Path) -> HolderKey:
    return enrol(node, "exporter", "exporter", tmp_path)[0]


def record(key: HolderKey, name: str) -> Statement:
    did = "did:web:importer.example.xb"
    subject = {
        "exporter": {"did": key.holder, "id": key.holder, "jurisdiction": "XA", "scheme": "DID"},
        "importer": {"did": did, "id": did, "jurisdiction": "XB", "scheme": "DID"},
        "flow": "outbound",
        "payload": {"commitment": os.urandom(32).hex(), "mediaType": "text/plain"},
        "reference": name,
    }
    now = int(time.time())
    return make("TransferRecord", subject, key.holder, key.id, key.private, now, name=f"{name} {now % DAY}")


def send(node: RunningNode, lines: list[bytes]) -> list[dict[str, object]]:
    answer = httpx2.post(f"{node.url}/v1/statements", content=b"\n".join(lines), headers=NDJSON, timeout=60)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def workers(node: RunningNode) -> list[psutil.Process]:
    return psutil.Process(node.process.pid).children()


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_bad_lines_among_good_ones_keep_their_places(node: RunningNode, exporter: HolderKey) -> None:
    good = [record(exporter, f"R-{number}") for number in range(LINES)]
    lines = [one.encoded for one in good]
    bad = {0: b"", 7: b"garbage", 99: lines[1] + b" ", 100: b'{"a":1,"a":2}', 449: b"x" * 300_000}
    for number, line in bad.items():
        lines[number] = line
    lines[200] = lines[150]
    assert workers(node) == []
    answers = send(node, lines)
    assert len(workers(node)) == 2
    assert [one["line"] for one in answers] == list(range(1, LINES + 1))
    refused = {number: one["problem"] for number, one in enumerate(answers) if "problem" in one}
    assert {number: problem["type"] for number, problem in refused.items()} == {  # type: ignore[index]
        number: f"/problems/{'too-large' if number == 449 else 'not-canonical'}" for number in bad
    }
    assert (answers[200]["status"], answers[200]["index"]) == (200, answers[150]["index"])
    indices = [one["index"] for one in answers if one["status"] == 201]
    assert indices == list(range(indices[0], indices[0] + LINES - len(bad) - 1))
    assert all(
        one["digest"] == good[number].digest.hex()
        for number, one in enumerate(answers)
        if one["status"] == 201
    )


def test_workers_killed_during_a_stream_lose_no_line(node: RunningNode, exporter: HolderKey) -> None:
    send(node, [record(exporter, f"first-{number}").encoded for number in range(200)])
    lines = [record(exporter, f"R-{number}").encoded for number in range(LINES)]

    def body() -> Iterator[bytes]:
        for number, line in enumerate(lines):
            if number % 150 == 149:
                for worker in workers(node):
                    with suppress(psutil.NoSuchProcess):  # the node itself has waited for the last one killed
                        worker.kill()
            yield line + b"\n"

    answer = httpx2.post(f"{node.url}/v1/statements", content=body(), headers=NDJSON, timeout=60)
    assert answer.text.count('"status":201') == LINES


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_the_node(node: RunningNode, exporter: HolderKey, number: signal.Signals) -> None:
    send(node, [record(exporter, f"R-{at}").encoded for at in range(LINES)])
    left = workers(node)
    assert len(left) == 2
    node.process.send_signal(number)
    node.process.wait(20)
    until(lambda: not any(worker.is_running() for worker in left))
    assert "Traceback" not in node.output.read_text()


def test_a_signal_to_the_whole_terminal_does_not_reach_the_workers(
    node: RunningNode, exporter: HolderKey
) -> None:
    send(node, [record(exporter, f"R-{at}").encoded for at in range(200)])
    group = os.getpgid(node.process.pid)
    assert all(os.getpgid(worker.pid) != group for worker in workers(node))

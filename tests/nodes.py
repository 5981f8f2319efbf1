"""Whole nodes for tests: a home, its server in a process of its own on a free port, and parties enrolled there.

The chain anchors every second, so that a test waits a few seconds for an anchor at most.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.core.times import format_time
from ledger.remote.node import NodeClient
from ledger.services.enrol import enrolment_of
from ledger.services.home import Home, Plan, init_home
from ledger.services.keyfile import HolderKey, make_holder_key, write_key
from ledger.statements.request import make

START_SECONDS = 60
DAY = 86_400


@dataclass(slots=True)
class RunningNode:
    """A node that listens at `url`; what it says goes to `output`."""

    home: Home
    url: str
    output: Path
    process: subprocess.Popen[bytes]

    def client(self) -> NodeClient:
        return NodeClient(self.url)

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Start the process again over the same home and port."""
        self.process = _start(self.home, self.output)
        _await(self)


@contextmanager
def serving(folder: Path, code: str = "XA") -> Iterator[RunningNode]:
    """Serve a new node of jurisdiction `code` until the block ends."""
    where = f"example.{code.lower()}"
    plan = Plan(code, f"registry.{where}", registrar=f"did:web:registrar.{where}", port=free_port())
    home = init_home(folder / f"node-{code.lower()}", plan, now=int(time.time()), random=os.urandom)
    output = folder / f"node-{code.lower()}.log"
    node = RunningNode(home, f"http://127.0.0.1:{home.settings.port}", output, _start(home, output))
    try:
        _await(node)
        yield node
    finally:
        if node.process.poll() is None:
            node.process.terminate()
            try:
                node.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                node.kill()


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def enrol(
    node: RunningNode, name: str, role: str, folder: Path, *, days: int = 365
) -> tuple[HolderKey, Path]:
    """Enrol `did:web:<name>.example.<country>` with a new key; the key, and its file in `folder`."""
    code = node.home.settings.jurisdiction
    now = int(time.time())
    key = make_holder_key(f"did:web:{name}.example.{code.lower()}", "#2026", EDDSA, os.urandom(RANDOM_SIZE))
    path = folder / f"{name}.key"
    write_key(path, key)
    subject = {
        "party": key.holder,
        "jurisdiction": code,
        "identifiers": [],
        "roles": [role],
        "keys": [
            {
                "id": key.id,
                "publicKeyMultibase": key.multikey,
                "from": format_time(now),
                "until": format_time(now + days * DAY),
            }
        ],
    }
    request = make(subject, {key.id: key.private}, created=now)
    statement = enrolment_of(request, node.home.keys.registrar, jurisdiction=code, now=now, random=os.urandom)
    with node.client() as client:
        client.register(statement.encoded)
    return key, path


def _start(home: Home, output: Path) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable, "-m", "uvicorn", "api.app:create_app", "--factory", "--host", "127.0.0.1",
        "--port", str(home.settings.port), "--log-level", "warning",
    ]  # fmt: skip
    environment = {**os.environ, "EVIDENCE_HOME": str(home.path), "EVIDENCE_ANCHOR_PERIOD": "1"}
    with output.open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)


def _await(node: RunningNode) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and node.process.poll() is None:
        try:
            if httpx2.get(f"{node.url}/health", timeout=5).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.1)
    node.process.kill()
    node.process.wait()
    raise RuntimeError(f"the node did not start: {node.output.read_text()[-4000:]}")

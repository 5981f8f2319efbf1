"""Chains that tests start for themselves: anvil, on a free loopback port, ended by its own process id."""

import json
import platform
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MODULES = Path(__file__).parents[1] / "contracts" / "node_modules"
INSTALL = "npm ci --prefix contracts"
START_SECONDS = 20

_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class Anvil:
    """A running anvil: accounts[0] to accounts[9] are unlocked and rich."""

    url: str
    chain_id: int
    process: subprocess.Popen[str]


def tool(name: str) -> Path:
    """The binary of a Foundry tool, or a skip that names the command which installs it.

    The lock has the binaries for linux-amd64; elsewhere a Foundry that is on the path serves.
    """
    system = platform.system().lower()
    machine = _MACHINES.get(platform.machine().lower(), platform.machine())
    binary = MODULES / "@foundry-rs" / f"{name}-{system}-{machine}" / "bin" / name
    if binary.is_file():
        return binary
    if found := shutil.which(name):
        return Path(found)
    pytest.skip(f"{name} is not installed; run: {INSTALL}")


def need_compiler() -> None:
    """Skip, naming the command that installs it, where the Solidity compiler is absent."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed; version 20 or later is needed, then: " + INSTALL)
    if not (MODULES / "solc").is_dir():
        pytest.skip(f"the Solidity compiler is not installed; run: {INSTALL}")


@contextmanager
def anvil(*arguments: str, chain_id: int = 31337) -> Iterator[Anvil]:
    """Run anvil until the block ends; further `arguments` as on its command line (`--block-time`, `1`)."""
    command = [
        str(tool("anvil")),
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--chain-id",
        str(chain_id),
        # Kept in memory: states that it writes to disk come back from there without their contracts' code.
        "--prune-history",
        "1000",
        *arguments,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    drain: threading.Thread | None = None
    try:
        port, drain = _await_port(process)
        yield Anvil(f"http://127.0.0.1:{port}", chain_id, process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if drain is not None:
            drain.join()
        assert process.stdout is not None
        process.stdout.close()


def _await_port(process: subprocess.Popen[str]) -> tuple[int, threading.Thread]:
    """The port anvil chose, from its own words; a thread reads on, so that a full pipe never stops it."""
    found: list[int] = []
    said: list[str] = []
    told = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if told.is_set():
                continue
            said.append(line)
            if match := _LISTENING.search(line):
                found.append(int(match.group(1)))
                told.set()
        told.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    told.wait(START_SECONDS)
    if not found:
        raise RuntimeError("anvil did not start: " + json.dumps("".join(said)[-2000:]))
    return found[0], thread

"""The verifier in TypeScript as one process that answers many requests (api/web/src/cli.ts)."""

import json
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import IO, Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "api" / "web"
CLI = WEB / "dist" / "cli.mjs"
ROUND = 100
"""Requests that are sent before their answers are read; both sides work at the same time."""


class Case(NamedTuple):
    """One input of both verifiers.

    Attributes:
        name: Where it comes from, for people.
        data: The file.
        trust: Bytes of the trust list.
        asked: `now`, and what else a request may have.
    """

    name: str
    data: bytes
    trust: bytes
    asked: Mapping[str, Any]


@lru_cache(maxsize=64)
def base64(data: bytes) -> str:
    """As requests have it; a trust list is sent with thousands of bundles."""
    return b64encode(data).decode()


def request(case: Case) -> bytes:
    """The line that asks for one report."""
    asked = {"bundle": b64encode(case.data).decode(), "trust": base64(case.trust), **case.asked}
    return json.dumps(asked).encode() + b"\n"


class Verifier:
    """The running process."""

    def __init__(self, running: "subprocess.Popen[bytes]") -> None:
        assert running.stdin is not None
        assert running.stdout is not None
        self._stdin: IO[bytes] = running.stdin
        self._stdout: IO[bytes] = running.stdout

    def reports(self, cases: Iterable[Case]) -> Iterator[tuple[Case, dict[str, Any]]]:
        """Each case with its report.  What the caller does with one, it does while others are being made."""
        rest = iter(cases)
        while some := tuple(islice(rest, ROUND)):
            writing = Thread(target=self._write, args=(some,))
            writing.start()
            for case in some:
                line = self._stdout.readline()
                assert line, f"the verifier in TypeScript ended at {case.name}"
                yield case, json.loads(line)
            writing.join()

    def _write(self, cases: Iterable[Case]) -> None:
        with suppress(BrokenPipeError):  # who reads finds that the process ended, and at which case
            for case in cases:
                self._stdin.write(request(case))
            self._stdin.flush()


def built() -> Path:
    """The program, made anew where a source is newer."""
    sources = [*WEB.glob("src/**/*.ts"), WEB / "build.mjs", *(ROOT / "ledger" / "rules").glob("*.json")]
    if not CLI.exists() or CLI.stat().st_mtime < max(file.stat().st_mtime for file in sources):
        made = subprocess.run(
            ["node", "build.mjs", "cli"], cwd=WEB, capture_output=True, text=True, check=False, timeout=120
        )
        assert made.returncode == 0, made.stderr
    return CLI


@contextmanager
def running() -> Iterator[Verifier]:
    """The process, until the block ends."""
    if shutil.which("node") is None:
        pytest.skip("node is missing; install it: apt-get install nodejs npm")
    if not (WEB / "node_modules").is_dir():
        pytest.skip("the tools of the page are missing; install them: npm ci --prefix api/web")
    started = subprocess.Popen(["node", built()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Verifier(started)
    finally:
        started.kill()
        started.communicate()

"""The verifier in TypeScript as one process that answers many requests (api/web/src/cli.ts)."""

import shutil
import subprocess
from base64 import b64encode
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import IO, Any, NamedTuple

import orjson
import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "api" / "web"
CLI = WEB / "dist" / "cli.mjs"
NODE = ("--single-threaded", "--max-semi-space-size=32")
"""Threads that compile and collect beside the one that works take a third of its time again."""
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
    return orjson.dumps(asked) + b"\n"


class Verifier:
    """The running process."""

    def __init__(self, running: "subprocess.Popen[bytes]") -> None:
        assert running.stdin is not None
        assert running.stdout is not None
        self.pid = running.pid
        self._stdin: IO[bytes] = running.stdin
        self._stdout: IO[bytes] = running.stdout

    def reports(self, cases: Iterable[Case]) -> Generator[tuple[Case, dict[str, Any]], None, None]:
        """Each case with its report.  What the caller does with one, it does while others are being made."""
        rest = iter(cases)
        while some := tuple(islice(rest, ROUND)):
            writing = Thread(target=self._write, args=(some,))
            writing.start()
            waiting = len(some)
            try:
                for case in some:
                    line = self._stdout.readline()
                    waiting -= 1
                    assert line, f"the verifier in TypeScript ended at {case.name}"
                    yield case, orjson.loads(line)
            finally:
                for _ in range(waiting):  # of a round that is not asked for to its end
                    self._stdout.readline()
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
def running(*, afresh: bool = False, plain: bool = False) -> Iterator[Verifier]:
    """The process, until the block ends.

    Args:
        afresh: It checks each signature, however often it was there.
        plain: Node runs with the threads and the memory that it takes by itself, as browsers do.
    """
    if shutil.which("node") is None:
        pytest.skip("node is missing; install it: apt-get install nodejs npm")
    if not (WEB / "node_modules").is_dir():
        pytest.skip("the tools of the page are missing; install them: npm ci --prefix api/web")
    command = ["node", *(() if plain else NODE), str(built()), *(["--afresh"] if afresh else [])]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Verifier(started)
    finally:
        started.kill()
        started.communicate()

"""Command lines run as a user runs them, in an environment of their own."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import orjson

from ledger.cli.app import run_app
from tests.nodes import RunningNode

PROGRAM = (sys.executable, "-m", "ledger.cli")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        return orjson.loads(self.out)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Nothing of the machine's own but what the interpreter needs; trust lists are pinned below `folder`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        "COLUMNS": "200",
        "EVIDENCE_TRUST_DIR": str(folder / "pinned"),
        **more,
    }


def evidence(folder: Path, *arguments: object, answer: str = "", env: Mapping[str, str] | None = None) -> Run:
    """Run `evidence` in `folder`; never a traceback, whatever it is told.

    In this process, which is ten times as fast, but for `node serve`, which takes over signals and logging once it
    opens the node: see `refused`.
    """
    words, variables = [str(one) for one in arguments], environment(folder, **(env or {}))
    run = (_in_process if words[:2] != ["node", "serve"] else _alone)(folder, words, answer, variables)
    assert "Traceback" not in run.out + run.err, run.err
    return run


def refused(folder: Path, *arguments: object) -> Run:
    """Run an `evidence node serve` that must end before it opens the node, in this process.

    Where it opened the node, it would end with the code `internal`.
    """
    with mock.patch("ledger.cli.serving.serve", side_effect=AssertionError("the node would be opened")):
        run = _in_process(folder, ["node", "serve", *map(str, arguments)], "", environment(folder))
    assert "Traceback" not in run.out + run.err, run.err
    return run


def _in_process(folder: Path, words: list[str], answer: str, variables: dict[str, str]) -> Run:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with (
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, variables, clear=True),
        mock.patch.multiple(sys, stdin=io.StringIO(answer), stdout=out, stderr=err),
    ):
        status = run_app(words)
        out.flush()
        err.flush()
    return Run(status, *(stream.buffer.getvalue().decode() for stream in (out, err)))  # type: ignore[attr-defined]


def _alone(folder: Path, words: list[str], answer: str, variables: dict[str, str]) -> Run:
    run = subprocess.run(
        [*PROGRAM, *words],
        cwd=folder,
        input=answer,
        capture_output=True,
        text=True,
        timeout=60,
        env=variables,
    )
    return Run(run.returncode, run.stdout, run.stderr)


def eventually(what: str, check, seconds: float = 30.0):  # noqa: ANN001
    """The first true answer of `check`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s: {what}")


INIT = ("--jurisdiction", "XA", "--authority", "registry.example.xa")


def init(folder: Path, name: str = "home") -> Path:
    run = evidence(folder, "node", "init", "--home", name, *INIT)
    assert run.status == 0, run.err
    return folder / name


def request(folder: Path, name: str = "exporter", *more: str) -> Run:
    out = "request.json" if name == "exporter" else f"{name}.json"
    return evidence(
        folder, "party", "request", "--party", f"did:web:{name}.example.xa", "--jurisdiction", "XA",
        "--role", "exporter", "--key", f"{name}.key", "--out", out, *more,
    )  # fmt: skip


def enrol(node: RunningNode, file: str, *more: str, answer: str = "y\n") -> Run:
    return evidence(
        node.folder,
        "party",
        "enrol",
        file,
        "--home",
        node.home.path,
        "--node",
        node.url,
        *more,
        answer=answer,
    )


@dataclass
class Served:
    """What `evidence node serve` runs: its address, its process."""

    url: str
    process: subprocess.Popen[str]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Run:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return Run(self.process.returncode, out, err)


@contextmanager
def serving(home: Path) -> Iterator[Served]:
    """Serve `home` on a free port until the block ends."""
    process = subprocess.Popen(
        [*PROGRAM, "node", "serve", "--home", str(home), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home.parent),
    )
    try:
        yield Served(_address(process), process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=30)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            return str(orjson.loads(text)["url"])
    process.wait(timeout=60)
    raise RuntimeError(f"the node did not start: {process.stderr.read() if process.stderr else ''}")

"""The other implementation of statements and of recognition, as a process that answers questions (api/web)."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import IO, Any

import pytest

WEB = Path(__file__).parents[2] / "api" / "web"
SOURCE = WEB / "tests" / "statements" / "answers.ts"
ROUND = 200
"""Questions that are sent before their answers are read."""

Question = dict[str, Any]


class Answers:
    """The running process."""

    def __init__(self, running: "subprocess.Popen[bytes]") -> None:
        assert running.stdin is not None
        assert running.stdout is not None
        self._stdin: IO[bytes] = running.stdin
        self._stdout: IO[bytes] = running.stdout

    def to(self, questions: Iterable[Question]) -> Iterator[tuple[Question, Any]]:
        """Each question with its answer.  A round is answered whole, so that a test may stop anywhere."""
        rest = iter(questions)
        while some := tuple(islice(rest, ROUND)):
            writing = Thread(target=self._write, args=(some,))
            writing.start()
            lines = [self._stdout.readline() for _ in some]
            writing.join()
            for question, line in zip(some, lines, strict=True):
                assert line, f"the process ended before it answered {question}"
                yield question, json.loads(line)

    def _write(self, questions: tuple[Question, ...]) -> None:
        for question in questions:
            asked = {name: value for name, value in question.items() if not name.startswith("_")}
            self._stdin.write(json.dumps(asked).encode() + b"\n")
        self._stdin.flush()


@contextmanager
def running(folder: Path) -> Iterator[Answers]:
    """The process, bundled into `folder`, until the block ends."""
    if shutil.which("node") is None:
        pytest.skip("node is missing; install it: apt-get install nodejs npm")
    bundler = WEB / "node_modules" / "esbuild" / "bin" / "esbuild"
    if not bundler.exists():
        pytest.skip("the tools of the page are missing; install them: npm ci --prefix api/web")
    made = folder / "answers.mjs"
    options = ["--bundle", "--platform=node", "--format=esm", "--target=node20", f"--outfile={made}"]
    built = subprocess.run(
        [str(bundler), str(SOURCE), *options, "--log-level=warning"],
        cwd=WEB,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert built.returncode == 0, built.stderr
    with subprocess.Popen(["node", str(made)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        yield Answers(started)  # the end of its questions is the end of the process

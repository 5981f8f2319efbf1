"""Verdicts of the verifier in TypeScript about many inputs at once, by one process of node."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "api" / "web"

Verdict = tuple[str, str | None] | None
"""Code and JSON pointer of a refusal; None of what is accepted."""


def require_tools() -> None:
    """Skip where node, or what `api/web` is built with, is not installed."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node is missing; install it: apt-get install nodejs npm")
    if not (WEB / "node_modules").is_dir():
        pytest.skip("node's packages of the verifier are missing; install them: npm ci --prefix api/web")


@cache
def _judge() -> Path:
    require_tools()
    subprocess.run(["node", "build.mjs", "judge"], cwd=WEB, check=True, timeout=120)
    return WEB / "dist" / "judge.mjs"


def judge(inputs: Sequence[tuple[str, bytes]]) -> list[Verdict]:
    """The verdict about each input, of (kind, bytes); see `api/web/tests/judge.ts`."""
    run = subprocess.run(
        ["node", str(_judge())],
        input=json.dumps([(kind, data.hex()) for kind, data in inputs]),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    return [None if one is None else (one[0], one[1]) for one in json.loads(run.stdout)]

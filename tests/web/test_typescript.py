"""The verifier in TypeScript is checked as its own tools check it: types, rules of style, tests."""

import subprocess

import pytest

from tests.web.judging import WEB, require_tools


@pytest.mark.parametrize("script", ["check", "lint", "test"])
def test_the_verifier_in_typescript_passes(script: str) -> None:
    require_tools()
    run = subprocess.run(
        ["npm", "run", "--silent", script], cwd=WEB, capture_output=True, text=True, check=False, timeout=280
    )
    assert run.returncode == 0, (run.stdout + run.stderr)[-8_000:]

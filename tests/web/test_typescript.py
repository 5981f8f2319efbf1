"""The tests of the verifier in TypeScript, by its own tools; `scripts/test` has its types and its style checked."""

import subprocess

from tests.web.judging import WEB, require_tools


def test_the_verifier_in_typescript_passes_its_own_tests() -> None:
    require_tools()
    run = subprocess.run(
        ["npm", "run", "--silent", "test"], cwd=WEB, capture_output=True, text=True, check=False, timeout=280
    )
    assert run.returncode == 0, (run.stdout + run.stderr)[-8_000:]

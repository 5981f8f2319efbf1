"""In the full suite a skip is a failure, but for outside vectors that are absent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.structure.source import ROOT

SUITE = """
import pytest

def test_passes(): pass
def test_skips(): pytest.skip("node is missing; install it: apt-get install nodejs")
@pytest.mark.skipif(True, reason="marked")
def test_is_marked(): pass
def test_lacks_vectors(): pytest.skip("outside vectors are not here (x); set EVIDENCE_VECTORS to a copy")
@pytest.mark.xfail(strict=True)
def test_fails_as_expected(): assert False
"""


def closing_line(place: Path, *options: str, strict: str = "") -> str:
    (place / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    (place / "test_it.py").write_text(SUITE)
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-c",
            os.devnull,
            f"--rootdir={place}",
            *options,
        ],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "STRICT": strict, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)},
    )
    return run.stdout.splitlines()[-1]


def test_a_skip_is_a_skip_for_who_has_python_alone(tmp_path: Path) -> None:
    assert closing_line(tmp_path).startswith("1 passed, 3 skipped, 1 xfailed")


@pytest.mark.parametrize(("options", "strict"), [(("--no-skips",), ""), ((), "1")])
def test_a_skip_is_a_failure_in_the_full_suite(tmp_path: Path, options: tuple[str, ...], strict: str) -> None:
    assert closing_line(tmp_path, *options, strict=strict).startswith(
        "1 failed, 1 passed, 1 skipped, 1 xfailed, 1 error"
    )

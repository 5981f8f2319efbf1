"""Tests that are shared among processes: each runs once, and neither a failure nor a crash is lost."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FIXTURE = """
@pytest.fixture(scope="session")
def told(pytestconfig):
    place = pytestconfig.rootpath / f"told-{os.getpid()}"
    yield place.open("a", buffering=1)
    (pytestconfig.rootpath / f"closed-{os.getpid()}").touch()
"""
ONE = """
import os, signal, time

def test_good(told, tmp_path): print("one good", file=told)
def test_bad(told): print("one bad", file=told); print("what it wrote"); assert False, "that it is bad"
def test_killed(told): print("one killed", file=told); os.kill(os.getpid(), signal.SIGKILL)
def test_after(told): print("one after", file=told)
"""
OTHER = """
import time

def test_good(told, tmp_path): print("other good", file=told); time.sleep(1)
def test_after(told): print("other after", file=told)
"""
ENDLESS = """
import time

def test_endless(told): time.sleep(300)
"""
LATE = """
import os, time

def test_bad(pytestconfig):
    while not any(pytestconfig.rootpath.glob("told-*")): time.sleep(0.05)
    assert False
def test_never(told): print("never", file=told)
"""


def shared(place: Path, files: dict[str, str], *options: str) -> "subprocess.CompletedProcess[str]":
    """Run tests of these files in two processes."""
    conftest = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    (place / "conftest.py").write_text(conftest + FIXTURE, encoding="utf-8")
    for name, source in files.items():
        (place / f"test_{name}.py").write_text(source, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={place}",
         "--processes", "2", *options],
        cwd=place, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_each_runs_once_and_no_failure_and_no_crash_is_lost(tmp_path: Path) -> None:
    run = shared(tmp_path, {"one": ONE, "other": OTHER})
    assert run.returncode == 1, run.stderr
    assert run.stdout.splitlines()[-1].startswith("2 failed, 4 passed"), run.stdout
    for told in ("that it is bad", "what it wrote", "ended with status -9"):
        assert told in run.stdout
    said = [place.read_text() for place in tmp_path.glob("told-*")]
    assert sorted("".join(said).splitlines()) == [
        "one after", "one bad", "one good", "one killed", "other after", "other good"
    ]  # fmt: skip
    assert len(said) == 3  # two, and one in the place of that which was killed
    assert len(list(tmp_path.glob("closed-*"))) == 2


def test_the_last_failure_that_is_allowed_ends_all_processes_in_order(tmp_path: Path) -> None:
    run = shared(tmp_path, {"endless": ENDLESS, "late": LATE}, "-x")
    assert run.returncode == 1, run.stderr
    assert "1 failed" in run.stdout.splitlines()[-1]
    (told,) = tmp_path.glob("told-*")
    assert told.read_text() == ""
    assert (tmp_path / told.name.replace("told", "closed")).exists()

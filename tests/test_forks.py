"""Nodes that are forked off a loaded process end as others do, and with the tests."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from ledger.forks import Forks
from tests.nodes import free_port, serving

ENDS = """
import os, sys
from pathlib import Path
from ledger.forks import Forks
node = Forks().start(int(sys.argv[1]), Path(sys.argv[2]), {**os.environ, "EVIDENCE_HOME": sys.argv[3]})
print(node.pid, flush=True)
"""


@pytest.fixture(scope="module")
def forks() -> Forks:
    from ledger.testing_nodes import _FORKS

    return _FORKS


def test_a_node_that_cannot_start_says_why_and_has_its_status(forks: Forks, tmp_path: Path) -> None:
    output = tmp_path / "node.log"
    process = forks.start(free_port(), output, {**os.environ, "EVIDENCE_HOME": str(tmp_path / "none")})
    assert process.wait(30) not in (0, None)
    assert process.poll() == process.returncode
    assert "home" in output.read_text()
    process.kill()  # of what is gone is nothing


def test_a_command_runs_in_a_session_of_its_own_and_its_status_is_known(forks: Forks, tmp_path: Path) -> None:
    output, home = tmp_path / "said", str(tmp_path / "none")
    refused = forks.run(["node", "serve", "--home", home], output, os.environ)
    assert refused.wait(30) == 3
    assert output.read_text().endswith("(home-missing)\n")
    home = str(tmp_path / "home")
    told = ("--home", home, "--jurisdiction", "XA", "--authority", "registry.example.xa")
    assert forks.run(["node", "init", *told], output, os.environ).wait(30) == 0
    served = forks.run(["node", "serve", "--home", home, "--port", "0"], output, os.environ)
    give_up = time.monotonic() + 20
    while os.getsid(served.pid) != served.pid:
        assert time.monotonic() < give_up
        time.sleep(0.02)
    served.terminate()
    assert served.wait(30) in (0, -signal.SIGTERM)


def test_a_loaded_process_that_ended_is_told_and_the_next_start_loads_another(tmp_path: Path) -> None:
    forks = Forks()
    forks.load()
    assert forks._parent is not None
    forks._parent.kill()
    os.waitid(os.P_PID, forks._parent.pid, os.WEXITED | os.WNOWAIT)  # so that it is not noticed before
    forks._parent.poll = lambda: None
    with pytest.raises(RuntimeError):
        forks.run(["--version"], tmp_path / "said", os.environ)
    del forks._parent.poll
    forks._parent.wait()
    assert forks.run(["--version"], tmp_path / "said", os.environ).wait(30) == 0


def test_a_node_that_is_killed_is_known_to_be_gone(tmp_path: Path) -> None:
    with serving(tmp_path) as node:
        assert node.process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            node.process.wait(0.01)
        node.kill()
        assert node.process.returncode == -signal.SIGKILL
        assert not psutil.pid_exists(node.process.pid)
        node.restart()
        node.process.terminate()
        assert node.process.wait(30) in (0, -signal.SIGTERM)


def test_no_node_outlives_the_tests(tmp_path: Path) -> None:
    with serving(tmp_path) as node:
        node.kill()
        home = str(node.home.path)
        words = [sys.executable, "-c", ENDS, str(free_port()), str(tmp_path / "node.log"), home]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=60)
        give_up = time.monotonic() + 20
        while psutil.pid_exists(int(ended.stdout)):
            assert time.monotonic() < give_up
            time.sleep(0.02)

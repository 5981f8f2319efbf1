"""Ctrl-C ends what the scripts began: the foreground, what goes on beside it, and the script itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ENVIRONMENT = Path(__file__).resolve().parents[1] / "scripts" / "environment.sh"
SCRIPT = """
set -uo pipefail
. {environment}
setup_beside "an install" bash -c 'echo $$ >install; sleep 600'
beside bash -c 'echo $$ >checks; sleep 600'
run "the tests" {python} -c '
import time
from pathlib import Path
Path("tests").touch()
try:
    time.sleep(600)
except KeyboardInterrupt:
    raise SystemExit(2)
'
touch went-on
"""
# A shell cannot trap a signal that was ignored when it began, as this process may have been told to.
HEARING = (
    "import os, signal; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp('bash', ['bash', 'script'])"
)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{number}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_an_interrupted_script_leaves_nothing_running_and_does_not_go_on(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(SCRIPT.format(environment=ENVIRONMENT, python=sys.executable))
    begun = [tmp_path / name for name in ("install", "checks")]
    process = subprocess.Popen(
        [sys.executable, "-c", HEARING],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(
            lambda: all(one.exists() and one.read_text() for one in begun) and (tmp_path / "tests").exists()
        )
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
    finally:
        process.kill()
        process.wait()
        left = [number for number in (int(one.read_text()) for one in begun if one.exists()) if runs(number)]
        for number in left:
            os.kill(number, signal.SIGKILL)
    assert left == []
    assert not (tmp_path / "went-on").exists()

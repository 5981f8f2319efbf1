"""A home that cannot be written, a full disk, a damaged file, a second node: one line with a code, and nothing lost."""

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from ledger.services.auditing.audit import LogIdentity, audit
from ledger.services.home import database as places
from ledger.services.home.database import DATABASE
from ledger.services.home.folder import Home, Plan, init_home
from ledger.services.node.assembly import open_node
from ledger.store.database import open_database
from tests.api.served import EXPORTER, NDJSON, Served, holder
from tests.nodes import RunningNode, free_port, serving

CAPABILITIES = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: by them root may write where nobody may."""
_PR_CAPBSET_DROP = 24


def without_capabilities() -> None:
    """Have the program that runs next obey permissions, also as root."""
    for capability in CAPABILITIES:
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def make(folder: Path) -> Home:
    plan = Plan("XA", "registry.example.xa", registrar="did:web:registrar.example.xa", port=free_port())
    return init_home(folder / "node", plan, now=int(time.time()), random=os.urandom)


def refused(home: Home, *options: str) -> str:
    """The one line that `node serve` ends with."""
    command = [sys.executable, "-m", "ledger.cli", "node", "serve", "--home", str(home.path), *options]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=60, preexec_fn=without_capabilities
    )
    assert ended.returncode not in (0, -9), ended
    assert "Traceback" not in ended.stderr
    lines = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, ended.stderr
    return lines[0].rpartition("(")[2].rstrip(")")


def test_one_home_is_served_once_and_one_port_used_once(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        assert refused(running.home) == "port-in-use"
        assert refused(running.home, "--port", str(free_port())) == "store-locked"
        assert httpx2.get(f"{running.url}/health").status_code == 200


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    home = make(tmp_path)
    open_node(home, clock=time.time).close()
    path = home.path / DATABASE
    good = path.read_bytes()
    path.write_bytes(b"\0" * 100 + good[100:])
    assert refused(home) == "store-corrupt"
    path.write_bytes(good[: len(good) // 2])
    assert refused(home) == "store-corrupt"
    path.write_bytes(good)
    open_node(home, clock=time.time).close()


def test_a_home_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    home = make(tmp_path)
    open_node(home, clock=time.time).close()
    for path in [home.path, *home.path.rglob("*")]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert refused(home) == "home-read-only"
    finally:
        for path in [home.path, *home.path.rglob("*")]:
            path.chmod(0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize("step", ["create_log", "sync_folder"])
def test_a_first_start_that_was_cut_off_goes_on_at_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class CutOffError(BaseException):
        pass

    def cut(*_: object) -> None:
        raise CutOffError

    home = make(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(places, step, cut)
        with pytest.raises(CutOffError):
            open_node(home, clock=time.time)
    with open_node(home, clock=time.time) as node:
        assert node.log.head.size == 0
    assert not list(home.path.glob("*.new*"))


def limit(running: RunningNode, size: int) -> None:
    """The most bytes that the node's files may have, as on a disk that is full."""
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_full_disk_acknowledges_nothing_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        served = Served(running.home, None, running.url, holder(EXPORTER))  # type: ignore[arg-type]  # a stand-in
        served.enrol(served.exporter, "exporter")
        told: dict[str, int] = {}

        def register(name: str, count: int = 200) -> list[dict[str, object]]:
            records = [served.record(f"{name}-{number}").encoded for number in range(count)]
            answers = served.post("/v1/statements", b"\n".join(records), NDJSON).text.splitlines()
            found = [json.loads(line) for line in answers]
            told.update({one["digest"]: one["index"] for one in found if "digest" in one})
            return found

        register("before")
        limit(running, (running.home.path / DATABASE).stat().st_size + 4_096)
        last = register("full")[-1]
        assert last["status"] == 503, last
        problem = last["problem"]
        assert isinstance(problem, dict)
        assert problem["type"] in ("/problems/store-full", "/problems/store-io")
        single = served.post("/v1/statements", served.record("full").encoded)
        assert (single.status_code, single.headers["retry-after"]) == (503, "5")
        limit(running, resource.RLIM_INFINITY)
        give_up = time.monotonic() + 20
        while served.get("/health").status_code != 200:
            assert time.monotonic() < give_up
            time.sleep(0.1)
        assert {one["status"] for one in register("after")} == {201}
        running.kill()
        running.restart()
        for name, index in told.items():
            assert served.get(f"/v1/statements/{name}/status").json()["index"] == index
    signer = running.home.log_signer()
    with open_database(running.home.path / DATABASE, read_only=True) as database:
        assert audit(database, LogIdentity(signer.origin, signer.vkeys, [signer.head_address])).findings == ()


def test_a_disk_that_is_full_at_the_first_start_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    home = make(tmp_path)
    command = [sys.executable, "-m", "ledger.cli", "node", "serve", "--home", str(home.path)]
    shell = ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", *command]  # 4 KiB; SIGXFSZ is ignored by Python
    # Python would keep modules that it compiled, cut off at 4 KiB, and all that run later would fail on them.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(shell, capture_output=True, text=True, timeout=60, env=environment)
    assert ended.returncode == 3, ended
    assert "Traceback" not in ended.stderr
    assert "(store-" in ended.stderr or "(disk-" in ended.stderr, ended.stderr
    open_node(home, clock=time.time).close()

"""An independent witness cosigns our log, and an independent log is cosigned by ours; each verifies the other."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ledger.core.checkpoint import parse_checkpoint, verify_cosignature
from ledger.core.note import encode_vkey, parse_vkey
from ledger.core.witness import encode_add_checkpoint
from tests.api.served import Served, serving
from tests.nodes import free_port

HERE = Path(__file__).parent
MODULES = HERE / "python_modules"
ENVIRONMENT = {"PYTHONPATH": str(MODULES), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
SECONDS = 30.0


def theirs(*arguments: str, given: bytes = b"") -> Any:
    """What the other implementation answers; see aics.py."""
    require_installed()
    command = [sys.executable, str(HERE / "aics.py"), *arguments]
    run = subprocess.run(command, input=given, capture_output=True, timeout=60, env=ENVIRONMENT)
    assert run.returncode == 0, run.stderr.decode()
    return json.loads(run.stdout)


def require_installed() -> None:
    if not (MODULES / "aics_witness").is_dir():
        how = (
            "pip install --require-hashes --no-deps --ignore-requires-python --target tests/interop/python_modules"
            " -r tests/interop/requirements.txt"
        )
        pytest.skip(f"the other implementation is missing; install it: {how}")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    require_installed()
    with serving(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture(scope="module")
def witness(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Their witness, which knows our log by its Ed25519 key: its address and key."""
    folder, port = tmp_path_factory.mktemp("witness"), free_port()
    environment = {**ENVIRONMENT, "AICS_WITNESS_CONFIG": str(folder / "witness.json")}
    command = [sys.executable, "-m", "aics_witness"]
    name = ["--name", "witness.example.xq", "--listen", f"127.0.0.1:{port}"]
    subprocess.run([*command, "init", *name], env=environment, check=True, capture_output=True, timeout=60)
    log = served.home.log_signer().vkeys[0]
    known = ["--origin", log.name, "--vkey", encode_vkey(log)]
    subprocess.run(
        [*command, "add-log", *known], env=environment, check=True, capture_output=True, timeout=60
    )
    told = subprocess.run(
        [*command, "status", "--json"], env=environment, check=True, capture_output=True, timeout=60
    )
    with subprocess.Popen([*command, "serve"], env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            await_answer(url + "/healthz")
            yield url, key_of(json.loads(told.stdout))
        finally:
            process.terminate()


def key_of(status: dict[str, Any]) -> str:
    return str(status.get("vkey") or status["witness"]["vkey"])


def await_answer(url: str) -> None:
    give_up = time.monotonic() + SECONDS
    while time.monotonic() < give_up:
        try:
            httpx2.get(url)
        except httpx2.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nothing listens at {url}")


def test_their_witness_cosigns_our_log_as_it_grows(
    served: Served, witness: tuple[str, str], tmp_path: Path
) -> None:
    url, vkey = witness
    policy = tmp_path / "their.policy"
    policy.write_text(f"witness theirs {vkey} {url}\nquorum theirs\n")
    served.node.witnesses.take(policy.read_bytes())
    known = parse_vkey(vkey)
    for reference in ("first", "second"):
        served.post("/v1/statements", served.record(reference).encoded)
        note = parse_checkpoint(cosigned(served))
        verify_cosignature(note, note.note.signatures[-1], known)
        ours = encode_vkey(served.home.log_signer().vkeys[0])
        assert theirs("verify", ours, vkey, given=note.encoded) == {"ok": True, "lines": 4}


def cosigned(served: Served) -> bytes:
    """The newest checkpoint, once their line is under it."""
    give_up = time.monotonic() + SECONDS
    while time.monotonic() < give_up:
        note = served.get("/log/checkpoint").content
        if len(parse_checkpoint(note).note.signatures) == 4:
            return note
        time.sleep(0.05)
    raise AssertionError(served.get("/health").text)


def test_their_log_is_cosigned_by_our_witness(served: Served) -> None:
    """Their client verifies each line, follows our sizes, and hears that its fork is refused."""
    from ledger.services.trust.known_logs import KnownLogs

    home = served.home
    KnownLogs(home.path, served.node.partners, home.settings.origin).add([theirs("vkey")])
    told = theirs("feed", served.url + "/witness", encode_vkey(home.witness_vkey()))
    assert told == [
        *({"size": size, "ok": True} for size in (1, 3, 3, 8, 308)),
        {"size": 308, "again": True},
        {"size": 308, "status": 422},
        {"size": 312, "status": 422},
    ]
    kept = served.node.witness.store.forks()
    assert [(one.kind, one.held_size, one.size) for one in kept] == [
        ("split", 308, 308),
        ("unproven", 308, 312),
    ]
    assert served.get("/health").json()["witness"] == {"logs": 1, "splits": 1, "unproven": 1}


def test_both_witnesses_answer_alike(served: Served, witness: tuple[str, str]) -> None:
    """To what is malformed, not known, not signed, ahead of itself, or not from where each of them is."""
    ours, _ = served.url + "/witness", served.post("/v1/statements", served.record("alike").encoded)
    if served.node.witnesses.all():  # then theirs is at our size, and not just below it
        cosigned(served)
    note = served.get("/log/checkpoint").content
    size = parse_checkpoint(note).checkpoint.size
    stranger = note.replace(b"/XA/2026\n", b"/XA/2027\n", 1)
    unsigned = note.replace(b"\n%d\n" % size, b"\n%d\n" % (size + 1))
    bodies = {
        b"": 400,
        b"old 01\n\n" + note: 400,
        encode_add_checkpoint(0, [bytes(32)] * 64, note): 400,
        encode_add_checkpoint(0, [], stranger): 404,
    }
    for url in (ours, witness[0]):
        for body, status in bodies.items():
            assert httpx2.post(url + "/add-checkpoint", content=body).status_code == status, (url, body[:40])
    # What each of them knows is another's log, so the rest is asked of theirs about ours alone.
    for body, status in {
        encode_add_checkpoint(0, [], unsigned): 403,
        encode_add_checkpoint(size + 1, [], note): 400,
        encode_add_checkpoint(size - 1, [], note): 409,
    }.items():
        answer = httpx2.post(witness[0] + "/add-checkpoint", content=body)
        assert answer.status_code == status
        assert (answer.headers["content-type"] == "text/x.tlog.size") == (status == 409)

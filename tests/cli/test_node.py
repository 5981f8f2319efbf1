"""Making a home and serving it, and what keeps a node from it."""

import errno
import os
import signal
import socket
import tempfile
from pathlib import Path

import httpx2
import pytest

from tests.cli.commands import INIT, evidence, init, refused, serving
from tests.nodes import RunningNode

# -- homes ---------------------------------------------------------------------------------------------------


def test_init_shows_the_public_halves_and_no_secret(tmp_path: Path) -> None:
    run = evidence(tmp_path, "node", "init", "--home", "home", *INIT, "--json")
    assert run.status == 0
    assert set(run.json["keys"]) == {
        *("log", "head", "finality", "sender", "witness", "attester", "relay", "registrar", "publisher")
    }
    secrets = [
        path.read_text().partition('"secret":"')[2][:64] for path in (tmp_path / "home" / "keys").iterdir()
    ]
    assert len(secrets) == 9
    assert not [secret for secret in secrets if secret in run.out + run.err]


def test_init_says_what_to_do_next(tmp_path: Path) -> None:
    run = evidence(tmp_path, "node", "init", "--home", "home", *INIT)
    assert "evidence node serve --home home" in run.out
    assert "adds no independence" in run.out


def test_an_existing_home_is_not_touched(tmp_path: Path) -> None:
    home = init(tmp_path)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    run = evidence(tmp_path, "node", "init", "--home", home, *INIT)
    assert (run.status, "(home-exists)" in run.err) == (2, True)
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--jurisdiction", "ZZ"),
        ("--authority", "no host"),
        ("--port", "70000"),
        ("--chain-id", "5"),
        ("--rpc", "ftp://x"),
    ],
)
def test_what_no_node_can_be_is_bad_usage(option: str, value: str, tmp_path: Path) -> None:
    run = evidence(tmp_path, "node", "init", "--home", "home", *INIT, option, value)
    assert run.status == 2
    assert not list(tmp_path.iterdir())


def test_a_disk_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    run = evidence(tmp_path, "node", "init", "--home", tmp_path / "home", *INIT)
    assert (run.status, "(disk-read-only)" in run.err) == (3, True)
    assert not list(tmp_path.iterdir())


# -- starting ------------------------------------------------------------------------------------------------


def test_a_port_in_use_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    home = init(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        run = refused(tmp_path, "--home", home, "--port", other.getsockname()[1])
    assert run.status == 3
    assert run.err.startswith("error: port ")
    assert run.err.endswith("(port-in-use)\n")
    assert not (home / "ledger.sqlite").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "registry.example.xa"])
def test_a_node_serves_on_loopback_alone(host: str, tmp_path: Path) -> None:
    run = refused(tmp_path, "--home", init(tmp_path), "--host", host)
    assert (run.status, "(host-not-loopback)" in run.err) == (1, True)


def test_a_missing_home_is_told(tmp_path: Path) -> None:
    run = refused(tmp_path, "--home", "nowhere", "--port", "0")
    assert (run.status, "(home-missing)" in run.err) == (3, True)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    home = init(tmp_path)
    (home / "keys" / "log.json").chmod(0o644)
    run = refused(tmp_path, "--home", home, "--port", "0")
    assert (run.status, "(key-file-readable)" in run.err) == (3, True)


@pytest.mark.parametrize(
    ("name", "code"),
    [("ledger.sqlite", "store-corrupt"), ("claim.json", "claim-invalid"), ("node.toml", "settings-invalid")],
)
def test_a_damaged_file_is_told_in_one_line(name: str, code: str, tmp_path: Path) -> None:
    home = init(tmp_path)
    (home / name).write_bytes(b"this is no such file, and it is long enough to be looked at " * 99)
    if name == "node.toml":
        run = refused(tmp_path, "--home", home, "--port", "0")
    else:
        run = evidence(tmp_path, "node", "serve", "--home", home, "--port", "0")
    assert run.status == 3
    assert run.err.count("\n") == 1
    assert run.err.endswith(f"({code})\n")


def test_a_home_that_is_served_is_not_served_again(node: RunningNode) -> None:
    run = evidence(node.folder, "node", "serve", "--home", node.home.path, "--port", "0")
    assert (run.status, "(store-locked)" in run.err) == (3, True)


def test_a_signal_ends_a_node_with_0_and_it_starts_again(tmp_path: Path) -> None:
    home = init(tmp_path)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        with serving(home) as served:
            assert httpx2.get(f"{served.url}/health").status_code == 200
            ended = served.stop(number)
        assert (ended.status, ended.err) == (0, "stopped\n")

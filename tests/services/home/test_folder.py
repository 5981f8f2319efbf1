"""Homes of nodes: there whole or not at all."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.chains import EmbeddedSettings, RpcSettings
from ledger.core.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint, verify_log_lines
from ledger.core.suites import PrivateKey
from ledger.errors import LedgerError, SetupError
from ledger.services import files
from ledger.services.home.folder import Plan, init_home, open_home, save_settings
from ledger.services.keys.keyfile import KINDS, NodeKey, write_key
from tests.services.homes import NOW, chance, home, plan


def tree(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in folder.rglob("*")}


def test_a_new_home_holds_settings_and_private_keys(tmp_path: Path) -> None:
    made = home(tmp_path)
    assert tree(tmp_path) == {
        "XA": 0o700,
        "XA/keys": 0o700,
        "XA/trust": 0o700,
        "XA/node.toml": 0o600,
        **{f"XA/keys/{name}.json": 0o600 for name in (*KINDS, "registrar", "publisher")},
    }
    assert open_home(tmp_path / "XA") == made
    assert made.settings.origin == "registry.example.xa/XA/2026"
    assert made.keys.registrar.holder == "did:web:registrar.example.xa"
    assert made.keys.publisher.holder == "did:web:registry.example.xa"


def test_the_keys_of_a_home_are_all_different(tmp_path: Path) -> None:
    keys = home(tmp_path).keys
    of_the_node = (keys.log, keys.head, keys.finality, keys.sender)
    secrets = {key.secret for key in of_the_node if isinstance(key, NodeKey)}
    of_holders = (keys.registrar.private, keys.publisher.private)
    secrets |= {key.secret for key in of_holders if isinstance(key, PrivateKey)}
    assert len(secrets) == 6


def test_the_log_signer_of_a_home_signs_checkpoints_that_verify(tmp_path: Path) -> None:
    made = home(tmp_path)
    signer = made.log_signer()
    note = sign_checkpoint(Checkpoint(made.settings.origin, 1, b"\x07" * 32), signer, NOW)
    address = made.keys.head.signer.public
    lines = verify_log_lines(parse_checkpoint(note), made.settings.origin, signer.vkeys, [address])
    assert (lines.head_address, lines.mldsa_time) == (address, NOW)


def test_two_homes_have_two_chain_ids(tmp_path: Path) -> None:
    one, other = home(tmp_path, "XA").settings.chain, home(tmp_path, "XB").settings.chain
    assert isinstance(one, EmbeddedSettings)
    assert one.id != other.id


def test_an_empty_folder_becomes_a_home(tmp_path: Path) -> None:
    (tmp_path / "XA").mkdir()
    assert home(tmp_path).path == tmp_path / "XA"


def test_folders_above_a_home_are_made(tmp_path: Path) -> None:
    init_home(tmp_path / "a" / "b" / "home", plan(), now=NOW, random=chance())
    assert (tmp_path / "a" / "b" / "home" / "node.toml").is_file()


@pytest.mark.parametrize("kind", ["home", "file", "folder", "link"])
def test_what_exists_is_never_overwritten(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "XA"
    if kind == "home":
        home(tmp_path)
    elif kind == "file":
        place.write_text("mine")
    elif kind == "folder":
        place.mkdir()
        (place / "mine").write_text("mine")
    else:
        place.symlink_to(tmp_path / "nowhere")
    before = tree(tmp_path) if kind != "link" else {}
    with pytest.raises(SetupError) as refused:
        home(tmp_path)
    assert refused.value.code == "home-exists"
    if kind != "link":
        assert tree(tmp_path) == before


@pytest.mark.parametrize("failing", [1, 2, 9, 15, 16])
def test_a_full_disk_at_any_step_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    count = 0
    real = os.fsync

    def fsync(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count == failing:
            raise OSError(errno.ENOSPC, "")
        real(descriptor)

    monkeypatch.setattr(files.os, "fsync", fsync)
    try:
        init_home(tmp_path / "above" / "XA", plan(), now=NOW, random=chance())
    except SetupError as error:
        code = error.code
    else:
        pytest.fail("the disk never was full")
    assert code == "disk-full"
    assert tree(tmp_path) == {}


@pytest.mark.parametrize(
    ("number", "code"), [(errno.EROFS, "disk-read-only"), (errno.EACCES, "permission-denied")]
)
def test_a_disk_that_refuses_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def fail(*arguments: object, **options: object) -> str:
        raise OSError(number, "")

    monkeypatch.setattr("ledger.services.home.folder.tempfile.mkdtemp", fail)
    with pytest.raises(SetupError) as refused:
        home(tmp_path)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "wrong",
    [
        {"jurisdiction": "ZZZ"},
        {"authority": "not a host"},
        {"operator": "registry.example.xa"},
        {"port": 0},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_plan_that_makes_no_node_leaves_nothing_behind(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(SetupError) as refused:
        init_home(
            tmp_path / "XA",
            Plan(**{"jurisdiction": "XA", "authority": "a.example", **wrong}),
            now=NOW,
            random=chance(),
        )  # type: ignore[arg-type]
    assert refused.value.code == "settings-invalid"
    assert tree(tmp_path) == {}


def test_a_folder_that_is_no_home_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as refused:
        open_home(tmp_path)
    assert refused.value.code == "home-missing"


@pytest.mark.parametrize("name", [*KINDS, "registrar", "publisher"])
def test_a_home_without_a_key_or_with_a_readable_one_does_not_open(tmp_path: Path, name: str) -> None:
    place = home(tmp_path).path
    key = place / "keys" / f"{name}.json"
    key.chmod(0o644)
    with pytest.raises(SetupError) as refused:
        open_home(place)
    assert refused.value.code == "key-file-readable"
    key.unlink()
    with pytest.raises(SetupError) as missing:
        open_home(place)
    assert missing.value.code == "file-missing"


def test_a_home_that_others_may_write_does_not_open(tmp_path: Path) -> None:
    place = home(tmp_path).path
    place.chmod(0o770)
    with pytest.raises(SetupError) as refused:
        open_home(place)
    assert refused.value.code == "home-writable"


def test_two_keys_in_each_others_place_are_refused(tmp_path: Path) -> None:
    keys = home(tmp_path).path / "keys"
    (keys / "registrar.json").rename(keys / "spare")
    (keys / "publisher.json").rename(keys / "registrar.json")
    (keys / "spare").rename(keys / "publisher.json")
    with pytest.raises(SetupError) as refused:
        open_home(tmp_path / "XA")
    assert refused.value.code == "home-keys"


def test_the_head_key_in_the_senders_place_is_refused(tmp_path: Path) -> None:
    keys = home(tmp_path).path / "keys"
    (keys / "head.json").replace(keys / "sender.json")
    (keys / "head.json").write_bytes((keys / "sender.json").read_bytes())
    (keys / "head.json").chmod(0o600)
    with pytest.raises(SetupError) as refused:
        open_home(tmp_path / "XA")
    assert refused.value.code == "key-file-malformed"


def test_one_key_for_two_purposes_is_refused(tmp_path: Path) -> None:
    made = home(tmp_path)
    path = made.path / "keys" / "sender.json"
    path.unlink()
    assert isinstance(made.keys.head, NodeKey)
    write_key(path, NodeKey("sender", made.keys.head.secret))
    with pytest.raises(SetupError) as refused:
        open_home(made.path)
    assert refused.value.code == "home-keys"


def test_saved_settings_are_read_back(tmp_path: Path) -> None:
    made = home(tmp_path)
    settings = replace(made.settings, chain=RpcSettings(("http://127.0.0.1:8545",), 5, "0x" + "ab" * 20))
    assert open_home(save_settings(made, settings).path).settings == settings


def test_no_error_of_a_home_shows_a_secret(tmp_path: Path) -> None:
    place = home(tmp_path).path
    for path in (place / "keys").iterdir():
        whole = path.read_bytes()
        secret = whole[whole.index(b'"secret":"') + 10 :][:32].decode()
        for damaged in (whole[:-1], whole[:-40], whole.replace(b'"secret"', b'"Secret"'), whole + b"\n"):
            path.write_bytes(damaged)
            with pytest.raises(LedgerError) as refused:
                open_home(place)
            assert secret not in str(refused.value)
        path.write_bytes(whole)

"""Programs that hold keys: started only where nobody else may change them, and told little of the environment."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.canonical import encode
from ledger.errors import SetupError
from ledger.services.keys.external import External, external_key, require_signs
from ledger.services.keys.keyfile import HeldKey
from ledger.services.keys.own_program import LINKS, require_own
from ledger.services.node.roles import require_signers
from tests.cli.running import evidence
from tests.services.homes import home
from tests.services.keys.test_external import command, key, refusal, secret_of, shell


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir(mode=0o755)
    found = folder / "sign"
    found.write_text("#!/bin/sh\nprintf x\n")
    found.chmod(0o755)
    return found


def exposed(program: Path) -> str:
    with pytest.raises(SetupError) as refused:
        require_own(str(program))
    assert refused.value.code == "signer-exposed"
    return str(refused.value)


def test_ones_own_program_is_started(program: Path) -> None:
    require_own(str(program))
    assert refusal(external_key(key().private.public, [str(program)])).code == "signer-answer"


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_a_program_that_others_may_write_is_not_started(program: Path, mode: int) -> None:
    program.chmod(mode)
    assert refusal(external_key(key().private.public, [str(program)])).code == "signer-exposed"


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_a_program_in_a_folder_that_others_may_write_is_not_started(program: Path, mode: int) -> None:
    program.parent.chmod(mode)
    assert str(program.parent) in exposed(program)


def test_a_folder_in_which_nobody_may_touch_the_names_of_others_is_no_danger(program: Path) -> None:
    program.parent.chmod(0o1777)
    require_own(str(program))


def test_a_program_of_another_user_is_not_started(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(program, 12_345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    exposed(program)


def test_a_link_is_followed_through_every_folder_on_its_way(program: Path, tmp_path: Path) -> None:
    other, link = tmp_path / "other", tmp_path / "link"
    other.mkdir()
    link.symlink_to("other/../programs/sign")
    require_own(str(link))
    program.parent.chmod(0o757)
    exposed(link)
    program.parent.chmod(0o755)
    other.chmod(0o757)
    exposed(link)


def test_links_that_lead_in_a_circle_are_refused(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.symlink_to(there)
    there.symlink_to(here)
    assert "links" in exposed(here)


def test_as_many_links_as_the_system_follows_are_followed(program: Path, tmp_path: Path) -> None:
    last = program
    for number in range(LINKS):
        link = tmp_path / str(number)
        link.symlink_to(last)
        last = link
    require_own(str(last))


def test_a_program_is_told_little_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://node:secret@server/ledger")
    monkeypatch.setenv("EVIDENCE_SIGNER_SLOT", "7")
    refusal(shell(f"env > {tmp_path}/told"))
    told = (tmp_path / "told").read_text()
    assert "EVIDENCE_SIGNER_SLOT=7" in told
    assert "DATABASE_URL" not in told


def test_a_trial_finds_out_a_program_that_signs_with_another_key(tmp_path: Path) -> None:
    right = external_key(key().private.public, command(tmp_path, "ed25519", secret_of(key())))
    require_signs(right)
    wrong: External[object] = External(
        right.name, ("/bin/sh", "-c", "printf x"), right.suite, right.public, right.accept
    )
    with pytest.raises(SetupError) as refused:
        require_signs(wrong)
    assert refused.value.code == "signer-answer"


def test_a_secret_in_a_file_is_not_tried() -> None:
    require_signs(key().private)


@pytest.mark.parametrize("name", ["head", "registrar"])
def test_a_node_whose_key_does_not_sign_is_not_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    made = home(tmp_path)
    file = made.path / "keys" / f"{name}.json"
    members = json.loads(file.read_bytes())
    del members["secret"]
    file.write_bytes(encode({**members, "command": ["/bin/sh", "-c", "exit 3"]}))
    monkeypatch.setattr("ledger.cli.serving.listen", lambda *_: pytest.fail("it is served"))
    ran = evidence("node", "serve", "--home", made.path, "--port", "0")
    assert ran.status != 0
    assert "signer-failed" in ran.told


def test_a_process_that_signs_nothing_asks_no_program(tmp_path: Path) -> None:
    keys = home(tmp_path).keys
    never = External("key", ("/nonexistent",), "eddsa-jcs-2022", b"", lambda *_: b"")
    other = external_key(key().private.public, ["/nonexistent"])
    held = replace(keys, head=HeldKey("head", never), registrar=replace(keys.registrar, private=other))
    require_signers(held, "api")
    with pytest.raises(SetupError):
        require_signers(held, "sequencer")
    with pytest.raises(SetupError):
        require_signers(held, "anchorer")

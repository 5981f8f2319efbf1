"""A file that is something else than evidence is named, and the command that it is for."""

import json
from pathlib import Path

import pytest

from ledger.cli import verify
from tests.cli.running import evidence
from tests.simulator import world


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    file = tmp_path / "trust.json"
    file.write_bytes(world().trust().encoded)
    return file


def test_a_trust_list_in_the_place_of_evidence_is_told(
    tmp_path: Path, trust: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify.run([str(trust), "--trust", str(trust)]) == verify.COULD_NOT_FINISH
    told = capsys.readouterr().err
    assert f"{trust} is a trust list; give it with --trust" in told
    assert "(not-evidence)" in told
    shown = evidence("bundle", "show", trust)
    assert (shown.status, "is a trust list" in shown.told) == (3, True)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"format": "evidence-key/1"}, "a key, which holds a secret"),
        ({"credentialSubject": {"flow": "outbound"}}, "a draft, which nobody has signed"),
    ],
)
def test_other_files_are_told_too(
    tmp_path: Path, trust: Path, value: object, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "given.json"
    file.write_text(json.dumps(value), encoding="utf-8")
    assert verify.run([str(file), "--trust", str(trust)]) == verify.COULD_NOT_FINISH
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b'{"format":"evidence-bundle/2"}', b'{"format":"other/1"}', b'{"format":["a"]}']
)
def test_what_is_nothing_known_is_evidence_that_fails(
    tmp_path: Path, trust: Path, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "given.json"
    file.write_bytes(data)
    assert verify.run([str(file), "--trust", str(trust)]) == 1
    assert "not verified" in capsys.readouterr().out.lower()

"""A file that is something else than evidence is named, and the command that it is for."""

import ast
import json
import re
from pathlib import Path

import pytest

from ledger.cli import kinds, verify
from tests.cli.running import evidence
from tests.simulator import world
from tests.structure.source import modules, tree


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


def test_the_formats_told_of_are_formats_that_something_else_writes_or_reads() -> None:
    """A name that is misspelt here, or changed there, would tell of no file."""
    texts = {
        node.value
        for path in modules()
        if path != Path(kinds.__file__)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not kinds._FORMATS.keys() - texts
    assert "evidence-bundle/1" in texts
    assert not [name for name in kinds._FORMATS if name.startswith("evidence-bundle/")]


def test_the_commands_told_of_are_commands() -> None:
    texts = "\n".join(kinds._FORMATS.values())
    told = set(re.findall(r"(?:; |and )evidence ([a-z]+ [a-z]+)", texts))
    assert len(told) > 4
    for command in told:
        assert f"Example: evidence {command} " in evidence(*command.split(), "--help").text

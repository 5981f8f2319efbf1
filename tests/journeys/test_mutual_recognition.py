"""The example of three countries as a newcomer runs it: once, and then its table again from what it saved."""

import fcntl
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from ledger.demo.offline import isolation
from tests.journeys.commands import ROOT

EXAMPLE = ROOT / "examples" / "mutual_recognition"
ROW = re.compile(r"^ +(\d+)  (\S+) +(\S+) +\S.*? (\d)  ([A-Z_]+) +(.*)$", re.MULTILINE)
LEAST = 10
SECONDS = 240


def ran(*arguments: object, within: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run the example by this interpreter's environment, with an anchor every second."""
    env = {**os.environ, "VIRTUAL_ENV": sys.prefix, "EVIDENCE_ANCHOR_PERIOD": "1"}
    return subprocess.run(
        [*within, EXAMPLE / "run", *map(str, arguments)],
        env=env, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip


@dataclass
class Played:
    folder: Path
    said: str


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The example played once; where tests run in several processes, once for all of them."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, said = shared / "three-countries", shared / "three-countries.txt"
    with (shared / "three-countries.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            ended = ran(folder)
            assert ended.returncode == 0, ended.stdout + ended.stderr
            said.write_text(ended.stdout, encoding="utf-8")
    return Played(folder, said.read_text(encoding="utf-8"))


def rows(text: str) -> dict[str, tuple[str, ...]]:
    return {found[0]: found[1:] for found in ROW.findall(text)}


def documented() -> dict[str, tuple[str, ...]]:
    lines = (EXAMPLE / "README.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return {row[0]: (row[1], row[2], *row[4:7]) for row in cells if row[0].isdigit()}


def test_every_verdict_comes_out_as_the_page_says(played: Played) -> None:
    assert len(documented()) >= LEAST
    assert rows(played.said) == documented()
    assert "DIFFERS" not in played.said


def test_the_table_is_the_same_where_there_is_no_network(played: Played) -> None:
    way = isolation().within
    if not way:
        pytest.skip(
            "no network namespace here; unshare of util-linux makes one, as root or with user namespaces"
        )
    again = ran("--verify-only", played.folder, within=way)
    assert again.returncode == 0, again.stdout + again.stderr
    assert rows(again.stdout) == documented()


def test_a_verdict_that_differs_from_the_page_ends_with_status_1(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    play, verdicts = import_module("play"), import_module("verdicts")
    changed, page = tmp_path / "changed", tmp_path / "README.md"
    changed.mkdir()
    for file in played.folder.iterdir():
        if file.is_file():
            (changed / file.name).symlink_to(file)
    (changed / "denounced-xb.evidence.json").unlink()
    (changed / "denounced-xb.evidence.json").symlink_to(played.folder / "withdrawn-xb.evidence.json")
    # Of the page only what is said of this file: the other rows were verified above.
    lines = (EXAMPLE / "README.md").read_text(encoding="utf-8").splitlines()
    page.write_text("\n".join(line for line in lines if "| `denounced-xb` |" in line), encoding="utf-8")
    monkeypatch.setattr(verdicts, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["run", "--verify-only", str(changed)])
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert play.main() == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "DIFFERS: documented is 0 VALID" in capsys.readouterr().out


def test_it_leaves_the_commands_as_they_could_be_typed(played: Played) -> None:
    commands = (played.folder / "commands.txt").read_text(encoding="utf-8")
    for verb in (
        "accreditation issue", "arrangement endorse", "arrangement accede", "arrangement denounce",
        "recognition grant", "certificate issue", "certificate suspend", "certificate reinstate",
        "certificate withdraw", "transfer acknowledge", "partner sync",
    ):  # fmt: skip
        assert f"\nevidence {verb} " in commands


def test_a_folder_without_a_run_is_named() -> None:
    ended = ran("--verify-only", ROOT / "examples")
    assert ended.returncode == 3
    assert ended.stderr.strip().endswith("(example-missing)")

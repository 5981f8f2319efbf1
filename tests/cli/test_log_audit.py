"""`evidence log audit`: shared by processes, interrupted, gone on with."""

import os
import signal
import sqlite3
from pathlib import Path

import pytest

from ledger.cli import auditing
from ledger.services.auditing import audit
from ledger.services.auditing import position as audit_position
from ledger.services.home.database import DATABASE, open_log_database
from ledger.services.home.folder import init_home
from ledger.store import integrity
from ledger.store.log import Log
from tests.cli.running import Ran, evidence
from tests.filled import fill
from tests.services.homes import NOW, chance, plan

ENTRIES = 700
"""Of bodies that are no statements, so that each is a difference."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = init_home(tmp_path / "node", plan(), now=NOW, random=chance())
    with open_log_database(home) as database:
        fill(Log(database, home.settings.origin), range(ENTRIES))
    for module in (integrity, audit, audit_position):
        monkeypatch.setattr(module, "RANGE", 256)
    return home.path


def run(folder: Path, *more: str) -> Ran:
    return evidence("log", "audit", "--home", folder, *more)


def test_one_process_and_two_print_the_same(folder: Path) -> None:
    alone, shared = run(folder, "--json", "--processes", "1"), run(folder, "--json", "--processes", "2")
    assert (alone.status, alone.output) == (1, shared.output)
    assert len(alone.json["findings"]) == alone.json["entries"] == ENTRIES
    assert alone.json["findings"][300]["tile"] == "tile 0/1 hash 44"
    assert "comparing entries" in alone.told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_audit_could_not_finish_and_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    reached = auditing._Told.reached

    def interrupting(self: auditing._Told, part: str, done: int, total: int) -> None:
        reached(self, part, done, total)
        if done == 512:
            os.kill(os.getpid(), number)

    whole = run(folder, "--json")
    heeding = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # what runs in the background may ignore it
    with monkeypatch.context() as patched:
        patched.setattr(auditing._Told, "reached", interrupting)
        broken = run(folder, "--json")
    signal.signal(signal.SIGINT, heeding)
    assert (broken.status, broken.output) == (3, b"")
    assert f"interrupted at entry 512 of {ENTRIES}" in broken.told
    assert (folder / "audit.progress").stat().st_mode & 0o777 == 0o600
    gone_on = run(folder, "--json")
    assert "going on at entry 512" in gone_on.told
    assert gone_on.json == whole.json | {"resumed": 512}
    assert not (folder / "audit.progress").exists()


def test_from_start_begins_at_the_first_entry(folder: Path) -> None:
    (folder / "audit.progress").write_text("{}")
    believed = run(folder, "--json")
    assert "is not believed" in believed.told
    (folder / "audit.progress").write_text("{}")
    anew = run(folder, "--json", "--from-start")
    assert "believed" not in anew.told
    assert anew.output == believed.output


def test_a_difference_is_named_with_its_tile(folder: Path) -> None:
    with sqlite3.connect(folder / DATABASE) as connection:
        connection.execute("DROP TRIGGER tile_no_update")
        damaged = "CAST(substr(hashes, 1, 3296) || x'00' || substr(hashes, 3298) AS BLOB)"
        connection.execute(f"UPDATE tile SET hashes = {damaged} WHERE number = 1")
    connection.close()
    said = "entry 359 differs: tile: tile 0/1: hash 103 of its tree level 0 is not the one that the entries lead to"
    assert said in {
        f"entry {one['index']} differs: {one['table']}: {one['detail']}"
        for one in run(folder, "--json").json["findings"]
    }

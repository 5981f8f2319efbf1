"""Many records from a table: each error named by row and column, the rest registered once, after breaks too."""

import csv
import os
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ledger.cli import registering
from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.services.keys.keyfile import make_holder_key, write_key
from ledger.services.tables.signing import alone
from tests.campaign import count
from tests.cli.running import Ran, done, evidence
from tests.cli.sides import Side

COLUMNS = (
    "reference", "importer.did", "importer.jurisdiction", "lines.0.category", "lines.0.grade",
    "lines.0.scenario.code", "lines.0.persons.count", "lines.0.persons.ytdCount", "retentionUntil",
    "criticalInfrastructure", "purpose",
)  # fmt: skip
ROWS = count(120)
PLANTED = 50
FEW = 2_000
"""Rows that are registered before how far they came is written down."""
SHARED = (
    "--set", "exporter.jurisdiction=XA", "--set", "flow=outbound", "--set", 'legalBasis:=["dpv:Contract"]',
    "--set", "mechanism.type=standardContract",
)  # fmt: skip
WRONG: tuple[tuple[str, str, str], ...] = (
    ("reference", "a b", "wrong-form"),
    ("reference", "me@example.org", "personal-data"),
    ("importer.did", "importer", "wrong-form"),
    ("importer.jurisdiction", "XX1", "not-in-list"),
    ("importer.jurisdiction", "", "member-missing"),
    ("lines.0.category", "secret", "not-in-list"),
    ("lines.0.grade", "", "member-missing"),
    ("lines.0.scenario.code", "veh.flying", "not-in-list"),
    ("lines.0.persons.count", "1,2", "table-cell"),
    ("lines.0.persons.ytdCount", "3", "counts-conflict"),
    ("retentionUntil", "31.12.2031", "wrong-form"),
    ("criticalInfrastructure", "maybe", "table-cell"),
    ("purpose", "=HYPERLINK(1)", "not-in-list"),
)
"""A column, what stands in it, and the code that it is refused by."""
AT = {"lines.0.persons.ytdCount": "lines.0.persons.count"}
"""Where a problem is told that is between two columns."""


def rows(number: int, name: str = "R") -> list[dict[str, str]]:
    return [
        {
            "reference": f"{name}-{place}", "importer.did": "did:web:importer.example.xb",
            "importer.jurisdiction": "XB", "lines.0.category": "personal", "lines.0.grade": "general",
            "lines.0.scenario.code": "veh.after-sales", "lines.0.persons.count": "12",
            "lines.0.persons.ytdCount": str(20 + place), "retentionUntil": "2040-12-31",
            "criticalInfrastructure": "FALSE", "purpose": "dpv:CustomerCare dpv:ServiceProvision",
        }
        for place in range(number)
    ]  # fmt: skip


def write(path: Path, table: list[dict[str, str]]) -> Path:
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for cells in (COLUMNS, *(tuple(row.values()) for row in table)):
            book.active.append(cells)
        book.save(path)
        return path
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(table)
    return path


def words(path: Path, side: Side) -> list[object]:
    return ["transfer", "register", "--table", path, "--key", side.key, *SHARED, "--node", side.url]


def register(path: Path, side: Side, *more: object) -> Ran:
    return evidence(*words(path, side), *more)


def reported(path: Path) -> list[dict[str, str]]:
    with path.with_name(f"{path.name}.report.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def plant(table: list[dict[str, str]]) -> dict[int, tuple[str, str]]:
    """Put mistakes into a table; the column and the code of each, by row."""
    planted = {}
    for place in range(PLANTED):
        row, (column, cell, code) = place * (len(table) // PLANTED), WRONG[place % len(WRONG)]
        table[row][column] = cell
        planted[row + 2] = AT.get(column, column), code
    return planted


def assert_named(path: Path, planted: dict[int, tuple[str, str]]) -> None:
    """The report names each mistake by its row and column, and nothing else; a cell may be wrong in two ways."""
    found = [(int(one["row"]), (one["column"], one["code"])) for one in reported(path)]
    assert planted.items() <= set(found)
    assert {(row, column) for row, (column, _) in found} == {
        (row, column) for row, (column, _) in planted.items()
    }


def test_each_planted_error_is_named_by_row_and_column_and_the_rest_are_registered(
    tmp_path: Path, xa: Side
) -> None:
    table = rows(ROWS, "P")
    planted = plant(table)
    path = write(tmp_path / "records.csv", table)
    ran = register(path, xa, "--json")
    assert ran.status == 1
    assert (ran.json["rows"], ran.json["registered"], ran.json["refused"]) == (ROWS, ROWS - PLANTED, PLANTED)
    assert_named(path, planted)
    assert "me@example.org" not in {one["found"] for one in reported(path)}
    formulas = [one["found"] for one in reported(path) if one["column"].startswith("purpose")]
    assert all(not text.startswith("=") for text in formulas)
    again = register(path, xa)
    assert "0 registered" in again.text
    assert f"{ROWS - PLANTED:,} known before, {PLANTED:,} refused" in again.text
    mended = write(path, rows(ROWS, "P"))
    ran = register(mended, xa, "--json")
    assert (ran.status, ran.json["registered"], ran.json["known"]) == (0, PLANTED, ROWS - PLANTED)
    assert reported(mended) == []


def test_a_table_with_mistakes_whose_run_is_killed_goes_on_and_ends_as_if_it_had_not_been(
    tmp_path: Path, xa: Side
) -> None:
    table = rows(ROWS, "K")
    planted = plant(table)
    path = write(tmp_path / "records.csv", table)
    signed = tmp_path / "records.csv.signed.ndjson"
    started = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", *map(str, words(path, xa))],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 120 + ROWS / 20
        progress = signed.with_name(f"{signed.name}.progress")
        while not progress.exists() and started.poll() is None and time.monotonic() < until:
            time.sleep(0.01)  # the file of progress is written after a second, if there is one to write
            if ROWS < FEW and signed.exists():
                break
    finally:
        started.kill()
        started.wait()
    kept = signed.read_bytes()
    ran = register(path, xa, "--json")
    assert (ran.status, ran.json["refused"]) == (1, PLANTED)
    assert ran.json["registered"] + ran.json["known"] == ROWS - PLANTED
    assert_named(path, planted)
    assert signed.read_bytes() == kept
    with xa.node.client() as client:
        some = [sha256(line).hexdigest() for line in kept.splitlines()[:: ROWS // 40]]
        assert len({client.status(digest)["index"] for digest in some}) == len(some)
    assert register(path, xa, "--json").json["known"] == ROWS - PLANTED


def test_a_run_that_broke_off_goes_on_and_registers_nothing_twice(
    tmp_path: Path, xa: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "records.csv", rows(40, "B"))
    counted = registering._Run._count
    left = iter([*[False] * 15, True])

    def broken(self: Any, *arguments: Any) -> Any:
        if next(left):
            raise KeyboardInterrupt
        return counted(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(registering._Run, "_count", broken)
        assert register(path, xa).status == 3
    kept = (tmp_path / "records.csv.signed.ndjson").read_bytes()
    assert len(kept.splitlines()) == 40
    ran = register(path, xa, "--json")
    assert ran.status == 0
    assert "going on after line 15" in ran.told
    assert ran.json["registered"] + ran.json["known"] == 40
    assert (tmp_path / "records.csv.signed.ndjson").read_bytes() == kept
    with xa.node.client() as client:
        assert len({client.status(sha256(line).hexdigest())["index"] for line in kept.splitlines()}) == 40


def test_where_what_was_signed_is_lost_the_ids_keep_a_row_from_being_registered_twice(
    tmp_path: Path, xa: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "records.csv", rows(3, "L"))
    assert register(path, xa).status == 0
    (tmp_path / "records.csv.signed.ndjson").unlink()
    later = time.time() + 2
    monkeypatch.setattr("ledger.cli.tables.time.time", lambda: later)
    ran = register(path, xa, "--json")
    assert (ran.status, ran.json["registered"], ran.json["known"], ran.json["refused"]) == (0, 0, 3, 0)


def test_two_rows_that_say_the_same_are_one_record_and_an_error(tmp_path: Path, xa: Side) -> None:
    table = rows(2, "T")
    path = write(tmp_path / "records.csv", [*table, table[0]])
    ran = register(path, xa, "--json")
    assert (ran.status, ran.json["registered"]) == (1, 2)
    (one,) = ran.json["errors"]
    assert (one["row"], one["code"], one["found"]) == (4, "row-repeated", "the same as row 2")


def test_one_run_at_a_time_registers_a_table(tmp_path: Path, xa: Side) -> None:
    path = write(tmp_path / "records.csv", rows(1, "A"))
    with alone(path):
        ran = register(path, xa)
    assert ran.status == 3
    assert "table-busy" in ran.told
    assert register(path, xa).status == 0


def test_what_no_row_says_any_more_is_kept_and_told_and_is_the_same_when_it_comes_back(
    tmp_path: Path, xa: Side
) -> None:
    path = write(tmp_path / "records.csv", rows(3, "D"))
    signed, left = tmp_path / "records.csv.signed.ndjson", tmp_path / "records.csv.signed.ndjson.left"
    assert register(path, xa).status == 0
    kept = signed.read_bytes()
    write(path, rows(2, "D"))
    ran = register(path, xa)
    assert (ran.status, "1 records that were signed before are of no row now" in ran.told) == (0, True)
    assert signed.read_bytes() + left.read_bytes() == kept
    write(path, rows(3, "D"))
    ran = register(path, xa, "--json")
    assert (ran.json["registered"], ran.json["known"]) == (0, 3)
    assert (signed.read_bytes(), left.read_bytes()) == (kept, b"")


def test_what_the_node_refuses_is_named_by_its_row(tmp_path: Path, xa: Side) -> None:
    stranger = tmp_path / "stranger.key"
    write_key(stranger, make_holder_key("did:web:stranger.example.xa", "#1", EDDSA, os.urandom(RANDOM_SIZE)))
    path = write(tmp_path / "records.csv", rows(2, "N"))
    ran = evidence("transfer", "register", "--table", path, "--key", stranger, *SHARED, "--node", xa.url)
    assert ran.status == 1
    assert [one["row"] for one in reported(path)] == ["2", "3"]


def test_a_workbook_is_registered_as_a_csv_file_is(tmp_path: Path, xa: Side) -> None:
    path = write(tmp_path / "records.xlsx", rows(3, "X"))
    ran = register(path, xa, "--json")
    assert (ran.status, ran.json["registered"]) == (0, 3)


@pytest.mark.parametrize(
    "words",
    [["--table", "t.csv"], ["--table", "t.csv", "r.json", "--key", "k"], []],
    ids=["no key", "a file too", "nothing"],
)
def test_what_goes_with_a_table_is_bad_usage_without_it(xa: Side, words: list[str]) -> None:
    assert evidence("transfer", "register", *words, "--node", xa.url).status == 2


def test_a_table_is_prechecked_row_by_row(tmp_path: Path) -> None:
    table = rows(4)
    for place, persons in enumerate(("99999", "100000", "1000000", "many")):
        table[place]["lines.0.persons.ytdCount"] = persons
    path = write(tmp_path / "records.csv", table)
    shared = ("exporter.jurisdiction=CN", "flow=outbound", "criticalInfrastructure:=false")
    sets = [word for one in shared for word in ("--set", one)]
    more = ("--set", "lines.0.persons.ytdSensitiveCount:=0", "--set", "mechanism.type=standardContract")
    ran = evidence(
        "transfer", "precheck", "--table", path, *sets, *more, "--at", "2026-11-22T04:00:00Z", "--json"
    )
    assert ran.status == 1
    assert ran.json["outcomes"] == {"assessmentRequired": 1, "free": 1, "mechanismRequired": 1}
    assert (ran.json["goes"], ran.json["bad"]) == (2, 1)
    with (tmp_path / "records.csv.precheck.csv").open(encoding="utf-8-sig", newline="") as file:
        found = [(row["row"], row["outcome"], row["goes"], row["rule"]) for row in csv.DictReader(file)]
    assert found == [
        ("2", "free", "true", "5-4"), ("3", "mechanismRequired", "true", "8-persons"),
        ("4", "assessmentRequired", "false", "7-persons"),
    ]  # fmt: skip
    assert [(one["row"], one["column"]) for one in reported(path)] == [("5", "lines.0.persons.ytdCount")]


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    ran = evidence("transfer", "precheck", "--table", write(tmp_path / "t.csv", []))
    assert "input-empty" in ran.told


def test_the_template_gives_what_it_does_not_ask(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "importer.did,importer.jurisdiction,lines.0.persons.count,lines.0.persons.ytdCount\n"
        "did:web:importer.example,XB,12,20\n"
    )
    words = ("--template", "vehicle-after-sales", "--set", "exporter.jurisdiction=CN")
    ran = done(
        "transfer", "precheck", "--table", path, *words, "--set", "exporter.zone=CN-SH+lingang",
        "--at", "2025-01-10T00:00:00Z", "--json",
    )  # fmt: skip
    assert ran.json["outcomes"] == {"conditional": 1}
    with path.with_name("t.csv.precheck.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["conditions"] == "filed maskIdentifiers pseudonymise scenarioOnly"

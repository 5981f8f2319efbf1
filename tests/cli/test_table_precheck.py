"""A table's rows asked about together: sums since 1 January, earlier records, findings, each row at its own time."""

import csv
import json
from pathlib import Path
from typing import Any

from ledger.core.statement import sign_statement, unsigned
from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.services.ids import statement_id
from ledger.services.keys.keyfile import make_holder_key
from tests.cli.running import Ran, evidence
from tests.deciding.records import AT, line, party, people, transfer

EXPORTER = "did:web:exporter.example"
SHARED = (
    "exporter.jurisdiction=CN", "exporter.scheme=DID", f"exporter.id={EXPORTER}", "flow=outbound",
    "criticalInfrastructure:=false", "importer.did=did:web:importer.example", "importer.jurisdiction=XB",
    "lines.0.category=personal", "lines.0.grade=general", "lines.0.scenario.code=veh.after-sales",
    "lines.0.persons.ytdSensitiveCount:=0",
)  # fmt: skip


def asked(path: Path, text: str, *more: object, at: str | None = "2026-11-22T04:00:00Z") -> Ran:
    path.write_text(text)
    sets = [word for one in SHARED for word in ("--set", one)]
    times = [] if at is None else ["--at", at]
    return evidence("transfer", "precheck", "--table", path, *sets, *times, *more)


def outcomes(path: Path) -> list[dict[str, str]]:
    with path.with_name(f"{path.name}.precheck.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def history(path: Path, *persons: int) -> Path:
    key = make_holder_key(EXPORTER, "#1", EDDSA, bytes(RANDOM_SIZE))
    lines = []
    for place, count in enumerate(persons):
        subject = transfer(
            line(1, "personal", persons=people(count)), exporter=party("exporter", "CN"),
            purpose=["dpv:CustomerCare"], legalBasis=["dpv:Contract"],
        )  # fmt: skip
        identifier, then = statement_id(AT, place.to_bytes(10)), AT - 40 * 86_400
        document = unsigned(
            kind="TransferRecord", identifier=identifier, issuer=key.holder, subject=subject, valid_from=then
        )
        lines.append(sign_statement(document, key.private, key.verification_method, then).encoded + b"\n")
    path.write_bytes(b"".join(lines))
    return path


def test_what_rows_add_up_to_with_the_records_before_them_is_told_and_which_row_reaches_a_threshold(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t.csv"
    text = "reference,lines.0.persons.count\nA,4000\nB,5000\nC,2000\n"
    before = history(tmp_path / "before.ndjson", 60_000, 30_000)
    ran = asked(path, text, "--history", before, "--json")
    assert ran.status == 1  # what no row declares is missing
    (year,) = ran.json["years"]
    assert (year["count"], year["records"], year["exporter"]["id"]) == (101_000, 5, EXPORTER)
    reached = [one for one in year["reached"] if one["metric"] == "count"]
    assert reached == [{"metric": "count", "threshold": 100_000, "measure": "CN-CAC-2024-16", "row": 4}]
    assert [row["persons"] for row in outcomes(path)] == ["94000", "99000", "101000"]
    text = asked(path, text, "--history", before).text
    assert "2026: 101,000 persons since 1 January, of 3 rows and 2 records of --history\n" in text
    assert "2026: row 4 reaches 100,000 persons (CN-CAC-2024-16)\n" in text
    history(before, 100_000)
    told = asked(path, path.read_text(), "--history", before)
    assert "2026: a record before the rows reaches 100,000 persons (CN-CAC-2024-16)\n" in told.text


def test_rows_that_look_like_one_transfer_in_parts_are_named_together(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    text = "reference,lines.0.persons.count,lines.0.persons.ytdCount\nA,40000,40000\nB,40000,80000\nC,40000,90000\n"
    ran = asked(path, text, "--json")
    (finding,) = ran.json["years"][0]["findings"]
    assert (finding["code"], finding["rows"], finding["total"]) == ("SPLIT_SUSPECT", [2, 3, 4], 120_000)
    assert [row["findings"] for row in outcomes(path)] == ["SPLIT_SUSPECT"] * 3
    assert (ran.status, ran.json["goes"]) == (0, 3)  # a finding, never a verdict
    assert "look at row 2, 3, 4: 3 records to one importer about one scenario" in asked(path, text).text


def test_a_row_that_declares_less_than_the_rows_before_it_is_named_and_its_persons_may_not_be_known(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t.csv"
    asked(
        path, "reference,lines.0.persons.count,lines.0.persons.ytdCount\nA,10,500\nB,10,400\nC,,\nD,5,600\n"
    )
    told = [(row["persons"], row["findings"]) for row in outcomes(path)]
    assert told == [("500", ""), ("500", "YTD_SHORT"), ("", ""), ("600", "")]


def test_two_rows_that_say_the_same_are_an_error_before_they_are_signed_too(tmp_path: Path) -> None:
    ran = asked(tmp_path / "t.csv", "reference,lines.0.persons.count\nA,10\nA,10\n", "--json")
    assert [(one["row"], one["code"]) for one in ran.json["errors"]] == [(3, "row-repeated")]
    assert ran.json["years"][0]["count"] == 10


def test_each_row_crosses_at_the_start_of_its_window_unless_a_time_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    text = (
        "reference,window.start,window.end,lines.0.persons.count,lines.0.persons.ytdCount\n"
        "A,2024-03-01T00:00:00Z,2024-03-02T00:00:00Z,10,200000\n"
        "B,2026-03-01T00:00:00Z,2026-03-02T00:00:00Z,10,200000\n"
    )
    declared = ("--set", "mechanism.type=standardContract")
    ran = asked(path, text, "--json", *declared, at=None)
    assert [row["outcome"] for row in outcomes(path)] == ["indeterminate", "mechanismRequired"]
    assert [year["year"] for year in ran.json["years"]] == [2024, 2026]
    asked(path, text, *declared)
    assert len({row["outcome"] for row in outcomes(path)}) == 1


def test_history_of_others_is_not_counted_and_that_is_said(tmp_path: Path) -> None:
    draft: dict[str, Any] = {
        "type": ["VerifiableCredential", "TransferRecord"],
        "credentialSubject": transfer(
            line(1, "personal", persons=people(5)),
            exporter=party("other", "CN"),
        ),
    }
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(draft))
    ran = evidence("transfer", "precheck", file, "--history", history(tmp_path / "h.ndjson", 90_000))
    assert "no record of --history is of the draft's exporter" in ran.told
    assert "room: nobody says how many persons there are this year" in ran.text

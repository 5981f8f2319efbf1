"""The command that says of a draft whether it may go."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.statement import sign_statement, unsigned
from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.services.ids import statement_id
from ledger.services.keys.keyfile import make_holder_key
from tests.cli.running import Ran, done, evidence
from tests.deciding.records import AT, line, party, people, transfer

VEHICLES = {
    "veh.manufacturing": "manufacturing",
    "veh.rd-test": "rd-test",
    "veh.after-sales": "after-sales",
    "veh.used-car-trade": "used-car-trade",
}
"""Scenarios of the Lingang general list of 17 May 2024, and the heading of each in it."""
LISTED = "Lingang general list for cross-border data, intelligent connected vehicles, 2024"
IN_FORCE = "2025-01-10T00:00:00Z"


def draft(path: Path, *more: str, country: str = "CN") -> Path:
    """What a newcomer has after one command."""
    done(
        "transfer", "new", "--template", "vehicle-after-sales", "--party", "did:web:exporter.example",
        "--jurisdiction", country, "--importer", "did:web:importer.example", "--importer-jurisdiction", "XB",
        *(word for one in more for word in ("--set", one)), "--out", path,
    )  # fmt: skip
    return path


def asked(path: Path, *more: object) -> Ran:
    return evidence("transfer", "precheck", path, *more)


@pytest.mark.parametrize("code", VEHICLES)
def test_a_newcomer_classifies_the_vehicle_scenarios_of_the_general_list(tmp_path: Path, code: str) -> None:
    zone = "exporter.zone=CN-SH+lingang"
    scenarios = [f"lines.{place}.scenario.code={code}" for place in (0, 1)]
    record = draft(tmp_path / "record.json", zone, *scenarios)
    ran = asked(record, "--at", IN_FORCE)
    assert ran.status == 0
    assert ran.text.startswith("MAY GO: free under conditions (conditional)\n")
    for rule, number in ((f"{VEHICLES[code]}.2", 1), (f"{VEHICLES[code]}.1", 2)):
        assert f"line {number}, outbound: " in ran.text
        assert f"    rule {rule} of CN-SH-LINGANG-2024-VEH: {LISTED}, {VEHICLES[code]} (listed)\n" in ran.text
    assert "as read on 2026-11-22, not legal advice" in ran.text
    told = asked(record, "--at", IN_FORCE, "--json").json
    assert [line["outcome"] for line in told["lines"]] == ["conditional", "free"]
    assert told["conditions"] == ["filed", "maskIdentifiers", "pseudonymise", "scenarioOnly"]
    assert all(measure["shipped"] for measure in told["measures"])


def test_outside_the_zone_the_threshold_decides_and_the_persons_that_are_left_are_told(
    tmp_path: Path,
) -> None:
    counts = ["lines.0.persons.count:=1200", "lines.0.persons.ytdCount:=98795"]
    record = draft(tmp_path / "record.json", *counts, "lines.0.persons.ytdSensitiveCount:=0")
    ran = asked(record, "--at", IN_FORCE)
    assert ran.status == 0
    assert "room: 1,204 persons left this year below 100,000 (CN-CAC-2024-16)\n" in ran.text
    single = "one fact that would change it: line.persons.ytdCount 100,000 to 999,999, not 98,795: mechanismRequired"
    assert f"{single}, and may go\n" in ran.text


def test_a_draft_that_does_not_say_enough_ends_with_1_and_names_what_is_missing(tmp_path: Path) -> None:
    ran = asked(draft(tmp_path / "record.json"), "--at", IN_FORCE)
    assert ran.status == 1
    assert ran.text.startswith("MAY NOT GO YET: nobody can say yet (indeterminate)\n")
    assert (
        "missing: line.persons.ytdCount at /credentialSubject/lines/0/persons/ytdCount: persons since"
        in ran.text
    )
    assert "places are still to be filled in" in ran.text


def test_a_draft_that_is_not_in_order_ends_with_1_and_its_problems(tmp_path: Path) -> None:
    ran = asked(draft(tmp_path / "record.json", "lines.0.grade=secret"))
    assert ran.status == 1
    assert "/credentialSubject/lines/0/grade" in ran.told
    assert asked(tmp_path / "none.json").status == 3
    (tmp_path / "two.ndjson").write_bytes(b"{}\n{}\n")
    assert "input-not-one" in asked(tmp_path / "two.ndjson").told


def measure(path: Path, **members: Any) -> Path:
    document = json.loads((Path(__file__).parents[2] / "examples" / "policy-measure.json").read_bytes())
    document["credentialSubject"] |= members
    path.write_bytes(encode(document))
    return path


def test_measures_that_are_named_are_asked_and_no_others(tmp_path: Path) -> None:
    record = draft(tmp_path / "record.json", "exporter.zone=XA-01+harbour", country="XA")
    one = [{"id": "1", "outcome": "prohibited", "reason": "localised", "cite": {"instrument": "XA Act"}}]
    file = measure(tmp_path / "measure.json", rules=one)
    ran = asked(record, "--measures", file, "--at", "2026-11-22T04:00:00Z", "--json")
    assert (ran.status, ran.json["outcome"]) == (1, "prohibited")
    assert [step["step"] for step in ran.json["next"]] == ["doNotSend"]
    assert [found["shipped"] for found in ran.json["measures"]] == [False]
    folder = tmp_path / "folder"
    folder.mkdir()
    assert "measures-missing" in asked(record, "--measures", folder).told
    file.rename(folder / "measure.json")
    assert asked(record, "--measures", folder, "--at", "2026-11-22T04:00:00Z", "--json").json == ran.json
    (folder / "other.json").write_bytes(b"{}")
    assert "other.json" in asked(record, "--measures", folder).told


def test_records_that_went_before_count(tmp_path: Path) -> None:
    key = make_holder_key("did:web:exporter.example", "#1", EDDSA, bytes(RANDOM_SIZE))
    subject = transfer(line(1, "personal", persons=people(90_000)), exporter=party("exporter", "CN"),
                       purpose=["dpv:CustomerCare"], legalBasis=["dpv:Contract"])  # fmt: skip
    document = unsigned(kind="TransferRecord", identifier=statement_id(AT - 9, bytes(10)), issuer=key.holder,
                        subject=subject, valid_from=AT - 9)  # fmt: skip
    before = sign_statement(document, key.private, key.verification_method, AT - 9).encoded
    history = tmp_path / "before.ndjson"
    history.write_bytes(before + b"\n")
    record = draft(
        tmp_path / "record.json", "exporter.scheme=DID", "exporter.id=did:web:exporter.example",
        "lines.0.persons.count:=1200", "lines.0.persons.ytdSensitiveCount:=0",
    )  # fmt: skip
    ran = asked(record, "--history", history, "--at", "2026-11-22T04:00:00Z")
    assert "room: 8,799 persons left this year below 100,000 (CN-CAC-2024-16)\n" in ran.text
    history.write_bytes(record.read_bytes())
    assert "before.ndjson" in asked(record, "--history", history).told


def test_a_time_that_is_none_is_bad_usage(tmp_path: Path) -> None:
    assert asked(draft(tmp_path / "record.json"), "--at", "soon").status == 2

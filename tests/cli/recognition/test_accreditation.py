"""Accreditations by command."""

import time
from pathlib import Path
from typing import Any

import pytest

from ledger.core.statement import parse_statement
from ledger.core.times import format_time
from tests.cli.drafting import filled
from tests.cli.running import done, evidence
from tests.cli.sides import Side

DAY = 86_400
BODY = "did:web:body.example.xa"


@pytest.fixture(autouse=True)
def nothing_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_TRUST_DIR", str(tmp_path / "pinned"))


def drafted(folder: Path, number: str, **values: object) -> Path:
    now = int(time.time())
    dates = {"validFrom": format_time(now), "validUntil": format_time(now + 300 * DAY)}
    return filled(
        folder / f"{number}.json", "accreditation", "accreditation", number=number, **{**dates, **values}
    )


def issued(folder: Path, xa: Side, key: Path, number: str, **values: object) -> Path:
    out = folder / f"{number}.signed.json"
    made = drafted(folder, number, **values)
    done("accreditation", "issue", made, "--key", key, "--node", xa.url, "--out", out)
    return out


def test_a_new_accreditation_leaves_its_place_in_a_list_to_be_filled_in_at_its_issue(
    tmp_path: Path, xa: Side, parties: dict[str, Path]
) -> None:
    made = tmp_path / "a.json"
    ran = done(
        "accreditation", "new", "--key", parties["accreditor"], "--jurisdiction", "XA", "--body", BODY,
        "--body-jurisdiction", "XA", "--out", made, "--json",
    )  # fmt: skip
    missing = {one["pointer"] for one in ran.json["missing"]}
    assert "/credentialSubject/statusReference/statusListCredential" in missing
    assert not {
        one for one in missing if one.startswith(("/credentialSubject/body", "/credentialSubject/accreditor"))
    }
    statement = parse_statement(issued(tmp_path, xa, parties["accreditor"], "XAC-1").read_bytes())
    place: Any = statement.subject["statusReference"]
    assert place["statusListCredential"] == "did:web:accreditor.example.xa#status-1"


def test_what_rests_on_an_accreditation_is_shown_before_it_is_withdrawn(
    tmp_path: Path, xa: Side, parties: dict[str, Path]
) -> None:
    signed = issued(tmp_path, xa, parties["accreditor"], "XAC-2")
    now = int(time.time())
    dates = {"validFrom": format_time(now), "validUntil": format_time(now + 100 * DAY)}
    made = filled(
        tmp_path / "c.json", "certificate", "conformity-certificate", certificateNumber="PIK-1", **dates
    )
    certificate = ("certificate", "issue", made, "--key", parties["body"], "--node", xa.url)
    done(*certificate, "--accreditation", signed)
    words = ("--reason", "bodyCeased", "--key", parties["accreditor"], "--node", xa.url)
    ran = evidence("accreditation", "withdraw", signed, *words)
    assert (ran.status, "1 certificate" in ran.told, "(not-confirmed)" in ran.told) == (1, True, True)
    assert done("accreditation", "withdraw", signed, *words, "--yes").text.startswith("withdrawn: ")
    shown = done("accreditation", "show", signed, "--node", xa.url)
    assert "withdraw from " in shown.text
    assert (
        done("accreditation", "show", signed, "--node", xa.url, "--json").json["statusList"]["withdrawn"]
        is True
    )


def test_a_certificate_names_the_accreditation_that_it_was_given_and_no_other(
    tmp_path: Path, xa: Side, parties: dict[str, Path]
) -> None:
    one, two = (issued(tmp_path, xa, parties["accreditor"], number) for number in ("XAC-3", "XAC-4"))
    digest = parse_statement(one.read_bytes()).digest.hex()
    named = {"accreditor": "did:web:accreditor.example.xa", "statement": digest}
    now = int(time.time())
    dates = {"validFrom": format_time(now), "validUntil": format_time(now + 100 * DAY)}
    made = filled(
        tmp_path / "c.json", "certificate", "conformity-certificate",
        certificateNumber="PIK-2", accreditation=named, **dates,
    )  # fmt: skip
    issue = ("certificate", "issue", made, "--key", parties["body"], "--node", xa.url)
    assert "(accreditation-of-another)" in evidence(*issue, "--accreditation", two).told
    done(*issue, "--accreditation", digest)


def test_who_accredits_itself_is_refused(tmp_path: Path, xa: Side, parties: dict[str, Path]) -> None:
    made = drafted(tmp_path, "XAC-5", body__did="did:web:accreditor.example.xa")
    ran = evidence("accreditation", "issue", made, "--key", parties["accreditor"], "--node", xa.url)
    assert ran.status == 1
    assert "(self-accreditation)" in ran.told or "(issuer-mismatch)" in ran.told


def test_an_accreditation_has_no_number_by_which_it_is_found(xa: Side) -> None:
    ran = evidence("accreditation", "show", "XAC-1", "--node", xa.url)
    assert (ran.status, "neither a file nor a digest" in ran.told) == (2, True)
    ran = evidence("accreditation", "show", "0" * 64, "--node", xa.url)
    assert (ran.status, "(not-found)" in ran.told) == (3, True)

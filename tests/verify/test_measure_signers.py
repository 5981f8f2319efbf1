"""Who publishes measures, decides, and registers datasets: whose signature counts, and in which log."""

from typing import Any

import pytest

from ledger.core.statement import Statement
from ledger.statements.catalogue import example
from tests.simulator import world
from tests.verify.test_authorities import AUTHORITY, BODY, enrolled, judged, listed, said, signed

MACHINE = "did:web:machine.example.xb"


def measure(issuer: str, code: str, **party: Any) -> Statement:
    named = {"did": issuer, "scheme": "DID", "id": issuer, "jurisdiction": code, **party}
    applies = {"direction": "inbound", "jurisdiction": code}
    return signed("PolicyMeasure", issuer, authority=named, applies=applies)


def test_an_authority_publishes_measures_in_a_log_of_its_own() -> None:
    report = judged(world(), "XB", measure(AUTHORITY, "XB"), listed(AUTHORITY, "XB", "authority"))
    assert report.verdict == "verified", report.checks


def test_no_authority_publishes_a_measure_of_another_jurisdiction() -> None:
    report = judged(world(), "XB", measure(AUTHORITY, "XA"), listed(AUTHORITY, "XB", "authority"))
    assert said(report) == ("failed", "log-jurisdiction")


def test_an_authority_gives_no_number_that_nobody_vouches_for() -> None:
    numbered = measure(AUTHORITY, "XB", scheme="LEI", id="TEST00A07704177A0500")
    report = judged(world(), "XB", numbered, listed(AUTHORITY, "XB", "authority"))
    assert said(report) == ("failed", "party-not-enrolled-so")


def test_an_enrolment_makes_nobody_a_publisher_of_measures() -> None:
    made = world()
    enrolment = enrolled(made.xb, BODY, "authority", "machine")
    report = judged(made, "XB", measure(BODY, "XB"), more=(("XB", "enrolment", enrolment),))
    assert said(report) == ("failed", "role-missing")


@pytest.mark.parametrize(
    ("role", "outcome"), [("machine", ("passed", "signed")), ("observer", ("failed", "role-missing"))]
)
def test_a_machine_decides_where_it_is_enrolled_as_one(role: str, outcome: tuple[str, str]) -> None:
    made = world()
    enrolment = enrolled(made.xb, MACHINE, role)
    report = judged(made, "XB", signed("Decision", MACHINE), more=(("XB", "enrolment", enrolment),))
    assert said(report) == outcome


def test_datasets_are_registered_by_a_registrar_of_the_list_alone() -> None:
    made = world()
    registrar = "did:web:second.example.xb"
    by_it = signed("DatasetRegistration", registrar)
    assert said(judged(made, "XB", by_it, listed(registrar, "XB", "registrar"))) == ("passed", "signed")
    assert said(judged(world(), "XB", by_it, listed(registrar, "XB", "authority"))) == (
        "failed",
        "role-missing",
    )


def test_a_measure_whose_expression_is_none_fails_the_form() -> None:
    rules = example("PolicyMeasure")["credentialSubject"]["rules"]
    rules[2]["when"] = "line.persons.ytdCount >"
    broken = signed("PolicyMeasure", "did:web:authority.example.xa", rules=rules)
    report = judged(world(), "XA", broken)
    assert (report.step(1).outcome, report.step(1).code) == ("failed", "statement-invalid")

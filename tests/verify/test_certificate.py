"""A certificate as the subject of a bundle: the steps that are the same, and those that are not there yet."""

from ledger.core.statement import Statement
from ledger.statements.catalogue import example
from tests.simulator import START, World, key, make, world
from tests.verify.attacking import judge, rebuilt

BODY = "did:web:body.example.xa"


def certified(**changes: object) -> tuple[World, Statement, list[tuple[str, Statement]]]:
    made = world()
    subject = {**example("ConformityCertificate")["credentialSubject"], **changes}
    identifiers = {"identifiers": [{"scheme": "LEI", "id": subject["body"]["id"]}]}
    enrolment = made.xa.add(made.xa.enrol(BODY, ["body"], [("#2026", key("body"))], subject=identifiers))
    certificate = make(
        "ConformityCertificate", subject, BODY, "#2026", key("body"), START + 10, name="certificate"
    )
    made.subject = made.xa.add(certificate)
    return made, certificate, [("subject", certificate), ("enrolment", enrolment)]


def test_a_certificate_is_verified_without_anybodys_acknowledgement() -> None:
    made, _, items = certified()
    report = judge(made, rebuilt(made, items, [("enrolment", made.importer_enrolment)]))
    assert report.verdict == "verified", report.checks
    assert (report.step(9).outcome, report.step(9).code) == ("absent", "not-a-transfer")
    assert (report.step(10).outcome, report.step(10).code) == ("absent", "recognition-not-carried")


def test_a_list_that_requires_recognition_is_not_satisfied() -> None:
    made, _, items = certified()
    require = {"ConformityCertificate": {"steps": [1, 3, 10]}}
    report = judge(made, rebuilt(made, items, [("enrolment", made.importer_enrolment)]), require=require)
    assert report.verdict == "not verified"
    assert report.missing == ("10 recognition: absent (recognition-not-carried)",)


def test_an_acknowledgement_beside_a_certificate_is_a_stray_one() -> None:
    made, _, items = certified()
    report = judge(made, rebuilt(made, items))
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "acknowledgement-stray")


def test_a_body_acts_in_its_own_jurisdiction_and_under_its_own_number() -> None:
    elsewhere = {**example("ConformityCertificate")["credentialSubject"]["body"], "jurisdiction": "XB"}
    made, _, items = certified(body=elsewhere)
    report = judge(made, rebuilt(made, items, [("enrolment", made.importer_enrolment)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "log-jurisdiction")

"""Who signs for a jurisdiction: what the trust list makes somebody, and what an enrolment does; one attack a test."""

from typing import Any

import pytest

from ledger.core.statement import Statement
from ledger.core.suites import encode_multikey
from ledger.core.times import format_time
from ledger.statements.catalogue import example
from ledger.verify.report import Report
from tests.simulator import DAY, START, Jurisdiction, World, key, make, world
from tests.verify.attacking import judge, rebuilt

AUTHORITY = "did:web:authority.example.xb"
ACCREDITOR = "did:web:accreditor.example.xa"
BODY = "did:web:body.example.xa"
LEI = {ACCREDITOR: "TEST00ACC4ED17043200", BODY: "TEST00B0D1CE27A1F300"}
ROLE_OF = {
    "Recognition": "recognition",
    "Endorsement": "endorsement",
    "RecognitionArrangement": "arrangement",
    "IdentityRecognition": "identityRecognition",
    "JurisdictionEntry": "jurisdictionEntry",
    "Accreditation": "accreditation",
    "StatusList": "statusList",
    "StatusChange": "statusChange",
    "ConformityCertificate": "certificate",
    "PolicyMeasure": "measure",
    "Decision": "decision",
    "DatasetRegistration": "datasetRegistration",
}


def listed(did: str, jurisdiction: str, *roles: str, **revoked: Any) -> dict[str, Any]:
    """An entry of the trust list, with the key named after the DID."""
    dates = {"from": format_time(START - DAY), "until": format_time(START + 365 * DAY)}
    own = {"id": "#1", "publicKeyMultibase": encode_multikey(key(did).public), **dates, **revoked}
    return {"id": did, "jurisdiction": jurisdiction, "roles": list(roles), "keys": [own]}


def signed(name: str, issuer: str, **changes: Any) -> Statement:
    """The example of a type, signed by `issuer` with the key named after it."""
    subject = {**example(name)["credentialSubject"], **changes}
    return make(name, subject, issuer, "#1", key(issuer), START + 30, name=f"{name} {issuer}")


def recognition(issuer: str = AUTHORITY) -> Statement:
    return signed("Recognition", issuer)


def accreditation(scheme: str = "LEI") -> Statement:
    number = ACCREDITOR if scheme == "DID" else LEI[ACCREDITOR]
    named = {"did": ACCREDITOR, "scheme": scheme, "id": number, "jurisdiction": "XA"}
    return signed("Accreditation", ACCREDITOR, accreditor=named)


def enrolled(place: Jurisdiction, did: str, *roles: str, **changes: Any) -> Statement:
    numbers = {"identifiers": [{"scheme": "LEI", "id": LEI[did]}] if did in LEI else []}
    return place.enrol(did, roles, [("#1", key(did))], subject=numbers, **changes)


def judged(
    made: World,
    code: str,
    statement: Statement,
    *authorities: dict[str, Any],
    more: tuple[tuple[str, str, Statement], ...] = (),
    **trust: Any,
) -> Report:
    """A transfer's bundle with one more statement, logged in `code`, and what else it needs."""
    items = {
        "XA": [("subject", made.subject), ("enrolment", made.exporter_enrolment)],
        "XB": [("acknowledgement", made.ack), ("enrolment", made.importer_enrolment)],
    }
    for where, role, one in ((code, ROLE_OF[statement.type], statement), *more):
        {"XA": made.xa, "XB": made.xb}[where].add(one)
        items[where].append((role, one))
    believed = [made.xa.authority(), made.xb.authority(), *authorities]
    return judge(made, rebuilt(made, items["XA"], items["XB"]), authorities=believed, **trust)


def said(report: Report) -> tuple[str, str]:
    return report.step(3).outcome, report.step(3).code


AUTHORITYS = ["Recognition", "Endorsement", "RecognitionArrangement", "IdentityRecognition"]


@pytest.mark.parametrize("name", [*AUTHORITYS, "StatusList", "StatusChange"])
def test_an_authority_of_the_trust_list_signs_for_its_jurisdiction(name: str) -> None:
    made = world()
    report = judged(made, "XB", signed(name, AUTHORITY), listed(AUTHORITY, "XB", "authority"))
    assert report.verdict == "verified", report.checks


@pytest.mark.parametrize("name", AUTHORITYS)
@pytest.mark.parametrize("roles", [(), ("registrar",), ("accreditor",), ("ministry", "body")])
def test_an_authority_without_the_role_signs_nothing_of_it(name: str, roles: tuple[str, ...]) -> None:
    made = world()
    report = judged(made, "XB", signed(name, AUTHORITY), listed(AUTHORITY, "XB", *roles))
    assert said(report) == ("failed", "role-missing")


def test_a_registrar_cannot_enrol_anybody_as_an_authority() -> None:
    made = world()
    friend = "did:web:friend.example.xa"
    enrolment = enrolled(made.xa, friend, "authority")
    report = judged(made, "XA", recognition(friend), more=(("XA", "enrolment", enrolment),))
    assert said(report) == ("failed", "role-missing")
    assert "no role that counts" in report.step(3).detail


def test_an_enrolment_as_authority_does_not_widen_what_the_trust_list_gives() -> None:
    made = world()
    enrolment = enrolled(made.xb, AUTHORITY, "authority", "accreditor")
    report = judged(
        made,
        "XB",
        recognition(),
        listed(AUTHORITY, "XB", "registrar"),
        more=(("XB", "enrolment", enrolment),),
    )
    assert said(report) == ("failed", "role-missing")


def test_no_authority_recognises_in_another_jurisdictions_log() -> None:
    made = world()
    report = judged(made, "XA", recognition(), listed(AUTHORITY, "XB", "authority"))
    assert said(report) == ("failed", "log-jurisdiction")


def test_the_other_sides_authority_signs_as_its_own_side_alone() -> None:
    """XA's authority signs a Recognition that names XB: it counts as XA's word, which recognition looks at."""
    made = world()
    own = "did:web:authority.example.xa"
    authorities = [listed(own, "XA", "authority"), listed(AUTHORITY, "XB", "authority")]
    report = judged(made, "XA", recognition(own), *authorities)
    assert said(report) == ("passed", "signed")
    report = judged(world(), "XB", recognition(own), *authorities)
    assert said(report) == ("failed", "log-jurisdiction")


def test_the_other_sides_authority_cannot_sign_in_its_name() -> None:
    made = world()
    forged = make(
        "Recognition",
        example("Recognition")["credentialSubject"],
        AUTHORITY,
        "#1",
        key("did:web:authority.example.xa"),
        START + 30,
        name="forged",
    )
    report = judged(made, "XB", forged, listed(AUTHORITY, "XB", "authority"))
    assert said(report) == ("failed", "signature-invalid")
    named = make(
        "Recognition",
        example("Recognition")["credentialSubject"],
        AUTHORITY,
        "#2",
        key("did:web:authority.example.xa"),
        START + 30,
        name="forged",
    )
    report = judged(world(), "XB", named, listed(AUTHORITY, "XB", "authority"))
    assert said(report) == ("failed", "key-unknown")


def test_an_authority_that_the_list_does_not_name_is_unknown() -> None:
    made = world()
    report = judged(made, "XB", recognition())
    assert said(report) == ("failed", "key-unknown")


def test_an_accreditor_may_be_enrolled_or_listed() -> None:
    made = world()
    enrolment = enrolled(made.xa, ACCREDITOR, "accreditor")
    report = judged(made, "XA", accreditation(), more=(("XA", "enrolment", enrolment),))
    assert report.verdict == "verified", report.checks
    made = world()
    report = judged(made, "XA", accreditation("DID"), listed(ACCREDITOR, "XA", "accreditor"))
    assert report.verdict == "verified", report.checks


def test_the_trust_list_vouches_for_no_number_of_an_authority() -> None:
    made = world()
    report = judged(made, "XA", accreditation(), listed(ACCREDITOR, "XA", "accreditor"))
    assert said(report) == ("failed", "party-not-enrolled-so")


def test_an_accreditor_enrolled_elsewhere_accredits_nobody_here() -> None:
    made = world()
    enrolment = enrolled(made.xb, ACCREDITOR, "accreditor")
    report = judged(made, "XA", accreditation(), more=(("XB", "enrolment", enrolment),))
    assert said(report) == ("failed", "log-jurisdiction")
    report = judged(world(), "XB", accreditation(), more=(("XB", "enrolment", enrolment),))
    assert said(report) == ("failed", "log-jurisdiction")


def test_an_enrolment_in_an_unlisted_log_leaves_a_key_of_another_jurisdiction_unknown() -> None:
    made = world()
    here, there = enrolled(made.xa, ACCREDITOR, "accreditor"), enrolled(made.xb, ACCREDITOR, "accreditor")
    more = (("XA", "enrolment", here), ("XB", "enrolment", there))
    shown = signed("StatusList", ACCREDITOR)
    assert said(judged(made, "XB", shown, more=more)) == ("passed", "signed")
    made = world()
    elsewhere = Jurisdiction("XA", 31_001)
    elsewhere.origin = "registry.example.xa/XA/2025"
    unlisted = elsewhere.add(enrolled(elsewhere, ACCREDITOR, "accreditor", created=START + 2))
    elsewhere.anchor()
    made.xa.add(shown)
    made.xb.add(there)
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("statusList", shown)]
    theirs = [("acknowledgement", made.ack), ("enrolment", made.importer_enrolment), ("enrolment", there)]
    sections = rebuilt(made, items, theirs)
    assert said(judge(made, sections)) == ("failed", "log-jurisdiction")
    report = judge(made, [*sections, elsewhere.section([("enrolment", unlisted)])])
    assert said(report) == ("absent", "premise-failed")


@pytest.mark.parametrize("role", ["exporter", "importer", "platform"])
def test_a_party_without_such_a_role_publishes_no_status(role: str) -> None:
    made = world()
    enrolment = enrolled(made.xa, BODY, role)
    report = judged(made, "XA", signed("StatusList", BODY), more=(("XA", "enrolment", enrolment),))
    assert said(report) == ("failed", "role-missing")


@pytest.mark.parametrize("name", ["StatusList", "StatusChange"])
def test_a_body_publishes_the_status_of_its_certificates(name: str) -> None:
    made = world()
    enrolment = enrolled(made.xa, BODY, "body")
    report = judged(made, "XA", signed(name, BODY), more=(("XA", "enrolment", enrolment),))
    assert report.verdict == "verified", report.checks


def test_a_word_of_the_trust_list_without_a_meaning_lets_nobody_certify() -> None:
    made = world()
    named = {**example("ConformityCertificate")["credentialSubject"]["body"], "scheme": "DID", "id": BODY}
    certificate = signed("ConformityCertificate", BODY, body=named)
    report = judged(made, "XA", certificate, listed(BODY, "XA", "body", "authority", "accreditor"))
    assert said(report) == ("failed", "key-unknown")


def test_a_word_of_the_trust_list_without_a_meaning_publishes_no_status_either() -> None:
    report = judged(world(), "XA", signed("StatusList", BODY), listed(BODY, "XA", "body"))
    assert said(report) == ("failed", "role-missing")


def test_a_registrar_alone_enters_its_jurisdiction() -> None:
    made = world()
    subject = example("JurisdictionEntry")["credentialSubject"]
    entry = make(
        "JurisdictionEntry", subject, made.xa.registrar, "#1", key("XA registrar"), START + 30, name="entry"
    )
    assert judged(made, "XA", entry).verdict == "verified"
    made = world()
    other = "did:web:authority.example.xa"
    claimed = signed("JurisdictionEntry", other, authorities=[listed(other, "XA", "registrar")])
    report = judged(made, "XA", claimed, listed(other, "XA", "authority"))
    assert said(report) == ("failed", "role-missing")


def test_a_revoked_key_of_an_authority_needs_a_time_proven_before() -> None:
    made = world()
    revoked = {"at": format_time(START + 10), "reason": "keyCompromise"}
    report = judged(made, "XB", recognition(), listed(AUTHORITY, "XB", "authority", revoked=revoked))
    assert said(report) == ("failed", "key-revoked")


def test_no_registrar_silences_an_authority_by_enrolling_it() -> None:
    """XA enrols XB's authority with its true key and one of XA's own, and revokes the first with the second."""
    made = world()
    keys = [("#1", key(AUTHORITY)), ("#9", key("impostor"))]
    enrolment = made.xa.enrol(AUTHORITY, ["observer"], keys)
    itself = made.xa.revoke(AUTHORITY, "#1", START, issuer=AUTHORITY, with_key="#9", signing=key("impostor"))
    by_registrar = made.xa.revoke(AUTHORITY, "#1", START)
    for one in (itself, by_registrar):
        more = (("XA", "enrolment", enrolment), ("XA", "keyRevocation", one))
        report = judged(made, "XB", recognition(), listed(AUTHORITY, "XB", "authority"), more=more)
        assert said(report) == ("passed", "signed"), report.checks


def test_a_key_of_the_trust_list_is_revoked_by_no_statement() -> None:
    made = world()
    revocation = made.xb.revoke(AUTHORITY, "#1", START)
    more = (("XB", "keyRevocation", revocation),)
    report = judged(made, "XB", recognition(), listed(AUTHORITY, "XB", "authority"), more=more)
    assert said(report) == ("failed", "revocation-of-unknown-key")

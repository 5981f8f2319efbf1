"""Step 10: what the rule is asked, with which evidence, and what its answer makes of the report."""

from typing import Any

import pytest

from ledger.core.times import format_time
from ledger.errors import MalformedError
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.simulator import DAY, LEI, START, key, make
from tests.verify.mutual import (
    ACCREDITOR,
    AUTHORITY_XA,
    AUTHORITY_XB,
    BODY,
    NOW,
    Mutual,
    recognised,
)

WITHDRAWN: dict[str, Any] = {"change": "withdraw", "reason": "nonConformity"}


def step(report: Report) -> tuple[str, str]:
    check = report.step(10)
    return check.outcome, check.code


def changed(made: Mutual, issuer: str, target: str, day: int = 1, **members: Any) -> None:
    moment = START + day * DAY
    subject = {
        "statement": made.said[target][1].digest.hex(),
        "reason": "incident",
        "effective": format_time(moment),
        **members,
    }
    made.say(f"{members['change']} {target} {day}", "StatusChange", issuer, subject, moment)


def test_a_certificate_with_all_that_it_rests_on_is_recognised() -> None:
    report = recognised().report()
    assert (report.verdict, report.exit_status) == ("verified", 0), report.checks
    assert step(report) == ("passed", "valid")
    assert report.status_now == "valid"
    assert report.recognition is not None
    assert report.recognition.into == "XB"  # the one state whose recognition is carried


def test_the_report_as_json_has_every_premise() -> None:
    told = recognised().report().to_json()["recognition"]
    assert isinstance(told, dict)
    assert told["verdict"] == "VALID"
    standing = told["at"]
    assert isinstance(standing, dict)
    assert len(standing["premises"]) == 9  # type: ignore[arg-type]


def test_a_withdrawal_later_ends_with_verified_then_not_now() -> None:
    made = recognised()
    changed(made, BODY, "certificate", **WITHDRAWN)
    report = made.report()
    assert (report.verdict, report.exit_status) == ("verified then, not now", 4)
    assert report.status_now == "withdrawn"
    assert step(report) == ("passed", "valid-then-not-now")


def test_asked_for_a_moment_after_the_withdrawal_it_is_not_verified() -> None:
    made = recognised()
    changed(made, BODY, "certificate", **WITHDRAWN)
    report = made.report(at=START + DAY + 60)
    assert (report.verdict, step(report)) == ("not verified", ("failed", "withdrawn"))


def test_the_status_at_a_time_to_come_is_not_answered_by_that_of_now() -> None:
    made = recognised()
    with pytest.raises(MalformedError) as refused:
        made.report(now=NOW, at=NOW + 1)
    assert refused.value.code == "at-in-future"
    assert made.report(now=NOW, at=NOW).at == NOW


def test_a_withdrawal_that_was_left_out_never_makes_it_valid_now() -> None:
    made = recognised()
    report = made.report(now=START + 8 * DAY)  # the lists ended a day ago
    assert (report.verdict, report.status_now) == ("verified", "not checked")
    assert "whether a later withdrawal exists that is not in this evidence" in report.not_checked
    asked = made.report(now=START + 8 * DAY, require_now=True)
    assert (asked.verdict, asked.missing) == ("not verified", ("now: not checked",))


def test_no_status_for_the_moment_asked_about_leaves_the_step_absent() -> None:
    report = recognised().report(now=START + 20 * DAY, at=START + 15 * DAY, require=[10])
    assert step(report) == ("absent", "status-list-expired")
    assert report.verdict == "not verified"


def test_a_word_of_the_body_itself_is_no_recognition() -> None:
    made = recognised()
    del made.said["recognition"]
    report = made.report(into="XB")
    assert step(report) == ("absent", "not-recognised")


def test_a_recognition_signed_on_the_wrong_side_counts_for_nothing() -> None:
    made = recognised()
    _, signed = made.said.pop("recognition")
    made.say("recognition", "Recognition", AUTHORITY_XA, signed.subject, START + 200)
    report = made.report(into="XB")
    assert step(report) == ("absent", "recognition-by-wrong-side")


def test_an_authority_that_the_trust_list_does_not_name_recognises_nothing() -> None:
    made = recognised()
    report = made.report(trust=made.trust(without=AUTHORITY_XB), into="XB")
    assert report.step(3).outcome == "failed"
    assert step(report) == ("absent", "authority-unknown")


@pytest.mark.parametrize(
    ("left_out", "code"),
    [
        ("accreditation", "accreditation-missing"),
        ("arrangement", "arrangement-missing"),
        ("endorsement XA", "arrangement-not-endorsed"),
        ("endorsement XB", "arrangement-not-endorsed"),
        (f"list {BODY} {START + 5}", "status-unknown"),
        (f"list {ACCREDITOR} {START + 5}", "accreditation-status-unknown"),
        (f"list {AUTHORITY_XB} {START + 5}", "recognition-status-unknown"),
    ],
)
def test_what_is_left_out_is_named_and_never_passed_over(left_out: str, code: str) -> None:
    made = recognised()
    del made.said[left_out]
    report = made.report(into="XB")
    assert step(report) == ("absent", code)
    assert report.status_now == "not checked"


def test_a_statement_whose_log_does_not_hold_is_no_evidence() -> None:
    made = recognised()
    logs = [made.world.xa.trusted_log()]
    report = made.report(trust=made.trust(logs=logs), into="XB")
    assert step(report) == ("absent", "not-recognised")


def test_a_suspension_and_its_end_are_seen_at_their_times() -> None:
    made = recognised()
    changed(made, BODY, "certificate", 1, change="suspend", until=format_time(START + 90 * DAY))
    changed(made, BODY, "certificate", 3, change="reinstate")
    verdicts = [step(made.report(now=START + 5 * DAY, at=START + day * DAY + 600)) for day in (0, 1, 2, 3)]
    assert verdicts == [
        ("passed", "valid"),
        ("failed", "suspended"),
        ("failed", "suspended"),
        ("passed", "valid"),
    ]


def test_the_accreditation_withdrawn_lets_the_certificate_lapse() -> None:
    made = recognised()
    changed(made, ACCREDITOR, "accreditation", **WITHDRAWN)
    report = made.report()
    assert (report.verdict, report.status_now) == ("verified then, not now", "accreditation withdrawn")


def test_an_expired_certificate_alone_is_verified_then_not_now() -> None:
    made = recognised()
    for name in [name for name in made.said if name not in ("certificate", "body")]:
        del made.said[name]
    fresh = {"nextUpdate": format_time(START + 3000 * DAY)}
    before = made.report(trust=made.trust(**fresh))
    after = made.report(now=START + 2000 * DAY, trust=made.trust(**fresh))
    assert (before.verdict, step(before)) == ("verified", ("absent", "recognition-not-carried"))
    assert (after.verdict, after.exit_status) == ("verified then, not now", 4)
    assert after.status_now == "expired at 2029-11-22T00:00:00Z"


def transfer(made: Mutual, *, exporter: str = "did:web:exporter.example.xa", **members: object) -> Mutual:
    """A transfer of the holder, with the certificate as its mechanism, a day after all was in order."""
    enrolment = made.world.xa.enrol(exporter, ["exporter"], [("#2026", key("exporter"))])
    made.said["exporter"] = (made.world.xa, made.world.xa.add(enrolment))
    certificate = made.said["certificate"][1].digest.hex()
    lines = [
        {
            "line": 1,
            "category": "personal",
            "grade": "general",
            "scenario": {"scheme": "urn:evidence-ledger:scenario:v1", "code": "veh.after-sales"},
            "persons": {"count": 1200, "method": "counted"},
        }
    ]
    subject = {
        "exporter": {"did": exporter, "id": LEI["exporter"], "jurisdiction": "XA", "scheme": "LEI"},
        "importer": {
            "did": "did:web:importer.example.xb",
            "id": LEI["importer"],
            "jurisdiction": "XB",
            "scheme": "LEI",
        },
        "flow": "outbound",
        "lines": lines,
        "purpose": ["dpv:CustomerCare"],
        "legalBasis": ["dpv:ContractPerformance"],
        "mechanism": {"type": "certification", "certificate": certificate},
        **members,
    }
    record = make("TransferRecord", subject, exporter, "#2026", key("exporter"), START + DAY, name="transfer")
    made.said["transfer"] = (made.world.xa, made.world.xa.add(record))
    return made


def test_a_transfer_is_judged_by_its_certificate_at_its_own_time() -> None:
    made = transfer(recognised())
    report = made.report(subject="transfer")
    assert step(report) == ("passed", "valid"), report.step(10).detail
    assert report.recognition is not None
    assert report.recognition.at.moment == START + DAY


def test_a_transfer_before_the_suspension_stands_and_says_so() -> None:
    made = transfer(recognised())
    changed(made, BODY, "certificate", 3, change="suspend", until=format_time(START + 90 * DAY))
    report = made.report(subject="transfer", now=START + 4 * DAY)
    assert step(report) == ("passed", "valid-then-not-now")
    assert report.status_now == "not checked"  # of the transfer itself nothing is known
    assert any("does not now: suspended" in notice for notice in report.notices)


def test_a_transfer_that_claims_to_be_older_than_its_block_shows_is_judged_by_the_block() -> None:
    made = transfer(recognised())
    changed(made, BODY, "certificate", 3, change="suspend", until=format_time(START + 90 * DAY))
    sections = [
        part for place in (made.world.xa, made.world.xb) for part in made._sections(place, "transfer")
    ]
    for section in sections:
        if any(item["role"] == "subject" for item in section["items"]):
            size = int(section["checkpoint"].split("\n")[1])
            section["anchors"] = [made.world.xa.anchor_part(size, time=START + 3 * DAY + 600)]
    data = made.world.bundle(sections, made.said["transfer"][1])
    report = verify_bundle(data, made.trust(), now=START + 4 * DAY)
    assert step(report) == ("failed", "suspended")
    assert report.recognition is not None
    assert report.recognition.at.moment == START + 3 * DAY + 600


def test_a_transfer_outside_the_certified_scope_fails() -> None:
    elsewhere = {
        "did": "did:web:importer.example.xb",
        "id": LEI["importer"],
        "jurisdiction": "XC",
        "scheme": "LEI",
    }
    made = transfer(recognised(), importer=elsewhere)
    report = made.report(subject="transfer", into="XB")
    assert step(report) == ("failed", "out-of-scope")


def test_a_transfer_whose_certificate_is_not_carried_says_so() -> None:
    made = transfer(recognised())
    for name in [name for name in made.said if name not in ("transfer", "exporter")]:
        del made.said[name]
    assert step(made.report(subject="transfer")) == ("absent", "certificate-not-carried")


def test_an_instant_more_evidence_never_hides_what_is_shown_now() -> None:
    made = recognised()
    changed(made, BODY, "certificate", **WITHDRAWN)
    made.list_bits(BODY, begins=START + DAY + 100, ends=START + 7 * DAY)  # a list that forgot the withdrawal
    assert made.report(now=NOW).status_now == "withdrawn"

"""Bundles beside the one that is verified: what they show counts, what is wrong with them fails nothing."""

from typing import Any

from ledger.core.times import format_time
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.simulator import DAY, START, key, make
from tests.verify.mutual import ACCREDITOR, AUTHORITY_XB, BODY, NOW, Mutual, recognised

OF_XB = ("recognition", "endorsement XB", f"list {AUTHORITY_XB} {START + 5}")


def judged(made: Mutual, bundle: bytes, *beside: bytes, **asked: Any) -> Report:
    return verify_bundle(bundle, made.trust(), now=NOW, into="XB", beside=beside, **asked)


def step(report: Report) -> tuple[str, str]:
    check = report.step(10)
    return check.outcome, check.code


def withdrawn(made: Mutual) -> str:
    """XA's body withdraws its certificate; the name of the statement."""
    subject = {
        "statement": made.said["certificate"][1].digest.hex(),
        "change": "withdraw",
        "reason": "nonConformity",
        "effective": format_time(START + DAY),
    }
    made.say("withdrawal", "StatusChange", BODY, subject, START + DAY)
    return "withdrawal"


def test_what_the_other_log_says_counts_from_beside_as_from_within() -> None:
    made = recognised()
    mine = made.apart(*[name for name in made.said if name not in OF_XB and name != "certificate"])
    certificate = made.apart("certificate", "body")
    assert step(judged(made, certificate)) == ("absent", "status-unknown")
    report = judged(made, certificate, mine, made.apart(*OF_XB))
    assert (report.verdict, step(report)) == ("verified", ("passed", "valid")), report.step(10).detail
    assert report.not_counted == ()
    assert report.recognition == made.report(into="XB").recognition


def test_a_withdrawal_that_came_later_is_heard() -> None:
    made = recognised()
    before = made.bundle()
    assert judged(made, before).exit_status == 0
    later = made.apart(withdrawn(made), "body")
    report = judged(made, before, later)
    assert (report.verdict, report.status_now) == ("verified then, not now", "withdrawn")


def test_a_revocation_beside_takes_from_the_bundle_what_its_key_signed() -> None:
    made = recognised()
    before = made.bundle()
    revoked = made.world.xa.add(made.world.xa.revoke(BODY, "#1", START + 50))
    made.said["revocation"] = (made.world.xa, revoked)
    report = judged(made, before, made.apart("revocation"))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-revoked")
    assert step(report) == ("absent", "premise-failed")


def test_what_strangers_forge_beside_changes_nothing_and_is_named() -> None:
    made = recognised()
    before = made.bundle()
    subject = {
        "statement": made.said["certificate"][1].digest.hex(),
        "change": "withdraw",
        "reason": "nonConformity",
        "effective": format_time(START + DAY),
    }
    statement = made.say("forged", "StatusChange", ACCREDITOR, subject, START + DAY)
    del made.said["forged"]
    report = judged(
        made, before, b"{}", made.apart("body").replace(BODY.encode(), b"did:web:nobody.example.xa")
    )
    assert (report.verdict, step(report)) == ("verified", ("passed", "valid"))
    assert len(report.not_counted) >= 2
    made.said["forged"] = (made.world.xa, statement)
    assert (
        judged(made, before, made.apart("forged")).status_now == "valid"
    )  # authentic, and no word of the body


def test_what_is_in_no_listed_log_counts_for_nothing_beside() -> None:
    made = recognised()
    certificate = made.bundle()
    later = made.apart(withdrawn(made), "body")
    trust = made.trust(logs=[made.world.xb.trusted_log()])
    report = verify_bundle(certificate, trust, now=NOW, beside=[later])
    assert any("log-unknown" in told for told in report.not_counted)


def test_a_signature_that_does_not_hold_beside_fails_nothing() -> None:
    made = recognised()
    before = made.bundle()
    subject = dict(made.said["recognition"][1].subject)

    forged = make("Recognition", subject, AUTHORITY_XB, "#1", key("thief"), START + 300, name="forged")
    made.said["forged"] = (made.world.xb, made.world.xb.add(forged))
    report = judged(made, before, made.apart("forged"))
    assert (report.verdict, step(report)) == ("verified", ("passed", "valid"))
    assert any(forged.digest.hex() in told for told in report.not_counted)

"""Step 10 for an identity: the recognition that a bundle is about, judged then and now."""

from typing import Any

import pytest

from ledger.core.times import format_time
from ledger.verify.report import Report
from ledger.verify.text import render
from tests.simulator import DAY, START
from tests.verify.mutual import AUTHORITY_XA, AUTHORITY_XB, NOW, Mutual, identified


def judged(made: Mutual, **asked: Any) -> Report:
    return made.report(subject="identity", **asked)


def step(report: Report) -> tuple[str, str]:
    check = report.step(10)
    return check.outcome, check.code


def changed(made: Mutual, day: int = 1, **members: Any) -> None:
    subject = {
        "statement": made.said["identity"][1].digest.hex(),
        "reason": "incident",
        "effective": format_time(START + day * DAY),
        **members,
    }
    made.say(f"change {day}", "StatusChange", AUTHORITY_XB, subject, START + day * DAY)


def test_an_identity_with_all_that_it_rests_on_is_recognised_with_its_mapped_level() -> None:
    report = judged(identified(), require=[10], require_now=True)
    assert (report.verdict, report.exit_status) == ("verified", 0), report.step(10).detail
    assert step(report) == ("passed", "valid")
    assert report.recognition is not None
    assert (report.recognition.into, report.recognition.at.effect) == ("XB", "substantial")
    assert "whether who presents the credential is the party" in report.not_checked
    assert "RECOGNISED CREDENTIAL_IN_DATES IN_FORCE MAPPED" in render(report)


def test_a_withdrawal_later_ends_with_verified_then_not_now() -> None:
    made = identified()
    changed(made, change="withdraw")
    report = judged(made)
    assert (report.verdict, report.exit_status) == ("verified then, not now", 4)
    assert report.status_now == "identity withdrawn"
    asked = judged(made, at=START + DAY + 60)
    assert (asked.verdict, step(asked)) == ("not verified", ("failed", "identity-withdrawn"))


def test_a_suspension_ends_with_its_reinstatement() -> None:
    made = identified()
    changed(made, 1, change="suspend", until=format_time(START + 90 * DAY))
    changed(made, 3, change="reinstate")
    told = [step(judged(made, now=START + 5 * DAY, at=START + day * DAY + 600)) for day in (0, 2, 4)]
    assert told == [("passed", "valid"), ("failed", "identity-suspended"), ("passed", "valid")]


def test_a_credential_that_has_ended_since_is_not_good_now() -> None:
    credential = {**identified().said["identity"][1].subject["credential"]}  # type: ignore[dict-item]
    credential["validUntil"] = format_time(START + DAY)
    report = judged(identified(credential=credential))
    assert (report.exit_status, report.status_now) == (4, "credential expired")


def test_a_level_that_the_arrangement_does_not_map_fails() -> None:
    report = judged(identified(mappedLevel="high"))
    assert (report.verdict, step(report)) == ("not verified", ("failed", "assurance-not-mapped"))


@pytest.mark.parametrize(
    ("left_out", "code"),
    [
        ("arrangement", "arrangement-missing"),
        ("endorsement XA", "arrangement-not-endorsed"),
        (f"list {AUTHORITY_XB} {START + 5}", "identity-status-unknown"),
    ],
)
def test_what_is_left_out_is_named_and_never_passed_over(left_out: str, code: str) -> None:
    made = identified()
    del made.said[left_out]
    report = judged(made, require=[10])
    assert (report.verdict, step(report)) == ("not verified", ("absent", code))
    assert report.status_now == "not checked"


def test_elsewhere_than_where_it_is_recognised_it_says_nothing() -> None:
    assert step(judged(identified(), into="XA")) == ("absent", "unrecognised")


def test_a_word_of_the_partys_own_side_recognises_nothing() -> None:
    made = identified()
    _, signed = made.said.pop("identity")
    made.say("identity", "IdentityRecognition", AUTHORITY_XA, signed.subject, START + 200)
    assert step(judged(made)) == ("absent", "identity-by-wrong-side")


def test_another_recognition_of_the_party_does_not_hold_up_the_one_asked_about() -> None:
    made = identified()
    changed(made, change="withdraw")
    _, withdrawn = made.said["identity"]
    place = {**withdrawn.subject["statusReference"], "statusListIndex": 42}  # type: ignore[dict-item]
    again = {**withdrawn.subject, "statusReference": place, "validFrom": format_time(START + DAY + 60)}
    made.say("again", "IdentityRecognition", AUTHORITY_XB, again, START + DAY + 60)
    assert judged(made).status_now == "identity withdrawn"
    assert made.report(subject="again").status_now == "valid"


def test_one_that_was_put_in_its_place_ends_it() -> None:
    made = identified()
    _, first = made.said["identity"]
    place = {**first.subject["statusReference"], "statusListIndex": 42}  # type: ignore[dict-item]
    later = {**first.subject, "statusReference": place, "supersedes": first.digest.hex()}
    made.say("later", "IdentityRecognition", AUTHORITY_XB, later, START + DAY)
    assert judged(made, now=NOW).status_now == "identity superseded"


def test_a_recognition_that_does_not_stand_is_not_judged() -> None:
    made = identified()
    report = judged(made, trust=made.trust(logs=[made.world.xa.trusted_log()]))
    assert step(report) == ("absent", "premise-failed")

"""A key is revoked at T: what is proven to be older stays recognised, what is later, or not proven, does not."""

from typing import Any

import pytest

from ledger.core.times import format_time
from ledger.statements.catalogue import example
from ledger.verify.report import Report
from tests.simulator import DAY, START
from tests.verify.mutual import AUTHORITY_XB, BODY, NOW, Mutual, recognised

PROVEN = {BODY: START + 160, AUTHORITY_XB: START + 260}
"""When two witnesses had seen all of the first day of a side: a minute after its last statement."""


def step(report: Report, number: int = 10) -> tuple[str, str]:
    check = report.step(number)
    return check.outcome, check.code


def proven(**changes: Any) -> Mutual:
    made = recognised(**changes)
    made.witnessed = 50
    return made


def revoked(made: Mutual, whose: str, at: int, **asked: Any) -> Report:
    """The report once a key is revoked: the body's by its registrar, an authority's in the trust list."""
    if whose == AUTHORITY_XB:
        return made.report(trust=made.trust(revoked={whose: at}), into="XB", **asked)
    revocation = made.world.xa.revoke(whose, "#1", at, created=START + DAY)
    made.said["revocation"] = (made.world.xa, made.world.xa.add(revocation))
    return made.report(into="XB", **asked)


BOTH = pytest.mark.parametrize("whose", [BODY, AUTHORITY_XB])


@BOTH
def test_what_was_proven_before_stays_recognised(whose: str) -> None:
    report = revoked(proven(), whose, PROVEN[whose] + 1)
    assert {dated.proven for dated in report.statements if dated.issuer == whose} == {PROVEN[whose]}
    assert (report.verdict, step(report)) == ("verified", ("passed", "valid")), report.step(10).detail
    assert any(f"{whose}#1 is revoked" in notice for notice in report.notices)


@BOTH
@pytest.mark.parametrize("before", [0, 100])
def test_what_is_proven_only_from_then_on_is_not(whose: str, before: int) -> None:
    report = revoked(proven(), whose, PROVEN[whose] - before)
    assert report.verdict == "not verified"
    assert step(report, 3) == ("failed", "key-revoked")
    expected = "premise-failed" if whose == BODY else "not-recognised"
    assert step(report) == ("absent", expected)


@BOTH
def test_without_a_proven_time_no_word_of_the_operator_saves_it(whose: str) -> None:
    made = recognised()
    report = revoked(made, whose, START + DAY)
    assert {dated.proven for dated in report.statements} == {None}
    assert {dated.operator for dated in report.statements} > {None} or report.statements[
        0
    ].operator is not None
    assert (report.verdict, step(report, 3)) == ("not verified", ("failed", "key-revoked"))
    assert step(report)[0] == "absent"


def test_what_the_key_certified_later_fails_and_what_it_certified_before_stays() -> None:
    made = proven()
    first = made.said["certificate"][1].subject
    later = {
        **first,
        "certificateNumber": "PIP-2026-0043",
        "statusReference": {**example("ConformityCertificate")["credentialSubject"]["statusReference"]},
        "validFrom": format_time(START + DAY),
    }
    made.say("second", "ConformityCertificate", BODY, later, START + DAY + 10)
    assert step(made.report(subject="second"), 3) == ("passed", "signed")
    second = made.said.pop("second")
    report = revoked(made, BODY, START + DAY)
    assert (report.verdict, step(report)) == ("verified", ("passed", "valid"))
    made.said["second"] = second
    late = made.report(subject="second", into="XB", now=NOW)
    assert (late.verdict, step(late, 3)) == ("not verified", ("failed", "key-revoked"))

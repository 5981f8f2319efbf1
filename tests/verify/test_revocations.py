"""Revoked keys, and who may revoke; one attack a test."""

from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.verify.report import Report
from ledger.verify.text import render
from tests.simulator import DAY, NOW, START, World, key, world
from tests.verify.attacking import QUORUM, WITNESSES, cosigned, judge, rebuilt, witness


def revoked(made: World, revocation: Statement, now: int = NOW) -> Report:
    made.xa.add(revocation)
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("keyRevocation", revocation)]
    return judge(made, rebuilt(made, items), now=now)


def test_a_revoked_key_is_not_saved_by_the_operators_own_block() -> None:
    made = world()
    report = revoked(made, made.xa.revoke(made.exporter, "#2026", at=START + 5_000))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-revoked")


def test_another_jurisdictions_registrar_cannot_revoke_a_key_here() -> None:
    made = world()
    foreign = made.xb.revoke(made.exporter, "#2026", at=START)
    report = revoked(made, foreign)
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "revocation-by-stranger")


def test_a_party_may_revoke_its_key_with_another_and_only_from_then_on() -> None:
    made = world()
    both = [("#2026", key("exporter")), ("#spare", key("exporter spare"))]
    made.exporter_enrolment = made.xa.add(made.xa.enrol(made.exporter, ["exporter"], both, created=START + 2))
    revocation = made.xa.revoke(
        made.exporter,
        "#2026",
        at=START + 1,
        issuer=made.exporter,
        signing=key("exporter spare"),
        with_key="#spare",
    )
    report = revoked(made, revocation)
    assert report.step(3).code == "key-revoked"
    assert format_time(NOW) in report.step(3).detail, "without a proven time it takes effect now"


def test_a_partys_revocation_needs_a_key_that_is_enrolled() -> None:
    made = world()
    revocation = made.xa.revoke(
        made.exporter,
        "#2026",
        at=START + 1,
        issuer=made.exporter,
        signing=key("exporter spare"),
        with_key="#spare",
    )
    assert revoked(made, revocation).step(3).code == "key-unknown"


def test_a_revocation_of_a_key_nobody_enrolled_fails() -> None:
    made = world()
    assert (
        revoked(made, made.xa.revoke(made.exporter, "#other", at=START)).step(3).code
        == "revocation-of-unknown-key"
    )


def test_an_authoritys_revoked_key_fails_what_only_the_operator_dates() -> None:
    made = world()
    authority = made.xa.authority()
    authority["keys"][0]["revoked"] = {"at": format_time(START + DAY), "reason": "keyCompromise"}
    report = judge(made, authorities=[authority, made.xb.authority()])
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-revoked")


def test_a_proven_time_saves_what_was_signed_before_the_revocation() -> None:
    made = world()
    lines = [("witness-c", START + 200), ("witness-d", START + 150)]
    revocation = made.xa.add(made.xa.revoke(made.exporter, "#2026", at=START + 5_000, created=START + 50))
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("keyRevocation", revocation)]
    sections = [cosigned(made, section, lines) for section in rebuilt(made, items)]
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    report = judge(made, sections, witnesses=listed, require=QUORUM)
    assert report.verdict == "verified", render(report)
    early = made.xa.add(made.xa.revoke(made.exporter, "#2026", at=START + 199, created=START + 51))
    items[2] = ("keyRevocation", early)
    sections = [cosigned(made, section, lines) for section in rebuilt(made, items)]
    assert judge(made, sections, witnesses=listed, require=QUORUM).step(3).code == "key-revoked"


def test_a_key_that_the_registrar_revoked_cannot_revoke_another() -> None:
    made = world()
    both = [("#2026", key("exporter")), ("#spare", key("exporter spare"))]
    made.exporter_enrolment = made.xa.add(made.xa.enrol(made.exporter, ["exporter"], both, created=START + 2))
    stolen = made.xa.add(made.xa.revoke(made.exporter, "#spare", at=START))
    by_thief = made.xa.revoke(
        made.exporter,
        "#2026",
        at=START,
        issuer=made.exporter,
        signing=key("exporter spare"),
        with_key="#spare",
    )
    made.xa.add(by_thief)
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("keyRevocation", stolen)]
    assert judge(made, rebuilt(made, items)).verdict == "verified"
    items.append(("keyRevocation", by_thief))
    report = judge(made, rebuilt(made, items))
    assert (report.step(3).code, report.step(3).pointer) == ("key-revoked", "/sections/0/items/3")

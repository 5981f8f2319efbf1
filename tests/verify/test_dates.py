"""Keys outside their dates, and signatures at impossible times; one attack a test."""

from ledger.core.statement import Statement
from tests.simulator import DAY, START, World, key, world
from tests.verify.attacking import judge, rebuilt


def expiring(made: World) -> Statement:
    return made.xa.add(
        made.xa.enrol(
            made.exporter,
            ["exporter"],
            [("#2026", key("exporter"))],
            until=START + 100,
            created=START + 1,
            from_=START,
        )
    )


def test_an_expired_key_cannot_back_date_once_nothing_proves_the_time() -> None:
    made = world()
    short = expiring(made)
    sections = rebuilt(made, [("subject", made.subject), ("enrolment", short)])
    sections[0]["anchors"] = []
    report = judge(made, sections)
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-expired")


def test_an_expired_key_cannot_back_date_into_a_block_after_its_end() -> None:
    made = world()
    short = expiring(made)
    sections = rebuilt(made, [("subject", made.subject), ("enrolment", short)])
    sections[0]["anchors"] = [made.xa.anchor_part(len(made.xa.entries), time=START + 100 + DAY)]
    report = judge(made, sections, now=START + 3 * DAY)
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-expired")
    sections[0]["anchors"] = [made.xa.anchor_part(len(made.xa.entries), time=START + 99 + DAY)]
    assert judge(made, sections, now=START + 3 * DAY).verdict == "verified"


def test_a_signature_may_not_claim_to_be_younger_than_its_block() -> None:
    made = world()
    late = made.xa.add(made.record("late", created=START + 1_000))
    made.subject = late
    made.ack = made.xb.add(made.acknowledgement(late, created=START + 20))
    report = judge(made, rebuilt(made, [("subject", late), ("enrolment", made.exporter_enrolment)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "created-after-proof")


def test_a_signature_before_the_keys_first_day_does_not_count() -> None:
    made = world()
    later = made.xa.add(
        made.xa.enrol(made.exporter, ["exporter"], [("#2026", key("exporter"))], from_=START + 11)
    )
    report = judge(made, rebuilt(made, [("subject", made.subject), ("enrolment", later)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-dates")


def test_a_signature_of_the_future_does_not_count() -> None:
    made = world()
    assert judge(made, now=START - 291).step(3).code == "created-in-future"

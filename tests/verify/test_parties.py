"""Acknowledgements and custody; one attack a test."""

from tests.simulator import START, key, world
from tests.verify.attacking import judge, rebuilt


def test_an_acknowledgement_of_another_record_fails() -> None:
    made = world()
    other = made.acknowledgement(made.record("other"))
    made.xb.add(other)
    theirs = [("acknowledgement", other), ("enrolment", made.importer_enrolment)]
    report = judge(
        made, rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)], theirs)
    )
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "acknowledgement-of-another")


def test_a_rejection_fails_the_parties_step() -> None:
    made = world()
    made.ack = made.xb.add(made.acknowledgement(made.subject, "rejected"))
    report = judge(made, rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)]))
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "transfer-rejected")


def test_somebody_elses_acknowledgement_fails() -> None:
    made = world()
    stranger = "did:web:stranger.example.xb"
    enrolment = made.xb.add(made.xb.enrol(stranger, ["importer"], [("#2026", key("stranger"))]))
    ack = made.xb.add(made.acknowledgement(made.subject, issuer=stranger, signing=key("stranger")))
    theirs = [("acknowledgement", ack), ("enrolment", enrolment)]
    report = judge(
        made, rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)], theirs)
    )
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "acknowledgement-by-another")


def test_an_acknowledgement_outside_the_importers_jurisdiction_fails() -> None:
    made = world()
    made.xa.add(made.ack)
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("acknowledgement", made.ack)]
    report = judge(made, rebuilt(made, items, [("enrolment", made.importer_enrolment)]))
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "acknowledgement-log")


def test_two_acknowledgements_fail() -> None:
    made = world()
    second = made.xb.add(made.acknowledgement(made.subject, "reservation"))
    theirs = [
        ("acknowledgement", made.ack),
        ("acknowledgement", second),
        ("enrolment", made.importer_enrolment),
    ]
    report = judge(
        made, rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)], theirs)
    )
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "acknowledgement-twice")


def test_an_importer_enrolled_in_two_jurisdictions_acts_for_the_one_that_the_record_names() -> None:
    made = world()
    abroad = made.xa.add(made.xa.enrol(made.importer, ["importer"], [("#2026", key("importer"))]))
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("enrolment", abroad)]
    report = judge(made, rebuilt(made, items))
    assert report.verdict == "verified", report.checks
    items = [("enrolment", abroad), ("subject", made.subject), ("enrolment", made.exporter_enrolment)]
    report = judge(made, rebuilt(made, items, [("acknowledgement", made.ack)]))
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "importer-jurisdiction")


def test_an_importer_enrolled_twice_is_found_under_the_identifier_that_the_record_gives() -> None:
    made = world()
    bare = made.xb.enrol(
        made.importer,
        ["importer"],
        [("#2026", key("importer"))],
        subject={"identifiers": []},
        created=1 + START,
    )
    made.xb.add(bare)
    ours = [("subject", made.subject), ("enrolment", made.exporter_enrolment)]
    theirs = [("enrolment", bare), ("acknowledgement", made.ack), ("enrolment", made.importer_enrolment)]
    report = judge(made, rebuilt(made, ours, theirs))
    assert report.verdict == "verified", report.checks
    report = judge(made, rebuilt(made, ours, theirs[:2]))
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "party-not-enrolled-so")

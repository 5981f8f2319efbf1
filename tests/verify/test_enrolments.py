"""Who may enrol whom, and for what; one attack a test."""

from tests.simulator import START, key, world
from tests.verify.attacking import judge, rebuilt


def test_another_jurisdictions_registrar_cannot_enrol_a_party_here() -> None:
    made = world()
    forged = made.xb.enrol(
        made.exporter, ["exporter"], [("#2026", key("exporter"))], subject={"jurisdiction": "XA"}
    )
    made.xa.add(forged)
    report = judge(made, rebuilt(made, [("subject", made.subject), ("enrolment", forged)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "enrolment-jurisdiction")


def test_another_jurisdictions_registrar_cannot_enrol_in_its_own_log_either() -> None:
    made = world()
    forged = made.xb.add(
        made.xb.enrol(
            made.exporter, ["exporter"], [("#2026", key("exporter"))], subject={"jurisdiction": "XA"}
        )
    )
    theirs = [("acknowledgement", made.ack), ("enrolment", made.importer_enrolment), ("enrolment", forged)]
    report = judge(made, rebuilt(made, [("subject", made.subject)], theirs))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "enrolment-jurisdiction")


def test_an_enrolment_elsewhere_does_not_let_a_party_act_here() -> None:
    made = world()
    abroad = made.xb.add(made.xb.enrol(made.exporter, ["exporter"], [("#2026", key("exporter"))]))
    theirs = [("acknowledgement", made.ack), ("enrolment", made.importer_enrolment), ("enrolment", abroad)]
    report = judge(made, rebuilt(made, [("subject", made.subject)], theirs))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-unknown")


def test_a_record_in_another_jurisdictions_log_is_not_the_exporters_act() -> None:
    made = world()
    made.xb.add(made.subject)
    theirs = [
        ("acknowledgement", made.ack),
        ("enrolment", made.importer_enrolment),
        ("subject", made.subject),
    ]
    report = judge(made, rebuilt(made, [("enrolment", made.exporter_enrolment)], theirs))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "log-jurisdiction")


def test_an_enrolment_that_does_not_count_fails_beside_one_that_does() -> None:
    made = world()
    forged = made.xa.add(
        made.xa.enrol(
            made.exporter,
            ["exporter"],
            [("#2026", key("exporter"))],
            signing=key("impostor"),
            created=START + 1,
        )
    )
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("enrolment", forged)]
    report = judge(made, rebuilt(made, items))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "signature-invalid")


def test_a_role_that_was_not_granted_cannot_be_exercised() -> None:
    made = world()
    carrier = made.xa.add(
        made.xa.enrol(made.exporter, ["importer"], [("#2026", key("exporter"))], created=START + 1)
    )
    report = judge(made, rebuilt(made, [("subject", made.subject), ("enrolment", carrier)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "role-missing")

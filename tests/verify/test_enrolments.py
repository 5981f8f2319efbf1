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


def test_a_registrar_that_the_list_does_not_name_enrols_nobody() -> None:
    made = world()
    stranger = made.xa.add(
        made.xa.enrol(
            made.exporter,
            ["exporter"],
            [("#2026", key("exporter"))],
            registrar="did:web:stranger.example.xa",
            signing=key("stranger"),
            created=START + 1,
        )
    )
    report = judge(made, rebuilt(made, [("subject", made.subject), ("enrolment", stranger)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-unknown")


def test_an_authority_without_the_role_of_registrar_enrols_nobody() -> None:
    made = world()
    authority = {**made.xa.authority(), "roles": ["ministry"]}
    report = judge(made, authorities=[authority, made.xb.authority()])
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "role-missing")


def test_the_same_key_enrolled_for_another_party_is_not_the_issuers() -> None:
    made = world()
    other = made.xa.add(
        made.xa.enrol(
            "did:web:other.example.xa", ["exporter"], [("#2026", key("exporter"))], created=START + 1
        )
    )
    report = judge(made, rebuilt(made, [("subject", made.subject), ("enrolment", other)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-unknown")


def test_an_exporter_acts_under_the_number_that_it_was_enrolled_with() -> None:
    made = world()
    other = {"identifiers": [{"scheme": "LEI", "id": "TEST00EE3E62B8A0AA00"}]}
    wrong = made.xa.enrol(
        made.exporter, ["exporter"], [("#2026", key("exporter"))], created=START + 1, subject=other
    )
    made.xa.add(wrong)
    report = judge(made, rebuilt(made, [("subject", made.subject), ("enrolment", wrong)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "party-not-enrolled-so")
    items = [("subject", made.subject), ("enrolment", wrong), ("enrolment", made.exporter_enrolment)]
    assert judge(made, rebuilt(made, items)).verdict == "verified"


def test_a_party_named_by_its_did_alone_needs_no_number() -> None:
    made = world()
    named = {"did": made.exporter, "id": made.exporter, "jurisdiction": "XA", "scheme": "DID"}
    made.subject = made.xa.add(made.record("by did", exporter=named))
    made.ack = made.xb.add(made.acknowledgement(made.subject))
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment)]
    assert judge(made, rebuilt(made, items)).verdict == "verified"

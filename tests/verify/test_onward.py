"""Transfers that are sent on, and content that is disputed; one tampering a test."""

from hashlib import sha256
from typing import Any

import pytest

from ledger.core.statement import Statement
from tests.simulator import START, World, key, make, world
from tests.verify.attacking import judge, rebuilt

THIRD = "did:web:third.example.xa"


def party(did: str, jurisdiction: str) -> dict[str, str]:
    return {"did": did, "scheme": "DID", "id": did, "jurisdiction": jurisdiction}


def sent_on(made: World, *parents: tuple[Statement, str], name: str = "onward", **members: Any) -> Statement:
    """The importer's record, by which it sends to a third party what it received."""
    subject: dict[str, Any] = {
        "exporter": party(made.importer, "XB"),
        "importer": party(THIRD, "XA"),
        "flow": "onward",
        "payload": {"commitment": sha256(b"onward").hexdigest(), "mediaType": "text/plain"},
        "parents": [{"digest": parent.digest.hex(), "rel": rel} for parent, rel in parents],
        **members,
    }
    return make("TransferRecord", subject, made.importer, "#2026", key("importer"), START + 40, name=name)


def said(made: World, onward: Statement, *earlier: Statement) -> tuple[str, str]:
    """Step 9 of the onward transfer, acknowledged by the third party, with the earlier records given."""
    made.subject = made.xb.add(onward)
    third = made.xa.add(made.xa.enrol(THIRD, ["importer"], [("#2026", key("third"))]))
    exporter = made.xb.add(
        made.xb.enrol(made.importer, ["exporter"], [("#2026", key("importer"))], created=START + 1)
    )
    ack = made.xa.add(made.acknowledgement(onward, issuer=THIRD, signing=key("third"), created=START + 50))
    ours = [("enrolment", made.exporter_enrolment), ("acknowledgement", ack), ("enrolment", third)]
    theirs = [("subject", onward), ("enrolment", exporter)]
    for one in earlier:
        if one.issuer == made.importer:
            made.xb.add(one)
        (theirs if one.issuer == made.importer else ours).append(("parent", one))
    check = judge(made, rebuilt(made, ours, theirs)).step(9)
    return check.outcome, check.code


def received(made: World, **members: Any) -> Statement:
    """An earlier record, by which the importer received what it sends on."""
    return made.xa.add(made.record("received", **members))


def test_an_importer_sends_on_what_it_received() -> None:
    for onward in ({}, {"onward": {"allowed": True}}):
        made = world()
        earlier = received(made, **onward)
        assert said(made, sent_on(made, (earlier, "derivedFrom")), earlier) == ("passed", "accepted")


@pytest.mark.parametrize("rel", ["derivedFrom", "revises", "corrects"])
def test_what_must_not_be_sent_on_is_not_by_any_relation(rel: str) -> None:
    made = world()
    earlier = received(made, onward={"allowed": False})
    assert said(made, sent_on(made, (earlier, rel)), earlier) == ("failed", "onward-forbidden")


def test_replacing_the_record_that_forbids_it_sends_on_as_well() -> None:
    made = world()
    earlier, other = received(made, onward={"allowed": False}), made.subject
    onward = sent_on(made, (other, "cites"), supersedes=earlier.digest.hex())
    assert said(made, onward, earlier) == ("failed", "onward-forbidden")


def test_a_transfer_that_is_not_an_onward_one_may_be_derived_from_what_must_not_be_sent_on() -> None:
    made = world()
    earlier = received(made, onward={"allowed": False})
    back = sent_on(made, (earlier, "derivedFrom"), flow="return")
    assert said(made, back, earlier) == ("passed", "accepted")


def test_nobody_sends_on_what_went_to_somebody_else() -> None:
    made = world()
    earlier = received(made, importer=party("did:web:other.example.xb", "XB"))
    assert said(made, sent_on(made, (earlier, "derivedFrom")), earlier) == ("failed", "custody-break")


def test_an_onward_transfer_goes_on_from_each_of_its_parents() -> None:
    made = world()
    good = received(made)
    bad = made.xa.add(made.record("bad", importer=party("did:web:other.example.xb", "XB")))
    onward = sent_on(made, (good, "derivedFrom"), (bad, "derivedFrom"))
    assert said(made, onward, good, bad) == ("failed", "custody-break")


def test_an_exporter_that_corrects_its_own_onward_transfer_goes_on_from_it() -> None:
    made = world()
    earlier = received(made)
    first = sent_on(made, (earlier, "derivedFrom"), name="first", onward={"allowed": False})
    second = sent_on(made, (first, "corrects"), supersedes=first.digest.hex())
    assert said(made, second, first, earlier) == ("passed", "accepted")


def test_a_forbidden_onward_transfer_further_back_is_found() -> None:
    made = world()
    earlier = received(made, onward={"allowed": False})
    first = sent_on(made, (earlier, "derivedFrom"), name="first")
    second = sent_on(made, (first, "corrects"))
    assert said(made, second, first, earlier) == ("failed", "onward-forbidden")


def test_an_onward_transfer_that_only_cites_the_earlier_one_leaves_a_gap() -> None:
    made = world()
    earlier = received(made, onward={"allowed": False})
    assert said(made, sent_on(made, (earlier, "cites"))) == ("absent", "custody-gap")


def test_an_onward_transfer_whose_origin_is_not_carried_leaves_a_gap() -> None:
    made = world()
    earlier = received(made, onward={"allowed": False})
    assert said(made, sent_on(made, (earlier, "derivedFrom"))) == ("absent", "custody-gap")


def acknowledged(made: World, record: Statement, **members: str) -> tuple[str, str]:
    given = {"record": record.digest.hex(), "outcome": "accepted", "at": "2026-11-22T00:00:20Z", **members}
    made.subject = made.xa.add(record)
    made.ack = made.xb.add(
        make(
            "TransferAcknowledgement", given, made.importer, "#2026", key("importer"), START + 20, name="ack"
        )
    )
    items = [("subject", record), ("enrolment", made.exporter_enrolment)]
    check = judge(made, rebuilt(made, items)).step(9)
    return check.outcome, check.code


def test_content_that_is_what_was_sent_is_received() -> None:
    made = world()
    sent = made.subject.subject["payload"]["commitment"]
    assert acknowledged(made, made.subject, receivedPayload=sent) == ("passed", "accepted")
    assert acknowledged(world(), made.subject) == ("passed", "accepted")


def test_other_content_than_was_sent_is_disputed() -> None:
    made = world()
    other = sha256(b"something else").hexdigest()
    assert acknowledged(made, made.subject, receivedPayload=other) == ("failed", "content-disputed")


def test_content_where_none_was_committed_to_is_disputed() -> None:
    made = world()
    record = make(
        "TransferRecord",
        {
            **{name: value for name, value in made.subject.subject.items() if name != "payload"},
            "document": {"type": "380", "commitment": sha256(b"document").hexdigest()},
        },
        made.exporter,
        "#2026",
        key("exporter"),
        START + 10,
        name="document",
    )
    given = sha256(b"document").hexdigest()
    assert acknowledged(world(), record) == ("passed", "accepted")
    assert acknowledged(made, record, receivedPayload=given) == ("failed", "content-disputed")

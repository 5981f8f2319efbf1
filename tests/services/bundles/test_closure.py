"""What the bundle of a certificate carries, and that two sides' bundles make it count abroad."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ledger.core.statement import Statement
from ledger.services.bundles.closure import closure
from ledger.services.bundles.joining import join
from ledger.verify.bundle import parse_bundle
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.services.homes import DAY
from tests.services.recognising import (
    ACCREDITOR_LIST,
    AUTHORITY_LIST,
    BODY_LIST,
    Recognising,
    party,
    recognising,
    subject_of,
)
from tests.services.sides import holder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognising]:
    with recognising(tmp_path_factory.mktemp("sides")) as found:
        yield found


@dataclass
class Whole:
    """Everything that makes a certificate of XA count in XB, registered and anchored; digests."""

    accreditation: bytes
    text: bytes
    of_xa: bytes
    of_xb: bytes
    certificate: Statement
    recognition: Statement

    @property
    def digest(self) -> bytes:
        return self.certificate.digest


@pytest.fixture(scope="module")
def whole(made: Recognising) -> Whole:
    xa, xb = made.sides.xa, made.sides.xb
    accreditation = made.accreditation()
    certificate = made.certificate(accreditation)
    text = made.arrangement()
    recognition = made.recognition(certificate.digest, text.digest)
    for statement in (accreditation, text, certificate):
        xa.register(statement)
    of_xa = xa.register(made.endorsement(made.of_xa, "XA", text.digest))
    of_xb = xb.register(made.endorsement(made.of_xb, "XB", text.digest))
    xb.register(recognition)
    publish(made)
    anchor(made)
    return Whole(accreditation.digest, text.digest, of_xa, of_xb, certificate, recognition)


def publish(made: Recognising) -> dict[str, bytes]:
    """New editions of the three lists."""
    xa, xb = made.sides.xa, made.sides.xb
    return {
        BODY_LIST: xa.register(made.status_list(made.body, BODY_LIST)),
        ACCREDITOR_LIST: xa.register(made.status_list(made.accreditor, ACCREDITOR_LIST)),
        AUTHORITY_LIST: xb.register(made.status_list(made.of_xb, AUTHORITY_LIST)),
    }


def anchor(made: Recognising) -> None:
    made.sides.xa.anchor()
    made.sides.xb.anchor()


def carried(data: bytes) -> dict[bytes, str]:
    return {item.statement.digest: item.role for _, item in parse_bundle(data).items}


def both(made: Recognising, whole: Whole, at: int | None = None) -> bytes:
    """The bundle of the certificate with XB's about its recognition."""
    return join(
        made.sides.xa.bundle(whole.digest, at=at), made.sides.xb.bundle(whole.recognition.digest, at=at)
    )


def judged(made: Recognising, data: bytes, at: int | None = None) -> Report:
    now = made.sides.clock.now
    return verify_bundle(data, made.sides.trust, at=at, now=now, content=None, require=(10,), into="XB")


def test_a_certificate_is_carried_with_all_of_its_own_log(made: Recognising, whole: Whole) -> None:
    found = carried(made.sides.xa.bundle(whole.digest))
    assert {digest: found.pop(digest) for digest in (whole.digest, whole.accreditation)} == {
        whole.digest: "subject",
        whole.accreditation: "accreditation",
    }
    # No recognition in this log names the text; that it may is enough.
    assert (found.pop(whole.text), found.pop(whole.of_xa)) == ("arrangement", "endorsement")
    assert sorted(found.values()) == ["enrolment", "enrolment", "statusList", "statusList"]


def test_a_recognition_is_carried_with_the_endorsement_of_a_text_in_another_log(
    made: Recognising, whole: Whole
) -> None:
    found = carried(made.sides.xb.bundle(whole.recognition.digest))
    assert found.pop(whole.recognition.digest) == "subject"
    assert found.pop(whole.of_xb) == "endorsement"
    assert list(found.values()) == ["statusList"]


def test_the_bundles_of_both_sides_make_it_count(made: Recognising, whole: Whole) -> None:
    data = both(made, whole)
    assert carried(data)[whole.recognition.digest] == "recognition"
    report = judged(made, data)
    assert report.recognition is not None
    assert report.recognition.verdict == "VALID", report.recognition
    assert report.verdict == "verified"


def test_a_whole_certificate_is_a_small_file(made: Recognising, whole: Whole) -> None:
    assert len(both(made, whole)) <= 80 * 1024


def test_a_withdrawn_certificate_is_shown_to_have_been_valid_before(made: Recognising) -> None:
    xa, xb = made.sides.xa, made.sides.xb
    certificate = made.certificate(None)
    text = made.arrangement()
    recognition = made.recognition(certificate.digest, text.digest)
    for statement in (text, certificate, made.endorsement(made.of_xa, "XA", text.digest)):
        xa.register(statement)
    xb.register(made.endorsement(made.of_xb, "XB", text.digest))
    xb.register(recognition)
    publish(made)
    anchor(made)
    made.sides.clock.now += 30 * DAY
    current = publish(made)
    anchor(made)
    made.sides.clock.now += 3 * DAY
    withdrawal = xa.register(made.change(made.body, certificate.digest))
    anchor(made)
    made.sides.clock.now += 30 * DAY
    newest = publish(made)
    anchor(made)
    data = join(xa.bundle(certificate.digest), xb.bundle(recognition.digest))
    found = carried(data)
    assert found[withdrawal] == "statusChange"
    assert {current[BODY_LIST], newest[BODY_LIST]} <= set(found)
    report = judged(made, data)
    assert report.recognition is not None
    assert report.recognition.verdict == "VALID_THEN_NOT_NOW", report.recognition
    early = both(
        made, Whole(b"", b"", b"", b"", certificate, recognition), at=made.sides.clock.now - 62 * DAY
    )
    assert current[BODY_LIST] not in carried(early)
    assert newest[BODY_LIST] in carried(early)


def test_what_is_said_later_waits_for_its_anchor_and_keeps_nothing_waiting(made: Recognising) -> None:
    xa = made.sides.xa
    certificate = made.certificate(None)
    xa.register(certificate)
    edition = publish(made)[BODY_LIST]
    anchor(made)
    before = xa.bundle(certificate.digest)
    suspension = xa.register(made.change(made.body, certificate.digest, "suspend"))
    newer = publish(made)[BODY_LIST]
    assert xa.bundle(certificate.digest) == before
    assert edition in carried(before)
    assert {suspension, newer} <= set(carried(xa.bundle(certificate.digest, allow_unanchored=True)))
    anchor(made)
    assert {suspension, newer} <= set(carried(xa.bundle(certificate.digest)))


def test_accreditations_that_are_not_named_are_found_by_the_body(made: Recognising) -> None:
    xa = made.sides.xa
    parent = made.accreditation()
    xa.register(parent)
    child = made.accreditation(parent=parent.digest.hex())
    xa.register(child)
    certificate = made.certificate(None)
    xa.register(certificate)
    anchor(made)
    found = carried(xa.bundle(certificate.digest))
    assert found[parent.digest] == found[child.digest] == "accreditation"


def test_a_chain_of_accreditations_is_followed_however_long(made: Recognising) -> None:
    xa = made.sides.xa
    last = made.accreditation()
    chain = [xa.register(last)]
    for _ in range(40):
        last = made.accreditation(parent=last.digest.hex())
        chain.append(xa.register(last))
    certificate = made.certificate(last)
    xa.register(certificate)
    anchor(made)
    found = carried(xa.bundle(certificate.digest))
    assert set(chain) <= set(found)


def test_what_supersedes_a_certificate_is_carried_and_not_what_rests_on_it(made: Recognising) -> None:
    xa = made.sides.xa
    old = made.certificate(None)
    new = made.certificate(None, supersedes=old.digest.hex())
    stranger = holder("second-body", "XA")
    xa.enrol(stranger, "body")
    by_another = made.certificate(None, stranger, body=party(stranger), supersedes=old.digest.hex())
    for statement in (old, new, by_another):
        xa.register(statement)
    changed = xa.register(made.change(made.body, new.digest))
    anchor(made)
    found = carried(xa.bundle(old.digest))
    assert found[new.digest] == "certificate"
    assert by_another.digest not in found
    assert changed not in found


def test_a_transfer_carries_the_certificate_that_is_its_mechanism(made: Recognising, whole: Whole) -> None:
    xa = made.sides.xa
    mechanism = {"type": "certification", "certificate": whole.digest.hex()}
    record = xa.register(made.sides.record(mechanism=mechanism))
    anchor(made)
    found = carried(xa.bundle(record))
    assert found[record] == "subject"
    assert found[whole.digest] == "certificate"
    assert found[whole.accreditation] == "accreditation"
    assert found[whole.text] == "arrangement"
    # The lists are those of the day of the transfer, and the newest.
    assert list(found.values()).count("statusList") <= 4


def test_further_statements_are_carried_on_request(made: Recognising, whole: Whole) -> None:
    xa = made.sides.xa
    other = made.arrangement(name="Another arrangement between XA and XB")
    xa.register(other)
    anchor(made)
    found = carried(xa.bundle(whole.digest, also=[other.digest, b"\x01" * 32]))
    assert found[other.digest] == "arrangement"
    assert whole.text not in found


def test_the_status_of_others_is_left_out(made: Recognising, whole: Whole) -> None:
    xa = made.sides.xa
    early = made.certificate(None)
    theirs = xa.register(made.change(made.accreditor, early.digest))
    xa.register(early)
    anchor(made)
    assert theirs not in carried(xa.bundle(early.digest))


def test_an_identity_is_carried_with_its_arrangement(made: Recognising, whole: Whole) -> None:
    xb = made.sides.xb
    subject = {
        **subject_of("IdentityRecognition"),
        "party": party(made.sides.exporter),
        "arrangement": whole.text.hex(),
        "statusReference": made.place(AUTHORITY_LIST),
        **made.term(),
    }
    identity = xb.register(made.sides.sign(made.of_xb, "IdentityRecognition", subject))
    anchor(made)
    found = carried(xb.bundle(identity))
    assert found[identity] == "subject"
    assert found[whole.of_xb] == "endorsement"
    assert "statusList" in found.values()


def test_the_order_of_what_is_carried_is_always_the_same(made: Recognising, whole: Whole) -> None:
    node = made.sides.xa.node
    lists = [closure(whole.digest, node.statements, "XA") for _ in range(2)]
    assert lists[0] == lists[1]
    assert lists[0][0].statement.digest == whole.digest

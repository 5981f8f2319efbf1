"""One bundle of both sides from either side's node, made of its own log and of what it pulled."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.statement import Statement
from ledger.errors import LedgerError
from ledger.services.exchange.combined import combined
from ledger.services.recognition.answer import evidence_on
from ledger.verify.bundle import parse_bundle
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.services.both import Both, recognised
from tests.services.homes import DAY
from tests.services.recognising import BODY_LIST
from tests.services.sides import Side


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    with recognised(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """For tests that end nothing."""
    with recognised(tmp_path_factory.mktemp("calm")) as made:
        yield made


def bundle(side: Side, digest: bytes) -> bytes:
    return combined(digest, side.node.shelf, side.node.mirror, allow_unanchored=True)


def offline(both: Both, data: bytes, at: int | None = None) -> Report:
    sides = both.made.sides
    return verify_bundle(data, sides.trust, now=sides.clock.now, at=at, into="XB", require=[10])


def carried(data: bytes) -> set[bytes]:
    return {item.statement.digest for _, item in parse_bundle(data).items}


def changed(both: Both, change: str) -> Statement:
    """The body's word, a day later, known to XA's node alone."""
    made = both.made
    made.sides.clock.now += DAY
    told = made.change(made.body, both.certificate.digest, change)
    made.sides.xa.register(told)
    return told


def test_either_node_gives_one_bundle_that_verifies_into_xb_offline(calm: Both) -> None:
    for side in (calm.made.sides.xa, calm.made.sides.xb):
        data = combined(calm.certificate.digest, side.node.shelf, side.node.mirror)
        assert parse_bundle(data).subject == calm.certificate.digest
        assert {section.origin.split("/")[1] for section in parse_bundle(data).sections} == {"XA", "XB"}
        report = offline(calm, data)
        assert (report.verdict, report.status_now) == ("verified", "valid"), (side.code, report.checks)


def test_a_suspension_is_in_the_partners_bundle_after_the_next_pull(both: Both) -> None:
    xa, xb = both.made.sides.xa, both.made.sides.xb
    told = changed(both, "suspend")
    assert told.digest not in carried(bundle(xb, both.certificate.digest))
    both.pull(xb, xa)
    data = bundle(xb, both.certificate.digest)
    assert told.digest in carried(data)
    report = offline(both, data)
    assert (report.exit_status, report.status_now) == (4, "suspended")
    # What was pulled anew hangs together: nothing of it is left beside.
    found = evidence_on(both.certificate.digest, xb.node.shelf, xb.node.mirror)
    assert all(carried(one) <= carried(found.bundle) for one in found.beside)


def test_a_new_edition_of_the_list_is_in_it_too(calm: Both) -> None:
    xa, xb, made = calm.made.sides.xa, calm.made.sides.xb, calm.made
    made.sides.clock.now += DAY
    edition = made.status_list(made.body, BODY_LIST)
    xa.register(edition)
    calm.pull(xb, xa)
    assert edition.digest in carried(bundle(xb, calm.certificate.digest))


def test_a_withdrawn_recognition_reaches_the_other_node(both: Both) -> None:
    xa, xb, made = both.made.sides.xa, both.made.sides.xb, both.made
    made.sides.clock.now += DAY
    told = made.change(made.of_xb, both.recognition.digest)
    xb.register(told)
    both.pull(xa, xb)
    data = bundle(xa, both.certificate.digest)
    assert told.digest in carried(data)
    assert offline(both, data).exit_status == 4


def test_a_denunciation_by_the_partner_is_in_it(both: Both) -> None:
    xa, xb, made = both.made.sides.xa, both.made.sides.xb, both.made
    made.sides.clock.now += DAY
    text = bytes.fromhex(str(both.recognition.subject["arrangement"]))
    told = made.endorsement(made.of_xa, "XA", text, role="denunciation")
    xa.register(told)
    both.pull(xb, xa)
    data = bundle(xb, both.certificate.digest)
    assert told.digest in carried(data)
    assert offline(both, data).status_now == "arrangement denounced"


def test_what_weighs_against_it_and_cannot_be_joined_yet_is_not_passed_over(both: Both) -> None:
    """As where the partner fell silent between telling of a withdrawal and giving the certificate's bundle anew."""
    xa, xb = both.made.sides.xa, both.made.sides.xb
    mirror = xb.node.mirror
    before = mirror.bundles(both.certificate.digest)
    told = changed(both, "withdraw")
    both.pull(xb, xa)
    after = mirror.bundle(told.digest)
    assert after is not None
    mirror.forget("XA")
    mirror.put("XA", [*before, replace(after, refers=(both.certificate.digest,))])
    with pytest.raises(LedgerError) as refused:
        bundle(xb, both.certificate.digest)
    assert refused.value.code == "evidence-apart"
    assert both.asked(xb).status_now == "withdrawn"  # the node itself counts it all the same


def test_what_waits_for_its_anchor_is_said_to(calm: Both) -> None:
    xa = calm.made.sides.xa
    later = calm.made.certificate(None)
    xa.register(later)
    with pytest.raises(LedgerError) as refused:
        combined(later.digest, xa.node.shelf, xa.node.mirror)
    assert refused.value.code == "not-anchored-yet"


def test_what_was_said_since_the_last_anchor_is_left_for_later_where_that_is_asked(both: Both) -> None:
    xa = both.made.sides.xa
    told = changed(both, "suspend")
    assert told.digest not in carried(combined(both.certificate.digest, xa.node.shelf, xa.node.mirror))
    assert told.digest in carried(bundle(xa, both.certificate.digest))


def test_a_transfer_is_given_with_what_the_other_side_said(calm: Both) -> None:
    sides = calm.made.sides
    record = sides.record()
    sides.xa.register(record)
    calm.pull(sides.xb, sides.xa)
    acknowledgement = sides.acknowledge(record.digest)
    said = sides.xb.register(acknowledgement)
    data = bundle(sides.xb, record.digest)
    assert said in carried(data)
    calm.pull(sides.xa, sides.xb)
    assert said in carried(bundle(sides.xa, record.digest))


def test_a_statement_that_neither_holds_is_not_found(calm: Both) -> None:
    with pytest.raises(LedgerError) as refused:
        bundle(calm.made.sides.xb, b"\1" * 32)
    assert refused.value.code == "not-found"

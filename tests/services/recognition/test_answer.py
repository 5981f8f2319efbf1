"""What each side's node says of a certificate, by its own log and what it pulled from the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.errors import LedgerError, NotFoundError
from ledger.services.bundles.joining import join
from ledger.services.recognition.answer import evidence_on
from ledger.store.partners import Mirror
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.services.both import Both, recognised
from tests.services.homes import DAY


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with recognised(tmp_path_factory.mktemp("both")) as made:
        yield made


def step(report: Report) -> tuple[str, str]:
    check = report.step(10)
    return check.outcome, check.code


def test_both_nodes_say_the_same(both: Both) -> None:
    sides = both.made.sides
    for side in (sides.xa, sides.xb):
        report = both.asked(side)
        assert (report.verdict, step(report)) == ("verified", ("passed", "valid")), (
            side.code,
            report.step(10),
        )
        assert report.step(6).outcome == "passed"


def test_the_answer_is_that_of_an_offline_verifier_with_both_bundles(both: Both) -> None:
    sides = both.made.sides
    joined = join(sides.xa.bundle(both.certificate.digest), sides.xb.bundle(both.recognition.digest))
    offline = verify_bundle(joined, sides.trust, now=sides.clock.now, into="XB", require=[10])
    assert both.asked(sides.xb).recognition == offline.recognition
    assert both.asked(sides.xa).recognition == offline.recognition


def test_a_node_without_its_partners_bundles_knows_half(both: Both, tmp_path: Path) -> None:
    sides, empty = both.made.sides, Mirror(tmp_path / "empty.sqlite")
    assert step(both.asked(sides.xa, empty)) == ("absent", "not-recognised")
    with pytest.raises(NotFoundError):
        both.asked(sides.xb, empty)


def test_what_the_transfer_is_for_is_asked_at_its_own_time(both: Both) -> None:
    sides = both.made.sides
    fits = sides.record(
        mechanism={"type": "certification", "certificate": both.certificate.digest.hex()},
        legalBasis=["dpv:ContractPerformance"],
    )
    sides.xa.register(fits)
    report = both.asked(sides.xa, transfer=fits.digest)
    assert report.recognition is not None
    assert report.recognition.at.moment == fits.created
    assert "whether the activity is one of those certified" in report.not_checked
    other = sides.record(
        mechanism={"type": "certification", "certificate": "ab" * 32}, legalBasis=["dpv:ContractPerformance"]
    )
    sides.xa.register(other)
    with pytest.raises(LedgerError) as refused:
        both.asked(sides.xa, transfer=other.digest)
    assert refused.value.code == "transfer-of-another-certificate"


def test_only_certificates_are_judged(both: Both) -> None:
    sides = both.made.sides
    with pytest.raises(LedgerError) as refused:
        evidence_on(both.recognition.digest, sides.xb.node.shelf, sides.xb.node.mirror)
    assert refused.value.code == "statement-type"


def test_a_withdrawal_is_heard_by_the_other_node_once_it_asked(both: Both) -> None:
    made, sides = both.made, both.made.sides
    sides.clock.now += DAY
    sides.xa.register(made.change(made.body, both.certificate.digest))
    sides.clock.now += 60
    report = both.asked(sides.xa)
    assert report.recognition is not None
    assert report.recognition.verdict == "VALID_THEN_NOT_NOW"
    assert report.missing == ("6 anchor: absent (no-anchor)", "7 finality: absent (no-anchor)")  # so far
    assert both.asked(sides.xb).status_now == "valid"  # of what it has
    both.pull(sides.xb, sides.xa)
    report = both.asked(sides.xb)
    assert (report.verdict, report.status_now, report.exit_status) == (
        "verified then, not now",
        "withdrawn",
        4,
    )
    assert report.not_counted == ()

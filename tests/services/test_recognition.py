"""What each side's node says of a certificate, by its own log and what it pulled from the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.core.statement import Statement
from ledger.errors import LedgerError, NotFoundError
from ledger.services.bundles import join
from ledger.services.jurisdiction import require_entry
from ledger.services.partners import Partner
from ledger.services.pulling import Puller
from ledger.services.recognition import evidence_on, recognition_of
from ledger.store.partners import Mirror
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.services.exchanging import Answers
from tests.services.homes import DAY
from tests.services.recognising import ACCREDITOR_LIST, AUTHORITY_LIST, BODY_LIST, Recognising, recognising
from tests.services.sides import Side


@dataclass
class Both:
    """A certificate of XA that XB recognises, as each node has it."""

    made: Recognising
    certificate: Statement
    recognition: Statement
    partners: dict[str, Partner]

    def pull(self, here: Side, there: Side) -> None:
        """One node asks the other for all that concerns it."""
        there.anchor()
        sides = self.made.sides
        Puller(
            partner=self.partners[there.code],
            source=Answers(there),
            mirror=here.node.mirror,
            trust=sides.trust,
            jurisdiction=here.code,
            clock=lambda: sides.clock.now,
        ).pull()

    def asked(self, side: Side, mirror: Mirror | None = None, **asked: object) -> Report:
        options = {"into": "XB", **asked}
        return recognition_of(
            self.certificate.digest,
            shelf=side.node.shelf,
            mirror=mirror or side.node.mirror,
            trust=self.made.sides.trust,
            now=self.made.sides.clock.now,
            **options,  # type: ignore[arg-type]
        )


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with recognising(tmp_path_factory.mktemp("both")) as made:
        sides = made.sides
        partners = {}
        for here, there in ((sides.xa, sides.xb), (sides.xb, sides.xa)):
            there.node.log_entry()
            entry = require_entry(there.node.statements, there.node.home.settings.registrar)
            partners[there.code] = here.node.partners.add(
                entry.encoded, fingerprint=entry.digest.hex(), node="http://127.0.0.1:9", now=sides.clock.now
            )
        accreditation = made.accreditation()
        sides.xa.register(accreditation)
        text = made.arrangement()
        sides.xa.register(text)
        sides.xa.register(made.endorsement(made.of_xa, "XA", text.digest))
        sides.xb.register(made.endorsement(made.of_xb, "XB", text.digest))
        certificate = made.certificate(accreditation)
        sides.xa.register(certificate)
        sides.xa.register(made.status_list(made.body, BODY_LIST))
        sides.xa.register(made.status_list(made.accreditor, ACCREDITOR_LIST))
        recognition = made.recognition(certificate.digest, text.digest)
        sides.xb.register(recognition)
        sides.xb.register(made.status_list(made.of_xb, AUTHORITY_LIST))
        found = Both(made, certificate, recognition, partners)
        found.pull(sides.xb, sides.xa)
        found.pull(sides.xa, sides.xb)
        sides.clock.now += 60
        yield found


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

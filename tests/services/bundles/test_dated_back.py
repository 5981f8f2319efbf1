"""A transfer whose signer dated it back counts from when it was logged, in what a node and a command say of its use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.cli import certificate_verify
from ledger.core.statement import Statement
from ledger.services.recognition.answer import use_of
from tests.services.both import Both, recognised
from tests.services.homes import DAY
from tests.services.sides import Side

LATE = 10 * DAY


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The certificate was good when the records claim to be made, and withdrawn when the late one was logged."""
    with recognised(tmp_path_factory.mktemp("both")) as made:
        yield made


@pytest.fixture(scope="module")
def prompt(both: Both) -> Statement:
    """Registered at once, and anchored soon."""
    made = record_under(both)
    both.made.sides.xa.register(made)
    both.made.sides.xa.anchor()
    return made


@pytest.fixture(scope="module")
def late(both: Both, prompt: Statement) -> Statement:
    """Made beside the prompt one, as it claims, and registered after the certificate was withdrawn."""
    sides, made = both.made.sides, record_under(both)
    sides.clock.now += LATE
    sides.xa.register(both.made.change(both.made.body, both.certificate.digest))
    sides.clock.now += DAY
    sides.xa.register(made)
    both.pull(sides.xb, sides.xa)
    return made


def record_under(both: Both) -> Statement:
    mechanism = {"type": "certification", "certificate": both.certificate.digest.hex()}
    return both.made.sides.record(mechanism=mechanism, legalBasis=["dpv:ContractPerformance"])


def moment(both: Both, side: Side, record: Statement) -> int:
    node, sides = side.node, both.made.sides
    return use_of(record.digest, node.shelf, node.mirror, sides.trust, now=sides.clock.now)[0]


def test_what_was_registered_at_once_counts_from_the_time_it_claims(
    both: Both, prompt: Statement, late: Statement
) -> None:
    for side in (both.made.sides.xa, both.made.sides.xb):
        assert moment(both, side, prompt) == prompt.created


def test_what_was_registered_late_counts_from_its_logs_first_checkpoint(both: Both, late: Statement) -> None:
    xa = both.made.sides.xa
    assert moment(both, xa, late) >= late.created + LATE + DAY
    stored = xa.node.shelf.statements.by_digest(late.digest)
    assert stored is not None
    checkpoint = xa.node.shelf.checkpoints.earliest_covering(stored.index)
    assert checkpoint is not None
    assert moment(both, xa, late) == checkpoint.signed_at


def test_what_a_partner_registered_late_counts_from_the_block_that_its_bundle_shows(
    both: Both, late: Statement
) -> None:
    sides = both.made.sides
    assert sides.xb.node.shelf.statements.by_digest(late.digest) is None
    assert late.created + LATE + DAY <= moment(both, sides.xb, late) <= sides.clock.now


def test_a_withdrawn_certificate_serves_no_transfer_that_was_dated_back(
    both: Both, prompt: Statement, late: Statement
) -> None:
    for side in (both.made.sides.xa, both.made.sides.xb):
        fair, back = (both.asked(side, transfer=record.digest) for record in (prompt, late))
        assert fair.recognition is not None
        assert back.recognition is not None
        assert (fair.recognition.verdict, fair.exit_status) == ("VALID_THEN_NOT_NOW", 4)
        assert back.recognition.at.moment == moment(both, side, late)
        assert back.exit_status == 1


def test_the_command_takes_the_time_of_a_transfer_from_its_bundle(
    both: Both,
    prompt: Statement,
    late: Statement,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sides = both.made.sides
    monkeypatch.setattr(certificate_verify.time, "time", lambda: float(sides.clock.now))
    file = tmp_path / "transfer"
    for record, least in ((prompt, prompt.created), (late, late.created + LATE + DAY)):
        file.write_bytes(sides.xa.bundle(record.digest))
        made = certificate_verify._made(record, file, sides.trust)
        assert least <= made <= sides.clock.now
        assert (made == record.created) is (record is prompt)
    assert capsys.readouterr().err == ""
    file.write_bytes(late.encoded)
    assert certificate_verify._made(late, file, sides.trust) == late.created
    assert "what its signer claims" in capsys.readouterr().err

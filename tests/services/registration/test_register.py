"""Registering: who may, the first receipt for ever, streams, and nothing acknowledged is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.receipt import encode_receipt, parse_receipt, verify_receipt
from ledger.errors import (
    ConflictError,
    LedgerError,
    MalformedError,
    NotFoundError,
    StoreError,
    VerificationError,
)
from ledger.services.registration.register import CHUNK, Registration
from ledger.statements.shape import StatementInvalidError
from tests.services.nodes import NOW, Node, enrolment, running
from tests.simulator import DAY, START, key, make


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with running(tmp_path / "ledger.db") as node:
        node.enrol_exporter()
        yield node


def refusal(node: Node, statement: object, now: int = NOW) -> str:
    with pytest.raises(LedgerError) as refused:
        node.register(statement, now)  # type: ignore[arg-type]
    return refused.value.code


def check_receipt(node: Node, digest: bytes, index: int) -> None:
    encoded = encode_receipt(node.receipt(digest))
    receipt = parse_receipt(encoded)
    signer = node.world.xa.signer
    verify_receipt(
        receipt,
        digest,
        origin=signer.origin,
        vkeys=signer.vkeys,
        head_addresses=[signer.head_address],
    )
    assert (receipt.index, receipt.extra) == (index, digest)


def test_a_registered_statement_has_a_receipt_that_verifies(node: Node) -> None:
    record = node.world.record()
    registration = node.register(record)
    assert registration == Registration(1, record.digest, "TransferRecord", record.id, first=True)
    check_receipt(node, record.digest, 1)


def test_the_same_bytes_again_answer_with_the_first_receipt_though_the_log_grew(node: Node) -> None:
    record = node.world.record()
    first = node.register(record)
    receipt = encode_receipt(node.receipt(record.digest))
    node.register(node.world.record("other"))
    again = node.register(record)
    assert (again.index, again.first) == (first.index, False)
    assert encode_receipt(node.receipt(record.digest)) == receipt


def test_what_is_registered_stays_so_after_its_key_ended(node: Node) -> None:
    record = node.world.record()
    first = node.register(record)
    later = START + 400 * DAY
    assert refusal(node, node.world.record("late", created=START + 20), later) == "key-expired"
    assert node.register(record, later).index == first.index


def test_what_is_registered_stays_so_though_the_screening_became_stricter(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = node.world.record(reference="PO-2026-7781")
    first = node.register(record)
    monkeypatch.setattr("ledger.statements.fields.finding", lambda _: "a telephone number")
    assert node.register(record).index == first.index
    assert refusal(node, node.world.record("other", reference="PO-2026-7782")) == "statement-invalid"


def test_a_thousand_identical_submissions_at_once_are_one_entry(node: Node) -> None:
    record = node.world.record()
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: node.register(record), range(1_000)))
    assert {answer.index for answer in answers} == {1}
    assert sum(answer.first for answer in answers) == 1
    assert node.log.head.size == 2
    check_receipt(node, record.digest, 1)


def test_an_id_used_for_another_document_is_a_conflict(node: Node) -> None:
    node.register(node.world.record("one"))
    twin = node.world.record("one", reference="PO-2")
    with pytest.raises(ConflictError) as refused:
        node.register(twin)
    assert refused.value.code == "statement-id-taken"
    with pytest.raises(NotFoundError):
        node.receipt(twin.digest)


def test_an_unknown_party_is_refused(node: Node) -> None:
    assert refusal(node, node.world.acknowledgement(node.world.record())) == "key-unknown"


def test_a_signature_by_another_key_is_refused(node: Node) -> None:
    world = node.world
    subject = world.record().subject
    forged = make(
        "TransferRecord", subject, world.exporter, "#2026", key("importer"), START + 10, name="forged"
    )
    assert refusal(node, forged) == "signature-invalid"


def test_a_role_that_was_not_given_is_refused(node: Node) -> None:
    world = node.world
    given = world.acknowledgement(world.record(), issuer=world.exporter, signing=key("exporter"))
    assert refusal(node, given) == "role-missing"


def test_a_key_outside_its_dates_and_a_time_in_the_future_are_refused(node: Node) -> None:
    assert refusal(node, node.world.record("early", created=START - 10)) == "key-dates"
    assert refusal(node, node.world.record("future", created=NOW + 301)) == "created-in-future"


def test_a_statement_that_acts_for_another_jurisdiction_is_refused(node: Node) -> None:
    exporter = dict(node.world.record().subject["exporter"], jurisdiction="XB")  # type: ignore[arg-type]
    assert refusal(node, node.world.record("xb", exporter=exporter)) in {
        "log-jurisdiction",
        "statement-invalid",
    }


def test_an_identifier_that_nobody_vouched_for_is_refused(node: Node) -> None:
    exporter = dict(node.world.record().subject["importer"], did=node.world.exporter, jurisdiction="XA")  # type: ignore[arg-type]
    assert refusal(node, node.world.record("lei", exporter=exporter)) == "party-not-enrolled-so"


def test_another_jurisdictions_registrar_cannot_enrol_here(node: Node) -> None:
    foreign = node.world.xb.enrol("did:web:stranger.example.xb", ["exporter"], [("#2026", key("stranger"))])
    assert refusal(node, foreign) == "enrolment-jurisdiction"
    forged = node.world.xa.enrol(
        "did:web:stranger.example.xa",
        ["exporter"],
        [("#2026", key("stranger"))],
        registrar="did:web:nobody.example.xa",
    )
    assert refusal(node, forged) == "key-unknown"


def test_a_key_that_must_not_be_enrolled_is_refused_by_name(node: Node) -> None:
    from ledger.core.suites import EDDSA, PublicKey

    class Weak:
        public = PublicKey(EDDSA, bytes([1]) + bytes(31))

    weak = node.world.xa.enrol("did:web:weak.example.xa", ["exporter"], [("#2026", Weak())])  # type: ignore[list-item]
    assert refusal(node, weak) == "statement-invalid"


def test_a_revoked_key_signs_no_more_at_once_and_the_registrar_is_heard(node: Node) -> None:
    node.register(node.world.record("before"))
    node.register(node.world.xa.revoke(node.world.exporter, "#2026", START + 55))
    assert refusal(node, node.world.record("after")) == "key-revoked"
    assert node.register(node.world.record("before")).first is False


def test_a_revocation_that_is_in_the_log_counts_though_its_answer_failed(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.services.log.sequencer.RETRY", 0.05)
    node.register(node.world.record("before"))

    def store(_: object) -> None:
        raise StoreError("the disk is gone", code="store-io")

    with monkeypatch.context() as failing:
        failing.setattr(node.checkpoints, "store", store)
        revocation = node.world.xa.revoke(node.world.exporter, "#2026", START + 55)
        assert refusal(node, revocation) == "store-io"
        assert node.log.head.size == 3
    assert refusal(node, node.world.record("after")) == "key-revoked"


def test_a_stranger_cannot_revoke(node: Node) -> None:
    foreign = node.world.xa.revoke(
        node.world.exporter, "#2026", START, issuer=node.world.xb.registrar, signing=key("XB registrar")
    )
    assert refusal(node, foreign) == "revocation-by-stranger"
    unknown = node.world.xa.revoke(node.world.exporter, "#2027", START)
    assert refusal(node, unknown) == "revocation-of-unknown-key"


def test_an_enrolment_that_comes_later_opens_the_door(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        assert refusal(node, node.world.record()) == "key-unknown"
        node.enrol_exporter()
        assert node.register(node.world.record()).index == 1


def test_a_trust_list_that_no_longer_names_the_registrar_closes_it(node: Node) -> None:
    node.register(node.world.record("before"))
    only = [node.world.xb.authority()]
    node.parties.believe(node.world.trust(authorities=only))
    assert refusal(node, node.world.record("after")) == "key-unknown"


def test_all_problems_of_the_fields_are_named_at_once(node: Node) -> None:
    bad = node.world.record("bad", flow="sideways", reference="", colour="red")
    with pytest.raises(StatementInvalidError) as refused:
        node.register(bad)
    assert {"/credentialSubject/flow", "/credentialSubject/reference", "/credentialSubject/colour"} <= {
        problem.pointer for problem in refused.value.problems
    }


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b'{"a":1,"a":1}', b"\xff", b"{" * 100, b" " * 300_000]
)
def test_what_is_no_statement_is_malformed(node: Node, data: bytes) -> None:
    with pytest.raises(MalformedError):
        node.register(data)


def test_a_stream_answers_in_order_and_a_refusal_stops_nothing(node: Node) -> None:
    documents = [node.world.record(f"r{at}").encoded for at in range(3 * CHUNK + 7)]
    documents[5] = b"not a statement"
    documents[CHUNK + 1] = node.world.record("r3").encoded
    documents[CHUNK + 2] = node.world.record("r4", reference="PO-9").encoded
    answers = node.register_many(documents)
    assert len(answers) == len(documents)
    assert isinstance(answers[5], MalformedError)
    assert isinstance(answers[CHUNK + 2], ConflictError)
    again = answers[CHUNK + 1]
    assert isinstance(again, Registration)
    assert not again.first
    taken = [answer for answer in answers if isinstance(answer, Registration) and answer.first]
    assert [answer.index for answer in taken] == list(range(1, len(documents) - 2))
    check_receipt(node, taken[-1].digest, taken[-1].index)
    assert node.audit().is_clean


def test_an_enrolment_in_a_stream_counts_for_what_follows_and_a_revocation_too(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        world = node.world
        answers = node.register_many(
            [
                world.record("too early").encoded,
                enrolment(world).encoded,
                world.record("in time").encoded,
                world.xa.revoke(world.exporter, "#2026", START + 55).encoded,
                world.record("too late").encoded,
            ]
        )
    codes = [answer.code if isinstance(answer, LedgerError) else answer.index for answer in answers]
    assert codes == ["key-unknown", 0, 1, 2, "key-revoked"]


def test_an_empty_stream_has_no_answers(node: Node) -> None:
    assert node.register_many([]) == []


def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        node.enrol_exporter()
        record = node.world.record()
        node.register(record)
        receipt = encode_receipt(node.receipt(record.digest))
        latest = node.checkpoints.latest()
    with running(tmp_path / "ledger.db") as node:
        assert node.sequencer.latest == latest
        assert encode_receipt(node.receipt(record.digest)) == receipt
        assert node.register(record).index == 1
        assert node.register(node.world.record("next")).index == 2
        assert node.audit().is_clean


def test_a_receipt_is_of_the_very_statement_that_the_log_has_there(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.enrol_exporter()
    digests = [node.register(node.world.record(f"receipt {number}")).digest for number in range(2)]
    index_of = node.statements.index_of
    monkeypatch.setattr(
        node.statements, "index_of", lambda digest: index_of(digests[1 - digests.index(digest)])
    )
    with pytest.raises(StoreError) as refused:
        node.receipt(digests[0])
    assert refused.value.code == "store-corrupt"


def test_a_receipt_of_what_is_not_registered_is_not_found(node: Node) -> None:
    with pytest.raises(NotFoundError):
        node.receipt(bytes(32))


def test_each_answer_is_covered_by_a_stored_checkpoint(node: Node) -> None:
    registration = node.register(node.world.record())
    latest = node.checkpoints.latest()
    assert latest is not None
    assert latest.size > registration.index
    assert parse_checkpoint(latest.note).checkpoint.root == node.log.root_at(latest.size)


def test_the_verifier_refuses_what_registration_refuses(node: Node) -> None:
    # One rule, two places: the error is of the same class, so that a caller need not tell them apart.
    with pytest.raises(VerificationError):
        node.register(node.world.record("early", created=START - 10))

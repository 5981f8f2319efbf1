"""Admission in worker processes: the same answers as in the node's own, whatever becomes of a worker or a key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import errors
from ledger.core.suites import EDDSA, PrivateKey
from ledger.errors import LedgerError
from ledger.services.admission import batches as admission_module
from ledger.services.admission.admit import Verdict
from ledger.services.admission.batches import Admission
from ledger.services.admission.parties import REMEMBERED
from ledger.services.admission.wire import (
    decode_party,
    decode_verdict,
    encode_party,
    encode_verdict,
)
from ledger.services.registration.register import AHEAD, CHUNK, Registration
from ledger.statements.shape import Problem, StatementInvalidError
from ledger.store.rows import NewStatement
from tests.services.admission.admitting import WORKERS, codes, found, here, records, stream, told
from tests.services.nodes import NOW, Node, running
from tests.simulator import START, World, key, make


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(tmp_path_factory.mktemp("admission") / "ledger.db") as node:
        node.enrol_exporter()
        yield node


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Node]:
    """A node whose keys a test may change."""
    with running(tmp_path / "ledger.db") as node:
        node.enrol_exporter()
        yield node


@pytest.fixture(scope="module")
def working(node: Node) -> Iterator[Admission]:
    with Admission(node.parties, WORKERS) as admission:
        yield admission


def corpus() -> list[bytes]:
    """One of everything that a node is sent, good and bad."""
    world = World()
    record, subject = world.record("corpus"), world.record().subject
    stranger = "did:web:stranger.example.xa"
    forged = make(
        "TransferRecord", subject, world.exporter, "#2026", key("importer"), START + 10, name="forged"
    )
    own_lei = dict(subject["importer"], did=world.exporter, jurisdiction="XA")  # type: ignore[arg-type]
    elsewhere = dict(subject["exporter"], jurisdiction="XB")  # type: ignore[arg-type]
    return [
        record.encoded,
        world.record("with reference", reference="PO-7").encoded,
        world.record("bad", flow="sideways", reference="", colour="red").encoded,
        world.record("personal", reference="anna@example.org").encoded,
        world.record("early", created=START - 10).encoded,
        world.record("future", created=NOW + 301).encoded,
        world.record("lei", exporter=own_lei).encoded,
        world.record("elsewhere", exporter=elsewhere).encoded,
        forged.encoded,
        world.acknowledgement(record).encoded,
        world.acknowledgement(record, issuer=world.exporter, signing=key("exporter")).encoded,
        make(
            "TransferRecord", subject, world.exporter, "#2027", key("exporter"), START + 10, name="key"
        ).encoded,
        make("Nothing", {"a": 1}, world.exporter, "#2026", key("exporter"), START + 10, name="type").encoded,
        world.xa.enrol(stranger, ["exporter"], [("#2026", key("stranger"))]).encoded,
        world.xa.enrol(
            stranger, ["exporter"], [("#2026", key("stranger"))], registrar=world.exporter
        ).encoded,
        world.xa.revoke(stranger, "#2026", START).encoded,
        record.encoded + b" ",
        record.encoded.replace(b'"flow"', b'"\\u0066low"'),
        record.encoded[:-1],
        b"",
        b"{}",
        b"null",
        b'{"a":1,"a":1}',
        b"\xff\xfe",
        b"[" * 2_000,
        b"x" * 300_000,
        b"two\nlines",
    ]


CORPUS = corpus()


def test_workers_and_the_node_say_the_same_of_everything(node: Node, working: Admission) -> None:
    assert len(CORPUS) > admission_module.SMALL
    for wanted in (None, "TransferRecord", "ConformityCertificate"):
        answers = found(working, CORPUS, wanted)
        assert [told(one) for one in answers] == here(node, CORPUS, wanted)
    assert len(codes(found(working, CORPUS))) > 10


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_workers_and_the_node_say_the_same_of_what_was_tampered_with(
    node: Node, working: Admission, data: st.DataObject
) -> None:
    documents = []
    for _ in range(admission_module.SMALL):
        document = bytearray(data.draw(st.sampled_from(CORPUS[:16])))
        for _ in range(data.draw(st.integers(0, 2))):
            document[data.draw(st.integers(0, len(document) - 1))] = data.draw(st.integers(0, 255))
        documents.append(bytes(document))
    assert [told(one) for one in found(working, documents)] == here(node, documents)


def test_what_is_in_the_log_is_admitted_by_a_worker_as_by_the_node(
    node: Node, working: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = node.world.record("logged")
    node.register(logged)
    monkeypatch.setattr("tests.services.admission.admitting.NOW", START + 400 * 86_400)
    answers = found(working, [logged.encoded, *records(node.world, 20, "ended")])
    assert isinstance(answers[0], NewStatement)
    assert answers[0].digest == logged.digest
    assert codes(answers[1:]) == {"key-expired"}


def test_an_error_crosses_the_pipe_whole() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, LedgerError)]
    made = [kind(f"a {kind.__name__}", code="some-code", pointer="/a/b", offset=3) for kind in kinds]
    problems = [Problem("/a", "wrong-type", "text"), Problem("/é", "wrong-form", "ß")]
    for error in [*made, LedgerError("plain"), StatementInvalidError("X", problems)]:
        verdict = decode_verdict(encode_verdict(Verdict(refusal=error, digest=bytes(32))), b"")
        assert verdict.refusal is not None
        assert (told(verdict.refusal), verdict.digest) == (told(error), bytes(32))


def test_a_party_crosses_the_pipe_whole(fresh: Node) -> None:
    fresh.register(fresh.world.xa.revoke(fresh.world.exporter, "#2026", START + 55))
    for did in (fresh.world.exporter, "did:web:nobody.example.xa"):
        party = fresh.parties.of(did, NOW)
        assert decode_party(encode_party(party)) == party


def test_a_stream_through_workers_answers_in_order(fresh: Node) -> None:
    documents = records(fresh.world, 5 * CHUNK + 7)
    bad = {0: b"bad", 3 * CHUNK: b"{}", len(documents) - 1: b"end"}
    for at, document in bad.items():
        documents[at] = document
    with Admission(fresh.parties, WORKERS) as admission:
        answers = stream(fresh, documents, admission)
        assert len(admission.pids) == WORKERS
    assert [at for at, one in enumerate(answers) if isinstance(one, LedgerError)] == list(bad)
    taken = [one.index for one in answers if isinstance(one, Registration)]
    assert taken == list(range(1, len(taken) + 1))
    assert fresh.audit().is_clean


def test_few_documents_start_no_worker(node: Node) -> None:
    with Admission(node.parties, WORKERS) as admission:
        assert codes(found(admission, records(node.world, admission_module.SMALL - 1))) == {"good"}
        assert admission.pids == []
        found(admission, records(node.world, admission_module.SMALL))
        assert len(admission.pids) == 1


# -- keys that change --------------------------------------------------------------------------------------------


def test_what_a_worker_admitted_is_refused_when_the_key_was_revoked_before_it_is_appended(
    fresh: Node,
) -> None:
    with Admission(fresh.parties, WORKERS) as admission:
        future = admission.submit(records(fresh.world, 20), now=NOW, wanted=None)
        assert codes(future.result(30).found) == {"good"}
        fresh.register(fresh.world.xa.revoke(fresh.world.exporter, "#2026", START + 55))
        assert codes(admission.found(future)) == {"key-revoked"}


def test_a_worker_that_has_kept_a_key_hears_that_it_is_revoked(fresh: Node) -> None:
    with Admission(fresh.parties, 1) as admission:
        assert codes(found(admission, records(fresh.world, 20))) == {"good"}
        fresh.register(fresh.world.xa.revoke(fresh.world.exporter, "#2026", START + 55))
        again = admission.submit(records(fresh.world, 20, "after"), now=NOW, wanted=None)
        assert codes(again.result(30).found) == {"key-revoked"}


def test_a_worker_hears_of_another_trust_list(fresh: Node) -> None:
    with Admission(fresh.parties, 1) as admission:
        documents = records(fresh.world, 20)
        future = admission.submit(documents, now=NOW, wanted=None)
        assert codes(future.result(30).found) == {"good"}
        fresh.parties.believe(fresh.world.trust(authorities=[fresh.world.xb.authority()]))
        assert codes(admission.found(future)) == {"key-unknown"}
        assert codes(admission.submit(documents, now=NOW, wanted=None).result(30).found) == {"key-unknown"}


def test_a_party_that_is_enrolled_later_is_known_to_a_worker_that_asked_before(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node, Admission(node.parties, 1) as admission:
        documents = records(node.world, 20)
        assert codes(found(admission, documents)) == {"key-unknown"}
        node.enrol_exporter()
        assert codes(found(admission, documents)) == {"good"}


def test_in_one_stream_nothing_after_a_revocation_is_registered(fresh: Node) -> None:
    world = fresh.world
    before, after = records(world, 3 * CHUNK, "before"), records(world, 3 * CHUNK, "after")
    revocation = world.xa.revoke(world.exporter, "#2026", START + 55).encoded
    with Admission(fresh.parties, WORKERS) as admission:
        answers = stream(fresh, [*before, revocation, *after], admission)
    assert codes(answers[: len(before) + 1]) == {"good"}
    assert codes(answers[len(before) + 1 :]) == {"key-revoked"}


def test_once_a_revocation_is_answered_no_other_stream_registers_under_the_key(fresh: Node) -> None:
    world = fresh.world
    documents = records(world, 8 * CHUNK)

    def revoking() -> Iterator[bytes]:
        for at, document in enumerate(documents):
            if at == 6 * CHUNK:
                fresh.register(world.xa.revoke(world.exporter, "#2026", START + 55))
            yield document

    with Admission(fresh.parties, WORKERS) as admission:
        answers = stream(fresh, revoking(), admission)  # type: ignore[arg-type]
    assert codes(answers[:CHUNK]) == {"good"}
    # Chunks that were being judged when the revocation was answered are judged again.
    assert codes(answers[6 * CHUNK - AHEAD * CHUNK :]) == {"key-revoked"}


def test_changes_are_told_since_a_state_and_all_of_them_when_it_is_too_old(fresh: Node) -> None:
    parties = fresh.parties
    assert parties.changed_since(-1)[1] is None
    state = parties.state
    assert parties.changed_since(state) == (state, frozenset())
    for did in ("did:web:a", "did:web:b", "did:web:a"):
        parties.forget(did)
    assert parties.changed_since(state) == (state + 3, {"did:web:a", "did:web:b"})
    assert parties.changed_since(state + 2) == (state + 3, {"did:web:a"})
    parties.believe(parties.trust)
    assert parties.changed_since(state + 3)[1] is None
    state = parties.state
    for number in range(REMEMBERED):
        parties.forget(f"did:web:{number}")
    assert len(parties.changed_since(state)[1] or ()) == REMEMBERED
    parties.forget("did:web:more")
    assert parties.changed_since(state)[1] is None


def test_a_key_of_another_suite_is_judged_alike(node: Node, working: Admission) -> None:
    private = PrivateKey("ecdsa-jcs-2019", key("p256 party", "ecdsa-jcs-2019").secret)
    party = "did:web:p256.example.xa"
    node.register(node.world.xa.enrol(party, ["exporter"], [("#2026", private)]))
    subject = dict(node.world.record().subject, exporter={
        "did": party, "id": "TEST000C76DC31B85900", "jurisdiction": "XA", "scheme": "LEI",
    })  # fmt: skip
    documents = [
        make("TransferRecord", subject, party, "#2026", private, START + 10, name=f"p256 {at}").encoded
        for at in range(20)
    ]
    assert codes(found(working, documents)) == {"good"}
    assert EDDSA not in documents[0].decode()

"""The intake: everybody's turn, who is refused when too much waits, and what becomes of each statement."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from ledger.core.statement import Statement
from ledger.errors import LedgerError, StoreError
from ledger.services.admission.batches import Admission, Batch
from ledger.services.registration.intake import Intake, Turn
from ledger.services.registration.register import Answer, Registration, register_many
from ledger.services.registration.waiting import BusyError
from tests.services.nodes import NOW, Node, running
from tests.simulator import START, key, make


class Gate(Admission):
    """An admission that judges nothing while it is shut, and tells what it is given."""

    def __init__(self, node: Node) -> None:
        super().__init__(node.parties)
        self.open = threading.Event()
        self.given: list[list[bytes]] = []

    def submit(self, documents: Any, *, now: int, wanted: str | None) -> "Future[Batch]":
        self.given.append(list(documents))
        self.open.wait(20)
        return super().submit(documents, now=now, wanted=wanted)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with running(tmp_path / "ledger.db") as node:
        node.enrol_exporter()
        yield node


@pytest.fixture
def gate(node: Node) -> Iterator[Gate]:
    with Gate(node) as gate:
        yield gate


@pytest.fixture
def intake(node: Node, gate: Gate) -> Iterator[Intake]:
    """One thread, and room for eight."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.services.registration.intake.FEWEST", 8)
        patch.setattr("ledger.services.registration.intake.MOST", 8)
        with Intake(
            node.parties, node.sequencer, gate, node.checkpoints, clock=lambda: NOW, threads=1
        ) as intake:
            yield intake
            gate.open.set()


def send(
    intake: Intake, statement: Statement | bytes, client: str = "192.0.2.1", wanted: str | None = None
) -> "Future[Any]":
    """The answer, also where it is a refusal at once."""
    answered: Future[Any] = Future()

    def told(found: Answer | Exception) -> None:
        if isinstance(found, Registration):
            answered.set_result(found)
        else:
            answered.set_exception(found)

    data = statement if isinstance(statement, bytes) else statement.encoded
    try:
        intake.register(data, wanted=wanted, client=client, told=told)
    except LedgerError as error:
        answered.set_exception(error)
    return answered


def code(answered: "Future[Any]") -> str:
    with pytest.raises(LedgerError) as refused:
        answered.result(20)
    return refused.value.code


def occupy(intake: Intake, gate: Gate, node: Node) -> None:
    """Have the one thread wait before the gate with nothing of anybody's."""
    send(intake, b"nothing", "198.51.100.1")
    give_up = time.monotonic() + 20
    while not gate.given:
        assert time.monotonic() < give_up
        time.sleep(0.002)


def test_what_comes_meanwhile_is_judged_together_and_answered_each_for_itself(
    node: Node, gate: Gate, intake: Intake
) -> None:
    occupy(intake, gate, node)
    good, bad = node.world.record("good"), b"garbage"
    other = node.world.record("other")
    found = [send(intake, good), send(intake, bad), send(intake, other, wanted="Enrolment")]
    gate.open.set()
    registered = found[0].result(20)
    assert registered == Registration(1, good.digest, good.type, good.id, first=True, checkpoint=2)
    assert [code(one) for one in found[1:]] == ["not-canonical", "statement-type"]
    assert sorted(map(len, gate.given)) == [1, 1, 2]
    assert node.checkpoints.at(2) is not None


def test_a_second_time_it_answers_with_the_first_checkpoint_that_covers_it(
    node: Node, gate: Gate, intake: Intake
) -> None:
    gate.open.set()
    first = node.world.record("first")
    before = send(intake, first).result(20)
    send(intake, node.world.record("second")).result(20)
    again = send(intake, first).result(20)
    assert (again.index, again.first, again.checkpoint) == (before.index, False, before.checkpoint)


def test_the_same_bytes_while_they_wait_are_one(node: Node, gate: Gate, intake: Intake) -> None:
    occupy(intake, gate, node)
    record = node.world.record()
    found = [send(intake, record) for _ in range(50)]
    other = [send(intake, record, wanted="TransferRecord"), send(intake, record, "192.0.2.9")]
    gate.open.set()
    assert sorted(one.result(20).first for one in [*found, *other]) == [False] * 51 + [True]
    assert sum(data == record.encoded for batch in gate.given for data in batch) == 3
    assert node.log.head.size == 2
    assert (intake._unanswered, intake._bytes) == ({}, 0)


def test_who_sends_too_much_is_refused_and_nobody_else(node: Node, gate: Gate, intake: Intake) -> None:
    occupy(intake, gate, node)
    noisy = [send(intake, b"noise %d" % number) for number in range(30)]
    assert [one.done() for one in noisy] == [False] * 8 + [True] * 22
    quiet = [send(intake, b"quiet %d" % number, "192.0.2.2") for number in range(3)]
    assert not any(one.done() for one in quiet)
    assert [code(one) for one in noisy[5:]] == ["too-many-requests"] * 25
    gate.open.set()
    assert {code(one) for one in [*quiet, *noisy[:5]]} == {"not-canonical"}
    # His turn came before most of what waited longer.
    assert gate.given[1].index(b"quiet 2") < 7


def test_where_many_send_a_little_the_node_is_full(node: Node, gate: Gate, intake: Intake) -> None:
    occupy(intake, gate, node)
    found = [send(intake, b"one of %d" % number, f"192.0.2.{number}") for number in range(12)]
    assert [code(one) for one in found[8:]] == ["overloaded"] * 4
    with pytest.raises(BusyError) as refused:
        found[-1].result()
    assert refused.value.retry_after >= 1


def test_the_time_to_come_again_grows_with_what_is_refused(node: Node, gate: Gate, intake: Intake) -> None:
    intake._seconds = 0.5  # two a second
    occupy(intake, gate, node)
    for number in range(20):
        answered = send(intake, b"noise %d" % number)
    with pytest.raises(BusyError) as refused:
        answered.result()
    # Eight wait, and twelve were refused, which come again before.
    assert 9 <= refused.value.retry_after <= 10


def test_a_key_has_a_line_of_its_own_once_a_statement_of_it_was_registered(
    node: Node, gate: Gate, intake: Intake
) -> None:
    gate.open.set()
    send(intake, node.world.record("known"), "192.0.2.1").result(20)
    gate.open.clear()
    gate.given.clear()
    occupy(intake, gate, node)
    noise = [send(intake, b'{"issuer":"did:web:stranger.example.xa"} %d' % number) for number in range(10)]
    own = send(intake, node.world.record("more"), "192.0.2.1")
    assert not own.done()
    assert code(noise[7]) == "too-many-requests"
    # From elsewhere the same claim is counted with all else that comes from there.
    elsewhere = [send(intake, b"noise %d" % number, "192.0.2.66") for number in range(10)]
    elsewhere.append(send(intake, node.world.record("elsewhere"), "192.0.2.66"))
    assert elsewhere[-1].done()
    gate.open.set()
    assert own.result(20).first


def forged(node: Node) -> Statement:
    """A record that claims to be the exporter's."""
    subject = node.world.record().subject
    return make(
        "TransferRecord", subject, node.world.exporter, "#2026", key("importer"), START + 10, name="forged"
    )


def test_neither_a_claim_nor_somebodys_old_statement_gives_anybody_a_line(
    node: Node, gate: Gate, intake: Intake
) -> None:
    gate.open.set()
    record = node.world.record("public")
    send(intake, record, "192.0.2.1").result(20)
    send(intake, record, "192.0.2.66").result(20)
    assert ("192.0.2.1", node.world.exporter) in intake._known
    assert ("192.0.2.66", node.world.exporter) not in intake._known
    assert code(send(intake, forged(node), "192.0.2.1")) == "signature-invalid"
    assert ("192.0.2.1", node.world.exporter) not in intake._known


def test_a_stream_takes_its_turn_and_is_never_refused(node: Node, gate: Gate, intake: Intake) -> None:
    occupy(intake, gate, node)
    records = [node.world.record(f"streamed-{number}").encoded for number in range(450)]
    answers: list[Answer] = []

    def stream() -> None:
        answers.extend(
            register_many(
                records,
                parties=node.parties,
                sequencer=node.sequencer,
                clock=lambda: NOW,
                admission=Turn(intake, "192.0.2.1"),
            )
        )

    thread = threading.Thread(target=stream)
    thread.start()
    give_up = time.monotonic() + 20
    while intake._turns.first() is None:
        assert time.monotonic() < give_up
        time.sleep(0.002)
    single = send(intake, b"single", "192.0.2.2")
    gate.open.set()
    assert code(single) == "not-canonical"
    thread.join(60)
    assert all(isinstance(one, Registration) and one.first for one in answers)
    assert len(answers) == 450
    assert gate.given[1] == [b"single"]


def test_more_bytes_than_may_wait_are_refused(
    node: Node, gate: Gate, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.services.registration.intake.MOST_BYTES", 100_000)
    occupy(intake, gate, node)
    assert not send(intake, b"x" * 90_000).done()
    assert code(send(intake, b"y" * 20_000)) == "overloaded"


def test_in_the_place_of_a_small_one_no_large_one_passes_the_bytes_that_may_wait(
    gate: Gate, intake: Intake, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    occupy(intake, gate, node)
    small = [send(intake, b"%d" % at, client="192.0.2.7") for at in range(8)]
    monkeypatch.setattr("ledger.services.registration.intake.MOST_BYTES", intake._bytes + 1_000)
    assert code(send(intake, b"x" * 1_100, client="192.0.2.8")) == "overloaded"
    assert not any(one.done() for one in small)
    taken = send(intake, b"x" * 900, client="192.0.2.8")
    assert not taken.done()
    assert [one.done() for one in small] == [False] * 7 + [True]


def test_an_error_of_the_log_reaches_everybody_and_the_intake_lives_on(
    node: Node, gate: Gate, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> object:
        raise StoreError("the disk is full", code="store-full")

    gate.open.set()
    with monkeypatch.context() as broken:
        broken.setattr(node.sequencer, "submit", full)
        assert code(send(intake, node.world.record("disk"))) == "store-full"
        broken.setattr(node.parties, "of", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            send(intake, node.world.record("fault")).result(20)
    assert send(intake, node.world.record("disk")).result(20).first


def test_closing_refuses_what_waits_and_what_comes(node: Node, gate: Gate) -> None:
    intake = Intake(node.parties, node.sequencer, gate, node.checkpoints, clock=lambda: NOW, threads=1)
    occupy(intake, gate, node)
    single = send(intake, node.world.record("waits"))
    chunk = Turn(intake, "192.0.2.1").submit([b"x"], now=NOW, wanted=None)
    closing = threading.Thread(target=intake.close)
    closing.start()
    time.sleep(0.05)
    gate.open.set()
    closing.join(20)
    assert code(single) == code(chunk) == code(send(intake, b"late")) == "sequencer-closed"
    with pytest.raises(StoreError):
        Turn(intake, "192.0.2.1").submit([b"x"], now=NOW, wanted=None)

"""Receipts and bare statements: what they show, and what they leave open."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.note import Note, NoteSignature, encode_note
from ledger.core.receipt import Receipt, encode_receipt
from ledger.verify.report import STEPS, Report
from ledger.verify.single import verify_receipt_file, verify_statement_file
from tests.simulator import NOW, START, World, key, make, world
from tests.trees import tree_path
from tests.verify.attacking import QUORUM, WITNESSES, cosigned, witness


def receipt_of(made: World, **changes: Any) -> bytes:
    index = made.xa.entries.index(made.subject.digest)
    path = tuple(tree_path(index, made.xa.leaves))
    receipt = Receipt(index, path, made.xa.checkpoint(), made.subject.digest)
    return encode_receipt(replace(receipt, **changes) if changes else receipt)


def told(report: Report) -> dict[int, str]:
    return {step: report.step(step).outcome for step in (1, 3, 4, 5)}


def test_a_receipt_shows_inclusion_and_the_logs_signatures_and_no_more() -> None:
    made = world()
    report = verify_receipt_file(receipt_of(made), made.trust(), now=NOW)
    assert (report.verdict, report.subject) == ("verified", made.subject.digest)
    assert [step for step in STEPS if report.step(step).outcome == "passed"] == [1, 4, 5]


@pytest.mark.parametrize("extra", [None, b"somebody else's words", bytes(64)])
def test_a_receipt_without_the_entry_needs_its_statement(extra: bytes | None) -> None:
    made = world()
    data = receipt_of(made, extra=extra)
    alone = verify_receipt_file(data, made.trust(), now=NOW)
    assert (alone.step(4).outcome, alone.step(4).code) == ("absent", "entry-missing")
    assert (alone.verdict, alone.subject) == ("not verified", None)
    report = verify_receipt_file(data, made.trust(), statement=made.subject.encoded, now=NOW)
    assert report.verdict == "verified", report.checks


def test_a_receipt_of_another_statement_fails() -> None:
    made = world()
    report = verify_receipt_file(receipt_of(made), made.trust(), statement=made.ack.encoded, now=NOW)
    assert (report.step(4).outcome, report.step(4).code) == ("failed", "receipt-of-another")
    bare = receipt_of(made, extra=None)
    report = verify_receipt_file(bare, made.trust(), statement=made.ack.encoded, now=NOW)
    assert (report.step(4).outcome, report.step(4).code) == ("failed", "proof-invalid")


def test_a_receipt_is_held_to_the_quorum_of_the_statements_type() -> None:
    made = world()
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    trust = made.trust(require=QUORUM, witnesses=listed)
    bare = receipt_of(made)
    for statement in (made.subject.encoded, None):
        report = verify_receipt_file(bare, trust, statement=statement, now=NOW)
        assert (report.step(5).outcome, report.step(5).code) == ("failed", "quorum-missing")
        assert report.step(4).outcome == "absent"
    lines = [("witness-c", START + 200), ("witness-d", START + 150)]
    note = cosigned(made, {"checkpoint": made.xa.checkpoint().decode()}, lines)["checkpoint"].encode()
    report = verify_receipt_file(receipt_of(made, checkpoint=note), trust, now=NOW)
    assert report.verdict == "verified"
    assert "2 of 2 organisations (2 required)" in report.step(5).detail


def test_a_known_witness_whose_line_is_wrong_fails_a_receipt_too() -> None:
    made = world()
    note = cosigned(made, {"checkpoint": made.xa.checkpoint().decode()}, [("witness-c", START + 200)])[
        "checkpoint"
    ]
    signed = parse_checkpoint(note.encode())
    last = signed.note.signatures[-1]
    bent = NoteSignature(last.name, last.key_id, last.payload[:-1] + bytes([last.payload[-1] ^ 1]))
    data = receipt_of(
        made, checkpoint=encode_note(Note(signed.note.text, (*signed.note.signatures[:-1], bent)))
    )
    trust = made.trust(witnesses=[witness("witness-c", "did:web:org-c.example")[0]])
    report = verify_receipt_file(data, trust, now=NOW)
    assert (report.step(5).outcome, report.step(5).code) == ("failed", "line-invalid")
    unknowing = verify_receipt_file(data, made.trust(), now=NOW)
    assert unknowing.verdict == "verified"
    assert any("witness-c" in passed_over for passed_over in unknowing.not_counted)


def test_no_changed_byte_of_a_receipt_survives() -> None:
    made = world()
    data, trust = receipt_of(made), made.trust()
    for position in range(0, len(data), 7):
        changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        assert verify_receipt_file(changed, trust, now=NOW).verdict != "verified", position


def test_a_receipt_of_a_log_that_is_not_listed_is_absent() -> None:
    made = world()
    report = verify_receipt_file(receipt_of(made), made.trust(logs=[made.xb.trusted_log()]), now=NOW)
    assert told(report) == {1: "passed", 3: "absent", 4: "absent", 5: "absent"}
    assert report.verdict == "not verified"


def test_a_status_of_today_that_is_asked_for_is_not_forgotten() -> None:
    made = world()
    report = verify_receipt_file(receipt_of(made), made.trust(), now=NOW, require_now=True)
    assert report.missing == ("now: not checked",)
    alone = verify_statement_file(made.subject.encoded, made.trust(), now=NOW, require_now=True)
    assert "now: not checked" in alone.missing


def test_a_bare_statement_shows_its_form_only() -> None:
    made = world()
    report = verify_statement_file(made.subject.encoded, made.trust(), now=NOW)
    assert told(report) == {1: "passed", 3: "absent", 4: "absent", 5: "absent"}
    assert report.required == (1, 3, 4, 5, 6, 7, 9)
    assert report.verdict == "not verified"
    assert verify_statement_file(b"{}", made.trust(), now=NOW).step(1).outcome == "failed"


def test_a_type_that_the_list_says_nothing_of_cannot_be_finished_alone_either() -> None:
    made = world()
    report = verify_statement_file(made.exporter_enrolment.encoded, made.trust(), now=NOW)
    assert (report.verdict, report.unfinished) == (
        "could not finish",
        ("trust list requires nothing for Enrolment",),
    )
    later = make(
        "LaterStatement", {"a": "b"}, made.xa.registrar, "#1", key("XA registrar"), START, name="later"
    )
    report = verify_statement_file(later.encoded, made.trust(), now=NOW)
    assert (report.verdict, report.step(1).outcome) == ("could not finish", "absent")
    report = verify_receipt_file(receipt_of(made, extra=None), made.trust(), statement=later.encoded, now=NOW)
    assert (report.verdict, report.step(1).outcome) == ("could not finish", "absent")

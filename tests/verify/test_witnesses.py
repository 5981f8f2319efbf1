"""Cosignatures that do not count, or do not verify; one attack a test."""

import pytest

from ledger.core.checkpoint import cosign, parse_checkpoint
from ledger.core.note import Note, NoteSignature, encode_note
from ledger.verify.text import render
from tests.simulator import NOW, START, key, world
from tests.verify.attacking import judge, with_witnesses, witness


def test_two_organisations_prove_the_time() -> None:
    report = with_witnesses(world(), [("witness-c", START + 200), ("witness-d", START + 150)])
    assert report.verdict == "verified", render(report)
    assert {(dated.proven, dated.grade) for dated in report.statements} == {(START + 200, "witnessed")}
    assert report.statements[0].by == ("did:web:org-d.example", "did:web:org-c.example")


def test_two_keys_of_one_organisation_count_once() -> None:
    report = with_witnesses(world(), [("witness-c", START + 200), ("witness-c2", START + 150)])
    assert (report.step(5).outcome, report.step(5).code) == ("failed", "quorum-missing")


def test_the_operators_own_witness_does_not_count() -> None:
    made = world()
    listed = [witness("witness-c", "did:web:org-c.example")[0], witness("witness-op", made.xa.operator)[0]]
    report = with_witnesses(made, [("witness-c", START + 200), ("witness-op", START + 150)], witnesses=listed)
    assert (report.step(5).outcome, report.step(5).code) == ("failed", "quorum-missing")
    assert any("operator" in told for told in report.not_counted)


@pytest.mark.parametrize("time", [0, NOW + 301])
def test_a_witness_time_of_zero_or_of_the_future_counts_for_nothing(time: int) -> None:
    report = with_witnesses(world(), [("witness-c", START + 200), ("witness-d", time)])
    assert (report.step(5).outcome, report.step(5).code) == ("failed", "quorum-missing")


def test_a_known_witness_whose_line_is_wrong_fails_the_step() -> None:
    made = world()
    sections = made.sections()
    theirs = parse_checkpoint(made.xb.checkpoint().replace(b"\r", b""))
    line = cosign(theirs, "witness-c", key("witness-c"), START + 200)
    own = parse_checkpoint(sections[0]["checkpoint"].encode())
    sections[0]["checkpoint"] = encode_note(Note(own.note.text, (*own.note.signatures, line))).decode()
    report = judge(made, sections, witnesses=[witness("witness-c", "did:web:org-c.example")[0]])
    assert report.step(5).outcome == "failed"


def test_a_known_witness_that_stands_twice_fails_the_step() -> None:
    report = with_witnesses(
        world(), [("witness-c", START + 200), ("witness-d", START + 150), ("witness-c", START + 201)]
    )
    assert (report.step(5).outcome, report.step(5).code) == ("failed", "line-twice")


def test_a_line_of_an_unknown_key_changes_nothing_and_is_listed() -> None:
    made = world()
    sections = made.sections()
    own = parse_checkpoint(sections[0]["checkpoint"].encode())
    line = NoteSignature("stranger.example", b"\1\2\3\4", b"anything")
    sections[0]["checkpoint"] = encode_note(Note(own.note.text, (*own.note.signatures, line))).decode()
    report = judge(made, sections)
    assert report.verdict == "verified"
    assert any("stranger.example" in told for told in report.not_counted)


def test_a_witness_whose_clock_is_300_seconds_ahead_still_counts() -> None:
    report = with_witnesses(world(), [("witness-c", START + 200), ("witness-d", NOW + 300)])
    assert report.verdict == "verified", render(report)
    assert {dated.proven for dated in report.statements} == {NOW + 300}

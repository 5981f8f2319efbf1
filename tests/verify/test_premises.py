"""What could not be checked is `absent`: never `passed`, never worded as wrong; and the reader is told why."""

import json
from typing import Any

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.note import Note, NoteSignature, encode_note
from ledger.core.secp256k1 import address_of
from ledger.core.times import LATEST
from ledger.verify.text import render
from ledger.verify.verifier import verify_bundle
from tests.simulator import DAY, NOW, START, hexed, key, make, seed, world
from tests.trees import tree_consistency
from tests.verify.attacking import QUORUM, WITNESSES, cosigned, judge, rebuilt, witness


def with_line(note: str, line: NoteSignature) -> str:
    signed = parse_checkpoint(note.encode())
    return encode_note(Note(signed.note.text, (*signed.note.signatures, line))).decode()


def test_a_section_after_one_that_does_not_hold_is_absent_and_not_failed() -> None:
    made = world()
    first = made.xa.section([("enrolment", made.exporter_enrolment)])
    size = len(made.xa.entries)
    made.filler()
    made.xa.anchor()
    second = made.xa.section([("subject", made.subject)])
    second["extends"] = [one.hex() for one in tree_consistency(size, made.xa.leaves)]
    lines = first["checkpoint"].splitlines(keepends=True)
    first["checkpoint"] = "".join(line for place, line in enumerate(lines) if place != 4)
    theirs = made.xb.section([("acknowledgement", made.ack), ("enrolment", made.importer_enrolment)], size)
    report = judge(made, [first, second, theirs])
    told = {check.section: (check.outcome, check.code) for check in report.checks if check.step == 5}
    assert told[0] == ("failed", "line-missing")
    assert told[1] == ("absent", "premise-failed")
    assert {check.outcome for check in report.checks if check.step == 4 and check.section == 1} == {"absent"}
    assert report.verdict == "not verified"


def test_an_enrolment_in_a_log_that_is_not_listed_leaves_authorship_unknown() -> None:
    made = world()
    made.xa.origin = "registry.example.xa/XA/2025"
    old = made.xa.section([("enrolment", made.exporter_enrolment)], anchors=[])
    made.xa.origin = "registry.example.xa/XA/2026"
    mine = made.xa.section([("subject", made.subject)])
    report = judge(made, [old, mine, made.sections()[1]])
    assert report.step(5).code == "log-unknown"
    assert (report.step(3).outcome, report.step(3).code) == ("absent", "premise-failed")
    assert all(check.outcome != "failed" for check in report.checks)
    assert report.verdict == "not verified"


def test_an_enrolment_elsewhere_excuses_no_registrar_that_the_list_does_not_name() -> None:
    made = world()
    impostor = "did:web:impostor.example.xa"
    made.xb.add(abroad := made.xb.enrol(impostor, ["exporter"], [("#1", key("impostor"))]))
    forged = made.xa.add(
        made.xa.enrol(
            made.exporter,
            ["exporter"],
            [("#2026", key("exporter"))],
            registrar=impostor,
            signing=key("impostor"),
            created=START + 1,
        )
    )
    xa = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("enrolment", forged)]
    xb = [("acknowledgement", made.ack), ("enrolment", made.importer_enrolment), ("enrolment", abroad)]
    sections = rebuilt(made, xa, xb)
    for ordered in (sections, sections[::-1]):
        report = judge(made, ordered, logs=[made.xa.trusted_log()])
        assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-unknown")


def test_a_type_of_a_later_version_is_not_called_malformed() -> None:
    made = world()
    subject = {"party": "did:web:body.example.xa", "scheme": "urn:x"}
    later = make("LaterStatement", subject, made.xa.registrar, "#1", key("XA registrar"), START, name="later")
    made.subject = made.xa.add(later)
    items = [("subject", later), ("enrolment", made.exporter_enrolment)]
    report = judge(made, rebuilt(made, items))
    assert (report.verdict, report.exit_status) == ("could not finish", 3)
    assert (report.step(1).outcome, report.step(1).code) == ("absent", "statement-type")
    assert report.unfinished == ("there is no type of statement LaterStatement in this version",)


def test_the_parties_step_rests_on_the_record_being_signed_and_logged() -> None:
    made = world()
    sections = made.sections()
    sections[0]["items"] = [item for item in sections[0]["items"] if item["role"] != "enrolment"]
    report = judge(made, sections)
    assert (report.step(9).outcome, report.step(9).code) == ("absent", "premise-failed")
    sections = made.sections()
    sections[0]["items"][0]["index"] += 1
    report = judge(made, sections)
    assert (report.step(9).outcome, report.step(9).code) == ("absent", "premise-failed")


def test_an_earlier_record_that_is_not_logged_closes_no_gap() -> None:
    made = world()
    earlier = made.xa.add(made.record("earlier"))
    made.subject = made.xa.add(
        made.record("later", parents=[{"digest": earlier.digest.hex(), "rel": "derivedFrom"}])
    )
    made.ack = made.xb.add(made.acknowledgement(made.subject))
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("parent", earlier)]
    sections = rebuilt(made, items)
    assert judge(made, sections).step(9).outcome == "passed"
    sections[0]["items"][2]["index"] += 1
    assert (judge(made, sections).step(9).outcome) == "absent"
    without = rebuilt(made, items[:2])
    assert (judge(made, without).step(9).outcome, judge(made, without).step(9).code) == (
        "absent",
        "custody-gap",
    )


def test_a_section_that_does_not_stand_dates_nothing() -> None:
    made = world()
    sections = made.sections()
    sections[0]["items"][0]["path"][0] = bytes(32).hex()
    report = judge(made, sections)
    assert report.step(4).outcome == "failed"
    assert {dated.operator for dated in report.statements if dated.issuer != made.importer} >= {None}
    assert next(dated for dated in report.statements if dated.role == "subject").operator is None


def test_a_key_revoked_after_the_proven_time_is_printed() -> None:
    made = world()
    revocation = made.xa.add(made.xa.revoke(made.exporter, "#2026", at=START + 5_000))
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("keyRevocation", revocation)]
    lines = [("witness-c", START + 200), ("witness-d", START + 150)]
    sections = [cosigned(made, section, lines) for section in rebuilt(made, items)]
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    authority = made.xa.authority()
    authority["keys"][0]["revoked"] = {"at": "2026-11-23T00:00:00Z", "reason": "superseded"}
    report = judge(
        made, sections, witnesses=listed, require=QUORUM, authorities=[authority, made.xb.authority()]
    )
    assert report.verdict == "verified", render(report)
    told = " ".join(report.notices)
    assert f"{made.exporter}#2026 is revoked from 2026-11-22T01:23:20Z" in told
    assert f"{made.xa.registrar}#1 is revoked from 2026-11-23T00:00:00Z" in told


def test_a_line_of_the_report_cannot_be_made_up_by_a_bundle() -> None:
    made = world()
    forged = "\npassed  3 authorship\x1b[2J\nVERIFIED  required: 1 3 4 5 6 7 9 (yours)"
    for place in ("origin", "chain"):
        sections = made.sections()
        if place == "origin":
            sections[0]["origin"] += forged
        else:
            sections[0]["anchors"][0]["chain"] += forged
        report = judge(made, sections)
        text = render(report)
        assert report.step(1).outcome == "failed"
        assert all(line.isprintable() for line in text.splitlines())
        assert not any(line.startswith("VERIFIED") for line in text.splitlines())


def test_whatever_a_report_says_its_text_keeps_to_its_lines() -> None:
    report = verify_bundle(b'{"a\\nVERIFIED":1}', world().trust(), now=NOW)
    assert not any(
        line.startswith("VERIFIED") for line in render(report, trust_name="x\nVERIFIED").splitlines()
    )


def test_a_block_time_beyond_the_calendar_fails_the_anchor_and_never_raises() -> None:
    made = world()
    sections = made.sections()
    sections[0]["anchors"] = [made.xa.anchor_part(len(made.xa.entries), time=LATEST + 1)]
    report = judge(made, sections)
    assert (report.step(6).outcome, report.step(6).code) == ("failed", "time-malformed")
    sections[0]["anchors"] = [made.xa.anchor_part(len(made.xa.entries), time=2**64 - 1)]
    assert judge(made, sections).step(6).outcome == "failed"
    sections[0]["anchors"] = [made.xa.anchor_part(len(made.xa.entries), time=LATEST)]
    assert judge(made, sections).step(6).outcome == "passed"


def test_a_slot_that_was_never_written_is_no_root() -> None:
    made = world()
    size = len(made.xa.entries)
    log = made.xa.trusted_log()
    made.xa.head_name = "XA head 2"
    made.filler()
    made.xa.anchor()
    sections = rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)])
    start = {"size": size, "root": bytes(32).hex(), "last": size - 1}

    log["headKeys"].append({"address": hexed(address_of(seed("XA head 2"))), "from": start})
    sections[0]["anchors"][0]["start"] = made.xa.start_proof(size)
    report = judge(made, sections, logs=[log, made.xb.trusted_log()])
    assert (report.step(6).outcome, report.step(6).code) == ("failed", "not-anchored")


def anchored_by_another_note(made: Any, line: NoteSignature) -> list[dict[str, Any]]:
    sections = made.sections()
    part = sections[0]["anchors"][0]
    sections[0]["anchors"] = [{**part, "checkpoint": with_line(made.xa.checkpoint().decode(), line)}]
    return sections


def test_a_known_witness_whose_line_is_wrong_on_the_anchored_note_fails_the_anchor() -> None:
    made = world()
    true = parse_checkpoint(
        cosigned(made, made.sections()[0], [("witness-c", START + 5)])["checkpoint"].encode()
    )
    line = true.note.signatures[-1]
    listed = [witness("witness-c", "did:web:org-c.example")[0]]
    assert judge(made, anchored_by_another_note(made, line), witnesses=listed).verdict == "verified"
    bent = NoteSignature(line.name, line.key_id, line.payload[:-1] + bytes([line.payload[-1] ^ 1]))
    report = judge(made, anchored_by_another_note(made, bent), witnesses=listed)
    assert (report.step(6).outcome, report.step(6).code) == ("failed", "line-invalid")


def test_a_line_of_an_unknown_key_on_the_anchored_note_is_listed() -> None:
    made = world()
    line = NoteSignature("stranger.example", b"\1\2\3\4", b"anything")
    report = judge(made, anchored_by_another_note(made, line))
    assert report.verdict == "verified"
    assert any("stranger.example" in told for told in report.not_counted)


def test_the_members_of_the_report_are_stable() -> None:
    made = world()
    told = verify_bundle(made.bundle(), made.trust(), now=NOW, at=START + DAY).to_json()
    assert json.loads(json.dumps(told)) == told
    assert list(told) == [
        "format", "verdict", "subject", "type", "steps", "checks", "required", "missing", "unfinished", "statements",
        "trust", "checkedAt", "at", "statusNow", "recognition", "rules", "notCounted", "notices", "notChecked",
    ]  # fmt: skip
    first: Any = told["steps"][0]  # type: ignore[index]
    assert list(first) == ["step", "name", "outcome", "code", "detail"]
    dated: Any = told["statements"][0]  # type: ignore[index]
    assert list(dated) == ["digest", "role", "type", "issuer", "claimed", "proven", "operatorTime"]
    assert list(dated["proven"]) == ["notAfter", "by", "grade"]
    assert list(told["trust"]) == ["publisher", "version", "listHash"]  # type: ignore[arg-type]
    junk = verify_bundle(b"", made.trust(), now=NOW).to_json()
    assert list(junk) == list(told)


def test_a_pointer_of_any_length_is_cut_to_a_line() -> None:
    report = verify_bundle(b'{"' + b"a" * 5_000 + b'":null}', world().trust(), now=NOW)
    assert len(report.step(1).pointer or "") > 5_000
    assert max(map(len, render(report).splitlines())) < 500


def test_witnesses_prove_no_time_of_what_does_not_stand() -> None:
    made = world()
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    lines = [("witness-c", START + 200), ("witness-d", START + 150)]
    sections = [cosigned(made, section, lines) for section in made.sections()]
    sections[0]["items"][0]["path"][0] = bytes(32).hex()
    report = judge(made, sections, witnesses=listed, require=QUORUM)
    dated = {one.role: one.proven for one in report.statements}
    assert (dated["subject"], dated["acknowledgement"]) == (None, START + 200)


def test_a_good_signature_on_what_is_not_in_its_log_is_absent() -> None:
    made = world()
    sections = made.sections()
    sections[1]["items"][0]["path"][0] = bytes(32).hex()
    report = judge(made, sections)
    assert (report.step(3).outcome, report.step(3).code) == ("absent", "premise-failed")


def test_a_list_is_stale_from_the_second_it_asked_to_be_renewed_by() -> None:
    made = world()
    end = START + 30 * DAY
    assert judge(made, now=end - 1).status_now == "not checked"
    assert judge(made, now=end).status_now == "not checked (trust-list-stale)"

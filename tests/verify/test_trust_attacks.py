"""What a dishonest registrar, key holder, operator or witness may try; one attack a test."""

import json
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.checkpoint import cosign, parse_checkpoint
from ledger.core.note import Note, NoteSignature, encode_note, encode_vkey, make_vkey
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.verify.report import Report
from ledger.verify.text import render
from ledger.verify.verifier import verify_bundle
from tests.simulator import DAY, NOW, START, World, hexed, key, make, seed, world
from ledger.core.secp256k1 import address_of


def judge(
    made: World, sections: list[dict[str, Any]] | None = None, *, now: int = NOW, **trust: Any
) -> Report:
    return verify_bundle(made.bundle(sections), made.trust(**trust), now=now)


def rebuilt(
    made: World, xa: list[tuple[str, Statement]], xb: list[tuple[str, Statement]] | None = None
) -> list[dict[str, Any]]:
    """Sections after a test added entries: both logs are anchored again as they now stand."""
    made.xa.anchor()
    made.xb.anchor()
    theirs = xb if xb is not None else [("acknowledgement", made.ack), ("enrolment", made.importer_enrolment)]
    return [made.xa.section(xa), made.xb.section(theirs)]


# Enrolment


def test_another_jurisdictions_registrar_cannot_enrol_a_party_here() -> None:
    made = world()
    forged = made.xb.enrol(
        made.exporter, ["exporter"], [("#2026", key("exporter"))], subject={"jurisdiction": "XA"}
    )
    made.xa.add(forged)
    report = judge(made, rebuilt(made, [("subject", made.subject), ("enrolment", forged)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "enrolment-jurisdiction")


def test_another_jurisdictions_registrar_cannot_enrol_in_its_own_log_either() -> None:
    made = world()
    forged = made.xb.add(
        made.xb.enrol(
            made.exporter, ["exporter"], [("#2026", key("exporter"))], subject={"jurisdiction": "XA"}
        )
    )
    theirs = [("acknowledgement", made.ack), ("enrolment", made.importer_enrolment), ("enrolment", forged)]
    report = judge(made, rebuilt(made, [("subject", made.subject)], theirs))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "enrolment-jurisdiction")


def test_an_enrolment_elsewhere_does_not_let_a_party_act_here() -> None:
    made = world()
    abroad = made.xb.add(made.xb.enrol(made.exporter, ["exporter"], [("#2026", key("exporter"))]))
    theirs = [("acknowledgement", made.ack), ("enrolment", made.importer_enrolment), ("enrolment", abroad)]
    report = judge(made, rebuilt(made, [("subject", made.subject)], theirs))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-unknown")


def test_a_record_in_another_jurisdictions_log_is_not_the_exporters_act() -> None:
    made = world()
    made.xb.add(made.subject)
    theirs = [
        ("acknowledgement", made.ack),
        ("enrolment", made.importer_enrolment),
        ("subject", made.subject),
    ]
    report = judge(made, rebuilt(made, [("enrolment", made.exporter_enrolment)], theirs))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "log-jurisdiction")


def test_an_enrolment_that_does_not_count_fails_beside_one_that_does() -> None:
    made = world()
    forged = made.xa.add(
        made.xa.enrol(
            made.exporter,
            ["exporter"],
            [("#2026", key("exporter"))],
            signing=key("impostor"),
            created=START + 1,
        )
    )
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("enrolment", forged)]
    report = judge(made, rebuilt(made, items))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "signature-invalid")


def test_a_role_that_was_not_granted_cannot_be_exercised() -> None:
    made = world()
    carrier = made.xa.add(
        made.xa.enrol(made.exporter, ["importer"], [("#2026", key("exporter"))], created=START + 1)
    )
    report = judge(made, rebuilt(made, [("subject", made.subject), ("enrolment", carrier)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "role-missing")


# Dates


def expiring(made: World) -> Statement:
    return made.xa.add(
        made.xa.enrol(
            made.exporter,
            ["exporter"],
            [("#2026", key("exporter"))],
            until=START + 100,
            created=START + 1,
            from_=START,
        )
    )


def test_an_expired_key_cannot_back_date_once_nothing_proves_the_time() -> None:
    made = world()
    short = expiring(made)
    sections = rebuilt(made, [("subject", made.subject), ("enrolment", short)])
    sections[0]["anchors"] = []
    report = judge(made, sections)
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-expired")


def test_an_expired_key_cannot_back_date_into_a_block_after_its_end() -> None:
    made = world()
    short = expiring(made)
    sections = rebuilt(made, [("subject", made.subject), ("enrolment", short)])
    sections[0]["anchors"] = [made.xa.anchor_part(len(made.xa.entries), time=START + 100 + DAY)]
    report = judge(made, sections, now=START + 3 * DAY)
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-expired")
    sections[0]["anchors"] = [made.xa.anchor_part(len(made.xa.entries), time=START + 99 + DAY)]
    assert judge(made, sections, now=START + 3 * DAY).verdict == "verified"


def test_a_signature_may_not_claim_to_be_younger_than_its_block() -> None:
    made = world()
    late = made.xa.add(made.record("late", created=START + 1_000))
    made.subject = late
    made.ack = made.xb.add(made.acknowledgement(late, created=START + 20))
    report = judge(made, rebuilt(made, [("subject", late), ("enrolment", made.exporter_enrolment)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "created-after-proof")


def test_a_signature_before_the_keys_first_day_does_not_count() -> None:
    made = world()
    later = made.xa.add(
        made.xa.enrol(made.exporter, ["exporter"], [("#2026", key("exporter"))], from_=START + 11)
    )
    report = judge(made, rebuilt(made, [("subject", made.subject), ("enrolment", later)]))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-dates")


def test_a_signature_of_the_future_does_not_count() -> None:
    made = world()
    assert judge(made, now=START - 291).step(3).code == "created-in-future"


# Revocation


def revoked(made: World, revocation: Statement, now: int = NOW) -> Report:
    made.xa.add(revocation)
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("keyRevocation", revocation)]
    return judge(made, rebuilt(made, items), now=now)


def test_a_revoked_key_is_not_saved_by_the_operators_own_block() -> None:
    made = world()
    report = revoked(made, made.xa.revoke(made.exporter, "#2026", at=START + 5_000))
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-revoked")


def test_another_jurisdictions_registrar_cannot_revoke_a_key_here() -> None:
    made = world()
    foreign = made.xb.revoke(made.exporter, "#2026", at=START)
    report = revoked(made, foreign)
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "revocation-by-stranger")


def test_a_party_may_revoke_its_key_with_another_and_only_from_then_on() -> None:
    made = world()
    both = [("#2026", key("exporter")), ("#spare", key("exporter spare"))]
    made.exporter_enrolment = made.xa.add(made.xa.enrol(made.exporter, ["exporter"], both, created=START + 2))
    revocation = made.xa.revoke(
        made.exporter,
        "#2026",
        at=START + 1,
        issuer=made.exporter,
        signing=key("exporter spare"),
        with_key="#spare",
    )
    report = revoked(made, revocation)
    assert report.step(3).code == "key-revoked"
    assert format_time(NOW) in report.step(3).detail, "without a proven time it takes effect now"


def test_a_partys_revocation_needs_a_key_that_is_enrolled() -> None:
    made = world()
    revocation = made.xa.revoke(
        made.exporter,
        "#2026",
        at=START + 1,
        issuer=made.exporter,
        signing=key("exporter spare"),
        with_key="#spare",
    )
    assert revoked(made, revocation).step(3).code == "key-unknown"


def test_a_revocation_of_a_key_nobody_enrolled_fails() -> None:
    made = world()
    assert (
        revoked(made, made.xa.revoke(made.exporter, "#other", at=START)).step(3).code
        == "revocation-of-unknown-key"
    )


def test_an_authoritys_revoked_key_fails_what_only_the_operator_dates() -> None:
    made = world()
    authority = made.xa.authority()
    authority["keys"][0]["revoked"] = {"at": format_time(START + DAY), "reason": "keyCompromise"}
    report = judge(made, authorities=[authority, made.xb.authority()])
    assert (report.step(3).outcome, report.step(3).code) == ("failed", "key-revoked")


# Witnesses


def witness(name: str, organisation: str) -> tuple[dict[str, Any], bytes]:
    vkey = make_vkey(name, 4, key(name).public.raw)
    return {"vkey": encode_vkey(vkey), "organisation": organisation}, seed(name)


def cosigned(made: World, section: dict[str, Any], lines: list[tuple[str, int]]) -> dict[str, Any]:
    """A section whose checkpoint carries cosignatures of the named witnesses at the given times."""
    signed = parse_checkpoint(section["checkpoint"].encode())
    added = tuple(cosign(signed, name, key(name), time) for name, time in lines)
    note = encode_note(Note(signed.note.text, signed.note.signatures + added))
    return {**section, "checkpoint": note.decode()}


QUORUM = {"TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 9], "quorum": 2, "finality": "operator"}}
WITNESSES = [
    ("witness-c", "did:web:org-c.example"),
    ("witness-d", "did:web:org-d.example"),
    ("witness-c2", "did:web:org-c.example"),
]


def with_witnesses(made: World, lines: list[tuple[str, int]], **trust: Any) -> Report:
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    sections = [cosigned(made, section, lines) for section in made.sections()]
    return judge(made, sections, **{"witnesses": listed, "require": QUORUM, **trust})


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


def test_a_proven_time_saves_what_was_signed_before_the_revocation() -> None:
    made = world()
    lines = [("witness-c", START + 200), ("witness-d", START + 150)]
    revocation = made.xa.add(made.xa.revoke(made.exporter, "#2026", at=START + 5_000, created=START + 50))
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("keyRevocation", revocation)]
    sections = [cosigned(made, section, lines) for section in rebuilt(made, items)]
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    report = judge(made, sections, witnesses=listed, require=QUORUM)
    assert report.verdict == "verified", render(report)
    early = made.xa.add(made.xa.revoke(made.exporter, "#2026", at=START + 199, created=START + 51))
    items[2] = ("keyRevocation", early)
    sections = [cosigned(made, section, lines) for section in rebuilt(made, items)]
    assert judge(made, sections, witnesses=listed, require=QUORUM).step(3).code == "key-revoked"


# Head keys


def moved(made: World, **start: Any) -> dict[str, Any]:
    """XA's log in a trust list after its head key changed at `size`."""
    log = made.xa.trusted_log()
    log["headKeys"].append({"address": hexed(address_of(seed("XA head 2"))), "from": start})
    return log


def test_a_log_goes_on_under_a_new_head_key_from_the_root_that_the_list_names() -> None:
    made = world()
    size, root = len(made.xa.entries), parse_checkpoint(made.xa.checkpoint()).checkpoint.root
    made.xa.head_name = "XA head 2"
    made.xa.anchor()
    made.filler()
    sections = rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)])
    sections[0]["anchors"][0]["start"] = made.xa.start_proof(size)
    logs = [moved(made, size=size, root=root.hex(), last=size - 1), made.xb.trusted_log()]
    report = judge(made, sections, logs=logs)
    assert report.verdict == "verified", render(report)


def test_a_log_rewritten_under_a_new_head_key_is_refused() -> None:
    made = world()
    size, root = len(made.xa.entries), parse_checkpoint(made.xa.checkpoint()).checkpoint.root
    made.xa.head_name = "XA head 2"
    made.xa.entries[0] = bytes(32)  # the rewriting
    made.xa.anchor()
    made.filler()
    sections = rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)])
    logs = [moved(made, size=size, root=root.hex(), last=size - 1), made.xb.trusted_log()]
    without = judge(made, sections, logs=logs)
    assert (without.step(6).outcome, without.step(6).code) == ("failed", "start-missing")
    sections[0]["anchors"][0]["start"] = made.xa.start_proof(size)
    report = judge(made, sections, logs=logs)
    assert (report.step(6).outcome, report.step(6).code) == ("failed", "start-root")


def test_an_old_head_key_counts_only_up_to_its_last_size() -> None:
    made = world()
    size = len(made.xa.entries)
    logs = [moved(made, size=size + 5, root=bytes(32).hex(), last=size - 1), made.xb.trusted_log()]
    report = judge(made, logs=logs)
    assert (report.step(5).outcome, report.step(5).code) == ("failed", "head-key-ended")


def test_a_head_key_of_nobody_is_refused() -> None:
    made = world()
    made.xa.head_name = "XA head of a stranger"
    made.xa.anchor()
    report = judge(made)
    assert report.step(5).outcome == "failed"


# Chain


def test_an_operator_signature_for_another_block_does_not_count() -> None:
    made = world()
    sections = made.sections()
    later = made.xa.anchor_part(len(made.xa.entries), time=START + 111)
    sections[0]["anchors"][0]["finality"] = later["finality"]
    assert (judge(made, sections).step(7).outcome) == "failed"


def test_another_contract_at_the_address_is_refused() -> None:
    made = world()
    chain = {**made.xa.trusted_chain(), "codeHash": hexed(bytes(32))}
    report = judge(made, chains=[chain, made.xb.trusted_chain()])
    assert (report.step(6).outcome, report.step(6).code) == ("failed", "code-hash")


def test_a_rewritten_log_that_the_contract_never_took_is_not_anchored() -> None:
    made = world()
    made.xa.entries[0] = bytes(32)
    sections = made.sections()
    report = judge(made, sections)
    assert report.step(6).outcome == "failed"


def test_a_split_view_at_one_size_is_named() -> None:
    made = world()
    sections = made.sections()
    honest = made.xa.anchor_part(len(made.xa.entries))
    note = made.xa.checkpoint()
    made.xa.entries[0] = bytes(32)
    sections[0] = made.xa.section(
        [("subject", made.subject), ("enrolment", made.exporter_enrolment)], anchors=[]
    )
    sections[0]["anchors"] = [{**honest, "checkpoint": note.decode()}]
    report = judge(made, sections)
    assert (report.step(6).outcome, report.step(6).code) == ("failed", "split-view")


def test_an_anchor_that_ends_before_an_item_does_not_cover_it() -> None:
    made = world()
    made.xa.anchor(4)
    section = made.sections()[0]
    part = made.xa.anchor_part(4)
    section["anchors"] = [{**part, "checkpoint": made.xa.checkpoint(4).decode(), "consistency": []}]
    report = judge(made, [section, made.sections()[1]])
    assert (report.step(6).outcome, report.step(6).code) == ("failed", "anchor-too-small")


# Parties


def test_an_acknowledgement_of_another_record_fails() -> None:
    made = world()
    other = made.acknowledgement(made.record("other"))
    made.xb.add(other)
    theirs = [("acknowledgement", other), ("enrolment", made.importer_enrolment)]
    report = judge(
        made, rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)], theirs)
    )
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "acknowledgement-of-another")


def test_a_rejection_fails_the_parties_step() -> None:
    made = world()
    made.ack = made.xb.add(made.acknowledgement(made.subject, "rejected"))
    report = judge(made, rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)]))
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "transfer-rejected")


def test_somebody_elses_acknowledgement_fails() -> None:
    made = world()
    stranger = "did:web:stranger.example.xb"
    enrolment = made.xb.add(made.xb.enrol(stranger, ["importer"], [("#2026", key("stranger"))]))
    ack = made.xb.add(made.acknowledgement(made.subject, issuer=stranger, signing=key("stranger")))
    theirs = [("acknowledgement", ack), ("enrolment", enrolment)]
    report = judge(
        made, rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)], theirs)
    )
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "acknowledgement-by-another")


def test_an_acknowledgement_outside_the_importers_jurisdiction_fails() -> None:
    made = world()
    made.xa.add(made.ack)
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("acknowledgement", made.ack)]
    report = judge(made, rebuilt(made, items, [("enrolment", made.importer_enrolment)]))
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "acknowledgement-log")


def test_two_acknowledgements_fail() -> None:
    made = world()
    second = made.xb.add(made.acknowledgement(made.subject, "reservation"))
    theirs = [
        ("acknowledgement", made.ack),
        ("acknowledgement", second),
        ("enrolment", made.importer_enrolment),
    ]
    report = judge(
        made, rebuilt(made, [("subject", made.subject), ("enrolment", made.exporter_enrolment)], theirs)
    )
    assert (report.step(9).outcome, report.step(9).code) == ("failed", "acknowledgement-twice")


# Sections


def test_a_later_section_must_extend_the_earlier_one_of_its_log() -> None:
    from tests.trees import tree_consistency

    made = world()
    first = made.xa.section([("enrolment", made.exporter_enrolment)])
    size = len(made.xa.entries)
    made.filler()
    made.xa.anchor()
    second = made.xa.section([("subject", made.subject)])
    extends = [one.hex() for one in tree_consistency(size, made.xa.leaves)]
    theirs = made.xb.section([("acknowledgement", made.ack), ("enrolment", made.importer_enrolment)], size)
    true = [first, {**second, "extends": extends}, theirs]
    assert judge(made, true).verdict == "verified", render(judge(made, true))
    assert judge(made, [first, second, theirs]).step(1).code == "extends-missing"
    assert judge(made, [first, {**second, "extends": extends[:-1]}, theirs]).step(5).code == "proof-invalid"
    backwards = [second, {**first, "extends": extends}, theirs]
    assert judge(made, backwards).step(5).code == "not-ascending"


def test_one_id_for_two_statements_fails_the_format() -> None:
    made = world()
    twin = make(
        "TransferRecord",
        {**json.loads(encode(made.subject.subject)), "flow": "inbound"},
        made.exporter,
        "#2026",
        key("exporter"),
        START + 10,
        name="record",
    )
    made.xa.add(twin)
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("parent", twin)]
    assert judge(made, rebuilt(made, items)).step(1).code == "id-reused"

"""Proofs that a log showed two histories: what proves one, who is named, and that nothing else does."""

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.checkpoint import parse_checkpoint
from ledger.core.note import Note, NoteSignature, encode_note
from ledger.core.secp256k1 import address_of
from ledger.core.trust import TrustList, parse_trust_list
from ledger.errors import LedgerError, MalformedError
from ledger.verify.bundle import kind_of
from ledger.verify.fork import encode_fork, parse_fork
from ledger.verify.fork_report import ForkReport, verify_fork
from ledger.verify.fork_search import find_fork
from tests.blocks import hexed
from tests.campaign import count
from tests.forks import WITNESSES, XA, entries, fork_of, leaf_of, note_of, receipt_of
from tests.simulator import NOW, Jurisdiction, World, seed, world
from tests.verify.attacking import witness
from tests.verify.fork_vectors import FOLDER, changed, without_line

TRUST = World().trust(witnesses=[witness(name, organisation)[0] for name, organisation in WITNESSES])
BOTH = [name for name, _ in WITNESSES]


def judged(data: bytes, trust: TrustList = TRUST) -> ForkReport:
    return verify_fork(data, trust, now=NOW)


def said(data: bytes, trust: TrustList = TRUST) -> tuple[str, str]:
    report = judged(data, trust)
    return report.verdict, report.code


SAME_SIZE = fork_of(entries(9), entries(9, "other"), witnesses=BOTH)
TWO_SIZES = fork_of(entries(9, common=4), entries(13, "other", common=4), 6)
PATHS = json.loads(TWO_SIZES)["paths"]


def test_two_roots_of_one_size_are_a_split_view_and_everybody_who_signed_both_is_named() -> None:
    report = judged(SAME_SIZE)
    assert (report.verdict, report.code, report.exit_status) == ("split view proven", "fork-same-size", 0)
    assert [(one.role, one.type, one.both) for one in report.signers] == [
        ("log", "Ed25519", True),
        ("log", "ML-DSA-44", True),
        ("log", "head key", True),
        ("witness", "Ed25519", True),
        ("witness", "Ed25519", True),
    ]
    assert report.to_json()["signedBoth"] == [XA.operator, "did:web:org-c.example", "did:web:org-d.example"]
    assert report.head_address == address_of(seed("XA head 1"))
    assert report.log_id == XA.log_id
    text = report.render()
    assert "signed  both: the log, operated by did:web:registry.example.xa, head key 0x" in text
    assert "signed  both: witness did:web:org-c.example, Ed25519 witness-c+" in text
    assert text.splitlines()[-1].startswith(
        "SPLIT VIEW PROVEN  registry.example.xa/XA/2026 showed two histories"
    )


def test_one_index_with_two_leaves_under_two_sizes_is_a_split_view() -> None:
    report = judged(TWO_SIZES)
    assert (report.verdict, report.code) == ("split view proven", "fork-leaf")
    assert report.to_json()["index"] == 6


def test_a_witness_of_one_side_is_told_apart_from_one_of_both() -> None:
    a = parse_checkpoint(note_of(entries(5), witnesses=["witness-c"]))
    b = parse_checkpoint(note_of(entries(5, "other"), witnesses=BOTH))
    report = judged(encode_fork(a, b))
    signed = {one.organisation: one.both for one in report.signers if one.role == "witness"}
    assert signed == {"did:web:org-c.example": True, "did:web:org-d.example": False}
    assert report.to_json()["signedBoth"] == [XA.operator, "did:web:org-c.example"]


def test_a_witness_line_that_does_not_verify_names_nobody_and_changes_nothing() -> None:
    a = parse_checkpoint(note_of(entries(5), witnesses=["witness-c"]))
    b = parse_checkpoint(note_of(entries(5, "other"), witnesses=["witness-c"]))
    last = b.note.signatures[-1]
    spoiled = NoteSignature(last.name, last.key_id, last.payload[:-1] + bytes([last.payload[-1] ^ 1]))
    note = encode_note(Note(b.note.text, (*b.note.signatures[:-1], spoiled)))
    report = judged(encode_fork(a, parse_checkpoint(note)))
    assert report.verdict == "split view proven"
    assert [one.both for one in report.signers if one.role == "witness"] == [False]
    assert len(report.not_counted) == 1


def test_two_head_keys_prove_a_split_to_people_and_to_no_contract() -> None:
    log = XA.trusted_log()
    start = {"size": 4, "root": bytes(32).hex(), "last": 3}
    log["headKeys"].append({"address": hexed(address_of(seed("XA head 2"))), "from": start})
    trust = World().trust(logs=[log])
    a = parse_checkpoint(note_of(entries(9)))
    b = parse_checkpoint(note_of(entries(9, "other"), head="XA head 2"))
    report = judged(encode_fork(a, b), trust)
    assert (report.verdict, report.head_address) == ("split view proven", None)
    assert "no contract can judge it" in report.render()


def test_a_log_that_the_trust_list_does_not_name_is_not_finished() -> None:
    report = judged(SAME_SIZE, World().trust(logs=[World().xb.trusted_log()]))
    assert (report.verdict, report.code, report.exit_status) == ("could not finish", "log-unknown", 3)


VECTORS = json.loads((FOLDER / "verdicts.json").read_text("utf-8"))["rows"]


def test_the_vectors_hold_every_verdict_and_every_file() -> None:
    assert {row["verdict"] for row in VECTORS} == {"split view proven", "not proven", "could not finish"}
    assert {f"{row['name']}.fork.json" for row in VECTORS} == {
        path.name for path in FOLDER.glob("*.fork.json")
    }


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: str(row["name"]))
def test_the_verdict_is_that_of_the_vector(row: dict[str, Any]) -> None:
    trust = parse_trust_list((FOLDER / "trust.json").read_bytes())
    data = (FOLDER / f"{row['name']}.fork.json").read_bytes()
    assert said(data, trust) == (row["verdict"], row["code"])


FAULTS: dict[str, tuple[str, bytes]] = {
    "not JSON": ("not-canonical", b'{"a":'),
    "another format": ("format-unknown", changed(SAME_SIZE, format="evidence-fork/2")),
    "an unknown member": ("member-unknown", changed(SAME_SIZE, note="x")),
    "no second note": ("member-missing", changed(SAME_SIZE, b=None)),
    "a note that is none": ("note-malformed", changed(SAME_SIZE, b="x")),
    "an origin that is none": ("member-value", changed(SAME_SIZE, origin="a b")),
    "a note of another log": (
        "fork-origin",
        changed(SAME_SIZE, b=note_of(entries(9), of=Jurisdiction("XB", 31_002)).decode()),
    ),
    "the larger first": ("fork-order", changed(TWO_SIZES, a=json.loads(TWO_SIZES)["b"], b=json.loads(TWO_SIZES)["a"])),
    "one root twice": ("fork-order", changed(SAME_SIZE, b=json.loads(SAME_SIZE)["a"])),
    "two sizes without leaves": ("fork-leaves", changed(TWO_SIZES, index=None, leaves=None, paths=None)),
    "two sizes without a path": ("fork-leaves", changed(TWO_SIZES, paths=None)),
    "one size with leaves": (
        "fork-leaves",
        changed(SAME_SIZE, **{name: json.loads(TWO_SIZES)[name] for name in ("index", "leaves", "paths")}),
    ),
    "one leaf": ("member-value", changed(TWO_SIZES, leaves=json.loads(TWO_SIZES)["leaves"][:1])),
    "three paths": ("member-value", changed(TWO_SIZES, paths=[*PATHS, []])),
    "a path that is none": ("member-value", changed(TWO_SIZES, paths=["", []])),
    "a negative index": ("member-value", changed(TWO_SIZES, index=-1)),
    "the same leaf": ("no-split", changed(TWO_SIZES, leaves=json.loads(TWO_SIZES)["leaves"][:1] * 2)),
    "another leaf": ("proof-invalid", changed(TWO_SIZES, leaves=["00" * 32, json.loads(TWO_SIZES)["leaves"][1]])),
    "another index": ("proof-invalid", changed(TWO_SIZES, index=7)),
    "an index beyond the smaller": ("proof-invalid", changed(TWO_SIZES, index=9)),
    "a shorter path": ("proof-invalid", changed(TWO_SIZES, paths=[PATHS[0][1:], PATHS[1]])),
    "a head without Ed25519": ("line-missing", without_line(SAME_SIZE, "a", 0)),
    "a head without ML-DSA": ("line-missing", without_line(SAME_SIZE, "b", 1)),
    "a head without a head key": ("line-missing", without_line(TWO_SIZES, "b", 2)),
    "a head by a stranger's head key": (
        "line-missing",
        encode_fork(
            parse_checkpoint(note_of(entries(9))),
            parse_checkpoint(note_of(entries(9, "other"), head="XA head of a stranger")),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_proof_is_refused_by_name(fault: str) -> None:
    code, data = FAULTS[fault]
    assert said(data) == ("not proven", code)
    assert judged(data).exit_status == 1


def test_a_signature_taken_from_another_head_proves_nothing() -> None:
    true, other = parse_checkpoint(note_of(entries(9))), parse_checkpoint(note_of(entries(9, "other")))
    for line in range(3):
        lines = list(other.note.signatures)
        lines[line] = true.note.signatures[line]
        note = encode_note(Note(other.note.text, tuple(lines)))
        assert said(encode_fork(true, parse_checkpoint(note))) == ("not proven", "line-invalid")


def test_a_fork_proof_is_known_by_its_first_bytes_and_bundles_are_not() -> None:
    assert kind_of(SAME_SIZE) == kind_of(TWO_SIZES) == "fork"
    assert kind_of(world().bundle()) == "bundle"


def test_the_proof_is_one_file_whichever_way_round_the_heads_are_given() -> None:
    fork = parse_fork(TWO_SIZES)
    assert encode_fork(fork.b, fork.a, fork.place, fork.leaves[::-1]) == TWO_SIZES
    fork = parse_fork(SAME_SIZE)
    assert encode_fork(fork.b, fork.a) == encode_fork(fork.a, fork.b) == SAME_SIZE


def two_bundles() -> tuple[bytes, bytes]:
    """Bundles of one log about two matters, the second after the log was rewritten."""
    made, other = world(), world()
    other.xa.entries[0] = bytes(32)
    other.xa.anchor()
    return made.bundle(), other.bundle()


def test_bundles_with_contradicting_heads_give_a_proof_that_verifies() -> None:
    one, other = two_bundles()
    for trust in (None, TRUST):
        found = find_fork([one, other], trust=trust)
        assert found is not None
        assert said(found) == ("split view proven", "fork-same-size")


def test_contradicting_heads_are_found_in_what_chains_hold() -> None:
    made, other = world(), world()
    sections = made.sections()
    size = len(made.xa.entries)
    for place in ("anchors", "foreign"):
        other.xa.entries = [*made.xa.entries, b"\1" * 32]
        note = note_of([bytes(32), *other.xa.entries[1:]]).decode()
        part = {**sections[0]["anchors"][0], "checkpoint": note, "consistency": []}
        if place == "foreign":
            part = {name: part[name] for name in part if name != "receipt"}
            part |= {"source": hexed(bytes(32)), "disputed": []}
        bundle = made.bundle([{**sections[0], place: [part]}, sections[1]])
        held = receipt_of(other.xa.entries, size, note_of(other.xa.entries))
        found = find_fork([bundle, held], trust=TRUST)
        assert found is not None
        assert said(found)[0] == "split view proven"


def test_two_statements_at_one_index_under_two_sizes_are_found() -> None:
    one, other = entries(9, common=4), entries(13, "other", common=4)
    files = [receipt_of(held, 6, note_of(held)) for held in (one, other)]
    found = find_fork(files, trust=TRUST)
    assert found == fork_of(one, other, 6) or (found is not None and said(found)[1] == "fork-leaf")


def test_only_checkpoints_that_the_log_signed_count_where_a_trust_list_says_so() -> None:
    made = note_of(entries(9), head="XA head of a stranger")
    assert find_fork([made, note_of(entries(9, "other"))], trust=TRUST) is None
    assert find_fork([made, note_of(entries(9, "other"))]) is not None
    # A liar's checkpoint beside does not hide the two that hold.
    found = find_fork([made, note_of(entries(9, "other")), note_of(entries(9))], trust=TRUST)
    assert found is not None
    assert said(found)[0] == "split view proven"


def test_a_leaf_that_its_path_does_not_show_makes_no_proof_and_hides_none() -> None:
    one, other = entries(9, common=4), entries(13, "other", common=4)
    true, false = receipt_of(one, 2, note_of(one)), receipt_of(other, 2, note_of(other))
    lines = false.split(b"\n")
    lines[1] = b"extra " + b64encode(bytes(32))
    assert find_fork([true, b"\n".join(lines)], trust=TRUST) is None
    files = [receipt_of(one, 6, note_of(one)), b"\n".join(lines), receipt_of(other, 6, note_of(other))]
    spoiled = files[2].split(b"\n")
    spoiled[1] = b"extra " + b64encode(bytes(32))
    found = find_fork([files[0], b"\n".join(spoiled), *files[1:]], trust=TRUST)
    assert found is not None
    assert said(found)[0] == "split view proven"


def test_a_proof_for_a_contract_is_preferred() -> None:
    log = XA.trusted_log()
    start = {"size": 4, "root": bytes(32).hex(), "last": 3}
    log["headKeys"].append({"address": hexed(address_of(seed("XA head 2"))), "from": start})
    trust = World().trust(logs=[log])
    notes = [note_of(entries(9), head="XA head 2"), note_of(entries(9, "b")), note_of(entries(9, "c"))]
    found = find_fork(notes, trust=trust)
    assert found is not None
    assert judged(found, trust).head_address == address_of(seed("XA head 1"))


def test_files_that_are_no_evidence_are_refused() -> None:
    for data in (b"", b"{}", b"x", b'{"a":1}'):
        with pytest.raises(MalformedError):
            find_fork([data, note_of(entries(3))])


HISTORIES = st.tuples(st.integers(1, 24), st.integers(1, 24), st.integers(0, 24))


@settings(max_examples=count(25), deadline=None)
@given(sizes=HISTORIES, shared=st.data())
def test_a_consistent_pair_never_makes_a_proof_and_an_inconsistent_one_with_a_shared_index_always_does(
    sizes: tuple[int, int, int], shared: st.DataObject
) -> None:
    small, large, common = sizes
    one, other = entries(small, "one", common), entries(large, "other", common)
    consistent = common >= min(small, large)
    index = shared.draw(st.integers(0, min(small, large) - 1))
    notes = [note_of(one), note_of(other)]
    receipts = [receipt_of(one, index, notes[0]), receipt_of(other, index, notes[1])]
    found = find_fork(receipts, trust=TRUST)
    differs = small == large or index >= common
    assert (found is not None) == (not consistent and differs)
    if found is not None:
        assert said(found)[0] == "split view proven"
    # Whatever is claimed of the index, of a consistent pair it proves nothing.
    claimed = encode_or_none(notes, index, one, other)
    if claimed is not None:
        assert (said(claimed)[0] == "split view proven") == (not consistent and differs)


def encode_or_none(notes: list[bytes], index: int, one: list[bytes], other: list[bytes]) -> bytes | None:
    first, second = map(parse_checkpoint, notes)
    try:
        if len(one) == len(other):
            return encode_fork(first, second)
        return encode_fork(first, second, index, (leaf_of(one, index), leaf_of(other, index)))
    except LedgerError:
        return None


@settings(max_examples=count(150), deadline=None)
@given(at=st.integers(0, len(TWO_SIZES) - 1), byte=st.integers(0, 255), cut=st.booleans())
def test_any_change_of_a_proof_ends_in_a_report_and_proves_no_more(at: int, byte: int, cut: bool) -> None:
    spoiled = TWO_SIZES[:at] + (b"" if cut else bytes([byte])) + TWO_SIZES[at + 1 :]
    report = judged(spoiled)
    assert report.render()
    assert json.dumps(report.to_json())
    # Lines of unknown keys may come and go; what is proven stays.
    if report.verdict == "split view proven":
        assert report.fork is not None
        assert [one.checkpoint for one in report.fork.heads] == [
            one.checkpoint for one in parse_fork(TWO_SIZES).heads
        ]

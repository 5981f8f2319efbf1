"""The node as a witness: every status of tlog-witness in its order, what it keeps, and that it never takes back."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.core.checkpoint import parse_checkpoint, verify_cosignature
from ledger.core.merkle import EMPTY_ROOT
from ledger.core.note import Note, NoteSignature, encode_note, encode_vkey, make_vkey, parse_note
from ledger.errors import ConflictError, LedgerError, NotFoundError
from ledger.services.trust.known_logs import KnownLogs
from ledger.services.witnessing.witnessing import REPEAT
from ledger.store.witness import MOST_FORKS
from tests.services.witnessing.noting import (
    NAME,
    PLAIN,
    PLAIN_VKEY,
    Rig,
    entries,
    entry_of,
    plain,
    problem,
    take_up,
)
from tests.services.witnessing.process import vkey_of
from tests.simulator import START, Jurisdiction, key
from tests.trees import tree_root

SIZE = ("text/x.tlog.size", None)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def forked() -> Jurisdiction:
    """XA's keys over another history, the same up to entry 10."""
    return Jurisdiction("XA", 31_001, entries=entries(10) + entries(40, 1000))


# -- the statuses, in their order ----------------------------------------------------------------------------


def test_a_log_is_cosigned_from_nothing_and_then_as_it_grows(rig: Rig) -> None:
    for old, size in ((0, 1), (1, 7), (7, 7), (7, 8), (8, 40)):
        rig.now += REPEAT
        rig.require_cosigned(rig.ask(size, old), size)
    head = rig.store.head(rig.xa.origin)
    assert head is not None
    assert (head.size, head.root) == (40, tree_root(rig.xa.leaves))


@pytest.mark.parametrize("body", [b"", b"old 0\n\nnonsense", b"old 00\n\n"])
def test_400_for_what_is_no_request(rig: Rig, body: bytes) -> None:
    assert rig.witness.add_checkpoint(body).status == 400


def test_404_for_a_log_that_is_not_known_comes_before_its_signature(rig: Rig) -> None:
    stranger = Jurisdiction("XQ", 7, entries=entries(3))
    note = stranger.checkpoint().replace(b"\n3\n", b"\n4\n")
    assert problem(rig.ask(3, 9, log=stranger, note=note)) == (404, "log-unknown")


def test_403_for_a_note_without_the_logs_signature_comes_before_the_sizes(rig: Rig) -> None:
    text = parse_note(rig.xa.checkpoint(7)).text
    line = NoteSignature(rig.xa.origin, b"abcd", bytes(64))
    assert problem(rig.ask(7, 9, note=encode_note(Note(text, (line,))))) == (403, "line-missing")


@pytest.mark.parametrize("place", range(3))
def test_403_for_a_partners_note_that_lacks_one_of_three_lines(rig: Rig, place: int) -> None:
    note = parse_note(rig.xa.checkpoint(7))
    lines = tuple(line for n, line in enumerate(note.signatures) if n != place)
    assert problem(rig.ask(7, note=encode_note(Note(note.text, lines)))) == (403, "line-missing")


@pytest.mark.parametrize("place", range(3))
def test_403_for_a_line_of_the_log_that_does_not_hold(rig: Rig, place: int) -> None:
    note = parse_note(rig.xa.checkpoint(7))
    lines = list(note.signatures)
    lines[place] = lines[place]._replace(payload=bytes(len(lines[place].payload)))
    assert problem(rig.ask(7, note=encode_note(Note(note.text, tuple(lines))))) == (403, "line-invalid")


def test_403_for_two_lines_of_one_key(rig: Rig) -> None:
    note = parse_note(rig.xa.checkpoint(7))
    twice = encode_note(Note(note.text, (*note.signatures, note.signatures[0])))
    assert problem(rig.ask(7, note=twice)) == (403, "line-twice")


def test_lines_of_unknown_keys_are_passed_over_and_not_kept(rig: Rig) -> None:
    note = parse_note(rig.xa.checkpoint(7))
    junk = NoteSignature("somebody", b"abcd", bytes(64))
    rig.require_cosigned(rig.ask(7, note=encode_note(Note(note.text, (junk, *note.signatures, junk)))), 7)
    head = rig.store.head(rig.xa.origin)
    assert head is not None
    assert head.note == encode_note(note)


def test_400_for_an_old_size_above_the_checkpoints_comes_before_409(rig: Rig) -> None:
    assert problem(rig.ask(7, 8)) == (400, "add-checkpoint-malformed")


def test_409_names_the_size_that_was_cosigned_last(rig: Rig) -> None:
    rig.ask(7)
    for size, old in ((8, 0), (8, 6), (8, 8), (6, 6), (7, 0)):
        answer = rig.ask(size, old)
        assert (answer.status, answer.body, (answer.content_type, answer.error)) == (409, b"7\n", SIZE)


def test_409_names_zero_for_a_log_that_was_never_cosigned(rig: Rig) -> None:
    """Nothing is taken on first use: with an old size of its own choosing a log would skip what is to be shown."""
    answer = rig.ask(8, 7)
    assert (answer.status, answer.body, answer.content_type) == (409, b"0\n", "text/x.tlog.size")
    assert rig.store.head(rig.xa.origin) is None


def test_409_comes_before_a_wrong_proof(rig: Rig) -> None:
    rig.ask(7)
    assert rig.ask(8, 6, path=[bytes(32)]).status == 409


def test_422_for_a_path_that_does_not_lead_there(rig: Rig) -> None:
    rig.ask(7)
    for path in ([], [bytes(32)], [bytes(32)] * 5):
        assert problem(rig.ask(9, 7, path=path)) == (422, "proof-invalid")


def test_422_for_a_path_from_nothing(rig: Rig) -> None:
    assert problem(rig.ask(7, 0, path=[bytes(32)])) == (422, "proof-invalid")


def test_422_for_an_empty_tree_with_another_root(rig: Rig) -> None:
    assert problem(rig.ask(0, root=bytes(32))) == (422, "proof-invalid")


def test_the_empty_tree_is_cosigned_and_grown_from(rig: Rig) -> None:
    rig.require_cosigned(rig.ask(0, root=EMPTY_ROOT), 0)
    rig.require_cosigned(rig.ask(5), 5)


def test_422_for_one_size_with_two_roots(rig: Rig) -> None:
    rig.ask(20)
    assert problem(rig.ask(20, 20, log=forked())) == (422, "proof-invalid")


def test_422_for_a_branch(rig: Rig) -> None:
    rig.ask(20)
    assert problem(rig.ask(30, 20, log=forked())) == (422, "proof-invalid")
    rig.require_cosigned(rig.ask(21, 20), 21)


# -- times ---------------------------------------------------------------------------------------------------


def test_asked_again_the_line_made_before_is_given_for_a_minute(rig: Rig) -> None:
    first = rig.ask(7)
    rig.now += REPEAT - 1
    assert rig.ask(7, 7) == first
    rig.now += 1
    rig.require_cosigned(rig.ask(7, 7), 7)


def test_no_time_goes_back(rig: Rig) -> None:
    rig.ask(7)
    rig.now -= 1
    for size in (7, 8):
        assert problem(rig.ask(size, 7)) == (503, "clock-behind")
    rig.now += 1
    rig.require_cosigned(rig.ask(8, 7), 8)


def test_a_new_key_gives_no_line_of_the_old_one(rig: Rig) -> None:
    rig.ask(7)
    rig.witness._key = key("XB witness 2")
    rig.witness.vkey = make_vkey(NAME, 0x04, key("XB witness 2").public.raw)
    assert problem(rig.ask(7, 7)) == (503, "witness-state-missing")
    rig.store.begin(encode_vkey(rig.witness.vkey))
    rig.require_cosigned(rig.ask(7, 7), 7)


# -- evidence ------------------------------------------------------------------------------------------------


def test_two_roots_of_one_size_are_kept_with_both_notes(rig: Rig) -> None:
    rig.ask(20)
    rig.ask(25, 20)
    rig.ask(20, 0, log=forked())  # answered with 409, for its old size; evidence all the same
    rig.ask(25, 25, log=forked())
    kept = rig.store.forks()
    assert [(one.kind, one.held_size, one.size) for one in kept] == [("split", 20, 20), ("split", 25, 25)]
    for one in kept:
        held, offered = parse_checkpoint(one.held), parse_checkpoint(one.offered)
        assert held.checkpoint.size == offered.checkpoint.size
        assert held.checkpoint.root != offered.checkpoint.root
        for note in (held, offered):
            rig.logs.all()[rig.xa.origin].verified(note)


def test_a_branch_is_kept_beside_what_was_cosigned(rig: Rig) -> None:
    rig.ask(20)
    for _ in range(2):
        rig.ask(30, 20, log=forked())
    (kept,) = rig.store.forks()
    assert (kept.kind, kept.held_size, kept.size, kept.at) == ("unproven", 20, 30, int(rig.now))
    assert rig.store.count_forks() == {"unproven": 1}


def test_an_honest_checkpoint_that_a_stranger_sent_with_a_wrong_path_is_nothing_once_it_is_cosigned(
    rig: Rig,
) -> None:
    rig.ask(20)
    rig.ask(30, 20, path=[bytes(32)])
    assert len(rig.store.forks()) == 1
    rig.require_cosigned(rig.ask(30, 20), 30)
    assert rig.store.forks() == []


def test_what_is_not_signed_by_the_log_is_not_kept(rig: Rig) -> None:
    rig.ask(20)
    note = parse_note(forked().checkpoint(20))
    rig.ask(20, 20, note=encode_note(Note(note.text, note.signatures[:2])))
    assert rig.store.forks() == []


def test_a_flood_of_branches_is_kept_up_to_a_bound(rig: Rig) -> None:
    rig.ask(20)
    head = rig.store.head(rig.xa.origin)
    assert head is not None
    for n in range(3):
        rig.ask(30, 20, root=bytes([n]) * 32)
    (first, *_) = rig.store.forks()
    for n in range(MOST_FORKS + 5):
        rig.store.keep(replace(first, root=n.to_bytes(32)))
    assert rig.store.count_forks() == {"unproven": MOST_FORKS}


# -- logs ----------------------------------------------------------------------------------------------------


def test_a_renewed_entry_counts_at_once(rig: Rig) -> None:
    rig.ask(7)
    renewed = Jurisdiction("XA", 31_001, entries=rig.xa.entries, head_name="XA head 2")
    body = rig.body(8, 7, log=renewed)
    assert problem(rig.witness.add_checkpoint(body)) == (403, "line-missing")
    listed = rig.xa.trusted_log()
    root = tree_root(rig.xa.leaves[:8]).hex()
    address = "0x" + renewed.signer.head_address.hex()
    listed["headKeys"].append({"address": address, "from": {"size": 8, "root": root, "last": 7}})
    take_up(rig.book, entry_of(rig.xa, created=START + 5, logs=[listed]))
    assert rig.witness.add_checkpoint(body).status == 200
    assert problem(rig.ask(9, 8)) == (403, "head-key-ended")


def test_a_partner_that_is_removed_is_not_witnessed_and_not_forgotten(rig: Rig) -> None:
    rig.ask(7)
    rig.book.remove("XA")
    assert problem(rig.ask(8, 7)) == (404, "log-unknown")
    take_up(rig.book, entry_of(rig.xa))
    assert rig.ask(8, 0).body == b"7\n"


def test_a_log_named_by_its_key_is_cosigned_by_that_line_alone(rig: Rig) -> None:
    assert problem(rig.ask(3, log=PLAIN, note=plain(3))) == (404, "log-unknown")
    (added,) = rig.logs.add([PLAIN_VKEY])
    assert (added.origin, added.partner) == (PLAIN.origin, None)
    assert rig.ask(3, log=PLAIN, note=plain(3)).status == 200
    assert rig.ask(5, 3, log=PLAIN, note=plain(5)).status == 200
    assert problem(rig.ask(5, 5, log=PLAIN, note=plain(5).replace(b"\n5\n", b"\n6\n"))) == (
        403,
        "line-invalid",
    )
    rig.logs.remove(PLAIN.origin)
    assert problem(rig.ask(5, 5, log=PLAIN, note=plain(5))) == (404, "log-unknown")
    rig.logs.add([PLAIN_VKEY, PLAIN_VKEY])
    assert rig.ask(5, 0, log=PLAIN, note=plain(5)).body == b"5\n"


@pytest.mark.parametrize(
    ("vkey", "code"),
    [
        (encode_vkey(Jurisdiction("XA", 31_001).signer.vkeys[0]), "log-known"),
        (encode_vkey(Jurisdiction("XB", 31_002).signer.vkeys[0]), "log-known"),
        (encode_vkey(PLAIN.signer.vkeys[2]), "log-key"),
        (encode_vkey(make_vkey(PLAIN.origin, 0x04, bytes(31) + b"\1")), "log-key"),
        (encode_vkey(make_vkey("a_b", 0x01, vkey_of(PLAIN.origin).key)), "log-key"),
        (encode_vkey(make_vkey(PLAIN.origin, 0x01, b"\1" + bytes(31))), "key-refused"),
        ("nonsense", "vkey-malformed"),
    ],
)
def test_a_key_that_is_none_of_a_strange_log_is_not_taken(rig: Rig, vkey: str, code: str) -> None:
    with pytest.raises(LedgerError) as refused:
        rig.logs.add([vkey])
    assert refused.value.code == code


def test_a_log_that_is_a_partners_cannot_be_removed_here(rig: Rig) -> None:
    with pytest.raises(NotFoundError):
        rig.logs.remove(rig.xa.origin)


def test_the_own_log_is_not_witnessed(rig: Rig) -> None:
    own = KnownLogs(rig.folder, rig.book, rig.xa.origin)
    assert own.all() == {}
    with pytest.raises(ConflictError):
        own.add([encode_vkey(rig.xa.signer.vkeys[0])])


def test_the_latest_checkpoint_is_given_with_both_signatures(rig: Rig) -> None:
    name = sha256(rig.xa.origin.encode()).hexdigest()
    for asked in (name, "0" * 64):
        with pytest.raises(NotFoundError):
            rig.witness.latest(asked)
    rig.ask(7)
    signed = parse_checkpoint(rig.witness.latest(name))
    rig.logs.all()[rig.xa.origin].verified(signed)
    assert verify_cosignature(signed, signed.note.signatures[-1], rig.witness.vkey) == int(rig.now)

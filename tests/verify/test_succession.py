"""A notice that a log ended, verified: where it stands, who signed it, and what it says against what was shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.checkpoint import LogSigner, cosign, parse_checkpoint
from ledger.core.note import ED25519_COSIGNATURE, Note, encode_note, encode_vkey, make_vkey
from ledger.core.secp256k1 import Account, address_of
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.core.trust import TrustList
from ledger.verify.report import Report
from ledger.verify.single import verify_statement_file
from ledger.verify.verifier import verify_bundle
from tests.blocks import hexed
from tests.simulator import NOW, START, Jurisdiction, World, key, make, seed, world
from tests.trees import tree_consistency

WITNESS = "witness.example.xb"
HELD, SEEN = 4, 6


@dataclass
class Successor(Jurisdiction):
    """XA's log after the one that ended: the same registrar and chain, other keys, another origin."""

    def __post_init__(self) -> None:
        self.head_name = "XA head of the successor"
        super().__post_init__()
        self.origin += "-2"

    @property
    def signer(self) -> LogSigner:
        return LogSigner(
            self.origin,
            seed("XA successor ed25519"),
            seed("XA successor ml-dsa"),
            Account(seed(self.head_name)),
        )

    def trusted_log(self) -> dict[str, Any]:
        return {**super().trusted_log(), "headKeys": [{"address": hexed(address_of(seed(self.head_name)))}]}


@dataclass
class Rig:
    """A world whose XA lost an entry, its successor, and what says so."""

    made: World
    after: Successor

    def subject(self, **changes: Any) -> dict[str, Any]:
        xa = self.made.xa
        held, seen = xa.checkpoint(HELD), parse_checkpoint(xa.checkpoint(SEEN))
        line = cosign(seen, WITNESS, key(WITNESS), START + 101)
        shown = encode_note(Note(seen.note.text, (*seen.note.signatures, line)))
        members = {
            "jurisdiction": "XA",
            "log": xa.trusted_log(),
            "held": told(held) | {"checkpoint": held.decode()},
            "lost": {"first": HELD, "last": SEEN - 1},
            "seen": [{"by": "witness", "name": WITNESS, **told(shown), "checkpoint": shown.decode()}],
            "reason": "olderCopy",
            "at": format_time(START + 200),
            "successor": self.after.trusted_log(),
        }
        return {**members, **changes}

    def notice(self, issuer: str | None = None, **changes: Any) -> Statement:
        signer = issuer or self.made.xa.registrar
        own = key(
            {f"did:web:registrar.example.{one}": f"{one.upper()} registrar" for one in ("xa", "xb")}.get(
                signer, signer
            )
        )
        return make("LogSuccession", self.subject(**changes), signer, "#1", own, START + 200, name="notice")

    def bundle(
        self, notice: Statement, *before: Statement, older: int = 0, beside: Mapping[str, Any] | None = None
    ) -> bytes:
        """The notice in the successor's log, with a section of the old one: `beside`, or one of size `older`."""
        self.after.entries = [one.digest for one in (*before, notice)]
        self.after.anchor()
        sections = [self.after.section([("subject", notice)]), *([beside] if beside is not None else [])]
        if older:
            self.made.xa.anchor(older)
            sections.append(self.made.xa.section([("enrolment", self.made.exporter_enrolment)], older))
        document: dict[str, Any] = {
            "format": "evidence-bundle/1",
            "subject": notice.digest.hex(),
            "sections": sections,
        }
        return encode(document)

    def anchored_later(self) -> dict[str, Any]:
        """A section of the old log as large as the notice says that it was, which a chain holds larger."""
        xa = self.made.xa
        xa.anchor(SEEN + 1)
        path = [one.hex() for one in tree_consistency(SEEN, xa.leaves[: SEEN + 1])]
        larger = {"checkpoint": xa.checkpoint(SEEN + 1).decode(), "consistency": path}
        anchors = [{**xa.anchor_part(SEEN + 1), **larger}]
        return xa.section([("enrolment", self.made.exporter_enrolment)], SEEN, anchors=anchors)

    def seen_with_a_forged_line(self) -> dict[str, Any]:
        """What a witness is said to have seen, with a line that it never signed."""
        seen: dict[str, Any] = self.subject()["seen"][0]
        note = parse_checkpoint(seen["checkpoint"].encode()).note
        *own, line = note.signatures
        forged = Note(note.text, (*own, line._replace(payload=line.payload[:-1] + b"\0")))
        return {**seen, "checkpoint": encode_note(forged).decode()}

    def trust(self, *logs: Jurisdiction, **members: Any) -> TrustList:
        body = {
            "logs": [one.trusted_log() for one in logs or (self.made.xa, self.made.xb, self.after)],
            "require": {"LogSuccession": {}, "TransferRecord": {}},
            **members,
        }
        return self.made.trust(**body)

    def judge(self, bundle: bytes, *logs: Jurisdiction) -> Report:
        return verify_bundle(bundle, self.trust(*logs), now=NOW)

    def failure(self, bundle: bytes, *logs: Jurisdiction) -> str:
        """The code with which step 3 fails, and nothing else does; what the notice says is not repeated then."""
        report = self.judge(bundle, *logs)
        failed = [check for check in report.checks if check.outcome == "failed"]
        assert [check.step for check in failed] == [3]
        assert report.verdict == "not verified"
        assert not any("lost" in notice for notice in report.notices)
        return failed[0].code


def told(note: bytes) -> dict[str, Any]:
    found = parse_checkpoint(note).checkpoint
    return {"size": found.size, "root": found.root.hex()}


@pytest.fixture
def rig() -> Rig:
    made = world()
    return Rig(made, Successor("XA", made.xa.number))


def test_a_notice_verifies_and_says_in_words_what_is_missing(rig: Rig) -> None:
    report = rig.judge(rig.bundle(rig.notice()))
    assert report.verdict == "verified", report.checks
    origin = rig.made.xa.origin
    lost, held, on = report.notices[:3]
    assert lost.endswith(f"entries 4 to 5 of it (2) are lost, as seen by witness {WITNESS}")
    assert held.startswith(f"the operator holds 4 entries of {origin} and can show no record beyond them;")
    assert on == f"{origin}-2 goes on in its place; its keys are others"


def test_a_notice_by_somebody_else_is_none(rig: Rig) -> None:
    assert rig.failure(rig.bundle(rig.notice("did:web:stranger.example.xa"))) == "key-unknown"
    elsewhere = rig.bundle(rig.notice(rig.made.xb.registrar))
    assert rig.failure(elsewhere) == "log-jurisdiction"
    assert rig.failure(elsewhere, rig.made.xa) == "key-unknown"


def test_a_notice_that_is_not_the_first_entry_is_none(rig: Rig) -> None:
    assert rig.failure(rig.bundle(rig.notice(), rig.made.record("before"))) == "succession-place"


def test_a_notice_in_another_log_than_it_names_is_none(rig: Rig) -> None:
    successor = {**rig.after.trusted_log(), "origin": rig.after.origin + "-1"}
    other = Successor("XA", rig.made.xa.number)
    other.origin = successor["origin"]
    assert rig.failure(rig.bundle(rig.notice(successor=other.trusted_log()))) == "succession-place"


def test_a_notice_that_gives_the_log_other_keys_is_none(rig: Rig) -> None:
    heads = [{"address": hexed(address_of(seed("stranger")))}]
    made = rig.notice(log={**rig.made.xa.trusted_log(), "headKeys": heads})
    assert rig.failure(rig.bundle(made)) == "succession-other"


def test_a_checkpoint_that_the_log_never_signed_shows_no_loss(rig: Rig) -> None:
    seen = rig.subject()["seen"][0]
    note = parse_checkpoint(seen["checkpoint"].encode())
    forged = tuple(line._replace(payload=bytes(64)) for line in note.note.signatures[:1])
    unsigned = encode_note(Note(note.note.text, forged)).decode()
    made = rig.notice(seen=[{**seen, "checkpoint": unsigned}])
    assert rig.failure(rig.bundle(made)) == "line-invalid"


def test_what_is_held_is_shown_by_a_checkpoint_with_all_three_lines_of_the_log(rig: Rig) -> None:
    held = rig.subject()["held"]
    note = parse_checkpoint(held["checkpoint"].encode()).note
    fewer = encode_note(Note(note.text, note.signatures[:2])).decode()
    assert rig.failure(rig.bundle(rig.notice(held={**held, "checkpoint": fewer}))) == "line-missing"


def test_a_smaller_gap_than_a_checkpoint_at_hand_shows_is_found_out(rig: Rig) -> None:
    assert rig.judge(rig.bundle(rig.notice(), older=SEEN)).verdict == "verified"
    assert rig.failure(rig.bundle(rig.notice(), older=SEEN + 1)) == "gap-understated"


def test_a_smaller_gap_than_an_anchor_at_hand_shows_is_found_out(rig: Rig) -> None:
    assert rig.failure(rig.bundle(rig.notice(), beside=rig.anchored_later())) == "gap-understated"


WORD = f"that it was seen by witness {WITNESS} is the notice's own word"


def listed(holder: str) -> dict[str, str]:
    """The witness in a trust list, with somebody's key."""
    vkey = make_vkey(WITNESS, ED25519_COSIGNATURE, key(holder).public.raw)
    return {"vkey": encode_vkey(vkey), "organisation": "did:web:witness.example.xb"}


@pytest.mark.parametrize(("holder", "doubted"), [(WITNESS, False), ("another key of that name", True)])
def test_a_witness_whose_key_is_not_known_is_told_to_be_named_by_the_notice_alone(
    rig: Rig, holder: str, doubted: bool
) -> None:
    report = verify_bundle(rig.bundle(rig.notice()), rig.trust(witnesses=[listed(holder)]), now=NOW)
    assert report.verdict == "verified"
    assert (WORD in report.notices) == doubted


def test_a_line_that_a_witness_never_signed_shows_nothing_of_it(rig: Rig) -> None:
    notice = rig.notice(seen=[rig.seen_with_a_forged_line()])
    report = verify_bundle(rig.bundle(notice), rig.trust(witnesses=[listed(WITNESS)]), now=NOW)
    assert report.verdict == "verified"  # the log's own line holds
    assert WORD in report.notices


def test_a_registrar_whose_key_was_revoked_ends_no_log(rig: Rig) -> None:
    registrar = rig.made.xa.authority()
    registrar["keys"][0]["revoked"] = {"at": format_time(START + 100), "reason": "keyCompromise"}
    authorities = [registrar, rig.made.xb.authority()]
    bundle = rig.bundle(rig.notice())
    for logs in ((), (rig.made.xa,)):
        report = verify_bundle(bundle, rig.trust(*logs, authorities=authorities), now=NOW)
        assert report.step(3).code == "key-revoked"
        assert not any("lost" in notice for notice in report.notices)


def test_another_history_than_a_checkpoint_at_hand_shows_is_found_out(rig: Rig) -> None:
    other = rig.made.xa.checkpoint(SEEN, root=bytes(32))
    seen = {"by": "log", **told(other), "checkpoint": other.decode()}
    assert rig.failure(rig.bundle(rig.notice(seen=[seen]), older=SEEN)) == "gap-contradicted"


def test_who_trusts_the_log_that_ended_alone_can_judge_the_notice(rig: Rig) -> None:
    report = rig.judge(rig.bundle(rig.notice()), rig.made.xa)
    assert report.verdict == "not verified"  # nothing is shown of the successor
    assert report.step(5).code == "log-unknown"
    assert any("entries 4 to 5 of it (2) are lost" in one for one in report.notices)
    assert any("is signed by did:web:registrar.example.xa" in one for one in report.notices)


def test_a_notice_by_itself_is_told_where_its_signer_is_known(rig: Rig) -> None:
    told = verify_statement_file(rig.notice().encoded, rig.trust(), now=NOW)
    assert any("entries 4 to 5 of it (2) are lost" in one for one in told.notices)
    stranger = rig.notice("did:web:stranger.example.xa")
    doubted = verify_statement_file(stranger.encoded, rig.trust(), now=NOW)
    assert len(doubted.notices) == 1
    assert "is not told" in doubted.notices[0]

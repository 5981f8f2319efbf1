"""LogSuccession: what is refused of a notice, one fault a case, and how it is read."""

import copy
from typing import Any

import pytest

from ledger.core.times import parse_time
from ledger.statements import catalogue
from ledger.statements.log_succession import EMPTY_ROOT, read
from tests.statements.subjects import changed, faults, statement
from tests.statements.test_recognition_statements import subject

EXAMPLE = catalogue.example("LogSuccession")["credentialSubject"]
OTHER = "ab" * 32
BLOCK = {"number": 1, "hash": "0x" + OTHER}
FAULTS = [
    ("/jurisdiction", "XB", "/log/jurisdiction", "jurisdiction-mismatch"),
    ("/log/origin", "registry.example.xa/XA/2025", "/log/vkeys", "member-value"),
    ("/log/vkeys", [], "/log/vkeys", "member-value"),
    ("/log", "registry.example.xa/XA/2026", "/log", "member-value"),
    ("/successor/headKeys", [], "/successor/headKeys", "member-value"),
    ("/successor", EXAMPLE["log"], "/successor/origin", "succession-itself"),
    ("/successor/headKeys", EXAMPLE["log"]["headKeys"], "/successor", "succession-itself"),
    ("/held/size", 3, "/held/checkpoint", "sighting-mismatch"),
    ("/held/root", OTHER, "/held/checkpoint", "sighting-mismatch"),
    ("/held/checkpoint", ..., "/held/checkpoint", "member-missing"),
    ("/held/checkpoint", "nothing", "/held/checkpoint", "note-malformed"),
    ("/lost/last", 5, "/lost", "gap-mismatch"),
    ("/lost/first", 3, "/lost", "gap-mismatch"),
    ("/lost/last", -1, "/lost/last", "out-of-range"),
    ("/seen", [], "/seen", "wrong-length"),
    ("/seen/0/size", 8, "/seen/0/checkpoint", "sighting-mismatch"),
    ("/seen/0/checkpoint", ..., "/seen/0/checkpoint", "member-missing"),
    ("/seen/0/block", BLOCK, "/seen/0/block", "member-unknown"),
    ("/seen/0/by", "friend", "/seen/0/by", "not-in-list"),
    ("/seen/1/anchor", ..., "/seen/1/anchor", "member-missing"),
    ("/seen/1/block/hash", "0x12", "/seen/1/block/hash", "wrong-form"),
    ("/seen/1/root", OTHER, "/seen/1/root", "sightings-conflict"),
    ("/seen/1/size", 2, "/seen/1/size", "gap-mismatch"),
    ("/reason", "dogAteIt", "/reason", "not-in-list"),
    ("/at", "2026-11-22T05:00:00Z", "/at", "time-order"),
    ("/at", ..., "/at", "member-missing"),
    ("/apology", "sorry", "/apology", "member-unknown"),
]


@pytest.mark.parametrize(("pointer", "value", "at", "code"), FAULTS)
def test_a_faulty_notice_is_refused(pointer: str, value: Any, at: str, code: str) -> None:
    found = faults(changed("LogSuccession", pointer, copy.deepcopy(value)))
    assert (at, code) in found
    # A log, size or root that is another contradicts whatever else speaks of it; nothing else does.
    follows = {"gap-mismatch", "sighting-mismatch", "sightings-conflict", "jurisdiction-mismatch"}
    assert {one for _, one in found} <= {code, *follows}


def test_a_log_of_which_nothing_is_left_is_succeeded_too() -> None:
    nothing = subject("LogSuccession", held={"size": 0, "root": EMPTY_ROOT}, lost={"first": 0, "last": 6})
    assert faults(nothing) == []
    assert read(statement(nothing)).held.checkpoint is None


@pytest.mark.parametrize(
    ("held", "at", "code"),
    [
        ({"size": 0, "root": OTHER}, "/held/root", "sighting-mismatch"),
        ({**EXAMPLE["held"], "size": 0, "root": EMPTY_ROOT}, "/held/checkpoint", "member-unknown"),
    ],
)
def test_nothing_has_one_root_and_no_checkpoint(held: Any, at: str, code: str) -> None:
    assert faults(subject("LogSuccession", held=held, lost={"first": 0, "last": 6})) == [(at, code)]


def test_what_the_log_itself_signed_shows_a_loss_as_well() -> None:
    witness = EXAMPLE["seen"][0]
    own = {name: witness[name] for name in ("size", "root", "checkpoint")}
    assert faults(subject("LogSuccession", seen=[{"by": "log", **own}])) == []


def test_a_notice_is_read() -> None:
    notice = read(statement(catalogue.example("LogSuccession")))
    assert (notice.first, notice.last) == (2, 6)
    assert (notice.log.origin, notice.successor.origin) == (
        "registry.example.xa/XA/2026",
        "registry.example.xa/XA/2026-2",
    )
    assert [(one.by, one.size) for one in notice.seen] == [("witness", 7), ("chain", 7)]
    assert notice.seen[1].block is not None
    assert notice.seen[1].block[0] == 1204
    assert notice.seen[1].checkpoint is None
    assert notice.held.checkpoint is not None
    assert notice.held.checkpoint.checkpoint.size == 2
    assert notice.at == parse_time("2026-11-22T04:00:00Z")

"""Collecting cosignatures: what is stored verifies, one size at a time, and nobody waits for who is slow or lies."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ledger.core.checkpoint import (
    Checkpoint,
    LogSigner,
    SignedCheckpoint,
    cosign,
    cosign_mldsa,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.core.merkle import verify_consistency
from ledger.core.mldsa import public_of
from ledger.core.note import (
    ED25519_COSIGNATURE,
    MLDSA44_COSIGNATURE,
    NoteSignature,
    VKey,
    make_vkey,
    parse_note,
)
from ledger.core.secp256k1 import Account
from ledger.errors import NotFoundError, RemoteError
from ledger.services.witnessing.cosigning import INTERVAL, Collector
from ledger.services.witnessing.witnesses import Asked
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.cosignatures import Cosignature, Cosignatures
from ledger.store.database import Database, open_database
from ledger.store.log import Log, create_log
from tests.simulator import START, key, seed
from tests.store.conftest import ORIGIN, make_statements

SIGNER = LogSigner(ORIGIN, seed("log"), seed("mldsa"), Account(seed("head")))
Lines = tuple[NoteSignature, ...]


@dataclass
class Double:
    """A witness: honest unless a test says otherwise."""

    name: str
    organisation: str
    size: int = 0
    root: bytes = b""
    asked: list[tuple[int, int]] = field(default_factory=list)
    answer: Callable[[SignedCheckpoint, Lines], Any] = lambda _, lines: lines
    wait: threading.Event | None = None
    offset: int = 0

    @property
    def vkey(self) -> VKey:
        return make_vkey(self.name, ED25519_COSIGNATURE, key(self.name).public.raw)

    @property
    def known(self) -> Asked:
        return Asked(self.organisation, (self.vkey,), f"https://{self.name}", "test")

    def cosigned(self, old: int, path: Sequence[bytes], signed: SignedCheckpoint, now: int) -> Lines | int:
        self.asked.append((old, signed.checkpoint.size))
        if self.wait is not None:
            self.wait.wait(20)
        if old != self.size:
            return self.size
        if old:
            verify_consistency(old, signed.checkpoint.size, self.root, signed.checkpoint.root, path)
        line = cosign(signed, self.name, key(self.name), now + self.offset)
        answer: Lines = self.answer(signed, (line,))
        self.size, self.root = signed.checkpoint.size, signed.checkpoint.root
        return answer


@dataclass
class Rig:
    """A log, and the witnesses that its collector asks."""

    database: Database
    witnesses: list[Double]
    now: int = START

    def __post_init__(self) -> None:
        self.log = Log(self.database, ORIGIN)
        self.checkpoints, self.held = Checkpoints(self.database), Cosignatures(self.database)
        self.collector = self.opened()

    def opened(self) -> Collector:
        return Collector(
            self.log,
            self.held,
            latest=self.checkpoints.latest,
            witnesses=lambda: [one.known for one in self.witnesses],
            clock=lambda: self.now,
            ask=self._ask,
        )

    def _ask(self, url: str, old: int, path: Sequence[bytes], signed: SignedCheckpoint) -> Lines | int:
        return next(one for one in self.witnesses if one.known.url == url).cosigned(
            old, path, signed, self.now
        )

    def grow(self, count: int) -> int:
        """Log some entries and sign the head; its size."""
        self.log.append(make_statements(range(self.log.head.size, self.log.head.size + count)))
        head = self.log.head
        note = sign_checkpoint(Checkpoint(ORIGIN, head.size, head.root), SIGNER, self.now)
        self.checkpoints.store(StoredCheckpoint(head.size, note, self.now))
        return head.size

    def round(self) -> None:
        """One round now, and wait for whoever is asked and does not wait for the test."""
        self.collector._taken_at -= INTERVAL
        for standing in self.collector.standings():
            standing.due = 0.0
        self.collector.round()
        self.settle()

    def settle(self) -> None:
        """Wait for whoever is asked and does not wait for the test."""
        waiting = {one.known.url for one in self.witnesses if one.wait is not None}
        for named, thread in self.collector._rounds._beside.items():
            if not waiting & set(named):  # type: ignore[call-overload]  # those of a collector are pairs
                thread.join()

    def names(self, size: int) -> list[str]:
        return [one.name for one in self.held.of(size)]

    def error(self, name: str) -> str | None:
        (found,) = [one for one in self.collector.standings() if one.asked.name == name]
        return None if found.error is None else found.error.code

    def organisations(self) -> dict[tuple[str, bytes], str]:
        return {one: double.organisation for double in self.witnesses for one in double.known.keys}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "log.db"
    with open_database(path, create=True) as opened:
        create_log(opened, ORIGIN)
    return path


@pytest.fixture
def rig(empty: Path, tmp_path: Path) -> Iterator[Rig]:
    shutil.copy(empty, tmp_path / "log.db")
    with open_database(tmp_path / "log.db") as database:
        made = Rig(database, [Double("xb/witness", "did:web:xb"), Double("xc/witness", "did:web:xc")])
        yield made


def test_every_witness_cosigns_each_size_that_is_taken(rig: Rig) -> None:
    sizes = [rig.grow(count) for count in (3, 4)]
    assert sizes == [3, 7]
    rig.round()
    size = rig.grow(5)
    rig.round()
    for double in rig.witnesses:
        assert double.asked == [(0, 7), (7, 12)]
    assert rig.names(3) == []
    assert rig.names(7) == rig.names(size) == ["xb/witness", "xc/witness"]


def test_nobody_is_asked_again_about_what_is_held(rig: Rig) -> None:
    rig.grow(3)
    rig.round()
    rig.round()
    rig.collector = rig.opened()  # as after a restart
    rig.round()
    assert [double.asked for double in rig.witnesses] == [[(0, 3)], [(0, 3)]]
    rig.grow(2)
    rig.round()
    assert rig.witnesses[0].asked[1:] == [(3, 5)]


def test_nothing_is_asked_before_the_first_checkpoint(rig: Rig) -> None:
    rig.round()
    assert rig.collector.standings() == []


def test_a_witness_that_cosigned_more_than_is_known_here_is_followed(rig: Rig) -> None:
    """As after a crash between its answer and its being stored."""
    rig.grow(3)
    rig.witnesses[0].size, rig.witnesses[0].root = 3, rig.log.root_at(3)
    rig.grow(4)
    rig.round()
    assert rig.witnesses[0].asked == [(0, 7), (3, 7)]
    assert rig.names(7) == ["xb/witness", "xc/witness"]


def test_a_witness_that_is_ahead_of_the_log_is_told_of(rig: Rig) -> None:
    rig.grow(3)
    rig.witnesses[0].size = 9
    rig.round()
    assert rig.error("xb/witness") == "witness-ahead"
    assert rig.names(3) == ["xc/witness"]


def test_a_witness_that_never_says_what_it_wants_is_left(rig: Rig) -> None:
    rig.grow(3)
    rig.witnesses[0].cosigned = lambda *_: 0  # type: ignore[method-assign]
    rig.round()
    assert rig.error("xb/witness") == "witness-answer"


def flipped(payload: bytes) -> bytes:
    return payload[:-1] + bytes([payload[-1] ^ 1])


LIES: dict[str, tuple[Callable[[SignedCheckpoint, Lines], Any], str]] = {
    "no line": (lambda *_: (), "line-missing"),
    "another's line": (
        lambda signed, _: (cosign(signed, "xz/witness", key("xz/witness"), START),),
        "line-missing",
    ),
    "another's under its name": (
        lambda signed, lines: (lines[0]._replace(payload=cosign(signed, "xz", key("xz"), START).payload),),
        "line-invalid",
    ),
    "a flipped bit": (
        lambda _, lines: (lines[0]._replace(payload=flipped(lines[0].payload)),),
        "line-invalid",
    ),
    "another time than it signed": (
        lambda _, lines: (lines[0]._replace(payload=(START + 1).to_bytes(8) + lines[0].payload[8:]),),
        "line-invalid",
    ),
    "its line twice": (lambda _, lines: lines * 2, "line-twice"),
    "a good line and a bad one": (
        lambda _, lines: (lines[0], lines[0]._replace(payload=bytes(72))),
        "line-twice",
    ),
    "nonsense": (lambda *_: 1 / 0, "witness-failed"),
}


@pytest.mark.parametrize("lie", LIES)
def test_of_a_witness_that_lies_nothing_is_stored_and_the_other_is_not_held_up(rig: Rig, lie: str) -> None:
    rig.grow(3)
    rig.witnesses[0].answer, code = LIES[lie]
    rig.round()
    assert rig.names(3) == ["xc/witness"]
    assert rig.error("xb/witness") == code
    rig.witnesses[0].answer = lambda _, lines: lines
    rig.round()
    assert rig.names(3) == ["xb/witness", "xc/witness"]
    assert rig.error("xb/witness") is None


def test_lines_of_unknown_keys_beside_its_own_are_passed_over(rig: Rig) -> None:
    rig.grow(3)
    rig.witnesses[0].answer = lambda _, lines: (NoteSignature("x", b"abcd", b"y"), *lines)
    rig.round()
    assert rig.names(3) == ["xb/witness", "xc/witness"]


@pytest.mark.parametrize("offset", [-START, -301, 301, 2**40])
def test_a_time_that_cannot_be_is_refused(rig: Rig, offset: int) -> None:
    """Zero, before the checkpoint was signed, or in the future: it would date what it did not see."""
    rig.grow(3)
    rig.witnesses[0].offset = offset
    rig.round()
    assert rig.error("xb/witness") == "witness-time"
    assert rig.names(3) == ["xc/witness"]


def test_a_line_of_ml_dsa_counts_too(rig: Rig) -> None:
    rig.grow(3)
    double = rig.witnesses[0]
    vkey = make_vkey(double.name, MLDSA44_COSIGNATURE, public_of(seed("post-quantum")))
    double.answer = lambda signed, lines: (
        *lines,
        cosign_mldsa(signed.checkpoint, double.name, seed("post-quantum"), START),
    )
    both = Asked(double.organisation, (double.vkey, vkey), double.known.url, "test")
    rig.collector._witnesses = lambda: [both]
    rig.collector.round()
    (asked,) = rig.collector._rounds._beside.values()
    asked.join()
    assert rig.names(3) == ["xb/witness"] * 2


def test_a_witness_that_stays_silent_holds_up_no_other(rig: Rig) -> None:
    release = threading.Event()
    rig.witnesses[0].wait = release
    first = rig.grow(3)
    rig.round()
    second = rig.grow(3)
    rig.round()
    rig.round()
    assert rig.names(first) == rig.names(second) == ["xc/witness"]
    assert rig.witnesses[0].asked == [(0, first)]  # and is not asked a second time meanwhile
    release.set()
    rig.witnesses[0].wait = None
    rig.settle()
    rig.round()
    assert rig.names(first) == rig.names(second) == ["xb/witness", "xc/witness"]


def test_a_witness_that_failed_is_asked_less_and_less(rig: Rig) -> None:
    rig.grow(3)

    def refuse(*_: object) -> Lines:
        raise RemoteError("gone", code="remote-unreachable")

    rig.witnesses[0].answer = refuse
    waits = []
    for _ in range(8):
        rig.round()
        (standing,) = [one for one in rig.collector.standings() if one.asked.name == "xb/witness"]
        waits.append(round(standing.due - time.monotonic()))
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    asked = len(rig.witnesses[0].asked)
    rig.collector.round()
    assert len(rig.witnesses[0].asked) == asked


def test_a_partner_that_is_removed_is_asked_no_more(rig: Rig) -> None:
    rig.grow(3)
    rig.round()
    gone = rig.witnesses.pop()
    rig.grow(3)
    rig.round()
    assert len(gone.asked) == 1
    assert [one.asked.name for one in rig.collector.standings()] == ["xb/witness"]


def test_the_thread_collects_by_itself_and_ends(rig: Rig) -> None:
    rig.grow(3)
    rig.collector.start()
    until = time.monotonic() + 10
    while len(rig.names(3)) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    rig.collector.close()
    assert rig.names(3) == ["xb/witness", "xc/witness"]
    assert rig.collector.trouble is None


# -- what is kept --------------------------------------------------------------------------------------------


def test_a_note_carries_its_cosignatures_and_verifies(rig: Rig) -> None:
    size = rig.grow(3)
    stored = rig.checkpoints.at(size)
    assert stored is not None
    assert rig.held.note_of(size) == stored.note
    rig.round()
    note = parse_note(rig.held.note_of(size))
    assert note.signatures[:3] == parse_note(stored.note).signatures
    assert [line.name for line in note.signatures[3:]] == ["xb/witness", "xc/witness"]
    parse_checkpoint(rig.held.note_of(size))
    with pytest.raises(NotFoundError) as refused:
        rig.held.note_of(99)
    assert refused.value.code == "checkpoint-unknown"


def test_the_first_line_of_a_key_stays(rig: Rig) -> None:
    size = rig.grow(3)
    rig.held.store([Cosignature(size, "w", b"abcd", b"first", 7, 7)])
    rig.held.store([Cosignature(size, "w", b"abcd", b"second", 9, 9)])
    assert [one.line for one in rig.held.of(size)] == [b"first"]


def test_a_note_holds_no_more_lines_than_one_may_have(rig: Rig) -> None:
    size = rig.grow(3)
    line = b"\xe2\x80\x94 w " + b"YWJjZA==" * 400
    rig.held.store([Cosignature(size, "w", n.to_bytes(4), line, 7, 7) for n in range(100)])
    assert len(rig.held.note_of(size)) <= 128 * 1024


def test_the_quorum_counts_organisations_at_one_size(rig: Rig) -> None:
    second = Double("xb/witness-2", "did:web:xb")
    rig.witnesses.append(second)
    sizes = [rig.grow(3) for _ in range(4)]
    by: dict[int, list[int]] = {0: [0, 2], 1: [1], 2: [0], 3: [0, 1, 2]}
    for place, doubles in by.items():
        for double in (rig.witnesses[n] for n in doubles):
            row = Cosignature(sizes[place], double.name, double.vkey.key_id, b"line", 7, 7)
            rig.held.store([row])

    def size_of(index: int, quorum: int) -> int | None:
        found = rig.held.earliest_with_quorum(index, quorum, rig.organisations())
        return None if found is None else found.size

    assert [size_of(0, quorum) for quorum in range(4)] == [3, 3, 12, None]
    assert [size_of(index, 1) for index in (0, 3, 5, 6, 11, 12)] == [3, 6, 6, 9, 12, None]
    strangers = {("nobody", b"abcd"): "did:web:xd"}
    assert rig.held.earliest_with_quorum(0, 1, strangers) is None
    assert rig.held.earliest_with_quorum(0, 1, {}) is None

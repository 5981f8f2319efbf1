"""Before the first signature after a start: what others saw of the log is held against it."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest

from ledger.core.checkpoint import Checkpoint, LogSigner, sign_checkpoint
from ledger.core.secp256k1 import Account
from ledger.errors import LedgerError, RemoteError, SignatureError, StoreError, VerificationError
from ledger.remote.witness import WitnessClient
from ledger.services.recovery import restart as restarting
from ledger.services.recovery.restart import Restart, check_last_bundle
from ledger.services.recovery.sightings import Sighting, Source, shown_by
from ledger.store.database import open_database
from ledger.store.log import Log, create_log
from ledger.store.statements import Statements
from tests.services.nodes import running
from tests.simulator import START, seed
from tests.store.conftest import ORIGIN, make_statements

SIGNER = LogSigner(ORIGIN, seed("log"), seed("mldsa"), Account(seed("head")))
SIZE = 300


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    database = open_database(tmp_path_factory.mktemp("restart") / "log.sqlite", create=True)
    create_log(database, ORIGIN)
    made = Log(database, ORIGIN)
    made.append(make_statements(range(SIZE)))
    yield made
    database.close()


def saw(log: Log, size: int, *, who: str = "witness w", root: bytes | None = None) -> Source:
    told = root if root is not None else log.root_at(size)
    return Source(who, lambda: Sighting(who, size, told))


def silent(who: str = "witness s") -> Source:
    def ask() -> Sighting | None:
        raise RemoteError("nothing listens there", code="remote-unreachable")

    return Source(who, ask)


def nothing(who: str = "witness n") -> Source:
    return Source(who, lambda: None)


def asked(log: Log, *sources: Source, unproven: bool = False) -> LedgerError | None:
    return Restart(log, lambda: sources, unproven=unproven, patience=2.0).may_sign()


def code_of(error: LedgerError | None) -> str:
    assert isinstance(error, StoreError)
    return error.code


def test_a_log_that_nobody_watches_goes_on(log: Log) -> None:
    assert asked(log) is None


@pytest.mark.parametrize("size", [1, 255, 256, SIZE])
def test_one_who_saw_what_the_log_has_is_enough(log: Log, size: int) -> None:
    assert asked(log, silent(), saw(log, size)) is None


def test_one_who_has_seen_nothing_of_the_log_is_enough(log: Log) -> None:
    assert asked(log, nothing(), silent()) is None


def test_a_larger_size_says_who_saw_it_and_nothing_is_signed(log: Log) -> None:
    root = bytes(range(32))
    found = asked(log, saw(log, 5), saw(log, SIZE + 1, who="chain eip155:1", root=root))
    assert code_of(found) == "log-rolled-back"
    assert f"chain eip155:1 saw size {SIZE + 1} with root {root.hex()}" in str(found)
    assert f"has {SIZE} entries" in str(found)


def test_another_root_is_another_history(log: Log) -> None:
    found = asked(log, saw(log, SIZE), saw(log, 256, who="witness x", root=bytes(32)))
    assert code_of(found) == "log-rewritten"
    assert "witness x saw size 256" in str(found)
    assert log.root_at(256).hex() in str(found)


def test_the_operator_may_go_on_unproven_and_not_against_what_was_seen(log: Log) -> None:
    assert code_of(asked(log, silent(), silent())) == "restart-unproven"
    assert asked(log, silent(), silent(), unproven=True) is None
    against = saw(log, SIZE + 9, root=bytes(32))
    assert code_of(asked(log, silent(), against, unproven=True)) == "log-rolled-back"


def test_who_did_not_answer_is_asked_again_after_a_while(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    answers: list[Callable[[], Sighting | None]] = []
    calls: list[float] = []

    def ask() -> Sighting | None:
        calls.append(now[0])
        return answers[0]() if answers else silent().ask()

    restart = Restart(log, lambda: (Source("witness w", ask),), patience=2.0)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    for _ in range(6):
        assert code_of(restart.may_sign()) == "restart-unproven"
        now[0] += 1.0
    assert calls == [1000.0, 1002.0]
    answers.append(lambda: Sighting("witness w", 1, log.root_at(1)))
    now[0] = 1006.0
    assert restart.may_sign() is None


def test_who_hangs_holds_up_nobody_for_longer_than_the_patience(log: Log) -> None:
    release = threading.Event()
    hanging = Source("witness h", lambda: (release.wait(30), None)[1])
    began = time.monotonic()
    try:
        assert Restart(log, lambda: (hanging, saw(log, 7)), patience=0.3).may_sign() is None
        assert time.monotonic() - began < 3
    finally:
        release.set()


def test_a_node_that_stops_waits_for_no_answer(log: Log) -> None:
    release = threading.Event()
    restart = Restart(log, lambda: (Source("witness h", lambda: (release.wait(30), None)[1]),), patience=20)
    threading.Timer(0.2, restart.close).start()
    began = time.monotonic()
    try:
        assert code_of(restart.may_sign()) == "restart-unproven"
        assert time.monotonic() - began < 5
    finally:
        release.set()


def test_who_answers_late_may_still_end_it(log: Log) -> None:
    halted: list[LedgerError] = []
    told = threading.Event()
    answers: list[Sighting] = []

    def ask() -> Sighting | None:
        return answers[0] if answers else silent().ask()

    restart = Restart(log, lambda: (Source("witness w", ask), nothing()), patience=2.0)

    def halt(error: LedgerError) -> None:
        halted.append(error)
        told.set()

    restart.halt = halt
    assert restart.may_sign() is None
    answers.append(Sighting("witness w", SIZE + 1, bytes(32)))
    assert told.wait(10)
    restart.close()
    assert [one.code for one in halted] == ["log-rolled-back"]


@pytest.mark.parametrize("after", [0.4, 1.4])
def test_the_last_late_answer_is_looked_at_too(log: Log, after: float) -> None:
    halted: list[LedgerError] = []
    told = threading.Event()

    def ask() -> Sighting | None:
        time.sleep(after)
        return Sighting("witness w", SIZE + 1, bytes(32))

    restart = Restart(log, lambda: (Source("witness w", ask), nothing()), patience=0.1)

    def halt(error: LedgerError) -> None:
        halted.append(error)
        told.set()

    restart.halt = halt
    assert restart.may_sign() is None
    assert told.wait(5)
    restart.close()
    assert [one.code for one in halted] == ["log-rolled-back"]


def test_an_answer_that_comes_while_the_others_are_held_against_the_log_is_late(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()
    comes = threading.Event()

    def ask() -> Sighting | None:
        comes.wait(10)
        return Sighting("witness w", SIZE + 1, bytes(32))

    slow = Source("witness w", ask)
    compare = restarting.contradiction

    def comparing(held: Log, seen: Iterable[Sighting]) -> StoreError | None:
        found = compare(held, list(seen))
        if threading.current_thread() is threading.main_thread():
            comes.set()
            assert slow.thread is not None
            slow.thread.join(10)
        return found

    monkeypatch.setattr(restarting, "contradiction", comparing)
    restart = Restart(log, lambda: (slow, nothing()), patience=0.1)
    restart.halt = lambda _: told.set()
    assert restart.may_sign() is None
    assert slow.answered
    assert told.wait(5)
    restart.close()


def test_a_sequencer_that_is_halted_while_it_asks_signs_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "log.sqlite") as node:
        sequencer = node.sequencer

        def halting() -> LedgerError | None:
            sequencer.halt(StoreError("seen elsewhere", code="log-rewritten"))
            return None

        sequencer._may_sign = halting
        with pytest.raises(StoreError) as refused:
            node.enrol_exporter()
        assert refused.value.code == "log-rewritten"
        assert node.checkpoints.latest() is None


def test_a_sequencer_that_is_halted_signs_nothing_more(tmp_path: Path) -> None:
    with running(tmp_path / "log.sqlite") as node:
        node.enrol_exporter()
        node.sequencer.halt(StoreError("seen elsewhere", code="log-rewritten"))
        for _ in range(2):
            with pytest.raises(StoreError) as refused:
                node.register(node.world.record())
            assert refused.value.code == "log-rewritten"
        latest = node.checkpoints.latest()
        assert latest is not None
        assert latest.size == 1
        assert node.sequencer.trouble is refused.value


@dataclass
class Liar:
    """Whose keys and log a witness shows."""

    signer: LogSigner = SIGNER
    size: int = SIZE

    def note(self, origin: str = ORIGIN) -> bytes:
        return sign_checkpoint(Checkpoint(origin, self.size, bytes(32)), self.signer, START)


def test_a_witness_is_believed_for_the_logs_own_signature() -> None:
    found = shown_by("w", Liar().note(), ORIGIN, SIGNER.vkeys[:1])
    assert (found.size, found.root) == (SIZE, bytes(32))


def test_what_the_log_never_signed_counts_for_nothing() -> None:
    forged = Liar(LogSigner(ORIGIN, seed("other"), seed("mldsa"), Account(seed("head"))), size=10**6)
    with pytest.raises(SignatureError):
        shown_by("w", forged.note(), ORIGIN, SIGNER.vkeys[:1])
    changed = Liar().note().replace(b"\n300\n", b"\n301\n")
    with pytest.raises(SignatureError):
        shown_by("w", changed, ORIGIN, SIGNER.vkeys[:1])
    other = "registry.example.xb/XB/2026"
    theirs = Liar(LogSigner(other, seed("log"), seed("mldsa"), Account(seed("head")))).note(other)
    with pytest.raises(VerificationError) as refused:
        shown_by("w", theirs, ORIGIN, SIGNER.vkeys[:1])
    assert refused.value.code == "witness-answer"


@pytest.mark.parametrize(("status", "expected"), [(200, b"note"), (404, None)])
def test_the_checkpoint_is_asked_for_where_witnesses_have_it(status: int, expected: bytes | None) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        named = sha256(ORIGIN.encode()).hexdigest()
        assert str(request.url) == f"https://w.example/prefix/{named}/checkpoint"
        return httpx2.Response(status, content=iter([b"note"]))

    with WitnessClient("https://w.example/prefix", transport=httpx2.MockTransport(answer)) as client:
        assert client.checkpoint(ORIGIN) == expected


@pytest.mark.parametrize("index", [256, 299])
def test_a_changed_statement_of_the_last_bundle_is_named_with_its_entry(tmp_path: Path, index: int) -> None:
    path = tmp_path / "log.sqlite"
    with open_database(path, create=True) as database:
        create_log(database, ORIGIN)
        log = Log(database, ORIGIN)
        log.append(make_statements(range(SIZE)))
        check_last_bundle(log, Statements(database))
    behind_its_back = sqlite3.connect(path)
    behind_its_back.execute("DROP TRIGGER statement_no_update")
    behind_its_back.execute(
        "UPDATE statement SET body = CAST('other' AS BLOB) WHERE leaf_index = ?", (index,)
    )
    behind_its_back.commit()
    behind_its_back.close()
    with open_database(path) as database, pytest.raises(StoreError) as found:
        check_last_bundle(Log(database, ORIGIN), Statements(database))
    assert found.value.code == "store-corrupt"
    digest = make_statements([index])[0].digest
    assert f"entry {index} of log {ORIGIN} is {digest.hex()}" in str(found.value)
    assert sha256(b"other").hexdigest() in str(found.value)

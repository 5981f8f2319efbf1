"""Handing over and moving the log in turns, with the parts of several processes in this one."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

import pytest

from ledger.core.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import ConflictError, LedgerError, RefusedError, SetupError, StoreError
from ledger.services.log import pending
from ledger.services.log.pending import Pending
from ledger.services.log.pending_wire import decode_outcomes, encode_outcomes, encode_refusal, pack, unpack
from ledger.services.log.sequencer import Sequencer
from ledger.services.node import election
from ledger.services.node.election import Elected
from ledger.services.node.roles import check_served, role_of
from ledger.services.recovery.restart import Restart
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import Database, Writing, open_database
from ledger.store.log import Appended, Log, create_log
from ledger.store.pending import PendingStore
from ledger.store.rows import Attestation, Edition, NewStatement, StatusEntry, Version
from tests.postgres import APP, Server
from tests.services.nodes import signing
from tests.simulator import START, World
from tests.store.conftest import make_statement, make_statements

WORLD = World()
ORIGIN = WORLD.xa.origin
PATIENCE = 20


@dataclass
class Part:
    """What one process has."""

    database: Database
    log: Log
    checkpoints: Checkpoints
    submitting: Pending | Elected
    forgotten: list[str]

    def close(self) -> None:
        self.submitting.close()
        self.database.close()


@dataclass
class Parts:
    """Processes of one node, on one database."""

    server: Server
    name: str
    made: list[Part]
    refusal: LedgerError | None = None

    @property
    def url(self) -> str:
        return self.server.url(self.name, APP)

    def member(self, *, moving: bool, owner: str = "", capacity: int = 1_000) -> Part:
        database = open_database(self.url, lead=False)
        log, checkpoints = Log(database, ORIGIN), Checkpoints(database)
        store, forgotten = PendingStore(self.url), []
        taker = Pending(store, log, checkpoints, owner=owner or str(len(self.made)), capacity=capacity)

        def opened(publish: Callable[[StoredCheckpoint], None]) -> tuple[Restart, Sequencer]:
            return Restart(log, list), Sequencer(
                log,
                checkpoints,
                signing(WORLD),
                clock=lambda: START + 60,
                publish=publish,
                may_sign=lambda: self.refusal,
                interval=0.02,
            )

        submitting: Pending | Elected = taker
        if moving:
            submitting = Elected(log, store, taker, opened, forget=forgotten.append)
        self.made.append(Part(database, log, checkpoints, submitting, forgotten))
        return self.made[-1]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.server.execute(query, self.name)


@pytest.fixture
def parts(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    monkeypatch.setattr(election, "STAND_BY", 0.05)
    made = Parts(postgres, postgres.ledger(), [])
    with open_database(made.url, lead=False) as database:
        create_log(database, ORIGIN, lead=False)
    yield made
    for one in made.made:
        one.close()
    postgres.drop(made.name)


def eventually(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.01)


def refused(action: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as error:
        action()
    return error.value.code


def register(part: Part, rows: list[NewStatement]) -> list[int]:
    found = part.submitting.submit(rows).result(PATIENCE)
    assert all(isinstance(one, Appended) for one in found), found
    return [one.index for one in found if isinstance(one, Appended)]


def test_statements_are_unpacked_as_they_were_packed() -> None:
    plain = make_statement(1)
    certificate = make_statement(2)._replace(
        type="ConformityCertificate",
        party="did:web:b.example.xa",
        record=b"r" * 32,
        reference="C-1",
        edges=(("record", b"t" * 32),),
        attestation=Attestation("C-1", "did:web:b.example.xa", 1, 2, StatusEntry("urn:x:list", 7)),
    )
    bare = make_statement(3)._replace(attestation=Attestation(None, None, 1, 2, None))
    edition = make_statement(4)._replace(type="StatusList", edition=Edition("urn:x:list", 1, 2))
    measure = make_statement(5)._replace(type="PolicyMeasure", version=Version(b"n" * 32, 7))
    statements = [plain, certificate, bare, edition, measure]
    found = unpack(pack(statements))
    assert found == statements
    assert [type(one.attestation) for one in found[:3]] == [type(None), Attestation, Attestation]
    assert isinstance(found[1].status, StatusEntry)
    assert isinstance(found[4].version, Version)


def test_a_submission_that_was_damaged_is_not_taken() -> None:
    packed = pack(make_statements(range(3)))
    for damaged in (b"", b"{}", packed[:-1], packed.replace(b'"number":1', b'"number":7'), packed[9:]):
        assert refused(lambda data=damaged: unpack(data)) == "submission-damaged"


def test_outcomes_are_told_as_they_were() -> None:
    taken = ConflictError("another has it", code="statement-id-taken")
    found = decode_outcomes(encode_outcomes([Appended(4, first=True), taken, Appended(1, first=False)]))
    assert isinstance(found, list)
    assert (found[0], found[2]) == (Appended(4, first=True), Appended(1, first=False))
    assert (found[1].code, str(found[1])) == (taken.code, str(taken))
    error = decode_outcomes(encode_refusal(RefusedError("too much", code="overloaded")))
    assert isinstance(error, RefusedError)
    assert error.code == "overloaded"


def test_roles_that_need_a_server_are_refused_without_one() -> None:
    assert role_of("all", None) == "all"
    for role in ("api", "sequencer", "anchorer"):
        assert refused(lambda role=role: role_of(role, None)) == "role-needs-server"
        assert role_of(role, "postgresql+psycopg://x/y") == role
    with pytest.raises(SetupError, match="api, sequencer, anchorer, all"):
        role_of("leader", "postgresql+psycopg://x/y")


def test_each_role_serves_what_is_its_own() -> None:
    for path in ("/witness/add-checkpoint", "/v1/attestations", "/chain"):
        assert refused(lambda path=path: check_served("api", path)) == "role-not-served"
        check_served("all", path)
    for role in ("sequencer", "anchorer"):
        check_served(role, "/health")  # type: ignore[arg-type]  # a stand-in
        assert refused(lambda role=role: check_served(role, "/v1/statements")) == "role-not-served"
    check_served("api", "/v1/statements")


def test_what_is_handed_over_is_answered_once_a_stored_checkpoint_covers_it(parts: Parts) -> None:
    mover, other = parts.member(moving=True), parts.member(moving=False)
    eventually(lambda: other.submitting.trouble is None)
    party = make_statement(9)._replace(party="did:web:b.example.xa")
    seen = []
    other.log.followed = lambda first, size: seen.append((first, size))
    assert register(other, [*make_statements(range(3)), party]) == [0, 1, 2, 3]
    assert other.log.head.size == 4
    assert seen[-1][1] == 4
    latest = other.submitting.latest
    assert latest is not None
    assert parse_checkpoint(latest.note).checkpoint.root == other.log.root_at(4)
    assert mover.forgotten == ["did:web:b.example.xa"]
    assert register(mover, make_statements([2, 5])) == [2, 4]
    assert register(other, make_statements([5, 1])) == [4, 1]
    (conflict,) = other.submitting.submit([make_statement(6, name=1)]).result(PATIENCE)
    assert isinstance(conflict, ConflictError)
    assert conflict.code == "statement-id-taken"
    assert [parts.rows(f"SELECT count(*) FROM {table}") for table in ("submission", "settled")] == [
        [(0,)]
    ] * 2


def test_nothing_is_taken_in_while_nobody_moves_the_log(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = parts.member(moving=False)
    assert refused(lambda: other.submitting.submit(make_statements([1]))) == "sequencer-absent"
    mover = parts.member(moving=True)
    eventually(lambda: other.submitting.trouble is None)
    mover.close()
    monkeypatch.setattr(pending, "ABSENT", 0.2)
    waiting = other.submitting.submit(make_statements([1])) if other.submitting.trouble is None else None
    eventually(lambda: other.submitting.trouble is not None)
    assert refused(lambda: other.submitting.submit(make_statements([2]))) == "sequencer-absent"
    monkeypatch.setattr(pending, "GONE", 0.3)
    if waiting is not None:
        assert refused(lambda: waiting.result(PATIENCE)) == "sequencer-absent"
    assert parts.rows("SELECT count(*) FROM submission") == [(0,)]


def test_what_all_processes_hand_over_together_is_bounded(parts: Parts) -> None:
    parts.member(moving=True).submitting.close()
    store = PendingStore(parts.url)
    store.beat(1, None, None)
    one, two = (parts.member(moving=False, owner=name, capacity=10) for name in ("one", "two"))
    first = one.submitting.submit(make_statements(range(6)))
    eventually(lambda: refused_or_none(two, range(6, 12)) == "overloaded")
    two.submitting.submit(make_statements(range(6, 10)))
    one.submitting.close()
    assert refused(lambda: first.result(0)) == "sequencer-closed"
    assert refused(lambda: one.submitting.submit(make_statements([1]))) == "sequencer-closed"
    store.close()


def refused_or_none(part: Part, numbers: range) -> str | None:
    try:
        part.submitting.submit(make_statements(numbers))
    except LedgerError as error:
        return error.code
    return None


def test_what_keeps_the_log_from_being_signed_is_told_by_every_process(parts: Parts) -> None:
    parts.refusal = StoreError("nobody said what was seen", code="restart-unproven")
    parts.member(moving=True)
    other = parts.member(moving=False)
    eventually(lambda: (found := other.submitting.trouble) and found.code == "restart-unproven")
    assert refused(lambda: other.submitting.submit(make_statements([1]))) == "restart-unproven"
    assert parts.rows("SELECT count(*) FROM checkpoint") == [(0,)]
    parts.refusal = None
    eventually(lambda: other.submitting.trouble is None)
    assert register(other, make_statements([1])) == [0]


def test_another_process_takes_over_where_one_stops(parts: Parts) -> None:
    first, second, other = (
        parts.member(moving=True),
        parts.member(moving=True),
        parts.member(moving=False),
    )
    assert (first.database.leads, second.database.leads) == (True, False)
    eventually(lambda: second.submitting.trouble is None and other.submitting.trouble is None)
    assert register(second, make_statements([0])) == [0]
    first.close()
    assert register(other, make_statements([1])) == [1]
    assert second.database.leads
    assert register(second, make_statements([2, 0])) == [2, 0]
    assert parts.rows("SELECT epoch FROM head") == [(2,)]


def test_whoever_finds_another_epoch_steps_down_and_signs_nothing(parts: Parts) -> None:
    first = parts.member(moving=True)
    assert register(first, make_statements([0])) == [0]
    parts.server.execute("UPDATE head SET epoch = epoch + 1", parts.name)
    signed = len(list(first.checkpoints.every()))
    assert refused(lambda: first.submitting.submit(make_statements([1])).result(PATIENCE)) == "fenced"
    assert len(list(first.checkpoints.every())) == signed
    assert parts.rows("SELECT size FROM head") == [(1,)]
    eventually(lambda: first.database.leads and first.database.epoch == 3)  # elected anew, by its own lock
    assert register(first, make_statements([1])) == [1]


def test_a_lock_that_was_lost_to_another_is_not_led_on(parts: Parts) -> None:
    first, second = parts.member(moving=True), parts.member(moving=True)
    query = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    parts.server.execute(query, parts.name)
    eventually(lambda: len([part for part in (first, second) if leads_now(part, parts)]) == 1)
    one = next(part for part in (first, second) if leads_now(part, parts))
    assert register(one, make_statements([0])) == [0]


def leads_now(part: Part, parts: Parts) -> bool:
    ((epoch,),) = parts.rows("SELECT epoch FROM head")
    return part.database.leads and part.database.epoch == epoch != 1


def test_a_crash_of_the_server_answers_what_waited(parts: Parts) -> None:
    store = PendingStore(parts.url)
    store.beat(1, None, None)
    other = parts.member(moving=False)
    waiting = other.submitting.submit(make_statements([1]))
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    parts.server.execute(f"{ended} AND pid <> pg_backend_pid()", parts.name)
    assert refused(lambda: waiting.result(PATIENCE)).startswith("store-")
    store.close()


def test_no_answer_is_fetched_before_a_checkpoint_covers_all_of_it(parts: Parts) -> None:
    store = PendingStore(parts.url)
    store.beat(1, None, None)
    other = parts.member(moving=False, owner="one")
    future = other.submitting.submit(make_statements(range(3)))
    (given,) = store.waiting([], 10)
    with open_database(parts.url) as database:
        log, checkpoints = Log(database, ORIGIN), Checkpoints(database)
        outcomes = encode_outcomes([Appended(at, first=True) for at in range(3)])
        log.append(make_statements(range(3)), lambda writing, _: store.settle(writing, given.id, outcomes, 3))
        for size in (2, 3):
            assert not future.done()
            assert store.waiting([], 10) == []
            note = signing(WORLD)(Checkpoint(ORIGIN, size, log.root_at(size)), START + 60)
            checkpoints.store(StoredCheckpoint(size, note, START + 60))
            store.publish()
            time.sleep(2 * pending.POLL)
    assert future.result(0) == [Appended(at, first=True) for at in range(3)]
    store.close()


def test_what_becomes_of_a_submission_is_taken_back_with_the_entries(parts: Parts) -> None:
    store = PendingStore(parts.url)
    store.give("one", 1, 1, pack(make_statements([1])))
    (given,) = store.waiting([], 10)

    def settle(writing: Writing, _: object) -> None:
        store.settle(writing, given.id, b"[[0,true]]", 1)
        raise StoreError("the disk is full", code="store-full")

    with open_database(parts.url) as database:
        assert refused(lambda: Log(database, ORIGIN).append(make_statements([1]), settle)) == "store-full"
    assert store.waiting([], 10) == [given]
    assert store.fetch("one", 1) == []
    store.close()


def test_what_nobody_fetches_is_swept_away(parts: Parts) -> None:
    store = PendingStore(parts.url)
    for number, row in enumerate(make_statements(range(2))):
        store.give("dead", number, 1, pack([row]))
    (one, two) = store.waiting([], 10)
    assert store.waiting([one.id], 10) == [two]
    store.refuse(one.id, b"[]")
    parts.server.execute("UPDATE submission SET at = at - interval '61 s'", parts.name)
    store.sweep()
    assert store.waiting([], 10) == []
    assert store.fetch("dead", 0) == [(0, b"[]")]
    store.close()


def test_a_log_follows_what_another_appends_and_nothing_that_does_not_lead_to_its_head(parts: Parts) -> None:
    with open_database(parts.url) as one, open_database(parts.url, lead=False) as two:
        writer, reader = Log(one, ORIGIN), Log(two, ORIGIN)
        reader.follows = True
        at = 0
        for count in (1, 255, 1, 300, 700):
            writer.append(make_statements(range(at, at + count)))
            at += count
            assert reader.root_at(at) == writer.head.root
            assert reader.head == writer.head
        assert reader.inclusion_path(3, at) == writer.inclusion_path(3, at)
        assert reader.tile(0, 4, 233) == writer.tile(0, 4, 233)
        writer.append(make_statements([at]))
        query = f"UPDATE entry SET digest = '\\x{sha256(b'').hexdigest()}' WHERE leaf_index = {at}"
        parts.server.change(f"ALTER TABLE entry DISABLE TRIGGER ALL; {query}", parts.name)
        assert refused(reader.follow) == "store-corrupt"
        assert reader.head.size == at


def test_many_threads_may_follow_one_log(parts: Parts) -> None:
    with open_database(parts.url) as one, open_database(parts.url, lead=False) as two:
        writer, reader = Log(one, ORIGIN), Log(two, ORIGIN)
        seen: list[tuple[int, int]] = []
        reader.followed = lambda first, size: seen.append((first, size))
        stop = threading.Event()

        def follow() -> None:
            while not stop.is_set():
                reader.follow()

        threads = [threading.Thread(target=follow) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(20):
            writer.append(make_statements(range(number * 7, number * 7 + 7)))
        eventually(lambda: reader.head == writer.head)
        stop.set()
        for thread in threads:
            thread.join()
        assert min(seen)[0] == 0
        assert all(one[1] == other[0] for one, other in zip(sorted(seen), sorted(seen)[1:], strict=False))

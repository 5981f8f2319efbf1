"""Sessions with a database server: the one writer, connections that are lost, and what errors say."""

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import StoreError
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import BUSY_SECONDS, Database, open_database
from ledger.store.integrity import differences
from ledger.store.log import Appended, Log
from ledger.store.postgres_lock import AdvisoryLock
from ledger.store.postgres_session import WRITING_IDLE_SECONDS, address_of
from tests.postgres import PASSWORD, Server
from tests.store.conftest import ORIGIN, make_statement, make_statements
from tests.store.test_postgres import backend, change, code_of, name, terminate

__all__ = ["backend", "name"]


# -- one writer --------------------------------------------------------------------------------------------------------


HOLDS_LOCK = "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"


def test_a_second_writer_is_refused_and_a_reader_and_a_member_are_not(database: Database, place: str) -> None:
    assert code_of(lambda: open_database(place)) == "store-locked"
    with open_database(place, read_only=True) as reader:
        assert Log(reader, ORIGIN).head.size == 0
        assert code_of(lambda: Log(reader, ORIGIN).append(make_statements([1]))) == "store-read-only"
    with open_database(place, lead=False) as member:
        change(member, "DELETE FROM anchor_capture")
        assert code_of(lambda: Log(member, ORIGIN).append(make_statements([1]))) == "store-locked"
        assert code_of(lambda: member.lead(ORIGIN)) == "store-locked"
        database.close()
        member.lead(ORIGIN)
        assert member.epoch == 3
        assert Log(member, ORIGIN).append(make_statements([1])) == [Appended(0, first=True)]


def test_a_lock_is_let_go_before_its_connection_ends(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server under load sees the end of a connection late, and would refuse the next one meanwhile."""
    one, other = AdvisoryLock(address_of(place), 1), AdvisoryLock(address_of(place), 1)
    assert one.take()
    session = one.session
    assert session is not None
    serving = session.info.backend_pid
    resumed = threading.Timer(0.3, os.kill, (serving, signal.SIGCONT))
    with monkeypatch.context() as late:
        late.setattr(session, "close", lambda: None)
        os.kill(serving, signal.SIGSTOP)
        resumed.start()
        one.release()
    assert resumed.finished.is_set()  # its answer was waited for
    assert other.take()
    session.close()
    other.release()


def test_a_server_that_was_stopped_keeps_nobody_from_ending(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.store.postgres_lock.UNLOCK_SECONDS", 0.2)
    one, other = AdvisoryLock(address_of(place), 1), AdvisoryLock(address_of(place), 1)
    assert one.take()
    session = one.session
    assert session is not None
    serving = session.info.backend_pid
    os.kill(serving, signal.SIGSTOP)
    try:
        ending = threading.Thread(target=one.release, daemon=True)  # else one that hangs would hang the tests
        ending.start()
        ending.join(20)
        assert not ending.is_alive()
        assert session.closed
        assert not other.take()  # whoever is stopped lets nothing go
    finally:
        os.kill(serving, signal.SIGCONT)
    give_up = time.monotonic() + 20
    while not other.take():
        assert time.monotonic() < give_up, "the lock outlives its connection"
        time.sleep(0.02)
    other.release()


def test_a_writer_that_lost_its_lock_goes_on_only_where_nobody_led_meanwhile(
    postgres: Server, name: str, place: str, database: Database, log: Log
) -> None:
    assert terminate(postgres, name, HOLDS_LOCK) == 1
    assert log.append(make_statements([1])) == [Appended(0, first=True)]
    assert database.epoch == 2
    assert terminate(postgres, name, HOLDS_LOCK) == 1
    with open_database(place) as other:
        assert other.epoch == 3
        assert code_of(lambda: log.append(make_statements([2]))) == "store-locked"
        assert Log(other, ORIGIN).append(make_statements([3])) == [Appended(1, first=True)]
    assert code_of(lambda: log.append(make_statements([2]))) == "fenced"
    assert code_of(lambda: Checkpoints(database).store(StoredCheckpoint(2, b"note", 1))) == "fenced"
    database.lead(ORIGIN)
    assert log.append(make_statements([2])) == [Appended(2, first=True)]


def test_a_writer_that_is_stopped_within_a_change_keeps_the_head_for_a_moment(
    postgres: Server, name: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert WRITING_IDLE_SECONDS < BUSY_SECONDS
    monkeypatch.setattr("ledger.store.postgres.WRITING_IDLE_SECONDS", 1)
    with open_database(place) as stopped, open_database(place, lead=False) as other:

        def stop() -> None:
            with stopped.write(leading=True):
                terminate(postgres, name, HOLDS_LOCK)
                other.lead(ORIGIN)

        assert code_of(stop) == "store-failed"  # its session was ended
        assert other.leads
        assert Log(other, ORIGIN).append(make_statements([1])) == [Appended(0, first=True)]


# -- lost connections --------------------------------------------------------------------------------------------------


def test_sessions_that_ended_are_made_anew_without_anybody_noticing(
    postgres: Server, name: str, database: Database, log: Log
) -> None:
    log.append(make_statements(range(3)))
    assert log.entries(0, 3) == [one.digest for one in make_statements(range(3))]
    assert terminate(postgres, name) >= 4
    assert log.entry(1) == make_statement(1).digest
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT size FROM head").scalar() == 3
    assert log.append(make_statements([3])) == [Appended(3, first=True)]


def test_a_session_that_ends_within_a_transaction_leaves_nothing(
    postgres: Server, name: str, database: Database, log: Log
) -> None:
    def cut() -> None:
        with database.write() as writing:
            writing.insert("checkpoint", ("size", "note", "signed_at"), [(1, b"note", 1)])
            terminate(postgres, name)
            writing.execute("SELECT 1")

    assert code_of(cut) == "store-unavailable"
    assert Checkpoints(database).latest() is None
    log.append(make_statements([0]))
    Checkpoints(database).store(StoredCheckpoint(1, b"note", 1))


def test_a_commit_whose_answer_was_lost_is_read_back(
    database: Any, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    from psycopg import OperationalError

    commit = database._commit

    def lost(session: Any) -> None:
        commit(session)
        session.close()
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(database, "_commit", lost)
        assert code_of(lambda: log.append(make_statements([1]))) == "store-unavailable"
    assert log.append(make_statements([2, 1])) == [Appended(1, first=True), Appended(0, first=False)]


def test_a_server_that_is_killed_loses_nothing_and_is_used_again(
    postgres: Server, database: Database, log: Log
) -> None:
    told = [log.append(make_statements([number]))[0] for number in range(20)]
    postgres.kill()
    try:
        assert code_of(lambda: log.append(make_statements([20]))) == "store-unavailable"
        assert code_of(lambda: log.entry(3)) == "store-unavailable"
    finally:
        postgres.start()
    assert log.append(make_statements(range(21))) == [
        *(Appended(number, first=False) for number in range(len(told))),
        Appended(20, first=True),
    ]
    assert list(differences(database)) == []
    assert database.epoch == 2


# -- what errors say ---------------------------------------------------------------------------------------------------


def test_who_cannot_reach_the_server_is_told_so_without_the_password(postgres: Server, place: str) -> None:
    assert code_of(lambda: open_database(place.replace(PASSWORD, "another"))) == "store-permission"
    assert code_of(lambda: open_database(place.replace(f":{postgres.port}/", ":1/"))) == "store-unavailable"
    assert code_of(lambda: open_database(place + "_not")) == "store-unavailable"
    for address in (f"postgresql+psycopg://u:{PASSWORD}@h", f"postgresql://u:{PASSWORD}@h:x/d"):
        assert code_of(lambda address=address: open_database(address)) == "settings-invalid"


def test_an_error_names_the_constraint_and_no_value(database: Database, log: Log) -> None:
    log.append(make_statements([1]))
    for query, says in (
        (
            "INSERT INTO statement SELECT 0, 'did:web:somebody', 'x', 'T', 1, NULL, NULL, NULL, ''",
            "statement_pkey",
        ),
        ("INSERT INTO tile SELECT 0, 0, 'somebody'", "tile"),
    ):
        with pytest.raises(StoreError) as refused, database.write() as writing:
            writing.execute(query)
        assert refused.value.code == "store-constraint"
        assert says in str(refused.value)
        assert "somebody" not in str(refused.value)
        assert refused.value.__suppress_context__  # what the driver says holds the row


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("DiskFull", "store-full"),
        ("IoError", "store-io"),
        ("DataCorrupted", "store-corrupt"),
        ("SerializationFailure", "store-constraint"),
        ("LockNotAvailable", "store-locked"),
        ("QueryCanceled", "store-busy"),
        ("TooManyConnections", "store-busy"),
        ("AdminShutdown", "store-unavailable"),
        ("CannotConnectNow", "store-unavailable"),
        ("ConnectionFailure", "store-unavailable"),
        ("OutOfMemory", "store-unavailable"),
        ("SyntaxError", "store-failed"),
    ],
)
def test_each_fault_of_the_server_has_its_code(kind: str, code: str) -> None:
    errors = pytest.importorskip("psycopg.errors")
    from ledger.store.postgres_session import postgres_error

    assert postgres_error(getattr(errors, kind)("a row with somebody in it"), "db/ledger").code == code


def test_a_file_is_no_address() -> None:
    assert code_of(lambda: open_database(Path("/nowhere/postgresql"))) == "not-found"

"""The database on a server: roles, schema and settings."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ledger.errors import LedgerError, StoreError
from ledger.store import postgres_schema
from ledger.store.database import Database, migrate_server, open_database
from ledger.store.integrity import differences
from ledger.store.log import Appended, Log, create_log
from ledger.store.postgres_schema import HANDED_OVER, OFFICES
from ledger.store.postgres_session import Session
from ledger.store.tables import APPEND_ONLY, TRANSIENT, StoreTable
from tests.postgres import APP, OWNER, PASSWORD, Server
from tests.store.conftest import ORIGIN, make_statements

TABLES = [*APPEND_ONLY, "head"]


@pytest.fixture
def backend() -> str:
    return "postgres"


@pytest.fixture
def name(place: str) -> str:
    return place.rpartition("/")[2]


@pytest.fixture
def bare(postgres: Server) -> Iterator[str]:
    """A database with nothing in it."""
    made = postgres.database()
    yield made
    postgres.drop(made)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as refused:
        action()
    assert PASSWORD not in str(refused.value)
    return refused.value.code


def terminate(postgres: Server, name: str, where: str = "true") -> int:
    """End sessions of a database, as a network that fails does."""
    query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND {where}"
    ended = len(postgres.execute(query))
    for _ in range(500):
        left = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{name}' AND {where}"
        if not postgres.execute(left):
            break
    return ended


def change(database: Database, query: str) -> None:
    with database.write() as writing:
        writing.execute(query)


# -- roles -------------------------------------------------------------------------------------------------------------


def test_the_nodes_role_adds_to_history_and_cannot_change_it(database: Database, log: Log) -> None:
    log.append(make_statements(range(300)))
    for table in TABLES:
        column = StoreTable.metadata.tables[table].columns.keys()[0]
        for query in (
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
            f"UPDATE {table} SET {column} = {column}",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"DROP TABLE {table} CASCADE",
        ):
            assert code_of(lambda query=query: change(database, query)) == "store-permission", query
    assert code_of(lambda: change(database, "CREATE TABLE more (id int)")) == "store-permission"
    for table in TRANSIENT:
        change(database, f"DELETE FROM {table}")


def test_the_owner_and_the_superuser_meet_the_triggers(postgres: Server, name: str, log: Log) -> None:
    from psycopg import errors

    log.append(make_statements(range(300)))
    for table in TABLES:
        column = StoreTable.metadata.tables[table].columns.keys()[0]
        queries = [
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
            f"UPDATE {table} SET {column} = {column}",
        ]
        for query in (*queries, f"SET session_replication_role = replica; {queries[0]}"):
            if table == "head" or "TRUNCATE" in query or table in ("entry", "statement", "tile"):
                with pytest.raises(errors.IntegrityConstraintViolation):
                    postgres.change(query, name)
    over = "INSERT INTO entry SELECT * FROM entry ON CONFLICT (leaf_index) DO UPDATE SET digest = EXCLUDED.digest"
    with pytest.raises(errors.IntegrityConstraintViolation):
        postgres.change(over, name)
    for shrunk in ("size = size", "size = size - 1", "root = 'x'", "epoch = epoch - 1", "origin = 'other'"):
        with pytest.raises(errors.IntegrityConstraintViolation):
            postgres.change(f"UPDATE head SET {shrunk}", name)
    with pytest.raises(errors.UniqueViolation):
        postgres.change("INSERT INTO head VALUES ('other', 0, 'x')", name)


def test_what_is_changed_with_triggers_off_is_named(
    postgres: Server, name: str, database: Database, log: Log, damage: Callable[[str], None]
) -> None:
    log.append(make_statements(range(300)))
    assert database.faults() == []
    damage("UPDATE statement SET body = x'7b7d' WHERE leaf_index = 41")
    assert {("statement", 41), ("tile", 41)} <= {
        (found.table, found.index) for found in differences(database)
    }
    assert database.faults() == []
    postgres.execute("ALTER TABLE tile DISABLE TRIGGER tile_append_only", name)
    damage("DELETE FROM entry WHERE leaf_index = 7")
    postgres.execute("ALTER TABLE edge ENABLE TRIGGER edge_append_only", name)
    assert database.faults() == [
        "row 7 of statement refers to a missing row of entry",
        "edge has no trigger that runs, to keep its rows",
    ]
    assert any("amcheck" in one for one in database.unchecked())


def test_with_amcheck_a_damaged_index_is_named(
    postgres: Server, name: str, database: Database, log: Log
) -> None:
    log.append(make_statements(range(300)))
    postgres.execute(
        f"CREATE EXTENSION amcheck; GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO {APP}",
        name,
    )
    assert database.faults() == []
    assert not any("amcheck" in one for one in database.unchecked())
    # What the index is not told of, it lacks.
    ready = "UPDATE pg_index SET indisready = {} WHERE indexrelid = 'statement_type'::regclass"
    postgres.execute(ready.format("false"), name)
    assert database.faults() == ["index statement_type is not whole"]
    terminate(postgres, name)
    log.append(make_statements([300]))
    postgres.execute(ready.format("true"), name)
    assert database.faults() == ["index statement_type is damaged"]


# -- schema ------------------------------------------------------------------------------------------------------------


def test_models_and_migrations_describe_one_schema(database: Database) -> None:
    with database.read() as connection:
        own = {"include_name": lambda name, kind, _: kind != "table" or name not in (*HANDED_OVER, *OFFICES)}
        found = compare_metadata(MigrationContext.configure(connection, opts=own), StoreTable.metadata)
    # The index that keeps `head` one row is of an expression; SQLite has a trigger for it.
    assert [one for one in found if getattr(one[-1], "name", None) != "head_is_one"] == []


def test_an_empty_database_is_for_another_role_to_fill(postgres: Server, bare: str) -> None:
    url = postgres.url(bare, APP)
    assert code_of(lambda: open_database(url)) == "not-found"
    assert code_of(lambda: open_database(url, create=True)) == "store-permission"
    found: list[Any] = []
    both = [
        threading.Thread(
            target=lambda: found.append(migrate_server(postgres.url(bare, OWNER), postgres.url(bare, APP)))
        )
        for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(found) == 2
    assert code_of(lambda: open_database(url, create=True)) == "store-exists"
    with open_database(url) as opened:
        create_log(opened, ORIGIN)
        assert Log(opened, ORIGIN).append(make_statements([1])) == [Appended(0, first=True)]


def test_rights_are_given_by_one_process_at_a_time(
    postgres: Server, bare: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server refuses whoever changes a table's rights while another does ("tuple concurrently updated")."""
    owner, app = postgres.url(bare, OWNER), postgres.url(bare, APP)
    inside, most = [0], [0]

    def permit(session: Session, role: str) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.2)
        given(session, role)
        inside[0] -= 1

    given = postgres_schema.permit
    monkeypatch.setattr(postgres_schema, "permit", permit)
    with ThreadPoolExecutor(3) as threads:
        found = [threads.submit(migrate_server, owner, app) for _ in range(3)]
        assert len({one.result() for one in found}) == 1
    assert most == [1]


def test_a_role_that_owns_the_database_makes_its_tables_itself(postgres: Server, bare: str) -> None:
    with open_database(postgres.url(bare, OWNER), create=True) as opened:
        create_log(opened, ORIGIN)
        # It may take the triggers away; while they are there they hold.
        assert code_of(lambda: change(opened, "DELETE FROM head")) == "store-constraint"


def test_a_schema_of_another_version_or_of_somebody_else_is_refused(
    postgres: Server, bare: str, place: str, name: str
) -> None:
    postgres.execute("UPDATE alembic_version SET version_num = '0004'", name)
    assert code_of(lambda: open_database(place)) == "store-older"
    postgres.execute("UPDATE alembic_version SET version_num = '9999'", name)
    for read_only in (False, True):
        assert code_of(lambda only=read_only: open_database(place, read_only=only)) == "store-newer"
    assert code_of(lambda: migrate_server(postgres.url(name, OWNER), place)) == "store-newer"
    postgres.execute("CREATE TABLE guests (name text)", bare)
    assert code_of(lambda: open_database(postgres.url(bare, APP))) == "store-foreign"
    assert (
        code_of(lambda: migrate_server(postgres.url(bare, OWNER), postgres.url(bare, APP))) == "store-foreign"
    )
    assert code_of(lambda: migrate_server(postgres.url(bare, OWNER), place)) == "settings-invalid"


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_may_lose_commits_is_refused(postgres: Server, place: str, setting: str) -> None:
    postgres.execute(f"ALTER SYSTEM SET {setting} = off")
    try:
        postgres.execute("SELECT pg_reload_conf()")
        assert code_of(lambda: _until_refused(place)) == "store-settings"
    finally:
        postgres.execute(f"ALTER SYSTEM RESET {setting}")
        postgres.execute("SELECT pg_reload_conf()")
    open_database(place, lead=False).close()


def _until_refused(place: str) -> None:
    """The server takes up its settings a moment after it was told to."""
    for _ in range(100):
        open_database(place, lead=False).close()


def test_another_encoding_is_refused(postgres: Server) -> None:
    name = postgres.database("template0 ENCODING 'SQL_ASCII'")
    try:
        assert code_of(lambda: open_database(postgres.url(name, APP))) == "store-settings"
    finally:
        postgres.drop(name)


def test_sessions_commit_durably_and_end_what_hangs_whatever_the_role_says(
    postgres: Server, name: str, place: str
) -> None:
    postgres.execute(f"ALTER ROLE {APP} IN DATABASE {name} SET synchronous_commit = off")
    with open_database(place) as opened:
        names = (
            "synchronous_commit",
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
        )
        with opened.write() as writing:
            found = [writing.execute("SELECT current_setting(?)", (one,)).fetchone()[0] for one in names]
        assert found == ["on", "30s", "10s", "8s"]
        with opened.read() as connection:
            for setting, wanted in (
                ("transaction_isolation", "repeatable read"),
                ("transaction_read_only", "on"),
            ):
                assert connection.exec_driver_sql("SELECT current_setting(?)", (setting,)).scalar() == wanted
        with pytest.raises(StoreError) as refused, opened.read() as connection:
            connection.exec_driver_sql("INSERT INTO head (origin, size, root) VALUES ('x', 0, 'x')")
        assert refused.value.code == "store-read-only"
        assert code_of(lambda: opened.rows("DELETE FROM anchor_capture RETURNING id")) == "store-read-only"

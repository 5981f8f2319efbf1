"""The database in a file: settings, locks, schema, and what it says when it cannot work."""

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from ledger.errors import LedgerError, NotFoundError, SetupError, StoreError
from ledger.store import migrations
from ledger.store.database import Database, open_database
from ledger.store.log import Log, create_log
from ledger.store.sqlite import journal_mode
from ledger.store.tables import APPEND_ONLY, TRANSIENT, StoreTable
from tests.simulator import START
from tests.store.attesting import certificate, measure, rows, status_list
from tests.store.conftest import ORIGIN, make_statement, make_statements


@pytest.fixture
def backend() -> str:
    return "sqlite"


def test_wal_is_used_only_where_its_reset_bug_is_fixed() -> None:
    assert journal_mode((3, 40, 1)) == ("delete", "EXTRA")
    assert journal_mode((3, 51, 2)) == ("delete", "EXTRA")
    assert journal_mode((3, 51, 3)) == ("wal", "FULL")


def test_settings_that_survive_a_power_cut_hold_on_both_kinds_of_connection(database: Database) -> None:
    journal, synchronous = journal_mode()
    for block in (database.write, database.read):
        with block() as connection:
            run = connection.execute if block == database.write else connection.exec_driver_sql
            found = {
                name: run(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
            }
        assert found == {
            "journal_mode": journal,
            "synchronous": {"FULL": 2, "EXTRA": 3}[synchronous],
            "foreign_keys": 1,
            "recursive_triggers": 1,
        }


def test_a_setting_that_does_not_hold_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_database(path, create=True).close()
    monkeypatch.setattr("ledger.store.sqlite.journal_mode", lambda: ("memory", "EXTRA"))
    with pytest.raises(SetupError) as refused:
        open_database(path)  # the writer switches; readers, on their own connections, do not find it
    assert refused.value.code == "store-settings"


def test_models_and_migrations_describe_one_schema(path: Path) -> None:
    open_database(path, create=True).close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), StoreTable.metadata) == []
        models = {table.name: set(table.columns.keys()) for table in StoreTable.metadata.sorted_tables}
        for name, columns in models.items():
            rows = connection.exec_driver_sql(f"PRAGMA table_info({name})").all()
            assert {row[1] for row in rows} == columns
            for row in rows:
                assert bool(row[3]) == (not StoreTable.metadata.tables[name].columns[row[1]].nullable)
        checks = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'tile'").scalar()
        assert "length(hashes) = 8192" in checks
    engine.dispose()


def test_the_revisions_named_in_code_are_those_in_the_folder() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == migrations.REVISIONS


def test_every_append_only_table_has_rows_in_the_trigger_test(database: Database) -> None:
    named = {table.name for table in StoreTable.metadata.sorted_tables}
    assert named == {*APPEND_ONLY, *TRANSIENT, "head"}


@pytest.fixture
def filled(database: Database) -> Database:
    """One row in every table at least."""
    log = Log(database, ORIGIN)
    log.append(make_statements(range(300)))
    log.append(rows(certificate(supersedes="ab" * 32), measure("M-1"), status_list(START)))
    with database.write() as connection:
        connection.execute("INSERT INTO checkpoint (size, note, signed_at) VALUES (300, x'00', 1)")
        connection.execute("INSERT INTO cosignature VALUES (300, 'witness', x'00000000', x'00', 1, 1)")
        connection.execute(
            "INSERT INTO anchor_intent VALUES (1, 'eip155:1', 300, x'00', x'00', x'01', 0, x'00', 1, x'00')"
        )
        connection.execute(
            "INSERT INTO anchor_evidence VALUES (1, 1, 'eip155:1', x'00', 300, 1, x'00', 1, x'00', x'00', x'00', x'00',"
            " NULL, NULL, 1, x'00')"
        )
        connection.execute("INSERT INTO anchor_finality VALUES (1, 1, 'sealed', 1, x'00', 1, x'00')")
        connection.execute("INSERT INTO anchor_event VALUES (1, 1, NULL, 'sent', NULL, NULL, '', 1, x'00')")
    return database


@pytest.mark.parametrize("table", [*APPEND_ONLY, "head"])
def test_no_row_is_ever_removed(filled: Database, table: str) -> None:
    with pytest.raises(StoreError) as refused, filled.write() as connection:
        connection.execute(f"DELETE FROM {table}")
    assert refused.value.code == "store-constraint"


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_no_row_is_ever_changed(filled: Database, table: str) -> None:
    column = StoreTable.metadata.tables[table].columns.keys()[-1]
    with pytest.raises(StoreError) as refused, filled.write() as connection:
        connection.execute(f"UPDATE {table} SET {column} = {column}")
    assert refused.value.code == "store-constraint"


@pytest.mark.parametrize("table", [*APPEND_ONLY, "head"])
def test_no_row_is_replaced_by_inserting_over_it(filled: Database, table: str) -> None:
    # Without recursive_triggers this deletes the old row behind the triggers' back.
    with pytest.raises(StoreError), filled.write() as connection:
        connection.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")


@pytest.mark.parametrize("change", ["size = size", "size = size - 1", "origin = 'other', size = size + 1"])
def test_the_head_only_grows(filled: Database, change: str) -> None:
    with pytest.raises(StoreError) as refused, filled.write() as connection:
        connection.execute(f"UPDATE head SET {change}")
    assert refused.value.code == "store-constraint"


def test_a_database_holds_one_log(database: Database) -> None:
    with pytest.raises(StoreError):
        create_log(database, "registry.example.xa/XA/2027")


def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError) as refused, database.read() as connection:
        connection.exec_driver_sql("INSERT INTO head (origin, size, root) VALUES ('x', 0, x'00')")
    assert refused.value.code == "store-read-only"


def test_a_failed_block_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:  # noqa: PT012 - the block is the subject
        connection.execute("INSERT INTO checkpoint (size, note, signed_at) VALUES (1, x'00', 1)")
        raise ZeroDivisionError
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM checkpoint").scalar() == 0


def _code_of(action: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as refused:
        action()
    return refused.value.code


def test_a_second_writer_is_refused_and_a_reader_is_not(database: Database, path: Path) -> None:
    assert _code_of(lambda: open_database(path)) == "store-locked"
    with open_database(path, read_only=True) as reader:
        assert Log(reader, ORIGIN).head.size == 0
        assert _code_of(lambda: Log(reader, ORIGIN).append(make_statements([1]))) == "store-read-only"


def test_a_second_process_is_refused_until_the_first_is_killed(path: Path) -> None:
    open_database(path, create=True).close()
    script = "import sys; from pathlib import Path; from ledger.store.database import open_database\n"
    script += "kept = open_database(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        assert _code_of(lambda: open_database(path)) == "store-locked"
        holder.kill()
        holder.wait()
    open_database(path).close()


def test_a_foreign_lock_on_the_file_is_an_error_with_its_own_code(database: Database, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with database._turn:
        assert database._writer is not None
        database._writer.execute("PRAGMA busy_timeout = 1")
    assert _code_of(lambda: create_log(database, ORIGIN)) == "store-locked"
    other.close()


def test_an_existing_database_is_not_created_over(database: Database, path: Path) -> None:
    assert _code_of(lambda: open_database(path, create=True)) == "store-exists"


def test_a_missing_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        open_database(tmp_path / "none.db")


def test_a_database_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    open_database(path, create=True).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    assert _code_of(lambda: open_database(path)) == "store-newer"
    assert _code_of(lambda: open_database(path, read_only=True)) == "store-newer"
    assert path.read_bytes() == before


def test_somebody_elses_database_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE guests (name TEXT)")
    connection.close()
    assert _code_of(lambda: open_database(path)) == "store-foreign"
    assert _code_of(lambda: open_database(path, read_only=True)) == "store-foreign"


def test_what_is_not_a_database_is_refused(path: Path) -> None:
    path.write_bytes(b"These are not the bytes of a database, whatever the name says." * 100)
    assert _code_of(lambda: open_database(path)) == "store-corrupt"


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert _code_of(lambda: open_database(tmp_path / "none" / "ledger.db", create=True)) == "store-io"


def test_the_file_is_for_its_owner_only(database: Database, path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0


def test_a_full_disk_is_named_and_nothing_is_lost(database: Database, log: Log) -> None:
    log.append(make_statements(range(10)))
    with database._turn:
        assert database._writer is not None
        pages = database._writer.execute("PRAGMA page_count").fetchone()[0]
        database._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    before = log.head
    big = [make_statement(100 + at, body=os.urandom(5000)) for at in range(10)]
    assert _code_of(lambda: log.append(big)) == "store-full"
    assert log.head == before
    with database._turn:
        database._writer.execute("PRAGMA max_page_count = 1000000")
    assert [outcome.index for outcome in log.append(big)] == list(range(10, 20))
    assert log.head.root == log.root_at(20)


def test_a_write_that_the_kernel_refuses_is_an_error_and_nothing_is_lost(path: Path) -> None:
    # The limit on the size of files stands for a disk that fails in the middle of a commit.
    script = f"""
import resource, sys
from pathlib import Path
from ledger.errors import StoreError
from ledger.store.database import open_database
from ledger.store.log import Log, create_log
from tests.store.conftest import make_statements, make_statement
database = open_database(Path(sys.argv[1]), create=True)
create_log(database, {ORIGIN!r})
log = Log(database, {ORIGIN!r})
log.append(make_statements(range(100)))
size = Path(sys.argv[1]).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 4096, resource.RLIM_INFINITY))
try:
    log.append([make_statement(1000 + at, body=bytes([at]) * 9000) for at in range(50)])
except StoreError as error:
    print(error.code)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(log.append(make_statements([500]))[0].index, log.head.size)
"""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    run = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    code, after = run.stdout.splitlines()
    assert code in {"store-io", "store-full"}
    assert after == "100 101"
    with open_database(path) as database:
        assert Log(database, ORIGIN).head.size == 101

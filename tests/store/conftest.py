"""A database of its own for each test, and statements to put in it.

What uses `database` runs on SQLite and on PostgreSQL; with the mark `on_sqlite`, on SQLite alone.
"""

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.store.database import Database, open_database
from ledger.store.log import Log, create_log
from ledger.store.rows import NewStatement
from ledger.store.tables import APPEND_ONLY
from tests.postgres import APP, Server

ORIGIN = "registry.example.xa/XA/2026"


def make_statement(number: int, *, name: int | None = None, body: bytes | None = None) -> NewStatement:
    """A row as the log takes it; the store does not look into bodies."""
    body = body or b'{"number":%d}' % number
    identity = number if name is None else name
    return NewStatement(
        sha256(body).digest(),
        "did:web:a.example.xa",
        f"urn:x:{identity}",
        "TransferRecord",
        1000 + number,
        body,
    )


def make_statements(numbers: Sequence[int]) -> list[NewStatement]:
    return [make_statement(number) for number in numbers]


on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with an empty log, to be copied: running the migrations for every test takes too long."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    with open_database(path, create=True) as opened:
        create_log(opened, ORIGIN)
    return path


@pytest.fixture(scope="session")
def empty_name(postgres: Server) -> str:
    """Likewise on the server."""
    name = postgres.ledger()
    with open_database(postgres.url(name, APP)) as opened:
        create_log(opened, ORIGIN)
    return name


@pytest.fixture
def place(request: pytest.FixtureRequest, backend: str, path: Path, empty: Path) -> Iterator[Path | str]:
    """Where the test's database is: a file, or an address with the role that a node runs as."""
    if backend == "sqlite":
        shutil.copy(empty, path)
        yield path
        return
    server: Server = request.getfixturevalue("postgres")
    name = server.database(request.getfixturevalue("empty_name"))
    yield server.url(name, APP)
    server.drop(name)


@pytest.fixture
def database(place: Path | str) -> Iterator[Database]:
    with open_database(place) as opened:
        yield opened


@pytest.fixture
def log(database: Database) -> Log:
    return Log(database, ORIGIN)


@pytest.fixture
def damage(request: pytest.FixtureRequest, backend: str, path: Path) -> Callable[[str], None]:
    """Change what is stored behind the log's back, triggers off."""
    if backend == "sqlite":
        return lambda statement: damage_file(path, statement)
    server: Server = request.getfixturevalue("postgres")
    place: str = request.getfixturevalue("place")
    return lambda statement: damage_database(server, place.rpartition("/")[2], statement)


def damage_file(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    changed = connection.execute(statement).rowcount
    for _, source in triggers:
        connection.execute(source)
    connection.close()
    assert changed == 1, "the damage touched nothing, so the test would show nothing"


def damage_database(server: Server, name: str, statement: str) -> None:
    guards = [(table, f"{table}_append_only") for table in APPEND_ONLY]
    guards += [("head", "head_only_grows"), ("head", "head_no_delete")]
    off, on = (
        ";".join(f"ALTER TABLE {table} {verb} TRIGGER {guard}" for table, guard in guards)
        for verb in ("DISABLE", "ENABLE ALWAYS")
    )
    server.execute(off, name)
    changed = server.change(f"SET session_replication_role = replica; {in_words_of_server(statement)}", name)
    server.execute(on, name)
    assert changed == 1, "the damage touched nothing, so the test would show nothing"


def in_words_of_server(statement: str) -> str:
    """SQLite's ways to write bytes in PostgreSQL's."""
    for pattern, words in (
        (r"randomblob\(32\)", r"sha256('damage')"),
        (r"zeroblob\((\d+)\)", r"decode(repeat('00', \1), 'hex')"),
        (r"\bx'([0-9a-f]*)'", r"'\\x\1'::bytea"),
        (r"CAST\((.*) AS BLOB\)", r"\1"),
    ):
        statement = re.sub(pattern, words, statement)
    return statement

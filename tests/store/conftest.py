"""A database of its own for each test, and statements to put in it."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.store.database import Database, open_database
from ledger.store.log import Log, create_log
from ledger.store.rows import NewStatement

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


@pytest.fixture
def database(path: Path, empty: Path) -> Iterator[Database]:
    shutil.copy(empty, path)
    with open_database(path) as opened:
        yield opened


@pytest.fixture
def log(database: Database) -> Log:
    return Log(database, ORIGIN)


@pytest.fixture
def damage(path: Path) -> Callable[[str], None]:
    """Change what is stored behind the log's back, triggers off."""

    def change(statement: str) -> None:
        import sqlite3

        connection = sqlite3.connect(path, isolation_level=None)
        names = [
            row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ]
        sources = [
            row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
        ]
        for name in names:
            connection.execute(f"DROP TRIGGER {name}")
        changed = connection.execute(statement).rowcount
        for source in sources:
            connection.execute(source)
        connection.close()
        assert changed == 1, "the damage touched nothing, so the test would show nothing"

    return change

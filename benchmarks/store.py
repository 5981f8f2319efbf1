"""The store: appending to the log against the driver's own insert of the same rows."""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, at_most, fsync_seconds, microseconds, of_turns
from ledger.store.database import open_database
from ledger.store.log import Log, create_log
from ledger.store.rows import NewStatement
from ledger.store.sqlite import journal_mode
from tests.postgres import APP, binaries, served

ORIGIN = "registry.example.xa/XA/2026"
GROUP = 1_000
PAIRS = 15
_BODY = b'{"filler":"' + b"x" * 950 + b'","number":%d}'
_COLUMNS = "leaf_index, issuer, statement_id, type, created, party, record, reference, body"


def new_statements(numbers: Sequence[int]) -> list[NewStatement]:
    """Rows of about a kilobyte, as the log takes them; it does not look into bodies."""
    found = []
    for number in numbers:
        body = _BODY % number
        found.append(
            NewStatement(
                sha256(body).digest(),
                "did:web:exporter.example.xa",
                f"urn:uuid:{number}",
                "TransferRecord",
                number,
                body,
            )
        )
    return found


@contextmanager
def opened(path: Path) -> Iterator[Log]:
    """A new log in a database of its own."""
    with open_database(path, create=True) as database:
        create_log(database, ORIGIN)
        yield Log(database, ORIGIN)


def rows() -> list[Row]:
    """Durable rows a second, a thousand and one to a transaction."""
    journal, synchronous = journal_mode()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fsync = fsync_seconds(folder)
        with (
            opened(folder / "log.sqlite") as log,
            closing(_bare(folder / "bare.sqlite", journal, synchronous)) as bare,
        ):
            numbers = count()
            turns = []
            for _ in range(PAIRS + 1):
                group = new_statements([next(numbers) for _ in range(GROUP)])
                turns.append((_timed(lambda: log.append(group)), _timed(lambda: _insert(bare, group))))  # noqa: B023 - called at once
            pair = of_turns(turns[1:])
            single = new_statements([next(numbers) for _ in range(100)])
            alone = _timed(lambda: [log.append([one]) for one in single]) / len(single)
    detail = (
        f"{GROUP / pair.ours:,.0f} rows/s and {GROUP / pair.limit:,.0f} rows/s with {GROUP:,} to a transaction;"
        f" alone {1 / alone:,.0f} rows/s.  SQLite {sqlite3.sqlite_version} through `sqlite3`, journal {journal},"
        f" synchronous {synchronous}; one fsync here {microseconds(fsync)}"
    )
    what = "a durable append to the log, against `executemany` of the same rows by the driver"
    return [at_most(what, pair, None, detail), *_on_server()]


def _on_server() -> Iterator[Row]:
    """The same on a PostgreSQL server, where one is installed; its disk is memory where the machine has some."""
    if binaries() is None:
        return
    with served() as server:
        name = server.ledger()
        server.execute(_BARE_ON_SERVER, name)
        with open_database(server.url(name, APP)) as database, server.session(name) as bare:
            create_log(database, ORIGIN)
            log = Log(database, ORIGIN)
            numbers = count()
            turns = []
            for _ in range(PAIRS + 1):
                group = new_statements([next(numbers) for _ in range(GROUP)])
                turns.append((_timed(lambda: log.append(group)), _timed(lambda: _copy(bare, group))))  # noqa: B023 - called at once
            pair = of_turns(turns[1:])
            single = new_statements([next(numbers) for _ in range(100)])
            alone = _timed(lambda: [log.append([one]) for one in single]) / len(single)
            version = bare.info.server_version
    detail = (
        f"{GROUP / pair.ours:,.0f} rows/s and {GROUP / pair.limit:,.0f} rows/s with {GROUP:,} to a transaction; alone"
        f" {1 / alone:,.0f} rows/s.  PostgreSQL {version // 10_000} through `psycopg`, on loopback"
    )
    yield at_most("the same on PostgreSQL, against binary COPY of the same rows", pair, None, detail)


_BARE_ON_SERVER = """
CREATE TABLE bare_entry (leaf_index bigint PRIMARY KEY, digest bytea NOT NULL UNIQUE);
CREATE TABLE bare_statement (leaf_index bigint PRIMARY KEY, issuer text COLLATE "C", statement_id text COLLATE "C",
    type text, created bigint, party text, record bytea, reference text, body bytea, UNIQUE (issuer, statement_id));
"""


def _copy(session: Any, group: Sequence[NewStatement]) -> None:
    session.execute("BEGIN")
    with session.cursor() as cursor:
        with cursor.copy("COPY bare_entry FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int8", "bytea"])
            for one in group:
                copy.write_row((one.created, one.digest))
        with cursor.copy(f"COPY bare_statement ({_COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int8", "text", "text", "text", "int8", "text", "bytea", "text", "bytea"])
            for one in group:
                copy.write_row(_row(one))
    session.execute("COMMIT")


def _bare(path: Path, journal: str, synchronous: str) -> sqlite3.Connection:
    """The same columns and keys under the same settings, and none of the log's triggers."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("CREATE TABLE entry (leaf_index INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE)")
    connection.execute(
        "CREATE TABLE statement (leaf_index INTEGER PRIMARY KEY, issuer TEXT, statement_id TEXT, type TEXT,"
        " created INTEGER, party TEXT, record BLOB, reference TEXT, body BLOB, UNIQUE (issuer, statement_id))"
    )
    return connection


def _insert(connection: sqlite3.Connection, group: Sequence[NewStatement]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO entry VALUES (?, ?)", [(one.created, one.digest) for one in group])
    connection.executemany(
        f"INSERT INTO statement ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(one) for one in group],
    )
    connection.execute("COMMIT")


def _row(one: NewStatement) -> tuple[object, ...]:
    found = (
        one.issuer,
        one.statement_id,
        one.type,
        one.created,
        one.party,
        one.record,
        one.reference,
        one.body,
    )
    return one.created, *found


def _timed(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun

"""Versions: each stands once under its name, found by one look-up however many came before."""

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from ledger.core.statement import Statement, parse_statement
from ledger.errors import ConflictError, StoreError
from ledger.services.auditing.tables import found_by_differences
from ledger.store.batches import sort_out
from ledger.store.database import Database, Writing, migrate_server, open_database
from ledger.store.log import Appended, Log
from ledger.store.rows import NewStatement, Version, row_of, version_name
from ledger.store.statements import Statements
from tests.postgres import OWNER, Server
from tests.store.attesting import certificate, dataset, measure, rows, signed
from tests.store.conftest import ORIGIN, make_statement, on_sqlite

TYPES = {"PolicyMeasure": ("authority", "number"), "DatasetRegistration": ("holder", "reference")}


def naive_version(body: bytes) -> tuple[object, ...]:
    """By whom, whose, which reference and which version, read from a body; shares nothing with the store."""
    statement = parse_statement(body)
    member, reference = TYPES[statement.type]
    subject: Any = statement.subject
    whose = subject[member]
    return (
        *(statement.type, statement.issuer, whose["did"], whose["jurisdiction"]),
        *(subject[reference], subject["version"]),
    )


def stored(database: Database) -> list[tuple[object, ...]]:
    return database.rows("SELECT leaf_index, name, version FROM version ORDER BY leaf_index")


def every_statement() -> list[Statement]:
    """All of a few names and versions, two of each; put together without marks, many names would be one."""
    dids = ("did:web:a.example.xa", "did:web:b.example.xa")
    return [
        make(reference, version, did=did, jurisdiction=code, issuer=issuer, title=title)
        for make, issuer, did, code, reference, version, title in product(
            (measure, dataset), dids, dids, ("X", "XA"), ("A", "AA"), (1, 2, 11), ("one", "other")
        )
    ]


# -- which is which ----------------------------------------------------------------------------------------------------


def test_statements_share_a_version_exactly_where_all_that_decides_is_the_same() -> None:
    of: dict[object, set[tuple[object, ...]]] = {}
    for statement in every_statement():
        of.setdefault(row_of(statement).version, set()).add(naive_version(statement.encoded))
    assert None not in of
    assert all(len(names) == 1 for names in of.values())
    assert len(of) == 2 * 2 * 2 * 2 * 2 * 3


@pytest.mark.parametrize(
    "change",
    [{"authority": "x"}, {"authority": {"did": 1, "jurisdiction": "XA"}}, {"authority": {"did": "did:web:a"}},
     {"number": 7}, {"version": "1"}, {"version": True}, {"version": []}],
)  # fmt: skip
def test_what_is_not_in_order_is_no_version(change: dict[str, Any]) -> None:
    subject: Any = {**measure("M-1").subject, **change}
    assert row_of(signed("PolicyMeasure", subject)).version is None


def test_a_type_without_versions_has_none() -> None:
    assert row_of(signed("TransferRecord", measure("M-1").subject)).version is None


def test_a_database_takes_no_name_of_another_length(database: Database, log: Log) -> None:
    log.append([make_statement(0)])
    with pytest.raises(StoreError) as refused, database.write() as writing:
        writing.execute("INSERT INTO version (name, version, leaf_index) VALUES (?, 1, 0)", (b"short",))
    assert refused.value.code == "store-constraint"


# -- each once ---------------------------------------------------------------------------------------------------------


def test_whatever_comes_in_whatever_batches_each_version_stands_once(
    database: Database, place: Path | str
) -> None:
    """Against a reference that reads every body, across restarts."""
    chance, known = random.Random(5), every_statement()
    entries: dict[bytes, int] = {}
    taken: dict[tuple[object, ...], int] = {}
    told = {"new": 0, "again": 0, "taken": 0}
    database.close()
    for _ in range(6):
        with open_database(place) as opened:
            log = Log(opened, ORIGIN)
            for _ in range(20):
                batch = rows(*chance.choices(known, k=chance.choice((1, 2, 9))))
                outcomes = log.append(batch)
                for row, outcome in zip(batch, outcomes, strict=True):
                    version = naive_version(row.body)
                    if row.digest in entries:
                        told["again"] += 1
                        assert outcome == Appended(entries[row.digest], first=False)
                    elif version in taken:
                        told["taken"] += 1
                        assert isinstance(outcome, ConflictError)
                        assert outcome.code == "version-taken"
                        assert str(outcome) == (
                            f"version {version[-1]} of {version[-2]} is entry {taken[version]}; statement"
                            f" {row.digest.hex()} needs a further version"
                        )
                    else:
                        told["new"] += 1
                        entries[row.digest] = taken[version] = len(entries)
                        assert outcome == Appended(entries[row.digest], first=True)
            assert log.head.size == len(entries)
            computed = {one.index: row_of(parse_statement(one.body)) for one in Statements(opened).every()}
            assert list(found_by_differences(opened, 0, len(computed), computed)) == []
            assert {(index, number) for index, _, number in stored(opened)} == {
                (index, version[-1]) for version, index in taken.items()
            }
    assert min(told.values()) > 20, told


def test_two_equal_versions_in_one_batch_and_after_a_restart(
    database: Database, log: Log, place: Path | str
) -> None:
    first, rival, other, late = rows(
        *(measure("M-1", title=title) for title in ("one", "two")),
        measure("M-1", version=2),
        measure("M-1", title="late"),
    )
    one, two, three = log.append([first, rival, other])
    assert (one, three) == (Appended(0, first=True), Appended(1, first=True))
    database.close()
    with open_database(place) as opened:
        (four, again) = Log(opened, ORIGIN).append([late, first])
    assert again == Appended(0, first=False)
    for refused in (two, four):
        assert isinstance(refused, ConflictError)
        assert refused.code == "version-taken"
        assert "version 1 of M-1 is entry 0" in str(refused)


def test_a_version_is_found_by_its_name(database: Database, log: Log) -> None:
    first, second = rows(measure("M-1"), measure("M-1", version=2))
    log.append([first, second])
    statements = Statements(database)
    for row in (first, second):
        assert row.version is not None
        found = statements.at_version(row.version)
        assert found is not None
        assert found.digest == row.digest
    assert first.version is not None
    assert statements.at_version(first.version._replace(number=3)) is None
    assert statements.at_version(Version(version_name("PolicyMeasure", "", "", "", "M-1"), 1)) is None


MISSING, OTHER = "a row that the body calls for is missing", "a row is not what the body says"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("DELETE FROM version WHERE leaf_index = 1", [(1, MISSING)]),
        ("UPDATE version SET version = 9 WHERE leaf_index = 1", [(1, MISSING), (1, OTHER)]),
        ("UPDATE version SET name = zeroblob(32) WHERE leaf_index = 1", [(1, MISSING), (1, OTHER)]),
        ("UPDATE version SET leaf_index = 3 WHERE leaf_index = 0", [(0, MISSING)]),
        ("INSERT INTO version VALUES (zeroblob(32), 1, 2)", [(2, OTHER)]),
    ],
)
def test_the_audit_names_every_row_that_does_not_follow(
    database: Database, log: Log, damage: Callable[[str], None], change: str, named: list[tuple[int, str]]
) -> None:
    """Entry 3 is a version that entry 0 is already, from the time when nothing kept it out."""
    given = rows(measure("M-1"), measure("M-1", 2), certificate(), measure("M-1", title="rival"))
    log.append([*given[:3], given[3]._replace(version=None)])
    computed = dict(enumerate(given))
    assert list(found_by_differences(database, 0, 3, computed)) == []
    damage(change)
    found = list(found_by_differences(database, 0, 3, computed))
    assert {one.table for one in found} == {"version"}
    assert [(one.index, one.detail) for one in found] == named


# -- one look-up -------------------------------------------------------------------------------------------------------


class Counted:
    """A transaction that counts the queries it is asked and the rows they answer."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self.queries = self.rows = 0

    def execute(self, query: str, values: Sequence[Any] = ()) -> Any:
        self.queries += 1
        found = self._writing.execute(query, values).fetchall()
        self.rows += len(found)
        return Fetched(found)

    def leaf_indexes(
        self, table: str, key: Sequence[str], wanted: Sequence[Sequence[Any]]
    ) -> list[tuple[Any, ...]]:
        self.queries += 1
        found = self._writing.leaf_indexes(table, key, wanted)
        self.rows += len(found)
        return found


class Fetched(list[Any]):
    def fetchall(self) -> list[Any]:
        return self


def append_versions(log: Log, numbers: range) -> None:
    outcomes = log.append(rows(*(measure("M-1", number) for number in numbers)))
    assert all(isinstance(one, Appended) for one in outcomes)


def asked_of(database: Database, log: Log, batch: Sequence[NewStatement]) -> tuple[int, int]:
    with database.write(leading=True) as writing:
        counted: Any = Counted(writing)
        sort_out(counted, batch, log.head.size)
    return counted.queries, counted.rows


def test_a_further_version_is_one_look_up_however_many_came_before(database: Database, log: Log) -> None:
    append_versions(log, range(1, 3))
    further, rival = rows(measure("M-1", 1_000), measure("M-1", 2, title="rival"))
    few = [asked_of(database, log, [row]) for row in (further, rival)]
    append_versions(log, range(3, 600))
    assert [asked_of(database, log, [row]) for row in (further, rival)] == few == [(3, 0), (3, 1)]


@on_sqlite
def test_a_look_up_reads_no_other_version(
    database: Database, log: Log, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By steps of SQLite's machine, which takes some for every row that it goes through."""
    append_versions(log, range(1, 3))
    version = row_of(measure("M-1", 2)).version
    assert version is not None
    statements, asked = Statements(database), list[tuple[str, Any]]()

    def many(query: str, values: Any) -> list[Any]:
        asked.append((query, values))
        return []

    monkeypatch.setattr(statements, "_many", many)
    assert statements.at_version(version) is None
    few = _steps(path, *asked[0])
    append_versions(log, range(3, 600))
    assert _steps(path, *asked[0]) == few


def _steps(path: Path, query: str, values: Any) -> int:
    """What one query takes; it finds one row."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    connection = sqlite3.connect(path)
    connection.execute("SELECT 1 FROM sqlite_master").fetchall()
    connection.set_progress_handler(step, 1)
    assert len(connection.execute(query, values).fetchall()) == 1
    connection.close()
    return taken


# -- from schema 0010 --------------------------------------------------------------------------------------------------

OLD = "DROP TABLE version; UPDATE alembic_version SET version_num = '0010'"
COUNT = 600
"""More than two pages of the migration."""


@pytest.fixture
def fresh(
    request: pytest.FixtureRequest, backend: str, database: Database, place: Path | str
) -> Iterator[Callable[[], None]]:
    """Bring the log up to date that had versions at schema 0010: `COUNT` of a measure, its second twice, and others."""
    given = [measure("M-1", number) for number in range(1, COUNT + 1)]
    given += [
        measure("M-1", 2, title="rival"),
        dataset("M-1", 2),
        measure("M-1", 2, did="did:web:b.example.xa"),
    ]
    strange = signed("PolicyMeasure", {"number": "M-1"})
    old = [row._replace(version=None) for row in rows(*given, strange)]
    damaged = make_statement(1, body=b"no statement")._replace(type="PolicyMeasure", reference="M-1")
    Log(database, ORIGIN).append([*old, damaged])
    database.close()
    if backend == "sqlite":
        connection = sqlite3.connect(str(place))
        connection.executescript(OLD)
        connection.close()

        def bring() -> None:
            open_database(place).close()
    else:
        server: Server = request.getfixturevalue("postgres")
        name = str(place).rpartition("/")[2]
        server.execute(OLD, name)

        def bring() -> None:
            migrate_server(server.url(name, OWNER), str(place))

    return bring


def test_versions_of_schema_0010_are_filled_in_and_hold(fresh: Callable[[], None], place: Path | str) -> None:
    fresh()
    with open_database(place) as opened:
        log = Log(opened, ORIGIN)
        kept = list(Statements(opened).every())
        computed = {one.index: row_of(parse_statement(one.body)) for one in kept[:-1]}
        assert list(found_by_differences(opened, 0, len(kept), computed)) == []
        wanted = [*range(COUNT), COUNT + 1, COUNT + 2]  # the first of two that are one version has it
        assert [row[0] for row in stored(opened)] == wanted
        late, further = rows(measure("M-1", 2, title="late"), measure("M-1", COUNT + 1))
        refused, appended = log.append([late, further])
        assert isinstance(refused, ConflictError)
        assert "version 2 of M-1 is entry 1;" in str(refused)
        assert appended == Appended(len(kept), first=True)
        with pytest.raises(StoreError), opened.write() as writing:
            writing.execute("DELETE FROM version")


def test_a_crash_while_they_are_filled_in_leaves_schema_0010(
    fresh: Callable[[], None], backend: str, request: pytest.FixtureRequest, place: Path | str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    count = 0

    def fail(statement: Statement) -> NewStatement:
        nonlocal count
        count += 1
        if count > COUNT // 2:
            raise KeyboardInterrupt
        return row_of(statement)

    with monkeypatch.context() as broken:
        broken.setattr("ledger.store.rows.row_of", fail)
        with pytest.raises(KeyboardInterrupt):
            fresh()
    query = "SELECT version_num FROM alembic_version"
    if backend == "sqlite":
        connection = sqlite3.connect(str(place))
        left = connection.execute(query).fetchall()
        left += connection.execute("SELECT name FROM sqlite_master WHERE name = 'version'").fetchall()
        connection.close()
    else:
        server: Server = request.getfixturevalue("postgres")
        name = str(place).rpartition("/")[2]
        left = server.execute(query, name)
        left += server.execute("SELECT 1 FROM pg_tables WHERE tablename = 'version'", name)
    assert left == [("0010",)]
    fresh()
    with open_database(place) as opened:
        assert len(stored(opened)) == COUNT + 2

"""The log: order, idempotence, roots and paths against a naive tree, damage named."""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.core.merkle import EMPTY_ROOT, leaf_hash, root, verify_consistency, verify_inclusion
from ledger.errors import ConflictError, NotFoundError, SetupError, StoreError
from ledger.store.database import Database, open_database
from ledger.store.integrity import differences, first_difference
from ledger.store.log import Appended, Log, create_log
from tests.store.conftest import ORIGIN, make_statement, make_statements, on_sqlite


def leaves_of(numbers: range) -> list[bytes]:
    return [leaf_hash(statement.digest) for statement in make_statements(numbers)]


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 66,000 entries: one full tile of level 1 and a beginning of level 2.  Made once, then copied."""
    path = tmp_path_factory.mktemp("long") / "long.db"
    with open_database(path, create=True) as database:
        create_log(database, ORIGIN)
        log = Log(database, ORIGIN)
        for first in range(0, 66_000, 6_000):
            log.append(make_statements(range(first, first + 6_000)))
    return path


@pytest.fixture
def long(long_file: Path, path: Path) -> Iterator[Log]:
    shutil.copy(long_file, path)
    with open_database(path) as database:
        yield Log(database, ORIGIN)


def test_the_empty_log_has_the_empty_root(log: Log) -> None:
    assert log.head.size == 0
    assert log.head.root == EMPTY_ROOT == log.root_at(0)


def test_indexes_are_contiguous_and_roots_are_those_of_a_naive_tree_whatever_the_batches(log: Log) -> None:
    chance = random.Random(7)
    size = 0
    leaves = leaves_of(range(2_000))
    while size < 1_500:
        count = chance.choice([1, 2, 3, 100, 255, 256, 257, 300])
        outcomes = log.append(make_statements(range(size, size + count)))
        assert outcomes == [Appended(index, first=True) for index in range(size, size + count)]
        size += count
        assert log.head.size == size
        assert log.head.root == root(leaves[:size])


@on_sqlite
def test_every_root_and_path_of_a_small_log_is_that_of_a_naive_tree(log: Log) -> None:
    log.append(make_statements(range(600)))
    leaves = leaves_of(range(600))
    chance = random.Random(3)
    roots = {size: root(leaves[:size]) for size in range(601)}
    for size in range(601):
        assert log.root_at(size) == roots[size]
    for _ in range(600):
        size = chance.randrange(1, 601)
        index = chance.randrange(size)
        verify_inclusion(leaves[index], index, size, log.inclusion_path(index, size), roots[size])
        smaller = chance.randrange(1, size + 1)
        verify_consistency(smaller, size, roots[smaller], roots[size], log.consistency_path(smaller, size))


def test_paths_reach_through_three_tile_levels_and_survive_a_restart(long: Log) -> None:
    leaves = leaves_of(range(66_000))
    expected = root(leaves)
    assert long.head.root == expected
    chance = random.Random(5)
    for size in [
        1,
        255,
        256,
        257,
        65_535,
        65_536,
        65_537,
        66_000,
        *(chance.randrange(1, 66_001) for _ in range(4)),
    ]:
        index = chance.randrange(size)
        verify_inclusion(leaves[index], index, size, long.inclusion_path(index, size), root(leaves[:size]))
        verify_consistency(size, 66_000, root(leaves[:size]), expected, long.consistency_path(size, 66_000))
    assert long.append(make_statements([66_000])) == [Appended(66_000, first=True)]


def test_tiles_are_served_as_the_format_has_them(log: Log) -> None:
    log.append(make_statements(range(700)))
    leaves = leaves_of(range(700))
    assert log.tile(0, 0) == b"".join(leaves[:256])
    assert log.tile(0, 2, 188) == b"".join(leaves[512:700])
    assert log.tile(0, 1, 7) == b"".join(leaves[256:263])
    assert log.tile(1, 0, 2) == root(leaves[:256]) + root(leaves[256:512])
    for level, number, width in [(0, 2, 189), (0, 3, 1), (1, 0, 3), (2, 0, 1), (0, 0, 0), (0, 0, 257)]:
        with pytest.raises(NotFoundError):
            log.tile(level, number, width)


def test_the_same_digest_answers_with_its_first_index_in_a_batch_and_later(log: Log) -> None:
    statement = make_statement(1)
    assert log.append([statement, make_statement(2), statement]) == [
        Appended(0, first=True),
        Appended(1, first=True),
        Appended(0, first=False),
    ]
    assert log.append([statement]) == [Appended(0, first=False)]
    assert log.head.size == 2


def test_an_id_used_again_for_something_else_is_a_conflict_of_that_one_alone(log: Log) -> None:
    log.append([make_statement(1)])
    first, conflict, second, twin = log.append(
        [make_statement(2), make_statement(3, name=1), make_statement(4), make_statement(5, name=4)]
    )
    assert (first, second) == (Appended(1, first=True), Appended(2, first=True))
    for refused in (conflict, twin):
        assert isinstance(refused, ConflictError)
        assert refused.code == "statement-id-taken"
    assert log.head.size == 3


def test_a_body_that_is_not_of_its_digest_never_reaches_the_disk(log: Log) -> None:
    with pytest.raises(StoreError) as refused:
        log.append([make_statement(1), make_statement(2)._replace(body=b"{}")])
    assert refused.value.code == "store-corrupt"
    assert log.head.size == 0
    assert log.append([make_statement(1)]) == [Appended(0, first=True)]


def test_a_head_that_another_writer_moved_is_a_conflict_and_then_taken_up(
    log: Log, database: Database
) -> None:
    other = Log(database, ORIGIN)
    other.append([make_statement(1)])
    with pytest.raises((ConflictError, StoreError)) as refused:
        log.append([make_statement(2)])
    assert refused.value.code in {"head-moved", "store-constraint"}
    assert log.append([make_statement(2)]) == [Appended(1, first=True)]


def test_a_place_that_came_without_this_process_is_taken_up_before_it_is_answered(
    log: Log, database: Database
) -> None:
    Log(database, ORIGIN).append([make_statement(1)])
    with pytest.raises(ConflictError) as refused:
        log.append([make_statement(1)])
    assert refused.value.code == "head-moved"
    assert log.append([make_statement(1)]) == [Appended(0, first=False)]
    assert log.head.size == 1


def refused_twice(log: Log) -> list[str]:
    """Codes of two appends in succession: the first finds that something is wrong, the second what."""
    codes = []
    for number in (8, 9):
        with pytest.raises((ConflictError, StoreError)) as refused:
            log.append([make_statement(number)])
        codes.append(refused.value.code)
    return codes


def test_an_open_log_does_not_go_on_from_an_older_copy_of_its_database(
    log: Log, damage: Callable[[str], None]
) -> None:
    log.append([make_statement(1)])
    older = log.head
    log.append([make_statement(2)])
    for table in ("statement", "entry"):
        damage(f"DELETE FROM {table} WHERE leaf_index = 1")
    damage(f"UPDATE head SET size = 1, root = x'{older.root.hex()}'")
    assert refused_twice(log) == ["head-moved", "log-rolled-back"]
    with pytest.raises(StoreError) as refused:
        log.follow()
    assert refused.value.code == "log-rolled-back"
    assert log.head.size == 2


def test_an_open_log_does_not_go_on_from_another_log(log: Log, damage: Callable[[str], None]) -> None:
    log.append([make_statement(1)])
    other = make_statement(7)
    damage(f"UPDATE entry SET digest = x'{other.digest.hex()}'")
    damage(f"UPDATE statement SET body = x'{other.body.hex()}'")
    damage(f"UPDATE head SET root = x'{leaf_hash(other.digest).hex()}'")
    assert refused_twice(log) == ["head-moved", "log-rewritten"]


@on_sqlite
def test_the_frontier_is_restored_when_a_commit_fails(log: Log, database: Database) -> None:
    log.append(make_statements(range(300)))
    before = log.head
    with database._turn:
        assert database._writer is not None
        pages = database._writer.execute("PRAGMA page_count").fetchone()[0]
        database._writer.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(3):
        with pytest.raises(StoreError):
            log.append([make_statement(900 + at, body=b"x%d" % at * 3000) for at in range(20)])
        assert log.head == before
    with database._turn:
        database._writer.execute("PRAGMA max_page_count = 1000000")
    log.append(make_statements(range(300, 600)))
    assert log.head.root == root(leaves_of(range(600)))


def test_another_origin_is_refused(database: Database) -> None:
    with pytest.raises(SetupError) as refused:
        Log(database, "registry.example.xb/XB/2026")
    assert refused.value.code == "log-origin"


def test_asking_past_the_end_is_not_found(log: Log) -> None:
    log.append(make_statements(range(5)))
    for ask in (
        lambda: log.root_at(6),
        lambda: log.root_at(-1),
        lambda: log.inclusion_path(5, 5),
        lambda: log.inclusion_path(-1, 5),
        lambda: log.inclusion_path(0, 6),
        lambda: log.consistency_path(0, 5),
        lambda: log.consistency_path(5, 6),
        lambda: log.consistency_path(5, 4),
        lambda: log.entry(5),
    ):
        with pytest.raises(NotFoundError):
            ask()


@pytest.mark.parametrize("index", [599, 700])
def test_a_changed_entry_in_the_open_tile_stops_the_start_and_is_named(
    log: Log, place: Path | str, damage: Callable[[str], None], index: int
) -> None:
    log.append(make_statements(range(701)))
    log.database.close()
    damage(f"UPDATE entry SET digest = randomblob(32) WHERE leaf_index = {index}")
    with open_database(place) as database:
        with pytest.raises(StoreError) as refused:
            Log(database, ORIGIN)
        assert refused.value.code == "store-corrupt"
        assert f"entry {index} differs" in str(refused.value)


def test_a_changed_tile_on_the_right_edge_stops_the_start_and_names_the_entry(
    log: Log, place: Path | str, damage: Callable[[str], None]
) -> None:
    log.append(make_statements(range(600)))
    log.database.close()
    damage(
        "UPDATE tile SET hashes = CAST(substr(hashes, 1, 320) || randomblob(32) || substr(hashes, 353) AS BLOB)"
        " WHERE level = 0 AND number = 1"
    )
    with open_database(place) as database:
        with pytest.raises(StoreError) as refused:
            Log(database, ORIGIN)
        assert "entry 266 differs: tile" in str(refused.value)


@on_sqlite
def test_damage_far_from_the_edge_is_never_served(long: Log, damage: Callable[[str], None]) -> None:
    damage(
        "UPDATE tile SET hashes = CAST(randomblob(32) || substr(hashes, 33) AS BLOB) WHERE level = 0 AND number = 3"
    )
    damage("UPDATE entry SET digest = randomblob(32) WHERE leaf_index = 2000")
    again = Log(long.database, ORIGIN)  # the edge is whole, so the log opens
    for index in (769, 2000):
        with pytest.raises(StoreError) as refused:
            again.inclusion_path(index, 66_000)
        assert refused.value.code == "store-corrupt"
    assert {difference.index for difference in differences(long.database)} == {768, 2000}


@pytest.mark.parametrize(
    ("change", "table", "index"),
    [
        ("UPDATE entry SET digest = randomblob(32) WHERE leaf_index = 10", "statement", 10),
        ("UPDATE statement SET body = x'7b7d' WHERE leaf_index = 11", "statement", 11),
        ("DELETE FROM statement WHERE leaf_index = 12", "statement", 12),
        ("DELETE FROM entry WHERE leaf_index = 13", "entry", 13),
        ("DELETE FROM tile WHERE number = 0 AND level = 0", "tile", 0),
        ("UPDATE head SET root = randomblob(32)", "head", None),
        ("UPDATE head SET size = 299", "entry", 299),
        ("INSERT INTO tile VALUES (0, 1, zeroblob(8192), zeroblob(8128))", "tile", None),
    ],
)
def test_each_damage_is_found_and_named(
    log: Log, database: Database, damage: Callable[[str], None], change: str, table: str, index: int | None
) -> None:
    log.append(make_statements(range(300)))
    assert first_difference(database) is None
    damage(change)
    assert (table, index) in {(found.table, found.index) for found in differences(database)}


@on_sqlite
def test_a_body_that_has_become_a_text_is_named(
    log: Log, database: Database, damage: Callable[[str], None]
) -> None:
    log.append(make_statements(range(300)))
    damage("UPDATE statement SET body = CAST(body AS TEXT) WHERE leaf_index = 14")
    assert [(found.table, found.index) for found in differences(database)] == [("statement", 14)]


def test_an_empty_log_and_its_database_start_again(path: Path) -> None:
    with open_database(path, create=True) as database:
        create_log(database, ORIGIN)
    with open_database(path) as database:
        assert Log(database, ORIGIN).head.size == 0
        assert list(differences(database)) == []

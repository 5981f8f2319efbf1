"""Tiles, proofs from what is stored of them, and roots of any size: against the definitions, and what they may cost."""

import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.merkle import Frontier, leaf_hash, node_hash, root, verify_consistency, verify_inclusion
from ledger.errors import NotFoundError, StoreError
from ledger.store.database import open_database
from ledger.store.integrity import differences
from ledger.store.log import Log, create_log
from ledger.store.tiles import (
    DEPTH,
    Edge,
    FullTile,
    TileCache,
    TreeReader,
    edge_of,
    nodes_of,
    tile_root,
)
from tests.campaign import count
from tests.filled import digests, fill
from tests.store.conftest import ORIGIN

SIZE = 70_000
ENTRIES = digests(SIZE)
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


class Naive:
    """The tree by the definition of RFC 6962: a range is split at the largest power of two below its length."""

    def __init__(self, leaves: list[bytes]) -> None:
        self._leaves = leaves
        self._known: dict[tuple[int, int], bytes] = {}

    def root(self, start: int, end: int) -> bytes:
        if end - start == 1:
            return self._leaves[start]
        known = self._known.get((start, end))
        if known is None:
            middle = start + self.split(end - start)
            known = node_hash(self.root(start, middle), self.root(middle, end))
            if start % (end - start) == 0:
                self._known[start, end] = known
        return known

    @staticmethod
    def split(count: int) -> int:
        return 1 << ((count - 1).bit_length() - 1)

    def inclusion(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + self.split(end - start)
        if index < middle:
            return [*self.inclusion(index, start, middle), self.root(middle, end)]
        return [*self.inclusion(index, middle, end), self.root(start, middle)]

    def consistency(self, size: int, start: int, end: int, *, whole: bool = True) -> list[bytes]:
        if size == end:
            return [] if whole else [self.root(start, end)]
        middle = start + self.split(end - start)
        if size <= middle:
            return [*self.consistency(size, start, middle, whole=whole), self.root(middle, end)]
        return [*self.consistency(size, middle, end, whole=False), self.root(start, middle)]


NAIVE = Naive(LEAVES)


def grown(batches: list[int]) -> tuple[Edge, dict[tuple[int, int], FullTile]]:
    edge, tiles = Edge(), dict[tuple[int, int], FullTile]()
    for batch in batches:
        edge, full = edge.extended(LEAVES[edge.size : edge.size + batch])
        tiles |= {(tile.level, tile.number): tile for tile in full}
    return edge, tiles


def reader_of(edge: Edge, tiles: dict[tuple[int, int], FullTile]) -> TreeReader:
    def read(level: int, number: int) -> tuple[bytes, bytes] | None:
        tile = tiles.get((level, number))
        return None if tile is None else (tile.hashes, tile.nodes)

    return TreeReader(edge, TileCache(read))


BATCHES = st.lists(
    st.one_of(st.integers(0, 5), st.sampled_from([127, 128, 255, 256, 257, 512, 700])), max_size=8
)


@settings(max_examples=count(40))
@given(BATCHES)
def test_an_edge_is_that_of_its_leaves_however_they_came(batches: list[int]) -> None:
    edge, tiles = grown(batches)
    size = sum(batches)
    assert edge.size == size
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    assert edge.peaks() == list(frontier.hashes)
    assert edge.frontier().root() == root(LEAVES[:size])
    for (level, number), tile in tiles.items():
        hashes = [
            NAIVE.root((number * 256 + at) << 8 * level, (number * 256 + at + 1) << 8 * level)
            for at in range(256)
        ]
        assert tile.hashes == b"".join(hashes)
        assert tile.nodes == nodes_of(tile.hashes)
        assert tile_root(tile.nodes) == root(hashes)
    assert set(tiles) == {(0, number) for number in range(size // 256)}
    assert edge_of(size, edge.hashes) == edge


@settings(max_examples=count(40))
@given(BATCHES, st.data())
def test_every_complete_subtree_is_read_and_no_other(batches: list[int], data: st.DataObject) -> None:
    edge, tiles = grown(batches)
    reader = reader_of(edge, tiles)
    for _ in range(20):
        level = data.draw(st.integers(0, 12))
        index = data.draw(st.integers(0, (edge.size >> level) + 1))
        if (index + 1) << level <= edge.size:
            assert reader.node(level, index) == NAIVE.root(index << level, (index + 1) << level)
        else:
            with pytest.raises(NotFoundError):
                reader.node(level, index)


@pytest.mark.parametrize("row", range(DEPTH))
def test_a_bit_that_flips_in_memory_while_a_tile_is_open_is_seen_before_it_is_stored(row: int) -> None:
    edge, _ = Edge().extended(LEAVES[:250])
    rows = list(edge.levels[0])
    if not rows[row]:
        edge, _ = edge.extended(LEAVES[250:255])
        rows = list(edge.levels[0])
    rows[row] = bytes([rows[row][0] ^ 1]) + rows[row][1:]
    with pytest.raises(StoreError) as refused:
        Edge(edge.size, (tuple(rows),)).extended(LEAVES[edge.size : 300])
    assert refused.value.code == "store-corrupt"


def test_a_tile_that_is_missing_or_cut_or_no_bytes_is_named() -> None:
    _, full = Edge().extended(LEAVES[:256])
    for found in (None, (full[0].hashes, b""), (full[0].hashes[1:], full[0].nodes), ("text", None)):
        with pytest.raises(StoreError) as refused:
            TileCache(lambda level, number: found).full(0, 7)  # noqa: B023 - called at once
        assert refused.value.code == "store-corrupt"
        assert "tile 0/7 of entries from 1792 on" in str(refused.value)


def test_upper_tiles_stay_when_many_leaves_are_read() -> None:
    _, full = Edge().extended(LEAVES[:256])
    asked: list[tuple[int, int]] = []

    def read(level: int, number: int) -> tuple[bytes, bytes]:
        asked.append((level, number))
        return full[0].hashes, full[0].nodes

    cache = TileCache(read, leaves=4, upper=2)
    for number in range(20):
        cache.full(1, 0)
        cache.full(0, number)
        cache.full(0, number)
    assert asked == [(1, 0), *((0, number) for number in range(20))]


# -- a log on disk ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "kept.db"
    with open_database(path, create=True) as database:
        create_log(database, ORIGIN)
        fill(Log(database, ORIGIN), range(SIZE))
    return path


@pytest.fixture(scope="module")
def long(kept: Path) -> Iterator[Log]:
    with open_database(kept) as database:
        yield Log(database, ORIGIN)


EDGES = [1, 2, 255, 256, 257, 511, 512, 65_279, 65_280, 65_535, 65_536, 65_537, 65_792, 69_999, SIZE]


def test_roots_and_paths_of_a_long_log_are_those_of_the_definition(long: Log) -> None:
    chance = random.Random(70_000)
    sizes = [*EDGES, *(chance.randrange(1, SIZE + 1) for _ in range(count(60)))]
    for size in sizes:
        known = NAIVE.root(0, size)
        assert long.root_at(size) == known
        for index in {0, size - 1, size // 2, chance.randrange(size), size - size % 256 - (size % 256 == 0)}:
            path = long.inclusion_path(index, size)
            assert path == NAIVE.inclusion(index, 0, size)
            assert path == long.inclusion_path(index, size, known, ENTRIES[index])
            verify_inclusion(LEAVES[index], index, size, path, known)
        for smaller in {1, size, chance.randrange(1, size + 1), size - size % 256 or 1, chance.choice(EDGES)}:
            if smaller <= size:
                path = long.consistency_path(smaller, size)
                assert path == NAIVE.consistency(smaller, 0, size)
                verify_consistency(smaller, size, NAIVE.root(0, smaller), known, path)


def test_another_root_or_entry_than_the_logs_is_never_proven(long: Log) -> None:
    for root_, entry in ((bytes(32), None), (None, bytes(32))):
        with pytest.raises(StoreError) as refused:
            long.inclusion_path(5, 1_000, root_, entry)
        assert refused.value.code == "store-corrupt"


def test_a_proof_reads_no_more_than_one_tile_for_each_power_of_256(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_database(copied) as database:
        log = Log(database, ORIGIN)
        asked: list[str] = []
        rows = database.rows

        def counted(query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
            asked.append(query)
            return rows(query, values)

        monkeypatch.setattr(database, "rows", counted)
        chance = random.Random(256)
        for size in [SIZE, *EDGES, *(chance.randrange(1, SIZE + 1) for _ in range(30))]:
            limit = max(1, -(-(size - 1).bit_length() // 8))
            index, smaller = chance.randrange(size), chance.randrange(1, size + 1)
            known = log.root_at(size)
            entry = log.entry(index)
            for ask in (
                partial(log.inclusion_path, index, size, known, entry),
                partial(log.consistency_path, smaller, size),
            ):
                log._tiles._kept[0].clear()
                asked.clear()
                ask()
                assert len(asked) <= limit, (size, index, smaller)


def damage(path: Path, cut: int, place: str) -> None:
    """Change the hash that begins at byte `cut` of a tile's nodes."""
    nodes = f"substr(nodes, 1, {cut}) || zeroblob(32) || substr(nodes, {cut + 33})"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER tile_no_update")
        changed = connection.execute(f"UPDATE tile SET nodes = CAST({nodes} AS BLOB) WHERE {place}")
        assert changed.rowcount == 1


@pytest.fixture
def copied(kept: Path, tmp_path: Path) -> Path:
    """A log of `SIZE` entries, to be changed."""
    return Path(shutil.copy(kept, tmp_path / "copied.db"))


@pytest.mark.parametrize(("cut", "number", "index"), [(0, 3, 768), (4_096, 4, 1_024), (8_096, 5, 1_408)])
def test_damage_above_the_hashes_of_a_tile_is_never_served_and_is_named(
    copied: Path, cut: int, number: int, index: int
) -> None:
    damage(copied, cut, f"level = 0 AND number = {number}")
    with open_database(copied) as database:
        log = Log(database, ORIGIN)  # the edge is whole, so the log opens
        other = {0: index + 2, 4_096: index + 4, 8_096: index - 128}[cut]  # the damaged hash is in its path
        with pytest.raises(StoreError) as refused:
            log.inclusion_path(other, SIZE)
        assert refused.value.code == "store-corrupt"
        assert [(one.table, one.index) for one in differences(database)] == [("tile", index)]


@pytest.mark.parametrize(
    ("cut", "place", "says"),
    [
        (
            320,
            "level = 0 AND number = 260",
            "entry 66580 differs: tile: tile 0/260: hash 10 of its tree level 1",
        ),
        (
            8_096,
            "level = 1 AND number = 0",
            "entry 32768 differs: tile: tile 1/0: hash 1 of its tree level 7",
        ),
    ],
)
def test_damage_on_the_right_edge_stops_the_start(copied: Path, cut: int, place: str, says: str) -> None:
    damage(copied, cut, place)
    with open_database(copied) as database:
        with pytest.raises(StoreError) as refused:
            Log(database, ORIGIN)
        assert refused.value.code == "store-corrupt"
        assert says in str(refused.value)


def test_a_database_from_before_gets_the_nodes_of_its_tiles(copied: Path) -> None:
    connection = sqlite3.connect(copied, isolation_level=None)
    connection.execute("CREATE TABLE old AS SELECT level, number, hashes FROM tile")
    connection.execute("DROP TABLE tile")
    connection.execute(
        "CREATE TABLE tile (level INTEGER NOT NULL, number BIGINT NOT NULL, hashes BLOB NOT NULL,"
        " PRIMARY KEY (level, number))"
    )
    connection.execute("INSERT INTO tile SELECT * FROM old")
    connection.execute("DROP TABLE old")
    for later in ("request_nonce", "request_once", "request_forgotten", "version"):
        connection.execute(f"DROP TABLE {later}")
    connection.execute("UPDATE alembic_version SET version_num = '0005'")
    connection.close()
    with open_database(copied) as database:
        log = Log(database, ORIGIN)
        assert log.inclusion_path(70, SIZE) == NAIVE.inclusion(70, 0, SIZE)
        assert list(differences(database)) == []
        assert len(database.rows("SELECT 1 FROM tile")) == SIZE // 256 + SIZE // 65_536
        with pytest.raises(StoreError), database.write() as writing:
            writing.execute("DELETE FROM tile")

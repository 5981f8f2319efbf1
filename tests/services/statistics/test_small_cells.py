"""No small count can be read, or computed from what stands beside it: by somebody who tries everything."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations_with_replacement, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.services.statistics.cells import BEYOND, Cell, Key, Table, table_of, unless_overlapping

LEAST = 3
"""A threshold that leaves few enough tables to try them all."""
NAMES: tuple[Key, ...] = (("a",), ("b",), ("c",))
Secret = tuple[int, ...]


def told(cells: Mapping[Key, Cell], *, disjoint: bool) -> tuple[Any, ...]:
    """All that a reader has: the total, and the table; without numbers where the total is small itself."""
    rows, other = table_of(cells, disjoint=disjoint, threshold=LEAST)
    total = sum(cell.records for cell in cells.values()) if disjoint else None
    lines, persons = (sum(cell[place] for cell in cells.values()) for place in (2, 3))
    counting = sum(cell.counting for cell in cells.values())
    return (
        rows,
        total,
        other is not None,
        lines if total is None or total >= LEAST else None,
        persons if counting >= LEAST or counting == 0 else None,
    )


def assert_hidden(tables: Iterable[Mapping[Key, Cell]], place: int, *, disjoint: bool) -> int:
    """Whoever knows the rule and what is told cannot tell one value of any small cell; how many of them there were."""
    secrets: dict[tuple[Any, ...], set[Secret]] = defaultdict(set)
    for cells in tables:
        known = told(cells, disjoint=disjoint)
        secrets[known].add(tuple(cells.get(name, Cell())[place] for name in NAMES))
    small = 0
    for known, possible in secrets.items():
        rows = {row.key for row in known[0]}
        for at, name in enumerate(NAMES):
            values = {secret[at] for secret in possible}
            if name not in rows and values != {0}:
                small += 1
                assert len(values) > 1, (known, possible)
    return small


def test_no_small_number_of_records_can_be_computed_from_the_total_and_the_other_cells() -> None:
    tables = (
        {name: Cell(records=count) for name, count in zip(NAMES, counts, strict=True)}
        for counts in product(range(10), repeat=3)
    )
    assert assert_hidden(tables, 0, disjoint=True) > 50


def test_nor_the_lines_where_one_record_may_be_in_several_cells() -> None:
    shapes = [Cell(), *(Cell(records, 0, records + more) for records in range(1, 6) for more in range(2))]
    tables = (dict(zip(NAMES, cells, strict=True)) for cells in product(shapes, repeat=3))
    assert assert_hidden(tables, 2, disjoint=False) > 50


def test_nor_the_persons_of_a_cell_beside_cells_that_count_none() -> None:
    most = 2  # more than one person a record at most here, so that there is an end
    shapes = [Cell(records, 0, records) for records in range(5)]
    shapes += [
        Cell(records, counting, records, counting + more)
        for records in (1, 2, 4)
        for counting in range(1, records + 1)
        for more in range(most + 1)
    ]
    tables = (dict(zip(NAMES, cells, strict=True)) for cells in product(shapes, repeat=3))
    secrets: dict[tuple[Any, ...], set[Secret]] = defaultdict(set)
    at_the_end = set[object]()
    for cells in tables:
        known = told(cells, disjoint=True)
        secrets[known].add(tuple(cells[name].persons for name in NAMES))
        if any(cell.persons == cell.counting + most for cell in cells.values() if cell.counting):
            at_the_end.add(known)
    asked = 0
    for known, possible in secrets.items():
        rows = {row.key for row in known[0]}
        for at, name in enumerate(NAMES):
            values = {secret[at] for secret in possible}
            if known not in at_the_end and name not in rows and values != {0}:
                asked += 1
                assert len(values) > 1, (known, possible)
    assert asked > 5


def naive(cells: Mapping[Key, Cell]) -> Callable[[Key], bool]:
    """Whether a cell alone is small."""
    return lambda key: cells[key].records < 5 or 0 < cells[key].counting < 5


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abcdefgh")),
        st.tuples(st.integers(1, 12), st.integers(0, 12), st.integers(0, 99), st.integers(0, 99)).map(
            lambda four: Cell(four[0], min(four[0], four[1]), four[2], four[3])
        ),
        max_size=8,
    ),
    st.booleans(),
)
def test_all_that_is_not_small_and_not_needed_to_hide_it_is_told_and_nothing_is_lost(
    cells: dict[Key, Cell], disjoint: bool
) -> None:
    rows, other = table_of(cells, disjoint=disjoint)
    is_small = naive(cells)
    assert not any(is_small(row.key) for row in rows)
    assert all(row.cell == cells[row.key] for row in rows)
    small = [key for key in cells if is_small(key)]
    assert (other is None) == (not small)
    whole = Cell()
    for cell in (*(row.cell for row in rows), *([] if other is None else [other])):
        whole = whole.plus(cell)
    assert (
        whole == Cell(*(sum(each) for each in zip(*cells.values(), strict=True)))
        if cells
        else whole == Cell()
    )


def test_one_small_cell_takes_the_next_smallest_with_it() -> None:
    cells: dict[Key, Cell] = {("a",): Cell(2), ("b",): Cell(9), ("c",): Cell(7), ("d",): Cell(30)}
    rows, other = table_of(cells, disjoint=True)
    assert [row.key for row in rows] == [("d",), ("b",)]
    assert other == Cell(9)


def test_cells_that_hide_each_other_take_no_other_with_them() -> None:
    cells: dict[Key, Cell] = {("a",): Cell(2), ("b",): Cell(3), ("d",): Cell(4), ("c",): Cell(7)}
    assert [row.key for row in table_of(cells, disjoint=True).rows] == [("c",)]
    # They may be of the same records, which then would be three.
    assert table_of(cells, disjoint=False).rows == ()


def test_two_just_below_the_threshold_take_one_just_above_it_with_them() -> None:
    cells: dict[Key, Cell] = {("a",): Cell(5), ("b",): Cell(4), ("c",): Cell(4)}
    # Else their sum of 8 would say 4 and 4: of 3 and 5, the other 5 might have been taken as well.
    assert table_of(cells, disjoint=True).rows == ()


def test_what_is_beyond_the_keys_that_are_counted_is_no_row() -> None:
    rows, other = table_of({BEYOND: Cell(50), ("a",): Cell(60), ("b",): Cell(70)}, disjoint=True)
    assert [row.key for row in rows] == [("b",)]
    assert other == Cell(110)


def test_nor_how_many_records_are_outside_of_a_cell_or_in_several() -> None:
    kinds = ["P", "N", "PN", "PP", "NN", "PPN", "PNN", "PPP", "NNN"]
    secrets: dict[object, set[Secret]] = defaultdict(set)
    for number in range(LEAST, 7):
        for records in combinations_with_replacement(kinds, number):
            lines = sum(map(len, records))
            if lines > 2 * number:
                continue  # more than three lines in one record would be possible there
            cells: dict[Key, Cell] = {}
            for lines_of_one in records:
                for name in set(lines_of_one):
                    before = cells.get((name,), Cell())
                    cells[name,] = before.plus(Cell(1, 0, lines_of_one.count(name)))
            table = unless_overlapping(table_of(cells, disjoint=False, threshold=LEAST), number, LEAST)
            known = number, lines, table.rows, None if table.other is None else table.other.lines
            outside = [number - cells.get((name,), Cell()).records for name in "PN"]
            secrets[known].add((*outside, sum(len(set(one)) > 1 for one in records)))
    for known, possible in secrets.items():
        for values in map(set, zip(*possible, strict=True)):
            assert len(values) > 1 or not 0 < min(values) < LEAST, (known, possible)
    assert any(known[2] for known in secrets if isinstance(known, tuple))


@pytest.mark.parametrize(
    ("records", "total", "is_told"),
    [
        ((95, 40), 100, True),
        ((96, 40), 100, False),
        ((60, 44), 100, False),
        ((60, 45), 100, True),
        ((100, 0), 100, True),
    ],
)
def test_rows_of_the_same_records_are_told_where_none_or_enough_are_outside_and_in_several(
    records: tuple[int, int], total: int, is_told: bool
) -> None:
    cells: dict[Key, Cell] = {("a",): Cell(records[0], 0, 7), ("b",): Cell(records[1], 0, 8)}
    table = table_of(cells, disjoint=False)
    found = unless_overlapping(table, total)
    assert found == (table if is_told else Table((), Cell(sum(records), 0, 15)))


def test_where_some_cells_have_no_row_records_may_be_in_none_of_the_others() -> None:
    cells: dict[Key, Cell] = {("a",): Cell(60), ("b",): Cell(44), ("c",): Cell(8), ("d",): Cell(2)}
    table = table_of(cells, disjoint=False)
    assert [row.key for row in unless_overlapping(table, 100).rows] == [("a",), ("b",)]

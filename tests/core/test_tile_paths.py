"""Paths of tiles: one way to write each, and nothing else read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.tile_paths import bundle_path, parse_level, parse_place, tile_path

WRITTEN = [
    (0, 256, "000"),
    (67, 256, "067"),
    (999, 1, "999.p/1"),
    (1_000, 256, "x001/000"),
    (1_234_067, 256, "x001/x234/067"),
    (1_234_067, 255, "x001/x234/067.p/255"),
    (2**63, 9, "x009/x223/x372/x036/x854/x775/808.p/9"),
]


@pytest.mark.parametrize(("number", "width", "text"), WRITTEN)
def test_a_place_is_written_as_the_specification_has_it(number: int, width: int, text: str) -> None:
    assert tile_path(7, number, width) == f"tile/7/{text}"
    assert parse_place(text) == (number, width)


def test_paths_name_level_and_kind() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path(63, 4, 12) == "tile/63/004.p/12"
    assert bundle_path(1_234_067) == "tile/entries/x001/x234/067"
    assert bundle_path(0, 5) == "tile/entries/000.p/5"


WRONG = [
    *(
        "",
        "0",
        "00",
        "67",
        "0067",
        "1000",
        "x067",
        "067/",
        "/067",
        "x000/067",
        "000/067",
        "x001/67",
        "x001/x067",
    ),
    *(
        "x001//067",
        "x1/067",
        "X001/067",
        "001/067",
        "x001x/067",
        "x001/067/",
        "x001/000/000",
        "-01",
        "+67",
        " 67",
    ),
    *(
        "067.p",
        "067.p/",
        "067.p/0",
        "067.p/256",
        "067.p/012",
        "067.p/-1",
        "067.p/+1",
        "067.p/1/",
        "067.p/1.p/1",
    ),
    *(
        "067.P/1",
        "067p/1",
        "067.p1",
        ".p/1",
        "067.p/x01",
        "06\u0667",
        "067.p/\u0663",
        "067\n",
        "067.p/1\n",
        "abc",
        "0x1",
    ),
    *("../067", "067%2Fp", "x" * 5_000, "x" + "9" * 5_000, "x999/" * 1_000 + "999", "067.p/" + "1" * 5_000),
]


@pytest.mark.parametrize("text", WRONG, ids=lambda text: repr(text)[:24])
def test_every_other_way_to_write_a_place_is_none(text: str) -> None:
    assert parse_place(text) is None


@given(st.text(alphabet="0123456789x/.p", max_size=20))
def test_what_is_read_is_what_would_be_written(text: str) -> None:
    found = parse_place(text)
    assert found is None or bundle_path(*found) == f"tile/entries/{text}"


@pytest.mark.parametrize(("text", "level"), [("0", 0), ("9", 9), ("63", 63)])
def test_a_level_is_a_plain_number(text: str, level: int) -> None:
    assert parse_level(text) == level


@pytest.mark.parametrize(
    "text", ["", "64", "00", "01", "-0", "+1", " 1", "\u0663", "x", "entries", "1" * 5_000]
)
def test_any_other_level_is_none(text: str) -> None:
    assert parse_level(text) is None

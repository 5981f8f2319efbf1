"""What blocks that are not final show of anchors: kept once, a few at most, and gone when the anchor is settled."""

from dataclasses import replace

import pytest

from ledger.store.captures import MOST, Capture, Captures
from ledger.store.database import Database

CHAIN = "eip155:31001"


@pytest.fixture
def captures(database: Database) -> Captures:
    with database.write() as connection:
        for size in (3, 5):
            connection.execute(
                "INSERT INTO checkpoint (size, note, signed_at) VALUES (?, ?, 1)", (size, b"\0")
            )
    return Captures(database)


def capture(size: int, block: int, chain: str = CHAIN) -> Capture:
    return Capture(chain, bytes(20), size, block, bytes([block]) * 32, 1, b"h", b"a", b"s", None, 7)


def test_a_capture_is_found_by_its_block_until_its_size_is_settled(captures: Captures) -> None:
    kept = [capture(3, 1), capture(3, 2), capture(5, 3), capture(5, 3, "eip155:31002")]
    for one in kept:
        captures.record(one)
    captures.record(replace(kept[0], captured_at=9))
    assert captures.every() == kept
    assert captures.of(CHAIN, 3, bytes([2]) * 32) == kept[1]
    assert captures.of(CHAIN, 3, bytes([3]) * 32) is None
    captures.settle(CHAIN, 3)
    assert captures.every() == kept[2:]
    captures.settle(CHAIN, 9)
    assert captures.every() == kept[3:]


def test_only_the_newest_blocks_of_an_anchor_are_kept(captures: Captures) -> None:
    for block in range(MOST + 3):
        captures.record(capture(3, block))
    captures.record(capture(5, 1))
    assert [one.block_number for one in captures.every()] == [*range(3, MOST + 3), 1]

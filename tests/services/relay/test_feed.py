"""Blocks that are given by a partner are held against what nodes of one's own choice have there."""

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.errors import ChainError, RemoteError
from ledger.services.relay.feed import Route


class Chain:
    """Blocks of which each hash is its number; counts what it is asked."""

    def __init__(self, *, head: int = 9, is_another: bool = False) -> None:
        self.head, self.is_another, self.asked = head, is_another, [0, 0]

    def check_identity(self) -> None:
        self.asked[0] += 1
        if self.is_another:
            raise ChainError("another chain", code="chain-wrong-id")

    def header(self, number: int) -> Any:
        self.asked[1] += 1
        return SimpleNamespace(hash=bytes([number])) if number <= self.head else None


def route(chain: Any) -> Route:
    followed: Any = SimpleNamespace(source=SimpleNamespace(chain_id=31002))
    feed: Any = None
    return Route(followed, "registry.example.xb/XB/2026", feed, chain)


def blocks(*numbers: int) -> list[tuple[int, bytes]]:
    return [(number, bytes([number])) for number in numbers]


def test_which_chain_it_is_is_asked_once_for_several_blocks_and_not_for_none() -> None:
    chain = Chain()
    route(chain).require_blocks(blocks(1, 2, 3, 4))
    assert chain.asked == [1, 4]
    route(chain).require_blocks([])
    assert chain.asked == [1, 4]
    route(chain).require_block(5, b"other", bytes([5]))
    assert chain.asked == [2, 5]
    route(None).require_blocks(blocks(1))


@pytest.mark.parametrize("given", [blocks(1, 2, 10), [*blocks(1), (2, b"other"), *blocks(3)]])
def test_a_block_that_they_do_not_have_is_told_wherever_it_stands(given: list[tuple[int, bytes]]) -> None:
    with pytest.raises(RemoteError) as refused:
        route(Chain()).require_blocks(given)
    assert refused.value.code == "block-not-canonical"


def test_nodes_of_another_chain_say_nothing_of_a_block() -> None:
    chain = Chain(is_another=True)
    with pytest.raises(ChainError):
        route(chain).require_blocks(blocks(1))
    assert chain.asked == [1, 0]

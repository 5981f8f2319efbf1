"""Turns: a short line is served among long ones, and nothing is kept of a line that is empty."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from ledger.services.registration.turns import Turns


@dataclass
class Item:
    whose: str
    number: int
    cost: int = 1
    is_refusable: bool = True


def filled(*lines: tuple[str, int, int]) -> Turns[Item]:
    """Lines of so many items that cost so much each."""
    turns: Turns[Item] = Turns()
    for whose, count, cost in lines:
        for number in range(count):
            turns.put(whose, Item(whose, number, cost, is_refusable=cost == 1))
    return turns


def taken(turns: Turns[Item], count: int) -> str:
    return "".join(turns.take().whose for _ in range(count))


def test_lines_take_turns_whatever_their_length() -> None:
    turns = filled(("a", 100, 1), ("b", 3, 1), ("c", 2, 1))
    assert taken(turns, 9) == "abcabcaba"
    assert turns.lines == 1


def test_who_comes_late_is_next_and_not_ahead() -> None:
    turns = filled(("a", 100, 1))
    assert taken(turns, 50) == "a" * 50
    for number in range(5):
        turns.put("b", Item("b", number))
    assert taken(turns, 10) == "ab" * 5


def test_what_costs_much_comes_as_much_less_often() -> None:
    turns = filled(("a", 10, 100), ("b", 300, 1))
    assert taken(turns, 303).count("a") == 3


def test_the_newest_of_the_longest_line_is_refused_and_what_is_not_refusable_stays() -> None:
    turns = filled(("a", 5, 1), ("b", 2, 1), ("c", 50, 100))
    turns.put("a", Item("a", 99, 7, is_refusable=False))
    assert (turns.longest(), turns.refusable, turns.refusable_of("a"), turns.refusable_of("c")) == (
        "a",
        7,
        5,
        0,
    )
    refused = turns.refuse("a")
    assert (refused.whose, refused.number) == ("a", 4)
    assert (turns.refusable, turns.refusable_of("a")) == (6, 4)


LINES = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 120), st.booleans()), max_size=60)


@given(LINES, st.integers(0, 40))
def test_everything_is_taken_once_in_the_order_of_its_line(
    items: list[tuple[str, int, bool]], before: int
) -> None:
    turns: Turns[Item] = Turns()
    found: list[Item] = []
    for number, (whose, cost, is_refusable) in enumerate(items):
        turns.put(whose, Item(whose, number, cost, is_refusable))
        if number == before:
            found.append(turns.take())
    while (head := turns.first()) is not None:
        assert turns.take() is head
        found.append(head)
    assert sorted(one.number for one in found) == list(range(len(items)))
    for line in "abcdef":
        mine = [one.number for one in found if one.whose == line]
        assert mine == sorted(mine)
    assert (turns.lines, turns.refusable, turns.longest(), turns._refusable) == (0, 0, None, {})


@given(st.integers(1, 60), st.integers(1, 60))
def test_two_lines_are_served_alike_while_both_wait(first: int, second: int) -> None:
    turns = filled(("a", first, 1), ("b", second, 1))
    both = taken(turns, 2 * min(first, second))
    assert both.count("a") == both.count("b")

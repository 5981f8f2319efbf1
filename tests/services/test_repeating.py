"""Rounds go on whatever fails in them, and whoever hangs beside them holds up nobody."""

import threading
import time
from collections.abc import Callable

from ledger.errors import LedgerError, RemoteError
from ledger.services.repeating import Repeating


def eventually(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.005)


def unforeseen(error: Exception) -> LedgerError:
    return RemoteError(type(error).__name__, code="not-foreseen")


def test_whatever_ends_a_round_is_told_until_one_ends_well() -> None:
    faults: list[Exception] = [ValueError("never foreseen"), RemoteError("silent", code="remote-unreachable")]
    told: list[str | None] = []
    made: list[Repeating] = []

    def work() -> None:
        told.append(made[0].trouble and made[0].trouble.code)
        if faults:
            raise faults.pop(0)

    made.append(Repeating("rounds", work, period=0.01, unforeseen=unforeseen))
    made[0].start()
    eventually(lambda: len(told) >= 4)
    made[0].close()
    assert told[:4] == [None, "not-foreseen", "remote-unreachable", None]
    count = len(told)
    time.sleep(0.05)
    assert len(told) == count


def test_the_first_round_may_wait_for_a_period() -> None:
    done: list[int] = []
    rounds = Repeating("rounds", lambda: done.append(1), period=60, unforeseen=unforeseen, at_once=False)
    rounds.start()
    time.sleep(0.05)
    rounds.close()
    assert not done


def test_what_still_runs_beside_the_rounds_is_not_begun_again() -> None:
    release, begun = threading.Event(), []
    rounds = Repeating("rounds", lambda: None, period=60, unforeseen=unforeseen)

    def hang() -> None:
        begun.append("a")
        release.wait(10)

    for _ in range(3):
        rounds.beside("a", "a", hang)
    rounds.beside("b", "b", lambda: begun.append("b"))
    eventually(lambda: "b" in begun)
    assert begun.count("a") == 1
    assert rounds.is_busy("a")
    release.set()
    eventually(lambda: not rounds.is_busy("a"))
    rounds.beside("a", "a", lambda: begun.append("c"))
    rounds.close()
    assert begun[-1] == "c"

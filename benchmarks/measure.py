"""How two things are compared: by turns, in one process or one run, and by the median of the pairs.

A rate by itself says more of the machine and of its neighbours than of the program.  A ratio of two things that
were measured by turns within a second of each other says what the program adds to its limit.
"""

import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

PAIRS = 15


class Pair(NamedTuple):
    """Medians over all turns: seconds a call of each, and the median of the turns' own ratios."""

    ours: float
    limit: float
    ratio: float


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        what: What is measured, and against what.
        found: The ratio, or a rate where there is nothing to compare with, in words.
        goal: What is aimed at, in words; empty where nothing is.
        met: Whether it was reached; None without a goal.
        detail: Both figures of this run, and the libraries that stand behind them.
    """

    what: str
    found: str
    goal: str
    met: bool | None
    detail: str


def by_turns(
    ours: Callable[[], object],
    limit: Callable[[], object],
    *,
    pairs: int = PAIRS,
    calls: int = 1,
    clock: Callable[[], float] = time.process_time,
) -> Pair:
    """Call the two by turns and compare what they take.

    Args:
        calls: How often each is called in a turn.
        clock: CPU time of this process by default, which neighbours disturb less than the time of day.
    """
    timed: list[tuple[float, float]] = []
    for turn in range(pairs + 1):
        gc.collect()
        found = (_timed(ours, calls, clock), _timed(limit, calls, clock))
        if turn:  # the first one warms up
            timed.append(found)
    return of_turns(timed)


def of_turns(timed: list[tuple[float, float]]) -> Pair:
    """The medians of turns that were timed elsewhere, as (ours, limit)."""
    return Pair(
        statistics.median(one for one, _ in timed),
        statistics.median(other for _, other in timed),
        statistics.median(one / other for one, other in timed),
    )


def _timed(run: Callable[[], object], calls: int, clock: Callable[[], float]) -> float:
    begun = clock()
    for _ in range(calls):
        run()
    return (clock() - begun) / calls


def at_most(what: str, pair: Pair, goal: float | None, detail: str) -> Row:
    """A row whose ratio is to be small: ours costs so many times the limit."""
    told = "" if goal is None else f"≤ {goal:g} times"
    return Row(what, f"{pair.ratio:.2f} times", told, None if goal is None else pair.ratio <= goal, detail)


def share(what: str, ratio: float, goal: float | None, detail: str) -> Row:
    """A row whose ratio is to be large: ours reaches such a share of the limit's rate."""
    told = "" if goal is None else f"≥ {goal:.0%}"
    return Row(what, f"{ratio:.0%}", told, None if goal is None else ratio >= goal, detail)


def fsync_seconds(folder: Path, count: int = 50) -> float:
    """What one fsync of a small write costs here: the median of some."""
    descriptor, name = tempfile.mkstemp(dir=folder)
    try:
        times = []
        for _ in range(count):
            begun = time.perf_counter()
            os.write(descriptor, bytes(4096))
            os.fsync(descriptor)
            times.append(time.perf_counter() - begun)
        return statistics.median(times)
    finally:
        os.close(descriptor)
        Path(name).unlink()


def microseconds(seconds: float) -> str:
    """A time of a call, for the table."""
    if seconds < 1e-5:
        return f"{seconds * 1e6:.1f} µs"
    return f"{seconds * 1e6:,.0f} µs" if seconds < 1e-2 else f"{seconds * 1e3:,.0f} ms"

"""Taking turns: what waits is taken so that nobody's long line keeps another's short one waiting.

Self-clocked fair queueing: an item's turn comes its own cost after the turn of the one before it in its line, or after
now where there is none, and the earliest turn is first.  A line that is empty is forgotten, so that what is held is
bounded by what waits.  Not safe for threads.

Source: S. J. Golestani, "A self-clocked fair queueing scheme for broadband applications", INFOCOM 1994.
"""

import heapq
from collections import deque
from typing import Generic, Protocol, TypeVar


class Waiting(Protocol):
    """What can wait.

    Attributes:
        cost: Of serving it, against that of others.
        is_refusable: Whether it may be told to come again after it was taken in.
    """

    @property
    def cost(self) -> int: ...  # noqa: D102 - above
    @property
    def is_refusable(self) -> bool: ...  # noqa: D102 - above


T = TypeVar("T", bound=Waiting)


class Turns(Generic[T]):
    """Lines of items, one for each of whom something waits.

    Attributes:
        refusable: How many items wait that may be refused again.
    """

    def __init__(self) -> None:
        self._lines: dict[str, deque[T]] = {}
        self._refusable: dict[str, int] = {}
        self._heads: list[tuple[int, int, str]] = []
        self._now = 0
        self._number = 0
        self.refusable = 0

    @property
    def lines(self) -> int:
        """Of how many something waits."""
        return len(self._lines)

    def refusable_of(self, whose: str) -> int:
        """How many of a line may be refused again."""
        return self._refusable.get(whose, 0)

    def put(self, whose: str, item: T) -> None:
        """Add an item at the end of its line."""
        line = self._lines.get(whose)
        if line is None:
            line = self._lines[whose] = deque()
            self._queue_up(whose, item, self._now)
        line.append(item)
        self._count(whose, item, 1)

    def first(self) -> T | None:
        """Whose turn it is; None when nothing waits."""
        return self._lines[self._heads[0][2]][0] if self._heads else None

    def take(self) -> T:
        """Take out what `first` says."""
        self._now, _, whose = heapq.heappop(self._heads)
        line = self._lines[whose]
        item = line.popleft()
        self._count(whose, item, -1)
        if line:
            self._queue_up(whose, line[0], self._now)
        else:
            del self._lines[whose]
        return item

    def longest(self) -> str | None:
        """Whose line has most items that may be refused.  Cost: one comparison a line."""
        return max(self._refusable, key=self._refusable.__getitem__, default=None)

    def newest(self, whose: str) -> T:
        """The newest item of a line that may be refused; the line has others."""
        return self._lines[whose][self._newest(whose)]

    def refuse(self, whose: str) -> T:
        """Take out what `newest` says."""
        line, at = self._lines[whose], self._newest(whose)
        item = line[at]
        del line[at]
        self._count(whose, item, -1)
        return item

    def _newest(self, whose: str) -> int:
        line = self._lines[whose]
        return next(at for at in range(len(line) - 1, 0, -1) if line[at].is_refusable)

    def _queue_up(self, whose: str, head: T, after: int) -> None:
        self._number += 1
        heapq.heappush(self._heads, (after + head.cost, self._number, whose))

    def _count(self, whose: str, item: T, change: int) -> None:
        if not item.is_refusable:
            return
        self.refusable += change
        left = self._refusable.get(whose, 0) + change
        if left:
            self._refusable[whose] = left
        else:
            del self._refusable[whose]

"""How a log grew, by its checkpoints: how many statements it had, and when that was signed."""

from typing import Final, NamedTuple

from ledger.store.checkpoints import Checkpoints

POINTS: Final = 48
"""Most sizes that are looked up."""


class Grown(NamedTuple):
    """A checkpoint's size and when it was signed, POSIX seconds."""

    size: int
    at: int


def growth(checkpoints: Checkpoints, points: int = POINTS) -> list[Grown]:
    """Checkpoints from the first to the last one, ascending, about evenly apart by size.

    Cost: a look-up for each point, however long the log.
    """
    last = checkpoints.latest()
    if last is None or last.size == 0:
        return []
    places = sorted({last.size * step // points for step in range(points)})
    found = [checkpoints.earliest_covering(place) for place in places]
    held = {one.size: one for one in (*found, last) if one is not None}
    return [Grown(size, held[size].signed_at) for size in sorted(held)]

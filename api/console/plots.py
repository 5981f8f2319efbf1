"""The geometry of the console's plots.  Letters are the page's own, so that they stay readable at every width."""

from collections.abc import Sequence
from typing import Final, NamedTuple

WIDTH: Final = 1_000
HEIGHT: Final = 300
_STEPS: Final = (1, 2, 4, 6, 8, 10)


class Plot(NamedTuple):
    """A line or needles in a field of `WIDTH` by `HEIGHT`, which is stretched to where it stands.

    Attributes:
        path: As an SVG path has it.
        top: The value at the upper edge; the lower edge is 0.
    """

    path: str
    top: int


def top_of(most: int) -> int:
    """A round number, at least `most` and even, for the upper edge."""
    scale = 1
    while scale * 10 < most:
        scale *= 10
    return max(2, next(step * scale for step in _STEPS if step * scale >= most))


def steps(points: Sequence[tuple[int, int]]) -> Plot:
    """A line that stays until it rises: of (time, value), ascending, both."""
    first, last = points[0][0], points[-1][0]
    span, top = max(1, last - first), top_of(max(value for _, value in points))
    drawn = [f"M0 {_down(points[0][1], top)}"]
    drawn += [f"H{(at - first) * WIDTH // span}V{_down(value, top)}" for at, value in points[1:]]
    return Plot("".join([*drawn, f"H{WIDTH}"]), top)


def needles(values: Sequence[int]) -> Plot:
    """An upright line for each value, side by side."""
    top = top_of(max(values))
    apart = WIDTH / len(values)
    drawn = [
        f"M{round((place + 0.5) * apart)} {HEIGHT}V{_down(value, top)}" for place, value in enumerate(values)
    ]
    return Plot("".join(drawn), top)


def bar(value: int, most: int, *, leftward: bool = False) -> str:
    """A line across, from one edge towards the other: its length is to `WIDTH` as the value is to the most."""
    length = value * WIDTH // max(1, most)
    return f"M{WIDTH} {HEIGHT // 2}H{WIDTH - length}" if leftward else f"M0 {HEIGHT // 2}H{length}"


def _down(value: int, top: int) -> int:
    return HEIGHT - value * HEIGHT // top

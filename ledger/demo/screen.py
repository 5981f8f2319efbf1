"""What the demonstration says on standard output: numbered steps, the commands it runs, progress."""

import shlex
import sys
import time
from collections.abc import Sequence
from typing import Final

WIDTH: Final = 110
_INDENT: Final = "     "


class Screen:
    """Standard output.  On a terminal a line that tells progress is written over; else it is left out.

    Args:
        steps: How many steps there will be.
    """

    def __init__(self, steps: int) -> None:
        self._steps, self._step = steps, 0
        self._began = time.monotonic()
        self._moving = 0

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def step(self, title: str) -> None:
        """Begin the next step."""
        self._step += 1
        self._write(f"\n{self._step}/{self._steps}  {title}\n")

    def line(self, text: str = "") -> None:
        """A line of the present step."""
        self._write(f"{_INDENT}{text}\n" if text else "\n")

    def lines(self, text: str) -> None:
        """What a command printed."""
        for line in text.splitlines():
            self.line(f"  {line}")

    def command(self, arguments: Sequence[str]) -> None:
        """A command, as it could be typed here."""
        lines = wrapped(arguments, WIDTH - len(_INDENT) - 4)
        self.line("$ " + f" \\\n{_INDENT}      ".join(lines))

    def moving(self, text: str) -> None:
        """How far the present step is; seen on a terminal only."""
        if sys.stdout.isatty():
            self._write(f"\r{(_INDENT + text).ljust(self._moving)}")
            self._moving = len(_INDENT + text)

    def _write(self, text: str) -> None:
        if self._moving and not text.startswith("\r"):
            text = "\r" + " " * self._moving + "\r" + text
            self._moving = 0
        sys.stdout.write(text)
        sys.stdout.flush()


def wrapped(arguments: Sequence[str], width: int) -> list[str]:
    """A command line, as a shell takes it, broken before arguments so that lines fit where they can."""
    lines = ["evidence"]
    for group in _groups(arguments):
        if len(lines[-1]) + 1 + len(group) > width:
            lines.append(group)
        else:
            lines[-1] += f" {group}"
    return lines


def _groups(arguments: Sequence[str]) -> list[str]:
    """The arguments, quoted; an option and its value stay together."""
    groups: list[str] = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        quoted = shlex.quote(argument)
        if before.startswith("--") and not argument.startswith("-"):
            groups[-1] += f" {quoted}"
        else:
            groups.append(quoted)
    return groups

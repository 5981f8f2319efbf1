"""Running the command `evidence` of this installation, in an environment that nothing else decides."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final

from ledger.cli.app import run_app
from ledger.demo.screen import Screen
from ledger.errors import SetupError

PROGRAM: Final = (sys.executable, "-P", "-m", "ledger.cli")
"""`evidence`, by this interpreter; -P keeps the folder we stand in from being imported from."""
SECONDS: Final = 300
"""Longest time a command of its own process may take."""
_KEPT: Final = "EVIDENCE_ANCHOR_PERIOD"
_PERIOD: Final = "5"
"""Seconds between anchors, where the user names none: half of what a node takes, so that nobody waits long."""
_PARTNER_PERIOD: Final = "5"
"""Seconds after which partners' nodes are asked again: seldom enough that three nodes hardly use one machine."""
_COULD_NOT_FINISH: Final = 3


def settle_environment(pinned: Path) -> None:
    """Take the user's settings out of this process's environment, and the trust lists that the user pinned.

    Args:
        pinned: Folder of pinned trust lists instead; need not exist.
    """
    for name in [name for name in os.environ if name.startswith("EVIDENCE_") and name != _KEPT]:
        del os.environ[name]
    os.environ.setdefault(_KEPT, _PERIOD)
    os.environ["EVIDENCE_PARTNER_PERIOD"] = _PARTNER_PERIOD
    os.environ["EVIDENCE_TRUST_DIR"] = str(pinned)


class Evidence:
    """Runs commands, each shown first as it could be typed.

    Args:
        screen: Where they are shown.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def run(self, *arguments: str | Path, show: bool = True) -> str:
        """Carry out a command in this process, which spares its start, and return what it printed.

        Args:
            arguments: After `evidence`.
            show: Whether it is shown.

        Raises:
            SetupError: `demo-step-failed`: it did not end with status 0.
        """
        words = self._words(arguments, show=show)
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err):
            status = run_app(words)
        said, troubles = (stream.buffer.getvalue().decode() for stream in (out, err))
        if status == _COULD_NOT_FINISH and "(interrupted)" in troubles:
            raise KeyboardInterrupt
        _require(words, status, 0, troubles or said)
        return said

    def run_apart(self, *arguments: str | Path, expect: int = 0, within: tuple[str, ...] = ()) -> str:
        """Carry out a command in a process of its own, as a verifier would, and return what it printed.

        Args:
            arguments: After `evidence`.
            expect: The exit status that it must end with.
            within: A program that runs it, such as `unshare`, with its arguments.

        Raises:
            SetupError: `demo-step-failed`: it ended with another; `demo-command-stuck`: it did not end.
        """
        words = self._words(arguments, show=True)
        try:
            ended = subprocess.run(  # noqa: S603 - our own program
                [*within, *PROGRAM, *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise SetupError(
                f"evidence {words[0]} did not end within {SECONDS} seconds", code="demo-command-stuck"
            ) from None
        _require(words, ended.returncode, expect, ended.stderr or ended.stdout)
        return ended.stdout

    def _words(self, arguments: tuple[str | Path, ...], *, show: bool) -> list[str]:
        words = [str(argument) for argument in arguments]
        if show:
            self._screen.command(words)
        return words


def _require(words: list[str], status: int, wanted: int, said: str) -> None:
    if status != wanted:
        told = said.strip().splitlines()
        raise SetupError(
            f"evidence {' '.join(words[:2])} ended with status {status} where {wanted} was due:"
            f" {told[-1] if told else 'it said nothing'}",
            code="demo-step-failed",
        )

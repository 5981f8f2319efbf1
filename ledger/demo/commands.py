"""Running the command `evidence` of this installation, in an environment that nothing else decides."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ledger.demo.screen import Screen
from ledger.errors import SetupError

PROGRAM: Final = (sys.executable, "-P", "-m", "ledger.cli")
"""`evidence`, by this interpreter; -P keeps the folder we stand in from being imported from."""
SECONDS: Final = 300
"""Longest time a command may take."""
_KEPT: Final = "EVIDENCE_ANCHOR_PERIOD"


def environment(pinned: Path) -> dict[str, str]:
    """The environment of all commands: no setting of the user's, and no trust list that the user pinned.

    Args:
        pinned: Folder of pinned trust lists; need not exist.
    """
    kept = {name: text for name, text in os.environ.items() if not name.startswith("EVIDENCE_")}
    period = os.environ.get(_KEPT)
    return {**kept, "EVIDENCE_TRUST_DIR": str(pinned), **({} if period is None else {_KEPT: period})}


class Evidence:
    """Runs commands, each shown first as it could be typed.

    Args:
        screen: Where they are shown.
        variables: Their environment.
    """

    def __init__(self, screen: Screen, variables: Mapping[str, str]) -> None:
        self._screen, self.variables = screen, variables

    def run(
        self, *arguments: str | Path, expect: int = 0, within: tuple[str, ...] = (), show: bool = True
    ) -> str:
        """What the command wrote to standard output.

        Args:
            arguments: After `evidence`.
            expect: The exit status that it must end with.
            within: A program that runs it, such as `unshare`, with its arguments.
            show: Whether it is shown.

        Raises:
            SetupError: `demo-step-failed`: it ended with another; `demo-command-stuck`: it did not end.
        """
        words = [str(argument) for argument in arguments]
        if show:
            self._screen.command(words)
        told = f"evidence {' '.join(words[:2])}"
        try:
            ended = subprocess.run(  # noqa: S603 - our own program
                [*within, *PROGRAM, *words],
                env=dict(self.variables),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise SetupError(
                f"{told} did not end within {SECONDS} seconds", code="demo-command-stuck"
            ) from None
        if ended.returncode != expect:
            said = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
            raise SetupError(
                f"{told} ended with status {ended.returncode} where {expect} was due:"
                f" {said[-1] if said else 'it said nothing'}",
                code="demo-step-failed",
            )
        return ended.stdout

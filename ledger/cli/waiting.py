"""Waiting for what others do in their time: anchors, acknowledgements.  Asks politely, ends in time."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from ledger.cli import output
from ledger.errors import LedgerError, RemoteError

DEFAULT_SECONDS: Final = 300.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 10.0
_GROWTH: Final = 1.5
_SAID_SECONDS: Final = 10.0

_Found = TypeVar("_Found")


def wait_for(
    ask: Callable[[], _Found | None],
    what: str,
    *,
    seconds: float,
    later: frozenset[str] = frozenset(),
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> _Found:
    """Ask until there is an answer.

    Args:
        ask: None where it is not there yet.
        what: What is waited for, e.g. "the anchor".
        seconds: After which waiting ends.
        later: Codes of errors that mean "not yet"; others end the waiting.

    Raises:
        RemoteError: `wait-timeout`: it was not there in time.
    """
    began = clock()
    pause, said = _FIRST_PAUSE, began
    while True:
        asked_for = 0
        try:
            found = ask()
        except LedgerError as error:
            if getattr(error, "problem", error.code) not in later:
                raise
            found, asked_for = None, getattr(error, "retry_after", None) or 0
        if found is not None:
            return found
        now = clock()
        left = began + seconds - now
        if left <= 0:
            raise RemoteError(
                f"{what} was not there after {seconds:g} seconds; ask again later", code="wait-timeout"
            )
        if now >= said:
            output.say(f"waiting for {what}, {left:.0f} s at most")
            said = now + _SAID_SECONDS
        # A node may ask for a longer pause; one that asks for hours is asked again at the usual longest.
        sleep(min(max(pause, min(asked_for, _LONGEST_PAUSE)), left))
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)

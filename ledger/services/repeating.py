"""Rounds of work on a thread of their own, until they are closed, and what each round asks of others beside it."""

import threading
from collections.abc import Callable, Hashable

from ledger.errors import LedgerError


class Repeating:
    """A round every `period` seconds.  Whatever fails is told, and the next round tries again.

    Args:
        name: Of the thread.
        work: One round.
        period: Seconds between the end of a round and the next one.
        unforeseen: The error for one that is none of this package's.
        at_once: Whether the first round comes at once, or after a period.

    Attributes:
        stop: Set once this is being closed.
        trouble: What ended the last round; None where nothing did.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        *,
        period: float,
        unforeseen: Callable[[Exception], LedgerError],
        at_once: bool = True,
    ) -> None:
        self._work = work
        self._period = period
        self._unforeseen = unforeseen
        self._at_once = at_once
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._beside: dict[Hashable, threading.Thread] = {}
        self.stop = threading.Event()
        self.trouble: LedgerError | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the round under way; what runs beside it and does not end is left."""
        self.stop.set()
        if self._thread.is_alive():
            self._thread.join()
        for thread in tuple(self._beside.values()):
            thread.join(1.0)

    def is_busy(self, key: Hashable) -> bool:
        """Whether what was begun beside the rounds under this key still runs."""
        thread = self._beside.get(key)
        return thread is not None and thread.is_alive()

    def beside(self, key: Hashable, name: str, work: Callable[[], None]) -> None:
        """Do something that may hang on a thread of its own, which never raises; nothing where it still runs."""
        if self.is_busy(key):
            return
        self._beside[key] = threading.Thread(target=work, name=name, daemon=True)
        self._beside[key].start()

    def _run(self) -> None:
        if not self._at_once:
            self.stop.wait(self._period)
        while not self.stop.is_set():
            try:
                self._work()
                self.trouble = None
            except LedgerError as error:
                self.trouble = error
            except Exception as error:  # noqa: BLE001 - nobody else would ever start this thread again
                self.trouble = self._unforeseen(error)
            self.stop.wait(self._period)


class InRounds:
    """What works in rounds: begun, closed, and what ended the last of them.  Whoever is one gives `_rounds`."""

    _rounds: Repeating

    @property
    def trouble(self) -> LedgerError | None:
        """What ended the last round; None where nothing did."""
        return self._rounds.trouble

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def close(self) -> None:
        """Stop after the round under way; what it waits for on other threads is left."""
        self._rounds.close()

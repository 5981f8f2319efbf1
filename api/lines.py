"""Lines between a connection and the thread that registers them, bounded in number and in bytes both ways."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from ledger.errors import LedgerError

WAITING = 2_000
"""Lines held between the connection and the log; beyond it, reading waits."""
WAITING_BYTES = 8 * 1024 * 1024
"""Bytes of such lines."""
TAKEN = 100
"""Lines that are taken out at once."""
PAUSE = 0.05
"""Seconds without a further line after which what has come is registered, though it fills no batch."""


class Lines:
    """Lines on their way in: the connection puts, one thread takes.

    Attributes:
        fault: What ended the lines before their end; None where they ended well.
    """

    def __init__(self) -> None:
        self.fault: LedgerError | None = None
        self._changed = threading.Condition()
        self._held: deque[bytes] = deque()
        self._size = 0
        self._ended = False

    def put(self, lines: Sequence[bytes]) -> int:
        """Take in lines, the first of them, as far as there is room; how many.  None once nobody takes them."""
        count = 0
        with self._changed:
            for line in lines:
                if self._ended or len(self._held) >= WAITING or self._size >= WAITING_BYTES:
                    break
                self._held.append(line)
                self._size += len(line)
                count += 1
            self._changed.notify()
        return count

    @property
    def ended(self) -> bool:
        """No line is taken in any more."""
        return self._ended

    def end(self, fault: LedgerError | None = None) -> None:
        """No further line comes.  The first word on why is kept."""
        with self._changed:
            if not self._ended:
                self._ended, self.fault = True, fault
            self._changed.notify()

    def __iter__(self) -> Iterator[bytes | None]:
        """The lines as they come, and None whenever none came for `PAUSE` seconds."""
        while True:
            with self._changed:
                if not self._held and not self._ended:
                    self._changed.wait(PAUSE)
                if not self._held and self._ended:
                    return
                taken = [self._held.popleft() for _ in range(min(len(self._held), TAKEN))]
                self._size -= sum(map(len, taken))
            yield from taken or (None,)


class Answers:
    """Answer lines on their way out: one thread puts, the connection takes all there are at once.

    Args:
        wake: Calls a function on the connection's event loop, from another thread.
    """

    def __init__(self, wake: Callable[[Callable[[], None]], object]) -> None:
        self._wake = wake
        self._came = asyncio.Event()
        self._lock = threading.Lock()
        self._held: list[bytes] = []
        self._ended = False

    def put(self, line: bytes) -> None:
        """Add a line."""
        with self._lock:
            first = not self._held
            self._held.append(line)
        if first:
            self._wake(self._came.set)

    def end(self) -> None:
        """No further line comes."""
        with self._lock:
            self._ended = True
        self._wake(self._came.set)

    async def take(self) -> bytes:
        """What there is, waiting for something; nothing at the end."""
        while True:
            self._came.clear()
            with self._lock:
                held, self._held = self._held, []
                ended = self._ended
            if held or ended:
                return b"".join(held)
            await self._came.wait()

"""Answers on their way from the node's threads to the requests that wait for them on the event loop."""

import asyncio
import threading
from contextlib import suppress

from ledger.services.registration.register import Answer, Registration
from ledger.services.registration.waiting import Told


class Replies:
    """Wakes the loop once for all answers that came meanwhile, since waking it costs more than an answer does."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._came: list[tuple[asyncio.Future[Registration], Answer | Exception]] = []

    def expect(self) -> tuple["asyncio.Future[Registration]", Told]:
        """A future, and what gives it its answer from any thread."""
        future: asyncio.Future[Registration] = self._loop.create_future()

        def told(found: Answer | Exception) -> None:
            with self._lock:
                self._came.append((future, found))
                first = len(self._came) == 1
            if first:
                with suppress(RuntimeError):  # the server has stopped meanwhile
                    self._loop.call_soon_threadsafe(self._deliver)

        return future, told

    def _deliver(self) -> None:
        with self._lock:
            came, self._came = self._came, []
        for future, found in came:
            if future.done():  # whoever asked has gone
                continue
            if isinstance(found, Registration):
                future.set_result(found)
            else:
                future.set_exception(found)

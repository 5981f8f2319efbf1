"""Ends a connection whose answer takes too long, wherever it stands: handshake, headers or body.

The HTTP client's own timeouts are of silence alone, so that a node which sends a byte now and then could hold its
caller for days.
"""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

_CONNECTED: Final = "connection.connect_tcp.complete"
_SECURED: Final = "connection.start_tls.complete"


class Watchdog:
    """Watches the requests of one client, one at a time.

    It learns of the connection by `trace`, an extension of requests of that name, or by `connected` and `using`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: Callable[[], socket.socket | None] = lambda: None
        self._fresh: socket.socket | None = None
        self._late = False

    @property
    def late(self) -> bool:
        """Whether the last request was ended."""
        return self._late

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End the connection unless the block does before."""
        self._late = False
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                if self._fresh is not None:
                    self._fresh.close()
                    self._fresh = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note a new connection."""
        if event not in {_CONNECTED, _SECURED}:
            return
        stream = info["return_value"]
        self.using(lambda: stream.get_extra_info("socket"))
        if event == _CONNECTED:
            self.connected(stream.get_extra_info("socket"))

    def connected(self, found: socket.socket) -> None:
        """Note a new connection, before any handshake."""
        with self._lock:
            if self._fresh is not None:
                self._fresh.close()
            # A handshake takes the socket away from its stream; the duplicate is of the same connection.
            self._fresh = found.dup()
            if self._late:
                self._shut()

    def using(self, socket_of: Callable[[], socket.socket | None]) -> None:
        """Note the connection that the request goes by, new or kept open."""
        with self._lock:
            self._socket = socket_of

    def _end(self) -> None:
        with self._lock:
            self._late = True
            self._shut()

    def _shut(self) -> None:
        held = self._fresh or self._socket()
        if held is not None:
            with suppress(OSError):
                socket.socket.shutdown(held, socket.SHUT_RDWR)  # not TLS's own, which is another thread's

"""Connections of a driver, kept open and lent to one reader at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from ledger.errors import StoreError

PATIENCE = 30.0
"""Seconds for which a reader waits for a connection."""


class Closing(Protocol):
    """What a pool lends."""

    def close(self) -> None:
        """Give it back to the system."""


Lent = TypeVar("Lent", bound=Closing)


class Pool(Generic[Lent]):
    """At most `size` connections, made when they are needed.  Safe for threads.

    Args:
        connect: Makes one.
        is_lost: Whether one that lay idle can no longer be used; it is replaced.
        size: Further readers wait.
    """

    def __init__(self, connect: Callable[[], Lent], size: int, is_lost: Callable[[Lent], bool]) -> None:
        self._connect = connect
        self._is_lost = is_lost
        self._free = threading.BoundedSemaphore(size)
        self._idle: list[Lent] = []
        self._closed = False

    @contextmanager
    def lent(self) -> Iterator[Lent]:
        """A connection; after an error inside the block it is not lent again.

        Raises:
            StoreError: `store-busy`: all of them stayed in use.
        """
        if not self._free.acquire(timeout=PATIENCE):
            raise StoreError("every reading connection of the database is in use", code="store-busy")
        try:
            connection = self._taken()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)
        finally:
            self._free.release()

    def _taken(self) -> Lent:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._connect()
            if not self._is_lost(connection):
                return connection
            connection.close()

    def close(self) -> None:
        """Close those that lie idle; the others when they come back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

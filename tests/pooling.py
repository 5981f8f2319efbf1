"""A pooler in front of a PostgreSQL server: it lends each session of the server for one transaction, or for good.

Its sessions are opened by the driver; from then on bytes are passed on, message by message.
"""

import os
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

Kind = Literal["newest", "oldest", "one", "session"]
"""Which session is lent next; `one`: there is only one; `session`: to one client, as long as that is there."""

_NO_ENCRYPTION = {80877103, 80877104}
_GREETING = {
    "server_version": "16.0",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "DateStyle": "ISO",
}


class Pooler:
    """Sessions of the server behind `connect`, lent to whoever connects to `port`."""

    def __init__(self, connect: Any, kind: Kind) -> None:
        self._kind = kind
        self._kept = [connect() for _ in range(1 if kind == "one" else 6)]
        self._sockets = [socket.socket(fileno=os.dup(one.fileno())) for one in self._kept]
        for one in self._sockets:
            one.setblocking(True)
        self._idle = deque(self._sockets)
        self._serving: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._sockets:
            one.shutdown(socket.SHUT_RDWR)
        for thread in (self._accepting, *self._serving):
            thread.join(10)
        for one in self._sockets:
            one.close()
        for kept in self._kept:
            kept.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._serving.append(threading.Thread(target=self._serve, args=(client,), daemon=True))
                self._serving[-1].start()

    def _take(self) -> socket.socket:
        with self._changed:
            self._changed.wait_for(lambda: self._idle)
            return self._idle.popleft() if self._kind == "oldest" else self._idle.pop()

    def _give_back(self, server: socket.socket) -> None:
        with self._changed:
            self._idle.append(server)
            self._changed.notify()

    def _serve(self, client: socket.socket) -> None:
        server: socket.socket | None = None
        with client, suppress(OSError, EOFError):
            self._greet(client)
            while True:
                waiting = b""
                while True:
                    kind, message = _message(client)
                    if kind == b"X":
                        return
                    waiting += message
                    if kind in b"QS":
                        break
                server = server or self._take()
                server.sendall(waiting)
                while True:
                    kind, message = _message(server)
                    client.sendall(message)
                    if kind == b"Z":
                        break
                if message[-1:] == b"I" and self._kind != "session":
                    self._give_back(server)
                    server = None
        if server is not None:
            self._reset(server)
            self._give_back(server)

    def _reset(self, server: socket.socket) -> None:
        """As a pooler does of sessions that are lent for good."""
        query = b"DISCARD ALL\0"
        with suppress(OSError, EOFError):
            server.sendall(b"Q" + struct.pack("!I", len(query) + 4) + query)
            while _message(server)[0] != b"Z":
                pass

    def _greet(self, client: socket.socket) -> None:
        while True:
            (length, code) = struct.unpack("!II", _exactly(client, 8))
            _exactly(client, length - 8)
            if code not in _NO_ENCRYPTION:
                break
            client.sendall(b"N")
        told = [(b"S", key.encode() + b"\0" + value.encode() + b"\0") for key, value in _GREETING.items()]
        for kind, body in (
            (b"R", struct.pack("!I", 0)),
            *told,
            (b"K", struct.pack("!II", 1, 2)),
            (b"Z", b"I"),
        ):
            client.sendall(kind + struct.pack("!I", len(body) + 4) + body)


def _message(sender: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(sender, 5)
    return head[:1], head + _exactly(sender, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(sender: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = sender.recv(count - len(found))
        if not more:
            raise EOFError
        found += more
    return found


@contextmanager
def pooler(connect: Any, kind: Kind) -> Iterator[Pooler]:
    """Run one until the block ends."""
    made = Pooler(connect, kind)
    try:
        yield made
    finally:
        made.close()

"""A client that costs little: one POST after another on many connections, in a process of its own.

`python -m benchmarks.load URL CONNECTIONS STATUS FILE` sends each line of FILE as a JSON body once, has up to
CONNECTIONS requests under way at a time, requires STATUS of every answer, and prints `{"seconds", "cpu", "refused"}`:
the time from the first request to the last answer, what this process itself used of a processor meanwhile, and how many
answers were that too much waits; those requests are sent again a little later.
"""

import json
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_BUSY = (b"HTTP/1.1 429 ", b"HTTP/1.1 503 ")
_PAUSE = 0.05


class _Connection:
    """One connection, with at most one request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._came = b""
        self._request = b""

    def send(self, request: bytes | None = None) -> None:
        """Send a request; None: the last one again."""
        self._request = request or self._request
        self.socket.sendall(self._request)

    def read(self) -> bytes | None:
        """An answer, once it is whole."""
        more = self.socket.recv(65536)
        if not more:
            raise SystemExit(f"the server closed a connection after {self._came!r}")
        came = self._came = self._came + more
        end = came.find(_END)
        if end < 0:
            return None
        at = came.lower().find(_LENGTH, 0, end) + len(_LENGTH)
        length = int(came[at : came.index(b"\r\n", at)])
        if len(came) < end + len(_END) + length:
            return None
        self._came = b""
        return came


def post(url: str, bodies: Sequence[bytes], connections: int, status: int) -> tuple[float, int]:
    """Send the bodies; seconds from the first request to the last answer, and how many were refused meanwhile."""
    requests = _requests(url, bodies)
    parts = urlsplit(url)
    opened = [
        _Connection((parts.hostname or "", parts.port or 80)) for _ in range(min(connections, len(bodies)))
    ]
    by_number = {one.socket.fileno(): one for one in opened}
    polling = select.epoll()
    for number in by_number:
        polling.register(number, select.EPOLLIN)
    expected = b"HTTP/1.1 %d " % status
    resting: deque[tuple[float, _Connection]] = deque()
    left, refused = len(bodies), 0
    begun = time.perf_counter()
    for one in by_number.values():
        one.send(next(requests))
    while left:
        for number, _ in polling.poll(_PAUSE if resting else 60):
            connection = by_number[number]
            answer = connection.read()
            if answer is None:
                continue
            if answer.startswith(_BUSY):
                refused += 1
                resting.append((time.perf_counter() + _PAUSE, connection))
                continue
            _require(answer, expected)
            left -= 1
            following = next(requests, None)
            if following:
                connection.send(following)
        while resting and resting[0][0] <= time.perf_counter():
            resting.popleft()[1].send()
    seconds = time.perf_counter() - begun
    for one in by_number.values():
        one.socket.close()
    return seconds, refused


def _connections(url: str, count: int) -> dict[int, _Connection]:
    parts = urlsplit(url)
    opened = [_Connection((parts.hostname or "", parts.port or 80)) for _ in range(count)]
    return {one.socket.fileno(): one for one in opened}


def _require(answer: bytes, expected: bytes) -> None:
    if not answer.startswith(expected):
        raise SystemExit(f"a request was answered {answer!r}")


def _requests(url: str, bodies: Sequence[bytes]) -> Iterator[bytes]:
    parts = urlsplit(url)
    head = f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    return iter([f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies])


if __name__ == "__main__":
    _, _url, _count, _status, _file = sys.argv
    _bodies = Path(_file).read_bytes().splitlines()
    _before = time.process_time()
    _seconds, _refused = post(_url, _bodies, int(_count), int(_status))
    _told = {"seconds": _seconds, "cpu": time.process_time() - _before, "refused": _refused}
    print(json.dumps(_told))

"""A client that costs little: one POST after another on many connections, in a process of its own.

`python -m benchmarks.load URL CONNECTIONS STATUS FILE` sends each line of FILE as a JSON body once, has up to
CONNECTIONS requests under way at a time, requires STATUS of every answer, and prints `{"seconds", "cpu"}`: the time
from the first request to the last answer, and what this process itself used of a processor meanwhile.
"""

import json
import select
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class _Connection:
    """One connection, with at most one request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._came = b""

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


def post(url: str, bodies: Sequence[bytes], connections: int, status: int) -> float:
    """Send the bodies; seconds from the first request to the last answer."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 80)
    head = f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    requests = iter([f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies])
    opened = [_Connection(address) for _ in range(min(connections, len(bodies)))]
    by_number = {one.socket.fileno(): one for one in opened}
    polling = select.epoll()
    for number in by_number:
        polling.register(number, select.EPOLLIN)
    expected = b"HTTP/1.1 %d " % status
    left = len(bodies)
    begun = time.perf_counter()
    for one in opened:
        one.socket.sendall(next(requests))
    while left:
        for number, _ in polling.poll(60):
            connection = by_number[number]
            answer = connection.read()
            if answer is None:
                continue
            if not answer.startswith(expected):
                raise SystemExit(f"a request was answered {answer!r}")
            left -= 1
            following = next(requests, None)
            if following is not None:
                connection.socket.sendall(following)
    seconds = time.perf_counter() - begun
    for one in opened:
        one.socket.close()
    return seconds


if __name__ == "__main__":
    _, _url, _connections, _status, _file = sys.argv
    _bodies = Path(_file).read_bytes().splitlines()
    _before = time.process_time()
    _seconds = post(_url, _bodies, int(_connections), int(_status))
    print(json.dumps({"seconds": _seconds, "cpu": time.process_time() - _before}))

"""Logs as their servers show them, from entries in memory and straight from the definitions; over no network."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

from ledger.core.merkle import leaf_hash
from ledger.core.tile_paths import bundle_path, encode_bundle, tile_path, width_at
from ledger.core.trust import TrustList
from ledger.remote.tiles import LogReader
from tests.remote.transports import Transport
from tests.simulator import Jurisdiction, World
from tests.trees import tree_root

URL = "http://registry.example.xa"


def tile_of(leaves: Sequence[bytes], level: int, number: int, width: int) -> bytes:
    """A tile from the definition: roots of neighbouring subtrees of 256**level leaves."""
    span = 256**level
    first = number * 256
    return b"".join(tree_root(leaves[(first + at) * span : (first + at + 1) * span]) for at in range(width))


@dataclass
class ShownLog:
    """A log of which a server shows the first `size` entries.

    Attributes:
        notes: Checkpoints that were signed, by size: none is signed twice.
        changes: Replaces what is answered under a path.
    """

    log: Jurisdiction
    size: int = 0
    bodies: list[bytes] = field(default_factory=list)
    notes: dict[int, bytes] = field(default_factory=dict)
    changes: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    keeps_notes: bool = True
    notice: bytes | None = None

    def note(self, size: int | None = None) -> bytes:
        size = self.size if size is None else size
        if size not in self.notes:
            self.notes[size] = self.log.checkpoint(size)
        return self.notes[size]

    def grow(self, count: int) -> None:
        self.size += count
        assert self.size <= len(self.log.entries)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/xa").lstrip("/")
        self.asked.append(path)
        data = self.data(path, request.url.params)
        if data is None:
            return httpx2.Response(404, json={"type": "/problems/not-found", "detail": "no such part"})
        change = self.changes.get(path, lambda data: data)
        return httpx2.Response(200, content=change(data))

    def data(self, path: str, query: Any) -> bytes | None:
        if path == "log/checkpoint":
            return self.note() if self.size else None
        if path.startswith("v1/checkpoints/"):
            size = int(path.rpartition("/")[2])
            return self.notes.get(size) if self.keeps_notes and size <= self.size else None
        if path.startswith("v1/log/statements/"):
            first = int(path.rpartition("/")[2])
            end = min(first + int(query["count"]), self.size)
            return b"".join(body + b"\n" for body in self.bodies[first:end]) or None
        if path == "v1/log/succession":
            return self.notice
        return self.tile(path.removeprefix("log/"))

    def tile(self, path: str) -> bytes | None:
        place, _, width = path.partition(".p/")
        kind, number = place.split("/")[1], int(place.split("/")[-1])
        count = int(width) if width else 256
        level = 0 if kind == "entries" else int(kind)
        if width_at(self.size, level, number) < count or self.size >= 256_000:
            return None
        if kind == "entries":
            assert path == bundle_path(number, count)
            return encode_bundle(self.log.entries[number * 256 : number * 256 + count])
        assert path == tile_path(level, number, count)
        return tile_of([leaf_hash(entry) for entry in self.log.entries[: self.size]], level, number, count)


@contextmanager
def reading(answer: Callable[[httpx2.Request], httpx2.Response], url: str = URL) -> Iterator[LogReader]:
    with LogReader(url, transport=Transport(answer)) as reader:
        yield reader


def trusting(made: World | None = None) -> TrustList:
    """A list that names XA's log."""
    return (made or World()).trust()


@contextmanager
def served(*shown: ShownLog) -> Iterator[str]:
    """Logs shown on the loopback interface, at one address that answers from the last one in `shown`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = shown[-1].answer(httpx2.Request("GET", f"{URL}{self.path}"))
            self.send_response(answer.status_code)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""Newline-delimited JSON in, one answer line each out, while the input is still arriving."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator

import orjson
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.problems import problem
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.errors import LedgerError, RefusedError
from ledger.services.node import Node
from ledger.services.register import Registration, register_many

WAITING = 2_000
"""Lines held between the connection and the log; beyond it, reading waits."""
LINES = 100_000
"""Lines that one request may have.  Many clients read no answer before they have sent everything, so that answers
are held for them rather than the connection stopped; this bounds what is held."""
_END = None


class LinesResponse(StreamingResponse):
    """An answer that is streamed while the request still arrives.

    The framework's own would wait for a disconnect meanwhile, and so take parts of the request's body.
    """

    media_type = "application/x-ndjson"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the protocol
        """Send what there is, as it comes."""
        await self.stream_response(send)


async def register_lines(request: Request, node: Node, wanted: str | None) -> AsyncIterator[bytes]:
    """Register the statements of a request's lines; one answer line for each, in order.

    The log works on a thread of its own.  A writer that is too fast is made to wait; a reader that is too slow is
    not, since it may be the same client, still writing.
    """
    loop = asyncio.get_running_loop()
    lines: queue.Queue[bytes | None] = queue.Queue(WAITING)
    answers: asyncio.Queue[bytes | None] = asyncio.Queue()
    stopped = threading.Event()

    def put(answer: bytes | None) -> None:
        if not stopped.is_set():
            loop.call_soon_threadsafe(answers.put_nowait, answer)

    def work() -> None:
        number = 0
        try:
            registered = register_many(
                _documents(lines),
                parties=node.parties,
                sequencer=node.sequencer,
                clock=node.clock,
                wanted=wanted,
            )
            for number, found in enumerate(registered, 1):
                put(_line(number, found))
        except LedgerError as error:
            # Lines without an answer were not acknowledged; the client sends them again.
            put(_line(number + 1, error))
        finally:
            put(_END)
            stopped.set()

    reader = asyncio.create_task(_feed(request, lines, stopped))
    worker = threading.Thread(target=work, name="stream", daemon=True)
    worker.start()
    try:
        while (answer := await answers.get()) is not _END:
            yield answer
    finally:
        stopped.set()
        reader.cancel()


async def _feed(request: Request, lines: "queue.Queue[bytes | None]", stopped: threading.Event) -> None:
    """Cut the body into lines; a line that is too long goes on cut off, to be refused in its place."""
    rest = b""
    try:
        async for part in request.stream():
            *whole, rest = (rest + part).split(b"\n")
            for line in whole:
                await _put(lines, line, stopped)
            if len(rest) > STATEMENT_LIMIT + 1:
                rest = rest[: STATEMENT_LIMIT + 1]
        if rest:
            await _put(lines, rest, stopped)
    finally:
        await asyncio.shield(_put(lines, _END, stopped))


async def _put(lines: "queue.Queue[bytes | None]", line: bytes | None, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            lines.put_nowait(line)
        except queue.Full:
            await asyncio.sleep(0.005)
        else:
            return


def _documents(lines: "queue.Queue[bytes | None]") -> Iterator[bytes]:
    for _ in range(LINES):
        line = lines.get()
        if line is _END:
            return
        yield line
    if lines.get() is not _END:
        raise RefusedError(
            f"a stream has at most {LINES} lines; send the rest in another", code="stream-too-long"
        )


def _line(number: int, found: Registration | LedgerError) -> bytes:
    if isinstance(found, LedgerError):
        told = problem(found)
        return orjson.dumps({"line": number, "status": told["status"], "problem": told}) + b"\n"
    return orjson.dumps({"line": number, "status": 201 if found.first else 200, **registered(found)}) + b"\n"


def registered(found: Registration) -> dict[str, object]:
    """The answer to a registration."""
    name = found.digest.hex()
    return {
        "digest": name,
        "index": found.index,
        "url": f"/v1/statements/{name}",
        "receipt": f"/v1/statements/{name}/receipt",
    }

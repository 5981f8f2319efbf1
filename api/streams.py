"""Newline-delimited JSON in, one answer line each out, while the input is still arriving."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import orjson
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from api.lines import Answers, Lines
from api.origin import client_of
from api.problems import INTERNAL, problem
from api.seats import Seats
from api.single import registered
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.errors import LedgerError, MalformedError, RefusedError
from ledger.services.node.assembly import Node
from ledger.services.registration.intake import Turn
from ledger.services.registration.register import Registration, register_many

LINES = 100_000
"""Lines that one request may have.  Many clients read no answer before they have sent everything, so that answers
are held for them rather than the connection stopped; this bounds what is held."""
_REGISTERED = b"".join(
    (
        b'{"line":%d,"status":%d,"digest":"%b","index":%d,',
        b'"url":"/v1/statements/%b","receipt":"/v1/statements/%b/receipt"}\n',
    )
)
"""`api.single.registered` of a line, written at once: nothing in it needs to be escaped."""
IDLE_SECONDS = 60.0
"""How long a stream may send nothing, and how long answers to it may be left unread once it has sent everything."""


class LinesResponse(StreamingResponse):
    """An answer that is streamed while the request still arrives.

    The framework's own would wait for a disconnect meanwhile, and so take parts of the request's body.
    """

    media_type = "application/x-ndjson"

    def __init__(self, request: Request, node: Node, wanted: str | None) -> None:
        self._seats: Seats = request.app.state.streams
        self._client = client_of(request)
        self._seats.require(self._client)
        self._received = asyncio.Event()
        super().__init__(register_lines(request, node, wanted, self._received))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the protocol
        """Send what there is, as it comes; give up on a client that sent everything and reads nothing."""

        async def patient(message: Message) -> None:
            sending = asyncio.ensure_future(send(message))
            while not (await asyncio.wait({sending}, timeout=IDLE_SECONDS))[0]:
                if self._received.is_set():
                    sending.cancel()
                    raise ClientDisconnect
            await sending

        self._seats.take(self._client)
        try:
            with suppress(ClientDisconnect, OSError):
                await self.stream_response(patient)
        finally:
            self._seats.leave(self._client)


async def register_lines(
    request: Request, node: Node, wanted: str | None, received: asyncio.Event
) -> AsyncIterator[bytes]:
    """Register the statements of a request's lines; one answer line for each, in order.

    The log works on a thread of its own.  A writer that is too fast is made to wait; a reader that is too slow is
    not, since it may be the same client, still writing.

    Args:
        wanted: The type that every statement must have; None takes any.
        received: Set once nothing more of the request is waited for.
    """
    loop = asyncio.get_running_loop()
    lines = Lines()

    def wake(call: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # the server has stopped meanwhile
            loop.call_soon_threadsafe(call)

    answers = Answers(wake)
    reader = asyncio.create_task(_feed(request, lines, received))
    threading.Thread(
        target=_work, args=(lines, answers, node, wanted, client_of(request)), name="stream", daemon=True
    ).start()
    try:
        while found := await answers.take():
            yield found
        # A connection that is closed on what the client still writes may lose the answers on their way to it.
        await asyncio.wait({reader}, timeout=IDLE_SECONDS)
    finally:
        lines.end()
        reader.cancel()


def _work(lines: Lines, answers: Answers, node: Node, wanted: str | None, client: str) -> None:
    """Register until the lines end.  Lines without an answer were not acknowledged; the client sends them again."""
    number = 0
    fault: LedgerError | None = None
    try:
        registered = register_many(
            lines,
            parties=node.parties,
            sequencer=node.sequencer,
            clock=node.clock,
            wanted=wanted,
            admission=Turn(node.intake, client),
            rules=node.intake.rules,
        )
        for number, found in enumerate(registered, 1):
            answers.put(answer_line(number, found))
    except LedgerError as error:
        fault = error
    except BaseException:
        fault = INTERNAL
        raise
    finally:
        lines.end()
        fault = fault or lines.fault
        if fault is not None:
            answers.put(answer_line(number + 1, fault))
        answers.end()


async def _feed(request: Request, lines: Lines, received: asyncio.Event) -> None:
    """Cut the body into lines; a line that is too long goes on cut off, to be refused in its place."""
    rest = b""
    count = 0
    try:
        body = aiter(request.stream())
        while (part := await asyncio.wait_for(anext(body, None), IDLE_SECONDS)) is not None:
            if lines.ended:
                continue
            *whole, rest = (rest + part).split(b"\n")
            count += len(whole)
            await _put(lines, whole[: len(whole) - max(0, count - LINES)])
            rest = rest[: STATEMENT_LIMIT + 1]
            if count + bool(rest) > LINES:
                lines.end(
                    RefusedError(
                        f"a stream has at most {LINES} lines; send the rest in another",
                        code="stream-too-long",
                    )
                )
        if rest:
            await _put(lines, [rest])
    except TimeoutError:
        lines.end(
            MalformedError(f"nothing more of the stream came for {IDLE_SECONDS:.0f} s", code="body-slow")
        )
    except ClientDisconnect:
        pass  # a line cut off is no line
    finally:
        received.set()
        lines.end()


async def _put(lines: Lines, more: list[bytes]) -> None:
    while (more := more[lines.put(more) :]) and not lines.ended:  # noqa: ASYNC110 - the taker is a thread
        await asyncio.sleep(0.005)


def answer_line(number: int, found: Registration | LedgerError) -> bytes:
    """The answer to one line: where its statement stands, or the problem."""
    if isinstance(found, LedgerError):
        told = problem(found)
        return orjson.dumps({"line": number, "status": told["status"], "problem": told}) + b"\n"
    if found.decision is not None:
        status = 201 if found.first else 200
        return orjson.dumps({"line": number, "status": status, **registered(found)}) + b"\n"
    name = found.digest.hex().encode()
    return _REGISTERED % (number, 201 if found.first else 200, name, found.index, name, name)

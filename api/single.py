"""The one route that is asked more often than all others together: one statement in, its place in the log out.

It stands in front of the framework, which would cost several times what this does.  It takes requests of the plain kind
alone; whatever is not so, and every other route, goes on to the framework, whose route of the same path and method
gives the same answers and describes them.
"""

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deps import read_body
from api.documents import JSON, STATEMENT
from api.origin import client_at
from api.problems import answer
from ledger.core.canonical import STATEMENT_LIMIT
from ledger.errors import LedgerError
from ledger.services.node.assembly import Node
from ledger.services.registration.register import Registration

WHAT = "the statement"
_TYPES = (JSON.encode(), STATEMENT.encode())
_MOST_DIGITS = len(str(STATEMENT_LIMIT))


class OneStatement:
    """Registers what comes by itself; asks `app` for all else.

    Args:
        paths: Of the routes that register, each with the type that it takes; None takes any.
    """

    def __init__(self, app: ASGIApp, paths: dict[str, str | None]) -> None:
        self._app = app
        self._paths = {path.encode(): wanted for path, wanted in paths.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As of ASGI."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        path = scope["raw_path"]
        client = _sender(scope) if path in self._paths else None
        if client is None:
            await self._app(scope, receive, send)
            return
        try:
            data = await read_body(receive, limit=STATEMENT_LIMIT, what=WHAT)
            found = await registration(scope, data, wanted=self._paths[path], client=client)
        except LedgerError as error:
            await answer(error, path.decode())(scope, receive, send)
            return
        told = told_of(found)
        body = orjson.dumps(told)
        headers = [
            (b"location", str(told["url"]).encode()),
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
        ]
        status = 201 if found.first else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def registration(scope: Scope, data: bytes, *, wanted: str | None, client: str) -> Registration:
    """Wait on the event loop until a statement is in the log; no thread waits for it.

    Raises:
        LedgerError: As `Intake.register`, and whatever it is refused for.
    """
    state = scope["app"].state
    node: Node = state.node
    future, told = state.replies.expect()
    node.intake.register(data, wanted=wanted, client=client, told=told)
    found: Registration = await future
    return found


def told_of(found: Registration) -> dict[str, object]:
    """The answer to one statement."""
    return {**registered(found), "checkpointSize": found.checkpoint}


def registered(found: Registration) -> dict[str, object]:
    """The answer to a registration, in a stream too."""
    name = found.digest.hex()
    return {
        "digest": name,
        "index": found.index,
        "url": f"/v1/statements/{name}",
        "receipt": f"/v1/statements/{name}/receipt",
        **({} if found.decision is None else {"decision": found.decision}),
    }


def _sender(scope: Scope) -> str | None:
    """Who sends a request of the plain kind; None where it is of another."""
    kind, length, forwarded = b"", b"", ""
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind = value if not kind else b"two"
        elif name == b"content-length":
            length = value
        elif name == b"x-forwarded-for":
            forwarded = value.decode("latin-1")  # the last one, as `client_of`
        elif name == b"content-encoding":
            return None
    if kind not in _TYPES or not length.isdigit() or len(length) > _MOST_DIGITS:
        return None
    if int(length) > STATEMENT_LIMIT:
        return None
    host = scope["client"]
    return client_at("" if host is None else host[0], forwarded, getattr(scope["app"].state, "proxies", None))

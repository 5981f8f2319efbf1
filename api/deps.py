"""What routes take: the node, bounded bodies, digests, and queries without unknown parameters."""

import asyncio
from typing import Annotated, cast

from fastapi import Depends, Path, Request
from fastapi.routing import APIRoute
from starlette.types import Receive

from api.problems import QueryInvalidError
from ledger.errors import MalformedError
from ledger.services.node.assembly import Node
from ledger.statements.shape import Problem

DIGEST = "^[0-9a-f]{64}$"
BODY_SECONDS = 60.0
"""How long a whole body may take to arrive."""


async def node_of(request: Request) -> Node:
    """The node that this application serves."""
    return cast("Node", request.app.state.node)


NodeDep = Annotated[Node, Depends(node_of)]
DigestPath = Annotated[
    str,
    Path(
        pattern=DIGEST,
        description="SHA-256 of the canonical signed statement, 64 lower-case hex digits",
        examples=["e799fc866ea78f6660feb126c82533e21429fdee23773844d1365e6e4905d56b"],
    ),
]


async def known_query(request: Request) -> None:
    """Refuse parameters that the route does not have: a misspelt filter would answer with everything.

    Raises:
        QueryInvalidError: `query-invalid`.
    """
    route = request.scope.get("route")
    known = {field.alias for field in route.dependant.query_params} if isinstance(route, APIRoute) else set()
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        says = (
            f"no such parameter; there are {', '.join(sorted(known))}" if known else "no parameter is taken"
        )
        problems = tuple(Problem(f"/query/{_escaped(name)}", "query-invalid", says) for name in unknown[:16])
        where = ", ".join(found.pointer for found in problems)
        raise QueryInvalidError(f"the request's {where} is unknown", problems)


async def body_of(request: Request, *, limit: int, what: str, types: tuple[str, ...] | None) -> bytes:
    """The body, read no further than `limit` bytes; of any media type where `types` is None.

    Raises:
        MalformedError: `content-type`, `content-encoding`, `too-large`, `body-slow` or `body-cut-off`.
    """
    if types is not None:
        require_type(request, types)
    signed: bytes | None = getattr(request.state, "body", None)
    if signed is not None:  # read already, to hold it against what was signed
        if len(signed) > limit:
            raise _too_large(what, limit)
        return signed
    declared = request.headers.get("content-length", "").lstrip("0")
    if declared.isdecimal() and (len(declared) > len(str(limit)) or int(declared) > limit):
        raise _too_large(what, limit)
    return await read_body(request.receive, limit=limit, what=what)


async def read_body(receive: Receive, *, limit: int, what: str) -> bytes:
    """The body, read no further than `limit` bytes.

    Raises:
        MalformedError: `too-large`, `body-slow` or `body-cut-off`.
    """
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise MalformedError(
                        f"the connection ended after {size} bytes of {what}", code="body-cut-off"
                    )
                part = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise _too_large(what, limit)
                parts.append(part)
                more = message.get("more_body", False)
    except TimeoutError:
        raise MalformedError(
            f"{what} did not arrive within {BODY_SECONDS:.0f} s; {size} bytes came", code="body-slow"
        ) from None
    return b"".join(parts)


def _escaped(name: str) -> str:
    """A name as a JSON pointer writes it; long ones cut off."""
    return name[:64].replace("~", "~0").replace("/", "~1")


def _too_large(what: str, limit: int) -> MalformedError:
    return MalformedError(f"{what} has more than {limit} bytes", code="too-large")


def media_type(request: Request) -> str:
    """The request's media type without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_type(request: Request, types: tuple[str, ...]) -> None:
    """Refuse a body of another media type, or one that is compressed.

    Raises:
        MalformedError: `content-type`, `content-encoding`.
    """
    found = media_type(request)
    if found not in types:
        named = found[:100] if found.isascii() and found.isprintable() and found else "of no content type"
        raise MalformedError(f"the body is {named}; {' or '.join(types)} is required", code="content-type")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise MalformedError("the body is compressed; send it as it is", code="content-encoding")

"""What routes take: the node, bounded bodies, digests."""

from typing import Annotated, cast

from fastapi import Depends, Path, Request

from ledger.errors import MalformedError
from ledger.services.node import Node

DIGEST = "^[0-9a-f]{64}$"


def node_of(request: Request) -> Node:
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


async def body_of(request: Request, *, limit: int, what: str, types: tuple[str, ...]) -> bytes:
    """The body, read no further than `limit` bytes.

    Raises:
        MalformedError: `content-type` or `too-large`.
    """
    require_type(request, types)
    declared = request.headers.get("content-length", "")
    parts: list[bytes] = []
    size = int(declared) if declared.isdigit() and len(declared) < 20 else 0  # noqa: PLR2004 - digits of 2^64
    if size <= limit:
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > limit:
                break
            parts.append(part)
    if size > limit:
        raise MalformedError(f"{what} has more than {limit} bytes", code="too-large")
    return b"".join(parts)


def media_type(request: Request) -> str:
    """The request's media type without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_type(request: Request, types: tuple[str, ...]) -> None:
    """Refuse a body of another media type.

    Raises:
        MalformedError: `content-type`.
    """
    found = media_type(request)
    if found not in types:
        named = found[:100] if found.isascii() and found.isprintable() and found else "no content type"
        raise MalformedError(f"the body is {named}; {' or '.join(types)} is required", code="content-type")

"""Signed requests with a body, carried out once: the caller names each by an `Idempotency-Key`.

The name is the caller's own, and stands in the database for one payload.  Sent again while it is under way: 409; with
another payload: 422; after its answer: it is answered anew, and what is done twice here has the same outcome.

Source: docs/spec/request-signatures.md.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Final

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from api.signed import Signed
from ledger.errors import ConflictError, VerificationError
from ledger.services.node.assembly import Node
from ledger.store.requests import Requests

UNDER_WAY: Final = 300
"""Seconds after which a request that was never answered is taken for broken off."""
KEPT: Final = 86_400
"""Seconds for which the name of an answered request stands."""


@asynccontextmanager
async def once(request: Request) -> AsyncIterator[None]:
    """Carry out a signed request under its caller's name for it; one that is not signed has none.

    Raises:
        ConflictError: `idempotency-key-running`.
        VerificationError: `idempotency-key-reused`.
    """
    signed: Signed | None = getattr(request.state, "signed", None)
    if signed is None or not signed.once:
        yield
        return
    node: Node = request.app.state.node
    requests: Requests = request.app.state.requests
    caller, now = signed.caller.did, int(node.clock())
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    payload = sha256(asked + request.state.payload).digest()
    standing = await run_in_threadpool(
        requests.begin, caller, signed.once, payload, until=now + UNDER_WAY, now=now
    )
    if standing == "other":
        raise VerificationError(
            "the Idempotency-Key stands for another request of this caller", code="idempotency-key-reused"
        )
    if standing == "running":
        raise ConflictError(
            "the request of this Idempotency-Key is under way", code="idempotency-key-running"
        )
    ends: int | None = None
    try:
        yield
        ends = now + KEPT
    finally:
        await run_in_threadpool(requests.end, caller, signed.once, payload, until=ends)

"""Limits by rate: one client does not keep others from an answer that costs the node work.

Counted in memory, by the client's address, over a moving window; what is signed, by the signer too.  A proxy says in
`X-Forwarded-For` for whom it asks; see `api.origin`.  Where the proxy lets its clients say that themselves, they can
invent addresses; all together they have `TOGETHER` times what one has.
"""

from collections.abc import Callable

from fastapi import Depends, Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.origin import client_of
from ledger.errors import RefusedError

READS = 1_200
"""Reads of what other chains hold, a minute."""
VERIFICATIONS = 300
"""Bundles verified, a minute."""

ATTESTATIONS = 300
"""Requests to attest, a minute; each may ask nodes of a chain."""
MIRRORED = 1_200
"""Reads of statements by their places, a minute; each answers with up to 8 MiB."""
COSIGNATURES = 1_200
"""Checkpoints to cosign, a minute; each is three signatures to verify."""

TOGETHER = 16
"""How many times one client's requests all clients have."""


def limited(name: str, most: int) -> Callable[[Request], None]:
    """A dependency that lets `most` requests a minute through for each client.

    Args:
        name: Of what is counted together.

    Raises:
        RefusedError: From the dependency, `too-many-requests`.
    """

    def check(request: Request) -> None:
        hit(request, name, most)

    return check


def hit(request: Request, name: str, most: int, cost: int = 1, *, of: str | None = None) -> None:
    """Count a request.

    Args:
        name: Of what is counted together.
        most: What one client has a minute.
        cost: What this request takes of it.
        of: Who asks; None: the address that it comes from.

    Raises:
        RefusedError: `too-many-requests`.
    """
    limiter: MovingWindowRateLimiter | None = getattr(request.app.state, "limiter", None)
    if limiter is None:
        limiter = request.app.state.limiter = MovingWindowRateLimiter(MemoryStorage())
    limit, whole = RateLimitItemPerMinute(most), RateLimitItemPerMinute(most * TOGETHER)
    client = client_of(request) if of is None else of
    if not (limiter.hit(limit, name, client, cost=cost) and limiter.hit(whole, name, cost=cost)):
        raise RefusedError(f"more than {most} requests of this kind in a minute", code="too-many-requests")


LimitedRead = Depends(limited("foreign", READS))
LimitedVerification = Depends(limited("verify", VERIFICATIONS))
LimitedAttestation = Depends(limited("attest", ATTESTATIONS))
LimitedMirroring = Depends(limited("mirror", MIRRORED))
LimitedCosigning = Depends(limited("cosign", COSIGNATURES))

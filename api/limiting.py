"""Limits by rate: one client does not keep others from an answer that costs the node work.

Counted in memory, by the client's address, over a moving window.
"""

from collections.abc import Callable

from fastapi import Depends, Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from ledger.errors import RefusedError

READS = 1_200
"""Reads of what other chains hold, a minute."""
VERIFICATIONS = 300
"""Bundles verified, a minute."""

ATTESTATIONS = 300
"""Requests to attest, a minute; each may ask nodes of a chain."""
COSIGNATURES = 1_200
"""Checkpoints to cosign, a minute; each is three signatures to verify."""


def limited(name: str, most: int) -> Callable[[Request], None]:
    """A dependency that lets `most` requests a minute through for each client.

    Args:
        name: Of what is counted together.

    Raises:
        RefusedError: From the dependency, `too-many-requests`.
    """
    limit = RateLimitItemPerMinute(most)

    def check(request: Request) -> None:
        limiter: MovingWindowRateLimiter | None = getattr(request.app.state, "limiter", None)
        if limiter is None:
            limiter = request.app.state.limiter = MovingWindowRateLimiter(MemoryStorage())
        client = "" if request.client is None else request.client.host
        if not limiter.hit(limit, name, client):
            raise RefusedError(
                f"more than {most} requests of this kind in a minute", code="too-many-requests"
            )

    return check


LimitedRead = Depends(limited("foreign", READS))
LimitedVerification = Depends(limited("verify", VERIFICATIONS))
LimitedAttestation = Depends(limited("attest", ATTESTATIONS))
LimitedCosigning = Depends(limited("cosign", COSIGNATURES))

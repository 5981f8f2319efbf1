"""Limits by rate: one client does not keep others from an answer that costs the node work.

Counted in memory, by the client's address, over a moving window.  A node listens on the loopback interface, so that
others reach it through a proxy, which says in `X-Forwarded-For` for whom it asks.  Where the proxy lets its clients say
that themselves, they can invent addresses; all together they have `TOGETHER` times what one has.
"""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

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
    limit, whole = RateLimitItemPerMinute(most), RateLimitItemPerMinute(most * TOGETHER)

    def check(request: Request) -> None:
        limiter: MovingWindowRateLimiter | None = getattr(request.app.state, "limiter", None)
        if limiter is None:
            limiter = request.app.state.limiter = MovingWindowRateLimiter(MemoryStorage())
        if not (limiter.hit(limit, name, client_of(request)) and limiter.hit(whole, name)):
            raise RefusedError(
                f"more than {most} requests of this kind in a minute", code="too-many-requests"
            )

    return check


def client_of(request: Request) -> str:
    """Who asks, as it is counted: an IPv4 address, or a network of IPv6 addresses that one client can have."""
    # Some proxies put a header of their own after the client's: the last one is theirs.
    forwarded = request.headers.getlist("x-forwarded-for")
    return client_at(
        "" if request.client is None else request.client.host, forwarded[-1] if forwarded else ""
    )


@lru_cache(4_096)
def client_at(host: str, forwarded_for: str) -> str:
    """As `client_of`, of a connection from `host` and what the header says."""
    forwarded = forwarded_for.rpartition(",")[2].strip()
    try:
        found = _address(host)
        if forwarded and found.is_loopback:
            found = _address(forwarded)
    except ValueError:
        return ""
    return str(found) if isinstance(found, IPv4Address) else str(ip_network((found, 64), strict=False))


def _address(text: str) -> IPv4Address | IPv6Address:
    """An address; one of IPv4 that is written as one of IPv6, as sockets for both do, is what it is."""
    found = ip_address(text)
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


LimitedRead = Depends(limited("foreign", READS))
LimitedVerification = Depends(limited("verify", VERIFICATIONS))
LimitedAttestation = Depends(limited("attest", ATTESTATIONS))
LimitedMirroring = Depends(limited("mirror", MIRRORED))
LimitedCosigning = Depends(limited("cosign", COSIGNATURES))

"""The evidence that is measured: a bundle of two sections, and the trust list under which it verifies."""

from functools import cache

from tests.simulator import NOW, world

__all__ = ["NOW", "example"]


@cache
def example() -> tuple[bytes, bytes]:
    """A transfer of XA acknowledged in XB, anchored on both sides; and the trust list, both as bytes."""
    made = world()
    return made.bundle(), made.trust().encoded

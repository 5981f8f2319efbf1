"""Ids for new statements: UUID version 7, so that they sort by time and no two signers need to agree.

Source: RFC 9562 section 5.7.
"""

from uuid import UUID

from ledger.errors import MalformedError

RANDOM_SIZE = 10
"""Random bytes an id takes."""


def statement_id(now: int, random: bytes) -> str:
    """A new id, `urn:uuid:…`.

    Args:
        now: POSIX seconds; everybody can read them off the id.
        random: `RANDOM_SIZE` bytes.
    """
    if len(random) != RANDOM_SIZE or not 0 <= now < 2**38:
        raise MalformedError(f"a statement id takes {RANDOM_SIZE} random bytes, not {len(random)}")
    bits = int.from_bytes((now * 1000).to_bytes(6) + random)
    bits = bits & ~(0xF << 76) | 7 << 76  # version
    bits = bits & ~(0b11 << 62) | 0b10 << 62  # variant
    return f"urn:uuid:{UUID(int=bits)}"

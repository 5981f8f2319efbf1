"""Ids for new statements: UUID version 7, so that they sort by time and no two signers need to agree.

Records of a table and Enrolments have ids that follow from what they are made of (version 8): made again from the same
row or request, a statement has the same id, and a log takes an id of one issuer once.

Source: RFC 9562 sections 5.7 and 5.8.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from ledger.core.canonical import encode
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
    return _urn(bits, 7)


def derived_id(issuer: str, subject: Mapping[str, Any]) -> str:
    """The id that a record of a table has: the same for the same issuer and the same subject.

    Raises:
        MalformedError: As `canonical.encode`.
    """
    said = encode({"issuer": issuer, "subject": dict(subject)}, what="record")
    return _urn(int.from_bytes(sha256(_DERIVED + said).digest()[:16]), 8)


def _urn(bits: int, version: int) -> str:
    bits = bits & ~(0xF << 76) | version << 76
    bits = bits & ~(0b11 << 62) | 0b10 << 62  # variant
    return f"urn:uuid:{UUID(int=bits)}"


_DERIVED = b"evidence-table/1\n"

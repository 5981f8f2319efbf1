"""Decentralised identifiers, as far as documents name parties and keys by them: their shape.

Accepted are `did:web:` with a lower-case host and `did:key:`.  Nothing is resolved: who a DID is, and which
keys it has, is said by an authority's enrolment and by nobody's web server.  DIDs are compared as text.

Source: W3C DID Core 1.0 section 3.1; the did:web and did:key method specifications.
"""

import re
from functools import lru_cache
from typing import Final

from ledger.errors import MalformedError

LENGTH_LIMIT: Final = 255
"""Longest DID, in characters, without a fragment."""

# No two branches begin alike, so that the possessive forms match the same texts, and quickly.
_PART = r"(?:[A-Za-z0-9._-]++|%[0-9A-F]{2})++"
_DID = re.compile(rf"did:web:[a-z0-9](?:[a-z0-9.-]++|%3A)*+(?::{_PART})*+|did:key:z[1-9A-HJ-NP-Za-km-z]+")
_as_did = lru_cache(1024)(_DID.fullmatch)  # parties sign again and again
_KEY_ID = re.compile(r"#[A-Za-z0-9._-]{1,64}")


def is_did(text: object) -> bool:
    """Whether this is text in the shape of a DID that documents may name."""
    return isinstance(text, str) and len(text) <= LENGTH_LIMIT and _as_did(text) is not None


def is_key_id(text: object) -> bool:
    """Whether this is text in the shape of a key id, `#` and 1 to 64 of A-Z a-z 0-9 . _ and -."""
    return isinstance(text, str) and _KEY_ID.fullmatch(text) is not None


def split_did_url(text: str) -> tuple[str, str]:
    """The DID and the key id of a verification method such as `did:web:exporter.example.xa#2026`.

    The key id keeps its `#`, as enrolments and trust lists write it.

    Raises:
        MalformedError: `did-malformed`.
    """
    did, mark, fragment = text.partition("#")
    key_id = mark + fragment
    if not is_did(did) or not is_key_id(key_id):
        raise MalformedError(
            "a verification method is a did:web or did:key and a #fragment", code="did-malformed"
        )
    return did, key_id

"""What the code on the page says: where the evidence is, of which statement, and whom the check believed.

    https://node.example.xa/v1/statements/…/bundle#evidence=<digest>&trust=<list hash>
    evidence:<digest>#trust=<list hash>

The second form, a name, stands where no address is known.  What follows `#` never leaves the reader's device.
Both hashes are 64 lower-case hexadecimal digits.  The code is a pointer: it proves nothing.
"""

import re
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from ledger.errors import MalformedError

URL_LIMIT: Final = 300
"""Characters; with more the code would be too fine to be read from paper."""
_URL: Final = re.compile(r"[!$-;=?-Z_a-z~@\[\]]+")
_NAME: Final = re.compile(r"evidence:([0-9a-f]{64})#trust=([0-9a-f]{64})")
_ADDRESS: Final = re.compile(r"([^#]+)#evidence=([0-9a-f]{64})&trust=([0-9a-f]{64})")


class Pointer(NamedTuple):
    """Where evidence is and what it must be."""

    url: str | None
    digest: bytes
    """Of the statement, 32 bytes."""
    trust: bytes
    """Hash of the trust list that the check believed, 32 bytes."""

    def __str__(self) -> str:
        """The text of the code."""
        if self.url is None:
            return f"evidence:{self.digest.hex()}#trust={self.trust.hex()}"
        return f"{self.url}#evidence={self.digest.hex()}&trust={self.trust.hex()}"


def checked_url(url: str) -> str:
    """An address that may stand in the code.

    Raises:
        MalformedError: `url-invalid`: not http(s), with user information, with a fragment, or too long.
    """
    fault = None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        fault = "is no address"
    else:
        if len(url) > URL_LIMIT:
            fault = f"has {len(url)} characters; at most {URL_LIMIT} fit the code"
        elif not _URL.fullmatch(url):
            fault = "has a fragment, or a character that no address has"
        elif parts.scheme not in {"http", "https"} or not parts.hostname:
            fault = "is not one of http or https"
        elif "@" in parts.netloc:
            fault = "names a user"
    if fault is not None:
        raise MalformedError(f"the address of the bundle {fault}", code="url-invalid")
    return url


def parse_pointer(text: str) -> Pointer:
    """Read the text of a code.

    Raises:
        MalformedError: `pointer-invalid` or `url-invalid`.
    """
    if found := _NAME.fullmatch(text):
        return Pointer(None, bytes.fromhex(found[1]), bytes.fromhex(found[2]))
    if found := _ADDRESS.fullmatch(text):
        return Pointer(checked_url(found[1]), bytes.fromhex(found[2]), bytes.fromhex(found[3]))
    raise MalformedError("the code does not point to evidence", code="pointer-invalid")

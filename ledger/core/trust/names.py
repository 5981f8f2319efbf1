"""Shapes of the names in a trust list: ids of organisations, keys, jurisdictions and chains.

Only how they are written; that somebody bears the name is for the list's publisher to know.
"""

from typing import Final

from ledger.core.did import is_did, is_key_id
from ledger.core.members import Members

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SMALL_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
DIGITS: Final = "0123456789"
EIP155: Final = "eip155:"

_ORIGIN = LETTERS + SMALL_LETTERS + DIGITS + ".-"
_NAME_LIMIT = 255
_CAIP2_DIGITS = 32
_LEI_LENGTH = 20
_COUNTRY_LENGTH = 2
_ORIGIN_PARTS = 3


def key_id(members: Members, name: str = "id") -> str:
    """A key id, such as `#1`."""
    text = members.text(name)
    if not is_key_id(text):
        raise members.fault(name, "a key id written #fragment")
    return text


def did(members: Members, name: str) -> str:
    """A DID of a method that documents may name."""
    text = members.text(name)
    if not is_did(text):
        raise members.fault(name, "a did:web or did:key")
    return text


def organisation(members: Members, name: str) -> str:
    """The id that an organisation is compared by: a DID or an LEI."""
    text = members.text(name)
    is_lei = len(text) == _LEI_LENGTH and not text.strip(LETTERS + DIGITS)
    if not is_lei and not is_did(text):
        raise members.fault(name, "the DID or LEI of an organisation")
    return text


def jurisdiction(members: Members, name: str) -> str:
    """A country or economy by its two letters (ISO 3166-1)."""
    text = members.text(name)
    if len(text) != _COUNTRY_LENGTH or text.strip(LETTERS):
        raise members.fault(name, "two capital letters (ISO 3166-1)")
    return text


def origin(members: Members, name: str) -> tuple[str, str]:
    """The origin of a log, `<authority>/<jurisdiction>/<shard>`, and the jurisdiction in it."""
    text = members.text(name)
    parts = text.split("/")
    if (
        len(text) > _NAME_LIMIT
        or len(parts) != _ORIGIN_PARTS
        or not all(part and not part.strip(_ORIGIN) for part in parts)
    ):
        raise members.fault(name, "an origin written authority/jurisdiction/shard")
    return text, parts[1]


def caip2(members: Members, name: str) -> str:
    """The CAIP-2 id of an Ethereum-compatible chain, such as `eip155:31001`."""
    text = members.text(name)
    digits = text.removeprefix(EIP155)
    if not (
        text.startswith(EIP155)
        and 0 < len(digits) <= _CAIP2_DIGITS
        and not digits.strip(DIGITS)
        and digits[0] != "0"
    ):
        raise members.fault(name, "a chain id written eip155:number (CAIP-2)")
    return text

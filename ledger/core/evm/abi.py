r"""Values as the Solidity ABI writes them: words of 32 bytes, and tails behind them by offset.

    sequence(uint(7, 64, "size"), byte_string(b"\x01"))     =  abi.encode(uint64(7), hex"01")

Only what this product's calls and ids are made of.  Source: Solidity ABI specification 0.8.37.
"""

from collections.abc import Iterable

from ledger.core.keccak import HASH_LENGTH
from ledger.errors import MalformedError

ADDRESS_LENGTH = 20
WORD = 32


class Tail(bytes):
    """An encoded value of dynamic size: in a sequence its place is taken by its offset."""

    __slots__ = ()


def uint(value: int, bits: int, what: str) -> bytes:
    """A number as one word.

    Raises:
        MalformedError: `out-of-range`: it does not fit in `bits` bits.
    """
    if not 0 <= value < 1 << bits:
        raise MalformedError(f"{what} is {value}; a uint{bits} is required", code="out-of-range")
    return value.to_bytes(WORD, "big")


def bytes32(value: bytes, what: str) -> bytes:
    """A hash or an id as one word.

    Raises:
        MalformedError: `out-of-range`: it has not 32 bytes.
    """
    if len(value) != HASH_LENGTH:
        raise MalformedError(f"{what} has {len(value)} bytes; 32 are required", code="out-of-range")
    return value


def address(value: bytes, what: str) -> bytes:
    """An address as one word.

    Raises:
        MalformedError: `out-of-range`: it has not 20 bytes.
    """
    if len(value) != ADDRESS_LENGTH:
        raise MalformedError(f"{what} has {len(value)} bytes; 20 are required", code="out-of-range")
    return bytes(WORD - ADDRESS_LENGTH) + value


def byte_string(value: bytes) -> Tail:
    """`bytes` or, of UTF-8, `string`."""
    return Tail(uint(len(value), 64, "length") + value + bytes(-len(value) % WORD))


def array(values: Iterable[bytes]) -> Tail:
    """An array `T[]` of encoded values."""
    encoded = tuple(values)
    return Tail(uint(len(encoded), 64, "length") + sequence(*encoded))


def sequence(*values: bytes) -> bytes:
    """Encoded values one after the other, `abi.encode(...)`: of each `Tail` its offset, and they follow in order.

    A struct with such a member is itself one: `Tail(sequence(...))`.
    """
    position = sum(WORD if isinstance(value, Tail) else len(value) for value in values)
    head: list[bytes] = []
    tails: list[bytes] = []
    for value in values:
        if isinstance(value, Tail):
            head.append(uint(position, 64, "offset"))
            tails.append(value)
            position += len(value)
        else:
            head.append(value)
    return b"".join((*head, *tails))

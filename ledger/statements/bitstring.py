"""Bits by index in a compressed text, as status lists hold them.

Format: W3C Bitstring Status List 1.0, https://www.w3.org/TR/vc-bitstring-status-list/: bit 0 is the most
significant bit of the first byte; the bytes are compressed with gzip (RFC 1952), written in base64url without
padding (RFC 4648), after the multibase prefix `u`.  A list is read within the size that is asked for: what
inflates to more is given up at the first byte too many.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable

from ledger.errors import MalformedError

_GZIP = 16 + zlib.MAX_WBITS
_HEADER = b"\x1f\x8b\x08\x00"
"""Magic number, method deflate, no flags: no name, comment or extra field comes with the bits."""


def encode(bits: bytes) -> str:
    """The compressed text of a list; the same bits and the same zlib give the same text."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP, 9)
    packed = packer.compress(bits) + packer.flush()
    return "u" + urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def decode(text: str, length: int) -> bytes:
    """The bytes of a list of `length` bits.

    Args:
        text: As `encode` writes it; another encoder's choice of compression is read alike.
        length: Bits, a multiple of 8.

    Raises:
        MalformedError: `list-malformed`: not one gzip stream of exactly that length in base64url, or a stream that
            carries a name, a comment or an extra field.

    Cost: linear in the text and in `length`; never more than `length` bits are kept.
    """
    packed = _base64url(text)
    if not packed.startswith(_HEADER):
        raise _malformed("not a gzip stream without flags")
    size = length // 8
    unpacker = zlib.decompressobj(_GZIP)
    try:
        bits = unpacker.decompress(packed, size + 1)
    except zlib.error:
        raise _malformed("the gzip stream is broken") from None
    if len(bits) > size:
        raise _malformed(f"it inflates to more than {length} bits")
    if not unpacker.eof:
        raise _malformed("the gzip stream ends early")
    if unpacker.unused_data:
        raise _malformed(f"{len(unpacker.unused_data)} bytes follow the gzip stream")
    if len(bits) < size:
        raise _malformed(f"it inflates to {8 * len(bits)} bits; {length} are required")
    return bits


def bit(bits: bytes, index: int) -> bool:
    """Whether the bit at `index` is set.

    Raises:
        IndexError: 0 <= index < 8 * len(bits) does not hold.
    """
    if index < 0:
        raise IndexError(index)
    return bool(bits[index >> 3] & 0x80 >> (index & 7))


def of(length: int, indexes: Iterable[int]) -> bytes:
    """A list of `length` bits, a multiple of 8, of which those at `indexes` are set.

    Raises:
        IndexError: An index is outside the list.
    """
    made = bytearray(length // 8)
    for index in indexes:
        _put(made, index, is_set=True)
    return bytes(made)


def put(bits: bytes, index: int, *, is_set: bool) -> bytes:
    """The list with the bit at `index` set or cleared.

    Raises:
        IndexError: 0 <= index < 8 * len(bits) does not hold.
    """
    made = bytearray(bits)
    _put(made, index, is_set=is_set)
    return bytes(made)


def indexes(bits: bytes) -> tuple[int, ...]:
    """Where bits are set, ascending.  Cost: linear in the length and in what is set."""
    return tuple(
        (at << 3) + place
        for at, byte in enumerate(bits)
        if byte
        for place in range(8)
        if byte & 0x80 >> place
    )


def changed(old: bytes, new: bytes) -> tuple[int, ...]:
    """Where two lists differ, ascending; a shorter one is taken to go on with zeros."""
    size = max(len(old), len(new))
    earlier = int.from_bytes(old.ljust(size, b"\0"), "big")
    later = int.from_bytes(new.ljust(size, b"\0"), "big")
    return indexes((earlier ^ later).to_bytes(size, "big"))


def _put(made: bytearray, index: int, *, is_set: bool) -> None:
    if index < 0:
        raise IndexError(index)
    if is_set:
        made[index >> 3] |= 0x80 >> (index & 7)
    else:
        made[index >> 3] &= ~(0x80 >> (index & 7))


def _base64url(text: str) -> bytes:
    encoded = text[1:].encode("ascii", "replace")
    try:
        packed = urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
    except ValueError:
        raise _malformed("not base64url") from None
    # The decoder passes over characters outside the alphabet, and over bits after the last whole byte.
    if not text.startswith("u") or urlsafe_b64encode(packed).rstrip(b"=") != encoded:
        raise _malformed("not the multibase u and base64url without padding")
    return packed


def _malformed(why: str) -> MalformedError:
    return MalformedError(f"the encoded list: {why}", code="list-malformed")

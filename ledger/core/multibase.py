"""Multibase base58btc: `z` and the Bitcoin alphabet, as `proofValue` and `publicKeyMultibase` use it.

Strict: one text for one byte string.  A leading `1` is a zero byte; there are no check digits.
"""

from ledger.errors import MalformedError

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH_LIMIT = 256
"""Longest text read, in characters; decoding costs the square of the length."""

_NOT_A_DIGIT = 255
_DIGITS = bytes(ALPHABET.find(chr(code)) % 256 for code in range(256))


def _lanes() -> list[tuple[int, int, int]]:
    """For each doubling of 8 bits up to all digits: the width of a lane, every other lane set, what a lane counts."""
    found = []
    width = 8
    while width < 8 * LENGTH_LIMIT:
        every_other = ((1 << 8 * LENGTH_LIMIT) - 1) // ((1 << 2 * width) - 1) * ((1 << width) - 1)
        found.append((width, every_other, 58 ** (width // 8)))
        width *= 2
    return found


_LANES = _lanes()


def base58btc_encode(data: bytes) -> str:
    """Write `data` as `z` and base58btc digits."""
    number = int.from_bytes(data)
    digits: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + "".join(reversed(digits))


def base58btc_decode(text: str) -> bytes:
    """Read `z` and base58btc digits; the inverse of `base58btc_encode`.

    Raises:
        MalformedError: `multibase-malformed`: another base, a character outside the alphabet, or too long.
    """
    if not text.startswith("z") or not text.isascii():
        raise MalformedError(
            "a multibase value starts with z and holds base58btc", code="multibase-malformed"
        )
    if len(text) > LENGTH_LIMIT:
        raise MalformedError(
            f"multibase value has {len(text)} characters; at most {LENGTH_LIMIT} are read",
            code="multibase-malformed",
        )
    digits = text[1:].encode("ascii").translate(_DIGITS)
    if _NOT_A_DIGIT in digits:
        raise MalformedError(
            "multibase value has a character outside the base58btc alphabet", code="multibase-malformed"
        )
    # All pairs of neighbouring digits at once, then all pairs of pairs, and so on: half the time of digit by digit.
    number = int.from_bytes(digits)
    for width, every_other, base in _LANES:
        if width >= 8 * len(digits):
            break
        number = (number & every_other) + (number >> width & every_other) * base
    decoded = number.to_bytes((number.bit_length() + 7) // 8)
    if digits[:1] != b"\0":
        return decoded
    return bytes(len(digits) - len(digits.lstrip(b"\0"))) + decoded

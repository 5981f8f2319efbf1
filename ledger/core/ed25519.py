"""Ed25519 points, as far as the key rule needs them: which encodings of keys and of R are accepted.

The signature rule asks that A and R are canonical and not of small order; the equation itself is left to
`cryptography`.  Enrolment asks in addition that the key lies in the prime-order subgroup.

Source: RFC 8032 section 5.1; the small-order points are those of "Taming the many EdDSAs" (2020), table 1.
"""

ORDER = 2**252 + 27742317777372353535851937790883648493
"""L, the order of the base point."""

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_Y_MASK = 2**255 - 1
_Y_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# Orders 1, 2, 4 and 8; both signs of x share a y.
_SMALL_ORDER = frozenset({1, _P - 1, 0, _Y_OF_ORDER_8, _P - _Y_OF_ORDER_8})
_SMALL_ORDER_ENCODED = frozenset(
    (y | sign << 255).to_bytes(32, "little") for y in _SMALL_ORDER for sign in (0, 1)
)

_Point = tuple[int, int, int, int]
"""Extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, T = XY/Z."""


def is_acceptable(encoded: bytes) -> bool:
    """Whether these 32 bytes are a canonical y, and not one of a small-order point.

    Does not say that a point with this y exists: an equation over bytes settles that for R, loading the key
    for A.  The two canonical y whose x is 0, where a sign bit would be a second encoding, are of small order.

    Cost: one comparison and one set look-up.
    """
    if encoded in _SMALL_ORDER_ENCODED:
        return False
    # p is 2^255 - 19: only of a y whose bits are nearly all set must it be asked whether it is below p.
    return encoded[30] != 0xFF or int.from_bytes(encoded, "little") & _Y_MASK < _P  # noqa: PLR2004 - a byte


def is_below_order(scalar: bytes) -> bool:
    """Whether these 32 bytes are a number below L, little-endian."""
    return scalar[31] < 0x10 or int.from_bytes(scalar, "little") < ORDER  # noqa: PLR2004 - L is above 2^252


def is_in_prime_order_subgroup(encoded: bytes) -> bool:
    """Whether these 32 bytes are a canonical point P, not of small order, with [L]P = identity.

    Cost: one square root and 253 doublings in pure Python: fourteen signature checks of the library.
    """
    if not is_acceptable(encoded):
        return False
    point = _decompress(encoded)
    if point is None:
        return False
    x, y, z, _ = _multiply(ORDER, point)
    return x == 0 and y == z


def _decompress(encoded: bytes) -> _Point | None:
    bits = int.from_bytes(encoded, "little")
    y, sign = bits & _Y_MASK, bits >> 255
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P == -u % _P:
        x = x * _SQRT_MINUS_ONE % _P
    if v * x * x % _P != u:
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _multiply(scalar: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    for bit in f"{scalar:b}":
        total = _add(total, total)
        if bit == "1":
            total = _add(total, point)
    return total


def _add(p: _Point, q: _Point) -> _Point:
    # RFC 8032 section 5.1.4; complete on this curve, so it doubles as well.
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P

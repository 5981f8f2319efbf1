"""A QBFT verifier straight from the rules of cross-chain evidence: slow, plain, and apart from the product's.

Only pyrlp, eth_utils and coincurve are used; it says who sealed, or None, and never why not.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import coincurve

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import rlp
    from eth_utils import keccak

HALF = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
ROOTS = {0: 32, 1: 32, 2: 20, 3: 32, 4: 32, 5: 32, 6: 256, 13: 32, 14: 8, 16: 32, 19: 32, 20: 32}
NUMBERS = {7: 32, 8: 8, 9: 8, 10: 8, 11: 8, 15: 32, 17: 8, 18: 8}


def is_number(item: Any, size: int) -> bool:
    return isinstance(item, bytes) and len(item) <= size and item[:1] != b"\0"


def is_header(fields: Any) -> bool:
    if not isinstance(fields, list) or len(fields) < 15 or not isinstance(fields[12], bytes):
        return False
    for place, item in enumerate(fields[:21]):
        if place in ROOTS and not (isinstance(item, bytes) and len(item) == ROOTS[place]):
            return False
        if place in NUMBERS and not is_number(item, NUMBERS[place]):
            return False
    return (
        fields[7] == b"\x01"
        and fields[13] == bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
        and fields[1] == keccak(b"\xc0")
    )


def is_extra(extra: Any) -> bool:  # noqa: PLR0911 - one rule a line
    if not isinstance(extra, list) or len(extra) != 5:
        return False
    vanity, validators, vote, round_, seals = extra
    if not isinstance(vanity, bytes) or len(vanity) != 32 or not is_number(round_, 4):
        return False
    if not isinstance(validators, list) or not validators or not isinstance(seals, list):
        return False
    if not all(isinstance(one, bytes) and len(one) == 20 for one in validators):
        return False
    if validators != sorted(set(validators)) or bytes(20) in validators:
        return False
    if not all(isinstance(one, bytes) and len(one) == 65 for one in seals):
        return False
    if vote == []:
        return True
    if not isinstance(vote, list) or len(vote) != 2:
        return False
    return isinstance(vote[0], bytes) and len(vote[0]) == 20 and vote[1] in (b"", b"\xff")


def signer_of(digest: bytes, seal: bytes) -> bytes | None:
    r, s, v = int.from_bytes(seal[:32], "big"), int.from_bytes(seal[32:64], "big"), seal[64] % 27
    if seal[64] not in (0, 1, 27, 28) or not r > 0 or not 0 < s <= HALF:
        return None
    try:
        key = coincurve.PublicKey.from_signature_and_message(seal[:64] + bytes([v]), digest, hasher=None)
    except ValueError:
        return None
    return bytes(keccak(key.format(compressed=False)[1:])[-20:])


def sealed_by(header: bytes, trusted: Sequence[bytes]) -> list[bytes] | None:
    """Who sealed, ascending, where that is enough of `trusted` and of those whom the header lists."""
    try:
        fields = rlp.decode(header)
        extra = rlp.decode(fields[12]) if is_header(fields) else None
        if rlp.encode(fields) != header or not is_extra(extra) or rlp.encode(extra) != fields[12]:
            return None
    except (rlp.exceptions.RLPException, TypeError, ValueError):
        return None
    digest = keccak(rlp.encode([*fields[:12], rlp.encode([*extra[:4], []]), *fields[13:]]))
    found = [signer_of(digest, seal) for seal in extra[4]]
    signers = {one for one in found if one is not None}
    if len(signers) != len(found) or not signers <= {*trusted, *extra[1]}:
        return None
    for members in ({*trusted}, {*extra[1]}):
        if not members or 3 * len(members & signers) < 2 * len(members):
            return None
    return sorted(signers)

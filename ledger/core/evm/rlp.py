"""Recursive Length Prefix, read strictly: every value has one encoding and no other is accepted.

An item is a byte string or a tuple of items.  `encode(decode(data)) == data` for all data that decodes.

Source: Ethereum yellow paper, appendix B.
"""

from collections.abc import Sequence

from ledger.errors import MalformedError

Item = bytes | tuple["Item", ...]

SIZE_LIMIT = 1 << 20
DEPTH_LIMIT = 8

_STRING = 0x80  # prefixes below stand for themselves
_LIST = 0xC0
_SHORT = 55  # longest payload whose length is in the prefix itself
_OF_ONE = _STRING + 1
_LAST_SHORT = _STRING + _SHORT


def encode(item: bytes | Sequence[Item]) -> bytes:
    """The one encoding of `item`."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < _STRING:
            return item
        return _prefix(len(item), _STRING) + item
    payload = b"".join(map(encode, item))
    return list_prefix(len(payload)) + payload


def list_prefix(length: int) -> bytes:
    """What stands before the items of a list that take `length` bytes together."""
    return _prefix(length, _LIST)


def _prefix(length: int, kind: int) -> bytes:
    if length <= _SHORT:
        return bytes((kind + length,))
    digits = encode_integer(length)
    return bytes((kind + _SHORT + len(digits),)) + digits


def decode(data: bytes) -> Item:
    """Read one item that fills `data` exactly.

    Raises:
        MalformedError: `rlp-too-large`, `rlp-too-deep`, `rlp-truncated`, `rlp-trailing` (bytes after the
            item) or `rlp-not-canonical` (a longer form than needed); with the offset of the item at fault.
    """
    if len(data) > SIZE_LIMIT:
        raise MalformedError(f"RLP has {len(data)} bytes; {SIZE_LIMIT} are allowed", code="rlp-too-large")
    item, end = _decode_item(data, 0, len(data), 1)
    if end != len(data):
        raise MalformedError(
            f"RLP item ends before byte {end} of {len(data)}", code="rlp-trailing", offset=end
        )
    return item


def _decode_item(data: bytes, start: int, limit: int, depth: int) -> tuple[Item, int]:
    """The item at `start`, and where the next one begins; no byte at or after `limit` belongs to it."""
    if start >= limit:
        raise MalformedError("RLP ends where an item is required", code="rlp-truncated", offset=start)
    prefix = data[start]
    if prefix < _STRING:
        return data[start : start + 1], start + 1
    kind = _STRING if prefix < _LIST else _LIST
    length = prefix - kind
    body = start + 1
    if length > _SHORT:
        length, body = _decode_length(data, start, limit, length - _SHORT)
    end = body + length
    if end > limit:
        raise MalformedError(
            f"RLP item has {limit - body} of its {length} bytes", code="rlp-truncated", offset=start
        )
    if kind == _STRING:
        if length == 1 and data[body] < _STRING:
            raise MalformedError(
                "RLP byte below 0x80 is written with a prefix", code="rlp-not-canonical", offset=start
            )
        return data[body:end], end
    if depth > DEPTH_LIMIT:
        raise MalformedError(
            f"RLP lists are nested deeper than {DEPTH_LIMIT}", code="rlp-too-deep", offset=start
        )
    return _decode_items(data, body, end, depth + 1), end


def _decode_items(data: bytes, body: int, end: int, depth: int) -> tuple[Item, ...]:
    """The items of a list from `body` to `end`; most are read here, as `_decode_item` would read them."""
    items: list[Item] = []
    while body < end:
        prefix = data[body]
        start, body = body, body + 1
        if prefix < _STRING:
            items.append(data[start:body])
        elif prefix <= _LAST_SHORT and prefix != _OF_ONE and (after := body + prefix - _STRING) <= end:
            items.append(data[body:after])
            body = after
        else:
            item, body = _decode_item(data, start, end, depth)
            items.append(item)
    return tuple(items)


def _decode_length(data: bytes, start: int, limit: int, size: int) -> tuple[int, int]:
    """The length written in the `size` bytes after the prefix at `start`, and where the payload begins."""
    body = start + 1 + size
    if body > limit:
        raise MalformedError("RLP ends within a length", code="rlp-truncated", offset=start)
    length = int.from_bytes(data[start + 1 : body], "big")
    if length <= _SHORT or not data[start + 1]:
        raise MalformedError("RLP length is not in its shortest form", code="rlp-not-canonical", offset=start)
    return length, body


def encode_integer(value: int) -> bytes:
    """`value` >= 0 as big-endian bytes without leading zeros; zero is no bytes."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def read_bytes(item: Item, what: str, length: int | None = None) -> bytes:
    """`item` as a byte string, of exactly `length` bytes if given.

    Raises:
        MalformedError: It is a list, or has another length; `rlp-shape`.
    """
    if not isinstance(item, bytes):
        raise MalformedError(f"{what} is a list; bytes are required", code="rlp-shape")
    if length is not None and len(item) != length:
        raise MalformedError(f"{what} has {len(item)} bytes; {length} are required", code="rlp-shape")
    return item


def read_integer(item: Item, what: str, size: int = 32) -> int:
    """`item` as an integer of at most `size` bytes, without leading zeros.

    Raises:
        MalformedError: A list, too long (`rlp-shape`), or with a leading zero (`rlp-not-canonical`).
    """
    digits = read_bytes(item, what)
    if len(digits) > size:
        raise MalformedError(f"{what} has {len(digits)} bytes; {size} are allowed", code="rlp-shape")
    if digits[:1] == b"\x00":
        raise MalformedError(f"{what} has a leading zero byte", code="rlp-not-canonical")
    return int.from_bytes(digits, "big")


def read_list(item: Item, what: str, length: int | None = None) -> tuple[Item, ...]:
    """`item` as a list, of exactly `length` items if given.

    Raises:
        MalformedError: It is a byte string, or has another length; `rlp-shape`.
    """
    if isinstance(item, bytes):
        raise MalformedError(f"{what} is a byte string; a list is required", code="rlp-shape")
    if length is not None and len(item) != length:
        raise MalformedError(f"{what} has {len(item)} items; {length} are required", code="rlp-shape")
    return item

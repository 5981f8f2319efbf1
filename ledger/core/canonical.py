"""Canonical JSON: the one writer and the one reader of documents.

Statements, trust lists and bundles *are* their RFC 8785 bytes, restricted so that every language agrees:

* numbers are integers, |n| <= 2^53 - 1; member names are ASCII; no null, no lone surrogate;
* at most `DEPTH_LIMIT` arrays and objects inside each other, and a size bound for each kind of document.

Under these restrictions orjson with sorted keys writes RFC 8785 exactly, at a sixtieth of the cost of a
writer in Python; the test suite holds it against one.  `encode(decode(b)) == b` for every b that `decode`
accepts, which rules out duplicate members, white space, odd escapes, reordering and trailing bytes at once.
"""

from collections.abc import Iterable
from typing import Any, Final

import orjson

from ledger.errors import MalformedError

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]

STATEMENT_LIMIT: Final = 256 * 1024
TRUST_LIMIT: Final = 4 * 1024 * 1024
BUNDLE_LIMIT: Final = 16 * 1024 * 1024
NOTE_LIMIT: Final = 128 * 1024
DEPTH_LIMIT: Final = 32
"""Arrays and objects inside each other; the outermost is the first."""
INTEGER_LIMIT: Final = 2**53 - 1

_QUOTED_LIMIT: Final = 200
_Place = tuple["_Place | None", object]
"""Where a value stands: that of the value around it, and the name or index there."""
_TYPES: Final = frozenset({str, bool, int, dict, list})
_CONTAINERS: Final = frozenset({dict, list})


def encode(value: Json, *, what: str = "document") -> bytes:
    """Canonical bytes of a value made in this process.

    Raises:
        MalformedError: `not-canonical`, `member-name` or `too-deep`, with the pointer of the value at fault.

    Cost: one walk over the value and one over the text; a 1 KiB statement takes a twentieth of
    one Ed25519 check.
    """
    _require_restrictions(value, what)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        _explain(value, what)
        raise MalformedError(f"{what} holds a lone surrogate", code="not-canonical") from None


def encode_decoded(value: Json) -> bytes:
    """Canonical bytes of a value that came out of `decode`, or of members chosen from one; checks nothing."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def decode(data: bytes, *, limit: int, what: str) -> Json:
    """Read a document that must be canonical.

    Args:
        data: The whole file or body.
        limit: Most bytes read, one of the `…_LIMIT` constants.
        what: Name of the document for messages, such as "statement".

    Raises:
        MalformedError: `too-large`; `too-deep`; `member-name` for a name that is not ASCII; else
            `not-canonical`, with `offset` where the bytes are JSON but not the canonical ones.

    Cost: linear in `data`; hostile input of any shape ends as quickly as an honest document of its size.
    """
    value = _parse(data, limit=limit, what=what)
    _require_restrictions(value, what)
    written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    if written != data:
        offset = _first_difference(written, data)
        raise MalformedError(
            f"{what} is not in canonical form (RFC 8785): first difference at byte {offset}",
            code="not-canonical",
            offset=offset,
        )
    return value


def decode_checked(data: bytes) -> Json:
    """The value of bytes that `decode` accepted before; checks nothing."""
    value: Json = orjson.loads(data)
    return value


def decode_part(data: bytes, *, around: int) -> Json:
    """The value of a part of a document, `around` arrays and objects around it; None where `decode` would refuse it.

    Why it would is for `decode` to say of the whole document.
    """
    try:
        value: Json = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if not _are_in_order((value,), DEPTH_LIMIT - around):
        return None
    return value if orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == data else None


def normalise(data: bytes, *, limit: int, what: str) -> Json:
    """Read JSON written by any tool, for signing; `encode` then gives its canonical bytes.

    White space, order and escapes are free; values are bound as in `decode`, and a duplicate member is
    refused, since tools differ in which one they see.

    Raises:
        MalformedError: As `decode`, and `duplicate-member`.
    """
    import json

    if data.startswith(b"\xef\xbb\xbf"):  # some editors put a byte order mark
        data = data[3:]
    value = _parse(data, limit=limit, what=what)
    _require_restrictions(value, what)

    def without_duplicates(members: list[tuple[str, Json]]) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for name, item in members:
            if name in found:
                raise MalformedError(
                    f"{what} has the member {quoted(name)} twice in one object", code="duplicate-member"
                )
            found[name] = item
        return found

    json.loads(data, object_pairs_hook=without_duplicates)
    return value


def _parse(data: bytes, *, limit: int, what: str) -> Json:
    if len(data) > limit:
        raise MalformedError(f"{what} has {len(data)} bytes; at most {limit} are read", code="too-large")
    try:
        value: Json = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if error.msg.startswith("depth limit"):  # of the parser, 1,024
            raise _too_deep(what) from None
        raise MalformedError(f"{what} is not JSON: {error}", code="not-canonical") from None
    return value


def _require_restrictions(value: Json, what: str) -> None:
    try:
        if _are_in_order((value,), DEPTH_LIMIT):
            return
    except TypeError:  # a name that is no text, in a value made in this process
        pass
    _explain(value, what)


def _are_in_order(values: Iterable[Any], depth: int) -> bool:
    """Whether all are values that documents have, with at most `depth` arrays and objects inside each other."""
    for item in values:
        kind = type(item)
        if kind is str:
            continue
        if kind is dict:
            if depth == 0 or not "".join(item).isascii() or not _are_in_order(item.values(), depth - 1):
                return False
        elif kind is list:
            if depth == 0 or not _are_in_order(item, depth - 1):
                return False
        elif kind is int:
            if not -INTEGER_LIMIT <= item <= INTEGER_LIMIT:
                return False
        elif kind is not bool:
            return False
    return True


def _are_ascii(names: Iterable[object]) -> bool:
    return all(type(name) is str and name.isascii() for name in names)


def _explain(value: Json, what: str) -> None:
    """Name the first fault of a value that has one; too great a depth goes before all others."""
    if _is_too_deep(value):
        raise _too_deep(what)
    # Where an item stands is a chain of names, made into a pointer for the one at fault only: pointers of many
    # items below a long name would together be far larger than the document.
    stack: list[tuple[_Place | None, Json]] = [(None, value)]
    while stack:
        place, item = stack.pop()
        if _is_at_fault(item):
            raise _fault_of(item, _pointer(place), what)
        if isinstance(item, dict):
            stack += [((place, name), below) for name, below in reversed(item.items())]
        elif isinstance(item, list):
            stack += [((place, index), item[index]) for index in reversed(range(len(item)))]


def _pointer(place: "_Place | None") -> str:
    steps: list[str] = []
    while place is not None:
        place, step = place
        steps.append("/" + _escape(step))
    return "".join(reversed(steps))


def _is_too_deep(value: Json) -> bool:
    level: list[Json] = [value]
    for _ in range(DEPTH_LIMIT + 1):
        level = [item for item in level if type(item) in _CONTAINERS]
        if not level:
            return False
        level = [
            below
            for item in level
            for below in (item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
        ]
    return True


def _is_at_fault(item: object) -> bool:
    kind = type(item)
    if isinstance(item, dict) and kind is dict:
        return not _are_ascii(item)
    if isinstance(item, int) and kind is int:
        return not -INTEGER_LIMIT <= item <= INTEGER_LIMIT
    return kind not in _TYPES


def _fault_of(item: object, pointer: str, what: str) -> MalformedError:
    at = quoted(pointer)
    if isinstance(item, dict):
        return MalformedError(
            f"{what} has a member name that is not ASCII at {at}", code="member-name", pointer=pointer
        )
    if type(item) is int:
        found = "an integer beyond 2^53 - 1"
    elif item is None:
        found = "null"
    else:
        found = (
            "a number that is not an integer" if type(item) is float else "a value that JSON does not have"
        )
    return MalformedError(f"{what} holds {found} at {at}", code="not-canonical", pointer=pointer)


def quoted(text: str) -> str:
    """What a document says, for a message of one line: between quotes, or only how long where that is unsuitable."""
    fits = len(text) <= _QUOTED_LIMIT and text.isprintable()
    return f'"{text}"' if fits else f"(text of {len(text)} characters)"


def _escape(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def _too_deep(what: str) -> MalformedError:
    return MalformedError(
        f"{what} has more than {DEPTH_LIMIT} arrays and objects inside each other", code="too-deep"
    )


def _first_difference(one: bytes, other: bytes) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low

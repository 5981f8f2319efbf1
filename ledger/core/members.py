"""Strict reading of JSON objects: no member missing, none unknown, each of its kind.

Optional members are left out, never empty.  The first fault is raised, with its JSON pointer; codes are
`member-missing`, `member-unknown` and `member-value`.
"""

from collections.abc import Collection, Sequence
from typing import cast

from ledger.core.canonical import INTEGER_LIMIT, Json, quoted
from ledger.core.keccak import HASH_LENGTH
from ledger.core.times import parse_time
from ledger.errors import MalformedError

_HEX = "0123456789abcdef"
_QUOTED_LIMIT = 80


class Members:
    """The members of one object, all of them known and none missing.

    Args:
        value: Out of `canonical.decode`.
        what: The document, for messages.
        pointer: Where `value` stands in it, RFC 6901.
        required: Names that must be there.
        optional: Names that may be.

    Raises:
        MalformedError: Not an object, or not of these members.
    """

    __slots__ = ("_members", "_what", "pointer")

    def __init__(
        self,
        value: Json,
        *,
        what: str,
        pointer: str,
        required: Collection[str],
        optional: Collection[str] = (),
    ) -> None:
        self._what = what
        self.pointer = pointer
        if not isinstance(value, dict):
            raise MalformedError(
                f"{what} has no object at {quoted(pointer)}", code="member-value", pointer=pointer
            )
        self._members = value
        for name in required:
            if name not in value:
                raise MalformedError(
                    f'{what} lacks the member "{name}" at {quoted(pointer)}',
                    code="member-missing",
                    pointer=pointer_to(pointer, name),
                )
        if len(value) == len(required):
            return
        for name in value:
            if name not in required and name not in optional:
                raise MalformedError(
                    f"{what} has the unknown member {quoted(name)} at {quoted(pointer)}",
                    code="member-unknown",
                    pointer=pointer_to(pointer, name),
                )

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def fault(self, name: str, requirement: str, *, code: str = "member-value") -> MalformedError:
        """The error that the member `name` is not `requirement`; for the caller to raise."""
        place = pointer_to(self.pointer, name)
        found = _describe(self._members.get(name))
        return MalformedError(
            f"{self._what} has {found} at {quoted(place)}; {requirement} is required",
            code=code,
            pointer=place,
        )

    def json(self, name: str) -> Json:
        """The member as it is."""
        return self._members[name]

    def text(self, name: str) -> str:
        """A string that is not empty."""
        value = self._members[name]
        if not isinstance(value, str) or not value:
            raise self.fault(name, "a string that is not empty")
        return value

    def choice(self, name: str, allowed: Collection[str]) -> str:
        """One of the strings `allowed`."""
        value = self._members[name]
        if not isinstance(value, str) or value not in allowed:
            raise self.fault(name, "one of " + ", ".join(allowed))
        return value

    def integer(self, name: str, least: int = 0, most: int = INTEGER_LIMIT) -> int:
        """An integer, `least` <= it <= `most`."""
        value = self._members[name]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.fault(name, f"an integer from {least} to {most}")
        return value

    def time(self, name: str) -> int:
        """POSIX seconds of a time."""
        try:
            return parse_time(self.text(name))
        except MalformedError as error:
            raise self.fault(name, "a time written YYYY-MM-DDThh:mm:ssZ", code=error.code) from None

    def digest(self, name: str) -> bytes:
        """32 bytes written as 64 lower-case hex digits without prefix."""
        digits = self.text(name)
        if len(digits) != 2 * HASH_LENGTH or digits.strip(_HEX):
            raise self.fault(name, "64 lower-case hex digits")
        return bytes.fromhex(digits)

    def evm(self, name: str, size: int) -> bytes:
        """`size` bytes written as `0x` and lower-case hex digits."""
        text = self.text(name)
        value = evm_bytes(text, size)
        if value is None:
            raise self.fault(name, f"0x and {2 * size} lower-case hex digits")
        return value

    def array(self, name: str) -> list[Json]:
        """The items of an array."""
        value = self._members[name]
        if not isinstance(value, list):
            raise self.fault(name, "an array")
        return value

    def items(self, name: str) -> list[tuple[str, Json]]:
        """The items of an array, each with its pointer."""
        value = self.array(name)
        pointer = pointer_to(self.pointer, name)
        return [(f"{pointer}/{index}", item) for index, item in enumerate(value)]

    def texts(self, name: str) -> list[str]:
        """The items of an array of distinct strings, none of them empty."""
        found: list[str] = []
        for item in self.array(name):
            if not isinstance(item, str) or not item:
                raise self.fault(name, "an array of strings that are not empty")
            found.append(item)
        if len(set(found)) != len(found):
            raise self.fault(name, "an array that has nothing twice")
        return found

    def below(self, name: str, required: Collection[str], optional: Collection[str] = ()) -> "Members":
        """The members of an object that is a member."""
        return self._read(self._members[name], pointer_to(self.pointer, name), required, optional)

    def each(self, name: str, required: Collection[str], optional: Collection[str] = ()) -> list["Members"]:
        """The members of each object in an array."""
        at, what = pointer_to(self.pointer, name), self._what
        return [
            Members(item, what=what, pointer=f"{at}/{index}", required=required, optional=optional)
            for index, item in enumerate(self.array(name))
        ]

    def named(
        self, name: str, required: Collection[str], optional: Collection[str] = ()
    ) -> list[tuple[str, "Members"]]:
        """The members of an object whose own member names are free, each an object: (name, members)."""
        value = self._members[name]
        if not isinstance(value, dict):
            raise self.fault(name, "an object")
        pointer = pointer_to(self.pointer, name)
        return [
            (key, self._read(item, pointer_to(pointer, key), required, optional))
            for key, item in value.items()
        ]

    def _read(
        self, value: Json, pointer: str, required: Collection[str], optional: Collection[str]
    ) -> "Members":
        return Members(value, what=self._what, pointer=pointer, required=required, optional=optional)


def _describe(value: Json) -> str:
    """What was found, in a few words on one line."""
    if isinstance(value, str):
        short = len(value) <= _QUOTED_LIMIT and value.isprintable()
        return f'"{value}"' if short else f"a string of {len(value)} characters"
    if isinstance(value, list):
        return f"an array of {len(value)} items"
    if isinstance(value, dict):
        return "an object"
    return "nothing" if value is None else str(value).lower()


def from_hex(values: Sequence[Json], prefix: str = "") -> list[bytes] | None:
    """The bytes of strings, each of `prefix` and lower-case hex digits; None if one is anything else."""
    begin = len(prefix)
    try:
        found = [bytes.fromhex(cast("str", value)[begin:]) for value in values]
    except (TypeError, ValueError, LookupError):  # no string, or no digits
        return None
    # Capitals and white space are read too, and not written.
    return found if [prefix + one.hex() for one in found] == values else None


def evm_bytes(text: str, size: int) -> bytes | None:
    """`size` bytes written as `0x` and lower-case hex digits; None if `text` is anything else."""
    if len(text) != 2 + 2 * size or not text.startswith("0x") or text[2:].strip(_HEX):
        return None
    return bytes.fromhex(text[2:])


def pointer_to(pointer: str, name: str) -> str:
    """The RFC 6901 pointer of the member `name` of the object at `pointer`."""
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"

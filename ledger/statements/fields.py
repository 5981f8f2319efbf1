"""The leaves of the shape language: text, codes, digests, times, numbers; and the fields many types share."""

# ruff: noqa: D102 - what the methods of a node do is told once, in `Shape`

import re
from collections.abc import Callable
from typing import Any

from ledger.core.did import LENGTH_LIMIT
from ledger.core.times import parse_time
from ledger.errors import MalformedError
from ledger.statements.codes import COUNTRIES, TEST_COUNTRIES
from ledger.statements.personal import finding
from ledger.statements.shape import Array, Object, Problem, Shape, Test, shown, wrong_type

LARGEST = 2**53 - 1


class Text(Shape):
    """Text of a form, screened for personal data unless the form leaves no room for any."""

    __slots__ = ("_fits", "format", "maximum", "pattern", "screened", "what")

    def __init__(
        self, what: str, pattern: str, maximum: int, *, screened: bool = True, form: str = ""
    ) -> None:
        """Describe text.

        Args:
            what: What it is, for details, e.g. "a DID".
            pattern: Regular expression for the whole text, in what Python and ECMAScript share.
            maximum: Most characters; checked before the pattern.
            screened: Look for personal data.
            form: JSON Schema `format`, if there is one.
        """
        self.what, self.pattern, self.maximum, self.screened, self.format = (
            what,
            pattern,
            maximum,
            screened,
            form,
        )
        self._fits: Callable[[str], object] | None = None

    def check(self, value: object, at: str, found: list[Problem]) -> None:
        if type(value) is not str:
            found.append(wrong_type(value, at, str))
            return
        if self._fits is None:  # compiled on first use: a verifier meets few of the types
            self._fits = re.compile(self.pattern).fullmatch
        if len(value) > self.maximum:
            detail = f"{len(value)} characters where at most {self.maximum} belong"
            found.append(Problem(at, "wrong-length", detail))
        elif not self._fits(value):
            found.append(Problem(at, "wrong-form", f"{shown(value)} is not {self.what}"))
        if self.screened and (personal := finding(value[:_SCREENED])) is not None:
            found.append(
                Problem(at, "personal-data", f"looks like {personal}; public fields hold no personal data")
            )

    def schema(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "type": "string",
            "maxLength": self.maximum,
            "pattern": f"^(?:{self.pattern})$",
        }
        if self.format:
            made["format"] = self.format
        return made

    def test(self) -> Test:
        fits, maximum = re.compile(self.pattern).fullmatch, self.maximum
        if not self.screened:
            return lambda value: len(value) <= maximum and fits(value)
        return lambda value: len(value) <= maximum and fits(value) and finding(value) is None


_SCREENED = 1024


class Hex(Text):
    """Bytes in lower-case hex digits, without prefix."""

    __slots__ = ()

    def __init__(self, what: str, size: int) -> None:
        super().__init__(what, f"[0-9a-f]{{{2 * size}}}", 2 * size, screened=False)

    def test(self) -> Test:
        digits, read = self.maximum, bytes.fromhex
        # Capitals and white space are read too, and not written.
        return lambda value: len(value) == digits and read(value).hex() == value


class Code(Shape):
    """One of a closed list of words."""

    __slots__ = ("codes", "what")

    def __init__(self, what: str, codes: frozenset[str]) -> None:
        self.what, self.codes = what, codes

    def check(self, value: object, at: str, found: list[Problem]) -> None:
        if type(value) is not str:
            found.append(wrong_type(value, at, str))
        elif value not in self.codes:
            few = len(self.codes) <= _FEW
            which = f"one of {', '.join(sorted(self.codes))}" if few else f"a code of the list of {self.what}"
            found.append(Problem(at, "not-in-list", f"{shown(value)} is not {which}"))

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": sorted(self.codes)}

    def test(self) -> Test:
        return self.codes.__contains__


_FEW = 16


class Time(Shape):
    """A second, `YYYY-MM-DDThh:mm:ssZ`."""

    __slots__ = ()

    def check(self, value: object, at: str, found: list[Problem]) -> None:
        if type(value) is not str:
            found.append(wrong_type(value, at, str))
            return
        try:
            parse_time(value)
        except MalformedError:
            found.append(Problem(at, "wrong-form", "a time is written YYYY-MM-DDThh:mm:ssZ, and exists"))

    def schema(self) -> dict[str, Any]:
        digits = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]Z$"
        return {"type": "string", "format": "date-time", "pattern": digits}

    def test(self) -> Test:
        return _is_time


class Date(Shape):
    """A day, `YYYY-MM-DD`."""

    __slots__ = ()

    def check(self, value: object, at: str, found: list[Problem]) -> None:
        if type(value) is not str:
            found.append(wrong_type(value, at, str))
            return
        try:
            parse_time(f"{value}T00:00:00Z")
        except MalformedError:
            found.append(Problem(at, "wrong-form", "a date is written YYYY-MM-DD, and exists"))

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}

    def test(self) -> Test:
        return lambda value: _is_time(value + "T00:00:00Z")


def _is_time(value: str) -> bool:
    parse_time(value)
    return True


class Integer(Shape):
    """An integer from `minimum` to `maximum`, both included."""

    __slots__ = ("maximum", "minimum")

    def __init__(self, minimum: int, maximum: int = LARGEST) -> None:
        self.minimum, self.maximum = minimum, maximum

    def check(self, value: object, at: str, found: list[Problem]) -> None:
        if type(value) is not int:
            found.append(wrong_type(value, at, int))
        elif not self.minimum <= value <= self.maximum:
            wanted = f"{self.minimum} to {self.maximum}"
            found.append(Problem(at, "out-of-range", f"{shown(value)} where {wanted} is allowed"))

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def test(self) -> Test:
        minimum, maximum = self.minimum, self.maximum
        return lambda value: type(value) is int and minimum <= value <= maximum


class Boolean(Shape):
    """True or false."""

    __slots__ = ()

    def check(self, value: object, at: str, found: list[Problem]) -> None:
        if type(value) is not bool:
            found.append(wrong_type(value, at, bool))

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def test(self) -> Test:
        return lambda value: type(value) is bool


_PART = r"(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+"
DID = Text(
    "a DID, did:web or did:key",
    rf"did:web:[a-z0-9](?:[a-z0-9.-]|%3A)*(?::{_PART})*|did:key:z[1-9A-HJ-NP-Za-km-z]+",
    LENGTH_LIMIT,
    screened=False,
)
"""The shape of `ledger.core.did`."""
KEY_ID = Text("a key id, # and 1 to 64 of A-Z a-z 0-9 . _ -", r"#[A-Za-z0-9._-]{1,64}", 65, screened=False)
DIGEST = Hex("a digest, 64 lower-case hex digits", 32)
MULTIKEY = Text("a Multikey, z and base58btc", r"z[1-9A-HJ-NP-Za-km-z]{1,127}", 128, screened=False)
ADDRESS = Text("an address, 0x and 40 lower-case hex digits", r"0x[0-9a-f]{40}", 42, screened=False)
URI = Text("an absolute URI", r"[a-z][a-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]+", 512)
MEDIA_TYPE = Text(
    "a media type in lower case, type/subtype",
    r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}",
    255,
    screened=False,
)
"""RFC 6838 section 4.2, without parameters."""
REFERENCE = Text(
    "a reference: letters, digits and ._/:- , first a letter or digit",
    r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}",
    64,
)
"""A number or code of the parties' own books, which both sides know."""
LABEL = Text(
    "one line of 1 to 120 printable characters without outer spaces",
    r"(?![ ])[^\x00-\x1f\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]{1,120}(?<! )",
    120,
)
COUNTRY = Code("countries, ISO 3166-1 alpha-2 or XA to XZ for tests", COUNTRIES | TEST_COUNTRIES)
TIME = Time()
DATE = Date()
BOOLEAN = Boolean()
COMMITMENT = Object({"commitment": DIGEST})
"""A salted commitment to a value or file that stays with the signer."""


def codes(what: str, of: frozenset[str], maximum: int = 32) -> Array:
    """A list of one or more different codes."""
    return Array(Code(what, of), 1, maximum, unique=True)

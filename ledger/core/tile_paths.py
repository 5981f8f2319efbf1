"""Names and contents of what a log serves: tiles of hashes and bundles of entries, 256 to a file.

    checkpoint                          the signed note
    tile/<level>/<N>[.p/<width>]        hashes of 256 neighbouring subtrees, 32 bytes each
    tile/entries/<N>[.p/<width>]        entries, each after its length in two bytes

N is written in groups of three digits, all but the last after an x: 1234067 is x001/x234/067.  What is not full yet
is named by its width.

Source: C2SP tlog-tiles.
"""

from collections.abc import Sequence
from typing import Final

from ledger.errors import MalformedError

WIDTH: Final = 256
CHECKPOINT: Final = "checkpoint"
_GROUP: Final = 1000
_LENGTH: Final = 2
_LONGEST: Final = 0xFFFF
_LEVEL_LIMIT: Final = 63
_DIGITS_LIMIT: Final = 24


def number_path(number: int) -> str:
    """A number as it stands in paths."""
    parts = [f"{number % _GROUP:03d}"]
    while number := number // _GROUP:
        parts.append(f"x{number % _GROUP:03d}")
    return "/".join(reversed(parts))


def tile_path(level: int, number: int, width: int = WIDTH) -> str:
    """Path of a tile of `width` hashes, under the log's prefix."""
    return f"tile/{level}/{_widened(number, width)}"


def bundle_path(number: int, width: int = WIDTH) -> str:
    """Path of a bundle of `width` entries, under the log's prefix."""
    return f"tile/entries/{_widened(number, width)}"


def width_at(size: int, level: int, number: int) -> int:
    """How many hashes the tile has in a tree of `size` leaves, 0 to 256; of bundles as of tiles of level 0."""
    return max(0, min(WIDTH, (size >> (8 * level)) - number * WIDTH))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as a bundle has them.

    Raises:
        MalformedError: `bundle-malformed`: one is longer than 65,535 bytes.
    """
    if any(len(entry) > _LONGEST for entry in entries):
        raise MalformedError(f"an entry of a bundle has at most {_LONGEST} bytes", code="bundle-malformed")
    return b"".join(len(entry).to_bytes(_LENGTH) + entry for entry in entries)


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        MalformedError: `bundle-malformed`: it is cut, or there are not `width`.
    """
    found: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + _LENGTH + int.from_bytes(data[at : at + _LENGTH])
        if end > len(data) or at + _LENGTH > len(data):
            raise MalformedError(
                f"bundle of {len(data)} bytes ends within entry {len(found)}", code="bundle-malformed"
            )
        found.append(data[at + _LENGTH : end])
        at = end
    if len(found) != width:
        raise MalformedError(f"bundle has {len(found)} entries, not {width}", code="bundle-malformed")
    return found


def _widened(number: int, width: int) -> str:
    return number_path(number) + ("" if width == WIDTH else f".p/{width}")


def parse_place(text: str) -> tuple[int, int] | None:
    """Number and width that are written `<N>[.p/<width>]`; None where `text` is any other way to write them."""
    whole, dot, wide = text.partition(".p/")
    number = _decimal(whole.replace("x", "").replace("/", ""))
    width = _decimal(wide) if dot else WIDTH
    if number is None or width is None or not 1 <= width <= WIDTH - bool(dot):
        return None
    return (number, width) if _widened(number, width) == text else None


def parse_level(text: str) -> int | None:
    """Level of a tile, 0 to 63 without leading zeros; None where it is none."""
    level = _decimal(text)
    return level if level is not None and level <= _LEVEL_LIMIT and str(level) == text else None


def _decimal(digits: str) -> int | None:
    found = digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_LIMIT
    return int(digits) if found else None

"""Where two values of JSON differ, and how a line tells it.

Source: docs/spec/verification.md, step 11 in full.
"""

from typing import Final

from ledger.core.canonical import encode

_SHOWN: Final = 80
"""Characters of a value that a line shows."""


class _Nothing:
    """In the place of a value that only the other side has."""


def difference_of(carried: object, computed: object, pointer: str = "") -> tuple[str, object, object]:
    """The first place where two values differ, which do: its JSON pointer, and both values there."""
    if isinstance(carried, dict) and isinstance(computed, dict):
        for name in sorted(carried.keys() | computed.keys()):
            one, other = carried.get(name, _Nothing), computed.get(name, _Nothing)
            if one != other:
                return difference_of(one, other, f"{pointer}/{name}")
    if isinstance(carried, list) and isinstance(computed, list):
        for place in range(max(len(carried), len(computed))):
            one = carried[place] if place < len(carried) else _Nothing
            other = computed[place] if place < len(computed) else _Nothing
            if one != other:
                return difference_of(one, other, f"{pointer}/{place}")
    return pointer, carried, computed


def value_of(value: object) -> str:
    """A value as a line shows it."""
    if value is _Nothing:
        return "not there"
    text = encode(value).decode()  # type: ignore[arg-type]  # a part of what was decoded, or of what will be encoded
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

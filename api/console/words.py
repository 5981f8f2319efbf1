"""How the console writes numbers, times and the words of strangers."""

import unicodedata
from typing import Any, Final

from ledger.core.times import format_time
from ledger.services.rules.precheck_text import code_words
from ledger.statements.scenario import OWN_SCHEME

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_MOVING: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Categories of characters that show nothing, or turn what stands beside them."""
_NARROW: Final = "\N{NARROW NO-BREAK SPACE}"


_LISTS: Final = {
    "line.category": "categories",
    "line.grade": "grades",
    "line.scenario": "scenarios",
    "transfer.flow": "flows",
    "transfer.mechanism": "mechanisms",
    "transfer.exemption": "exemptions",
    "transfer.criticalInfrastructure": "",
    "transfer.onwardAllowed": "",
}
"""Which code list a fact is of."""
_PLAIN: Final = {"": "none", "*": "any other", "true": "yes", "false": "no"}


def value_words(fact: str, value: str) -> str:
    """What a fact would be, in words."""
    if value in _PLAIN:
        return _PLAIN[value]
    plain = value.removeprefix(f"{OWN_SCHEME} ")
    listed = _LISTS.get(fact)
    return (
        f"\N{LEFT DOUBLE QUOTATION MARK}{code_words(listed, plain)}\N{RIGHT DOUBLE QUOTATION MARK}"
        if listed
        else plain
    )


def shown(value: Any) -> Any:
    """Whatever a template writes: of text, what turns or hides text is written as its number, such as [U+202E]."""
    if type(value) is not str or value.isprintable():
        return "" if value is None else value
    return "".join(_as_number(one) for one in value)


def _as_number(one: str) -> str:
    return f"[U+{ord(one):04X}]" if one != "\n" and unicodedata.category(one) in _MOVING else one


def number(value: int) -> str:
    """A count, its thousands apart."""
    return f"{value:,}".replace(",", _NARROW)


def time(moment: int) -> str:
    """A time in UTC as people read one; seconds too."""
    return format_time(moment).replace("T", " ").replace("Z", " UTC")


def lasting(seconds: int) -> str:
    """How long something took, in the two largest units."""
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min {seconds % _MINUTE} s"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE} min"
    return f"{days(seconds)} {seconds % _DAY // _HOUR} h"


def date(moment: int) -> str:
    """The day of a time, in UTC."""
    return format_time(moment)[:10]


def days(seconds: int) -> str:
    """How long something lasts yet, in whole days."""
    whole = seconds // _DAY
    return "less than a day" if whole == 0 else f"{whole} day{'' if whole == 1 else 's'}"

"""The words of the pages, in each language: one catalogue a language, JSON in this package, all with the same keys.

What is said of decisions has catalogues of its own: it stands on no certificate's page, for which letters are cut.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from ledger.core.times import format_time

LANGUAGES: Final = ("en", "zh")
OF_RULES: Final = tuple(f"rules.{language}" for language in LANGUAGES)
"""The catalogues of what is said of decisions."""
Words = tuple[str, ...]
"""The same thing said once in each language of the page, or once for all where it is no matter of language."""


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """The messages of a language: key to text, in which `{name}` is filled in."""
    text = files("ledger.services.render").joinpath("messages", f"{language}.json").read_text("utf-8")
    read: dict[str, str] = json.loads(text)
    return read


class Messages:
    """What the catalogues of the page's languages say."""

    def __init__(self, languages: Sequence[str]) -> None:
        self._catalogues = [catalogue(language) for language in languages]

    def say(self, key: str, **values: str | Words) -> Words:
        """A message; a value that is said differently in each language is taken in that language.

        A value is put in as it is, and never looked at for names to fill in.
        """
        said = tuple(
            _filled(found[key], {name: _in(value, place) for name, value in values.items()})
            for place, found in enumerate(self._catalogues)
        )
        return said[:1] if len(set(said)) == 1 else said

    def coded(self, group: str, code: str) -> Words:
        """What a code of a list is called; the code itself where it has no name here."""
        key = f"{group}.{code}"
        return self.say(key) if self.knows(key) else (code,)

    def knows(self, key: str) -> bool:
        """Whether there is such a message."""
        return all(key in found for found in self._catalogues)


def joined(parts: Sequence[Words], separator: str = "; ") -> Words:
    """Several things said one after the other, in each language."""
    most = max((len(part) for part in parts), default=1)
    return tuple(separator.join(_in(part, place) for part in parts) for place in range(most))


def clock(moment: int | str) -> str:
    """A moment for people, the zone always told.

    Args:
        moment: POSIX seconds, or as statements write it.
    """
    text = moment if isinstance(moment, str) else format_time(moment)
    seconds = "" if text[17:19] == "00" else text[16:19]
    return f"{text[:10]} {text[11:16]}{seconds} UTC"


def _in(value: str | Words, place: int) -> str:
    if isinstance(value, str):
        return value
    return value[place] if place < len(value) else value[0]


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Text with each `{name}` replaced once, from left to right."""
    told, rest = "", text
    while rest:
        before, opening, after = rest.partition("{")
        told += before
        if not opening:
            break
        name, _, rest = after.partition("}")
        told += values[name]
    return told

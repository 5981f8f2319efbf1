"""Personal data in public text: what looks like an e-mail address, a telephone or an identity number.

A statement is public and cannot be erased, so its text fields are screened before they are signed.  This
finds what has a recognisable form; it cannot find a name, and is no reason to put one there.  It is kept from
firing on what these fields properly hold: document and order numbers, dates, digests, codes, URNs.
"""

import re
from collections.abc import Callable
from functools import lru_cache

SHORTEST = 6
"""No form below is shorter."""

_EMAIL = r"[^\s@\"<>(),:;]+(?:@|\uff20|%40)[^\s@\"<>(),:;]+\.[^\s@\"<>(),:;.]{2,}"
_STANDALONE = r"(?<![0-9A-Za-z.])(?:{})(?![0-9A-Za-z])"
_PHONES = (
    r"\+[0-9](?:[ ().-]{0,2}[0-9]){6,14}(?![0-9])",  # E.164, however spaced
    r"tel:[0-9+() .-]{6,}",
    _STANDALONE.format(r"00[1-9][0-9]{0,2}(?:[ -][0-9]{2,4}){3,4}"),
    _STANDALONE.format(r"1[3-9][0-9](?:[0-9]{8}|[ -][0-9]{4}[ -][0-9]{4})"),  # mobile numbers of CN
    _STANDALONE.format(r"(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}"),  # North American plan
    _STANDALONE.format(r"0[1-9][0-9]{1,3}[ -][0-9]{3,4}[ -][0-9]{3,4}"),  # trunk prefix, three groups
)
_IDENTITIES = (
    _STANDALONE.format(r"[0-9]{3}-[0-9]{2}-[0-9]{4}"),  # US social security number
    _STANDALONE.format(r"[EG][0-9]{8}"),  # passports of CN
    (
        r"(?i:passport|identity card|id card|national id|ssn|\u8eab\u4efd\u8bc1|\u62a4\u7167)"
        r"[^0-9A-Za-z]{0,3}(?i:no|nr|number|\u53f7\u7801?)?[^0-9A-Za-z]{0,3}[A-Za-z]{0,2}[0-9]{6,}"
    ),
)
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_RESIDENT = _STANDALONE.format(r"[1-9][0-9]{16}[0-9Xx]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_DIGITS_IN_A_PHONE = 6


# Plain text without any sign of an address, and without the digits that any number has: most text at once.
_HARMLESS = rf"[^@%0-9\x80-\U0010ffff]*+(?:[0-9][^@%0-9\x80-\U0010ffff]*+){{0,{_DIGITS_IN_A_PHONE - 1}}}+"


def finding(text: str) -> str | None:
    """What `text` seems to hold: "an e-mail address", "a telephone number", "an identity number"; or None.

    Cost: under a microsecond for text with fewer than six digits and no at sign.
    """
    return None if _compiled(_HARMLESS).fullmatch(text) else _finding(text)


@lru_cache(maxsize=1024)
def _finding(text: str) -> str | None:
    if len(text) < SHORTEST:
        return None
    if not text.isascii():
        import unicodedata

        text = unicodedata.normalize("NFKC", text)
    if ("@" in text or "%40" in text) and _search(_EMAIL)(text):
        return "an e-mail address"
    if sum(map(text.count, "0123456789")) < _DIGITS_IN_A_PHONE:
        return None
    text = _compiled(_UUID).sub(" ", text)  # whose groups of digits may be spaced like a telephone number
    if any(map(_resident_number, _compiled(_RESIDENT).findall(text))) or _search("|".join(_IDENTITIES))(text):
        return "an identity number"
    return "a telephone number" if _search("|".join(_PHONES))(text) else None


def _resident_number(number: str) -> bool:
    """Whether 18 characters are a resident identity number of CN: birth date and check (GB 11643)."""
    year, month, day = int(number[6:10]), int(number[10:12]), int(number[12:14])
    if not (1880 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= 31):  # noqa: PLR2004
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return _CHECK_CHARACTERS[total % 11] == number[17].upper()


def _search(pattern: str) -> Callable[[str], re.Match[str] | None]:
    return _compiled(pattern).search


@lru_cache(maxsize=8)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)

"""The letters of the page: Noto Serif SC (SIL Open Font License 1.1, `fonts/OFL.txt`), part of this package.

The regular weight has all of GB 2312 and European Latin, the semi-bold one the characters of the catalogues.
`scripts/subset_fonts` cuts both out of the published fonts.  Nothing is taken from the machine, so a page looks
the same everywhere.
"""

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from ledger.services.render.extras import loaded

FOLDER: Final = Path(__file__).parent / "fonts"
FAMILY: Final = "Noto Serif SC"
WEIGHTS: Final = {400: FOLDER / "NotoSerifSC-Regular.ttf", 600: FOLDER / "NotoSerifSC-SemiBold.ttf"}
_PURPOSE: Final = "writing a page"


@cache
def letters() -> frozenset[int]:
    """Code points that the regular weight has."""
    with loaded("fontTools.ttLib", _PURPOSE).TTFont(WEIGHTS[400], lazy=True) as font:
        return frozenset(font.getBestCmap())


def spelt(text: str) -> str:
    """Text with every character that has no letter here written as its number, such as U+9F98.

    Nothing is left out silently, and nothing invisible can stand on the page.
    """
    known = letters()
    if known.issuperset(map(ord, text)):
        return text
    return "".join(one if ord(one) in known else f"U+{ord(one):04X}" for one in text)


def cut(weight: int, texts: Iterable[str]) -> bytes:
    """A WOFF of one weight with the characters of `texts` only; the same bytes for the same characters.

    Cost: about half a second, for finding the letters in 3 MB.
    """
    subset = loaded("fontTools.subset", _PURPOSE)
    options = subset.Options(hinting=False)
    options.drop_tables += [
        "GDEF",
        "GPOS",
        "GSUB",
    ]  # kerning: most of the time, and little to see on a screen
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(sorted(set("".join(texts)))))
    written = BytesIO()
    with loaded("fontTools.ttLib", _PURPOSE).TTFont(WEIGHTS[weight], recalcTimestamp=False) as font:
        cutter.subset(font)
        font.flavor = "woff"
        font.save(written, reorderTables=None)
    return written.getvalue()

"""The page as PDF, set by Typst from `certificate.typ`; the same bytes for the same sheet.

What the page says goes to the template as data and is never read as markup.  PDF/A-2a, with its letters embedded.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ledger.core.canonical import encode
from ledger.services.render.code import svg_of
from ledger.services.render.extras import loaded
from ledger.services.render.fonts import FOLDER, spelt
from ledger.services.render.sheet import Sheet

TEMPLATE: Final = Path(__file__).parent / "certificate.typ"


def paper_of(sheet: Sheet, *, moment: int) -> bytes:
    """A PDF, A4.

    Args:
        sheet: What it says.
        moment: Of the check, POSIX seconds: the document's date.

    Raises:
        SetupError: `extra-missing`.

    Cost: about half a second.
    """
    typst = loaded("typst", "writing a PDF")
    plain = _plain(sheet)
    notes = [*sheet.foot, *(sheet.spelt_note if plain != _plain(sheet, lambda text: text) else ())]
    data: bytes = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[str(FOLDER)],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"sheet": encode(plain | {"foot": notes}).decode(), "code": svg_of(sheet.pointer)},
        pdf_standards=["a-2a"],
        timestamp=moment,
    )
    return data


def _plain(value: Any, written: Callable[[str], str] = spelt) -> Any:
    """The sheet as JSON, every character one that there is a letter for."""
    if isinstance(value, str):
        return written(value)
    if hasattr(value, "_asdict"):
        return {name: _plain(member, written) for name, member in value._asdict().items()}
    if isinstance(value, tuple):
        return [_plain(member, written) for member in value]
    return value

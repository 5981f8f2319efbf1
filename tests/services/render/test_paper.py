"""The PDF as a stranger has it: what it shows, what its code says, what cannot be smuggled into it."""

import builtins
import sys
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops
from pypdf import PdfReader

from ledger.errors import SetupError
from ledger.services.render.fonts import spelt
from ledger.services.render.page import page_of
from ledger.services.render.paper import paper_of
from ledger.services.render.pointer import parse_pointer
from tests.services.render.image import image
from tests.services.render.reading import code_in, code_on_page, parsed, picture, text_of
from tests.services.render.sheets import CHECKED, TRUST, URL, certificate, recognition, sheet
from tests.structure.source import ROOT

EVIL = [
    "#panic(1)",
    '"] #read("/etc/hostname")',
    "*bold* _it_ $x$ `raw` = head @ref <label> //c /* d */ \\ #sym.arrow",
    "<script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp; ' \" {lead} %s ]]>",
]


def paper(*languages: str, **changes: Any) -> bytes:
    return paper_of(sheet(*languages, **changes), moment=CHECKED)


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(scope="module")
def both() -> bytes:
    return paper("en", "zh")


def test_the_page_is_one_sheet_of_a4(both: bytes) -> None:
    pages = PdfReader(BytesIO(both)).pages
    assert len(pages) == 1
    assert [round(float(side)) for side in pages[0].mediabox[2:]] == [595, 842]
    assert len(both) < 200_000


@pytest.mark.parametrize("languages", [("en",), ("zh",), ("en", "zh")], ids="-".join)
def test_the_page_shows_all_that_the_sheet_says(languages: tuple[str, ...]) -> None:
    shown = squeezed(text_of(paper(*languages)))
    page = sheet(*languages)
    for words in (page.title, page.headline, page.foot, *page.lead, *page.unchecked, page.pointer_caption):
        for one in words:
            assert squeezed(one) in shown, one
    for part in page.parts:
        for row in part.rows:
            for one in (one for value in (row.label, *row.values) for one in value):
                assert squeezed(one) in shown, one


def test_every_font_is_embedded_and_none_shows_a_box_for_a_missing_letter(both: bytes) -> None:
    reader = PdfReader(BytesIO(both))
    fonts = [one.get_object() for one in reader.pages[0]["/Resources"]["/Font"].values()]
    assert {str(font["/BaseFont"]).partition("+")[2].partition("-")[0] for font in fonts} == {
        "NotoSerifSC",
        "DejaVuSansMono",
    }
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
    for operands, operator in reader.pages[0].get_contents().operations:  # type: ignore[union-attr]
        if operator in {b"Tj", b"TJ"}:
            for part in operands[0] if operator == b"TJ" else operands:
                if isinstance(part, bytes | str):
                    codes = part if isinstance(part, bytes) else part.original_bytes  # type: ignore[attr-defined]
                    assert b"\0\0" not in {codes[place : place + 2] for place in range(0, len(codes), 2)}


def test_the_chinese_page_is_drawn_with_chinese_letters_and_not_with_boxes() -> None:
    """Two different characters drawn alike would be boxes: their pictures differ."""
    one, other = (paper("zh", activities=[text], found=None) for text in ("汽车售后", "国际航运"))
    assert picture(one).tobytes() != picture(other).tobytes()


@pytest.mark.parametrize("url", [URL, None])
def test_the_code_reads_back_from_the_printed_page_and_from_the_screen(url: str | None) -> None:
    page = sheet(url=url)
    for told in (code_in(picture(paper_of(page, moment=CHECKED), scale=2)), code_on_page(page_of(page))):
        pointer = parse_pointer(told)
        assert (pointer.url, pointer.digest, pointer.trust) == (url, certificate().digest, TRUST)


def test_the_same_sheet_gives_the_same_bytes(both: bytes) -> None:
    assert paper("en", "zh") == both
    assert page_of(sheet()) == page_of(sheet())


def test_another_moment_or_certificate_gives_another_page(both: bytes) -> None:
    assert paper("en", "zh", certificateNumber="PIP-2026-0043") != both


@pytest.fixture(scope="module")
def plain_tags() -> tuple[str, ...]:
    return parsed(page_of(sheet("en")))[0]


@pytest.mark.parametrize("text", EVIL)
def test_text_of_a_statement_is_shown_and_never_carried_out(text: str, plain_tags: tuple[str, ...]) -> None:
    page = sheet("en", activities=[text])
    assert squeezed(text) in squeezed(text_of(paper_of(page, moment=CHECKED)))
    tags, shown = parsed(page_of(page))
    assert squeezed(text) in squeezed(shown)
    assert tags == plain_tags


def test_no_page_asks_for_anything() -> None:
    page = page_of(sheet()).decode()
    assert "default-src 'none'" in page or "default-src &#x27;none&#x27;" in page
    assert "<script" not in page
    assert [one for one in ("src=", "href=", "@import", "url(http") if one in page] == []


def test_a_character_without_a_letter_is_told_by_its_number_and_said_so() -> None:
    shown = text_of(paper("en", activities=["\u9f98 \U0001f600 \u0e01"]))
    assert "U+9F98 U+1F600 U+0E01" in shown
    assert "Characters that this page has no letters for" in shown
    assert spelt("plain 证书") == "plain 证书"


def test_the_longest_certificate_runs_on_and_loses_nothing() -> None:
    activities = [f"{number:02} {'activity ' * 12}".strip() for number in range(64)]
    pdf = paper("en", "zh", activities=activities)
    assert len(PdfReader(BytesIO(pdf)).pages) > 1
    shown = squeezed(text_of(pdf))
    assert shown.count("activity") == 64 * 12
    assert all(f"{number:02}activity" in shown for number in range(64))


def test_a_bad_answer_is_not_drawn_as_a_good_one() -> None:
    good, bad = sheet("en"), sheet("en", found=recognition("NOT_VALID_THEN", [("EXPIRED", "failed")]))
    colours = []
    for page in (good, bad):
        image = picture(paper_of(page, moment=CHECKED), scale=2).convert("RGB")
        colours.append(
            max(image.getcolors(1 << 20) or [], key=lambda one: one[0] * (max(one[1]) - min(one[1])))
        )
    assert [colour[1][0] > colour[1][1] for colour in colours] == [False, True]


@pytest.mark.parametrize(("package", "write"), [("typst", "pdf"), ("segno", "html"), ("fontTools", "html")])
def test_a_missing_package_is_told_with_the_extra_that_brings_it(
    package: str, write: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    real = builtins.__import__
    page = sheet()
    monkeypatch.setattr(
        "ledger.services.render.extras.import_module",
        lambda name: _missing(name) if name.partition(".")[0] == package else real(name, fromlist=["x"]),
    )
    with pytest.raises(SetupError, match=r"evidence-ledger\[render\]") as refused:
        paper_of(page, moment=CHECKED) if write == "pdf" else page_of(page)
    assert refused.value.code == "extra-missing"
    assert package in str(refused.value)


def _missing(name: str) -> Any:
    raise ModuleNotFoundError(f"no {name}", name=name)


def test_the_picture_in_the_documentation_is_of_this_page() -> None:
    """Its code reads back; what the page says changes seldom, and the picture then with it."""
    kept = Image.open(ROOT / "docs" / "certificate.png")
    assert (ROOT / "docs" / "certificate.png").stat().st_size <= 300_000
    drawn = Image.open(BytesIO(image()))
    assert kept.size == drawn.size
    assert code_in(kept.convert("RGB")) == code_in(drawn.convert("RGB"))
    differing = ImageChops.difference(kept.convert("L"), drawn.convert("L")).point(
        lambda one: 255 if one > 64 else 0
    )
    assert differing.getbbox() is None


def test_text_within_a_sentence_of_two_languages_is_no_markup_either() -> None:
    found = recognition()
    evil = found.known._replace(limits=(f"condition: {EVIL[3]}",))
    page = sheet(found=found._replace(at=evil, known=evil))
    tags, shown = parsed(page_of(page))
    assert "script" not in tags
    assert shown.count(EVIL[3]) == 2

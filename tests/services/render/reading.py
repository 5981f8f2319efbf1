"""Reading a page back as a stranger would: its pictures, its code, its text."""

import re
from functools import cache
from html.parser import HTMLParser
from io import BytesIO

import pypdfium2
import zxingcpp
from PIL import Image, ImageDraw
from pypdf import PdfReader


def picture(pdf: bytes, *, scale: float = 3) -> Image.Image:
    """The first page as it is printed."""
    return pypdfium2.PdfDocument(pdf)[0].render(scale=scale).to_pil()


def code_in(image: Image.Image) -> str:
    """What the one code in a picture says."""
    (found,) = zxingcpp.read_barcodes(image)
    return found.text


def code_on_page(page: bytes) -> str:
    """What the code of an HTML page says, drawn from its SVG alone."""
    svg = re.search(rb"<svg.*?</svg>", page, re.DOTALL)
    assert svg is not None
    return code_in(_drawn(svg[0].decode()))


def _drawn(svg: str, module: int = 6) -> Image.Image:
    """A code's SVG drawn: segno writes rows of runs, `M0 4h7m2 0h1…` with the line in the middle of a module."""
    size = int(re.search(r'viewBox="0 0 (\d+) \d+"', svg)[1])  # type: ignore[index]
    path = re.findall(r' d="([^"]+)"', svg)[-1]
    image = Image.new("L", (size * module, size * module), 255)
    draw = ImageDraw.Draw(image)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmhv])([^Mmhvz]*)", path):
        given = [float(one) for one in re.findall(r"-?[\d.]+", numbers)]
        if command == "M":
            x, y = given
        elif command == "m":
            x, y = x + given[0], y + given[1]
        else:
            top = y - 0.5
            corner = ((x + given[0]) * module - 1, (top + 1) * module - 1)
            draw.rectangle(((x * module, top * module), corner), fill=0)
            x += given[0]
    return image


def text_of(pdf: bytes) -> str:
    """All text of all pages."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.shown: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        self._hidden += tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.shown.append(data)


@cache
def parsed(page: bytes) -> tuple[tuple[str, ...], str]:
    """The tags of a page, in order, and the text it shows."""
    reader = _Texts()
    reader.feed(page.decode())
    return tuple(reader.tags), " ".join(reader.shown)

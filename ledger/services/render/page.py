"""The page as one HTML file that fetches nothing: style, letters and code stand in it.

Every text is escaped; the content security policy forbids scripts and any request.  The same bytes for the same sheet.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any, Final

from ledger.services.render.code import svg_of
from ledger.services.render.fonts import cut
from ledger.services.render.messages import Words
from ledger.services.render.sheet import Group, Part, Row, Sheet

_TAGS: Final = {"en": "en", "zh": "zh-Hans"}


def page_of(sheet: Sheet) -> bytes:
    """The HTML of a sheet, UTF-8.

    Raises:
        SetupError: `extra-missing`.

    Cost: about half a second, most of it for the letters.
    """
    style = _style(sheet)
    policy = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
    policy += "; font-src data:; base-uri 'none'; form-action 'none'"
    language = _TAGS[sheet.languages[0]]
    lines = [
        "<!doctype html>",
        f'<html lang="{language}">',
        '<head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{escape(f'{sheet.title[0]} {sheet.number}')}</title>",
        f"<style>{style}</style></head>",
        f'<body class="{sheet.tone}">',
        *_body(sheet),
        "</body></html>",
        "",
    ]
    return "\n".join(lines).encode()


def _body(sheet: Sheet) -> Iterator[str]:
    def spoken(words: Words) -> str:
        return _spans(words, sheet.languages)

    yield f"<header><div><h1>{spoken(sheet.title)}</h1>"
    yield f'<p class="small below">{spoken(sheet.subtitle)}</p></div>'
    yield f'<p class="small number beside">{spoken(sheet.number_label)}<b>{escape(sheet.number)}</b></p></header>'
    yield f'<section class="answer"><strong class="below">{spoken(sheet.headline)}</strong>'
    yield from (f'<p class="below">{spoken(one)}</p>' for one in sheet.lead)
    yield "</section>\n<main><div>"
    for part in sheet.parts:
        yield from _part(part, sheet.languages)
    yield "</div><aside>"
    yield svg_of(sheet.pointer, described=sheet.pointer)
    yield f'<p class="small below">{spoken(sheet.pointer_caption)}</p>'
    yield from _groups(sheet.steps_heading, sheet.steps, sheet.languages)
    yield from _groups(sheet.premises_heading, sheet.premises, sheet.languages)
    yield "</aside></main>"
    yield f'<section class="unchecked"><h2>{spoken(sheet.unchecked_heading)}</h2><ul>'
    yield from (f'<li class="below">{spoken(one)}</li>' for one in sheet.unchecked)
    yield f'</ul></section>\n<footer class="small below">{spoken(sheet.foot)}</footer>'


def _part(part: Part, languages: tuple[str, ...]) -> Iterator[str]:
    yield f"<h2>{_spans(part.heading, languages)}</h2><dl>"
    for row in part.rows:
        yield f'<dt class="beside">{_spans(row.label, languages)}</dt>'
        yield f"<dd>{''.join(_values(row, languages))}</dd>"
    yield "</dl>"


def _values(row: Row, languages: tuple[str, ...]) -> Iterator[str]:
    for one in row.values:
        if row.exact:
            yield f"<code>{escape(one[0])}</code>"
        else:
            yield f'<div class="below">{_spans(one, languages)}</div>'


def _groups(heading: Words, groups: Iterable[Group], languages: tuple[str, ...]) -> Iterator[str]:
    for number, group in enumerate(groups):
        if number == 0:
            yield f"<h2>{_spans(heading, languages)}</h2>"
        yield f'<h3 class="beside">{_spans(group.said, languages)}</h3><ul class="{group.outcome}">'
        yield from (f'<li class="beside">{_spans(line.name, languages)}</li>' for line in group.lines)
        yield "</ul>"


def _spans(words: Words, languages: tuple[str, ...]) -> str:
    """The same thing in each language, each marked as being in it."""
    if len(words) == 1:
        return f"<span>{escape(words[0])}</span>"
    pairs = zip(words, languages, strict=True)
    return "".join(f'<span lang="{_TAGS[language]}">{escape(one)}</span>' for one, language in pairs)


def _style(sheet: Sheet) -> str:
    """The style sheet with the letters in it: all that is shown, and in semi-bold what is set so."""
    heavy = [*sheet.title, *sheet.headline, *sheet.unchecked_heading, *sheet.steps_heading]
    heavy += [one for part in sheet.parts for one in part.heading] + [*sheet.premises_heading]
    faces = "".join(
        _face(weight, cut(weight, texts)) for weight, texts in ((400, _texts(sheet)), (600, heavy))
    )
    return faces + _sheet_of_styles()


@cache
def _sheet_of_styles() -> str:
    return files("ledger.services.render").joinpath("certificate.css").read_text("utf-8")


def _face(weight: int, font: bytes) -> str:
    source = f"url(data:font/woff;base64,{b64encode(font).decode()})"
    return f'@font-face{{font-family:"Evidence Serif";font-weight:{weight};src:{source}}}\n'


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for member in value:
            yield from _texts(member)

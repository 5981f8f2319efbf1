"""Makes the console's pages of its templates: everything that is written is escaped, and nothing on a page is run."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.console import words
from api.console.plots import HEIGHT, WIDTH, bar
from ledger.services.rules.precheck_text import FACTS, code_words
from ledger.statements.scenario import OWN_SCHEME

HERE: Final = Path(__file__).parent
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing but the stylesheet and pictures of this node, no script at all, in no other page's frame."""


@cache
def environment() -> Environment:
    """The templates; what they write goes through `words.shown` and is escaped."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=words.shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        one.__name__: one for one in (words.number, words.time, words.date, words.lasting, words.days)
    }
    made.globals |= {"WIDTH": WIDTH, "HEIGHT": HEIGHT, "bar_of": bar, "OWN_SCHEME": OWN_SCHEME}
    made.globals |= {
        "code_words": code_words,
        "value_words": words.value_words,
        "FACTS": FACTS,
        "OWN_SCHEME": OWN_SCHEME,
    }
    return made


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of the console."""
    return HTMLResponse(environment().get_template(template).render(values), status, HEADERS)


@cache
def stylesheet() -> tuple[bytes, str]:
    """The stylesheet and its entity tag."""
    held = (HERE / "console.css").read_bytes()
    return held, f'"{sha256(held).hexdigest()}"'

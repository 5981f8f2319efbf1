"""`/problems/<code>`: what the type of a problem means, as a page for people and as JSON for programs."""

from html import escape
from http import HTTPStatus
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import Field

from api.caching import FOR_AN_HOUR, cached
from api.documents import JSON, Answers, answer
from api.problem_types import ProblemType, problem_types
from api.schemas import Wire
from ledger.errors import NotFoundError


class ProblemMeant(Wire):
    """What a type of problem means."""

    type: str
    code: str
    means: list[str]
    says: list[str] = Field(description="`…` stands for a value; not to be parsed")
    statuses: list[int] = Field(description="of HTTP; none of what stands in reports alone")


class ProblemsMeant(Wire):
    """Every type of problem."""

    items: list[ProblemMeant]


router = APIRouter(tags=["problems"])
HTML: Final = "text/html"
POLICY: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "vary": "Accept",
}
_SHOWN: Final = {
    "type": "/problems/not-anchored-yet",
    "code": "not-anchored-yet",
    "means": ["True, and not allowed by the rules in force here"],
    "says": ["entry … is in the log and not anchored yet"],
    "statuses": [409],
}
_PAGE: Final = "<!doctype html><title>not-anchored-yet</title>…"
_STYLE: Final = (
    "body{font:1.06rem/1.55 Georgia,serif;max-width:42rem;margin:3rem auto;padding:0 1.2rem}"
    "h1,code{font-family:ui-monospace,monospace}h1{font-size:1.5rem;overflow-wrap:anywhere}"
    ":root{color-scheme:light dark}li{margin:.3rem 0}"
)


def _both(told: Answers, page: str) -> Answers:
    told[200]["content"][HTML] = {"schema": {"type": "string"}, "example": page}
    return told


@router.get(
    "/problems",
    responses=_both(answer(ProblemsMeant, {"items": [_SHOWN]}, "Every type"), _PAGE),
    response_class=Response,
    response_model=None,
)
def problems(request: Request) -> Response:
    """Every type of problem, in the order of their codes; a page for people, where `Accept` prefers HTML."""
    found = problem_types().values()
    if not prefers_html(request):
        return cached(
            request, orjson.dumps({"items": [_told(one) for one in found]}), JSON, FOR_AN_HOUR, POLICY
        )
    items = "".join(
        f'<li><a href="/problems/{escape(one.code)}"><code>{escape(one.code)}</code></a>' for one in found
    )
    return _page(request, "Types of problem", f"<ul>{items}</ul>")


@router.get(
    "/problems/{code}",
    responses=_both(answer(ProblemMeant, _SHOWN, "What it means"), _PAGE),
    response_class=Response,
    response_model=None,
)
def problem(
    request: Request, code: Annotated[str, Path(max_length=64, examples=["not-anchored-yet"])]
) -> Response:
    """What one type of problem means; a page for people, where `Accept` prefers HTML.

    A code, once released, keeps its meaning.  The words beside it may be improved; `…` stands for a value.
    """
    found = problem_types().get(code)
    if found is None:
        raise NotFoundError("there is no type of problem of that name; /problems lists what there is")
    if not prefers_html(request):
        return cached(request, orjson.dumps(_told(found)), JSON, FOR_AN_HOUR, POLICY)
    means = "".join(f"<p>{escape(text)}.</p>" for text in found.means)
    says = "".join(f"<li>{escape(text)}</li>" for text in found.says)
    where = ", ".join(f"{one} {HTTPStatus(one).phrase}" for one in found.statuses)
    where = f"Answered with {where}." if where else "Stands in reports, and is answered to no request."
    listed = f"<p>It says, where … stands for a value:</p><ul>{says}</ul>" if says else ""
    return _page(
        request, found.code, f"{means}{listed}<p>{where}</p><p><a href='/problems'>Every type</a></p>"
    )


def prefers_html(request: Request) -> bool:
    """Whether a page is preferred to JSON; whoever has no preference gets JSON."""
    weights = {HTML: 0.0, JSON: 0.0, "application/problem+json": 0.0}
    for part in ",".join(request.headers.getlist("accept")).split(",")[:32]:
        name, _, parameters = part.partition(";")
        kind = name.strip().lower()
        if kind in weights:
            weights[kind] = _weight(parameters)
    return weights.pop(HTML) > max(weights.values())


def _weight(parameters: str) -> float:
    for one in parameters.split(";"):
        name, _, value = one.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0


def _told(found: ProblemType) -> dict[str, Any]:
    return {
        "type": f"/problems/{found.code}",
        "code": found.code,
        "means": found.means,
        "says": found.says,
        "statuses": found.statuses,
    }


def _page(request: Request, title: str, body: str) -> Response:
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return cached(request, text.encode(), "text/html; charset=utf-8", FOR_AN_HOUR, POLICY)

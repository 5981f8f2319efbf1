"""`GET /verify`: the page that verifies in the reader's browser, for those who will never install anything.

One file that loads nothing and sends nothing; saved, it does the same.  It is built of `api/web`.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ledger.errors import NotFoundError

router = APIRouter(tags=["verification"])
PAGE: Final = Path(__file__).parents[1] / "web" / "dist" / "verify.html"
_POLICY_START: Final = b'http-equiv="Content-Security-Policy" content="'
HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@cache
def page(changed: int) -> tuple[bytes, str, str]:
    """The page, its policy, which frames nobody, and its entity tag.

    Args:
        changed: When the file was changed last; a page that is built anew is read anew.
    """
    del changed
    held = PAGE.read_bytes()
    start = held.index(_POLICY_START) + len(_POLICY_START)
    policy = held[start : held.index(b'"', start)].decode().replace("&#39;", "'")
    return held, f"{policy}; frame-ancestors 'none'", f'"{sha256(held).hexdigest()}"'


@router.get(
    "/verify",
    response_class=Response,
    responses={
        200: {
            "description": "The page",
            "content": {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>…"}},
        },
        304: {"description": "The page that the caller has"},
    },
)
def verify_page(request: Request) -> Response:
    """The verifier as one page: it checks files on the reader's own device and sends nothing anywhere."""
    try:
        held, policy, tag = page(PAGE.stat().st_mtime_ns)
    except OSError:
        raise NotFoundError(
            "the page was not built; run python scripts/package.py, or install the wheel",
            code="page-not-built",
        ) from None
    headers = {**HEADERS, "Content-Security-Policy": policy, "ETag": tag}
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(held, media_type="text/html; charset=utf-8", headers=headers)

"""Answers that say which version they are, so that who has it is not sent it again."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response

from api.documents import Answers

FOR_EVER: Final = "public, max-age=31536000, immutable"
"""Of what is the same for ever, and everybody may read."""
FOR_EVER_PRIVATE: Final = "private, max-age=31536000, immutable"
"""Of what is the same for ever, and not everybody may read."""
FOR_AN_HOUR: Final = "public, max-age=3600"
ASK_AGAIN: Final = "no-cache"
NOT_MODIFIED: Final[Answers] = {304: {"description": "As the `If-None-Match` of the request has it"}}
_TAGGED: Final[dict[str, Any]] = {
    "ETag": {"description": "For If-None-Match", "schema": {"type": "string"}},
    "Cache-Control": {"schema": {"type": "string"}},
}


def kept(answers: Answers) -> Answers:
    """The answers of a route, with what they say of their version."""
    return {**answers, **NOT_MODIFIED, 200: {**answers[200], "headers": _TAGGED}}


def cached(
    request: Request, body: bytes, kind: str, caching: str, further: Mapping[str, str] | None = None
) -> Response:
    """The body under its entity tag, or 304 where the client has it."""
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": caching, **(further or {})}
    asked = ",".join(request.headers.getlist("if-none-match")).split(",")
    if {"*", tag} & {one.strip().removeprefix("W/") for one in asked}:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)

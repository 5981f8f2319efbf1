"""Errors as RFC 9457 problems; the one place that makes them.

`type` is `/problems/<code>` with the error's stable code, described in docs/spec/errors.md.  `detail` is the error's
message.  Where several members are wrong, `errors` lists each with its JSON pointer.
"""

from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from ledger.errors import (
    ChainError,
    ConflictError,
    LedgerError,
    MalformedError,
    NotFoundError,
    QuorumError,
    RefusedError,
    RemoteError,
    SetupError,
    StoreError,
    VerificationError,
)
from ledger.statements.shape import StatementInvalidError

MEDIA_TYPE = "application/problem+json"

_TITLES: tuple[tuple[type[LedgerError], int, str], ...] = (
    (MalformedError, 400, "The document is not in the format it claims to be"),
    (QuorumError, 422, "Too few have signed"),
    (VerificationError, 422, "The document is well-formed, and does not hold"),
    (NotFoundError, 404, "Nothing is registered under this name"),
    (ConflictError, 409, "The name is taken by another statement"),
    (RefusedError, 403, "True, and not allowed here"),
    (StoreError, 503, "The node cannot store anything at present"),
    (ChainError, 503, "The chain cannot be asked at present"),
    (RemoteError, 502, "Another node cannot be asked at present"),
    (SetupError, 500, "The node is not usable as configured"),
)
_STATUS = {
    "statement-invalid": 422,
    "too-large": 413,
    "content-type": 415,
    "content-length": 411,
    "not-anchored-yet": 409,
    "overloaded": 503,
    "query-invalid": 400,
}
_RETRY = {"not-anchored-yet": 5, "overloaded": 1}
_LATER = 5


def status_of(error: LedgerError) -> int:
    """The HTTP status of an error."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    return next((status for kind, status, _ in _TITLES if isinstance(error, kind)), 500)


def problem(error: LedgerError, instance: str | None = None) -> dict[str, Any]:
    """The problem document of an error."""
    title = next((title for kind, _, title in _TITLES if isinstance(error, kind)), "The request failed")
    told: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": title,
        "status": status_of(error),
        "detail": str(error),
    }
    if instance is not None:
        told["instance"] = instance
    if error.pointer is not None:
        told["pointer"] = error.pointer
    if error.offset is not None:
        told["offset"] = error.offset
    if isinstance(error, StatementInvalidError):
        told["errors"] = [
            {"pointer": found.pointer, "code": found.code, "detail": found.detail} for found in error.problems
        ]
    return told


def answer(error: LedgerError, instance: str | None = None) -> Response:
    """The HTTP answer of an error."""
    told = problem(error, instance)
    headers = {}
    if told["status"] == HTTPStatus.SERVICE_UNAVAILABLE or error.code in _RETRY:
        headers["retry-after"] = str(_RETRY.get(error.code, _LATER))
    return Response(orjson.dumps(told), told["status"], headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have every error of the application answered as a problem, and none with a traceback."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, LedgerError)
        return answer(error, request.url.path)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        told = [
            {"pointer": "/" + "/".join(map(str, found["loc"])), "detail": str(found["msg"])}
            for found in error.errors()
        ]
        where = ", ".join(str(found["pointer"]) for found in told)
        base = problem(
            MalformedError(f"the request's {where} is not as required", code="query-invalid"),
            request.url.path,
        )
        return Response(orjson.dumps({**base, "errors": told}), 400, media_type=MEDIA_TYPE)

    async def other(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        phrase = HTTPStatus(error.status_code).phrase
        told = {
            "type": f"/problems/http-{error.status_code}",
            "title": phrase,
            "status": error.status_code,
            "detail": f"{request.method} {request.url.path}: {phrase.lower()}",
            "instance": request.url.path,
        }
        return Response(orjson.dumps(told), error.status_code, error.headers, MEDIA_TYPE)

    async def unforeseen(request: Request, _: Exception) -> Response:
        told = {
            "type": "/problems/internal",
            "title": "The node failed on this request",
            "status": 500,
            "detail": "an error that was not foreseen; what was acknowledged before is safe",
            "instance": request.url.path,
        }
        return Response(orjson.dumps(told), 500, media_type=MEDIA_TYPE)

    app.add_exception_handler(LedgerError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, other)
    app.add_exception_handler(Exception, unforeseen)

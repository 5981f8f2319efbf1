"""Errors as RFC 9457 problems; the one place that makes them.

`type` is `/problems/<code>` with the error's stable code, described in docs/spec/errors.md.  `detail` is the error's
message.  Where several members are wrong, `errors` lists each with its JSON pointer.
"""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from ledger import errors
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
from ledger.services.node.callers import CallerError
from ledger.services.registration.waiting import BusyError
from ledger.statements.shape import Problem, StatementInvalidError

MEDIA_TYPE = "application/problem+json"


class QueryInvalidError(MalformedError):
    """Parameters of the path or the query are not as required.

    Args:
        problems: Each of them; a pointer is `/query/NAME` or `/path/NAME`.
    """

    default_code = "query-invalid"

    def __init__(self, message: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(message)
        self.problems = problems


_TITLES: tuple[tuple[type[LedgerError], int, str], ...] = (
    (QueryInvalidError, 400, "The request's parameters are not as required"),
    (MalformedError, 400, "The document is not in the format it claims to be"),
    (QuorumError, 422, "Too few have signed"),
    (VerificationError, 422, "The document is well-formed, and does not hold"),
    (NotFoundError, 404, "Nothing is registered under this name"),
    (ConflictError, 409, "The name is taken by another statement"),
    (CallerError, 401, "It is not shown who asks"),
    (RefusedError, 403, "True, and not allowed here"),
    (StoreError, 503, "The node cannot store anything at present"),
    (ChainError, 503, "The chain cannot be asked at present"),
    (RemoteError, 502, "Another node cannot be asked at present"),
    (SetupError, 503, "The node is not usable as configured"),
)
_STATUS = {
    "statement-invalid": 422,
    "body-slow": 408,
    "too-large": 413,
    "stream-too-long": 413,
    "content-type": 415,
    "content-encoding": 415,
    "not-anchored-yet": 409,
    "not-cosigned-yet": 409,
    "evidence-apart": 409,
    "block-not-final": 409,
    "overloaded": 503,
    "fenced": 503,
    "head-moved": 503,
    "too-many-requests": 429,
    "role-not-served": 421,
    "method-not-allowed": 405,
    "internal": 500,
}
_RETRY = {
    "not-anchored-yet": 5,
    "not-cosigned-yet": 5,
    "evidence-apart": 5,
    "block-not-final": 5,
    "overloaded": 1,
    "too-many-requests": 60,
}
_LATER = 5
_FAILED = "The node failed on this request"
_PATH_SHOWN = 200

INTERNAL = StoreError(
    "the node failed in a way that was not foreseen; what was acknowledged before is safe", code="internal"
)
"""What is said of a fault of the node's own; what it was stands in the node's log."""


def status_of(error: LedgerError) -> int:
    """The HTTP status of an error."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    return next((status for kind, status, _ in _TITLES if isinstance(error, kind)), 500)


def status_of_code(kind: str, code: str) -> int | None:
    """The HTTP status of a code that errors of a kind carry, as docs/spec/errors.md names it; None of no error."""
    if code.startswith("caller-"):
        return HTTPStatus.UNAUTHORIZED.value
    found: type[LedgerError] | None = getattr(errors, kind, None)
    if found is None:
        return None
    return _STATUS.get(code) or next(
        (status for above, status, _ in _TITLES if issubclass(found, above)), None
    )


def problem(error: LedgerError, instance: str | None = None) -> dict[str, Any]:
    """The problem document of an error."""
    title = next((title for kind, _, title in _TITLES if isinstance(error, kind)), _FAILED)
    told: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": _FAILED if error is INTERNAL else title,
        "status": status_of(error),
        "detail": str(error),
    }
    if instance is not None:
        told["instance"] = instance
    if error.pointer is not None:
        told["pointer"] = error.pointer
    if error.offset is not None:
        told["offset"] = error.offset
    if isinstance(error, StatementInvalidError | QueryInvalidError):
        told["errors"] = [
            {"pointer": found.pointer, "code": found.code, "detail": found.detail} for found in error.problems
        ]
    return told


def answer(error: LedgerError, instance: str | None = None) -> Response:
    """The HTTP answer of an error."""
    told = problem(error, instance)
    headers = {"cache-control": "no-store"}  # what is refused or missing now may be there in a moment
    if told["status"] == HTTPStatus.SERVICE_UNAVAILABLE or error.code in _RETRY:
        later = error.retry_after if isinstance(error, BusyError) else _RETRY.get(error.code, _LATER)
        headers["retry-after"] = str(later)
    if told["status"] == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Signature"
    return Response(orjson.dumps(told), told["status"], headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have every error of the application answered as a problem, and none with a traceback."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, LedgerError)
        return answer(error, _instance(request))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(_invalid(error), _instance(request))

    async def other(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        found = answer(_unrouted(request, error.status_code), _instance(request))
        found.headers.update(error.headers or {})
        return found

    async def unforeseen(request: Request, _: Exception) -> Response:
        return answer(INTERNAL, _instance(request))

    app.add_exception_handler(LedgerError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, other)
    app.add_exception_handler(Exception, unforeseen)


def _instance(request: Request) -> str:
    """The path that was asked for, as a URI reference, at most `_PATH_SHOWN` characters of it."""
    return quote(request.url.path, safe="/:@!$&'()*+,;=-._~")[:_PATH_SHOWN]


def _invalid(error: RequestValidationError) -> LedgerError:
    """What is wrong with the path or the query, all at once."""
    problems = tuple(
        Problem("/" + "/".join(map(str, found["loc"])), "query-invalid", str(found["msg"]))
        for found in error.errors()
    )
    where = ", ".join(found.pointer for found in problems)
    return QueryInvalidError(f"the request's {where} is not as required", problems)


def _unrouted(request: Request, status: int) -> LedgerError:
    """What the framework refuses itself."""
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(
            "there is no such resource; /openapi.json lists what there is", code="route-unknown"
        )
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return RefusedError(
            f"{request.method} is not for this resource; /openapi.json lists what is",
            code="method-not-allowed",
        )
    return MalformedError(
        f"the request cannot be understood: {HTTPStatus(status).phrase.lower()}", code="request-invalid"
    )

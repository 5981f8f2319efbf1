"""The description of the API, completed: which problems each operation answers with, and what follows from an answer.

What a route says of itself stands beside the route.  What all have in common is added here, from the places that decide
it: who may ask (`access.json`), and the status of each code.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from fastapi import FastAPI

from api.access import EVERYBODY, table
from api.problem_types import codes_of
from api.problems import MEDIA_TYPE

_METHODS: Final = ("get", "post")
_OF_ALL: Final = (400, 404, 405, 421, 429, 500, 503)
_OF_PRIVATE: Final = (401, 403)
_OF_BODIES: Final = (403, 408, 409, 413, 415, 422)
_SAYS: Final = {
    400: ("The request, or the document in it, is not in the required form", "query-invalid"),
    401: ("It is not shown who asks", "caller-unsigned"),
    403: ("Not allowed: to this caller, or by the rules in force here", "access-denied"),
    404: ("There is no such thing here", "not-found"),
    405: ("Another method is required", "method-not-allowed"),
    408: ("The body did not come in time", "body-slow"),
    409: ("Not yet, or the name is taken", "not-anchored-yet"),
    413: ("The body is too large", "too-large"),
    415: ("The body is of another media type, or compressed", "content-type"),
    421: ("Another process of this node serves it", "role-not-served"),
    422: ("Well-formed, and does not hold", "signature-invalid"),
    429: ("Too many requests; Retry-After says when to ask again", "too-many-requests"),
    500: ("The node failed on this request", "internal"),
    503: ("Cannot be answered at present; Retry-After says when to ask again", "store-failed"),
}
_FURTHER: Final = {
    "GET /v1/statements/{digest}/bundle": (409, 422),
    "GET /v1/statements/{digest}/receipt": (409,),
}
_LATER: Final = {
    "Retry-After": {"description": "Seconds", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
}
_CHALLENGE: Final = {
    "WWW-Authenticate": {"description": "How to sign: RFC 9421", "schema": {"type": "string"}}
}
_FOLLOWING: Final = {
    "statement": ("", "its bytes"),
    "status": ("/status", "what became of it"),
    "receipt": ("/receipt", "its receipt"),
    "bundle": ("/bundle", "the evidence"),
}


def describe(app: FastAPI) -> None:
    """Have an application describe itself in full."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        whole = app.openapi_schema is not None
        told = made()
        if not whole:
            _complete(told)
        return told

    app.openapi = openapi  # type: ignore[method-assign]  # how the framework says to extend it


def operations(told: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation."""
    for path, item in told["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method, path, item[method]


def _complete(told: dict[str, Any]) -> None:
    responses = told["components"].setdefault("responses", {})
    for status in _SAYS:
        responses[f"Problem{status}"] = _problem(status)
    for method, path, operation in operations(told):
        operation["summary"] = _summary(operation)
        answers = operation["responses"]
        for general in ("4XX", "422"):
            answers.pop(general, None)
        for status in _statuses(method, path, "requestBody" in operation):
            answers.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})
        if operation["operationId"].startswith("register"):
            for good in ("200", "201"):
                answers[good]["links"] = _links(told)


def _statuses(method: str, path: str, has_body: bool) -> list[int]:  # noqa: FBT001 - a property of the operation
    name = f"{method.upper()} {path}"
    found = {*_OF_ALL, *_FURTHER.get(name, ())}
    if name in _private():
        found.update(_OF_PRIVATE)
    if has_body:
        found.update(_OF_BODIES)
    return sorted(found)


@cache
def _private() -> frozenset[str]:
    """The operations that not everybody may ask for, as their paths are described."""
    return frozenset(
        re.sub(":[a-z]+}", "}", name) for name, row in table().routes.items() if EVERYBODY not in row.may
    )


def _summary(operation: dict[str, Any]) -> str:
    """Its own, or the beginning of the description rather than the name of a function."""
    if operation["operationId"].startswith("register"):
        return str(operation["summary"])
    first, _, _ = re.split(r"[.:;](?:\s|$)", operation["description"], maxsplit=1)[0].partition("\n")
    return first[:120]


def _problem(status: int) -> dict[str, Any]:
    says, code = _SAYS[status]
    shown = {
        "type": f"/problems/{code}",
        "title": says,
        "status": status,
        "detail": "what was found, and required",
    }
    told: dict[str, Any] = {
        "description": says,
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "allOf": [
                        {"$ref": "#/components/schemas/Problem"},
                        {
                            "properties": {
                                "type": {"enum": [f"/problems/{one}" for one in codes_of(status)]},
                                "status": {"const": status},
                            }
                        },
                    ]
                },
                "example": shown,
            }
        },
    }
    if "Retry-After" in says:
        told["headers"] = _LATER
    if status == 401:  # noqa: PLR2004 - the one that asks for a signature
        told["headers"] = _CHALLENGE
    return told


def _links(told: dict[str, Any]) -> dict[str, Any]:
    """What can be asked about a statement, once it is registered."""
    path = "/v1/statements/{digest}"
    return {
        name: {
            "operationId": told["paths"][path + part]["get"]["operationId"],
            "parameters": {"digest": "$response.body#/digest"},
            "description": says,
        }
        for name, (part, says) in _FOLLOWING.items()
    }

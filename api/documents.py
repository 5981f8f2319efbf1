"""Media types, examples and answers that the routes' descriptions share."""

from typing import Any

from ledger.statements.catalogue import TYPES, example

JSON = "application/json"
NDJSON = "application/x-ndjson"
STATEMENT = "application/vc"
BUNDLE = "application/vnd.evidence-ledger.bundle+json"
RECEIPT = "text/plain; charset=utf-8"

_PROBLEM = {
    "type": "/problems/not-found",
    "title": "Nothing is registered under this name",
    "status": 404,
    "detail": "no statement e799fc866ea78f6660feb126c82533e21429fdee23773844d1365e6e4905d56b is registered here",
}
_ENTRY = {
    "digest": "e799fc866ea78f6660feb126c82533e21429fdee23773844d1365e6e4905d56b",
    "index": 41,
    "url": "/v1/statements/e799fc866ea78f6660feb126c82533e21429fdee23773844d1365e6e4905d56b",
    "receipt": "/v1/statements/e799fc866ea78f6660feb126c82533e21429fdee23773844d1365e6e4905d56b/receipt",
    "checkpointSize": 97,
}

PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "Problem (RFC 9457)",
        "content": {"application/problem+json": {"example": _PROBLEM}},
    }
}
REGISTERED: dict[int | str, dict[str, Any]] = {
    201: {"description": "Registered now", "content": {JSON: {"example": _ENTRY}}},
    200: {"description": "Registered before, or a stream of answers", "content": {JSON: {"example": _ENTRY}}},
}


def examples_of(wanted: str | None) -> dict[str, Any]:
    """The request bodies of a registering route: an example for each type it takes."""
    names = list(TYPES) if wanted is None else [wanted]
    shown = {name: {"summary": f"{name}, before it is signed", "value": example(name)} for name in names}
    return {JSON: {"examples": shown}, NDJSON: {"schema": {"type": "string"}}}

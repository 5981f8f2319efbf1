"""Media types, examples and answers that the routes' descriptions share."""

from typing import Any

from pydantic import BaseModel

from api.schemas import DIGEST, TIME, URL, Line, Problem, Registered
from ledger.statements.catalogue import TYPES, example

JSON = "application/json"
NDJSON = "application/x-ndjson"
STATEMENT = "application/vc"
BUNDLE = "application/vnd.evidence-ledger.bundle+json"
FORK = "application/vnd.evidence-ledger.fork+json"
RECEIPT = "text/plain; charset=utf-8"
Answers = dict[int | str, dict[str, Any]]

_REF = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "/problems/not-found",
    "title": "Nothing is registered under this name",
    "status": 404,
    "detail": f"no statement {DIGEST} is registered here",
    "instance": URL,
}
_ENTRY = {"digest": DIGEST, "index": 41, "url": URL, "receipt": f"{URL}/receipt", "checkpointSize": 97}
_LINE = {"line": 1, "status": 201, **{name: _ENTRY[name] for name in ("digest", "index", "url", "receipt")}}
STANDING = {
    "digest": DIGEST,
    "index": 41,
    "type": "TransferRecord",
    "issuer": "did:web:exporter.example.xa",
    "url": URL,
    "state": "anchored",
    "created": TIME,
    "reference": "ORDER-2026-0041",
    "anchored": {"chain": "eip155:31001", "size": 97, "block": 7, "blockTime": TIME},
}

CERTIFICATE = {
    **{name: value for name, value in STANDING.items() if name != "reference"},
    "type": "ConformityCertificate",
    "issuer": "did:web:body.example.xa",
    "number": "CB-2026-0007",
    "holder": "did:web:exporter.example.xa",
    "validFrom": TIME,
    "validUntil": "2028-11-21T00:00:00Z",
    "status": "valid",
}
CHANGE = {
    "digest": DIGEST,
    "type": "ConformityCertificate",
    "issuer": "did:web:body.example.xa",
    "index": 41_223,
    "status": "suspended",
}


def _problems(description: str) -> dict[str, Any]:
    """What is said of problems: their schema, and an example."""
    return {
        "description": description,
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": _PROBLEM,
            }
        },
    }


PROBLEMS: Answers = {  # `api.described` says which
    "4XX": {**_problems("The request is refused (RFC 9457)"), "model": Problem},
}


def answer(model: type[BaseModel], shown: dict[str, Any], description: str = "As asked") -> Answers:
    """The answers of a route: JSON of this shape, such as `shown`, or a problem."""
    return {
        200: {"model": model, "description": description, "content": {JSON: {"example": shown}}},
        **PROBLEMS,
    }


def document(media_type: str, shown: object, description: str) -> Answers:
    """The answers of a route that hands out a document as it is stored; `shown` is as long as the page has room."""
    kind = "object" if isinstance(shown, dict) else "string"
    return {
        200: {
            "description": description,
            "content": {media_type: {"schema": {"type": kind}, "example": shown}},
        },
        **PROBLEMS,
    }


REGISTERED: Answers = {
    201: {"model": Registered, "description": "Registered now", "content": {JSON: {"example": _ENTRY}}},
    200: {
        "model": Registered,
        "description": "Registered before; or, to a stream, one line for each of its lines",
        "content": {
            JSON: {"example": _ENTRY},
            NDJSON: {"schema": Line.model_json_schema(ref_template=_REF), "example": _LINE},
        },
    },
    **PROBLEMS,
}


def examples_of(wanted: str | None) -> dict[str, Any]:
    """The request bodies of a registering route: an example for each type it takes."""
    names = list(TYPES) if wanted is None else [wanted]
    shown = {name: {"summary": f"{name}, before it is signed", "value": example(name)} for name in names}
    one: dict[str, Any] = {"schema": {"type": "object"}, "examples": shown}
    lines = {
        "schema": {"type": "string", "description": "one canonical signed statement a line"},
        "example": '{"@context":…}\n{"@context":…}\n',
    }
    return {JSON: one, STATEMENT: one, NDJSON: lines}

"""Requests made of one that a generator thought of, each changed in one place; and asking them all at once.

To think of a request takes a generator ten times what the application takes to answer one.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

import requests
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from starlette.types import ASGIApp, Message

LONG: Final = "x" * 300
TEXTS: Final = (
    *("", "0", "-1", "1", "9007199254740993", str(2**63), "1e3", "true", "null", " ", "..", "%00", "%", "'"),
    *("\x00", "é", "\u202e", "法律", "0" * 64, "f" * 64, "F" * 64, "a" * 63, "did:web:x.example.xa", LONG),
    *("2026-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "XA", "QQ", "[]", "{}", "*", "<b>", "=1+1", "a,b"),
)
HEADERS: Final = (
    *(
        ("accept", value)
        for value in ("application/json", "text/html", "*/*", "image/png", ";;", "a/b;q=x", "")
    ),
    *(
        ("content-type", value)
        for value in ("application/json", "application/x-ndjson", "text/plain", ";", "a/b")
    ),
    *(("if-none-match", value) for value in ("*", '"x"', "W/", '"' + LONG)),
    *(("range", value) for value in ("bytes=0-1", "bytes=9-1", "lines=1")),
    *(("accept-language", value) for value in ("zh", "q=1", "*", LONG)),
    *(("idempotency-key", value) for value in ("", "k", LONG)),
    *(("signature-input", value) for value in ("sig=()", "x", 'sig=("@method");created=1')),
    ("accept-encoding", "identity;q=0"),
    ("authorization", "Bearer x"),
    ("content-digest", "sha-256=::"),
    ("expect", "100-continue"),
    ("x-forwarded-for", "10.0.0.1"),
)
VALUES: Final[tuple[object, ...]] = (
    *(None, True, 0, -1, 2**53, 1.5, "", "x", LONG, [], {}, ["x"] * 50, {"a": {"b": [1]}}, "\ud800"),
    *("did:web:x.example.xa", "0" * 64, "2026-01-01T00:00:00Z"),
)


@dataclass(frozen=True)
class Request:
    """A request as an application gets it; the path without its query."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def changed(case: Case, sent: requests.PreparedRequest, bodies: Sequence[bytes], rng: Random) -> Request:
    """The request that was sent for a case, with one thing changed."""
    _, _, query = (sent.url or "").partition("?")
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    told = tuple((name.lower(), value) for name, value in sent.headers.items())
    found = Request(sent.method or "GET", sent.path_url.partition("?")[0], query, told, bytes(body))
    ways: list[Callable[[Request, Random], Request]] = [_other_header, _other_query]
    if case.path_parameters:
        ways += [lambda one, rng: replace(one, path=_other_path(case, rng))] * 3
    if case.method in {"POST", "PUT"}:
        ways += [_other_bytes, _other_member, _other_member, _other_member]
        ways.append(lambda one, rng: replace(one, body=rng.choice(bodies)))
    return rng.choice(ways)(found, rng)


def _other_path(case: Case, rng: Random) -> str:
    values = {name: str(value) for name, value in case.path_parameters.items()}
    name = rng.choice(sorted(values))
    value = values[name]
    at = rng.randrange(len(value) + 1)
    values[name] = rng.choice([*TEXTS, value.upper(), value[:at], value[:at] + "0" + value[at + 1 :]]) or "-"
    path: str = case.path
    for name, value in values.items():
        # What holds a slash, or is a step up, would be another path.
        path = path.replace(f"{{{name}}}", quote(value.replace("/", "_").replace("..", "__"), safe=""))
    return path


def _other_query(one: Request, rng: Random) -> Request:
    pairs = parse_qsl(one.query, keep_blank_values=True)
    way = rng.randrange(4)
    if not pairs or way == 0:
        pairs.append((rng.choice(["limit", "after", "since", "until", "type", "at", "x"]), rng.choice(TEXTS)))
    else:
        at = rng.randrange(len(pairs))
        name, value = pairs[at]
        if way == 1:
            del pairs[at]
        elif way == 2:
            pairs.append((name, value))
        else:
            pairs[at] = name, rng.choice(TEXTS)
    return replace(one, query=urlencode(pairs))


def _other_header(one: Request, rng: Random) -> Request:
    name, value = rng.choice(HEADERS)
    return replace(one, headers=(*(pair for pair in one.headers if pair[0] != name), (name, value)))


def _other_bytes(one: Request, rng: Random) -> Request:
    body = one.body
    at = rng.randrange(len(body) + 1)
    changes = [
        body[:at],
        body[at:],
        body[:at] + rng.randbytes(1) + body[at + 1 :],
        body[:at] + rng.randbytes(1) + body[at:],
        body + b"\n" + body,
        b"[" * 2_000,
        b"\xef\xbb\xbf" + body,
    ]
    return replace(one, body=rng.choice(changes))


def _other_member(one: Request, rng: Random) -> Request:
    """Somewhere in a JSON body another value; what is not JSON is changed as bytes are."""
    try:
        value = json.loads(one.body)
    except ValueError:
        return _other_bytes(one, rng)
    places: list[tuple[Any, Any]] = []

    def walk(around: Any) -> None:
        for name in list(around) if isinstance(around, dict) else range(len(around)):
            places.append((around, name))
            if isinstance(around[name], dict | list):
                walk(around[name])

    if isinstance(value, dict | list):
        walk(value)
    if not places:
        return replace(one, body=json.dumps(rng.choice(VALUES)).encode())
    around, name = rng.choice(places)
    if rng.random() < 0.2:
        del around[name]
    else:
        around[name] = rng.choice(VALUES)
    return replace(one, body=json.dumps(value, separators=(",", ":"), sort_keys=True).encode())


async def ask_all(
    app: ASGIApp, asked: Sequence[Request], like: requests.PreparedRequest
) -> list[tuple[Request, Response]]:
    """Ask them at once; each with its answer, in order.

    Args:
        like: What a check looks at that wants to know the request.
    """
    answers = await asyncio.gather(*(_ask(app, one, like) for one in asked))
    return list(zip(asked, answers, strict=True))


async def _ask(app: ASGIApp, one: Request, like: requests.PreparedRequest) -> Response:
    headers = [(name, value) for name, value in one.headers if name not in {"host", "content-length"}]
    headers += [("host", "127.0.0.1"), *([("content-length", str(len(one.body)))] if one.body else [])]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": one.method,
        "path": requests.utils.unquote(one.path),
        "raw_path": one.path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": one.query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers],
        "client": ["testclient", 50_000],
        "server": ["127.0.0.1", 80],
        "state": {},
    }
    pending: list[Message] = [{"type": "http.request", "body": one.body}]
    ended = asyncio.Event()
    head: dict[str, Any] = {}
    content = bytearray()

    async def receive() -> Message:
        if pending:
            return pending.pop()
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            head.update(message)
        elif message["type"] == "http.response.body":
            content.extend(message.get("body", b""))
            if not message.get("more_body"):
                ended.set()

    await app(scope, receive, send)
    ended.set()
    told: dict[str, list[str]] = {}
    for name, value in head["headers"]:
        told.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return Response(
        status_code=head["status"],
        headers=told,
        content=b"" if one.method == "HEAD" else bytes(content),
        request=like,
        elapsed=0.0,
        verify=False,
    )

"""Registering many statements with a node: batches of newline-delimited JSON, one answer for each, in order.

A batch is sent whole and then answered whole, so memory holds one batch however long the input is.  A batch whose
connection breaks is sent again from the first statement without an answer; a node gives a statement it already has
its first place again, so sending twice does no harm.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import orjson

from ledger.core.canonical import STATEMENT_LIMIT
from ledger.errors import RemoteError
from ledger.remote.exchange import Exchange, RemoteRefusedError, invalid, problem_of

NDJSON: Final = "application/x-ndjson"
BATCH: Final = 1_000
"""Most statements in one request."""
BATCH_BYTES: Final = 4 * 1024 * 1024
ANSWER_LIMIT: Final = 16 * 1024
"""Most bytes of one answer line."""
ATTEMPTS: Final = 5
"""Tries of one batch, each after a longer wait; every answer received starts the count again."""

_DIGEST_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Registered:
    """A statement that stands in the node's log.

    Attributes:
        digest: 64 hex digits; what was sent has it.
        index: Its place in the log.
        new: False where it stood there before.
        size: Of the checkpoint that covers it; None in a stream.
    """

    digest: str
    index: int
    new: bool
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A statement that the node did not take; the others of the stream are unaffected."""

    digest: str
    error: RemoteRefusedError


@dataclass(frozen=True, slots=True)
class Skipped:
    """A statement that was not sent, since the caller knows that it is registered."""

    digest: str


Outcome = Registered | Refused | Skipped


def register_all(
    exchange: Exchange,
    statements: Iterable[bytes],
    *,
    known: Callable[[str], bool],
    wait: Callable[[float], None],
    batch: int = BATCH,
) -> Iterator[Outcome]:
    """One outcome for each statement, in order; see `NodeClient.register_all`."""
    waiting: list[tuple[bytes, str]] = []
    size = 0
    for data in statements:
        digest = sha256(data).hexdigest()
        if known(digest):
            # Order is kept: what was read before is answered before.
            yield from _register_batch(exchange, waiting, wait)
            waiting, size = [], 0
            yield Skipped(digest)
            continue
        if waiting and (len(waiting) == batch or size + len(data) > BATCH_BYTES):
            yield from _register_batch(exchange, waiting, wait)
            waiting, size = [], 0
        waiting.append((data, digest))
        size += len(data) + 1
    yield from _register_batch(exchange, waiting, wait)


def registered_of(value: object, digest: str, status: int, url: str) -> Registered:
    """The answer to one registration, held against what was sent.

    Raises:
        RemoteError: `remote-answer-invalid`: not such an answer, or about another statement.
    """
    members: dict[str, Any] = value if isinstance(value, dict) else {}
    index, size = members.get("index"), members.get("checkpointSize")
    if members.get("digest") != digest:
        raise invalid(url, f"another digest than that of the statement sent, {digest}")
    if type(index) is not int or index < 0:
        raise invalid(url, "no index in the log")
    if size is not None and (type(size) is not int or size <= index):
        raise invalid(url, "a checkpoint that does not cover the statement")
    return Registered(digest, index, status == 201, size)  # noqa: PLR2004


def _register_batch(
    exchange: Exchange, batch: list[tuple[bytes, str]], wait: Callable[[float], None]
) -> Iterator[Outcome]:
    attempt = 0
    while batch:
        try:
            outcomes = _ask(exchange, batch)
        except RemoteError as error:
            attempt += 1
            pause = _pause(error, attempt)
            if attempt == ATTEMPTS or pause is None:
                raise
            wait(pause)
            continue
        attempt = 0
        yield from outcomes
        batch = batch[len(outcomes) :]


def _pause(error: RemoteError, attempt: int) -> float | None:
    """Seconds before the batch is tried again; None where that would not help."""
    if isinstance(error, RemoteRefusedError):
        busy = error.status in {429, 503}
        return float(min(error.retry_after or attempt, 60)) if busy else None
    return 0.25 * 2.0**attempt if error.code == "remote-unreachable" else None


def _ask(exchange: Exchange, batch: list[tuple[bytes, str]]) -> list[Outcome]:
    """The outcomes of a batch; of its beginning, at least one, where the node stopped early."""
    body = b"".join(_line(data) for data, _ in batch)
    limit = ANSWER_LIMIT * len(batch)
    answer = exchange.ask("POST", "/v1/statements", body=body, content_type=NDJSON, limit=limit)
    lines = answer.body.split(b"\n")
    if lines.pop() or not lines or len(lines) > len(batch):
        raise invalid(exchange.url, f"{len(lines)} whole lines to {len(batch)} statements")
    return [
        _outcome(line, number, digest, exchange.url)
        for number, (line, (_, digest)) in enumerate(zip(lines, batch, strict=False), 1)
    ]


def _line(data: bytes) -> bytes:
    # Canonical JSON has no line feed; anything else goes out as an empty document, to be refused in its place.
    return (data if b"\n" not in data and len(data) <= STATEMENT_LIMIT else b"") + b"\n"


def _outcome(line: bytes, number: int, digest: str, url: str) -> Outcome:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise invalid(url, f"a line {number} that is not JSON") from None
    if not isinstance(value, dict) or value.get("line") != number or type(value.get("status")) is not int:
        raise invalid(url, f"a line {number} without its number and status")
    status: int = value["status"]
    if status in {200, 201}:
        return registered_of(value, digest, status, url)
    return Refused(digest, problem_of(value.get("problem"), status))

"""A partner's node as a relay reads it, and as one asks what its chain holds of the own log.

Every answer is a stranger's word; whoever uses it holds it against the trust list.
"""

from collections.abc import Iterator
from time import monotonic
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import httpx2
import orjson

from ledger.core.canonical import BUNDLE_LIMIT, NOTE_LIMIT, Json
from ledger.core.members import from_hex
from ledger.core.merkle import HASH_SIZE
from ledger.core.times import parse_time
from ledger.errors import MalformedError, RemoteError
from ledger.remote.exchange import UNSIGNED, Calling, Exchange, RemoteRefusedError, invalid

PAGE: Final = 500
MOST: Final = 100_000
"""Anchors read of one node."""
PATIENCE: Final = 20.0
"""Seconds for one answer."""
READING: Final = 60.0
"""Seconds for all that is asked of a node in one reading: who is slow keeps no other waiting."""
_LIMIT: Final = 4 * 1024 * 1024
_NOT_FOUND: Final = 404


class Listed(NamedTuple):
    """An anchor that somebody lists: size and block time, by his word."""

    size: int
    block_time: int


class RelayClient:
    """Calls to one node; a context manager, and a `Feed`.

    Args:
        url: Where it is.
        transport: Another way than the network, for tests.
        calling: In whose name.

    Raises:
        RemoteError: Every call: the node cannot be reached, or answers nonsense.
    """

    def __init__(
        self, url: str, *, transport: httpx2.BaseTransport | None = None, calling: Calling = UNSIGNED
    ) -> None:
        self._exchange = Exchange(url, transport=transport, patience=PATIENCE, calling=calling)
        self.url = self._exchange.url
        self._ends = float("inf")

    def begin(self) -> None:
        """Begin a reading: all that is asked from here on has `READING` seconds together."""
        self._ends = monotonic() + READING

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._exchange.close()

    def latest(self) -> bytes:
        """The log's latest signed checkpoint; begins a reading."""
        self.begin()
        return self._exchange.ask("GET", "/log/checkpoint", limit=NOTE_LIMIT).body

    def anchored(self, chain: str) -> Iterator[Listed]:
        """Anchors on a chain, in the order in which they were recorded."""
        after = -1
        for _ in range(MOST // PAGE):
            query = {"limit": str(PAGE)} if after < 0 else {"limit": str(PAGE), "after": str(after)}
            page = self._object("/v1/anchors", query)
            items = page.get("items")
            if not isinstance(items, list):
                raise invalid(self.url, "a page without items")
            for item in items:
                yield from self._listed(item, chain)
            following = page.get("next")
            if following is None:
                return
            if type(following) is not int or following <= after:
                raise invalid(self.url, "a page that leads back")
            after = following

    def _listed(self, item: Any, chain: str) -> Iterator[Listed]:
        members = item if isinstance(item, dict) else {}
        size, when = members.get("size"), members.get("blockTime")
        if type(size) is not int or not isinstance(when, str):
            raise invalid(self.url, "an anchor without size or time")
        if members.get("chain") == chain:
            try:
                yield Listed(size, parse_time(when))
            except MalformedError:
                raise invalid(self.url, "an anchor whose time is none") from None

    def carried(self, size: int, chain: str) -> Json:
        """A checkpoint and its anchor on a chain."""
        told = self._object(f"/v1/anchors/{size}", {"chain": chain})
        if not {"anchor", "checkpoint"} <= told.keys():
            raise invalid(self.url, "an anchor without checkpoint")
        return {"anchor": told["anchor"], "checkpoint": told["checkpoint"]}

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The path from a smaller to a larger size."""
        path = self._object("/v1/log/consistency", {"old": str(old), "new": str(new)}).get("path")
        found = from_hex(path) if isinstance(path, list) else None
        if found is None or not {*map(len, found)} <= {HASH_SIZE}:
            raise invalid(self.url, "a path that is none")
        return tuple(found)

    def foreign_evidence(self, log_id: bytes, size: int) -> list[dict[str, Any]]:
        """What the node's own chain holds of a log at exactly a size; nothing where it has none."""
        try:
            told = self._object(f"/v1/foreign/0x{log_id.hex()}/evidence", {"size": str(size)})
        except RemoteRefusedError as error:
            if error.status == _NOT_FOUND:
                return []
            raise
        items = told.get("items")
        if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
            raise invalid(self.url, "foreign evidence without items")
        return [one for one in items if one.get("size") == size]

    def foreign_sizes(self, log_id: bytes) -> dict[int, dict[str, str]]:
        """The sizes of a log that the node says its own chain holds; of each source, the kind of finality."""
        found: dict[int, dict[str, str]] = {}
        after = 0
        self.begin()
        try:
            for _ in range(MOST // PAGE):
                query = {"after": str(after), "limit": str(PAGE)}
                page = self._object(f"/v1/foreign/0x{log_id.hex()}/checkpoints", query)
                items = page.get("items")
                if not isinstance(items, list):
                    raise invalid(self.url, "a page without items")
                for one in items:
                    if isinstance(one, dict) and type(one.get("size")) is int:
                        source, kind = str(one.get("source")), str(one.get("finality"))
                        found.setdefault(one["size"], {})[source] = kind
                following = page.get("next")
                if following is None:
                    break
                if type(following) is not int or following <= after:
                    raise invalid(self.url, "a page that leads back")
                after = following
        except RemoteRefusedError as error:
            if error.status != _NOT_FOUND:
                raise
        return found

    def _object(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        if monotonic() > self._ends:
            raise RemoteError(
                f"node {self.url} took more than {READING:g} seconds for what was asked of it; the rest is asked later",
                code="remote-slow",
            )
        body = self._exchange.ask("GET", path, limit=min(_LIMIT, BUNDLE_LIMIT), query=query).body
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise invalid(self.url, "something that is not JSON") from None
        if not isinstance(value, dict):
            raise invalid(self.url, "JSON that is not an object")
        return value

"""A log as its readers see it over HTTP: checkpoint, tiles, bundles of entries; and statements by their place.

Every answer is a stranger's bytes, of the length that was asked for and no more; whether they are of the log, only a
root under a signature says.

Source: C2SP tlog-tiles; docs/spec/log.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx2
import orjson

from ledger.core.canonical import NOTE_LIMIT, STATEMENT_LIMIT
from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint
from ledger.core.merkle import HASH_SIZE
from ledger.core.tile_paths import CHECKPOINT, WIDTH, bundle_path, number_path, parse_bundle, tile_path
from ledger.errors import LedgerError, MalformedError, RemoteError
from ledger.remote.exchange import UNSIGNED, Calling, Exchange, RemoteRefusedError, invalid, plain

PATIENCE: Final = 30.0
"""Seconds for one answer."""
MOST_STATEMENTS: Final = 256
"""Statements asked for at a time."""
STATEMENTS_BYTES: Final = 8 * 1024 * 1024
"""Bytes of statements that an answer has about at most, one more statement aside."""
PAGE: Final = 500
_PAGE_BYTES: Final = 4 * 1024 * 1024
_MOST_PAGES: Final = 100_000
_ENTRY: Final = 32
_PREFIX: Final = "/log"
_DIGITS: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Listed:
    """A statement that a node lists under its issuer: place, digest in hex, and the issuer's id of it."""

    index: int
    digest: str
    id: str


class LogReader:
    """Reads one log; a context manager.

    Args:
        url: Address of a node, whose log is under `/log`; or a log's own prefix, any address with a path.
        transport: Another way than the network, for tests.
        patience: Seconds that a whole answer may take.
        calling: In whose name.

    Attributes:
        url: The log's prefix.
        node: Where the node is that serves it.

    Raises:
        RemoteError: Every call: `remote-unreachable`, `remote-slow`, `remote-answer-invalid`, or `RemoteRefusedError`.
    """

    def __init__(
        self,
        url: str,
        *,
        transport: httpx2.BaseTransport | None = None,
        patience: float = PATIENCE,
        calling: Calling = UNSIGNED,
    ) -> None:
        base, self._prefix = _parts(url)
        self._exchange = Exchange(base, transport=transport, patience=patience, calling=calling)
        self.node = self._exchange.url
        self.url = self.node + self._prefix

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._exchange.close()

    def checkpoint(self) -> SignedCheckpoint:
        """The newest checkpoint; parsed, no signature verified."""
        return self._checkpoint(f"{self._prefix}/{CHECKPOINT}")

    def checkpoint_of(self, size: int) -> SignedCheckpoint:
        """The checkpoint of exactly this size, as nodes keep them; parsed, no signature verified."""
        return self._checkpoint(f"/v1/checkpoints/{size}")

    def succession(self) -> bytes | None:
        """The notice that the log begins with, as its node shows it; None where there is none, or it says nothing."""
        try:
            return self._get("/v1/log/succession", STATEMENT_LIMIT)
        except RemoteRefusedError:
            return None

    def tile(self, level: int, number: int, width: int = WIDTH) -> bytes:
        """`width` hashes of a tile, 32 bytes each."""
        data = self._get(f"{self._prefix}/{tile_path(level, number, width)}", width * HASH_SIZE)
        if len(data) != width * HASH_SIZE:
            raise invalid(self.url, f"a tile of {len(data)} bytes; {width} hashes have {width * HASH_SIZE}")
        return data

    def entries(self, number: int, width: int = WIDTH) -> list[bytes]:
        """`width` entries of a bundle, 32 bytes each."""
        data = self._get(f"{self._prefix}/{bundle_path(number, width)}", width * (_ENTRY + 2))
        try:
            found = parse_bundle(data, width)
        except MalformedError as error:
            raise invalid(self.url, f"entries that are none: {error}") from None
        if any(len(entry) != _ENTRY for entry in found):
            raise invalid(self.url, f"an entry that does not have {_ENTRY} bytes")
        return found

    def statements(self, first: int, count: int = MOST_STATEMENTS) -> list[bytes]:
        """Statements from a place in the log on, in order: one at least, `count` at most.

        What each must be, the entry at its place says.
        """
        count = min(count, MOST_STATEMENTS)
        data = self._get(
            f"/v1/log/statements/{first}", STATEMENTS_BYTES + STATEMENT_LIMIT, {"count": str(count)}
        )
        lines = data.split(b"\n")
        if lines.pop() or not lines or len(lines) > count:
            raise invalid(self.url, f"{len(lines)} whole lines; 1 to {count} statements were asked for")
        if any(len(line) > STATEMENT_LIMIT for line in lines):
            raise invalid(self.url, f"a statement of more than {STATEMENT_LIMIT} bytes")
        return lines

    def kept_statements(self, number: int) -> list[bytes]:
        """The statements of a file of a mirror, `WIDTH` or fewer, as docs/monitoring.md has them."""
        path = f"{self._prefix}/statements/{number_path(number)}.ndjson"
        *lines, rest = self._get(path, WIDTH * (STATEMENT_LIMIT + 1)).split(b"\n")
        if rest or len(lines) > WIDTH:
            raise invalid(self.url, f"{len(lines)} whole lines; a file has {WIDTH} at most")
        return lines

    def issued(self, issuer: str) -> Iterator[Listed]:
        """The statements that the node lists under an issuer, page after page.

        That the digest is the entry at the place, the entries say.
        """
        after = ""
        for _ in range(_MOST_PAGES):
            query = {"issuer": issuer, "after": after, "limit": str(PAGE)}
            page = self._object(self._get("/v1/log/statements", _PAGE_BYTES, query))
            items = page.get("items")
            if not isinstance(items, list) or len(items) > PAGE:
                raise invalid(self.url, "a page without items, or with too many")
            for one in items:
                yield self._listed(one)
            following = page.get("next")
            if following is None:
                return
            if not isinstance(following, str) or following == after or not items:
                raise invalid(self.url, "a page that leads back")
            after = following
        raise invalid(self.url, "pages without end")

    def _listed(self, item: Any) -> Listed:
        members = item if isinstance(item, dict) else {}
        index, digest, name = members.get("index"), members.get("digest"), members.get("id")
        if type(index) is not int or index < 0 or not isinstance(digest, str) or not isinstance(name, str):
            raise invalid(self.url, "a statement without place, digest or id")
        if len(digest) != 2 * _ENTRY or set(digest) - _DIGITS:
            raise invalid(self.url, "a statement whose digest is none")
        return Listed(index, digest, plain(name))

    def _object(self, body: bytes) -> dict[str, Any]:
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise invalid(self.url, "something that is not JSON") from None
        if not isinstance(value, dict):
            raise invalid(self.url, "JSON that is not an object")
        return value

    def _checkpoint(self, path: str) -> SignedCheckpoint:
        data = self._get(path, NOTE_LIMIT)
        try:
            return parse_checkpoint(data)
        except LedgerError as error:
            raise invalid(self.url, f"a checkpoint that is none: {error}") from None

    def _get(self, path: str, limit: int, query: dict[str, str] | None = None) -> bytes:
        private = path.startswith("/v1/log/statements")
        return self._exchange.ask("GET", path, limit=limit, query=query, private=private).body


def _parts(url: str) -> tuple[str, str]:
    """The address of the node, and the log's prefix under it.

    `/log` and what follows is the prefix; before it the node's own.  Of an address without `/log` the whole path is
    the prefix, unless there is none.
    """
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:
        raise RemoteError(
            "the address of a log is written http://HOST:PORT or https://HOST/…", code="remote-url"
        ) from None
    bare = url.rstrip("/")
    if not path:
        return bare, _PREFIX
    _, found, after = path.rpartition(_PREFIX)
    if found and (not after or after.startswith("/")):
        prefix = found + after
        return bare[: len(bare) - len(prefix)], prefix
    return bare[: len(bare) - len(path)], path

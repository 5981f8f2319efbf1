"""A node of another process or country, as its clients see it: typed calls over its HTTP API.

Nothing it answers is trusted for being answered: statements are held against the digest asked for, receipts against
the entry they are about.  Whether a receipt's checkpoint is the log's, and a bundle true, only a verifier with a
trust list says.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx2
import orjson

from ledger.core.attestation import ANSWER_LIMIT, Attestation, parse_attestation
from ledger.core.canonical import BUNDLE_LIMIT, NOTE_LIMIT, STATEMENT_LIMIT
from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint
from ledger.core.merkle import leaf_hash, verify_inclusion
from ledger.core.receipt import Receipt, parse_receipt
from ledger.errors import LedgerError, RemoteError
from ledger.remote import registration
from ledger.remote.concerning import Concerning, concerning_of
from ledger.remote.exchange import UNSIGNED, Calling, Exchange, RemoteRefusedError, invalid
from ledger.remote.registration import Outcome, Refused, Registered, Skipped

__all__ = ["Concerning", "NodeClient", "Outcome", "Refused", "Registered", "RemoteRefusedError", "Skipped"]

JSON: Final = "application/json"
BUNDLE: Final = "application/vnd.evidence-ledger.bundle+json"
RECEIPT_LIMIT: Final = 2 * NOTE_LIMIT
DOCUMENT_LIMIT: Final = 4 * 1024 * 1024
_NOT_FOUND: Final = 404
PAGE: Final = 500
"""Items asked for at a time."""
MEASURES: Final = 100
"""Measures asked for at a time."""

_PRIVATE: Final = (
    *("/v1/statements/", "/v1/lineage/", "/v1/transfers", "/v1/acknowledgements", "/v1/certificates"),
    *("/v1/recognition", "/v1/concerning", "/v1/log/statements", "/v1/status-lists/"),
)
"""What nodes answer to those alone who sign; see docs/spec/request-signatures.md."""

Item = dict[str, Any]


class NodeClient:
    """Calls to one node; a context manager.

    Args:
        url: Where it is, e.g. http://127.0.0.1:8151.
        transport: Another way than the network, for tests.
        wait: Waits some seconds before something is tried again.
        patience: Seconds that a whole answer may take; None: as long as it does not fall silent.
        calling: In whose name.

    Raises:
        RemoteError: `remote-url`: not an address; every call: `remote-unreachable`, `remote-answer-invalid`, or
            `RemoteRefusedError` (`remote-refused`) with the node's own code and pointer.
    """

    def __init__(
        self,
        url: str,
        *,
        transport: httpx2.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
        patience: float | None = None,
        calling: Calling = UNSIGNED,
    ) -> None:
        self._exchange = Exchange(url, transport=transport, patience=patience, calling=calling)
        self._wait = wait
        self.url = self._exchange.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._exchange.close()

    def register(self, statement: bytes) -> Registered:
        """Register one signed statement; the same one again gives its first place."""
        digest = sha256(statement).hexdigest()
        answer = self._exchange.ask(
            "POST", "/v1/statements", body=statement, content_type=JSON, limit=registration.ANSWER_LIMIT
        )
        return registration.registered_of(self._json(answer.body), digest, answer.status, self.url)

    def register_all(
        self,
        statements: Iterable[bytes],
        *,
        known: Callable[[str], bool] = lambda _: False,
        batch: int = registration.BATCH,
    ) -> Iterator[Outcome]:
        """Register many statements; one outcome for each, in order, while the input is still being read.

        A statement that is refused does not stop the rest.  To resume a run that broke off, give a `known` that
        tells the digests answered before; those are skipped, or leave it out: the node then answers each again.

        Args:
            statements: Canonical bytes; read one batch ahead.
            known: Whether the statement of this digest need not be sent.
            batch: Most statements in one request.

        Raises:
            RemoteError: The node stayed out of reach after several tries, or answered nonsense.  Every outcome yielded
                before holds.
        """
        return registration.register_all(
            self._exchange, statements, known=known, wait=self._wait, batch=batch
        )

    def statement(self, digest: str) -> bytes:
        """The canonical bytes of a registered statement; they have this digest."""
        data = self._get(_of(digest), limit=STATEMENT_LIMIT)
        if sha256(data).hexdigest() != digest:
            raise invalid(self.url, f"bytes that do not have the digest asked for, {digest}")
        return data

    def receipt(self, digest: str) -> bytes:
        """The receipt of a registered statement (`.tlog-proof`); its path leads from this entry to its root."""
        data = self._get(_of(digest, "/receipt"), limit=RECEIPT_LIMIT)
        try:
            receipt = parse_receipt(data)
            _require_inclusion(receipt, bytes.fromhex(digest))
        except LedgerError as error:
            raise invalid(self.url, f"a receipt that does not hold: {error}") from None
        return data

    def bundle(
        self,
        digest: str,
        *,
        allow_unanchored: bool = False,
        at: str | None = None,
        also: Sequence[str] = (),
        sections: int | None = None,
        partners: bool = False,
    ) -> bytes:
        """The evidence bundle about a statement; what it shows, `verify_bundle` says.

        Args:
            digest: Of the statement.
            allow_unanchored: Before its anchor too.
            at: The moment asked about, `YYYY-MM-DDThh:mm:ssZ`: status lists that cover it are carried.
            also: Digests of further statements of the node's log to carry; at most 256.
            sections: Most sections, so that parts of other logs have room beside it; None: as many as the node gives.
            partners: With what the node pulled from its partners; of statements of theirs too.

        Raises:
            RemoteRefusedError: With problem `not-anchored-yet`, and when to ask again, before its anchor.
        """
        query: dict[str, str | Sequence[str]] = {"allowUnanchored": "true"} if allow_unanchored else {}
        if at is not None:
            query["at"] = at
        if also:
            query["also"] = [_checked(one) for one in also]
        if sections is not None:
            query["sections"] = str(sections)
        if partners:
            query["partners"] = "true"
        return self._get(_of(digest, "/bundle"), limit=BUNDLE_LIMIT, query=query)

    def status(self, digest: str) -> Item:
        """What became of a statement so far: registered, anchored, acknowledged."""
        return self._object(_of(digest, "/status"))

    def lineage(self, digest: str, *, depth: int, count: int) -> Item:
        """What a statement rests on and what in the node's log rests on it, as the node tells it.

        Args:
            digest: Of the statement, which may itself stand in another log.
            depth: Most steps from it.
            count: Most statements.
        """
        return self._object(f"/v1/lineage/{_checked(digest)}", {"depth": str(depth), "count": str(count)})

    def transfers(
        self, *, state: str | None = None, reference: str | None = None, since: str | None = None
    ) -> Iterator[Item]:
        """Transfer records in the order of the log, page after page.

        Args:
            state: `registered`, `anchored` or `acknowledged`.
            reference: The parties' own reference.
            since: A time, `YYYY-MM-DDThh:mm:ssZ`.
        """
        query = {"state": state, "reference": reference, "since": since}
        return self._pages("/v1/transfers", {name: text for name, text in query.items() if text is not None})

    def acknowledgements(self, record: str) -> list[Item]:
        """The acknowledgements, in this node's log, of the transfer record with this digest."""
        return self._items(self._object("/v1/acknowledgements", {"record": _checked(record)}))

    def certificates(self, number: str, *, body: str | None = None) -> Item:
        """The certificates of this number, as the node lists them.

        Args:
            number: As its certification body numbers it.
            body: DID of that body, where several use the number.
        """
        query = {} if body is None else {"body": body}
        return self._object(f"/v1/certificates/{quote(number, safe='')}", query)

    def status_list(self, issuer: str, name: str, *, at: str | None = None) -> bytes | None:
        """The newest edition of a status list, or the one that covers a time; None where the node has none.

        Args:
            issuer: DID of whose statements it speaks of.
            name: Id of the list.
            at: A time, `YYYY-MM-DDThh:mm:ssZ`.
        """
        query = {"issuer": issuer, "id": name, **({} if at is None else {"at": at})}
        try:
            return self._get("/v1/status-lists", limit=STATEMENT_LIMIT, query=query)
        except RemoteRefusedError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def measures(self, wanted: Mapping[str, str | None]) -> Iterator[Item]:
        """The measures of the node's log, page after page.

        Args:
            wanted: What is asked for: `at`, `jurisdiction`, `direction`, `kind`, `number`, `state`; None: any.
        """
        query = {name: text for name, text in wanted.items() if text is not None}
        return self._pages("/v1/measures", query, MEASURES)

    def measure(self, digest: str, *, at: str | None = None) -> Item:
        """One measure of the node's log: its state, its times, flags, answers and observations."""
        return self._object(f"/v1/measures/{_checked(digest)}", {} if at is None else {"at": at})

    def anchors(self) -> Iterator[Item]:
        """The log's anchors, page after page."""
        return self._pages("/v1/anchors", {})

    def anchor(self, size: int, chain: str) -> Item:
        """The anchor of a size on a chain: the anchored note, and the anchor as a bundle has it."""
        return self._object(f"/v1/anchors/{size}", {"chain": chain})

    def attested_size(self, origin: str) -> int:
        """The largest size of a log that the node attested or cosigned, as it says; 0 for none."""
        size = self._object("/v1/attestations", {"log": origin}).get("size")
        if type(size) is not int or not 0 <= size < 2**53:
            raise invalid(self.url, "a size that is none")
        return size

    def attest(self, request: bytes) -> Attestation:
        """The node's word that a final block holds a checkpoint; parsed, its signature not verified.

        Args:
            request: As `ledger.core.attestation.encode_request`.
        """
        answer = self._exchange.ask(
            "POST", "/v1/attestations", body=request, content_type=JSON, limit=ANSWER_LIMIT, private=True
        )
        try:
            return parse_attestation(answer.body)
        except LedgerError as error:
            raise invalid(self.url, f"an attestation that is none: {error}") from None

    def foreign(self, log_id: bytes, size: int) -> list[Item]:
        """What the node says that its own chain holds of another log, at exactly a size."""
        told = self._object(f"/v1/foreign/0x{log_id.hex()}/evidence", {"size": str(size)})
        return [
            one for one in self._items(told) if one.get("size") == size and isinstance(one.get("part"), dict)
        ]

    def provenance(self, digest: str, *, log: str | None = None) -> Item:
        """What the node itself can show of a statement, as it tells it.

        Args:
            log: Only this log is asked about.
        """
        return self._object(f"/v1/provenance/{_checked(digest)}", {} if log is None else {"log": log})

    def well_known(self) -> Item:
        """What the node says of itself: jurisdiction, origin, keys, chain, and its claim with its fingerprint."""
        return self._object("/.well-known/evidence-ledger")

    def entry(self) -> bytes:
        """What the node says is its jurisdiction's entry, a signed JurisdictionEntry; not verified."""
        return self._get("/v1/jurisdiction", limit=STATEMENT_LIMIT)

    def concerning(self, jurisdiction: str, *, after: int) -> Concerning:
        """What of its log the node says concerns a jurisdiction, of the statements after `after`."""
        told = self._object("/v1/concerning", {"jurisdiction": jurisdiction, "after": str(after)})
        return concerning_of(told, after, self.url)

    def checkpoint(self) -> SignedCheckpoint:
        """The log's latest checkpoint; parsed, its signatures not verified."""
        data = self._get("/log/checkpoint", limit=NOTE_LIMIT)
        try:
            return parse_checkpoint(data)
        except LedgerError as error:
            raise invalid(self.url, f"a checkpoint that is none: {error}") from None

    def verify(self, bundle: bytes) -> Item:
        """The node's own report on a bundle, under the trust list it has; a second opinion, no proof."""
        answer = self._exchange.ask(
            "POST", "/v1/verify", body=bundle, content_type=BUNDLE, limit=DOCUMENT_LIMIT
        )
        return self._as_object(answer.body)

    def document(self, path: str) -> Item:
        """What the node answers under a path of its own, as it tells it."""
        return self._object(path)

    def health(self) -> Item:
        """Whether the node is well."""
        return self._object("/health")

    def _get(self, path: str, *, limit: int, query: Mapping[str, str | Sequence[str]] | None = None) -> bytes:
        private = path.startswith(_PRIVATE)
        return self._exchange.ask("GET", path, limit=limit, query=query, private=private).body

    def _object(self, path: str, query: Mapping[str, str] | None = None) -> Item:
        return self._as_object(self._get(path, limit=DOCUMENT_LIMIT, query=query))

    def _as_object(self, body: bytes) -> Item:
        value = self._json(body)
        if not isinstance(value, dict):
            raise invalid(self.url, "JSON that is not an object")
        return value

    def _json(self, body: bytes) -> object:
        try:
            value: object = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise invalid(self.url, "something that is not JSON") from None
        return value

    def _pages(self, path: str, query: Mapping[str, str], most: int = PAGE) -> Iterator[Item]:
        """Items of `{"items": […], "next": <index>}`, until there is no `next`."""
        after = -1
        while True:
            place = {} if after < 0 else {"after": str(after)}
            page = self._object(path, {**query, **place, "limit": str(most)})
            yield from self._items(page)
            following = page.get("next")
            if following is None:
                return
            if type(following) is not int or following <= after:
                raise invalid(self.url, "a page that leads back")
            after = following

    def _items(self, page: Item) -> list[Item]:
        items = page.get("items")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise invalid(self.url, "a page without items")
        return items


def _of(digest: str, part: str = "") -> str:
    return f"/v1/statements/{_checked(digest)}{part}"


def _checked(digest: str) -> str:
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):  # noqa: PLR2004
        raise RemoteError("a digest is written as 64 lower-case hex digits", code="digest-malformed")
    return digest


def _require_inclusion(receipt: Receipt, entry: bytes) -> None:
    signed = parse_checkpoint(receipt.checkpoint)
    if receipt.extra is not None and receipt.extra != entry:
        raise RemoteError("it is about another statement", code="remote-answer-invalid")
    checkpoint = signed.checkpoint
    verify_inclusion(leaf_hash(entry), receipt.index, checkpoint.size, receipt.path, checkpoint.root)

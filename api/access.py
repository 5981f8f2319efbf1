"""Who may do what: `access.json`, route by route and role by role, and the one place that asks it.

A row says of each role `any`, or `own`: what is the caller's own.  A role without a word may not, and a route without a
row nobody may.  `of` says what a route is about, so that its own can be told from foreign:

    statement      those that the path and the query name by digest
    view           the same; whoever may not see it is shown what everybody may
    items          statements that the route lists: those alone are listed that the caller may see
    jurisdiction   the one that the query names
    issuer         the one that the query names

Where the node lets this machine's users read, on the loopback interface, nothing of this is asked of them.

Source: docs/spec/request-signatures.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, cast

import orjson
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from api.deps import NodeDep, read_body
from api.limiting import hit
from api.origin import authority_of, is_of_this_machine, is_ours, url_of
from api.signed import BODY_LIMIT, Gate, Signed, check_body
from ledger.core.statement import Statement
from ledger.errors import RefusedError
from ledger.remote.signing import WITH_BODY, Asked, Fields
from ledger.services.exchange.relations import is_of_jurisdiction, is_of_party
from ledger.services.node.assembly import Node
from ledger.services.node.callers import Caller, CallerError
from ledger.store.statements import StoredStatement

TABLE: Final = Path(__file__).with_name("access.json")
EVERYBODY: Final = "everybody"
PARTIES: Final = frozenset({"exporter", "importer", "body", "carrier"})
"""Roles whose own is what names them; of the others, what is of their jurisdiction."""
ASKED_MINUTE: Final = 3_000
"""Cost of what one address, and one key, may ask in a minute."""

May = Literal["any", "own", "no"]


class Row(NamedTuple):
    """What may be done with one route.

    Attributes:
        of: What it is about; "" where nothing of it is anybody's own.
        may: By role.
        cost: Against `ASKED_MINUTE`.
    """

    of: str
    may: Mapping[str, May]
    cost: int

    @property
    def is_open(self) -> bool:
        """Whether who asks is never looked at."""
        return EVERYBODY in self.may


class Table(NamedTuple):
    """The committed table.

    Attributes:
        published: Types of statement that everybody may read.
        routes: By method and path, as `GET /v1/transfers`.
    """

    roles: frozenset[str]
    published: frozenset[str]
    routes: Mapping[str, Row]


@cache
def table() -> Table:
    """The table of this version."""
    told: dict[str, Any] = orjson.loads(TABLE.read_bytes())
    routes = {
        name: Row(row.get("of", ""), row["may"], row.get("cost", 1)) for name, row in told["routes"].items()
    }
    return Table(frozenset(told["roles"]), frozenset(told["published"]), routes)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and what of this node's log.

    Attributes:
        whole: Whether there is nothing that it may not see.
    """

    node: Node
    whole: bool
    caller: Caller | None = None
    by_name: bool = False
    by_jurisdiction: bool = False

    def sees(self, stored: StoredStatement) -> bool:
        """Whether the reader may see a registered statement."""
        if self.whole or stored.type in table().published:
            return True
        if self.caller is None:
            return False
        node = self.node
        if self.by_name and is_of_party(self.caller.did, stored, node.statements):
            return True
        return self.by_jurisdiction and is_of_jurisdiction(
            self.caller.jurisdiction, stored, node.concerns, own=node.home.settings.jurisdiction
        )

    def sees_digest(self, digest: bytes) -> bool:
        """Whether the reader may see a statement, which this log may not have."""
        stored = self.node.statements.by_digest(digest)
        if stored is not None:
            return self.sees(stored)
        # What partners gave concerns this jurisdiction: it is its own authorities' to see.
        own = self.caller is not None and self.caller.jurisdiction == self.node.home.settings.jurisdiction
        return self.whole or (self.by_jurisdiction and own)

    def tells(self, by: Statement, named: StoredStatement) -> bool:
        """Whether the reader may see what a statement names that it may see: where it may, or who signed that may.

        Whoever may not see a statement knows its digest nevertheless, and can name it in one of its own.
        """
        return self.sees(named) or is_of_party(by.issuer, named, self.node.statements)


def reader_of(node: Node, row: Row, caller: Caller | None) -> Reader:
    """What a caller may see by a row of the table."""
    roles = frozenset() if caller is None else caller.roles
    words = {role: row.may.get(role, "no") for role in roles}
    own = {role for role, word in words.items() if word == "own"}
    return Reader(
        node, "any" in words.values(), caller, not own.isdisjoint(PARTIES), not own.issubset(PARTIES)
    )


async def allowed(request: Request, node: NodeDep) -> None:
    """Refuse what the table does not allow; before the body is read.

    Raises:
        CallerError: 401: it is not shown who asks.
        RefusedError: `access-denied`; `too-many-requests`.
    """
    state = request.state
    if node.home.settings.listening.reads != "parties" and is_of_this_machine(request):
        state.reader = Reader(node, whole=True)
        return
    row = table().routes.get(f"{request.method} {request.scope['route'].path}")
    if row is None:
        raise denied()
    if row.is_open:
        state.reader = Reader(node, whole=False)
        return
    hit(request, "asked", ASKED_MINUTE, row.cost)
    signed = None
    if row.of != "view" or any(name in request.headers for name in ("signature-input", "signature")):
        try:
            signed = await run_in_threadpool(_signed, request, node)
        except CallerError as error:
            if error.code != "caller-unsigned" or not await run_in_threadpool(_published, request, node, row):
                raise
    if signed is not None:
        hit(request, "asked by a key", ASKED_MINUTE, row.cost, of=signed.caller.did)
        state.signed = signed
        if signed.digest is not None:
            state.body = await read_body(request.receive, limit=BODY_LIMIT, what="the signed body")
            state.payload = check_body(signed, state.body)
    state.reader = reader_of(node, row, None if signed is None else signed.caller)
    if not await run_in_threadpool(_may, request, row, state.reader):
        raise denied()


async def reader(request: Request) -> Reader:
    """Who reads, once `allowed` has found it."""
    return cast("Reader", request.state.reader)


ReaderDep = Annotated[Reader, Depends(reader)]


def _signed(request: Request, node: Node) -> Signed:
    url, method = url_of(request), request.scope.get("asked_method", request.method)
    fields = Fields(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.scope["headers"]
    )
    state = request.app.state
    gate = Gate(lambda named: is_ours(request, named), state.callers.of, state.requests)
    headers = request.headers
    has_body = (
        method in WITH_BODY
        or headers.get("content-length", "0").strip("0") != ""
        or "transfer-encoding" in headers
    )
    return gate.check(
        Asked(method, url, fields), authority_of(request), has_body=has_body, now=int(node.clock())
    )


def _named(request: Request) -> list[bytes]:
    """The statements that a request names."""
    query = request.query_params
    texts = [request.path_params.get("digest"), *(query.get(name) for name in ("certificate", "for"))]
    return [
        bytes.fromhex(text)
        for text in (*texts, *query.getlist("also"))
        if text is not None and len(text) == 64 and set(text) <= set("0123456789abcdef")  # noqa: PLR2004 - as digests are written
    ]


def _published(request: Request, node: Node, row: Row) -> bool:
    """Whether everybody may read what is asked for, which is no list."""
    named = _named(request) if row.of == "statement" else []
    nobody = Reader(node, whole=False)
    return bool(named) and all(nobody.sees_digest(digest) for digest in named)


def _may(request: Request, row: Row, reads: Reader) -> bool:
    """Whether the request may go on."""
    if reads.whole or row.of == "view":
        return True
    if row.of == "statement":
        named = _named(request)
        return bool(named) and all(reads.sees_digest(digest) for digest in named)
    caller = reads.caller
    if caller is None:
        return False
    if row.of == "jurisdiction":
        return reads.by_jurisdiction and request.query_params.get("jurisdiction") in (
            caller.jurisdiction,
            None,
        )
    if row.of == "issuer":
        return reads.by_name and request.query_params.get("issuer") in (caller.did, None)
    return row.of == "items" and (reads.by_name or reads.by_jurisdiction)


def denied() -> RefusedError:
    """What is not allowed, or only about what is one's own."""
    return RefusedError(
        "the caller's roles do not allow this, or not about what is another's", code="access-denied"
    )

"""A node with something to see: anchors, certificates, arrangements, a lineage, and words of a stranger."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from socket import socket
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from api.app import build_app
from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.core.trust import parse_trust_list
from ledger.listening import Listening
from ledger.services.node.assembly import Node
from ledger.services.node.callers import callers_of
from ledger.services.trust.compose import Policy, compose
from ledger.services.trust.pinned import PinnedLists
from ledger.statements import bitstring
from ledger.statements.status_list import SMALLEST, lists
from ledger.store.partners import Kept
from ledger.store.requests import Requests
from tests.services.homes import publisher_key
from tests.services.recognising import BODY_LIST, Recognising, recognising

HOSTILE = "<script>alert(1)</script>\u061c\U000e0041"
PRIVATE = "ORDER-2026-0041"


@dataclass
class Consoled:
    """The node of XA, served; and what it has."""

    node: Node
    url: str
    digests: dict[str, str]
    client: httpx2.Client
    app: FastAPI

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return self.client.get(self.url + path, **options)

    def answer_parties_alone(self, alone: bool) -> None:
        """Let the node be one that answers its parties alone, or this machine's users."""
        settings = replace(self.node.home.settings, listening=Listening("parties" if alone else "open"))
        self.node.home = replace(self.node.home, settings=settings)


def filled(made: Recognising) -> dict[str, str]:
    """Register all of it; digests by name."""
    sides, xa, xb = made.sides, made.sides.xa, made.sides.xb
    told: dict[str, Statement] = {}

    def register(name: str, statement: Statement) -> Statement:
        xa.register(statement)
        told[name] = statement
        return statement

    register("accreditation", made.accreditation())
    for name in ("valid", "withdrawn", "suspended", "expired"):
        term = {"validUntil": format_time(sides.clock.now + 3_000)} if name == "expired" else {}
        register(name, made.certificate(told["accreditation"], **term))
    made.count = 9  # its place in the list below
    register("listed", made.certificate(told["accreditation"]))
    xa.register(made.change(made.body, told["withdrawn"].digest))
    xa.register(made.change(made.body, told["suspended"].digest, "suspend"))
    text = register("arrangement", made.arrangement(name=HOSTILE))
    xa.register(made.endorsement(made.of_xa, "XA", text.digest))
    since = {"inForceFrom": format_time(sides.clock.now)}
    with_xc = [
        {"jurisdiction": "XA", "authority": made.of_xa.holder, **since},
        {"jurisdiction": "XC", "authority": "did:web:authority.example.xc", **since},
    ]
    half = register("half", made.arrangement(parties=with_xc))
    xa.register(made.endorsement(made.of_xa, "XA", half.digest))
    given = made.endorsement(made.of_xb, "XB", text.digest)
    xb.register(given)
    size = xb.anchor()
    xa.node.mirror.put("XB", [kept(given, size, made)])
    register("record", sides.record(reference=PRIVATE))
    register("later", sides.record(parents=[named(told["record"]), {"digest": "5d" * 32, "rel": "cites"}]))
    for count in (3, 1, 7, 2, 5):
        sides.clock.now += 400 * count
        for _ in range(count):
            xa.register(sides.record())
        xa.anchor()
    sides.clock.now += 3_000
    none = bitstring.of(SMALLEST, [])
    bits = lists(length=SMALLEST, revocation=none, suspension=bitstring.of(SMALLEST, [4]), refresh=none)
    xa.register(sides.sign(made.body, "StatusList", {"id": BODY_LIST, **bits, **made.term(7)}))
    claims = [one.node.claim for one in (xa, xb) if one.node.claim is not None]
    trust = compose(claims, keys=[publisher_key()], policy=Policy(), now=sides.clock.now)
    PinnedLists(xa.node.home.trust).add(trust, fingerprint=parse_trust_list(trust).list_hash.hex())
    return {name: one.digest.hex() for name, one in told.items()}


def named(statement: Statement) -> dict[str, str]:
    return {"digest": statement.digest.hex(), "rel": "derivedFrom"}


def kept(statement: Statement, size: int, made: Recognising) -> Kept:
    """A statement of XB's log, as XA's node keeps it once it was verified."""
    xb = made.sides.xb
    return Kept(
        subject=statement.digest,
        origin=xb.node.log.origin,
        partner="XB",
        index=xb.node.statements.index_of(statement.digest) or 0,
        size=size,
        anchored=True,
        type=statement.type,
        issuer=statement.issuer,
        number=None,
        holder=None,
        stored_at=made.sides.clock.now,
        bundle=xb.bundle(statement.digest),
        refers=(bytes.fromhex(statement.subject["statement"]),),
    )


@contextmanager
def consoled(folder: Path, fill: Callable[[Recognising], dict[str, str]] = filled) -> Iterator[Consoled]:
    """The node, which neither anchors nor asks anybody by itself, so that its pages are the same in every run."""
    with recognising(folder) as made:
        digests = fill(made)
        node = made.sides.xa.node
        app = build_app(lambda: node)
        app.state.node, app.state.proxies, app.state.callers = node, None, callers_of(node)
        app.state.requests = Requests(node.database)
        bound = socket()
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", ws="none", log_config=None))
        thread = threading.Thread(target=server.run, args=([bound],), name="console")
        thread.start()
        try:
            give_up = time.monotonic() + 60
            while not server.started and thread.is_alive() and time.monotonic() < give_up:
                time.sleep(0.01)
            assert server.started
            with httpx2.Client(timeout=60) as client:
                yield Consoled(node, f"http://127.0.0.1:{bound.getsockname()[1]}", digests, client, app)
        finally:
            server.should_exit = True
            thread.join(30)
            bound.close()

"""A node served by uvicorn on a thread of the test's own process: real sockets, and its insides within reach."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from api.app import build_app
from ledger.core.statement import Statement, sign_statement, unsigned
from ledger.core.suites import EDDSA
from ledger.core.times import format_time
from ledger.listening import Listening
from ledger.services.home.folder import Home, Plan, init_home
from ledger.services.ids import statement_id
from ledger.services.keys.keyfile import HolderKey, make_holder_key
from ledger.services.node.assembly import Node, open_node

DAY = 86_400
JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}
BUNDLE = {"content-type": "application/vnd.evidence-ledger.bundle+json"}
EXPORTER = "did:web:exporter.example.xa"
IMPORTER = "did:web:importer.example.xb"


def holder(did: str, key_id: str = "#2026") -> HolderKey:
    """A new key of a party."""
    return make_holder_key(did, key_id, EDDSA, os.urandom(48))


@dataclass
class Served:
    """A node of XA that listens at `url`, with an exporter enrolled."""

    home: Home
    app: FastAPI
    url: str
    exporter: HolderKey
    _each: httpx2.Client = field(
        default_factory=lambda: httpx2.Client(timeout=60, limits=httpx2.Limits(max_keepalive_connections=0))
    )
    """Makes a connection for each request, as the node may have been killed meanwhile."""

    @property
    def node(self) -> Node:
        node: Node = self.app.state.node
        return node

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.url.rpartition(":")[2])

    def client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=60)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=60)

    def get(self, path: str, **options: Any) -> httpx2.Response:
        return self._each.get(self.url + path, **options)

    def post(self, path: str, body: Any, headers: dict[str, str] = JSON) -> httpx2.Response:
        return self._each.post(self.url + path, content=body, headers=headers)

    def sign(
        self, kind: str, subject: dict[str, Any], key: HolderKey, *, identifier: str = "", created: int = 0
    ) -> Statement:
        now = created or int(time.time())
        identifier = identifier or statement_id(now, os.urandom(10))
        body = unsigned(kind=kind, identifier=identifier, issuer=key.holder, subject=subject, valid_from=now)
        return sign_statement(body, key.private, key.holder + key.id, now)

    def enrolment(self, key: HolderKey, role: str, *, start: int = -60, end: int = 365 * DAY) -> Statement:
        now = int(time.time())
        subject = {
            "party": key.holder,
            "jurisdiction": "XA",
            "identifiers": [{"scheme": "LEI", "id": "TEST000C76DC31B85900"}]
            if key.holder == EXPORTER
            else [],
            "roles": [role],
            "keys": [
                {
                    "id": key.id,
                    "publicKeyMultibase": key.multikey,
                    "from": format_time(now + start),
                    "until": format_time(now + end),
                }
            ],
        }
        return self.sign("Enrolment", subject, self.home.keys.registrar)

    def enrol(self, key: HolderKey, role: str, **dates: int) -> None:
        answer = self.post("/v1/statements", self.enrolment(key, role, **dates).encoded)
        assert answer.status_code == 201, answer.text

    def subject(self, reference: str, **members: Any) -> dict[str, Any]:
        party = {"scheme": "LEI", "jurisdiction": "XA"}
        return {
            "exporter": {**party, "did": EXPORTER, "id": "TEST000C76DC31B85900"},
            "importer": {**party, "did": IMPORTER, "id": "TEST00EE3E62B8A0AA00", "jurisdiction": "XB"},
            "flow": "outbound",
            "reference": reference,
            "payload": {"commitment": os.urandom(32).hex(), "mediaType": "text/plain"},
            **members,
        }

    def record(self, reference: str = "R-1", *, key: HolderKey | None = None, **members: Any) -> Statement:
        return self.sign("TransferRecord", self.subject(reference, **members), key or self.exporter)


@contextmanager
def listening(home: Home, *, period: int = 1, reads: str | None = None) -> Iterator[tuple[FastAPI, str]]:
    """The node of `home`, served until the block ends."""
    settings = replace(
        home.settings, chain=replace(home.settings.chain, period=period), listening=Listening(reads)
    )
    app = build_app(lambda: open_node(replace(home, settings=settings), clock=time.time))
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, lifespan="on", ws="none", log_config=None, timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, args=([bound],), name="server")
    thread.start()
    try:
        give_up = time.monotonic() + 60
        while not server.started and thread.is_alive() and time.monotonic() < give_up:
            time.sleep(0.01)
        assert server.started
        yield app, f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        bound.close()


@contextmanager
def serving(folder: Path, *, reads: str | None = None) -> Iterator[Served]:
    """A new node of XA and its enrolled exporter, served until the block ends."""
    plan = Plan("XA", "registry.example.xa", registrar="did:web:registrar.example.xa")
    home = init_home(folder / "node", plan, now=int(time.time()) - 2 * DAY, random=os.urandom)
    with listening(home, reads=reads) as (app, url):
        served = Served(home, app, url, holder(EXPORTER))
        served.enrol(served.exporter, "exporter")
        yield served

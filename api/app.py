"""The application: one node behind HTTP.

A composition root: it reads the environment, opens the node when the server starts and closes it when it stops.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio.to_thread
from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.access import allowed
from api.deps import known_query
from api.described import describe
from api.metrics import Measured, Metrics
from api.origin import proxies_of
from api.replies import Replies
from api.roles import OfItsRole
from api.routes import (
    anchors,
    attestations,
    certificates,
    console,
    console_rules,
    foreign,
    lineage,
    log,
    measures,
    mirror,
    operating,
    page,
    partners,
    recognition,
    statements,
    succession,
    transfers,
    verify,
    witness,
)
from api.routes import node as node_routes
from api.routes import problems as problem_routes
from api.seats import Seats
from api.single import OneStatement
from ledger.config import ROLE, UNPROVEN, with_environment
from ledger.errors import SetupError
from ledger.services.admission.batches import usual_workers
from ledger.services.home.folder import open_home
from ledger.services.node.assembly import Node, open_node
from ledger.services.node.callers import callers_of
from ledger.services.node.roles import role_of
from ledger.store.requests import Requests

THREADS = 64
"""Requests that are answered at once on threads of their own; those that wait for the log have none."""
DESCRIPTION = """\
Registers signed statements in an append-only log, and hands out what proves them offline.

Errors are RFC 9457 problems: `type` is `/problems/<code>` with a stable code, `pointer` the member at fault.
"""


def create_app() -> FastAPI:
    """The application of the node whose home is `EVIDENCE_HOME`."""

    def open_from_environment() -> Node:
        place = os.environ.get("EVIDENCE_HOME")
        if not place:
            raise SetupError("EVIDENCE_HOME is not set; it names the node's home", code="home-missing")
        home = open_home(Path(place))
        settings = with_environment(home.settings, os.environ)
        workers = usual_workers() if settings.workers is None else settings.workers
        unproven = os.environ.get(UNPROVEN) == "1"
        return open_node(
            replace(home, settings=settings),
            clock=time.time,
            workers=workers,
            unproven=unproven,
            role=role_of(os.environ.get(ROLE) or "all", settings.database),
        )

    return build_app(open_from_environment)


def build_app(open_: Callable[[], Node]) -> FastAPI:
    """The application of the node that `open_` opens; opened and closed with the server."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        node = await run_in_threadpool(open_)
        app.state.node = node
        app.state.proxies, app.state.callers = proxies_of(node), callers_of(node)
        app.state.metrics = Metrics(node)
        app.state.requests = Requests(node.database)
        app.state.streams = Seats()
        app.state.replies = Replies(asyncio.get_running_loop())
        node.start()
        try:
            yield
        finally:
            await run_in_threadpool(node.close)

    app = FastAPI(
        title="Evidence ledger",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    problems.install(app)
    app.add_middleware(HeadAsGet)
    app.add_middleware(OneStatement, paths=statements.REGISTERING)
    app.add_middleware(OfItsRole)
    app.add_middleware(Measured)
    for module in (
        *(statements, transfers, certificates, recognition, lineage, verify, page, partners, witness),
        *(
            anchors,
            attestations,
            foreign,
            log,
            measures,
            mirror,
            succession,
            node_routes,
            operating,
            problem_routes,
            console,
            console_rules,
        ),
    ):
        app.include_router(module.router, dependencies=[Depends(allowed), Depends(known_query)])
    describe(app)
    return app


class HeadAsGet:
    """Answers HEAD as GET without the body, for every resource."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As of ASGI."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        asked = {**scope, "method": "GET", "asked_method": "HEAD"}
        try:
            await self._app(asked, receive, bodiless)
        finally:
            scope["route"] = asked.get("route")

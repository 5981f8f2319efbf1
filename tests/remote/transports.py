"""Nodes that answer from a function, for the tests of this folder."""

from collections.abc import Callable
from typing import Any

import httpx2

from ledger.remote.node import NodeClient

URL = "http://127.0.0.1:8151"

Handler = Callable[[httpx2.Request], httpx2.Response]


class Transport(httpx2.BaseTransport):
    """Hands requests to a function, and its answers on unread, as a network would."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        made = self.handler(request)
        return httpx2.Response(made.status_code, headers=made.headers, stream=made.stream)


def client(handler: Handler, waits: list[float] | None = None) -> NodeClient:
    return NodeClient(URL, transport=Transport(handler), wait=(waits if waits is not None else []).append)


def answering(status: int = 200, **content: Any) -> NodeClient:
    return client(lambda _: httpx2.Response(status, **content))

"""JSON-RPC on loopback: to be listened to for whatever answers in this process, and to be asked without ceremony."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

REQUEST_LIMIT = 1 << 20
AUTOMINED_WITHIN = 5.0
"""Seconds that a node which mines at once may take; a transaction that can't be mined costs a test as much."""

Request = dict[str, Any]
Respond = Callable[[BaseHTTPRequestHandler, Request], None]
"""Answers a request that was read, in whatever way."""


@contextmanager
def listening(respond: Respond) -> Iterator[str]:
    """Hand each request to `respond` until the block ends; the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or head and body wait for each other

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            assert 0 < length <= REQUEST_LIMIT
            respond(self, json.loads(self.rfile.read(length)))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # whoever asked did not wait for the answer

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class PlainProvider:
    """Asks an honest node, at a third of the cost of the provider that the product trusts nobody with."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=30)

    def make_request(self, method: str, params: Any) -> Any:
        asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        self._connection.request("POST", "/", asked, {"Content-Type": "application/json"})
        answer = json.loads(self._connection.getresponse().read())
        if method == "eth_sendRawTransaction" and "result" in answer:
            self._await_automine(answer["result"])
        return answer

    def _await_automine(self, transaction_hash: str) -> None:
        """A node that mines at once does so a moment after it has answered; what cannot be mined is left."""
        if self.make_request("anvil_getAutomine", []).get("result") is not True:
            return
        until = time.monotonic() + AUTOMINED_WITHIN
        while time.monotonic() < until:
            if self.make_request("eth_getTransactionReceipt", [transaction_hash]).get("result") is not None:
                return
            time.sleep(0.001)

    def close(self) -> None:
        self._connection.close()


def reply(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200) -> None:
    """Send one whole HTTP answer."""
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)

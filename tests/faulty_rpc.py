"""A JSON-RPC proxy that fails or lies in one way at a time, as often as it is told to.

    with anvil() as node, faulty(node.url, random.Random(1)) as proxy:
        proxy.kind, proxy.rate = "timeout-after-send", 0.5
        ...                                    # whatever talks to proxy.url
        proxy.kind = None                      # honest again

`KINDS` names every fault; those of `OF_HTTP` need its URL, the others can be had from `make_request` too.  `LIES` are
those that no single node can be caught at, for they are not contradicted by anything else that it says.
"""

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from ledger.chain.rpc_encoding import header_of
from ledger.core.keccak import keccak256
from tests.loopback import PlainProvider, Request, listening, reply
from tests.sealing import replaced

SILENCE: Final = 0.6
"""Seconds that it says nothing where it times out, or takes to drip an answer."""
HUGE: Final = 300_000
"""Bytes of an answer that is too long for whoever allows 200,000."""

_SEND: Final = "eth_sendRawTransaction"
_BY_NUMBER: Final = "eth_getBlockByNumber"
_OTHER: Final = "0x" + "5a" * 32

Answer = dict[str, Any]


@dataclass
class FaultyRpc:
    """The proxy.  Safe for threads.

    Attributes:
        honest: The node behind.
        rng: Decides which requests are struck.
        kind: Of the fault; None: none.
        rate: How many of the requests that the fault concerns it strikes, 0 to 1.
        struck: How often each kind has struck.
        asked: Every method that was asked.
    """

    honest: PlainProvider
    rng: random.Random
    kind: str | None = None
    rate: float = 1.0
    url: str = ""
    struck: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    _before: bytes = b'{"jsonrpc":"2.0","id":-1,"result":"0x0"}'
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closing: threading.Event = field(default_factory=threading.Event)

    def ask(self, method: str, *params: Any) -> Any:
        """The honest node's result."""
        with self._lock:
            answer = self.honest.make_request(method, list(params))
        assert "error" not in answer, answer
        return answer["result"]

    def make_request(self, method: str, params: Any) -> Any:
        """As a provider in this process; for the kinds that are not of HTTP."""
        kind = self._strikes(method, list(params))
        assert kind not in OF_HTTP
        return self._answer(kind, method, list(params)) | {"id": 1}

    def respond(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        """Answer one request, in whatever way."""
        method, params = request["method"], list(request.get("params", []))
        kind = self._strikes(method, params)
        if kind in {"timeout-before-send", "timeout"}:
            self._closing.wait(SILENCE)
            handler.close_connection = True
            return
        if kind in _STATUS:
            reply(handler, b"", self.rng.choice(_STATUS[kind]))
            return
        answer = self._answer(kind, method, params) | {"id": request.get("id")}
        body = json.dumps(answer).encode()
        if kind in _BODIES:
            _BODIES[kind](self, handler, body)
            return
        self._before = body
        reply(handler, body)

    def _strikes(self, method: str, params: list[Any]) -> str | None:
        with self._lock:
            self.asked.append(method)
            kind = self.kind
            if kind is None or not KINDS[kind](method, params) or self.rng.random() >= self.rate:
                return None
            self.struck[kind] = self.struck.get(kind, 0) + 1
            return kind

    def _answer(self, kind: str | None, method: str, params: list[Any]) -> Answer:
        if kind in _REFUSALS:
            return {"jsonrpc": "2.0", "error": {"code": -32000, "message": _REFUSALS[kind]}}
        with self._lock:
            if kind == "stale-head":
                head = int(self.honest.make_request("eth_blockNumber", [])["result"], 16)
                params = [hex(max(1, head - 3)) if one in {"latest", "pending"} else one for one in params]
            answer: Answer = self.honest.make_request(method, params)
        if kind in _LIES and answer.get("result") is not None:
            answer["result"] = _LIES[kind](self, answer["result"])
        return answer


# Which requests a fault of each kind concerns


def _any(_method: str, _params: list[Any]) -> bool:
    return True


def _on(*methods: str) -> Callable[[str, list[Any]], bool]:
    return lambda method, _params: method in methods


def _high(method: str, params: list[Any]) -> bool:
    """Blocks asked for by a number above 3."""
    return method == _BY_NUMBER and params[0].startswith("0x") and int(params[0], 16) > 3


KINDS: Final[dict[str, Callable[[str, list[Any]], bool]]] = {
    "timeout": _any,
    "timeout-before-send": _on(_SEND),
    "timeout-after-send": _on(_SEND),
    "too-many-requests": _any,
    "server-error": _any,
    "truncated": _any,
    "connection-cut": _any,
    "huge": _any,
    "drip": _any,
    "not-json": _any,
    "answer-of-another-request": _any,
    "wrong-chain": _on("eth_chainId"),
    "wrong-genesis": lambda method, params: method == _BY_NUMBER and params[0] == "0x0",
    "stale-head": _any,
    "forged-header": _on(_BY_NUMBER),
    "forged-receipt": _on("eth_getTransactionReceipt", "eth_getBlockReceipts"),
    "receipt-of-another": _on("eth_getTransactionReceipt"),
    "forged-log": _on("eth_getLogs"),
    "forged-proof": _on("eth_getProof"),
    "nonce-lie": _on("eth_getTransactionCount"),
    "fee-lie": _on("eth_maxPriorityFeePerGas"),
    "gas-lie": _on("eth_estimateGas"),
    "underpriced-replacement": _on(_SEND),
    "wrong-hash": _on(_SEND),
    "lying-finalized": lambda method, params: method == _BY_NUMBER and params[0] == "finalized",
    "other-blocks": _high,
}
LIES: Final = ("lying-finalized", "other-blocks")

_STATUS: Final = {"too-many-requests": (429,), "server-error": (500, 502, 503, 504)}
_REFUSALS: Final = {"underpriced-replacement": "replacement transaction underpriced"}


# What becomes of a true answer


def _resealed(block: dict[str, Any], **changes: str) -> dict[str, Any]:
    """A block of its own making, which hashes to its own hash."""
    true = header_of(block)
    made = replaced(true.encoded, {12: bytes.fromhex(changes["extraData"][2:])})
    return block | changes | {"hash": "0x" + keccak256(made).hex()}


def _receipts(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[FaultyRpc, Any], Any]:
    return lambda _proxy, result: (
        [change(one) for one in result] if isinstance(result, list) else change(result)
    )


def _forged_log(proxy: FaultyRpc, logs: list[Any]) -> list[Any]:
    if not logs or proxy.rng.random() < 0.3:
        return []
    last = logs[-1]
    topics = [*last["topics"][:2], "0x" + (int(last["topics"][2], 16) + 7).to_bytes(32, "big").hex()]
    return [*logs, last | {"topics": topics, "transactionHash": _OTHER}]


def _forged_proof(proxy: FaultyRpc, proof: dict[str, Any]) -> dict[str, Any]:
    member = proxy.rng.choice(["accountProof", "storageProof"])
    if member == "storageProof" and proof[member]:
        first = proof[member][0]
        return proof | {
            member: [first | {"proof": first["proof"][:-1] or ["0x80"], "value": "0x1"}, *proof[member][1:]]
        }
    return proof | {"accountProof": proof["accountProof"][:-1]}


_LIES: Final[dict[str, Callable[[FaultyRpc, Any], Any]]] = {
    "wrong-chain": lambda proxy, _: hex(proxy.rng.randrange(1, 99)),
    "wrong-genesis": lambda _, block: _resealed(block, extraData="0x77"),
    "forged-header": lambda proxy, block: (
        block | {proxy.rng.choice(["stateRoot", "receiptsRoot", "hash"]): _OTHER}
    ),
    "forged-receipt": _receipts(
        lambda one: one | {"status": "0x0" if one["status"] == "0x1" else "0x1", "logs": one["logs"][:-1]}
    ),
    "receipt-of-another": _receipts(lambda one: one | {"transactionHash": _OTHER}),
    "forged-log": _forged_log,
    "forged-proof": _forged_proof,
    "nonce-lie": lambda proxy, _: hex(proxy.rng.choice([0, 10_000])),
    "fee-lie": lambda proxy, _: hex(proxy.rng.choice([0, 10**10, 10**13, 2**255])),
    "gas-lie": lambda proxy, _: hex(proxy.rng.choice([0, 10**6, 10**9])),
    "wrong-hash": lambda _, __: _OTHER,
    "lying-finalized": lambda proxy, _: proxy.honest.make_request(_BY_NUMBER, ["latest", False])["result"],
    "other-blocks": lambda _, block: _resealed(block, extraData="0x66"),
}


def _cut(share: float) -> Callable[[FaultyRpc, BaseHTTPRequestHandler, bytes], None]:
    """Send a part of the body, under the length of the whole, and hang up."""

    def send(_proxy: FaultyRpc, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: int(len(body) * share)])
        handler.close_connection = True

    return send


def _drip(proxy: FaultyRpc, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.close_connection = True
    for byte in body[:12]:
        handler.wfile.write(bytes([byte]))
        if proxy._closing.wait(SILENCE / 12):
            return


def _silent(proxy: FaultyRpc, handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    proxy._closing.wait(SILENCE)
    handler.close_connection = True


_BODIES: Final[dict[str, Callable[[FaultyRpc, BaseHTTPRequestHandler, bytes], None]]] = {
    "timeout-after-send": _silent,
    "truncated": lambda _, handler, body: reply(handler, body[: len(body) // 2]),
    "connection-cut": _cut(0.5),
    "huge": lambda _, handler, body: reply(handler, body[:-1] + b" " * HUGE + b"}"),
    "drip": _drip,
    "not-json": lambda _, handler, __: reply(handler, b"<html>busy</html>"),
    "answer-of-another-request": lambda proxy, handler, _: reply(handler, proxy._before),
}

OF_HTTP: Final = frozenset({"timeout", "timeout-before-send", *_STATUS, *_BODIES})
"""Kinds that only show between a client and a server."""


@contextmanager
def faulty(url: str, rng: random.Random) -> Iterator[FaultyRpc]:
    """Stand before the node at `url` until the block ends."""
    provider = PlainProvider(url)
    proxy = FaultyRpc(provider, rng)
    try:
        with listening(proxy.respond) as proxy.url:
            yield proxy
            proxy._closing.set()
    finally:
        proxy._closing.set()
        provider.close()

"""What a monitoring system asks a node for: counters of this process, and how far the node is; a registry of its own.

No label is taken from a request: routes are named by their templates, methods and codes are those that are known, and
whatever is not known counts as `other`.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

import orjson
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem_types import problem_types
from api.problems import MEDIA_TYPE
from api.routes.statements import REGISTERING
from ledger.services.anchoring.states import anchor_state
from ledger.services.node.assembly import Node

_OTHER: Final = "other"
_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_STARTS: Final = {b'"status":201,"digest"': "new", b'"status":200,"digest"': "again"}
_PROBLEM_LIMIT: Final = 64 * 1024
_BUCKETS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The counters of one process that serves a node."""

    def __init__(self, node: Node) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.registrations = Counter(
            "evidence_registrations",
            "Statements answered with their place",
            ["first"],
            registry=self.registry,
        )
        self.refusals = Counter(
            "evidence_refusals", "Requests and lines of streams refused", ["code"], registry=self.registry
        )
        self.durations = Histogram(
            "evidence_request_seconds",
            "Seconds until a request was answered in full",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.registry.register(_Standing(node))

    def text(self) -> bytes:
        """All of it, in the text format."""
        return generate_latest(self.registry)

    def refused(self, name: str) -> None:
        """Count a refusal by its code."""
        known = name if name in problem_types() else _OTHER
        self.refusals.labels(known).inc()


class _Standing:
    """How far the node is, looked up when it is asked for."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: what there is depends on the node's chains."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """As of the library."""
        node, now = self._node, self._node.clock()
        size, latest = node.log.head.size, node.checkpoints.latest()
        yield GaugeMetricFamily("evidence_log_size", "Entries of the log", value=size)
        yield GaugeMetricFamily(
            "evidence_ready", "1 while the node takes statements", value=int(node.sequencer.trouble is None)
        )
        yield GaugeMetricFamily(
            "evidence_queue_depth", "Statements that wait to be judged", value=node.intake.depth
        )
        if latest is not None:
            yield GaugeMetricFamily(
                "evidence_checkpoint_size", "Entries that are signed for", value=latest.size
            )
            age = max(0.0, now - latest.signed_at)
            yield GaugeMetricFamily(
                "evidence_checkpoint_age_seconds", "Since the newest was signed", value=age
            )
        lag = GaugeMetricFamily("evidence_anchor_lag_entries", "Not finally anchored", labels=["chain"])
        waiting = GaugeMetricFamily("evidence_anchors_pending", "Transactions not settled", labels=["chain"])
        for own in node.chains:
            found = anchor_state(node.anchors, own.name)
            lag.add_metric([own.name], size - found.anchored_size)
            waiting.add_metric([own.name], found.pending)
        yield lag
        yield waiting
        yield GaugeMetricFamily(
            "evidence_measures_unreadable",
            "Entries about measures that could not be read when rules were last asked",
            value=node.measures.unread,
        )
        if node.reviewer is not None:
            yield GaugeMetricFamily(
                "evidence_reviews_waiting",
                "Reviews of measures that could not be made yet",
                value=len(node.reviewer.waiting),
            )
        if node.collector is not None:
            since = GaugeMetricFamily(
                "evidence_cosignature_age_seconds", "Since a witness cosigned last", labels=["witness"]
            )
            for one in node.collector.standings():
                if one.time is not None:
                    since.add_metric([one.asked.name], max(0.0, now - one.time))
            yield since


class Measured:
    """Measures every request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As of ASGI."""
        metrics: Metrics | None = getattr(scope["app"].state, "metrics", None) if "app" in scope else None
        if scope["type"] != "http" or metrics is None:
            await self._app(scope, receive, send)
            return
        seen = _Seen(metrics, scope)
        begun = time.perf_counter()

        async def watched(message: Message) -> None:
            seen.message(message)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else _OTHER
            status = f"{seen.status // 100}xx"
            metrics.durations.labels(method, _route(scope), status).observe(time.perf_counter() - begun)


class _Seen:
    """What one request was answered with."""

    def __init__(self, metrics: Metrics, scope: Scope) -> None:
        self.status = 500
        self._metrics = metrics
        self._registers = scope["method"] == "POST" and scope["path"] in REGISTERING
        self._kind = ""
        self._held = b""

    def message(self, message: Message) -> None:
        """Take note of a part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kinds = [value for name, value in message.get("headers", ()) if name == b"content-type"]
            self._kind = kinds[0].decode("latin-1").partition(";")[0] if kinds else ""
            if self._registers and self._kind == "application/json":
                self._metrics.registrations.labels("new" if self.status == 201 else "again").inc()  # noqa: PLR2004 - created
        elif message["type"] == "http.response.body":
            self._body(message.get("body", b""), more=message.get("more_body", False))

    def _body(self, part: bytes, *, more: bool) -> None:
        if self._kind == MEDIA_TYPE:
            self._held = (self._held + part)[:_PROBLEM_LIMIT]
            if not more:
                self._problem(self._held)
        elif self._registers and self._kind == "application/x-ndjson":
            for text, first in _STARTS.items():  # quotes within texts are escaped, so that none can say this
                if count := part.count(text):
                    self._metrics.registrations.labels(first).inc(count)
            if b'"problem":' in part:
                for line in part.splitlines():
                    self._line(line)

    def _line(self, line: bytes) -> None:
        try:
            found: Any = orjson.loads(line)
        except orjson.JSONDecodeError:
            return
        if isinstance(found, dict) and "problem" in found:
            self._problem(orjson.dumps(found["problem"]))

    def _problem(self, body: bytes) -> None:
        try:
            told = orjson.loads(body)["type"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            told = _OTHER
        self._metrics.refused(str(told).removeprefix("/problems/"))


def _route(scope: Scope) -> str:
    """The template of the route that answered."""
    template = getattr(scope.get("route"), "path", None)
    if isinstance(template, str):
        return template
    return scope["path"] if scope["path"] in REGISTERING else _OTHER

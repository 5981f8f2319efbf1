"""Registering over HTTP: streams against the bare check of their signatures, single requests against an echo."""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from importlib.metadata import version
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from benchmarks.measure import Row, fsync_seconds, microseconds, share
from ledger.core.canonical import Json
from ledger.core.statement import Statement, message_to_sign, sign_statement, unsigned
from ledger.core.suites import PrivateKey
from ledger.services.home.folder import Plan, init_home
from ledger.services.keys.keyfile import HolderKey
from tests.nodes import RunningNode, enrol, free_port

GOAL = 0.60
LINES = 1_000
STREAMS = 8
"""As many as one client may have: with fewer the processors rest while all of them wait for their checkpoint."""
TURNS = 6
"""So many that the wait for the last checkpoint is a small part of it."""
ROUNDS = 5
CONNECTIONS = 2_048
"""So many that waiting for checkpoints, of which there are four a second, is not what is measured."""
SINGLES = 8_192
SINGLE_GOAL = 0.45
TWO_GOAL = 1.6
THREADS = 2
_ECHO = """
from fastapi import FastAPI, Request, Response
app = FastAPI()
@app.post("/")
async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/json")
"""


def rows() -> list[Row]:
    """A node of its own, with one party enrolled, under load from this process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fsync = fsync_seconds(folder)
        with node_serving(folder) as node:
            key, _ = enrol(node, "exporter", "exporter", folder)
            made = records(key)
            streamed = streams(node, key, made, fsync)
            with _echoing(folder) as echo:
                single = _singles(node, echo, made, fsync)
        two = _two(folder, fsync)
    return [streamed, single, two]


def records(key: HolderKey) -> Iterator[Statement]:
    """Transfer records by the enrolled exporter, each another one."""
    for number in count():
        yield record(number, key.holder, key.private, key.holder + key.id, int(time.time()))


def record(number: int, exporter: str, key: PrivateKey, method: str, now: int) -> Statement:
    """The transfer record of this number, signed by `key`, which the exporter names `method`."""
    importer = "did:web:importer.example.xb"
    subject: dict[str, Json] = {
        "exporter": {"did": exporter, "id": exporter, "jurisdiction": "XA", "scheme": "DID"},
        "importer": {"did": importer, "id": importer, "jurisdiction": "XB", "scheme": "DID"},
        "flow": "outbound",
        "payload": {"commitment": sha256(number.to_bytes(8)).hexdigest(), "mediaType": "application/json"},
        "reference": f"ORDER-{number}",
    }
    document = unsigned(
        kind="TransferRecord",
        identifier=f"urn:uuid:{UUID(int=number)}",
        issuer=exporter,
        subject=subject,
        valid_from=now,
    )
    return sign_statement(document, key, method, now)


def streams(
    node: RunningNode,
    key: HolderKey,
    made: Iterator[Statement],
    fsync: float,
    *,
    where: str = "",
    goal: float = GOAL,
) -> Row:
    """Streams of lines, several at once, against two threads that only check the same signatures.

    Args:
        where: Where the log is kept, in words.
    """
    public = Ed25519PublicKey.from_public_bytes(key.private.public.raw)
    rates: list[tuple[float, float]] = []
    for _ in range(ROUNDS + 1):
        groups = [[next(made) for _ in range(LINES)] for _ in range(STREAMS * TURNS)]
        checks = [(one.signature, message_to_sign(one.document)) for group in groups for one in group]
        bodies = [b"\n".join(one.encoded for one in group) + b"\n" for group in groups]
        whole = len(checks)
        rates.append((whole / _wall(_posts(node.url, bodies)), whole / _wall(_bare(public, checks))))
    rates = rates[1:]
    ratio = statistics.median(ours / bare for ours, bare in rates)
    ours, bare = (statistics.median(column) for column in zip(*rates, strict=True))
    detail = (
        f"{STREAMS} clients at once, each sending {TURNS} streams of {LINES:,} lines one after the other, on the"
        f" same {os.cpu_count()} cores as the node: {ours:,.0f} a second; {THREADS} threads of bare Ed25519 checks"
        f" by `cryptography` {version('cryptography')}: {bare:,.0f} a second; one fsync {microseconds(fsync)}"
    )
    return share(
        f"records registered as NDJSON over HTTP{where}, verified and durable, of the bare verify rate",
        ratio,
        goal,
        detail,
    )


def _two(folder: Path, fsync: float) -> Row:
    """The same streams to two nodes at once, against one: each node a process that is held to a processor of its own.

    A node that judges in its own process still checks signatures on several threads at once: one alone that is not held
    takes most of two processors, and leaves nothing that a second could take.
    """
    rates: list[tuple[float, float]] = []
    with ExitStack() as stack:
        nodes = []
        own = sorted(os.sched_getaffinity(0))
        for name, processor in zip(("one", "other"), (own[0], own[-1]), strict=True):
            (folder / name).mkdir()
            settings = {"EVIDENCE_WORKERS": "0"}
            node = stack.enter_context(node_serving(folder / name, settings, processor=processor))
            key, _ = enrol(node, "exporter", "exporter", folder / name)
            nodes.append((node.url, records(key)))

        def bodies(made: Iterator[Statement]) -> list[bytes]:
            return [b"\n".join(next(made).encoded for _ in range(LINES)) + b"\n" for _ in range(STREAMS)]

        for turn in range(ROUNDS + 1):
            url, made = nodes[turn % 2]
            alone = _wall(_posts(url, bodies(made)))
            at_once = [_posts(url, bodies(made)) for url, made in nodes]
            both = _wall(lambda: _together(at_once))  # noqa: B023 - called at once
            rates.append((2 * STREAMS * LINES / both, STREAMS * LINES / alone))
    rates = rates[1:]
    ratio = statistics.median(two / one for two, one in rates)
    two, one = (statistics.median(column) for column in zip(*rates, strict=True))
    detail = (
        f"nodes that judge in their own process, each held to one of {os.cpu_count()} cores; the client may use all of"
        f" them: {two:,.0f} a second together, {one:,.0f} one alone;"
        f" one fsync {microseconds(fsync)}"
    )
    what = "records registered by two processes on two ledgers, of one on one"
    return Row(what, f"{ratio:.2f} times", f"≥ {TWO_GOAL:g} times", ratio >= TWO_GOAL, detail)


def _together(runs: Sequence[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(len(runs)) as threads:
        list(threads.map(lambda run: run(), runs))


def _bare(public: Ed25519PublicKey, checks: Sequence[tuple[bytes, bytes]]) -> Callable[[], None]:
    def check(part: Sequence[tuple[bytes, bytes]]) -> None:
        for signature, message in part:
            public.verify(signature, message)

    def run() -> None:
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(check, [checks[at::THREADS] for at in range(THREADS)]))

    return run


def _posts(url: str, bodies: Sequence[bytes]) -> Callable[[], None]:
    """The bodies, dealt out to clients that work at once; every line must have been registered."""

    def post(body: bytes) -> None:
        connection = _connect(url)
        connection.request("POST", "/v1/statements", body, {"content-type": "application/x-ndjson"})
        answer = connection.getresponse()
        lines = answer.read().splitlines()
        connection.close()
        if answer.status != 200 or len(lines) != LINES or any(b'"status":201' not in line for line in lines):
            raise SystemExit(f"a stream was answered {answer.status}: {lines[:1]!r}")

    def run() -> None:
        with ThreadPoolExecutor(STREAMS) as threads:
            list(threads.map(post, bodies))

    return run


def _singles(node: RunningNode, echo: str, made: Iterator[Statement], fsync: float) -> Row:
    """One record a request on many connections, against the same requests to an application that sends them back.

    The client is another process, the same for both, so that neither it nor this one is what is measured.
    """
    rates: list[tuple[float, float]] = []
    spent: list[tuple[float, float]] = []
    refused: list[float] = []
    for _ in range(ROUNDS + 1):
        bodies = [next(made).encoded for _ in range(SINGLES)]
        ours = _loaded(f"{node.url}/v1/statements", bodies, 201, node.folder)
        bare = _loaded(f"{echo}/", bodies, 200, node.folder)
        rates.append((SINGLES / ours["seconds"], SINGLES / bare["seconds"]))
        spent.append((ours["cpu"] / SINGLES, bare["cpu"] / SINGLES))
        refused.append(ours["refused"])
    rates, spent = rates[1:], spent[1:]
    ratio = statistics.median(ours / bare for ours, bare in rates)
    ours_rate, bare_rate = (statistics.median(column) for column in zip(*rates, strict=True))
    ours_client, bare_client = (statistics.median(column) for column in zip(*spent, strict=True))
    detail = (
        f"{CONNECTIONS:,} connections of one client process, which itself takes {microseconds(ours_client)} a request"
        f" ({microseconds(bare_client)} of the echo): {ours_rate:,.0f} a second, each answered once a signed checkpoint"
        f" covers it, of which there are four a second at most, {sum(refused[1:]):,.0f} of {SINGLES * ROUNDS:,} after"
        f" they were told to come again; echo: {bare_rate:,.0f} a second; uvicorn"
        f" {version('uvicorn')}, FastAPI {version('fastapi')}; one fsync {microseconds(fsync)}"
    )
    return share(
        "records registered one to a request, of a bare FastAPI echo under uvicorn",
        ratio,
        SINGLE_GOAL,
        detail,
    )


def _loaded(url: str, bodies: Sequence[bytes], status: int, folder: Path) -> dict[str, float]:
    """What `benchmarks.load` says of sending the bodies."""
    file = folder / "bodies"
    file.write_bytes(b"\n".join(bodies))
    command = [sys.executable, "-m", "benchmarks.load", url, str(CONNECTIONS), str(status), str(file)]
    told: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return told


@contextmanager
def node_serving(
    folder: Path, settings: Mapping[str, str] | None = None, *, processor: int | None = None
) -> Iterator[RunningNode]:
    """A new node as `evidence node serve` runs it, with the settings it has when nobody sets any.

    Args:
        settings: Further variables of its environment.
        processor: The only one that it may use; None leaves it all.
    """
    plan = Plan("XA", "registry.example.xa", registrar="did:web:registrar.example.xa", port=free_port())
    home = init_home(folder / "node", plan, now=int(time.time()), random=os.urandom)
    port = home.settings.port
    output = folder / "node.log"
    command = [sys.executable, "-m", "ledger.cli", "node", "serve", "--home", str(home.path)]
    with output.open("ab") as log:
        environment = {**os.environ, **(settings or {})}
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        if processor is not None:
            os.sched_setaffinity(process.pid, {processor})  # before it has other threads
    try:
        _await(port)
        yield RunningNode(home, f"http://127.0.0.1:{port}", output, process, folder)
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def _echoing(folder: Path) -> Iterator[str]:
    """An application that sends back what it gets, served as a node is; its URL."""
    (folder / "echoing.py").write_text(_ECHO)
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "echoing:app",
        "--app-dir",
        str(folder),
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    process = subprocess.Popen(command)
    try:
        _await(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _await(port: int) -> None:
    give_up = time.monotonic() + 30
    while True:
        try:
            connection = _connect(f"http://127.0.0.1:{port}")
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)
        else:
            return


def _connect(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)


def _wall(run: Callable[[], None]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun

"""Serving a node's API with uvicorn: one process, and every fault one line.

The application is named by a string, since this floor does not import the API.
"""

import errno
import json
import logging
import os
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn

from ledger.cli import output
from ledger.config import READS, ROLE, UNPROVEN, Settings
from ledger.core.times import format_time
from ledger.errors import LedgerError, SetupError
from ledger.listening import Listening, Reads, is_loopback, reads_of, require_protected
from ledger.services.files import read_private, reported

APPLICATION: Final = "api.app:create_app"
STOP_SECONDS: Final = 10
"""How long requests under way may take once the node is to stop."""
_BACKLOG: Final = 1024
_KEY_LIMIT: Final = 64 * 1024
_EVENT_LIMIT: Final = 2_000
"""Characters of an event."""

_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_Application = Callable[[MutableMapping[str, Any], _Receive, _Send], Awaitable[None]]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything else is opened, so that a port in use changes nothing.

    Args:
        port: 0 takes a free one.

    Raises:
        SetupError: `port-in-use`, `port-not-allowed`, `port-unavailable`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        code, says = {
            errno.EADDRINUSE: ("port-in-use", "is in use by another process; choose one with --port"),
            errno.EACCES: (
                "port-not-allowed",
                "may not be used by this user; choose one above 1023 with --port",
            ),
        }.get(
            error.errno or 0, ("port-unavailable", f"cannot be used: {os.strerror(error.errno or 0).lower()}")
        )
        raise SetupError(f"port {port} of {host} {says}", code=code) from None
    return listening


def url_of(listening: socket.socket, *, secure: bool = False) -> str:
    """Where a socket listens."""
    host, port = listening.getsockname()[:2]
    scheme = "https" if secure else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def protected_at(host: str, settings: Settings) -> tuple[str, Reads]:
    """The address to listen at, and who may read what is private there.

    Raises:
        RefusedError, SetupError: As `require_protected` and `reads_of`.
    """
    address = require_protected(host, settings.listening, settings.address)
    return address, reads_of(settings.listening, loopback=is_loopback(address))


@dataclass(frozen=True, slots=True)
class Certified:
    """The certificate that a node shows, and the file of its private key."""

    certificate: Path
    key: Path


def certified(home: Path, listening: Listening) -> Certified | None:
    """The certificate of the settings, once it loads; None where they name none.

    Raises:
        SetupError: `key-file-readable` where others than the node's user may use the key; `certificate-invalid`:
            the files are none, do not fit each other, or the key has a password.
    """
    if listening.certificate is None or listening.certificate_key is None:
        return None
    found = Certified(home / listening.certificate, home / listening.certificate_key)
    read_private(found.key, limit=_KEY_LIMIT, what="key of the certificate")
    with reported("read certificate", found.certificate):
        found.certificate.stat()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(found.certificate, found.key, password="")
    except (ssl.SSLError, OSError, ValueError):
        raise SetupError(
            f"certificate {found.certificate} and its key {found.key} do not load: PEM is required, the certificate"
            " first, and a key without a password",
            code="certificate-invalid",
        ) from None
    return found


def serve(
    home: Path,
    listening: socket.socket,
    started: Callable[[], None],
    *,
    role: str = "all",
    unproven: bool = False,
    reads: Reads = "open",
    shown: Certified | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; what was acknowledged is durable, and requests under way are answered.

    Args:
        home: Of the node.
        listening: As of `listen`.
        started: Called once requests are answered.
        role: See `ledger.services.node.roles`.
        unproven: See `ledger.services.recovery.restart.Restart`; for this run alone.
        reads: See `ledger.listening`.
        shown: The certificate; None serves without TLS.

    Raises:
        LedgerError: Whatever kept the node from opening.
    """
    os.environ["EVIDENCE_HOME"] = str(home.absolute())  # how the application is told, see api/app.py
    os.environ[ROLE], os.environ[READS] = role, reads
    os.environ[UNPROVEN] = "1" if unproven else ""
    _tell_of_faults()
    config = uvicorn.Config(
        APPLICATION,
        factory=True,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_certfile=None if shown is None else shown.certificate,
        ssl_keyfile=None if shown is None else shown.key,
    )
    server = _Server(config, started)
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again at its end, for whoever handled it before: that is this.
        signal.signal(number, server.stop)
    config.load()
    opening = _Opening(config.loaded_app)
    config.loaded_app = opening
    try:
        server.run(sockets=[listening])
    except SystemExit:
        if opening.error is None:
            raise SetupError("the server did not start", code="server-failed") from None
    finally:
        listening.close()
    if opening.error is not None:
        raise opening.error


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, begun: Callable[[], None]) -> None:
        super().__init__(config)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As of the class above."""
        await super().startup(sockets)
        if self.started:
            self._begun()

    def stop(self, _number: int, _frame: object) -> None:
        """Stop, also where the signal comes before the server handles it."""
        self.should_exit = True


class _Opening:
    """The application, keeping the error that its opening or closing ended with; a server only logs it."""

    def __init__(self, application: _Application) -> None:
        self._application = application
        self.error: Exception | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
        try:
            await self._application(scope, receive, send)
        except Exception as error:
            if scope["type"] == "lifespan":
                self.error = error
            raise


class OneLine(logging.Handler):
    """Writes an event as one line of JSON: an exception by kind and place, never its message or a traceback.

    Whatever would end the line, move the cursor, or turn the text around is written as its number, so that nothing
    that came from elsewhere looks like another event.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """As of the class above."""
        text = record.getMessage()
        if text.startswith("Traceback") or "Application startup failed" in text:
            return  # told by the error itself
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, LedgerError):
            return
        told = {
            "time": format_time(int(record.created)),
            "level": record.levelname.lower(),
            "source": record.name,
            "event": text[:_EVENT_LIMIT],
        }
        if error is not None:
            told |= {"error": type(error).__name__, "place": output.place_of(error).removeprefix(" at ")}
        output.say(json.dumps(told))  # ASCII alone, what controls is escaped


def _tell_of_faults() -> None:
    root = logging.getLogger()
    root.handlers[:] = [OneLine()]
    root.setLevel(logging.WARNING)

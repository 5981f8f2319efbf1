"""The nodes of the demonstration: each a home and a process that serves it, on a free port of loopback."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Container
from contextlib import suppress
from pathlib import Path
from typing import Final

from ledger.chains import DEFAULT_PERIOD
from ledger.config import with_environment
from ledger.demo.commands import Evidence
from ledger.errors import RemoteError, SetupError
from ledger.forks import Forks, Process
from ledger.remote.node import NodeClient
from ledger.services.home.folder import open_home

START_SECONDS: Final = 120
ANCHOR_SECONDS: Final = 180
STOP_SECONDS: Final = 20
_PAUSE: Final = 0.2
FORKS: Final = Forks()
"""What the nodes are forked off: it loads once what each of them would load by itself, at each start."""


class DemoNode:
    """A node of jurisdiction `code`; `stop` ends its process.

    Attributes:
        url: Where it listens.
    """

    def __init__(self, code: str, folder: Path, port: int) -> None:
        self.code = code
        self.home = folder / f"node-{code.lower()}"
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._client = NodeClient(self.url)
        self._output = folder / f"node-{code.lower()}.log"
        self._process: Process | None = None
        self._listens_since = 0.0
        self._period = DEFAULT_PERIOD

    def init(self, evidence: Evidence) -> None:
        """Make its home and keys."""
        where = f"example.{self.code.lower()}"
        evidence.run(
            *("node", "init", "--home", self.home, "--jurisdiction", self.code),
            *("--authority", f"registry.{where}", "--registrar", f"did:web:registrar.{where}"),
            *("--port", str(self._port)),
        )

    def serve(self) -> None:
        """Start its process; `await_listening` waits until it answers."""
        self._period = with_environment(open_home(self.home).settings, os.environ).chain.period
        command = ("node", "serve", "--home", str(self.home))
        try:
            self._process = FORKS.run(command, self._output, os.environ)
        except RuntimeError as error:
            raise SetupError(
                f"the node of {self.code} did not start: {error}", code="demo-node-failed"
            ) from None

    def await_listening(self) -> None:
        """Wait until it answers.

        Raises:
            SetupError: `demo-node-failed`: it ended, or does not answer in time.
        """
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            with suppress(RemoteError):
                self.anchored_size()
                self._listens_since = time.monotonic()
                return
            self._require_alive()
            time.sleep(_PAUSE)
        raise SetupError(
            f"the node of {self.code} does not answer after {START_SECONDS} seconds", code="demo-node-failed"
        )

    def await_window(self, seconds: float) -> None:
        """Wait until no anchor is due for `seconds`, so that what is registered meanwhile falls under one.

        The node looks for something to anchor once a period, counted from its start.
        """
        left = self._period - (time.monotonic() - self._listens_since) % self._period
        if left < min(seconds, self._period / 2):
            time.sleep(left + _PAUSE)

    def size(self) -> int:
        """How many entries its log has."""
        return self._count("size")

    def anchored_size(self) -> int:
        """How many of them the chain holds."""
        return self._count("anchoredSize")

    def chain(self) -> str:
        """What it says of its chain."""
        told = self._client.well_known().get("chain")
        return f"{told.get('id')}, {told.get('description')}" if isinstance(told, dict) else "no chain"

    def _count(self, member: str) -> int:
        found = self._client.health().get(member)
        return found if isinstance(found, int) else 0

    def await_anchored(self, size: int, progress: Callable[[str], None]) -> None:
        """Wait until the chain holds the first `size` entries of its log.

        Raises:
            SetupError: `demo-node-failed`: it ended, or anchors nothing.
        """
        give_up = time.monotonic() + ANCHOR_SECONDS
        while (held := self.anchored_size()) < size:
            if time.monotonic() > give_up:
                raise SetupError(
                    f"the node of {self.code} anchored {held} of {size} entries in {ANCHOR_SECONDS} seconds",
                    code="demo-node-failed",
                )
            self._require_alive()
            progress(f"{self.code}: {held:,} of {size:,} entries anchored")
            time.sleep(_PAUSE)

    def stop(self) -> None:
        """End its process, by its own number, and wait for it; what it acknowledged is durable."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def close(self) -> None:
        """Stop, for good."""
        self.stop()
        self._client.close()

    def ended(self) -> bool:
        """Whether its process is gone."""
        return self._process is None or self._process.poll() is not None

    def _require_alive(self) -> None:
        if self.ended():
            said = self._output.read_text(errors="replace").strip().splitlines()
            raise SetupError(
                f"the node of {self.code} ended: {said[-1] if said else 'it said nothing'}",
                code="demo-node-failed",
            )


def free_port(preferred: int, taken: Container[int] = ()) -> int:
    """A port of loopback that nothing listens on: `preferred` where it is free, never one of `taken`."""
    for port in (preferred, 0, 0, 0):
        with socket.socket() as tried, suppress(OSError):
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(("127.0.0.1", port))
            found: int = tried.getsockname()[1]
            if found not in taken:
                return found
    raise SetupError("no port of loopback is free", code="port-unavailable")

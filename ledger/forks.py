"""Nodes of the demonstration and of tests, forked off one process that has everything loaded: a start costs no imports.

`python -m ledger.forks` reads one JSON object a line and forks a process for each: `output` (a file), `environment`,
and either the `port` to serve on or the `arguments` of a command `evidence`. It answers `[pid]`, and `[pid, status]`
once that process is gone. At the end of its input it ends those that are left, and itself. It never has a thread, so
that what it forks off is whole.
"""

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

ANSWER_SECONDS: Final = 60
_CHUNK: Final = 1 << 16


class Process(Protocol):
    """What tests use of a `subprocess.Popen`."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None: it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end.  Raises `subprocess.TimeoutExpired`."""
        ...

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it is gone."""
        ...

    def terminate(self) -> None:
        """Ask it to end."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class Forked:
    """A process that another one forked off for us."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._gone = threading.Event()

    def ended(self, status: int) -> None:
        """Take note of its end."""
        self.returncode = status
        self._gone.set()

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None: it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end.  Raises `subprocess.TimeoutExpired`."""
        if not self._gone.wait(timeout):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it is gone."""
        if self.returncode is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class Forks:
    """The loaded process, started at the first use and ended with this one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: queue.SimpleQueue[Forked | None] = queue.SimpleQueue()
        self._parent: subprocess.Popen[bytes] | None = None

    def start(self, port: int, output: Path, environment: Mapping[str, str]) -> Forked:
        """Serve a node on a loopback port; what it says goes to the file `output`."""
        return self._start(output, environment, port=port)

    def run(self, arguments: Sequence[str], output: Path, environment: Mapping[str, str]) -> Forked:
        """Carry out a command `evidence`, in a session of its own.

        Raises:
            RuntimeError: The loaded process ended.
        """
        return self._start(output, environment, arguments=list(arguments))

    def load(self) -> None:
        """Begin to load, where that was not begun; what is started later waits for it."""
        with self._lock:
            self._loading()

    def _start(self, output: Path, environment: Mapping[str, str], **what: Any) -> Forked:
        told = {"output": str(output), "environment": dict(environment), **what}
        with self._lock:
            parent = self._loading()
            assert parent.stdin is not None
            try:
                parent.stdin.write(json.dumps(told).encode() + b"\n")
                parent.stdin.flush()
                made = self._made.get(timeout=ANSWER_SECONDS)
            except BrokenPipeError:
                made = self._made.get(timeout=ANSWER_SECONDS)
            if made is None:
                raise RuntimeError("the process that nodes are forked off ended")
            return made

    def _loading(self) -> "subprocess.Popen[bytes]":
        if self._parent is None or self._parent.poll() is not None:
            self._made = queue.SimpleQueue()
            self._parent = self._begin()
        return self._parent

    def _begin(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-P", "-m", "ledger.forks"]
        parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        listener = threading.Thread(target=self._listen, args=(parent, self._made), daemon=True)
        listener.start()
        atexit.register(_end, parent, listener)
        return parent

    def _listen(self, parent: "subprocess.Popen[bytes]", made: "queue.SimpleQueue[Forked | None]") -> None:
        running: dict[int, Forked] = {}
        assert parent.stdout is not None
        with parent.stdout as answers:
            for line in answers:
                pid, *status = json.loads(line)
                if status:
                    running.pop(pid).ended(status[0])
                else:
                    running[pid] = Forked(pid)
                    made.put(running[pid])
        for one in running.values():
            one.ended(-signal.SIGKILL)
        made.put(None)


def _end(parent: "subprocess.Popen[bytes]", listener: threading.Thread) -> None:
    """End the loaded process; its listener closes the pipe of its answers, which would warn if it were left."""
    assert parent.stdin is not None
    with suppress(BrokenPipeError):  # it is gone, and was told something more
        parent.stdin.close()
    parent.wait()
    listener.join(ANSWER_SECONDS)


def main() -> None:
    """Fork a server for each line."""
    from select import select

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's: our end is that of our input
    with suppress(Exception):  # what is forked off finds the same, and says so where it is read
        _load()
    awake, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    running: set[int] = set()
    asked = b""
    while True:
        ready, _, _ = select([sys.stdin.fileno(), awake], [], [])
        if awake in ready:
            os.read(awake, _CHUNK)
            _tell_the_gone(running)
        if sys.stdin.fileno() not in ready:
            continue
        read = os.read(sys.stdin.fileno(), _CHUNK)
        if not read:
            break
        *lines, asked = (asked + read).split(b"\n")
        for line in lines:
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                os.close(awake)
                os.close(wakes)
                _serve(**json.loads(line))
            running.add(pid)
            print(json.dumps([pid]), flush=True)  # noqa: T201 - its answer
    for pid in running:
        os.kill(pid, signal.SIGKILL)


def _load() -> None:
    import gc
    from importlib import import_module

    for name in (
        "alembic.command",
        "alembic.config",
        "anyio._backends._asyncio",
        "api.app",
        "coincurve",
        "cryptography.hazmat.primitives.asymmetric.ed25519",
        "eth.estimators.gas",
        "ledger.cli.node",
        "ledger.cli.serving",
        "ledger.chain.embedded",
        "ledger.chain.embedded_port",
        "ledger.chain.http_provider",
        "ledger.store.migrations.triggers",
        "sqlalchemy.dialects.sqlite",
        "uvicorn.lifespan.on",
        "uvicorn.loops.auto",
        "uvicorn.protocols.http.auto",
        "uvicorn.protocols.websockets.auto",
    ):
        import_module(name)
    gc.freeze()


def _tell_the_gone(running: set[int]) -> None:
    for pid in tuple(running):
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            running.discard(pid)
            print(json.dumps([pid, os.waitstatus_to_exitcode(status)]), flush=True)  # noqa: T201


def _serve(
    output: str, environment: dict[str, str], port: int = 0, arguments: list[str] | None = None
) -> None:
    """Serve as `python -m uvicorn api.app:create_app --factory` does, or carry out a command; never returns."""
    status = 1
    try:
        for number in (signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.default_int_handler)
        nowhere, file = (
            os.open(os.devnull, os.O_RDONLY),
            os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666),
        )
        os.dup2(nowhere, 0)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.close(nowhere)
        os.close(file)
        os.environ.clear()
        os.environ.update(environment)
        status = _run(arguments) if arguments else _run_server(port)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - it has no caller to be raised to
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run(arguments: list[str]) -> int:
    from ledger.cli.app import run_app

    os.setsid()  # Ctrl-C is for whoever had it started
    return run_app(arguments)


def _run_server(port: int) -> int:
    import uvicorn

    uvicorn.run("api.app:create_app", factory=True, host="127.0.0.1", port=port, log_level="warning")
    return 0


if __name__ == "__main__":
    main()

"""One admission worker as the node sees it: a process, two pipes, and the state of keys that it was told last."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import orjson

from ledger.services.admission.admit import Party, Verdict
from ledger.services.admission.wire import decode_verdict, encode_batch, encode_party, receive, send

_MODULE: Final = "ledger.services.admission.worker"
_STOP_SECONDS: Final = 5


class WorkerLostError(Exception):
    """The worker ended before it answered; what it was asked is to be asked again."""


class WorkerProcess:
    """A worker; one thread talks to it at a time.

    It is started with a command, never forked off, since the node has threads, and sees no signal of the node's
    terminal.  Whatever ends the node closes the pipes, and that ends the worker.

    Attributes:
        state: Of the parties, as of `Parties.changed_since`, up to which the worker knows of changes.

    Raises:
        OSError: It could not be started.
    """

    def __init__(self, jurisdiction: str) -> None:
        self.state = -1
        # The modules of this process, wherever they came from, and nothing from the folder it happens to be in.
        places = os.pathsep.join(place or os.getcwd() for place in sys.path)  # noqa: PTH109 - as text
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and a module of ours
            [sys.executable, "-P", "-m", _MODULE, jurisdiction],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": places},
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def judge(
        self,
        documents: Sequence[bytes],
        *,
        now: int,
        wanted: str | None,
        changed: frozenset[str] | None,
        party_of: Callable[[str], Party | None],
    ) -> list[Verdict | None]:
        """The verdicts on documents, in order; None where the node must judge itself.

        Args:
            changed: As in `encode_batch`.
            party_of: What is known of a DID; None where that cannot be said now.

        Raises:
            WorkerLostError: It ended.
        """
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None
        assert sink is not None
        try:
            send(sink, encode_batch(documents, now=now, wanted=wanted, changed=changed))
            while isinstance(told := orjson.loads(receive(source)), dict):
                party = party_of(told["ask"])
                send(sink, b"" if party is None else encode_party(party))
        except (EOFError, OSError) as error:
            raise WorkerLostError from error
        return [
            None if verdict is None else decode_verdict(verdict, data)
            for verdict, data in zip(told, documents, strict=True)
        ]

    def kill(self) -> None:
        """End it at once; the thread that waits for its answer gets a `WorkerLostError`."""
        self._process.kill()

    def close(self) -> None:
        """Let it end, and see that it does."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

"""Processes that share an audit, one a processor; each reads the database on connections of its own.

A process that ends before it answered, whyever, is done without: its task is carried out here.
"""

import os
import pickle
import queue
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ledger.services.admission.wire import receive, send
from ledger.services.auditing.ranges import LogIdentity
from ledger.services.auditing.task import Answer, Task, answer_to
from ledger.store.database import Database

_MODULE: Final = "ledger.services.auditing.worker"
_STOP_SECONDS: Final = 5


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


class _Process:
    """One worker; one thread talks to it at a time.  It ends when its input does, whatever ended this process."""

    def __init__(self, place: Path | str, identity: LogIdentity) -> None:
        # The modules of this process, wherever they came from, and nothing from the folder it happens to be in.
        places = os.pathsep.join(one or os.getcwd() for one in sys.path)  # noqa: PTH109 - as text
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and a module of ours
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": places},
            start_new_session=True,
        )
        self._send((place, identity))

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, task: Task) -> Answer:
        """Raises: EOFError, OSError: It ended."""
        self._send(task)
        assert self._process.stdout is not None
        answer: Answer = pickle.loads(receive(self._process.stdout))  # noqa: S301 - from a process of our own
        return answer

    def end(self) -> None:
        """At once: it only reads."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._process.wait(_STOP_SECONDS)

    def _send(self, told: object) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # then the answer does not come, which is noticed
            send(self._process.stdin, pickle.dumps(told))


class Workers:
    """Carries out tasks in `count` processes; ended with `close` or as a context manager.

    Args:
        database: To carry out here what a process that ended left.
        place: The same database, to be opened by each: its file, or its address.

    Attributes:
        width: How many tasks may wait for their answer at once.
    """

    def __init__(self, database: Database, place: Path | str, identity: LogIdentity, count: int) -> None:
        self.width = 2 * count + 1
        self._database, self._identity = database, identity
        self._closing = False
        self._processes = [_Process(place, identity) for _ in range(count)]
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="audit")

    @property
    def pids(self) -> list[int]:
        """Numbers of the processes."""
        return [process.pid for process in self._processes]

    def submit(self, task: Task) -> Future[Answer]:
        """As of `ledger.services.auditing.audit.Comparing`."""
        return self._threads.submit(self._answer, task)

    def _answer(self, task: Task) -> Answer:
        process = self._idle.get()
        try:
            return process.ask(task)
        except (EOFError, OSError):
            if self._closing:
                raise
            return answer_to(task, self._database, self._identity)
        finally:
            self._idle.put(process)

    def close(self) -> None:
        """End the processes; what they were asked is left."""
        self._closing = True
        for process in self._processes:
            process.end()
        self._threads.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

"""Tests shared among processes that are forked off once all tests are collected: `pytest --processes 4`.

To collect the tests costs a processor half a minute, and processes that begin by themselves, as those of xdist do,
collect them one by one.  These begin with everything loaded.  A process takes the tests of one file after the other,
see `tests.scheduling`; what becomes of them goes to the first process, which tells it as if it had run them itself.
One that ends in the middle of a test fails that test, and another takes up the rest of the file.
"""

import atexit
import os
import random
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest

STOP = signal.SIGUSR1
"""Ends a process as Ctrl-C does; no test sends it to what it starts."""
END_SECONDS = 60
"""For a process to end what its tests began, once it is to stop."""


class Part(NamedTuple):
    """Tests to be run by one process: those of a group, from the one at `first` on."""

    group: int
    first: int = 0


@dataclass(eq=False)
class Worker:
    """A process that runs tests.

    Attributes:
        told: Where it asks for parts, and says what becomes of tests.
        parts: Those it was given and has not finished.
        running: The test that it runs: its id and where it stands; None between two.
        done: Tests of its first part that it ran.
    """

    name: str
    pid: int
    told: Connection
    parts: deque[Part] = field(default_factory=deque)
    running: tuple[str, Any] | None = None
    done: int = 0


class Telling:
    """Of a process that runs tests: whatever becomes of them goes to the first process."""

    def __init__(self, config: pytest.Config, told: Connection) -> None:
        self._config, self._told = config, told

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        self._told.send(("began", (nodeid, location)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        made = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._told.send(("report", made))

    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        self._told.send(("ended", (nodeid, location)))


class Sharing:
    """The first process: gives out the groups, in their order, and tells what becomes of their tests."""

    def __init__(self, session: pytest.Session, groups: Sequence[Sequence[pytest.Item]], count: int) -> None:
        self._session, self._groups, self._count = session, groups, count
        self._hook = session.config.hook
        self._waiting = deque(Part(number) for number in range(len(groups)))
        self._workers: dict[Connection, Worker] = {}
        self._begun = 0

    def run(self) -> None:
        """Run them all, unless a failure is to be the last.

        Raises:
            pytest.Session.Failed, pytest.Session.Interrupted: As when one process runs them.
        """
        assert threading.active_count() == 1, "a process that has threads is not forked"
        try:
            for _ in range(min(self._count, len(self._groups))):
                self._begin()
            while self._workers:
                for told in wait([*self._workers]):
                    assert isinstance(told, Connection)
                    self._hear(self._workers[told])
                if self._session.shouldfail:
                    raise self._session.Failed(self._session.shouldfail)
                if self._session.shouldstop:
                    raise self._session.Interrupted(self._session.shouldstop)
        finally:
            self._end()

    def _begin(self) -> None:
        name = f"gw{self._begun}"
        self._begun += 1
        here, there = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            # Each process holds its own end alone, so that the end of one is noticed.
            for one in (here, *self._workers):
                one.close()
            _work(self._session, self._groups, there, name)
        there.close()
        self._workers[here] = Worker(name, pid, here)

    def _hear(self, worker: Worker) -> None:
        try:
            kind, value = worker.told.recv()
        except EOFError:
            self._gone(worker)
            return
        if kind == "more":
            part = self._waiting.popleft() if self._waiting else None
            if part is not None:
                worker.parts.append(part)
            with suppress(BrokenPipeError):  # it is gone, which is noticed next
                worker.told.send(part)
        elif kind == "finished":
            worker.parts.popleft()
            worker.done = 0
        elif kind == "began":
            worker.running = value
            self._hook.pytest_runtest_logstart(nodeid=value[0], location=value[1])
        elif kind == "report":
            made = self._hook.pytest_report_from_serializable(config=self._session.config, data=value)
            self._hook.pytest_runtest_logreport(report=made)
        else:
            worker.running = None
            worker.done += 1
            self._hook.pytest_runtest_logfinish(nodeid=value[0], location=value[1])

    def _gone(self, worker: Worker) -> None:
        """It ended: as it should, or in the middle of a test, which is told; another takes up what it leaves."""
        del self._workers[worker.told]
        worker.told.close()
        _, status = os.waitpid(worker.pid, 0)
        how = os.waitstatus_to_exitcode(status)
        if worker.running is not None:
            nodeid, location = worker.running
            why = f"{worker.name}, which ran it, ended with status {how}"
            lost = pytest.TestReport(nodeid, location, {}, "failed", why, "call")
            self._hook.pytest_runtest_logreport(report=lost)
            self._hook.pytest_runtest_logfinish(nodeid=nodeid, location=location)
            worker.done += 1
        elif how != 0:
            self._session.shouldstop = f"{worker.name} ended with status {how} between two tests"
        left = [*worker.parts]
        if left:
            left[0] = Part(left[0].group, left[0].first + worker.done)
        left = [part for part in left if part.first < len(self._groups[part.group])]
        self._waiting.extendleft(reversed(left))
        if left:
            self._begin()

    def _end(self) -> None:
        """See that no process is left, however this one ends."""
        for worker in self._workers.values():
            os.kill(worker.pid, STOP)
        give_up = time.monotonic() + END_SECONDS
        for worker in self._workers.values():
            while os.waitpid(worker.pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > give_up:
                    os.kill(worker.pid, signal.SIGKILL)
                time.sleep(0.05)
                with suppress(EOFError, OSError):  # what it still says would keep it from ending
                    while worker.told.poll():
                        worker.told.recv()


def _work(
    session: pytest.Session, groups: Sequence[Sequence[pytest.Item]], told: Connection, name: str
) -> NoReturn:
    """Run parts until there are none, and end this process without going back to where it was forked off."""
    status = 1
    try:
        _settle(session.config, told, name)
        try:
            _run_parts(session, groups, told)
            status = 0
        finally:
            session._setupstate.teardown_exact(None)  # what is still open where it was told to stop
    except KeyboardInterrupt:
        status = 2
    except BaseException:  # noqa: BLE001 - it has no caller to be raised to
        sys.excepthook(*sys.exc_info())
    finally:
        _leave(status)


def _settle(config: pytest.Config, told: Connection, name: str) -> None:
    """Be a process of one's own: what it writes, its temporary folders, its name."""
    signal.signal(STOP, signal.default_int_handler)
    random.seed()
    os.environ["PYTEST_XDIST_WORKER"] = name  # what tests go by that share something among processes
    capturing = config.pluginmanager.getplugin("capturemanager")
    if capturing is not None and capturing.is_globally_capturing():
        capturing.stop_global_capturing()
        capturing.start_global_capturing()
        capturing.suspend_global_capture()
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None:
        terminal._tw._file = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    folders = config._tmp_path_factory  # type: ignore[attr-defined] # each plugin's, set by pytest
    folders._basetemp = folders.getbasetemp() / f"popen-{name}"
    folders._basetemp.mkdir(mode=0o700)
    config.pluginmanager.register(Telling(config, told))


def _run_parts(session: pytest.Session, groups: Sequence[Sequence[pytest.Item]], told: Connection) -> None:
    part = _more(told)
    while part is not None:
        items = groups[part.group][part.first :]
        following = None
        for item, after in zip(items, [*items[1:], None], strict=True):
            if after is None:  # who comes next decides what stays open
                following = _more(told)
                after = None if following is None else groups[following.group][following.first]  # noqa: PLW2901
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if session.shouldfail or session.shouldstop:  # the first process finds the same, and ends all
                return
        told.send(("finished", None))
        part = following


def _more(told: Connection) -> Part | None:
    told.send(("more", None))
    part = told.recv()
    assert part is None or isinstance(part, Part)
    return part


def _leave(status: int) -> NoReturn:
    """End, with what was to be done at the end, such as of processes that tests share."""
    with suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined] # as at the end of any process
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)

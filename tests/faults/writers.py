"""Starts, stops and kills the processes of `tests.faults.writer`, and keeps what they told."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.faults.judge import Told
from tests.faults.mount import Mount
from tests.faults.writer import Order

PATIENCE = 60
"""Seconds for which anything is waited for; a busy machine is slow."""

LONGEST = 0.3
"""Seconds between a start and a power cut, at most."""
CHANGES = 120
"""Operations of the disk in between, at most; a record alone and its checkpoint take about sixty."""


class Writer:
    """One process that registers."""

    def __init__(self, name: str, told: Told) -> None:
        self.name = name
        self.told = told
        self.pid = 0
        self.lines = 0
        self.readies = 0
        self.refused: list[str] = []
        self.gone = threading.Event()
        self.born = threading.Event()

    def wait(self, condition: Callable[["Writer"], bool], patience: float = PATIENCE) -> None:
        """Wait until something holds of it.  It fails where the writer ended by itself: none ever should."""
        give_up = time.monotonic() + patience
        while not condition(self):
            assert not self.gone.is_set() or condition(self), f"writer {self.name} died"
            assert time.monotonic() < give_up, f"writer {self.name} was waited for in vain"
            time.sleep(0.002)

    def wait_for_records(self, more: int, patience: float = PATIENCE) -> None:
        """Wait until it told of some more."""
        until = self.lines + more
        self.wait(lambda writer: writer.lines >= until, patience)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once; returns when all that it told is known."""
        if not self.gone.is_set():
            self.signal(signal.SIGKILL)
        assert self.gone.wait(PATIENCE)


class Writers:
    """The process that forks writers off."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._all: dict[str, Writer] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def start(self, name: str, place: Path | str, told: Told, **options: object) -> Writer:
        """Start a writer; names are never used twice.  Options are those of `Order`."""
        writer = self._all[name] = Writer(name, told)
        order = Order(name, str(place), **options)  # type: ignore[arg-type]  # a stand-in
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        assert writer.born.wait(PATIENCE)
        return writer

    def ready(self, name: str, place: Path | str, told: Told, **options: object) -> Writer:
        """Start a writer, and wait until it has opened the store, or could not."""
        writer = self.start(name, place, told, **options)
        writer.wait(lambda one: one.readies > 0 or bool(one.refused))
        return writer

    def end(self) -> None:
        """End them all."""
        for writer in self._all.values():
            if not writer.gone.is_set():
                writer.signal(signal.SIGKILL)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            name, _, said = line.partition(" ")
            self._take(self._all[name], said)

    def _take(self, writer: Writer, said: str) -> None:
        if writer.told.line(said):
            writer.lines += 1
            return
        word, *rest = said.split()
        if word == "child":
            writer.pid = int(rest[0])
            writer.born.set()
        elif word == "ready":
            writer.readies += 1
        elif word == "gone":
            writer.gone.set()
        else:
            writer.refused.append(rest[0])


@contextmanager
def writers() -> Iterator[Writers]:
    """The process that forks writers off, until the block ends."""
    command = [sys.executable, "-m", "tests.faults.writer"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        made = Writers(process)
        try:
            yield made
        finally:
            made.end()


def fail_power(disk: Mount, writer: Writer, chance: random.Random, number: int) -> None:
    """Let a writer work on the disk; then power fails.

    Half of the cuts are at any time, half at a chosen operation; half leave nothing that was not synchronised, half
    what chance says.
    """
    if number % 2:
        time.sleep(chance.uniform(0.0, LONGEST))
    else:
        disk.freeze(chance.randint(1, CHANGES))
        writer.wait(lambda one: bool(one.refused))
    writer.kill()
    disk.cut(chance.random() if number % 4 < 2 else None)


def restarted(forks: Writers, place: Path | str, told: Told, *, ahead: str = "") -> None:
    """Have a writer start once more, so that what a fault left is finished, and work a little."""
    writer = forks.ready("last", place, told, clock=ahead)
    writer.wait_for_records(3)
    writer.kill()

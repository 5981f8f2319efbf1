"""Processes that register until they are killed: `python -m tests.faults.writer`.

For each line of JSON on stdin a child is forked that opens the store it names and registers records, one by one and in
streams.  What it told goes to stdout, a line each, behind its name: `ack DIGEST INDEX` for each answer, `seen SIZE
SHA256` for each checkpoint that was published, `ready`, `refused CODE`.  The parent says `child PID` and `gone`.  It
stays single-threaded and loaded, so that a child costs no start-up; `tests.faults.writers` is the other end.
"""

import json
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from itertools import count
from pathlib import Path

import ledger.services.log.sequencer as sequencing
from ledger.errors import LedgerError
from ledger.services.admission.parties import Parties
from ledger.services.log.sequencer import Sequencer
from ledger.services.registration.register import Registration
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import open_database
from ledger.store.log import Log, create_log
from ledger.store.statements import Statements
from tests.faults import planted
from tests.services.nodes import NOW, Node, signing
from tests.simulator import World

BEGAN = time.time()
LOADED_LATER = (
    "ledger.store.sqlite",
    "ledger.store.postgres",
    "psycopg",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.dialects.postgresql.psycopg",
    "coincurve",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.asymmetric.mldsa",
)
LOST = ("fenced", "store-locked", "store-moved")
"""Codes after which a writer opens the store again: it is no longer the one that may write."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to do.

    Attributes:
        place: The store: the path of a file, or the address of a server.
        plant: A bug that it has; see `tests.faults.planted`.
        interval: Seconds between checkpoints.
        clock: A file with the seconds that its clock is ahead; none: it is right.
        hold: Seconds after which it closes the store, for another one; 0: never.
    """

    name: str
    place: str
    plant: str = ""
    interval: float = 0.01
    clock: str = ""
    hold: float = 0.0


def make_store(place: Path | str) -> None:
    """Make an empty log."""
    with open_database(place, create=True) as database:
        create_log(database, World().xa.origin)


@contextmanager
def opened(
    place: Path | str,
    publish: Callable[[StoredCheckpoint], None],
    clock: Callable[[], float],
    interval: float = 0.01,
) -> Iterator[Node]:
    """XA's node over a store that is there."""
    world = World()
    with open_database(place) as database:
        log, checkpoints, statements = (
            Log(database, world.xa.origin),
            Checkpoints(database),
            Statements(database),
        )
        parties = Parties(statements, checkpoints, world.trust(), "XA")
        with Sequencer(
            log, checkpoints, signing(world), clock=clock, publish=publish, interval=interval
        ) as sequencer:
            yield Node(world, database, log, checkpoints, statements, parties, sequencer)


class Child:
    """One writer, in its own process."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.place: Path | str = order.place if "://" in order.place else Path(order.place)
        self.number = 0

    def say(self, *words: object) -> None:
        """Tell; a line this short is written whole or not at all."""
        os.write(1, (" ".join(map(str, (self.order.name, *words))) + "\n").encode())

    def publish(self, checkpoint: StoredCheckpoint) -> None:
        self.say("seen", checkpoint.size, sha256(checkpoint.note).hexdigest())

    def clock(self) -> float:
        ahead = 0.0
        with suppress(OSError, ValueError):
            ahead = float(Path(self.order.clock).read_text()) if self.order.clock else 0.0
        return NOW + time.time() - BEGAN + ahead

    def run(self) -> None:
        """Register for ever."""
        sequencing.RETRY = 0.05
        bug = planted.BUGS[self.order.plant](self) if self.order.plant else None
        while True:
            try:
                if bug is not None:
                    bug.before_opening()
                with opened(self.place, self.publish, self.clock, self.order.interval) as node:
                    if bug is not None:
                        bug.opened(node)
                    self.say("ready")
                    self.register(node)
            except LedgerError as error:
                self.say("refused", error.code)
            time.sleep(0.03)

    def register(self, node: Node) -> None:
        """Register until the time is up, or the store is no longer this writer's."""
        end = time.monotonic() + self.order.hold if self.order.hold else float("inf")
        self.enrol(node)
        for at in count(self.number):
            if time.monotonic() > end:
                return
            self.number = at + 1
            name = f"{self.order.name}-{at}"
            names = [name] if at % 3 else [f"{name}-{number}" for number in range(40)]
            try:
                for answer in node.register_many([node.world.record(one).encoded for one in names]):
                    if isinstance(answer, Registration):
                        self.say("ack", answer.digest.hex(), answer.index)
                    else:
                        self.say("refused", answer.code)
            except LedgerError as error:
                self.say("refused", error.code)
                if error.code in LOST:
                    return
                time.sleep(0.01)

    def enrol(self, node: Node) -> None:
        answer = node.enrol_exporter()
        self.say("ack", answer.digest.hex(), answer.index)


def load() -> None:
    """Load what a child would at its first signature and its first look at a store of either kind.

    Without this each takes most of a second of the processor.
    """
    for name in LOADED_LATER:
        with suppress(ImportError):  # psycopg: without it nobody orders a store on a server
            import_module(name)


def main() -> None:
    """Fork a child for each line; tell its number, and when it is gone."""
    load()
    names: dict[int, str] = {}
    waiting = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.01)
        for pid in tuple(names):
            if os.waitpid(pid, os.WNOHANG)[0]:
                os.write(1, f"{names.pop(pid)} gone\n".encode())
        if not ready:
            continue
        read = os.read(0, 1 << 16)
        if not read:
            break
        *lines, waiting = (waiting + read).split(b"\n")
        for line in lines:
            order = Order(**json.loads(line))
            pid = os.fork()
            if pid == 0:
                try:
                    Child(order).run()
                except BaseException:  # noqa: BLE001 - it has no caller to be raised to
                    sys.excepthook(*sys.exc_info())
                finally:
                    os._exit(1)
            names[pid] = order.name
            os.write(1, f"{order.name} child {pid}\n".encode())
    for pid in names:
        with suppress(ProcessLookupError):
            os.kill(pid, 9)


if __name__ == "__main__":
    main()

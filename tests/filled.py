"""A node whose log was filled without its API: many entries in little time, of bodies that nobody signed."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from ledger.services.home.database import open_log_database
from ledger.services.home.folder import Plan, init_home
from ledger.store.log import Log
from ledger.store.rows import NewStatement
from tests.api.served import EXPORTER, Served, holder, listening

BATCH = 5_000


def body(number: int) -> bytes:
    """What stands for the statement at `number`."""
    return b'{"number":%d}' % number


def digests(count: int) -> list[bytes]:
    """The entries of a log filled with `count` of them."""
    return [sha256(body(number)).digest() for number in range(count)]


def fill(log: Log, numbers: range) -> None:
    """Append without signing."""
    for first in range(numbers.start, numbers.stop, BATCH):
        log.append(
            [
                NewStatement(
                    sha256(body(number)).digest(), EXPORTER, f"urn:x:{number}", "Filler", number, body(number)
                )
                for number in range(first, min(first + BATCH, numbers.stop))
            ]
        )


@contextmanager
def serving_filled(folder: Path, count: int) -> Iterator[Served]:
    """A node of XA that serves a log of at least `count` entries, all signed: those of `digests` first."""
    plan = Plan("XA", "registry.example.xa", registrar="did:web:registrar.example.xa")
    home = init_home(folder / "node", plan, now=int(time.time()) - 86_400, random=os.urandom)
    with open_log_database(home) as database:
        fill(Log(database, home.settings.origin), range(count))
    with listening(home) as (app, url):
        served = Served(home, app, url, holder(EXPORTER))
        give_up = time.monotonic() + 30
        while (latest := served.node.checkpoints.latest()) is None or latest.size < count:
            assert time.monotonic() < give_up
            time.sleep(0.02)
        yield served

"""A node's services without its faces: a database, a log, a sequencer and the parties that may sign."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ledger.core.checkpoint import Checkpoint, sign_checkpoint
from ledger.core.receipt import Receipt
from ledger.core.statement import Statement
from ledger.services.admission.parties import Parties
from ledger.services.auditing.audit import AuditReport, LogIdentity, audit
from ledger.services.log.sequencer import Sequencer
from ledger.services.registration.receipts import receipt_of
from ledger.services.registration.register import Answer, Registration, register, register_many
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import Database, open_database
from ledger.store.log import Log, create_log
from ledger.store.statements import Statements
from tests.simulator import START, World, key

NOW = START + 60


@dataclass
class Node:
    """The services of XA's node."""

    world: World
    database: Database
    log: Log
    checkpoints: Checkpoints
    statements: Statements
    parties: Parties
    sequencer: Sequencer

    def register(self, statement: Statement | bytes, now: int = NOW) -> Registration:
        data = statement if isinstance(statement, bytes) else statement.encoded
        return register(data, parties=self.parties, sequencer=self.sequencer, now=now)

    def register_many(self, statements: list[bytes], now: int = NOW) -> list[Answer]:
        return list(
            register_many(statements, parties=self.parties, sequencer=self.sequencer, clock=lambda: now)
        )

    def receipt(self, digest: bytes) -> Receipt:
        return receipt_of(digest, log=self.log, statements=self.statements, checkpoints=self.checkpoints)

    def audit(self) -> AuditReport:
        return audit(self.database, identity(self.world))

    def enrol_exporter(self) -> Registration:
        return self.register(enrolment(self.world))


def enrolment(world: World) -> Statement:
    """The exporter's Enrolment by XA's registrar."""
    return world.xa.enrol(world.exporter, ["exporter"], [("#2026", key("exporter"))])


def identity(world: World) -> LogIdentity:
    """What XA's checkpoints must be signed with."""
    signer = world.xa.signer
    return LogIdentity(world.xa.origin, signer.vkeys, [signer.head_address])


def signing(world: World) -> Callable[[Checkpoint, int], bytes]:
    """Signs XA's checkpoints."""
    return lambda checkpoint, now: sign_checkpoint(checkpoint, world.xa.signer, now)


@cache
def empty_log(origin: str) -> bytes:
    """A database with an empty log: running the migrations for every test takes too long."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        with open_database(path, create=True) as opened:
            create_log(opened, origin)
        return path.read_bytes()


@contextmanager
def running(
    path: Path, *, world: World | None = None, interval: float = 0.02, **changes: object
) -> Iterator[Node]:
    """XA's node over the database at `path`, made where there is none."""
    world = world or World()
    if not path.exists():
        path.write_bytes(empty_log(world.xa.origin))
    with open_database(path) as database:
        log = Log(database, world.xa.origin)
        checkpoints, statements = Checkpoints(database), Statements(database)
        parties = Parties(statements, checkpoints, world.trust(), "XA")
        options: dict[str, object] = {"clock": lambda: NOW, "interval": interval, **changes}
        with Sequencer(log, checkpoints, signing(world), **options) as sequencer:  # type: ignore[arg-type]
            yield Node(world, database, log, checkpoints, statements, parties, sequencer)

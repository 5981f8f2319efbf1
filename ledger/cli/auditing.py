"""Running `evidence log audit`: its processes, its progress, and what is kept of it when it is interrupted."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from ledger.cli import output
from ledger.services.auditing.audit import AuditReport, Comparing, InProcess, LogIdentity, audit
from ledger.services.auditing.position import NAME, InFile
from ledger.services.auditing.workers import Workers, processors
from ledger.services.home.database import DATABASE, open_log_database
from ledger.services.home.folder import Home
from ledger.services.trust.partners import FOLDER, PartnerBook
from ledger.services.witnessing.witnesses import Witnesses
from ledger.store.database import Database
from ledger.store.integrity import head_of
from ledger.store.subtrees import RANGE

_PARTS: Final = {
    "file": "the file",
    "log": "entries, statements, tiles and checkpoints",
    "anchor": "anchors and their evidence",
}
_WORTH_IT: Final = 2 * RANGE
"""Entries from which on further processes are started: it takes them longer to begin than to compare fewer."""


def audited(home: Home, *, from_start: bool, processes: int | None) -> AuditReport | None:
    """Audit the store of a home; None where it was interrupted, which is told.

    Raises:
        LedgerError: The store or the home cannot be read.
    """
    identity = _identity(home)
    keeper = InFile(home.path / NAME, identity, now=int(time.time()), from_start=from_start, told=output.say)
    told = _Told()
    try:
        with (
            _terminated_like_interrupted(),
            open_log_database(home, read_only=True) as database,
            _comparing(database, home, identity, processes) as comparing,
        ):
            report = audit(database, identity, told.reached, comparing=comparing, keeper=keeper)
    except KeyboardInterrupt:
        output.forget_interrupt()
        told.end()
        output.say(
            f"\nerror: interrupted at entry {told.done:,} of {told.total:,}; the next run goes on near there"
            " (interrupted)"
        )
        return None
    finally:
        told.end()
    return report


class _Told:
    """Tells what is compared, and how far it is."""

    def __init__(self) -> None:
        self._part: str | None = None
        self._progress: output.Progress | None = None
        self.done = self.total = 0

    def reached(self, part: str, done: int, total: int) -> None:
        """As of `ledger.services.auditing.audit.Reached`."""
        if part != self._part:
            self.end()
            self._part = part
            output.say(f"comparing {_PARTS.get(part, part)}")
            unit = "entries" if part == "log" else "anchors"
            self._progress = output.Progress("compared", total or None, unit=unit, begun=done)
        if part == "log":
            self.done, self.total = done, total
        if self._progress is not None:
            self._progress.reached(done)

    def end(self) -> None:
        """Clear the moving line."""
        if self._progress is not None:
            self._progress.__exit__(None, None, None)
            self._progress = None


@contextmanager
def _comparing(
    database: Database, home: Home, identity: LogIdentity, processes: int | None
) -> Iterator[Comparing]:
    count = processes or processors()
    if count == 1 or (processes is None and head_of(database)[0] < _WORTH_IT):
        yield InProcess(database, identity)
        return
    place = home.settings.database or home.path / DATABASE
    with Workers(database, place, identity, count) as workers:
        yield workers


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM end the audit as Ctrl-C does, so that it keeps how far it is."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _identity(home: Home) -> LogIdentity:
    signer = home.log_signer()
    witnesses = Witnesses(home, PartnerBook(home.path / FOLDER, home.settings.jurisdiction)).all()
    known = [vkey for one in witnesses for vkey in one.vkeys]
    return LogIdentity(home.settings.origin, signer.vkeys, [signer.head_address], known)

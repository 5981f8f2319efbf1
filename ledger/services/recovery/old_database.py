"""The database that another takes the place of: locked, read as far as it can be, and kept under another name.

Source: docs/recovery.md.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, count
from pathlib import Path
from typing import Final

from ledger.core.times import format_time
from ledger.errors import LedgerError, NotFoundError, RefusedError, StoreError
from ledger.services.files import exists, reported, sync_folder
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import Database, open_database
from ledger.store.statements import Statements

_DAMAGED: Final = frozenset({"store-corrupt", "store-foreign"})


@dataclass(slots=True)
class Old:
    """The old database, as far as it can be read."""

    database: Database
    size: int
    latest: StoredCheckpoint | None

    def statements(self, first: int) -> Iterator[tuple[int, bytes]]:
        """Places and bodies from a place on, each held against its entry.

        Raises:
            StoreError: `store-corrupt`.
        """
        at = first
        for stored in Statements(self.database).every(first):
            if stored.index != at or sha256(stored.body).digest() != stored.digest:
                raise StoreError(
                    f"the old database's statement of entry {at} is damaged", code="store-corrupt"
                )
            yield at, stored.body
            at += 1


@contextmanager
def opened_old(place: Path, origin: str) -> Iterator[Old | None]:
    """The old database; None where there is none, or it is damaged too much to be opened: it is kept as it is.

    Raises:
        LedgerError: It cannot be opened for another reason, as one of a newer version: what it acknowledged would be
            lost without a word.
    """
    opened: Database | None = None
    try:
        try:
            opened = open_database(place, read_only=True)
            found = _looked_into(opened, origin)
        except LedgerError as error:
            if not isinstance(error, NotFoundError) and error.code not in _DAMAGED:
                raise
            found = None
        yield found
    finally:
        if opened is not None:
            opened.close()


def _looked_into(database: Database, origin: str) -> Old | None:
    with database.read() as connection:
        row = connection.exec_driver_sql("SELECT origin, size FROM head").first()
    if row is None:
        return None
    if row.origin != origin:
        raise RefusedError(f"the database holds the log {row.origin}, not {origin}", code="log-origin")
    return Old(database, row.size, Checkpoints(database).latest())


@contextmanager
def locked(place: Path, *, as_it_is: bool = False) -> Iterator[None]:
    """Keep the node from starting meanwhile.

    Args:
        as_it_is: Write nothing to the old database; else its schema is brought up to date where that is possible.
    """
    import fcntl

    if not as_it_is:
        try:
            open_database(place).close()
        except NotFoundError:
            pass
        except LedgerError as error:
            if error.code == "store-locked":
                raise
    with reported("lock database", place):
        lock = os.open(f"{place}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(
                f"database {place} is in use by another process of this node", code="store-locked"
            ) from None
        yield
    finally:
        os.close(lock)


def put_in_place(place: Path, building: Path, now: int) -> Path | None:
    """Give the old database another name and the new one its own.  A crash leaves either of them in its place."""
    stamp = format_time(now).replace("-", "").replace(":", "")
    names = chain(
        [f"{place.name}.before-{stamp}"], (f"{place.name}.before-{stamp}-{again}" for again in count(2))
    )
    kept = next(one for one in map(place.with_name, names) if not exists(one))
    with reported("put database in place of", place):
        there = exists(place)
        if there:
            for journal in ("-journal", "-wal"):  # of a file that could not be opened; else there is none
                with suppress(FileNotFoundError):
                    Path(f"{place}{journal}").rename(f"{kept}{journal}")
            kept.hardlink_to(place)
        building.replace(place)
        sync_folder(place.parent)
    return kept if there else None


def tidy(building: Path) -> None:
    """Take away what an earlier attempt left of a database that was being built."""
    with reported("tidy", building):
        for part in building.parent.glob(building.name + "*"):
            part.unlink(missing_ok=True)

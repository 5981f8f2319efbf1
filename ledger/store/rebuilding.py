"""The mark of a log that is being rebuilt: its epoch is negative until it is whole.

    begin    the head of an empty log, with the least epoch of all
    append   each who goes on raises it, as every process that moves a log
    end      it becomes positive

Epochs only grow, which triggers see to: no log that was whole ever bears the mark again, and one whose rebuilding was
killed bears it until somebody ends that.
"""

from typing import Final

from ledger.core.merkle import EMPTY_ROOT
from ledger.errors import StoreError
from ledger.store.database import Database

FIRST: Final = -(1 << 40)
"""Epoch with which the rebuilding of a log begins."""


def begin_rebuilding(database: Database, origin: str) -> None:
    """Write the head of an empty log that bears the mark, and become the process that moves it."""
    database.rebuilding = True
    with database.write() as writing:
        writing.execute(
            "INSERT INTO head (origin, size, root, epoch) VALUES (?, 0, ?, ?)", (origin, EMPTY_ROOT, FIRST)
        )
    database.lead(origin)


def end_rebuilding(database: Database) -> None:
    """Take the mark away: the log is whole, and this process moves it no more."""
    with database.write(leading=True) as writing:
        writing.execute("UPDATE head SET epoch = 1 WHERE epoch < 0")
    database.rebuilding = False
    database.resign()


def is_rebuilt(database: Database) -> bool:
    """Whether the log in a database bears the mark."""
    return any(epoch < 0 for (epoch,) in database.rows("SELECT epoch FROM head"))


def require_whole(database: Database) -> None:
    """Refuse a log whose rebuilding has not ended.

    Raises:
        StoreError: `store-rebuilding`.
    """
    if is_rebuilt(database):
        raise half(database.name)


def half(name: str) -> StoreError:
    """That a database holds a part of a log."""
    return StoreError(
        f"database {name} holds a log that is being rebuilt, or whose rebuilding was broken off; it is a part of the"
        " log, and nothing may be read of it or signed; evidence log recover goes on with it and ends it",
        code="store-rebuilding",
    )

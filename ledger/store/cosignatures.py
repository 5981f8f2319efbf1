"""What witnesses signed of this log's checkpoints; kept once it was verified, and never changed.

A checkpoint is signed once and stored without these lines, which come later: `note_of` puts them under it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Final

from ledger.core.canonical import NOTE_LIMIT
from ledger.core.note import SIGNATURE_LINES_LIMIT
from ledger.errors import NotFoundError
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import Database

KeyName = tuple[str, bytes]
"""Name and key id of a witness's key."""

_COLUMNS: Final = "size, name, key_id, line, time, received_at"
_LOG_LINES: Final = 3
_ROW: Final = "SELECT size, note, signed_at FROM checkpoint"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's line under the checkpoint of `size`.

    Attributes:
        name, key_id: Of the witness's key.
        line: The signature line, UTF-8 without its newline.
        time: When the witness says it signed, POSIX seconds.
        received_at: When it came, by this node's clock.
    """

    size: int
    name: str
    key_id: bytes
    line: bytes
    time: int
    received_at: int


class Cosignatures:
    """The cosignatures in `database`.  Safe for threads; each write is durable when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._checkpoints = Checkpoints(database)

    def store(self, cosignatures: Sequence[Cosignature]) -> None:
        """Store verified lines.  Of each key the first that came for a size stays: it is the earliest.

        Raises:
            StoreError: There is no checkpoint of that size, or the disk failed.
        """
        with self._database.write() as writing:
            writing.executemany(
                f"INSERT INTO cosignature ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
                " ON CONFLICT (size, name, key_id) DO NOTHING",
                [astuple(one) for one in cosignatures],
            )

    def of(self, size: int) -> list[Cosignature]:
        """Those of one size, by name and key id."""
        query = f"SELECT {_COLUMNS} FROM cosignature WHERE size = ? ORDER BY name, key_id"  # noqa: S608
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(query, (size,)).all()
        return [Cosignature(*row) for row in rows]

    def sizes(self) -> list[int]:
        """Every size of which there is one, ascending."""
        with self._database.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT DISTINCT size FROM cosignature ORDER BY size"
            ).scalars()
            return list(found)

    def last_of(self, keys: Sequence[KeyName]) -> Cosignature | None:
        """That of the largest size by any of these keys."""
        query = f"SELECT {_COLUMNS} FROM cosignature WHERE name = ? AND key_id = ? ORDER BY size DESC LIMIT 1"  # noqa: S608
        with self._database.read() as connection:
            rows = [connection.exec_driver_sql(query, key).first() for key in keys]
        found = [Cosignature(*row) for row in rows if row is not None]
        return max(found, key=lambda one: one.size, default=None)

    def note_of(self, size: int) -> bytes:
        """The checkpoint of exactly `size`, with the log's lines and every cosignature that is held.

        Raises:
            NotFoundError: `checkpoint-unknown`: none of that size was signed.
        """
        stored = self._checkpoints.at(size)
        if stored is None:
            raise NotFoundError(f"no checkpoint of size {size} was signed here", code="checkpoint-unknown")
        return self.under(stored)

    def under(self, stored: StoredCheckpoint) -> bytes:
        """The note of a checkpoint with every cosignature that is held; as many as a note may have."""
        note = stored.note
        for one in self.of(stored.size)[: SIGNATURE_LINES_LIMIT - _LOG_LINES]:
            if len(note) + len(one.line) < NOTE_LIMIT:
                note += one.line + b"\n"
        return note

    def earliest_with_quorum(
        self, index: int, quorum: int, organisations: Mapping[KeyName, str]
    ) -> StoredCheckpoint | None:
        """The smallest checkpoint that has an entry `index` and that enough organisations cosigned.

        Args:
            quorum: How many distinct ones; with 0 it is the smallest checkpoint that has the entry.
            organisations: Of the keys that count; others do not.

        Cost: reads the cosignatures of the sizes from there to the one that is found.
        """
        if quorum == 0:
            return self._checkpoints.earliest_covering(index)
        if len(set(organisations.values())) < quorum:
            return None
        counted = ", ".join(["(?, ?, ?)"] * len(organisations))
        query = (
            f"WITH counted (name, key_id, organisation) AS (VALUES {counted}) {_ROW} WHERE size = ("  # noqa: S608
            "SELECT size FROM cosignature JOIN counted USING (name, key_id) WHERE size > ? GROUP BY size"
            " HAVING count(DISTINCT organisation) >= ? ORDER BY size LIMIT 1)"
        )
        values = [part for (name, key_id), one in organisations.items() for part in (name, key_id, one)]
        with self._database.read() as connection:
            row = connection.exec_driver_sql(query, (*values, index, quorum)).first()
        return None if row is None else StoredCheckpoint(*row)

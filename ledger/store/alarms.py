"""What a monitor raised: never deleted, and standing until somebody has taken note of it.

In the same file as what it follows (`ledger.store.followed`).

Source: docs/monitoring.md.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.store.followed import monitor_file

MOST: Final = 64
"""Alarms of one log with one code that are kept; each proves what all prove."""
_COLUMNS: Final = "origin, code, key, detail, notes, evidence, id, at, acknowledged_at"


@dataclass(frozen=True, slots=True)
class NewAlarm:
    """Something that speaks against a log, or against whoever shows it.

    Attributes:
        code: Stable, see docs/monitoring.md.
        key: Tells it from others of the code: two that have one key are one alarm.
        detail: For people.
        notes: The signed heads in question, one after the other.
        evidence: A fork proof, canonical; None where it proves nothing by itself.
    """

    origin: str
    code: str
    key: str
    detail: str
    notes: bytes = b""
    evidence: bytes | None = None


@dataclass(frozen=True, slots=True)
class Alarm(NewAlarm):
    """An alarm that is kept.

    Attributes:
        at: When it was raised, POSIX seconds.
        acknowledged_at: When somebody took note of it; None while it stands.
    """

    id: int = 0
    at: int = 0
    acknowledged_at: int | None = None


class Alarms:
    """The alarms in the file at `path`.  Safe for threads and processes."""

    def __init__(self, path: Path) -> None:
        self._file = monitor_file(path)

    def raise_(self, new: NewAlarm, now: int) -> Alarm | None:
        """Keep an alarm; None where it stands already, was proven before, or too many of its kind are kept."""
        values = (new.origin, new.code, new.key, new.detail, new.notes, new.evidence, now)
        with self._file.writing() as connection:
            known = connection.execute(
                "SELECT count(*), coalesce(sum(key = ? AND (acknowledged_at IS NULL OR evidence IS NOT NULL)), 0)"
                " FROM alarm WHERE origin = ? AND code = ? AND (acknowledged_at IS NULL OR evidence IS NOT NULL)",
                (new.key, new.origin, new.code),
            ).fetchone()
            if known[1] or known[0] >= MOST:
                return None
            number = connection.execute(
                "INSERT INTO alarm (origin, code, key, detail, notes, evidence, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            ).lastrowid
        return Alarm(
            new.origin, new.code, new.key, new.detail, new.notes, new.evidence, id=number or 0, at=now
        )

    def all(self, *, standing: bool = False) -> list[Alarm]:
        """The alarms, oldest first; only those that nobody took note of where `standing`."""
        only = " WHERE acknowledged_at IS NULL" if standing else ""
        query = f"SELECT {_COLUMNS} FROM alarm{only} ORDER BY id"  # noqa: S608 - constants
        with self._file.reading() as connection:
            rows = [] if connection is None else connection.execute(query).fetchall()
        return [Alarm(*row) for row in rows]

    def acknowledge(self, number: int, now: int) -> bool:
        """Take note of an alarm; whether it stood."""
        query = "UPDATE alarm SET acknowledged_at = ? WHERE id = ? AND acknowledged_at IS NULL"
        with self._file.writing() as connection:
            return connection.execute(query, (now, number)).rowcount == 1

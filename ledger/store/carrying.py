"""What one database of a log takes over from another, row by row: what rests on checkpoints that both have.

Rows keep their numbers, for others name them.
"""

from typing import Final

from ledger.store.database import Database
from ledger.store.tables import StoreTable

CARRIED: Final = (
    "cosignature",
    "anchor_intent",
    "anchor_evidence",
    "anchor_finality",
    "anchor_event",
    "anchor_capture",
)
"""The tables, each after those that it refers to."""
_PAGE: Final = 1_000


def carry(source: Database, target: Database) -> dict[str, int]:
    """Copy every row of `CARRIED`; how many of each.  `target` has none of them, and each checkpoint that they name."""
    return {name: _copy(name, source, target) for name in CARRIED}


def _copy(table: str, source: Database, target: Database) -> int:
    columns = StoreTable.metadata.tables[table].columns.keys()
    key = "size" if "id" not in columns else "id"
    query = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {key}"  # noqa: S608 - names of this package
    marks = ", ".join("?" * len(columns))
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - likewise
    copied = 0
    with source.read() as connection:
        found = connection.exec_driver_sql(query)
        while page := [tuple(row) for row in found.fetchmany(_PAGE)]:
            with target.write() as writing:
                writing.executemany(insert, page)
            copied += len(page)
    return copied

"""Auditing what statements are found by: edges, attestations, places in status lists, versions, editions of lists.

Each row follows from one body.  A place in a status list that two statements name is the first one's, and so is a
version: there was a time when nothing kept the second from being registered.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from ledger.store.database import Database
from ledger.store.integrity import Difference
from ledger.store.rows import NewStatement

Rows = set[tuple[object, ...]]

_QUERIES: Mapping[str, str] = {
    "edge": "SELECT leaf_index, relation, target FROM edge",
    "attestation": "SELECT leaf_index, issuer, type, number, holder, list, list_index, valid_from, valid_until"
    " FROM attestation",
    "status_index": "SELECT leaf_index, issuer, list, number FROM status_index",
    "version": "SELECT leaf_index, name, version FROM version",
    "status_list": "SELECT leaf_index, issuer, list, valid_from, valid_until FROM status_list",
}
_TAKEN_BEFORE: Mapping[str, str] = {
    "status_index": "SELECT 1 FROM status_index WHERE issuer = ? AND list = ? AND number = ? AND leaf_index < ?",
    "version": "SELECT 1 FROM version WHERE name = ? AND version = ? AND leaf_index < ?",
}


def found_by_differences(
    database: Database, first: int, last: int, computed: Mapping[int, NewStatement]
) -> Iterator[Difference]:
    """What the tables hold of entries `first` to `last` against what their bodies say.

    Args:
        computed: By index, the row of every entry whose body can be read.
    """
    for table, query in _QUERIES.items():
        with database.read() as connection:
            held: Rows = {
                tuple(row)
                for row in connection.exec_driver_sql(
                    f"{query} WHERE leaf_index >= ? AND leaf_index <= ?", (first, last)
                )
            }
            wanted = {row for index, one in computed.items() for row in _wanted(table, index, one)}
            missing = {
                row
                for row in wanted - held
                if table not in _TAKEN_BEFORE or not _is_taken_before(connection, table, row)
            }
        for row in sorted(missing, key=_index):
            yield Difference(table, _index(row), "a row that the body calls for is missing")
        for row in sorted(held - wanted, key=_index):
            yield Difference(table, _index(row), "a row is not what the body says")


def _wanted(table: str, index: int, row: NewStatement) -> Iterator[tuple[object, ...]]:
    held, status = row.attestation, row.status
    if table == "edge":
        yield from ((index, *edge) for edge in row.edges)
    elif table == "attestation" and held is not None:
        where = (None, None) if status is None else tuple(status)
        yield (
            *(index, row.issuer, row.type, held.number, held.holder),
            *(*where, held.valid_from, held.valid_until),
        )
    elif table == "status_index" and status is not None:
        yield index, row.issuer, *status
    elif table == "version" and row.version is not None:
        yield index, *row.version
    elif table == "status_list" and row.edition is not None:
        yield index, row.issuer, *row.edition


def _is_taken_before(connection: Connection, table: str, row: tuple[object, ...]) -> bool:
    """Whether an earlier statement has what this one names, of which there is one."""
    index, *named = row
    return connection.exec_driver_sql(_TAKEN_BEFORE[table], (*named, index)).first() is not None


def _index(row: tuple[object, ...]) -> int:
    index = row[0]
    return int(index) if isinstance(index, int | float) else 0  # damage may make it no whole number

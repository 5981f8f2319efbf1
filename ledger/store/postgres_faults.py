"""What can be found wrong with a PostgreSQL database from inside: references, indexes, triggers that do not run."""

from psycopg import sql

from ledger.store.postgres_session import Session
from ledger.store.tables import APPEND_ONLY

MOST = 100
"""Faults of one kind that are named."""

_REFERENCES = (
    "SELECT t.relname, o.relname, a.attname, f.attname"
    " FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class o ON o.oid = c.confrelid"
    " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
    " JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = c.confkey[1]"
    " WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace ORDER BY 1, 3"
)
_TRIGGERS = (
    "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal AND t.tgenabled = 'A'"
)
_BROKEN_INDEXES = (
    "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
    " WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready)"
)
_INDEXES = (
    "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_am m ON m.oid = c.relam AND i.indisvalid AND i.indisready"
    " WHERE c.relnamespace = current_schema()::regnamespace AND m.amname = 'btree' ORDER BY 1"
)
_AMCHECK = (
    "SELECT coalesce(has_function_privilege(to_regprocedure('bt_index_check(regclass, boolean)'), 'EXECUTE'),"
    " false)"
)


def faults_of(session: Session) -> list[str]:
    """Dangling references, indexes that are not whole, tables whose rows could be changed.  Cost: reads all of it."""
    found = []
    for table, other, column, key in session.execute(_REFERENCES).fetchall():
        query = sql.SQL(
            "SELECT t.{0} FROM {1} t LEFT JOIN {2} o ON o.{3} = t.{0}"
            " WHERE t.{0} IS NOT NULL AND o.{3} IS NULL ORDER BY 1 LIMIT {4}"
        ).format(*map(sql.Identifier, (column, table, other, key)), sql.Literal(MOST))
        found += [
            f"row {row[0]} of {table} refers to a missing row of {other}" for row in session.execute(query)
        ]
    guarded = {row[0] for row in session.execute(_TRIGGERS)}
    found += [
        f"{table} has no trigger that runs, to keep its rows"
        for table in (*APPEND_ONLY, "head")
        if table not in guarded
    ]
    found += [f"index {row[0]} is not whole" for row in session.execute(_BROKEN_INDEXES)]
    if _may_check(session):
        for (index,) in session.execute(_INDEXES).fetchall():
            found += _index_fault(session, index)
    return found


def unchecked_of(session: Session) -> list[str]:
    """What `faults_of` could not look at, and what would let it."""
    said = []
    if not _may_check(session):
        said.append(
            "indexes, page by page: CREATE EXTENSION amcheck, and let this role execute bt_index_check"
        )
    row = session.execute("SELECT current_setting('data_checksums')").fetchone()
    if row is None or row[0] != "on":
        said.append("pages as the disk gives them: the server keeps no checksums (initdb --data-checksums)")
    return said


def _may_check(session: Session) -> bool:
    row = session.execute(_AMCHECK).fetchone()
    return bool(row and row[0])


def _index_fault(session: Session, index: str) -> list[str]:
    from psycopg.errors import DataCorrupted, IndexCorrupted

    try:
        session.execute("SELECT bt_index_check(%s::regclass, true)", (index,))
    except (DataCorrupted, IndexCorrupted):
        return [f"index {index} is damaged"]
    return []

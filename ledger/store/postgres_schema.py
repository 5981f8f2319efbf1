"""The schema of a PostgreSQL database: what is there, and making it what this version needs.

The role that owns the tables makes and changes them; the one that the node runs as may add to history and read it,
and cannot change it even where a trigger is taken away.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from ledger.errors import SetupError
from ledger.store.migrations import REVISION, require_known, upgrade
from ledger.store.postgres_session import (
    DRIVER,
    Session,
    address_of,
    name_of,
    open_session,
    postgres_error,
    require_durable,
    require_own_session,
)
from ledger.store.tables import APPEND_ONLY, TRANSIENT

HANDED_OVER = ("submission", "settled", "duty")
"""What the processes of a node tell one another; see `ledger.store.pending`.  No evidence, and not written ahead."""
OFFICES = ("office",)
"""The epochs of what one process of several does; see `ledger.store.postgres_lock`."""
_MIGRATING = 0x65766964656E6365
"""Advisory lock of a session whose turn it is to change the schema and what roles may do."""
_SCHEMA = (
    "SELECT (SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()),"
    " to_regclass('alembic_version') IS NOT NULL,"
    " coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),"
    " coalesce((SELECT pg_has_role(tableowner, 'USAGE') FROM pg_tables"
    " WHERE schemaname = current_schema() AND tablename = 'head'), false)"
)


@dataclass(frozen=True, slots=True)
class Schema:
    """What a database holds, and what the role may do that asked.

    Attributes:
        tables: How many tables there are, of whomever.
        revision: The one it names; None where it names none.
        may_create: Whether the role may make tables.
        is_owner: Whether the log's tables are its own.
    """

    tables: int
    revision: str | None
    may_create: bool
    is_owner: bool


def read_schema(session: Session) -> Schema:
    """What the database of a session holds."""
    row = session.execute(_SCHEMA).fetchone()
    if row is None:
        raise AssertionError
    tables, named, may_create, is_owner = row
    revision = session.execute(REVISION.encode()).fetchone() if named else None
    return Schema(tables, None if revision is None else str(revision[0]), may_create, is_owner)


def may_change(schema: Schema) -> bool:
    """Whether the role can bring the schema up to date, or make one where there is nothing."""
    return schema.may_create and (schema.is_owner or schema.tables == 0)


@contextmanager
def turn(address: URL) -> Iterator[None]:
    """Be the one process that changes the schema of a database or who may do what with it, until the block ends."""
    with open_session(address, patient=True) as session:
        session.execute("SELECT set_config('lock_timeout', '0', false)")
        session.execute("SELECT pg_advisory_lock(%s)", (_MIGRATING,))
        yield


def make_schema(address: URL) -> None:
    """Bring the schema up to date in one's `turn`, in one transaction per revision."""
    with open_session(address, patient=True) as session:
        session.autocommit = False
        engine = create_engine(
            f"{DRIVER}://", creator=lambda: session, poolclass=StaticPool, use_native_hstore=False
        )
        with engine.connect() as connection:
            upgrade(connection)


def migrate_postgres(owner: str, node: str) -> tuple[str, str]:
    """See `ledger.store.database.migrate_server`."""
    address, other = address_of(owner), address_of(node)
    name = name_of(address)
    if address.database != other.database:
        raise SetupError(
            f"the two addresses are of databases {address.database} and {other.database}; one is meant",
            code="settings-invalid",
        )
    if other.username is None:
        raise SetupError("the database's address names no role for the node", code="settings-invalid")
    try:
        require_own_session(address)
        with open_session(address) as session:
            require_durable(session, name)
            schema = read_schema(session)
            if schema.tables:
                require_known(schema.revision, name)
            with turn(address):
                make_schema(address)
                if other.username != address.username:
                    permit(session, other.username)
            return name, str(read_schema(session).revision)
    except (DBAPIError, psycopg.Error) as error:
        raise postgres_error(error, name) from None


def permit(session: Session, role: str) -> None:
    """Let a role add to history and read it, move the head, and nothing else."""
    to = sql.Identifier(role)
    row = session.execute("SELECT current_schema()").fetchone()
    schema = sql.Identifier(str(row and row[0]))
    session.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, to))
    for tables, rights in (
        (("alembic_version",), "SELECT"),
        ((*APPEND_ONLY, "head"), "SELECT, INSERT"),
        (TRANSIENT, "SELECT, INSERT, DELETE"),
        (HANDED_OVER, "SELECT, INSERT, UPDATE, DELETE"),
        (OFFICES, "SELECT, INSERT, UPDATE"),
    ):
        for table in tables:
            named = sql.Identifier(table)
            session.execute(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), named, to))
    session.execute(sql.SQL("GRANT UPDATE (size, root, epoch) ON head TO {}").format(to))
    session.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {}").format(schema, to))

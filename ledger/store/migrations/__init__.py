"""Schema migrations, run from inside the package.

A database names its revision in `alembic_version`.  Alembic itself is loaded only where something must be
done.
"""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from ledger.errors import SetupError

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every revision this version knows, oldest first.  A test compares it with the folder `versions`."""

_REVISION = "SELECT version_num FROM alembic_version"


def migrate(writer: sqlite3.Connection, path: Path, *, create: bool) -> None:
    """Bring the schema up to date, in one transaction per revision.

    A crash between two revisions leaves the older schema, whole; the next start goes on from there.

    Raises:
        SetupError: `store-newer` or `store-foreign`.
    """
    tables = writer.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if not (create and tables == 0):
        found = None if not _has_revision(writer) else writer.execute(_REVISION).fetchone()
        if _require_known(None if found is None else found[0], path) == REVISIONS[-1]:
            return
    _upgrade(writer)


def require_current(connection: Connection, path: Path) -> None:
    """Refuse a schema that this version cannot read.

    Raises:
        SetupError: `store-newer`, `store-older` (a writer must open it once) or `store-foreign`.
    """
    try:
        found = connection.exec_driver_sql(_REVISION).scalar()
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR:
            raise
        found = None
    if _require_known(found, path) != REVISIONS[-1]:
        raise SetupError(
            f"database {path} is at schema {found}; start the node once to bring it to {REVISIONS[-1]}",
            code="store-older",
        )


def _has_revision(writer: sqlite3.Connection) -> bool:
    found = writer.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    return bool(found[0])


def _require_known(found: Any, path: Path) -> str:
    if found is None:
        raise SetupError(f"{path} is a database, but not of an evidence ledger", code="store-foreign")
    if found not in REVISIONS:
        raise SetupError(
            f"database {path} is at schema {found}, made by a newer version; this one knows {REVISIONS[-1]}",
            code="store-newer",
        )
    return str(found)


def _upgrade(writer: sqlite3.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    engine = create_engine("sqlite://", creator=lambda: writer, poolclass=StaticPool)
    # The pool is never disposed of: the connection belongs to the caller.
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

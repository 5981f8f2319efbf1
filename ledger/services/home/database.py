"""Where a node's log is kept: `ledger.sqlite` in its home, or a database on a server; made at the first start."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from ledger.errors import NotFoundError, SetupError, StoreError
from ledger.services.files import exists, reported, sync_folder
from ledger.services.home.folder import Home
from ledger.store.database import Database, migrate_server, open_database
from ledger.store.log import create_log
from ledger.store.rebuilding import require_whole

DATABASE: Final = "ledger.sqlite"
_HEAD: Final = "SELECT origin FROM head"


def is_begun(home: Home) -> bool:
    """Whether the log of a home was ever begun, so that the node has started before.

    Raises:
        SetupError, StoreError: The database's server does not answer, or does not let this node in.
    """
    if home.settings.database is None:
        return exists(home.path / DATABASE)
    try:
        with open_database(home.settings.database, read_only=True) as database:
            return bool(database.rows(_HEAD))
    except NotFoundError:
        return False
    except SetupError as error:
        if error.code != "store-older":
            raise
        return True


def open_log_database(home: Home, *, read_only: bool = False, lead: bool = True) -> Database:
    """The database of a home, with its log; made at the first start.

    Args:
        read_only: Beside a running node.
        lead: Become the process that moves the log; see `ledger.store.database.open_database`.

    Raises:
        StoreError: As `open_database`, and `store-rebuilding`: the log was rebuilt in part.
    """
    if home.settings.database is not None:
        return _whole(
            _of_server(home.settings.database, home.settings.origin, read_only=read_only, lead=lead)
        )
    path = home.path / DATABASE
    fresh = not exists(path)
    if read_only and fresh:
        raise NotFoundError(f"{path} is not there yet: the node was never started")
    if fresh:
        _make_log(path, home.settings.origin)
    elif not read_only:
        with reported("clear what a first start left beside", path):
            _clear_building(path)
    return _whole(open_database(path, read_only=read_only, lead=lead))


def open_for_rebuilding(url: str) -> Database:
    """A database on a server in which a log is rebuilt; its tables are made where this role may make them."""
    try:
        return open_database(url, lead=False)
    except NotFoundError:
        return open_database(url, create=True, lead=False)


def _whole(database: Database) -> Database:
    """A database whose log is whole; any other is closed."""
    try:
        require_whole(database)
    except BaseException:
        database.close()
        raise
    return database


def migrate_log(database: str | None, migration: str | None) -> tuple[str, str]:
    """Make or change the tables of a log on a server, as the role that owns them.

    Args:
        database: Its address with the role that the node runs as.
        migration: With the role that owns the tables.

    Returns:
        What the database is called, and the revision that its schema is at now.

    Raises:
        SetupError: `database-missing`; `store-newer`, `store-foreign`, `store-settings`.
        StoreError: The server's own fault.
    """
    if database is None or migration is None:
        missing = "DATABASE_URL" if database is None else "EVIDENCE_MIGRATION_URL"
        raise SetupError(
            f"{missing} is not set; it names the database on a server, as postgresql+psycopg://user@host/database",
            code="database-missing",
        )
    return migrate_server(migration, database)


def _make_log(path: Path, origin: str) -> None:
    """Make the database of an empty log beside its place, then give it its name.

    A crash leaves at most a file of another name, which the next start takes away, also beside the finished one.
    """
    with reported("make database", path):
        building = _clear_building(path)
        with open_database(building, create=True) as database:
            create_log(database, origin)
        # Two first starts at once: one finds the name taken, or its file cleared away by whoever found the name there.
        with suppress(FileExistsError, FileNotFoundError):
            path.hardlink_to(building)
        _clear_building(path)
        sync_folder(path.parent)


def _clear_building(path: Path) -> Path:
    """Take away what was being made beside a database, and name the place for it."""
    building = path.with_name(path.name + ".new")
    for part in path.parent.glob(building.name + "*"):
        part.unlink(missing_ok=True)
    return building


def _of_server(url: str, origin: str, *, read_only: bool, lead: bool) -> Database:
    """The log on a server.  A crash between schema and head leaves an empty schema, which the next start uses."""
    try:
        database = open_database(url, read_only=read_only, lead=lead)
    except NotFoundError:
        if read_only:
            raise
        database = open_database(url, create=True, lead=lead)
        sys.stderr.write(
            f"made the tables in {database.name}; the node's role owns them, so it could change history: for more than"
            " a trial let another role own them, see evidence node migrate\n"
        )
    try:
        _begin(database, origin, lead=lead)
    except BaseException:
        database.close()
        raise
    return database


def _begin(database: Database, origin: str, *, lead: bool) -> None:
    """Write the head of the log where there is none yet."""
    if database.rows(_HEAD):
        return
    if database.read_only:
        raise NotFoundError(f"{database.name} holds no log yet: the node was never started")
    try:
        create_log(database, origin, lead=False)
    except StoreError:
        if not database.rows(_HEAD):  # else another first start began it at the same moment
            raise
    if lead:
        database.lead(origin)

"""Schema migrations, run from inside the package.

A database names its revision in `alembic_version`.  Alembic itself is loaded only where something must be
done.
"""

from pathlib import Path

from sqlalchemy import Connection

from ledger.errors import SetupError

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011")
"""Every revision this version knows, oldest first.  A test compares it with the folder `versions`."""
REVISION = "SELECT version_num FROM alembic_version"


def upgrade(connection: Connection) -> None:
    """Bring the schema up to date, in one transaction per revision.

    A crash between two revisions leaves the older schema, whole; the next start goes on from there.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def require_current(found: str | None, name: str, remedy: str = "start the node once") -> None:
    """Refuse a schema that this version cannot read.

    Args:
        found: Its revision; None where it names none.
        name: Of the database.
        remedy: What brings it up to date.

    Raises:
        SetupError: `store-newer`, `store-older` (a writer must open it once) or `store-foreign`.
    """
    if require_known(found, name) != REVISIONS[-1]:
        raise SetupError(
            f"database {name} is at schema {found}; {remedy} to bring it to {REVISIONS[-1]}",
            code="store-older",
        )


def require_known(found: str | None, name: str) -> str:
    """Refuse a schema that this version does not know; see `require_current`."""
    if found is None:
        raise SetupError(f"{name} is a database, but not of an evidence ledger", code="store-foreign")
    if found not in REVISIONS:
        raise SetupError(
            f"database {name} is at schema {found}, made by a newer version; this one knows {REVISIONS[-1]}",
            code="store-newer",
        )
    return found

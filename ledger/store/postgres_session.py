"""Sessions with a PostgreSQL server: how they are opened, what must hold on them, what their errors mean."""

import select
from functools import lru_cache
from typing import Any, Final

import psycopg
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from ledger.errors import SetupError, StoreError
from ledger.store.database import BUSY_SECONDS, READERS
from ledger.store.pool import PATIENCE

Session = psycopg.Connection[tuple[Any, ...]]

DRIVER: Final = "postgresql+psycopg"
OLDEST: Final = 140_000
"""First version of PostgreSQL that is supported, as `server_version_num` has it."""
STATEMENT_SECONDS: Final = 30
IDLE_SECONDS: Final = 60
"""Seconds for which a transaction may do nothing; a process that hangs keeps no lock for ever."""
WRITING_IDLE_SECONDS: Final = 8
"""Likewise of one that changes what others wait for: they wait longer, so that they get it at their first try."""

_OPTIONS: Final[dict[str, str | int]] = {
    "application_name": "evidence",
    "client_encoding": "UTF8",
    "connect_timeout": 10,
    # A peer that is gone without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_CONFIGURE: Final = (
    "SELECT set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false),"
    " set_config('idle_in_transaction_session_timeout', %s, false), set_config('idle_session_timeout', '0', false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('default_transaction_read_only', %s, false), set_config('client_min_messages', 'error', false),"
    " set_config('synchronous_commit',"
    " CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)"
)
_ASKED: Final = 3
"""How often a session is asked which one it is; a pooler may have some that wait for their turn."""
_DURABLE: Final = {
    "synchronous_commit": ("on", "remote_apply"),
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "data_sync_retry": ("off",),  # a failed fsync must end the server, which replays what it wrote ahead
    "server_encoding": ("UTF8",),
}
_CODES: Final = {
    "08": ("store-unavailable", "cannot be reached"),
    "22": ("store-failed", "cannot hold a value"),
    "23": ("store-constraint", "refused the change"),
    "25006": ("store-read-only", "takes no changes on this connection"),
    "28": ("store-permission", "does not let this role in"),
    "3D": ("store-unavailable", "does not exist on its server"),
    "40": ("store-constraint", "refused the change, which met another"),
    "42704": ("store-permission", "knows no such role"),
    "42501": ("store-permission", "does not permit this role to do that"),
    "53": ("store-unavailable", "has no resources left on its server"),
    "53100": ("store-full", "cannot grow: the disk is full"),
    "53300": ("store-busy", "has no connection left on its server"),
    "55P03": ("store-locked", "is locked by another process"),
    "57": ("store-unavailable", "is being stopped or started"),
    "57014": ("store-busy", "did not answer in time"),
    "58": ("store-io", "could not be read or written: its server's disk reports an error"),
    "XX001": ("store-corrupt", "is damaged"),
    "XX002": ("store-corrupt", "is damaged"),
}
"""By SQLSTATE, or its class: the first two characters."""


def address_of(url: str) -> URL:
    """The parts of a database's address.

    Raises:
        SetupError: `settings-invalid`; the message never repeats the address, which may hold a password.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise SetupError("the database's address cannot be read", code="settings-invalid") from None
    if address.drivername != DRIVER or not address.database:
        raise SetupError(
            f"the database's address must be {DRIVER}://user@host/database", code="settings-invalid"
        )
    return address


def name_of(address: URL) -> str:
    """Host and database, for messages."""
    host = address.host or address.query.get("host") or "localhost"
    port = "" if address.port is None else f":{address.port}"
    return f"{host}{port}/{address.database}"


@lru_cache(maxsize=512)
def translated(query: str) -> bytes:
    """A query of the store with the driver's marks for values.  Queries have no other `?`, and no `%`."""
    return query.replace("?", "%s").encode()


def open_session(
    address: URL, *, read_only: bool = False, patient: bool = False, idle: int = IDLE_SECONDS
) -> Session:
    """A new session that commits each query by itself, unless it is told to begin.

    Args:
        patient: For what may take long: no query is ended.
        idle: Seconds for which a transaction may do nothing, before the server ends the session.
    """
    wanted = {
        **_OPTIONS,
        **address.query,
        **address.translate_connect_args(username="user", database="dbname"),
    }
    session = psycopg.connect(autocommit=True, **wanted)
    try:
        seconds = 0 if patient else STATEMENT_SECONDS
        session.execute(
            _CONFIGURE,
            (f"{seconds}s", f"{BUSY_SECONDS}s", f"{idle}s", "on" if read_only else "off"),
        )
    except BaseException:
        session.close()
        raise
    return session


def require_durable(session: Session, name: str) -> None:
    """Refuse a server on which a commit might not survive a power cut.

    Raises:
        SetupError: `store-settings`.
    """
    version = session.info.server_version
    if version < OLDEST:
        raise SetupError(
            f"database {name} is of PostgreSQL {version // 10_000}; the log needs {OLDEST // 10_000} or newer",
            code="store-settings",
        )
    for setting, wanted in _DURABLE.items():
        row = session.execute("SELECT current_setting(%s)", (setting,)).fetchone()
        held = None if row is None else row[0]
        if held not in wanted:
            raise SetupError(
                f"database {name} keeps {setting} at {held}; the log needs {wanted[0]}", code="store-settings"
            )


def require_own_session(address: URL) -> None:
    """Refuse a pooler that lends a session of the server for a transaction: locks and settings would change hands.

    One client's session must stay the same, be it idle or while another one has a transaction, and be nobody else's.

    Raises:
        SetupError: `store-pooled`.

    Cost: two connections, and some queries of one row.
    """
    query = b"SELECT pg_backend_pid()"
    with open_session(address) as one, open_session(address) as other:
        own = {one.execute(query).fetchone() for _ in range(_ASKED)}
        other.execute(b"BEGIN")
        is_shared = other.execute(query).fetchone() in own
        if not is_shared:  # else the first one might wait for its own
            own.add(one.execute(query).fetchone())
        other.execute(b"ROLLBACK")
    if is_shared or len(own) > 1:
        raise SetupError(
            f"database {name_of(address)} is reached through a pooler that lends a session for one transaction; the"
            " lock that elects who moves the log, and settings that commits rest on, are of a session: connect to the"
            " server itself, or to a pooler in session mode",
            code="store-pooled",
        )


def is_lost(session: Session) -> bool:
    """Whether a session that lies idle has ended; costs no question to the server.

    An idle server says nothing: what there is to read is its farewell, or the end.
    """
    if session.closed:
        return True
    idle = select.poll()
    idle.register(session.pgconn.socket, select.POLLIN)
    if idle.poll(0):
        session.close()
        return True
    return False


def reading_engine(address: URL) -> Engine:
    """Read transactions in SQLAlchemy's words, each of them at one moment."""

    def connect() -> Session:
        session = open_session(address, read_only=True)
        session.autocommit = False
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return session

    engine = create_engine(
        f"{DRIVER}://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=PATIENCE,
        use_native_hstore=False,
        hide_parameters=True,
    )

    @event.listens_for(engine, "checkout")
    def _on_checkout(session: Session, *_: object) -> None:
        if is_lost(session):
            raise InvalidatePoolError

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _on_execute(
        _connection: object, _cursor: object, statement: str, parameters: object, *_: object
    ) -> tuple[str, object]:
        return statement.replace("?", "%s"), parameters

    return engine


def postgres_error(error: psycopg.Error | DBAPIError | PoolTimeoutError, name: str) -> StoreError:
    """The error of this package for an error of the driver; carries no statement, no value and no password."""
    if isinstance(error, PoolTimeoutError):
        return StoreError(f"every reading connection of database {name} is in use", code="store-busy")
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    kind = type(cause).__name__ if state is None else f"SQLSTATE {state}"
    if state is None and isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError)):
        state = "28" if "authentication failed" in str(cause) else "08"
    found = str(state)
    code, says = _CODES.get(found) or _CODES.get(found[:2]) or ("store-failed", "failed")
    # Texts of constraints are names of ours (tables, columns, triggers); the row itself stands in the detail.
    primary = cause.diag.message_primary if isinstance(cause, psycopg.Error) else None
    detail = f": {primary}" if code == "store-constraint" and primary else ""
    return StoreError(f"database {name} {says} ({kind}){detail}", code=code)

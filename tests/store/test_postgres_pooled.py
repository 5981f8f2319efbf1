"""A pooler that lends a session for one transaction is found out before anything rests on a session."""

import psycopg
import pytest

from ledger.errors import SetupError
from ledger.store.database import open_database
from ledger.store.log import create_log
from ledger.store.postgres import migrate_postgres
from tests.pooling import Kind, pooler
from tests.postgres import APP, OWNER, PASSWORD, Server
from tests.store.conftest import ORIGIN


def opened(postgres: Server, name: str, user: str = APP) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        host="127.0.0.1", port=postgres.port, user=user, password=PASSWORD, dbname=name, sslmode="disable"
    )


def url(port: int, name: str, user: str = APP) -> str:
    return f"postgresql+psycopg://{user}@127.0.0.1:{port}/{name}"


@pytest.mark.parametrize("kind", ["newest", "oldest", "one"])
@pytest.mark.parametrize("read_only", [False, True])
def test_sessions_that_change_hands_are_refused(postgres: Server, kind: Kind, *, read_only: bool) -> None:
    name = postgres.ledger()
    with pooler(lambda: opened(postgres, name), kind) as found:
        with pytest.raises(SetupError) as refused:
            open_database(url(found.port, name), read_only=read_only)
        assert refused.value.code == "store-pooled"
        assert "session" in str(refused.value)


def test_a_schema_is_not_changed_through_one_either(postgres: Server) -> None:
    name = postgres.database()
    with pooler(lambda: opened(postgres, name, OWNER), "newest") as found:
        with pytest.raises(SetupError) as refused:
            migrate_postgres(url(found.port, name, OWNER), url(found.port, name))
        assert refused.value.code == "store-pooled"
    assert postgres.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name) == [(0,)]


def test_a_pooler_that_lends_a_session_for_good_is_as_good_as_the_server(postgres: Server) -> None:
    name = postgres.ledger()
    with (
        pooler(lambda: opened(postgres, name), "session") as found,
        open_database(url(found.port, name), lead=False) as database,
    ):
        create_log(database, ORIGIN)
        assert database.leads
        assert database.rows("SELECT origin FROM head") == [(ORIGIN,)]

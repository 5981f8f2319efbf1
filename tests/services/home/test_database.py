"""Where a node's log is kept: begun once, in its home or on a server, and found again by every command."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.config import Settings
from ledger.errors import LedgerError
from ledger.services.home.database import DATABASE, is_begun, migrate_log, open_log_database
from ledger.services.home.folder import Home, Plan, init_home
from ledger.store.log import Log
from tests.postgres import APP, OWNER, Server
from tests.store.conftest import make_statements

NOW = 1_795_320_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    plan = Plan("XA", "registry.example.xa")
    return init_home(tmp_path / "node", plan, now=NOW, random=os.urandom)


@pytest.fixture
def bare(postgres: Server) -> Iterator[str]:
    made = postgres.database()
    yield made
    postgres.drop(made)


def on_server(home: Home, url: str) -> Home:
    settings: Settings = replace(home.settings, database=url)
    return replace(home, settings=settings)


def test_a_log_in_the_home_is_begun_at_the_first_start(home: Home) -> None:
    assert not is_begun(home)
    with pytest.raises(LedgerError, match="never started"):
        open_log_database(home, read_only=True)
    with open_log_database(home) as database:
        assert Log(database, home.settings.origin).head.size == 0
    assert is_begun(home)
    assert (home.path / DATABASE).is_file()


def test_a_log_on_a_server_is_begun_once_its_tables_are_made(home: Home, postgres: Server, bare: str) -> None:
    node = on_server(home, postgres.url(bare, APP))
    for code in ("not-found", "store-permission"):
        with pytest.raises(LedgerError) as refused:
            open_log_database(node, read_only=code == "not-found")
        assert refused.value.code == code
    assert migrate_log(node.settings.database, postgres.url(bare, OWNER))[1] >= "0005"
    assert not is_begun(node)
    with pytest.raises(LedgerError, match="never started"):
        open_log_database(node, read_only=True)
    with open_log_database(node, lead=False) as member:
        assert is_begun(node)
        assert member.epoch is None
        with open_log_database(node) as database:
            assert database.epoch == 1
            assert Log(database, node.settings.origin).append(make_statements([1]))[0].index == 0  # type: ignore[union-attr]
    assert not (home.path / DATABASE).exists()
    postgres.execute("UPDATE alembic_version SET version_num = '0004'", bare)
    assert is_begun(node)


def test_a_role_that_makes_the_tables_is_told_that_it_owns_them(
    home: Home, postgres: Server, bare: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_log_database(on_server(home, postgres.url(bare, OWNER))) as database:
        assert database.epoch == 1
    assert "the node's role owns them" in capsys.readouterr().err


@pytest.mark.parametrize(
    "given", [(None, "postgresql+psycopg://owner@h/d"), ("postgresql+psycopg://node@h/d", None)]
)
def test_both_roles_are_needed_to_make_the_tables(given: tuple[str | None, str | None]) -> None:
    with pytest.raises(LedgerError) as refused:
        migrate_log(*given)
    assert refused.value.code == "database-missing"

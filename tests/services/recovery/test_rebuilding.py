"""A log that is rebuilt in part is opened by nobody but whoever ends the rebuilding."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.errors import LedgerError, RefusedError, StoreError
from ledger.services.home.database import open_for_rebuilding, open_log_database
from ledger.services.home.folder import Home, Plan, init_home
from ledger.services.monitoring.mirroring import MirrorFolder
from ledger.services.recovery.recover import Terms, fill
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import Writing, open_database
from ledger.store.log import Log
from ledger.store.postgres import PostgresDatabase
from ledger.store.rebuilding import begin_rebuilding, end_rebuilding
from tests.postgres import APP, Server
from tests.services.nodes import NOW, running
from tests.services.recovery.test_recover import fill as register
from tests.services.recovery.test_recover import mirror_of
from tests.simulator import World

SIZE = 300
ORIGIN = World().xa.origin


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return init_home(tmp_path / "node", Plan("XA", "registry.example.xa"), now=NOW, random=os.urandom)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> MirrorFolder:
    folder = tmp_path_factory.mktemp("rebuilding")
    with running(folder / "today.sqlite") as node:
        register(node, SIZE)
    return mirror_of(folder / "today.sqlite", folder / "mirror")


class Killed(BaseException):
    """The process ends here: nothing catches it."""


STEPS = ("begun", "led", "256 entries", "300 entries", "checkpoint", "ended")
"""The changes of the database that the rebuilding of this log makes."""


def on_server(home: Home, url: str) -> Home:
    return replace(home, settings=replace(home.settings, database=url))


def code_of_opening(home: Home, *, read_only: bool) -> str | None:
    try:
        open_log_database(home, read_only=read_only, lead=not read_only).close()
    except LedgerError as refused:
        return refused.code
    return None


@pytest.mark.parametrize("step", range(len(STEPS)), ids=lambda step: f"after {STEPS[step]}")
def test_a_rebuilding_that_is_killed_is_opened_by_no_node_and_gone_on_with(
    mirror: MirrorFolder, postgres: Server, home: Home, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    url, left, write = postgres.url(postgres.ledger(), APP), [step], PostgresDatabase.write
    terms = Terms(World().xa.signer, lambda *_: [], home.path)

    @contextmanager
    def dying(self: PostgresDatabase, *, leading: bool = False) -> Iterator[Writing]:
        with write(self, leading=leading) as writing:
            yield writing
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    with monkeypatch.context() as patched, open_for_rebuilding(url) as database, suppress(Killed):
        patched.setattr(PostgresDatabase, "write", dying)
        fill(database, mirror, terms)
    assert left == [-1]
    node, is_whole = on_server(home, url), STEPS[step] == "ended"
    found = {code_of_opening(node, read_only=one) for one in (False, True)}
    assert found == ({None} if is_whole else {"store-rebuilding"})
    if not is_whole:
        with open_for_rebuilding(url) as database:
            assert fill(database, mirror, terms).size == SIZE
    with open_log_database(node) as database:
        assert (database.epoch or 0) > 0
        assert Log(database, ORIGIN).head.size == SIZE
        assert len(list(Checkpoints(database).every())) == 1


def test_a_log_that_a_node_began_is_not_rebuilt_upon(
    mirror: MirrorFolder, postgres: Server, home: Home
) -> None:
    url = postgres.url(postgres.ledger(), APP)
    open_log_database(on_server(home, url)).close()
    terms = Terms(World().xa.signer, lambda *_: [], home.path)
    with open_for_rebuilding(url) as database, pytest.raises(RefusedError) as refused:
        fill(database, mirror, terms)
    assert refused.value.code == "recover-not-empty"


def test_a_log_that_was_whole_never_bears_the_mark_again(postgres: Server) -> None:
    with open_database(postgres.url(postgres.ledger(), APP)) as database:
        begin_rebuilding(database, ORIGIN)
        end_rebuilding(database)
        with pytest.raises(StoreError) as refused, database.write() as writing:
            writing.execute("UPDATE head SET epoch = -5")
        assert refused.value.code == "store-constraint"


def test_a_standby_that_takes_over_moves_no_log_that_is_rebuilt_in_part(postgres: Server) -> None:
    url = postgres.url(postgres.ledger(), APP)
    with open_database(url, lead=False) as database:
        begin_rebuilding(database, ORIGIN)
    with open_database(url, lead=False) as standby:
        with pytest.raises(StoreError) as refused:
            standby.lead(ORIGIN)
        assert refused.value.code == "store-rebuilding"
        assert not standby.leads
        with open_database(url, lead=False) as other:  # and keeps nobody from going on with it
            other.rebuilding = True
            other.lead(ORIGIN)

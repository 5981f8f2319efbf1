"""A database file that is moved, removed or replaced under a node that writes: nothing is signed over it."""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.errors import StoreError
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.database import open_database
from ledger.store.sqlite import SqliteDatabase
from tests.faults.judge import Told, judge
from tests.faults.writer import make_store, opened
from tests.services.nodes import NOW, identity
from tests.simulator import World


def move(path: Path) -> None:
    path.rename(path.with_suffix(".away"))


def replace(path: Path) -> None:
    shutil.copy(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").rename(path)


def remove(path: Path) -> None:
    path.unlink()


def remove_lock(path: Path) -> None:
    Path(f"{path}.lock").unlink()


def replace_folder(path: Path) -> None:
    away = path.parent.with_name("away")
    path.parent.rename(away)
    shutil.copytree(away, path.parent)


@pytest.mark.parametrize("change", [move, replace, remove, remove_lock, replace_folder])
def test_nothing_is_written_to_a_file_that_lost_its_place(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "node" / "ledger.sqlite"
    path.parent.mkdir()
    make_store(path)
    told = Told()

    def publish(checkpoint: StoredCheckpoint) -> None:
        told.published(checkpoint.size, sha256(checkpoint.note).digest())

    with opened(path, publish, lambda: NOW) as node:
        told.acknowledged(node.enrol_exporter().digest, 0)
        change(path)
        seen = dict(told.seen)
        with pytest.raises(StoreError) as refused:
            node.register(node.world.record("one"))
        assert refused.value.code == "store-moved"
        assert told.seen == seen
    if path.exists():
        with opened(path, publish, lambda: NOW) as node:
            answer = node.register(node.world.record("two"))
            told.acknowledged(answer.digest, answer.index)
        assert not judge(told, path, identity(World()))


def test_a_file_that_was_put_back_is_written_to_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    make_store(path)
    with open_database(path) as database:
        move(path)
        with pytest.raises(StoreError), database.write():
            pass
        path.with_suffix(".away").rename(path)
        with database.write():
            pass


def test_a_change_is_not_told_of_where_the_file_was_replaced_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    make_store(path)
    with open_database(path) as database:
        with pytest.raises(StoreError) as refused, database.write():
            replace(path)
        assert refused.value.code == "store-moved"


def test_who_only_reads_is_told_of_it_where_the_last_change_is_in_doubt(tmp_path: Path) -> None:
    path = tmp_path / "node" / "ledger.sqlite"
    path.parent.mkdir()
    make_store(path)
    with open_database(path) as database:
        assert isinstance(database, SqliteDatabase)
        database._in_doubt = True  # as a commit leaves it whose journal could not be taken away
        replace_folder(path)
        with pytest.raises(StoreError) as refused:
            database.rows("SELECT size FROM head")
    assert refused.value.code == "store-moved"

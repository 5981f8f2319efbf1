"""Stored checkpoints: once per size, for ever, never back in time."""

import pytest

from ledger.errors import StoreError
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import Database
from ledger.store.log import Log
from tests.store.conftest import make_statements


@pytest.fixture
def checkpoints(database: Database, log: Log) -> Checkpoints:
    log.append(make_statements(range(10)))
    stored = Checkpoints(database)
    for size, at in [(3, 100), (5, 100), (9, 101)]:
        stored.store(StoredCheckpoint(size, b"note %d" % size, at))
    return stored


def test_the_earliest_that_covers_an_entry_is_found(checkpoints: Checkpoints) -> None:
    def size_for(index: int) -> int | None:
        found = checkpoints.earliest_covering(index)
        return None if found is None else found.size

    assert [size_for(index) for index in range(10)] == [3, 3, 3, 5, 5, 9, 9, 9, 9, None]


def test_latest_at_and_every(checkpoints: Checkpoints) -> None:
    assert checkpoints.latest() == StoredCheckpoint(9, b"note 9", 101)
    assert checkpoints.at(5) == StoredCheckpoint(5, b"note 5", 100)
    assert checkpoints.at(4) is None
    assert [stored.size for stored in checkpoints.every()] == [3, 5, 9]


def test_every_reads_past_one_page(database: Database) -> None:
    with database.write() as connection:
        connection.insert(
            "checkpoint", ("size", "note", "signed_at"), [(size, b"\0", 1) for size in range(600)]
        )
    assert [stored.size for stored in Checkpoints(database).every()] == list(range(600))


def test_the_same_bytes_again_change_nothing(checkpoints: Checkpoints) -> None:
    checkpoints.store(StoredCheckpoint(9, b"note 9", 101))
    assert checkpoints.latest() == StoredCheckpoint(9, b"note 9", 101)


@pytest.mark.parametrize(
    ("checkpoint", "code"),
    [
        (StoredCheckpoint(9, b"another", 102), "checkpoint-exists"),
        (StoredCheckpoint(3, b"another", 102), "checkpoint-exists"),
        (StoredCheckpoint(10, b"later", 100), "clock-behind"),
        (StoredCheckpoint(8, b"between", 101), "clock-behind"),
        (StoredCheckpoint(11, b"of entries that are not here", 102), "log-rolled-back"),
    ],
)
def test_a_head_is_signed_once_and_time_never_goes_back(
    checkpoints: Checkpoints, checkpoint: StoredCheckpoint, code: str
) -> None:
    with pytest.raises(StoreError) as refused:
        checkpoints.store(checkpoint)
    assert refused.value.code == code
    assert [stored.size for stored in checkpoints.every()] == [3, 5, 9]

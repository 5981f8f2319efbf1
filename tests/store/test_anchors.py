"""The anchor journal: written before sending, settled by further rows, withdrawn by reorganisations."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger.errors import NotFoundError, StoreError
from ledger.store.anchors import Anchors, Event, Evidence, Intent, Stored
from ledger.store.checkpoints import Checkpoints, StoredCheckpoint
from ledger.store.database import Database
from ledger.store.log import Log
from tests.store.conftest import make_statements, on_sqlite

CHAIN = "eip155:31001"
OTHER = "eip155:31002"


def intent(size: int = 10, chain: str = CHAIN, nonce: int = 0, salt: int = 0) -> Intent:
    transaction = b"transaction %d %d %d " % (size, nonce, salt) + chain.encode()
    return Intent(chain, size, b"r" * 32, transaction, transaction[::-1], nonce, b"s" * 20, 1_000 + size)


def evidence(size: int = 10, chain: str = CHAIN, settles: int | None = None) -> Evidence:
    return Evidence(
        chain=chain,
        contract=b"c" * 20,
        size=size,
        block_number=size * 2,
        block_hash=b"b" * 32,
        block_time=2_000 + size,
        header=b"header",
        finality=b'{"kind":"operator","signature":"0x00"}',
        account=b'["0x00"]',
        storage=b'["0x00"]',
        recorded_at=3_000,
        intent=settles,
    )


@pytest.fixture
def anchors(database: Database, log: Log) -> Anchors:
    log.append(make_statements(range(30)))
    for size in (10, 20, 30):
        Checkpoints(database).store(StoredCheckpoint(size, b"note %d" % size, size))
    return Anchors(database)


def test_an_intent_is_pending_until_it_is_settled(anchors: Anchors) -> None:
    number = anchors.record_intent(intent())
    assert anchors.pending() == [Stored(number, intent())] == anchors.pending(CHAIN)
    assert anchors.pending(OTHER) == []
    for kind in ("sent", "mined", "reorged", "mined"):
        anchors.record_event(Event(kind, 5, intent=number, block_number=3, block_hash=b"h" * 32))
        assert [stored.id for stored in anchors.pending()] == [number]
    anchors.record_evidence(evidence(settles=number))
    assert anchors.pending() == []
    assert [stored.row.kind for stored in anchors.events(number)] == [
        "sent",
        "mined",
        "reorged",
        "mined",
        "final",
    ]


@pytest.mark.parametrize("kind", ["final", "reverted", "superseded", "abandoned"])
def test_every_settling_event_settles_and_a_reorganisation_after_it_does_not_let_it_stand(
    anchors: Anchors, kind: str
) -> None:
    number = anchors.record_intent(intent())
    anchors.record_event(Event(kind, 5, intent=number))  # type: ignore[arg-type]  # a stand-in
    assert anchors.pending() == []
    anchors.record_event(Event("reorged", 6, intent=number))
    assert [stored.id for stored in anchors.pending()] == [number]


def test_a_second_transaction_for_one_checkpoint_is_refused_until_the_first_is_settled(
    anchors: Anchors,
) -> None:
    number = anchors.record_intent(intent())
    with pytest.raises(StoreError) as refused:
        anchors.record_intent(intent(salt=1))
    assert refused.value.code == "anchor-pending"
    anchors.record_intent(intent(chain=OTHER))
    anchors.record_event(Event("abandoned", 5, intent=number))
    anchors.record_intent(intent(salt=1))


def test_what_is_anchored_by_whomever_is_not_anchored_again(anchors: Anchors) -> None:
    anchors.record_evidence(evidence(size=20))
    for size in (10, 20):
        with pytest.raises(StoreError) as refused:
            anchors.record_intent(intent(size=size))
        assert refused.value.code == "anchor-exists"
    anchors.record_intent(intent(size=30))


def test_evidence_is_found_from_the_smallest_size_that_covers(anchors: Anchors) -> None:
    for size in (30, 10):
        anchors.record_evidence(evidence(size=size))
    anchors.record_evidence(evidence(size=20, chain=OTHER))

    def found(size: int) -> int | None:
        stored = anchors.evidence_for(CHAIN, size)
        return None if stored is None else stored.row.size

    assert [found(size) for size in (1, 10, 11, 30, 31)] == [10, 10, 30, 30, None]
    latest = anchors.latest_anchored(CHAIN)
    assert latest is not None
    assert latest.row == evidence(size=30)
    assert anchors.chains() == [CHAIN, OTHER]
    assert [stored.row.size for stored in anchors.evidence_list()] == [30, 10, 20]


def test_evidence_whose_block_is_gone_no_longer_stands_and_the_intent_is_pending_again(
    anchors: Anchors,
) -> None:
    number = anchors.record_intent(intent())
    proof = anchors.record_evidence(evidence(settles=number))
    anchors.record_event(Event("reorged", 9, intent=number, evidence=proof, block_hash=b"b" * 32))
    assert anchors.latest_anchored(CHAIN) is None
    assert anchors.evidence_for(CHAIN, 1) is None
    assert anchors.evidence_list() == []
    assert [stored.id for stored in anchors.pending()] == [number]
    again = anchors.record_evidence(evidence(settles=number))
    assert anchors.latest_anchored(CHAIN) == Stored(again, evidence(settles=number))
    assert anchors.pending() == []


def test_the_next_nonce_follows_the_largest_written_down(anchors: Anchors) -> None:
    assert anchors.next_nonce(CHAIN, b"s" * 20) is None
    anchors.record_intent(intent(nonce=7))
    anchors.record_intent(intent(size=20, nonce=5))
    assert anchors.next_nonce(CHAIN, b"s" * 20) == 8
    assert anchors.next_nonce(OTHER, b"s" * 20) is None


def test_one_transaction_is_written_down_once(anchors: Anchors) -> None:
    number = anchors.record_intent(intent())
    anchors.record_event(Event("abandoned", 5, intent=number))
    with pytest.raises(StoreError) as refused:
        anchors.record_intent(intent())
    assert refused.value.code == "store-constraint"


def test_evidence_needs_a_stored_checkpoint(anchors: Anchors) -> None:
    with pytest.raises(StoreError):
        anchors.record_evidence(evidence(size=11))


def test_an_unknown_intent_is_not_found_and_an_unknown_event_is_refused(anchors: Anchors) -> None:
    with pytest.raises(NotFoundError):
        anchors.intent(1)
    with pytest.raises(StoreError):
        anchors.record_event(Event("vanished", 5))  # type: ignore[arg-type]  # a stand-in
    number = anchors.record_intent(intent())
    assert anchors.intent(number).row == intent() == anchors.intents()[0].row
    assert anchors.every_intent() == anchors.intents(CHAIN)


COLUMNS = {
    "anchor_intent": "chain size root raw_transaction transaction_hash nonce sender created_at row_hash",
    "anchor_event": "intent kind block_number block_hash detail at row_hash",
    "anchor_evidence": "chain contract size block_number block_hash block_time header finality account storage"
    " start receipt recorded_at row_hash",
}


@on_sqlite
@pytest.mark.parametrize(
    ("table", "column"), [(table, name) for table, row in COLUMNS.items() for name in row.split()]
)
def test_damage_to_any_column_is_seen(
    anchors: Anchors, damage: Callable[[str], None], table: str, column: str
) -> None:
    number = anchors.record_intent(intent())
    anchors.record_event(Event("sent", 5, intent=number, block_number=1, block_hash=b"h", detail="x"))
    anchors.record_evidence(replace(evidence(), start=b"[]", receipt=b"{}"))
    assert anchors.damaged_rows() == []
    damage(
        f"UPDATE {table} SET {column} = CASE typeof({column}) WHEN 'integer' THEN {column} + 1 ELSE x'ff' END"
    )
    assert anchors.damaged_rows() == [(table, 1)]

"""Finality that came after an anchor's evidence: stored beside it, the strongest counts."""

import sqlite3

import pytest

from ledger.errors import StoreError
from ledger.store.anchors import Anchors, Event, Finality
from ledger.store.database import Database
from tests.store.conftest import on_sqlite
from tests.store.test_anchors import CHAIN, OTHER, anchors, evidence

__all__ = ["anchors"]


def finality(number: int, kind: str, text: bytes = b"{}", epoch: int = 1) -> Finality:
    return Finality(number, kind, epoch, text, 5_000)  # type: ignore[arg-type]  # a stand-in


def held(anchors: Anchors, number: int) -> bytes:
    (found,) = [one for one in anchors.evidence_list() if one.id == number]
    return anchors.finality_of(found)


def test_the_operators_word_stands_until_there_is_more(anchors: Anchors) -> None:
    number = anchors.record_evidence(evidence())
    assert held(anchors, number) == evidence().finality
    anchors.record_finality(finality(number, "attested", b"two"))
    assert held(anchors, number) == b"two"


def test_seals_are_more_than_attesters_whichever_came_first(anchors: Anchors) -> None:
    first, second = anchors.record_evidence(evidence(10)), anchors.record_evidence(evidence(20))
    for number, kinds in ((first, ("attested", "sealed")), (second, ("sealed", "attested"))):
        for kind in kinds:
            anchors.record_finality(finality(number, kind, kind.encode()))
    assert (held(anchors, first), held(anchors, second)) == (b"sealed", b"sealed")


def test_of_several_of_a_kind_the_last_counts(anchors: Anchors) -> None:
    number = anchors.record_evidence(evidence())
    for text in (b"two of three", b"three of three"):
        anchors.record_finality(finality(number, "attested", text))
    assert held(anchors, number) == b"three of three"


def test_anchors_that_lack_it_are_found_the_newest_first(anchors: Anchors) -> None:
    numbers = [anchors.record_evidence(evidence(size)) for size in (10, 20, 30)]
    anchors.record_evidence(evidence(10, OTHER))
    anchors.record_finality(finality(numbers[1], "attested"))

    def lacking(kind: str, **options: int) -> list[int]:
        return [one.row.size for one in anchors.without_finality(CHAIN, kind, **options)]  # type: ignore[arg-type]

    assert lacking("attested") == [30, 10]
    assert lacking("sealed") == [30, 20, 10]
    assert lacking("sealed", limit=1) == [30]
    assert lacking("sealed", before=numbers[2]) == [20, 10]


def test_withdrawn_evidence_lacks_nothing(anchors: Anchors) -> None:
    number = anchors.record_evidence(evidence())
    anchors.record_event(Event("reorged", 9, evidence=number))
    assert anchors.without_finality(CHAIN, "attested") == []


def test_it_belongs_to_evidence_that_there_is(anchors: Anchors) -> None:
    with pytest.raises(StoreError):
        anchors.record_finality(finality(77, "attested"))


@on_sqlite
def test_it_is_never_changed_and_damage_is_found(anchors: Anchors, database: Database) -> None:
    number = anchors.record_evidence(evidence())
    anchors.record_finality(finality(number, "attested"))
    assert anchors.damaged_rows() == []
    with sqlite3.connect(database.path) as connection:
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE anchor_finality SET epoch = 2")
        connection.execute("DROP TRIGGER anchor_finality_no_update")
        connection.execute("UPDATE anchor_finality SET epoch = 2")
    connection.close()
    assert anchors.damaged_rows() == [("anchor_finality", 1)]

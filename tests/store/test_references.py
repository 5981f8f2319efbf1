"""What statements refer to, attest and list: kept with them, found again, taken once."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import ConflictError
from ledger.services.auditing.tables import found_by_differences
from ledger.store import migrations
from ledger.store.database import Database, open_database
from ledger.store.log import Appended, Log, create_log
from ledger.store.rows import StatusEntry, row_of
from ledger.store.statements import Statements, StoredEdge
from tests.simulator import DAY, START, World
from tests.store.attesting import (
    AUTHORITY,
    BODY,
    HOLDER,
    LIST,
    certificate,
    rows,
    signed,
    status_list,
    term,
)
from tests.store.conftest import ORIGIN, make_statement, on_sqlite

LATER = (
    "edge", "attestation", "status_index", "version", "status_list", "cosignature", "anchor_finality", "anchor_capture",
    "request_nonce", "request_once", "request_forgotten",
)  # fmt: skip
"""Tables that the first schema did not have."""


@pytest.fixture
def statements(database: Database) -> Statements:
    return Statements(database)


def digests(found: list[Any]) -> list[bytes]:
    return [one.digest for one in found]


def test_edges_are_found_from_either_end(log: Log, statements: Statements) -> None:
    one = certificate()
    recognition = signed(
        "Recognition", {"certificate": one.digest.hex(), "arrangement": "ab" * 32, **term()}, issuer=AUTHORITY
    )
    log.append(rows(one, recognition))
    assert statements.edges_from(one.digest) == []
    assert statements.edges_from(recognition.digest) == [
        StoredEdge(1, recognition.digest, "arrangement", b"\xab" * 32),
        StoredEdge(1, recognition.digest, "certificate", one.digest),
    ]
    # What is referred to may stand in another log.
    assert statements.edges_to(b"\xab" * 32) == [
        StoredEdge(1, recognition.digest, "arrangement", b"\xab" * 32)
    ]
    assert [edge.source for edge in statements.edges_to(one.digest, relation="certificate")] == [
        recognition.digest
    ]
    assert statements.edges_to(one.digest, relation="supersedes") == []
    assert statements.edges_to(bytes(32)) == []


def test_edges_come_in_pages(log: Log, statements: Statements) -> None:
    changes = [signed("StatusChange", {"statement": "cd" * 32}, created=START + at) for at in range(5)]
    log.append(rows(*changes))
    page = statements.edges_to(b"\xcd" * 32, limit=2)
    rest = statements.edges_to(b"\xcd" * 32, first=page[-1].index + 1)
    assert [edge.source for edge in page + rest] == digests(changes)


def test_what_refers_is_found_by_relation_type_and_issuer(log: Log, statements: Statements) -> None:
    one = certificate()
    named = {"statement": one.digest.hex()}
    change, other = signed("StatusChange", named), signed("StatusChange", named, issuer=AUTHORITY)
    endorsement = signed("Endorsement", named)
    newer = certificate("CB-2", index=8, supersedes=one.digest.hex())
    log.append(rows(one, change, other, endorsement, newer))
    assert digests(statements.referring(one.digest, "statement")) == digests([change, other, endorsement])
    assert digests(statements.referring(one.digest, "statement", kind="StatusChange", issuer=BODY)) == [
        change.digest
    ]
    assert digests(statements.referring(one.digest, "statement", first=2, limit=1)) == [other.digest]
    assert digests(statements.referring(one.digest, "supersedes")) == [newer.digest]


def test_a_record_without_references_has_no_rows(log: Log, database: Database) -> None:
    world = World()
    log.append(rows(world.record()))
    with database.read() as connection:
        for table in LATER:
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_attestations_are_found_by_number_issuer_and_holder(log: Log, statements: Statements) -> None:
    first, second = certificate("CB-1", 1), certificate("CB-2", 2, holder="did:web:other.example.xa")
    foreign = certificate("CB-1", 1, issuer="did:web:body.example.xb")
    accreditation = signed("Accreditation", {"number": "A-1", "body": {"did": BODY}, **term()}, issuer=HOLDER)
    log.append(rows(first, second, foreign, accreditation))

    def found(kind: str = "ConformityCertificate", **by: Any) -> list[bytes]:
        return digests(statements.attestations(kind, **by))

    assert found() == digests([first, second, foreign])
    assert found(number="CB-1") == digests([first, foreign])
    assert found(number="CB-1", issuer=BODY) == [first.digest]
    assert found(holder=HOLDER) == digests([first, foreign])
    assert found(issuer=BODY, first=1) == [second.digest]
    assert found(limit=1) == [first.digest]
    assert found("Accreditation", holder=BODY, number="A-1") == [accreditation.digest]
    assert found(number="A-1") == []


def test_an_id_is_found_whoever_gave_it(log: Log, statements: Statements) -> None:
    made = [make_statement(number, name=number // 4) for number in range(8)]
    log.append([row._replace(issuer=f"did:web:{number % 4}.example.xa") for number, row in enumerate(made)])
    assert digests(statements.of_id("urn:x:1", limit=9)) == [row.digest for row in made[4:]]
    assert len(statements.of_id("urn:x:0", limit=3)) == 3
    assert statements.of_id("urn:x:2") == []


def test_an_empty_log_has_no_id_and_no_list(log: Log, statements: Statements) -> None:
    assert statements.of_id("urn:x:0") == []
    assert statements.status_lists() == []


def test_each_list_is_named_once_however_many_editions_it_has(log: Log, statements: Statements) -> None:
    editions = [status_list(START + day * DAY) for day in range(3)]
    log.append(rows(*editions, status_list(START, issuer=AUTHORITY)))
    assert statements.status_lists() == sorted([(BODY, LIST), (AUTHORITY, LIST)])
    assert len(statements.status_lists(limit=1)) == 1


def test_the_edition_that_covers_a_moment_is_told_from_the_newest(log: Log, statements: Statements) -> None:
    early, late = status_list(START), status_list(START + 6 * DAY)
    back_dated = status_list(START + 1, created=START + 3 * DAY)
    log.append(rows(early, late, back_dated, status_list(START + 20 * DAY, issuer=AUTHORITY)))

    def at(moment: int | None) -> bytes | None:
        found = statements.status_list(BODY, LIST, at=moment)
        return None if found is None else found.digest

    assert at(None) == late.digest
    assert at(START - 1) is None
    assert at(START) == at(START + 2 * DAY) == early.digest
    assert at(START + 4 * DAY) == back_dated.digest  # only from when it was signed
    assert at(START + 6 * DAY) == late.digest
    assert at(START + 13 * DAY - 1) == late.digest
    assert at(START + 13 * DAY) is None
    assert statements.status_list(BODY, "https://body.example.xa/status/2") is None
    assert statements.status_list("did:web:other.example.xa", LIST) is None


def test_editions_are_found_among_the_first_of_the_log_and_after_a_moment(
    log: Log, statements: Statements
) -> None:
    first, second = status_list(START), status_list(START + 10 * DAY)
    log.append(rows(second, first))

    def found(one: Any) -> bytes | None:
        return None if one is None else one.digest

    assert found(statements.status_list(BODY, LIST, size=2)) == second.digest
    assert found(statements.status_list(BODY, LIST, size=1, at=START)) is None
    assert found(statements.status_list(BODY, LIST, size=0)) is None
    assert found(statements.status_list_after(BODY, LIST, START - 1)) == first.digest
    assert found(statements.status_list_after(BODY, LIST, START + 7 * DAY)) == second.digest
    assert found(statements.status_list_after(BODY, LIST, START + 17 * DAY)) is None


def test_of_two_editions_from_one_moment_the_later_logged_is_the_newer(
    log: Log, statements: Statements
) -> None:
    first, second = status_list(START), status_list(START, days=8)
    log.append(rows(first, second))
    found = statements.status_list(BODY, LIST)
    assert found is not None
    assert found.digest == second.digest


def test_a_place_in_a_status_list_is_taken_once_in_a_batch_and_later(log: Log) -> None:
    first, same_place, elsewhere = rows(certificate("CB-1"), certificate("CB-2"), certificate("CB-3", 8))
    refused: list[Any] = log.append([first, same_place, elsewhere])
    assert [refused[0], refused[2]] == [Appended(0, first=True), Appended(1, first=True)]
    refused += log.append([same_place])
    for one in (refused[1], refused[3]):
        assert isinstance(one, ConflictError)
        assert one.code == "status-index-reused"
    assert log.append([first]) == [Appended(0, first=False)]
    assert log.head.size == 2


def test_places_are_of_an_issuer_and_a_list_whatever_the_type(log: Log) -> None:
    other_issuer = certificate(issuer="did:web:body.example.xb")
    reference = {"statusReference": {"statusListCredential": LIST, "statusListIndex": 7}}
    recognition = signed("Recognition", {**term(), **reference})
    found = log.append(rows(certificate(), other_issuer, certificate("CB-2", None), recognition))
    assert [isinstance(one, Appended) for one in found] == [True, True, True, False]


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("ConformityCertificate", {"validFrom": 7, "validUntil": []}),
        ("ConformityCertificate", {"validFrom": "yesterday", "validUntil": "tomorrow"}),
        ("StatusList", {"id": [], "validFrom": "2026-11-22T00:00:00Z", "validUntil": "2026-11-23T00:00:00Z"}),
        ("TransferAcknowledgement", {"record": "zz"}),
        ("Recognition", {"certificate": 9, "statusReference": "x"}),
    ],
)
def test_what_is_not_in_order_has_no_rows(kind: str, subject: dict[str, Any]) -> None:
    row = row_of(signed(kind, subject))
    assert (row.edges, row.attestation, row.edition, row.record) == ((), None, None, None)


@pytest.mark.parametrize(
    "reference",
    [
        [],
        {"statusListCredential": LIST},
        {"statusListCredential": 1, "statusListIndex": 1},
        {"statusListCredential": LIST, "statusListIndex": -1},
        {"statusListCredential": LIST, "statusListIndex": True},
        {"statusListCredential": LIST, "statusListIndex": "7"},
    ],
)
def test_a_reference_that_is_none_takes_no_place(reference: object) -> None:
    row = row_of(signed("ConformityCertificate", {**term(), "statusReference": reference}))
    assert row.attestation is not None
    assert row.status is None


def test_a_reference_is_a_list_and_a_place() -> None:
    assert row_of(certificate()).status == StatusEntry(LIST, 7)


@pytest.fixture
def old(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of schema 0001 with records, one of them superseding, and two certificates of one place."""
    world = World()
    record = world.record()
    corrected = world.record("corrected", supersedes=record.digest.hex())
    answered = world.acknowledgement(corrected)
    first, second = certificate("CB-1"), certificate("CB-2", accreditation={"statement": "ef" * 32})
    plain = [
        row._replace(edges=(), attestation=None) for row in rows(record, corrected, answered, first, second)
    ]
    with open_database(path, create=True) as database:
        create_log(database, ORIGIN)
        Log(database, ORIGIN).append([*plain, make_statement(9, body=b'not a statement "supersedes"')])
    connection = sqlite3.connect(path, isolation_level=None)
    for table in LATER:
        connection.execute(f"DROP TABLE {table}")
    connection.execute("DROP TRIGGER head_only_grows")
    connection.execute("ALTER TABLE head DROP COLUMN epoch")
    connection.execute(
        "CREATE TRIGGER head_only_grows BEFORE UPDATE ON head WHEN NEW.size <= OLD.size"
        " BEGIN SELECT RAISE(ABORT, 'head only grows'); END"
    )
    connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    return path


def test_a_log_of_the_first_schema_is_brought_up_and_filled(old: Path) -> None:
    with open_database(old) as database:
        statements = Statements(database)
        stored = list(statements.every())
        record, corrected, answered, first, second, _ = digests(stored)
        assert [edge.source for edge in statements.edges_to(record)] == [corrected]
        assert [edge.source for edge in statements.edges_to(corrected)] == [answered]
        assert [edge.source for edge in statements.edges_to(b"\xef" * 32)] == [second]
        assert digests(statements.attestations("ConformityCertificate", holder=HOLDER)) == [first, second]
        log = Log(database, ORIGIN)
        (refused,) = log.append(rows(certificate("CB-3")))
        assert isinstance(refused, ConflictError)
        assert refused.code == "status-index-reused"
        assert "entry 3" in str(refused)
        computed = dict(enumerate(rows(*_parsed(stored[:5]))))
        assert list(found_by_differences(database, 0, 5, computed)) == []
    with open_database(old) as database:  # and is left alone from then on
        assert Log(database, ORIGIN).head.size == 6


def test_a_crash_while_it_is_filled_leaves_the_first_schema(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(old, tmp_path / "copy.db")
    with monkeypatch.context() as broken:

        def fail(_: object) -> None:
            raise KeyboardInterrupt

        broken.setattr("ledger.store.rows.row_of", fail)
        with pytest.raises(KeyboardInterrupt):
            open_database(old)
    connection = sqlite3.connect(old)
    assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'edge'").fetchone() == (0,)
    connection.close()
    with open_database(old) as database:
        assert len(Statements(database).attestations("ConformityCertificate")) == 2
    assert migrations.REVISIONS[:2] == ("0001", "0002")


def _parsed(stored: list[Any]) -> list[Any]:
    from ledger.core.statement import parse_statement

    return [parse_statement(one.body) for one in stored]


@on_sqlite
def test_what_refers_to_a_statement_is_looked_up_by_the_reference(
    log: Log, statements: Statements, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not by going through all statements of the type, of which there may be a hundred thousand."""
    asked: list[tuple[str, Any]] = []
    monkeypatch.setattr(statements, "_many", lambda query, values: asked.append((query, values)) or [])
    statements.referring(b"\xab" * 32, "statement", kind="StatusChange", issuer=BODY)
    ((query, values),) = asked
    with database.read() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", tuple(values)).all()
    assert "edge_target" in plan[0][3]

"""The mirror of what partners gave."""

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.errors import RefusedError, StoreError
from ledger.store import partners
from ledger.store.partners import Holdings, Kept, Mirror, Pending, Progress

KEPT = Kept(
    b"\x01" * 32, "registry.example.xa/XA/2026", "XA", 7, 9, False, "ConformityCertificate",
    "did:web:body.example.xa", "C-1", "did:web:holder.example.xa", 1000, b"{}" * 100,
)  # fmt: skip


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "partners.sqlite")


def test_nothing_is_made_by_asking(mirror: Mirror) -> None:
    assert mirror.bundle(KEPT.subject) is None
    assert mirror.certificates(number="C-1") == []
    assert mirror.jurisdiction_of(KEPT.subject) is None
    assert mirror.progress("XA") == Progress()
    assert mirror.pending("XA") == []
    assert mirror.holdings("XA") == Holdings(0, 0, 0, 0)
    mirror.forget("XA")
    assert not mirror.path.exists()


def test_what_was_put_is_found_by_digest_number_body_and_holder(mirror: Mirror) -> None:
    other = replace(KEPT, subject=b"\x02" * 32, number="C-2", index=8)
    mirror.put("XA", [KEPT, other])
    assert mirror.bundle(KEPT.subject) == KEPT
    assert mirror.jurisdiction_of(KEPT.subject) == "XA"
    assert mirror.certificates(number="C-1") == [KEPT]
    assert mirror.certificates(body=KEPT.issuer) == [KEPT, other]
    assert mirror.certificates(holder=KEPT.holder, number="C-2") == [other]
    assert mirror.certificates(number="C-1", body="did:web:other.example.xa") == []
    assert mirror.of_type("Recognition") == []
    assert mirror.path.stat().st_mode & 0o777 == 0o600


def test_what_refers_to_a_statement_is_found_until_its_partner_is_forgotten(mirror: Mirror) -> None:
    assert mirror.referring(KEPT.subject, "StatusChange") == []
    change = replace(KEPT, subject=b"\x03" * 32, type="StatusChange", refers=(KEPT.subject,))
    mirror.put("XA", [KEPT, change])
    mirror.put("XA", [change])
    assert mirror.referring(KEPT.subject, "StatusChange") == [change]
    assert mirror.referring(KEPT.subject, "Recognition") == []
    assert mirror.referring(change.subject, "StatusChange") == []
    mirror.forget("XA")
    assert mirror.referring(KEPT.subject, "StatusChange") == []


def test_the_newest_of_a_type_come_first(mirror: Mirror) -> None:
    made = [replace(KEPT, subject=bytes([n]) * 32, type="StatusList", index=n) for n in range(5)]
    other = replace(made[0], subject=b"\x09" * 32, index=9, issuer="did:web:other.example.xa")
    mirror.put("XA", [*made, other])
    assert mirror.latest("StatusList", issuer=KEPT.issuer, limit=2) == [made[4], made[3]]
    assert mirror.latest("StatusList")[0] == other


def test_a_bundle_gives_way_to_a_better_one_alone(mirror: Mirror) -> None:
    mirror.put("XA", [KEPT])
    larger, anchored = replace(KEPT, size=10), replace(KEPT, size=9, anchored=True)
    mirror.put("XA", [larger])
    mirror.put("XA", [KEPT])
    assert mirror.bundle(KEPT.subject) == larger
    mirror.put("XA", [anchored])
    mirror.put("XA", [replace(larger, size=99)])
    assert mirror.bundle(KEPT.subject) == anchored


def test_each_log_keeps_its_own(mirror: Mirror) -> None:
    elsewhere = replace(KEPT, origin="registry.example.xc/XC/2026", partner="XC", size=500)
    mirror.put("XA", [KEPT])
    mirror.put("XC", [elsewhere])
    assert mirror.bundles(KEPT.subject) == [elsewhere, KEPT]
    mirror.forget("XC")
    assert mirror.bundles(KEPT.subject) == [KEPT]


def test_progress_never_goes_back_and_tells_how_the_last_time_went(mirror: Mirror) -> None:
    mirror.put("XA", [], cursor=(KEPT.origin, 40))
    mirror.put("XA", [], cursor=(KEPT.origin, 12))
    assert mirror.cursor(KEPT.origin) == 40
    assert mirror.cursor("registry.example.xa/XA/2027") == -1
    mirror.ended("XA", at=100)
    assert mirror.progress("XA") == Progress(100, 100)
    mirror.ended("XA", at=200, code="remote-unreachable", detail="silent")
    assert mirror.progress("XA") == Progress(200, 100, "remote-unreachable", "silent")
    mirror.ended("XA", at=300)
    assert mirror.progress("XA") == Progress(300, 300)


def test_what_is_pending_is_asked_for_oldest_first_until_it_is_settled(mirror: Mirror) -> None:
    first, second = (Pending(bytes([n]) * 32, n, "evidence-refused", "why", 1, 50 - n) for n in (1, 2))
    mirror.put("XA", [], pending=[first, second])
    assert mirror.pending("XA") == [second, first]
    assert mirror.pending("XA", limit=1) == [second]
    assert mirror.pending("XA", now=48) == [second]
    mirror.put("XA", [], pending=[replace(second, due_at=99)])
    assert mirror.pending("XA")[0] == first
    mirror.put("XA", [KEPT], settled=[first.digest])
    assert mirror.holdings("XA").pending == 1
    assert mirror.holdings("XA").bundles == 1


def test_a_failed_write_leaves_nothing(mirror: Mirror) -> None:
    mirror.put("XA", [], cursor=(KEPT.origin, 1))
    with pytest.raises(StoreError):
        mirror.put("XA", [KEPT, replace(KEPT, subject=None)], cursor=(KEPT.origin, 2))  # type: ignore[arg-type]
    assert mirror.bundle(KEPT.subject) is None
    assert mirror.cursor(KEPT.origin) == 1


def test_threads_write_one_after_the_other(mirror: Mirror) -> None:
    def write(number: int) -> None:
        for step in range(10):
            digest = bytes([number, step]) * 16
            mirror.put("XA", [replace(KEPT, subject=digest)], cursor=(KEPT.origin, number * 10 + step))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert mirror.holdings("XA").bundles == 40
    assert mirror.cursor(KEPT.origin) == 39


def test_a_mirror_of_another_version_and_a_damaged_one_are_refused(mirror: Mirror) -> None:
    mirror.put("XA", [KEPT])
    with sqlite3.connect(mirror.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError) as refused:
        mirror.bundle(KEPT.subject)
    assert refused.value.code == "side-file-version"
    mirror.path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError) as refused:
        mirror.bundle(KEPT.subject)
    assert refused.value.code == "store-corrupt"


def test_no_more_is_read_at_once_than_memory_holds(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror.put("XA", [KEPT, replace(KEPT, subject=b"\x02" * 32, index=8)])
    monkeypatch.setattr(partners, "MOST_READ", 2 * len(KEPT.bundle))
    assert len(mirror.certificates(body=KEPT.issuer)) == 2
    mirror.put("XA", [replace(KEPT, subject=b"\x03" * 32, index=9)])
    with pytest.raises(RefusedError) as refused:
        mirror.certificates(body=KEPT.issuer)
    assert refused.value.code == "evidence-too-much"
    assert mirror.bundle(KEPT.subject) == KEPT

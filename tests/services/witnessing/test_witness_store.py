"""What a witness persists: one head of a size whoever races, nothing taken back, no line without the disk."""

import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.core.note import encode_vkey
from ledger.core.secp256k1 import address_of
from ledger.core.witness import encode_add_checkpoint
from ledger.errors import StoreError
from ledger.services.home.folder import Home
from ledger.services.trust.known_logs import KnownLog
from ledger.services.witnessing.witnessing import begin_witness, renew_attester, renew_witness
from ledger.store.attested import Attested, Root
from ledger.store.witness import KEPT, Head, WitnessStore
from tests.services.homes import chance
from tests.services.homes import home as new_home
from tests.services.witnessing.noting import Rig, problem
from tests.services.witnessing.process import plain_note, vkey_of


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_disk_that_fails_gives_no_cosignature(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> Head:
        raise StoreError("the disk is full", code="store-full")

    monkeypatch.setattr(rig.witness.store, "advance", full)
    assert problem(rig.ask(7)) == (503, "store-full")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE head SET root = x'00'",
        "UPDATE head SET size = 8",
        "UPDATE head SET time = time - 1",
        "UPDATE head SET origin = 'x'",
        "DELETE FROM head",
        "INSERT INTO head SELECT origin, 6, root, note, line, time FROM head",
        "INSERT INTO head SELECT origin, 8, root, note, line, time - 1 FROM head",
        "INSERT OR REPLACE INTO head SELECT origin, 7, x'00', note, line, time FROM head",
        "UPDATE fork SET root = x'00'",
        "DELETE FROM fork",
    ],
)
def test_what_was_cosigned_is_not_taken_back_even_by_hand(rig: Rig, change: str) -> None:
    rig.ask(7)
    rig.ask(7, 7, root=bytes(32))
    assert len(rig.store.forks()) == 1
    connection = sqlite3.connect(rig.folder / "witness.sqlite")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(change)
    connection.close()


def test_the_newest_heads_of_a_log_are_kept_and_old_ones_are_not(tmp_path: Path) -> None:
    store = WitnessStore(tmp_path / "witness.sqlite")
    connection = sqlite3.connect(tmp_path / "witness.sqlite")
    store.begin("key")
    store.advance("a", lambda _: Head("a", 1, b"r", b"n", b"l", 1), vkey="key")
    connection.executemany(
        "INSERT INTO head (origin, size, root, note, line, time) VALUES ('a', ?, x'00', x'00', x'00', 1)",
        [(size,) for size in range(2, KEPT + 1)],
    )
    connection.commit()
    connection.close()
    for size in (KEPT + 1, KEPT + 2):
        store.advance("a", lambda _, size=size: Head("a", size, b"r", b"n", b"l", 1), vkey="key")
    assert [store.at("a", size) is None for size in (1, 2, 3)] == [True, True, False]
    assert [one.size for one in store.heads()] == [KEPT + 2]


def test_threads_and_openings_that_race_get_one_head_of_a_size(rig: Rig) -> None:
    """Eight heads of one size at one moment, again and again: one is cosigned, the others learn of it."""
    rivals, rounds = 8, 25
    logs = {
        f"race.example/XP/{n}": KnownLog(
            f"race.example/XP/{n}", None, None, (vkey_of(f"race.example/XP/{n}"),)
        )
        for n in range(rounds)
    }
    rig.logs.all = lambda: logs  # type: ignore[method-assign]
    openings = [rig.opened() for _ in range(4)]
    bodies = [
        [encode_add_checkpoint(0, [], plain_note(origin, 5, bytes([rival]) * 32)) for origin in logs]
        for rival in range(rivals)
    ]
    start = threading.Barrier(rivals, timeout=20)
    between = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # else a thread is through before another has begun

    def work(rival: int) -> list[int]:
        statuses = []
        for body in bodies[rival]:
            start.wait()
            answer = openings[rival % 4].add_checkpoint(body)
            statuses.append(answer.status)
        return statuses

    try:
        with ThreadPoolExecutor(rivals) as pool:
            given = list(pool.map(work, range(rivals)))
    finally:
        sys.setswitchinterval(between)
    assert {status for found in given for status in found} == {200, 409}
    for number, origin in enumerate(logs):
        (winner,) = [rival for rival in range(rivals) if given[rival][number] == 200]
        head = rig.store.head(origin)
        assert head is not None
        assert head.root == bytes([winner]) * 32


def test_a_witness_whose_state_is_gone_cosigns_nothing(rig: Rig) -> None:
    """Else whoever removes a file, or puts back none of it, would have two histories cosigned."""
    rig.ask(20)
    (rig.folder / "witness.sqlite").unlink()
    for _ in range(2):
        assert problem(rig.ask(20, root=bytes(32))) == (503, "witness-state-missing")
    assert rig.store.head(rig.xa.origin) is None


def test_a_renewed_witness_has_a_new_key_and_knows_what_the_old_one_did(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    begin_witness(home)
    store = WitnessStore(home.path / "witness.sqlite")
    old, head = encode_vkey(home.witness_vkey()), Head("a", 1, b"r", b"n", b"l", 1)
    store.advance("a", lambda _: head, vkey=old)
    renewed = renew_witness(home, chance("renewed"))
    new = encode_vkey(renewed.witness_vkey())
    assert new != old
    assert store.advance("a", lambda held: held or head, vkey=new) == head
    with pytest.raises(StoreError) as refused:
        store.advance("a", lambda held: held or head, vkey=old)
    assert refused.value.code == "witness-state-missing"
    retired = f"witness-{home.witness_vkey().key_id.hex()}.json"
    assert {path.name for path in (home.path / "keys").glob("witness*")} == {"witness.json", retired}


def test_an_attester_whose_record_is_gone_attests_nothing_with_its_key(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    begin_witness(home)
    root = Root("a", 1, b"r", b"n")

    def ask(asked: Home) -> str | None:
        address = address_of(asked.keys.attester.secret)
        try:
            Attested(home.path / "attester.sqlite", owner=address).require_one_root(root, at=1)
        except StoreError as error:
            return error.code
        return None

    assert ask(home) is None
    (home.path / "attester.sqlite").unlink()
    assert [ask(home), ask(home)] == ["attester-state-missing"] * 2
    renewed = renew_attester(home, chance("renewed"))
    assert ask(renewed) is None
    assert ask(home) == "attester-state-missing"
    assert WitnessStore(home.path / "witness.sqlite").head("a") is None


def test_a_renewal_that_was_interrupted_can_be_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = new_home(tmp_path)
    begin_witness(home)
    with monkeypatch.context() as full:
        full.setattr("ledger.services.witnessing.witnessing.make_node_key", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            renew_witness(home, chance("renewed"))
    renewed = renew_witness(home, chance("renewed"))
    assert encode_vkey(renewed.witness_vkey()) != encode_vkey(home.witness_vkey())

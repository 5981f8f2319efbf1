"""The audit shared among processes, in ranges, gone on with: always what the plain audit finds."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.checkpoint import cosign, parse_checkpoint
from ledger.core.note import encode_signature_line
from ledger.services.auditing import audit as auditing
from ledger.services.auditing import position as audit_position
from ledger.services.auditing.audit import AuditReport, Comparing, LogIdentity, audit
from ledger.services.auditing.position import InFile
from ledger.services.auditing.task import Answer, Range, Task, answer_to
from ledger.services.auditing.workers import Workers
from ledger.store import integrity
from ledger.store.cosignatures import Cosignature, Cosignatures
from ledger.store.database import Database, open_database
from ledger.store.integrity import Difference, differences
from ledger.store.log import Log, create_log
from tests.campaign import count
from tests.postgres import APP, Server
from tests.services.auditing.naive_audit import naive_audit
from tests.services.auditing.test_audit import WITNESS, add_anchor, flipped
from tests.services.nodes import NOW, Node, identity, running
from tests.simulator import World, key
from tests.store.conftest import damage_database, make_statements

ENTRIES = 600
"""Two full tiles and a part of a third; with ranges of a tile, three ranges."""
KNOWN = replace(identity(World()), witnesses=[WITNESS])


def cosign_all(node: Node) -> None:
    """A witness's line under every checkpoint."""
    rows = []
    for stored in node.checkpoints.every():
        line = cosign(parse_checkpoint(stored.note), WITNESS.name, key("XB witness"), NOW)
        written = encode_signature_line(line).encode()
        rows.append(Cosignature(stored.size, line.name, line.key_id, written, NOW, NOW))
    Cosignatures(node.database).store(rows)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("audited") / "ledger.db"
    with running(file, interval=0.001) as node:
        node.enrol_exporter()
        records = [node.world.record(f"r{at}", reference=f"PO-{at}").encoded for at in range(ENTRIES - 1)]
        for first in range(0, len(records), 50):
            node.register_many(records[first : first + 50])
        cosign_all(node)
        add_anchor(node)
    with sqlite3.connect(file) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute("SELECT count(*) FROM checkpoint").fetchone()[0] >= 8
    connection.close()
    return file


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "ledger.db"))


@pytest.fixture
def _ranges_of_a_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (integrity, auditing, audit_position):
        monkeypatch.setattr(module, "RANGE", 256)


def change(file: Path, statement: str, values: Sequence[object] = ()) -> None:
    with sqlite3.connect(file) as connection:
        assert connection.execute(statement, values).rowcount == 1
    connection.close()


def audited(
    file: Path, *, keeper: InFile | None = None, told: Callable[[str, int, int], None] = lambda *_: None
) -> AuditReport:
    with open_database(file, read_only=True) as database:
        return audit(database, KNOWN, told, keeper=keeper)


# -- the same findings ---------------------------------------------------------------------------------------


def damage(file: Path, chance: random.Random) -> None:
    """Change a few bits, and take a row away now and then."""
    places = [
        ("statement", "body"), ("statement", "reference"), ("statement", "created"), ("entry", "digest"),
        ("tile", "hashes"), ("tile", "nodes"), ("checkpoint", "note"), ("checkpoint", "signed_at"),
        ("cosignature", "line"), ("head", "root"), ("anchor_evidence", "header"),
    ]  # fmt: skip
    with sqlite3.connect(file) as connection:
        for table, column in chance.sample(places, chance.randint(1, 4)):
            rows = connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
            number, value = chance.choice([row for row in rows if row[1] is not None])
            connection.execute(
                f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (flipped(value, chance), number)
            )
        if chance.random() < 0.3:
            table = chance.choice(["statement", "tile", "checkpoint"])
            (number,) = chance.choice(connection.execute(f"SELECT rowid FROM {table}").fetchall())
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (number,))
    connection.close()


@pytest.mark.usefixtures("_ranges_of_a_tile")
@pytest.mark.parametrize("number", range(min(count(10), 300)))
def test_in_ranges_the_audit_finds_what_the_plain_one_finds(store: Path, number: int) -> None:
    damage(store, random.Random(number))
    with open_database(store, read_only=True) as database:
        found, plain = audit(database, KNOWN).findings, naive_audit(database, KNOWN)
    assert plain
    assert list(map(str, found)) == list(map(str, plain))


@pytest.mark.usefixtures("_ranges_of_a_tile")
def test_several_processes_find_the_same_and_end(store: Path) -> None:
    damage(store, random.Random(3))
    with open_database(store, read_only=True) as database:
        alone = audit(database, KNOWN)
        with Workers(database, store, KNOWN, 2) as workers:
            together = audit(database, KNOWN, comparing=workers)
            assert len(set(workers.pids)) == 2
    assert together == alone
    assert alone.findings


@pytest.mark.usefixtures("_ranges_of_a_tile")
def test_on_a_server_several_processes_find_the_same(postgres: Server) -> None:
    name = postgres.ledger()
    with open_database(postgres.url(name, APP)) as database:
        create_log(database, KNOWN.origin)
        Log(database, KNOWN.origin).append(make_statements(range(ENTRIES)))
    damage_database(postgres, name, "UPDATE entry SET digest = zeroblob(32) WHERE leaf_index = 411")
    with open_database(postgres.url(name, APP), read_only=True) as database:
        alone = audit(database, KNOWN)
        with Workers(database, postgres.url(name, APP), KNOWN, 2) as workers:
            together = audit(database, KNOWN, comparing=workers)
    postgres.drop(name)
    assert together == alone
    assert {one.index for one in alone.findings if "digest" in one.detail} == {411}
    assert (len(alone.findings), alone.entries) == (ENTRIES + 1, ENTRIES)  # none of the bodies is a statement


def test_a_worker_that_is_gone_is_done_without(store: Path) -> None:
    with open_database(store, read_only=True) as database, Workers(database, store, KNOWN, 1) as workers:
        workers._processes[0]._process.kill()
        assert audit(database, KNOWN, comparing=workers).is_clean


def test_what_is_appended_meanwhile_is_left_out(store: Path) -> None:
    with running(store) as node:

        def append(part: str, _done: int, _total: int) -> None:
            node.register(node.world.record(f"meanwhile, at {part}"))

        report = audit(node.database, KNOWN, append)
        assert (report.findings, report.entries) == ((), ENTRIES)


def test_a_row_that_cannot_be_read_is_named_and_no_other(store: Path) -> None:
    change(store, "UPDATE statement SET reference = CAST(x'ff' AS TEXT) WHERE leaf_index = 417")
    assert [(one.table, one.index) for one in audited(store).findings if one.table != "file"] == [
        ("statement", 417)
    ]


def test_a_head_that_says_far_too_much_does_not_keep_the_audit_for_ever(store: Path) -> None:
    change(store, "UPDATE head SET size = size + ?", (1 << 50,))
    assert "head" in {one.table for one in audited(store).findings}


def test_what_the_database_could_not_look_at_is_in_the_report(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_database(store, read_only=True) as database:
        monkeypatch.setattr(database, "unchecked", lambda: ["indexes: amcheck is missing"])
        assert audit(database, KNOWN).unchecked == ("indexes: amcheck is missing",)


# -- gone on with --------------------------------------------------------------------------------------------


class Interrupted:
    """Compares in this process until it is interrupted."""

    width = 1

    def __init__(self, database: Database, before: int) -> None:
        self._database, self._before = database, before

    def submit(self, task: Task) -> Future[Answer]:
        if isinstance(task, Range) and task.first >= self._before:
            raise KeyboardInterrupt
        answered: Future[Answer] = Future()
        answered.set_result(answer_to(task, self._database, KNOWN))
        return answered


def keeper(
    file: Path, *, now: int = NOW, known: LogIdentity = KNOWN, told: list[str] | None = None
) -> InFile:
    says = [] if told is None else told
    return InFile(file.with_name("audit.progress"), known, now=now, told=says.append)


def interrupted(file: Path, before: int = 512) -> Path:
    with open_database(file, read_only=True) as database:
        comparing: Comparing = Interrupted(database, before)
        with pytest.raises(KeyboardInterrupt):
            audit(database, KNOWN, comparing=comparing, keeper=keeper(file))
    return file.with_name("audit.progress")


@pytest.fixture
def broken_off(store: Path, _ranges_of_a_tile: None) -> Path:
    change(store, "UPDATE statement SET reference = 'PO-x' WHERE leaf_index = 41")
    interrupted(store)
    return store


def test_an_interrupted_audit_goes_on_and_finds_the_same(broken_off: Path) -> None:
    change(broken_off, "UPDATE statement SET reference = 'PO-y' WHERE leaf_index = 555")
    from_start = audited(broken_off)
    seen: list[int] = []
    report = audited(broken_off, keeper=keeper(broken_off), told=lambda _, done, __: seen.append(done))
    assert report.resumed == 512
    assert seen[0] == 512
    assert replace(report, resumed=0) == from_start
    assert [one.index for one in report.findings] == [41, 555]
    assert not broken_off.with_name("audit.progress").exists()


@pytest.mark.usefixtures("_ranges_of_a_tile")
def test_damage_to_a_body_before_the_place_does_not_keep_it_from_going_on(store: Path) -> None:
    change(store, "UPDATE statement SET body = x'00' WHERE leaf_index = 300")
    interrupted(store)
    assert audited(store, keeper=keeper(store)).resumed == 512


@pytest.mark.parametrize(
    ("why", "now", "known"),
    [
        ("a day old", NOW + 86_400, KNOWN),
        ("a day old", NOW - 1, KNOWN),
        ("other keys", NOW, replace(KNOWN, witnesses=())),
    ],
)
def test_a_place_that_tells_nothing_of_now_is_not_believed(
    broken_off: Path, why: str, now: int, known: LogIdentity
) -> None:
    told: list[str] = []
    report = audited(broken_off, keeper=keeper(broken_off, now=now, known=known, told=told))
    assert (report.resumed, [one.index for one in report.findings]) == (0, [41])
    assert why in told[0]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("compared", 256),
        ("compared", 1 << 20),
        ("version", "9"),
        ("findings", {}),
        ("byBodies", []),
        ("sha256", ""),
    ],
)
def test_a_place_that_was_changed_is_not_believed(broken_off: Path, member: str, value: object) -> None:
    file = broken_off.with_name("audit.progress")
    document = json.loads(file.read_bytes())
    file.write_text(json.dumps(document | {member: value}, separators=(",", ":"), sort_keys=True))
    told: list[str] = []
    assert audited(broken_off, keeper=keeper(broken_off, told=told)).resumed == 0
    assert "not believed" in told[0]


def test_a_place_in_another_history_is_not_believed(broken_off: Path) -> None:
    change(
        broken_off,
        "UPDATE tile SET nodes = zeroblob(length(nodes)), hashes = zeroblob(8192) WHERE number = 1",
    )
    told: list[str] = []
    report = audited(broken_off, keeper=keeper(broken_off, told=told))
    assert report.resumed == 0
    assert "the tiles lead to" in told[0]
    assert "tile" in {one.table for one in report.findings}


def test_an_audit_from_the_start_does_not_look_at_the_place(broken_off: Path) -> None:
    file = broken_off.with_name("audit.progress")
    anew = InFile(file, KNOWN, now=NOW, from_start=True)
    assert audited(broken_off, keeper=anew).resumed == 0


# -- one bit -------------------------------------------------------------------------------------------------

KINDS = {
    "statement": ("body", "issuer", "statement_id", "type", "created", "reference"),
    "entry": ("digest",),
    "tile": ("hashes", "nodes"),
    "head": ("size", "root"),
    "checkpoint": ("note", "signed_at", "size"),
    "cosignature": ("line", "time", "name", "key_id", "size"),
}
AT_ONCE = {"statement": 50, "entry": 50, "checkpoint": 6, "cosignature": 6}
"""How many rows are changed for one audit, a bit in each; of the others one, as only the first would be named."""


def one_bit(value: object, chance: random.Random) -> tuple[object, str, int]:
    """The value with one bit changed, how SQL takes it, and which byte it was."""
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(40)), "?", 0
    data = bytearray(value if isinstance(value, bytes) else str(value).encode())
    at = chance.randrange(len(data))
    data[at] ^= 1 << chance.randrange(8)
    return bytes(data), "?" if isinstance(value, bytes) else "CAST(? AS TEXT)", at


def is_named(found: Sequence[Difference], table: str, column: str, number: int, at: int) -> bool:
    """Whether the changed row is named, by its entry, its size or its tile and hash."""
    if table in {"statement", "entry"}:
        return any(one.table == "statement" and one.index == number for one in found)
    if table == "tile":
        places = [8192 >> row for row in range(8)] if column == "nodes" else [8192]
        row = 0 if column == "hashes" else 1
        while column == "nodes" and at >= places[row]:
            at, row = at - places[row], row + 1
        says = f"tile 0/{number}: hash {at // 32} of its tree level {row} "
        return any(one.table == "tile" and one.detail.startswith(says) for one in found)
    if table == "head":
        return any(one.table == "head" for one in found)
    return any(one.table == table and f"size {number}" in one.detail for one in found)


def flip(file: Path, table: str, rows: int, chance: random.Random) -> list[tuple[str, int, int]]:
    """Change one bit in each of some rows: of which column, row and byte."""
    changed = []
    keys = {"tile": "number", "head": "size", "checkpoint": "size", "cosignature": "size"}
    key = keys.get(table, "leaf_index")
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        numbers = [number for (number,) in connection.execute(f"SELECT {key} FROM {table}")]
        for number in chance.sample(numbers, min(rows, len(numbers))):
            column = chance.choice(KINDS[table])
            ((value,),) = connection.execute(f"SELECT {column} FROM {table} WHERE {key} = ?", (number,))
            if value is None:
                column = "body"
                ((value,),) = connection.execute(f"SELECT body FROM {table} WHERE {key} = ?", (number,))
            other, mark, at = one_bit(value, chance)
            connection.execute(f"UPDATE {table} SET {column} = {mark} WHERE {key} = ?", (other, number))
            changed.append((column, number if column != "size" or table == "head" else int(str(other)), at))
    connection.close()
    return changed


def found_in(file: Path, table: str, *, every: bool) -> list[Difference]:
    """What the audit finds, or the part of it that is concerned."""
    with open_database(file, read_only=True) as database:
        if table in {"tile", "head"} and not every:
            return list(differences(database))
        return list(audit(database, KNOWN).findings)


def test_every_changed_bit_is_found_and_named(whole: Path, tmp_path: Path) -> None:
    chance = random.Random(20_261_122)
    wanted, tried, rounds = count(500), 0, 0
    file = tmp_path / "ledger.db"
    while tried < wanted:
        table = list(KINDS)[rounds % len(KINDS)]
        rounds += 1
        for turn in range(1 if table in AT_ONCE else 12):
            shutil.copyfile(whole, file)
            changed = flip(file, table, AT_ONCE.get(table, 1), chance)
            found = found_in(file, table, every=turn == 0)
            missed = [one for one in changed if not is_named(found, table, *one)]
            assert not missed, (table, missed, [str(one) for one in found][:20])
            tried += len(changed)


def test_a_start_finds_a_changed_head_and_a_changed_right_edge(whole: Path, tmp_path: Path) -> None:
    chance = random.Random(4)
    file = tmp_path / "ledger.db"
    for table in ("head", "head", "tile", "tile"):
        shutil.copyfile(whole, file)
        flip(file, table, 1, chance)
        with open_database(file, read_only=True) as database, pytest.raises(Exception, match="entr"):
            Log(database, World().xa.origin)

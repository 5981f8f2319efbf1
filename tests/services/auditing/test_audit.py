"""The audit: a clean store is clean, and one changed bit anywhere is found."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.canonical import encode
from ledger.core.checkpoint import cosign, parse_checkpoint, sign_checkpoint
from ledger.core.keccak import keccak256
from ledger.core.note import ED25519_COSIGNATURE, encode_signature_line, make_vkey
from ledger.errors import LedgerError
from ledger.services.auditing.audit import AuditReport, audit
from ledger.store.anchors import Anchors, Event, Evidence, Intent
from ledger.store.checkpoints import Checkpoints
from ledger.store.cosignatures import Cosignature, Cosignatures
from ledger.store.database import open_database
from tests.services.nodes import NOW, Node, identity, running
from tests.simulator import ANCHOR, START, World, hexed, key
from tests.store.attesting import certificate, measure, rows, status_list
from tests.store.conftest import damage_file, path

__all__ = ["damage", "path"]  # fixtures


WITNESS = make_vkey("registry.example.xb/witness", ED25519_COSIGNATURE, key("XB witness").public.raw)


def add_anchor(node: Node) -> None:
    """An intent, what became of it, and evidence that holds."""
    checkpoint = node.checkpoints.latest()
    assert checkpoint is not None
    xa, root = node.world.xa, node.log.head.root
    xa.anchor(checkpoint.size, root)
    block = xa.block(checkpoint.size, root)
    anchors = Anchors(node.database)
    raw = b"a transaction"
    intent = Intent(xa.chain, checkpoint.size, root, raw, keccak256(raw), 0, b"s" * 20, NOW)
    number = anchors.record_intent(intent)
    anchors.record_event(Event("sent", NOW, intent=number, detail="sent"))
    anchors.record_evidence(
        Evidence(
            chain=xa.chain,
            contract=ANCHOR,
            size=checkpoint.size,
            block_number=block["number"],
            block_hash=block["hash"],
            block_time=block["time"],
            header=block["header"],
            finality=encode({"kind": "operator", "signature": "0x00"}),
            account=encode([hexed(part) for part in block["account"]]),
            storage=encode([hexed(part) for part in block["storage"]]),
            receipt=encode(block["receipt"]),
            start=encode([]),
            recorded_at=NOW,
            intent=number,
        )
    )


def add_cosignature(node: Node) -> None:
    """A witness's line under the newest checkpoint."""
    latest = node.checkpoints.latest()
    assert latest is not None
    line = cosign(parse_checkpoint(latest.note), WITNESS.name, key("XB witness"), NOW)
    row = Cosignature(latest.size, line.name, line.key_id, encode_signature_line(line).encode(), NOW, NOW)
    Cosignatures(node.database).store([row])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with something in every table; 300 entries, so that a tile is full."""
    file = tmp_path_factory.mktemp("whole") / "ledger.db"
    with running(file) as node:
        node.enrol_exporter()
        node.register_many([node.world.record(f"r{at}", reference=f"PO-{at}").encoded for at in range(296)])
        terms = rows(measure("M-1"), certificate(supersedes="ab" * 32), status_list(START))
        node.sequencer.submit(terms).result(20)
        add_anchor(node)
        add_cosignature(node)
    return file


@pytest.fixture
def damage(path: Path) -> Callable[[str], None]:
    return lambda statement: damage_file(path, statement)


@pytest.fixture
def store(whole: Path, path: Path) -> Path:
    shutil.copy(whole, path)
    return path


def run(file: Path) -> AuditReport:
    with open_database(file, read_only=True) as database:
        return audit(database, replace(identity(World()), witnesses=[WITNESS]))


def test_a_clean_store_is_clean_and_counted(store: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    with open_database(store, read_only=True) as database:
        report = audit(database, identity(World()), lambda *told: seen.append(told))
    assert report.findings == ()
    assert report.is_clean
    assert (report.entries, report.anchors) == (300, 1)
    assert report.checkpoints >= 1
    assert report.unchecked == ()
    assert seen == [("file", 0, 0), ("log", 0, 300), ("log", 300, 300), ("anchor", 0, 0), ("anchor", 1, 0)]


def test_it_runs_beside_the_node(store: Path) -> None:
    with running(store) as node:
        node.register(node.world.record("beside"))
        assert run(store).is_clean


def test_an_empty_log_is_clean(tmp_path: Path) -> None:
    with running(tmp_path / "ledger.db") as node:
        assert node.audit().is_clean


COLUMNS = {
    "entry": "digest",
    "statement": "issuer statement_id type created party reference body",
    "edge": "leaf_index relation target",
    "attestation": "leaf_index issuer type number holder list list_index valid_from valid_until",
    "status_index": "leaf_index issuer list number",
    "version": "name version leaf_index",
    "status_list": "leaf_index issuer list valid_from valid_until",
    "head": "size root",
    "tile": "hashes",
    "checkpoint": "note signed_at",
    "cosignature": "size name key_id line time",
    "anchor_intent": "chain size root raw_transaction transaction_hash nonce sender created_at row_hash",
    "anchor_event": "intent kind detail at row_hash",
    "anchor_evidence": "intent chain contract size block_number block_hash block_time header finality account storage"
    " start receipt recorded_at row_hash",
}


def flipped(value: object, chance: random.Random) -> object:
    """The value with one bit changed."""
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(8))
    data = bytearray(value if isinstance(value, bytes) else str(value).encode())
    at = chance.randrange(len(data))
    data[at] ^= 1 << chance.randrange(7)
    return bytes(data) if isinstance(value, bytes) else data.decode()


@pytest.mark.parametrize(
    ("table", "column"), [(table, name) for table, row in COLUMNS.items() for name in row.split()]
)
def test_one_changed_bit_in_any_column_is_found(store: Path, table: str, column: str) -> None:
    chance = random.Random(f"{table} {column}")
    connection = sqlite3.connect(store, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    rows = connection.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} <> ''").fetchall()
    number, value = chance.choice(rows)
    try:
        connection.execute(
            f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (flipped(value, chance), number)
        )
    except sqlite3.IntegrityError:
        connection.execute(f"UPDATE {table} SET {column} = {column} + 1000 WHERE rowid = ?", (number,))
    connection.close()
    findings = run(store).findings
    assert findings
    if table in {"entry", "statement"}:
        index = number  # the row's own key is the leaf index
        assert index in {finding.index for finding in findings}


def test_bytes_changed_in_the_file_itself_are_found(whole: Path, path: Path) -> None:
    data = whole.read_bytes()
    chance = random.Random(11)
    page = 4096
    used = [at for at in range(page, len(data), page) if any(data[at : at + page])]
    unnoticed = 0
    for _ in range(25):
        changed = bytearray(data)
        start = chance.choice(used)
        place = chance.choice([at for at in range(start, start + page) if data[at]])
        changed[place] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        try:
            unnoticed += run(path).is_clean
        except LedgerError:
            continue  # a file that does not even open is found, too
    # What is left of rewritten pages and free cells holds nothing, and may change.
    assert unnoticed <= 3


def test_a_row_that_is_missing_is_named(store: Path, damage: Callable[[str], None]) -> None:
    damage("DELETE FROM statement WHERE leaf_index = 41")
    assert 41 in {finding.index for finding in run(store).findings}


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE statement SET body = CAST(body AS TEXT) WHERE leaf_index = 7", "statement"),
        ("UPDATE entry SET digest = '01234567890123456789012345678901' WHERE leaf_index = 7", "entry"),
        ("UPDATE edge SET leaf_index = 7.5", "edge"),
        ("UPDATE edge SET target = '01234567890123456789012345678901'", "edge"),
    ],
)
def test_a_value_of_another_kind_is_named(
    store: Path, damage: Callable[[str], None], change: str, table: str
) -> None:
    damage(change)
    assert table in {finding.table for finding in run(store).findings}


@pytest.mark.parametrize("table", ["edge", "attestation", "status_index", "version", "status_list"])
def test_a_row_by_which_a_statement_is_found_and_that_is_missing_is_named(
    store: Path, damage: Callable[[str], None], table: str
) -> None:
    damage(f"DELETE FROM {table}")
    (finding,) = run(store).findings
    assert (finding.table, finding.index) == (table, {"version": 297, "status_list": 299}.get(table, 298))


def test_an_edge_that_no_body_calls_for_is_named(store: Path, damage: Callable[[str], None]) -> None:
    damage("INSERT INTO edge VALUES (41, 'supersedes', zeroblob(32))")
    (finding,) = run(store).findings
    assert str(finding) == "entry 41 differs: edge: a row is not what the body says; tile 0/0 hash 41"


def test_a_version_that_no_body_calls_for_is_named(store: Path, damage: Callable[[str], None]) -> None:
    damage("INSERT INTO version VALUES (zeroblob(32), 1, 41)")
    (finding,) = run(store).findings
    assert str(finding) == "entry 41 differs: version: a row is not what the body says; tile 0/0 hash 41"


def test_a_checkpoint_over_another_tree_is_named(store: Path, damage: Callable[[str], None]) -> None:
    world = World()
    with open_database(store, read_only=True) as database:
        latest = Checkpoints(database).latest()
    assert latest is not None
    signed = parse_checkpoint(latest.note).checkpoint
    forged = sign_checkpoint(
        type(signed)(signed.origin, signed.size, bytes(32)), world.xa.signer, latest.signed_at
    )
    damage(f"UPDATE checkpoint SET note = x'{forged.hex()}' WHERE size = {latest.size}")
    tables = {finding.table for finding in run(store).findings}
    assert {"checkpoint", "anchor_evidence", "anchor_intent"} <= tables


def test_a_checkpoint_by_other_keys_is_named(store: Path) -> None:
    other = World()
    other.xa.head_name = "XA head 2"
    with open_database(store, read_only=True) as database:
        findings = audit(database, identity(other)).findings
    assert {finding.table for finding in findings} == {"checkpoint", "anchor_evidence"}


def test_a_finding_says_which_entry_and_why(store: Path, damage: Callable[[str], None]) -> None:
    damage("UPDATE statement SET reference = 'PO-9999' WHERE leaf_index = 7")
    (finding,) = run(store).findings
    assert (
        str(finding)
        == "entry 7 differs: statement: column reference is not what the body says; tile 0/0 hash 7"
    )

"""Yesterday's database is put back: the node refuses to sign, is rebuilt from its partner's mirror, and goes on."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2

from ledger.core.canonical import Json
from ledger.core.checkpoint import SignedCheckpoint, parse_checkpoint, verify_cosignature
from ledger.testing_nodes import Party, RunningNode, serving
from tests.cli.running import done, evidence

DATABASE = "ledger.sqlite"
SECONDS = 30.0


def record(exporter: Party, reference: str) -> bytes:
    other = "did:web:importer.example.xb"
    subject: dict[str, Json] = {
        "exporter": {"did": exporter.did, "id": exporter.did, "jurisdiction": "XA", "scheme": "DID"},
        "importer": {"did": other, "id": other, "jurisdiction": "XB", "scheme": "DID"},
        "flow": "outbound",
        "payload": {"commitment": sha256(reference.encode()).hexdigest(), "mediaType": "text/csv"},
        "reference": reference,
    }
    return exporter.sign("TransferRecord", subject).encoded


def register(node: RunningNode, statement: bytes) -> httpx2.Response:
    headers = {"content-type": "application/json"}
    return httpx2.post(node.url + "/v1/statements", content=statement, headers=headers, timeout=60)


def health(node: RunningNode) -> Any:
    answer = httpx2.get(node.url + "/health")
    return {**answer.json(), "http": answer.status_code}


def become_partners(one: RunningNode, other: RunningNode) -> None:
    for node, partner in ((one, other), (other, one)):
        with partner.client() as client:
            digest = sha256(client.entry()).hexdigest()
        done("partner", "add", partner.url, "--home", node.home.path, "--fingerprint", digest)


def witnessed(node: RunningNode, origin: str) -> SignedCheckpoint | None:
    """What a node cosigned last of a log, the log's lines and its own."""
    answer = httpx2.get(f"{node.url}/witness/{sha256(origin.encode()).hexdigest()}/checkpoint")
    if answer.status_code != httpx2.codes.OK:
        return None
    signed = parse_checkpoint(answer.content)
    verify_cosignature(signed, signed.note.signatures[-1], node.home.witness_vkey())
    return signed


def until(check: Callable[[], Any], node: RunningNode) -> Any:
    give_up = time.monotonic() + SECONDS
    while not (found := check()):
        assert time.monotonic() < give_up, health(node)
        time.sleep(0.05)
    return found


def stop(node: RunningNode) -> None:
    node.process.terminate()
    node.process.wait(timeout=SECONDS)


def notes(database: Path) -> dict[int, bytes]:
    """Every checkpoint in a database, by size."""
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute("SELECT size, note FROM checkpoint").fetchall())


def signs_nothing_and_says_why(node: RunningNode, exporter: Party, first: Any, size: int) -> None:
    told = until(lambda: (found := health(node))["http"] == 503 and found, node)
    assert told["trouble"]["code"] == "log-rolled-back"
    assert f"witness registry.example.xb/witness saw size {size} with root " in told["trouble"]["detail"]
    assert f"has {first['index'] + 1} entries" in told["trouble"]["detail"]
    refused = register(node, record(exporter, "ORDER-6"))
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/log-rolled-back")
    status = httpx2.get(f"{node.url}/v1/statements/{first['digest']}/status").json()
    assert status["index"] == first["index"]  # reads go on


def test_a_node_with_yesterdays_database_recovers_from_its_partners_mirror(tmp_path: Path) -> None:
    with serving(tmp_path, "XA") as xa, serving(tmp_path, "XB") as xb:
        origin, place = xa.home.settings.origin, xa.home.path / DATABASE
        become_partners(xa, xb)
        exporter = xa.enrol("exporter", "exporter")
        first = register(xa, record(exporter, "ORDER-1")).json()
        stop(xa)
        shutil.copy(place, tmp_path / "yesterday")

        xa.restart()
        later = [record(exporter, f"ORDER-{number}") for number in range(2, 6)]
        answers = [register(xa, one).json() for one in later]
        receipt = tmp_path / "order.tlog-proof"
        last = answers[-1]["digest"]
        receipt.write_bytes(httpx2.get(f"{xa.url}/v1/statements/{last}/receipt").content)
        size = health(xa)["size"]
        until(lambda: (found := witnessed(xb, origin)) and found.checkpoint.size == size, xa)
        mirror = tmp_path / "mirror"
        watching = ("--trust", xa.claim_path, "--state", tmp_path / "monitor")
        done("monitor", "run", "--log", xa.url, "--keep", mirror, "--once", *watching)
        stop(xa)

        place.rename(tmp_path / "lost")
        shutil.copy(tmp_path / "yesterday", place)
        xa.restart(well=False)  # the chain and the keys are today's
        signs_nothing_and_says_why(xa, exporter, first, size)
        assert evidence("log", "recover", "--home", xa.home.path, "--from", mirror).status != 0  # it serves
        stop(xa)
        assert notes(place) == notes(tmp_path / "yesterday")

        made = done("log", "recover", "--home", xa.home.path, "--from", mirror, "--json").json
        assert (made["size"], made["signedSize"], made["before"]) == (size, size, first["index"] + 1)
        assert f"witness registry.example.xb/witness {size}" in [
            f"{one['who']} {one['size']}" for one in made["seen"]
        ]
        assert notes(Path(made["kept"])) == notes(tmp_path / "yesterday")
        xa.restart()
        again = [register(xa, one).json() for one in later]
        assert [one["index"] for one in again] == [one["index"] for one in answers]
        new = register(xa, record(exporter, "ORDER-6"))
        assert (new.status_code, new.json()["index"]) == (201, size)
        xa.wait(new.json()["digest"])  # anchored, beyond what the lost database had anchored
        until(lambda: (found := witnessed(xb, origin)) and found.checkpoint.size > size, xa)
        assert health(xa)["http"] == 200
        done("monitor", "run", "--log", xa.url, "--keep", mirror, "--once", *watching)
        assert done("witness", "forks", "--home", xb.home.path, "--json").json == []
        done("verify", receipt, "--trust", xa.claim_path)
        stop(xa)
        before, after = notes(tmp_path / "lost"), notes(place)
        assert {each: after[each] for each in before.keys() & after.keys()} == {
            each: before[each] for each in before.keys() & after.keys()
        }
        assert size in after
        assert min(after.keys() - before.keys()) > size
        done("log", "audit", "--home", xa.home.path)

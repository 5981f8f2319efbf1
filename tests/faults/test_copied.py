"""A database copied, both copies served and signed on: the witness refuses the second, and the proof goes everywhere.

Both copies started while the witness still knew no more than they had, so that nothing held them back.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from ledger.chain.artifact import load_artifact
from ledger.chain.evm import connect
from ledger.chain.transactions import contract_address, prepare
from ledger.core.trust import parse_trust_list
from ledger.services.home.folder import open_home, save_settings
from ledger.services.monitoring.splitting import prove_split
from ledger.testing_nodes import Party, RunningNode, free_port, serving
from tests.chain.anchoring import SECRET, await_inclusion
from tests.cli.running import done, evidence
from tests.journeys.test_split_view import record
from tests.journeys.test_witnesses import become_partners
from tests.servers import anvil

SECONDS = 90


def until(what: str, holds: Callable[[], Any]) -> Any:
    """Wait until something is so; what it is."""
    give_up = time.monotonic() + SECONDS
    while not (found := holds()):
        assert time.monotonic() < give_up, what
        time.sleep(0.1)
    return found


def register(node: RunningNode, exporter: Party, reference: str) -> int:
    return node.register(exporter.sign("TransferRecord", cast("Any", record(exporter, reference)))).index


def copied(node: RunningNode, folder: Path) -> RunningNode:
    """A second node of the same keys over a copy of the first one's home, at a port of its own."""
    place = shutil.copytree(node.home.path, folder / "copy")
    home = open_home(place)
    home = save_settings(home, replace(home.settings, port=free_port()))
    return RunningNode(
        home, f"http://127.0.0.1:{home.settings.port}", folder / "copy.log", node.process, folder
    )


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningNode, RunningNode, RunningNode]]:
    """XA's node, its copy, and XB's, which witnesses both; each of the copies has an entry that the other has not."""
    folder = tmp_path_factory.mktemp("copied")
    with serving(folder, "XA") as xa, serving(folder, "XB") as xb:
        become_partners(folder, [xa, xb])
        exporter = xa.enrol("exporter", "exporter")
        until("XB cosigned nothing", lambda: b"registry.example.xb/witness" in checkpoint(xa))
        xa.kill()
        copy = copied(xa, folder)
        xa.restart()
        copy.restart()
        try:
            first, second = (
                register(node, exporter, name) for node, name in ((xa, "ORDER-1"), (copy, "ORDER-2"))
            )
            assert first == second  # one index, two records
            yield xa, copy, xb
        finally:
            copy.kill()


def checkpoint(node: RunningNode) -> bytes:
    return httpx2.get(f"{node.url}/log/checkpoint").content


def test_the_witness_refuses_the_second_copy_and_keeps_the_proof(
    split: tuple[RunningNode, RunningNode, RunningNode], tmp_path: Path
) -> None:
    xa, copy, xb = split
    refused = until(
        "no copy was refused",
        lambda: [one for node in (xa, copy) for one in witnesses(node) if "trouble" in one],
    )
    assert refused
    kept = until("the witness kept nothing", lambda: forks(xb, tmp_path))
    assert kept[0]["kind"] == "split"
    proven(Path(kept[0]["file"]), xa.claim_path)


def test_a_monitor_raises_and_its_proof_is_taken_by_a_contract(
    split: tuple[RunningNode, RunningNode, RunningNode], tmp_path: Path
) -> None:
    xa, copy, _ = split
    state = tmp_path / "monitor"
    watch = ("--state", state, "--trust", xa.claim_path, "--once", "--out", tmp_path / "fork.json")
    assert evidence("monitor", "run", "--log", xa.url, *watch).status == 0
    ran = evidence("monitor", "run", "--log", copy.url, *watch)
    assert (ran.status, "log-forked" in ran.text) == (1, True), ran.told
    proof = tmp_path / "fork.json"
    proven(proof, xa.claim_path)
    with anvil(chain_id=31_003) as server:
        chain = connect(server.url, confirmations=0)
        try:
            made = prepare(chain, SECRET, to=b"", data=load_artifact("ForeignCheckpoints").creation_code)
            chain.send_raw(made.raw)
            assert await_inclusion(chain, made.hash).status == 1
            contract = contract_address(made.sender, made.transaction.nonce)
            trust = parse_trust_list(xa.claim)
            taken = prove_split(
                proof.read_bytes(), trust, chain, contract, SECRET, now=int(time.time()), wait=time.sleep
            )
            assert taken.transaction is not None
        finally:
            chain.close()


def proven(proof: Path, trust: Path) -> None:
    ran = done("verify", proof, "--trust", trust, "--json")
    assert ran.json["signedBoth"] == ["did:web:registry.example.xa"], ran.text


def witnesses(node: RunningNode) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = httpx2.get(f"{node.url}/health").json().get("witnesses", [])
    return told


def forks(node: RunningNode, out: Path) -> list[dict[str, Any]]:
    """What the node's witness refused, and kept as evidence."""
    told: list[dict[str, Any]] = done(
        "witness", "forks", "--home", node.home.path, "--out", out / "forks", "--json"
    ).json
    return told

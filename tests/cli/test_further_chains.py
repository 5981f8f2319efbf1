"""A log on two chains: an embedded one, and one that validators seal, seen through two addresses."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chains import RpcSettings
from ledger.core.secp256k1 import address_of
from ledger.core.trust import parse_trust_list
from ledger.errors import ChainError
from ledger.services.home.folder import Home, Plan, init_home, open_home, save_settings
from ledger.services.node.assembly import Node, open_node
from tests.cli.commands import eventually
from tests.cli.running import done, evidence
from tests.sealing_rpc import SealingChain, sealing, validators
from tests.servers import anvil

NUMBER = 31_040


@pytest.fixture
def sealed() -> Iterator[SealingChain]:
    with anvil(chain_id=NUMBER) as node, sealing(node.url, validators(4), round=1) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, sealed: SealingChain) -> Home:
    plan = Plan("XA", "registry.example.xa", registrar="did:web:registrar.example.xa")
    made = init_home(tmp_path / "node-xa", plan, now=int(time.time()), random=os.urandom)
    urls = (sealed.url, sealed.url.replace("127.0.0.1", "localhost"))
    further = RpcSettings(urls, NUMBER, consensus="qbft", validators=sealed.sets)
    sealed.fund(address_of(made.keys.sender.secret), 10**20)
    return save_settings(made, replace(made.settings, chains=(further,)))


def tick(node: Node) -> None:
    for own in node.chains:
        assert own.anchorer is not None
        own.anchorer.tick(lambda: int(time.time()))


def states(home: Home) -> dict[str, dict[str, Any]]:
    told = done("anchor", "list", "--home", home.path, "--json").json
    return {one["chain"]: one for one in told["chains"]}


def test_a_log_is_anchored_on_each_of_its_chains(home: Home, sealed: SealingChain) -> None:
    assert evidence("chain", "deploy", "--home", home.path, "--chain", 5, "--yes").status == 3
    deployed = done("chain", "deploy", "--home", home.path, "--chain", NUMBER, "--yes", "--json").json
    assert "fingerprint" not in deployed
    checked = done("chain", "check", "--home", home.path, "--chain", NUMBER, "--json").json
    assert (checked["chain"], checked["matches"]) == (f"eip155:{NUMBER}", True)
    assert checked["anchor"] == deployed["anchor"]
    assert [one.anchor for one in open_home(home.path).settings.chains] == [deployed["anchor"]]

    first = f"eip155:{home.settings.chain.id}"
    with open_node(open_home(home.path), clock=time.time) as node:
        assert node.claim is not None
        assert {*parse_trust_list(node.claim).chains} == {first, f"eip155:{NUMBER}"}
        assert {one["state"] for one in states(home).values()} == {"none"}
        node.log_entry()
        eventually("a checkpoint is signed", node.checkpoints.latest)
        sealed.ask("evm_setAutomine", False)
        tick(node)
        tick(node)
        assert {name: one["state"] for name, one in states(home).items()} == {
            first: "final",
            f"eip155:{NUMBER}": "pending",
        }
        sealed.mine()
        tick(node)
        assert {(one["state"], one["anchoredSize"]) for one in states(home).values()} == {("final", 1)}
        shown = done("anchor", "list", "--home", home.path).text
        assert f"eip155:{NUMBER}: final up to size 1" in shown
        sealed.missing = 2
        sealed.mine()
        with pytest.raises(ChainError) as refused:
            tick(node)
        assert refused.value.code == "chain-seals-invalid"

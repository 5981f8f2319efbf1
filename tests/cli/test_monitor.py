"""`evidence monitor` against a real node, and against one that shows a second history."""

import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.cli.monitor import _watch
from ledger.core.checkpoint import Checkpoint, sign_checkpoint
from tests.cli.running import evidence
from tests.cli.sides import Side
from tests.forks import entries
from tests.services.monitoring.shown_logs import ShownLog, served
from tests.simulator import Jurisdiction
from tests.trees import tree_root


def watch(xa: Side, state: Path, url: str, *options: object) -> tuple[object, ...]:
    return (
        "monitor", "run", "--log", url, "--trust", xa.node.claim_path, "--once", "--state", state,
        "--out", state / "fork.json", *options,
    )  # fmt: skip


def test_a_log_that_agrees_with_its_chain_is_followed_and_kept(xa: Side, tmp_path: Path) -> None:
    ran = evidence(
        *watch(
            xa, tmp_path, xa.node.url, "--rpc", f"{xa.node.url}/chain", "--keep", tmp_path / "kept", "--json"
        )
    )
    assert ran.status == 0, ran.told + ran.text
    (log,) = ran.json["logs"]
    assert log["size"] == log["kept"] >= 1
    assert log["agree"] == [f"chain {xa.node.home.settings.chain.id}"] or log["agree"][0].startswith("chain ")
    assert ran.json["alarms"] == []
    kept = tmp_path / "kept" / xa.node.home.settings.origin
    assert (kept / "checkpoint").read_text().startswith(xa.node.home.settings.origin)
    statements = kept / "statements"
    issuer = xa.node.home.settings.registrar
    found = evidence(
        "monitor", "reconcile", "--log", xa.node.url, "--issuer", issuer, "--statements", statements,
        "--trust", xa.node.claim_path, "--state", tmp_path,
    )  # fmt: skip
    assert found.status == 0, found.told + found.text
    assert found.text.endswith("not seen  what a node withholds cannot be seen\n")
    (tmp_path / "none.txt").write_text("ab" * 32)
    found = evidence(
        "monitor", "reconcile", "--log", xa.node.url, "--issuer", issuer, "--digests", tmp_path / "none.txt",
        "--trust", xa.node.claim_path, "--state", tmp_path,
    )  # fmt: skip
    assert found.status == 1
    assert f"missing   {'ab' * 32} is no entry" in found.text
    assert "unknown   " in found.text
    assert "what a node withholds cannot be seen" in found.text


def test_a_second_history_is_written_as_a_proof_and_stands_until_it_is_noted(
    xa: Side, tmp_path: Path
) -> None:
    home = xa.node.home
    followed = evidence(*watch(xa, tmp_path, xa.node.url, "--json"))
    size = followed.json["logs"][0]["size"]
    shown = ShownLog(Jurisdiction("XA", 31_001, entries=entries(size + 3, "other")), size + 3)
    root = tree_root(shown.log.leaves)
    shown.notes[size + 3] = sign_checkpoint(
        Checkpoint(home.settings.origin, size + 3, root), home.log_signer(), 1_795_305_700
    )
    with served(shown) as url:
        ran = evidence(*watch(xa, tmp_path, url))
        assert evidence(*watch(xa, tmp_path, url)).status == 1  # the same again is no other alarm
    assert ran.status == 1, ran.told + ran.text
    assert f"(log-forked); proof {tmp_path / 'fork.json'}" in ran.text
    verified = evidence("verify", tmp_path / "fork.json", "--trust", xa.node.claim_path)
    assert verified.status == 0, verified.told + verified.text
    assert "SPLIT VIEW PROVEN" in verified.text
    # It stands whatever the next look sees, until somebody takes note.
    assert evidence(*watch(xa, tmp_path, xa.node.url)).status == 1
    listed = evidence("monitor", "alarms", "--state", tmp_path, "--json")
    assert listed.status == 1
    assert [one["code"] for one in listed.json] == ["log-forked"]
    number = listed.json[0]["number"]
    assert evidence("monitor", "alarms", "--state", tmp_path, "--acknowledge", number).status == 0
    assert evidence(*watch(xa, tmp_path, xa.node.url)).status == 0
    assert json.loads((tmp_path / "fork.json").read_bytes())["format"] == "evidence-fork/1"


def test_a_log_that_cannot_be_read_says_nothing(xa: Side, tmp_path: Path) -> None:
    ran = evidence(*watch(xa, tmp_path, "http://127.0.0.1:9"))
    assert ran.status == 3
    assert "(remote-unreachable)" in ran.text


def test_a_log_that_is_slow_holds_up_no_other() -> None:
    slow, quick, release = SimpleNamespace(url="slow"), SimpleNamespace(url="quick"), threading.Event()
    looks: list[str] = []

    def look(reader: Any) -> None:
        looks.append(reader.url)
        if reader.url == "slow":
            release.wait(20)
        elif looks.count("quick") == 3:
            raise OSError("nobody reads this any more")

    try:
        with pytest.raises(OSError, match="nobody reads"):
            _watch([slow, quick], look, 0)  # type: ignore[list-item]  # a stand-in
    finally:
        release.set()
    assert looks.count("slow") == 1

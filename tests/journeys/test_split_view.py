"""An operator shows two customers two histories of one log; they compare their files, and name it.

Both were served by a true node with the log's own keys, each anchored on its chain as it then was: a copy of the
node's folder, brought back after the first customer had gone.  Nobody watches, and no node is asked afterwards.
"""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.core.trust import parse_trust_list
from ledger.testing_nodes import Party, RunningNode, serving
from ledger.verify.verifier import verify_bundle
from tests.cli.running import done, evidence


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown to two customers, and the list that both believe."""

    mine: Path
    theirs: Path
    trust: Path


def record(exporter: Party, reference: str) -> dict[str, object]:
    party = {"did": exporter.did, "id": exporter.did, "jurisdiction": "XA", "scheme": "DID"}
    importer = "did:web:importer.example.xb"
    return {
        "exporter": party,
        "importer": {"did": importer, "id": importer, "jurisdiction": "XB", "scheme": "DID"},
        "flow": "outbound",
        "payload": {"commitment": "ab" * 32, "mediaType": "text/plain"},
        "reference": reference,
    }


def show(node: RunningNode, exporter: Party, references: list[str], out: Path) -> None:
    """Register records on the node as it is now, and keep the bundle of the first."""
    digests = [
        node.register(exporter.sign("TransferRecord", record(exporter, one))).digest for one in references
    ]
    for digest in digests:
        node.wait(digest)
    out.write_bytes(node.bundle(digests[0]))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("split")
    made = Shown(folder / "mine.evidence.json", folder / "theirs.evidence.json", folder / "trust.json")
    with serving(folder, "XA") as node:
        exporter = node.enrol("exporter", "exporter")
        with node.client() as client:
            while client.health()["anchoredSize"] < 1:
                time.sleep(0.1)
        made.trust.write_bytes(node.claim)
        node.kill()
        saved = shutil.copytree(node.home.path, folder / "saved")
        node.restart()
        show(node, exporter, ["ORDER-1"], made.mine)
        node.kill()
        shutil.rmtree(node.home.path)
        saved.rename(node.home.path)
        node.restart()
        show(node, exporter, ["ORDER-2", "ORDER-3"], made.theirs)
    return made


def test_each_history_by_itself_is_in_order(shown: Shown) -> None:
    trust = parse_trust_list(shown.trust.read_bytes())
    for bundle in (shown.mine, shown.theirs):
        report = verify_bundle(bundle.read_bytes(), trust, now=int(time.time()))
        assert {report.step(step).outcome for step in (1, 3, 4, 5, 6, 7)} == {"passed"}


def test_two_customers_with_two_files_prove_the_lie_and_name_who_signed_both(
    shown: Shown, tmp_path: Path
) -> None:
    proof = tmp_path / "fork.json"
    done("fork", "find", shown.mine, shown.theirs, "--trust", shown.trust, "--out", proof)
    ran = done("verify", proof, "--trust", shown.trust)
    for kind in ("Ed25519", "ML-DSA-44", "head key"):
        assert f"signed  both: the log, operated by did:web:registry.example.xa, {kind} " in ran.text
    assert "SPLIT VIEW PROVEN  registry.example.xa/XA/2026 showed two histories" in ran.text
    told = done("verify", proof, "--trust", shown.trust, "--json").json
    assert told["signedBoth"] == ["did:web:registry.example.xa"]
    assert told["headKey"] is not None


def test_such_bundles_are_not_joined(shown: Shown, tmp_path: Path) -> None:
    ran = evidence("bundle", "join", shown.mine, shown.theirs, "--out", tmp_path / "both.evidence.json")
    assert (ran.status, "(split-view)" in ran.told) == (1, True)
    beside = json.loads((tmp_path / "both.fork.json").read_bytes())
    assert beside["origin"] == "registry.example.xa/XA/2026"
    assert evidence("verify", tmp_path / "both.fork.json", "--trust", shown.trust).status == 0

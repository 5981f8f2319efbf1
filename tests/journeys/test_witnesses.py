"""Three jurisdictions witness each other's logs: XA's evidence needs two of them, one stops, and comes back."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ledger.core.canonical import Json
from ledger.core.checkpoint import parse_checkpoint, verify_cosignature
from ledger.core.trust import TrustList, parse_trust_list
from ledger.services.home.folder import save_settings
from ledger.testing_nodes import Party, RunningNode, serving
from ledger.verify.report import Check, Report
from ledger.verify.verifier import verify_bundle
from tests.cli.running import done

SECONDS = 60.0
CHECKPOINT = 5


@dataclass
class Three:
    """XA with an exporter; XB and XC, which cosign its log; and a list that asks for both of them."""

    folder: Path
    xa: RunningNode
    xb: RunningNode
    xc: RunningNode
    exporter: Party
    trust: TrustList

    def record(self, name: str) -> str:
        """A record in XA's log, anchored; its digest."""
        of = {"did": self.exporter.did, "id": self.exporter.did, "jurisdiction": "XA", "scheme": "DID"}
        other = "did:web:importer.example.xb"
        subject: dict[str, Json] = {
            "exporter": of,
            "importer": {"did": other, "id": other, "jurisdiction": "XB", "scheme": "DID"},
            "flow": "outbound",
            "payload": {"commitment": sha256(name.encode()).hexdigest(), "mediaType": "text/csv"},
        }
        digest = self.xa.register(self.exporter.sign("TransferRecord", subject)).digest
        self.xa.wait(digest)
        return digest

    def cosigners(self) -> dict[str, list[str]]:
        """Who cosigned XA's newest checkpoint, each line verified: by organisation, the names."""
        note = parse_checkpoint(httpx2.get(self.xa.url + "/log/checkpoint").content)
        found: dict[str, list[str]] = {}
        for witness in self.trust.witnesses:
            for line in note.note.signatures:
                if (line.name, line.key_id) == (witness.vkey.name, witness.vkey.key_id):
                    verify_cosignature(note, line, witness.vkey)
                    found.setdefault(witness.organisation, []).append(line.name)
        return found

    def await_cosigners(self, count: int) -> None:
        give_up = time.monotonic() + SECONDS
        while len(self.cosigners()) < count:
            assert time.monotonic() < give_up, self.health(self.xa)
            time.sleep(0.1)

    def health(self, node: RunningNode) -> Any:
        return httpx2.get(node.url + "/health").json()

    def report(self, digest: str) -> Report:
        bundle = self.xa.bundle(digest)
        return verify_bundle(bundle, self.trust, at=None, now=int(time.time()), content=None, require=())


def step_of(report: Report) -> Check:
    """What the report says of the checkpoints; the first section that failed, where one did."""
    found = [check for check in report.checks if check.step == CHECKPOINT]
    return next((check for check in found if check.outcome == "failed"), found[0])


def organisation(code: str) -> str:
    return f"did:web:registry.example.{code.lower()}"


def become_partners(folder: Path, nodes: list[RunningNode]) -> None:
    for node in nodes:
        for other in nodes:
            if other is not node:
                with other.client() as client:
                    digest = sha256(client.entry()).hexdigest()
                done("partner", "add", other.url, "--home", node.home.path, "--fingerprint", digest)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    folder = tmp_path_factory.mktemp("three")
    with serving(folder, "XA") as xa, serving(folder, "XB") as xb, serving(folder, "XC") as xc:
        become_partners(folder, [xa, xb, xc])
        xa.process.terminate()
        xa.process.wait()
        xa.home = save_settings(xa.home, replace(xa.home.settings, quorum=2))
        xa.restart()
        witnesses, out = folder / "witnesses.policy", folder / "trust.json"
        done(
            "witness", "policy", "export", "--own", "--home", xb.home.path, "--quorum", 2, "--out", witnesses
        )  # fmt: skip
        done(
            "trust", "make", xa.claim_path, "--key", folder / "publisher.key", "--publisher",
            "did:web:trust.example.xb", "--out", out, "--witnesses", witnesses, "--quorum", 2,
            "--require", "TransferRecord=1,3,4,5,6,7", "--fingerprint", parse_trust_list(xa.claim).list_hash.hex(),
        )  # fmt: skip
        trust = parse_trust_list(out.read_bytes())
        yield Three(folder, xa, xb, xc, xa.enrol("exporter", "exporter"), trust)


def test_evidence_shows_both_witnesses_and_fails_by_name_while_one_is_stopped(three: Three) -> None:
    first = three.record("first")
    three.await_cosigners(2)
    assert three.cosigners() == {
        organisation(code): [f"registry.example.{code.lower()}/witness"] for code in ("XB", "XC")
    }
    report = three.report(first)
    assert (report.verdict, step_of(report).outcome) == ("verified", "passed")
    assert step_of(report).detail.endswith(": cosigned by 2 of 2 organisations (2 required)")

    three.xc.kill()
    second = three.record("second")
    three.await_cosigners(1)
    step = step_of(three.report(second))
    assert (step.outcome, step.code) == ("failed", "quorum-missing")
    assert f"1 of 2 known signed ({organisation('XB')})" in step.detail
    assert three.report(first).verdict == "verified"
    hindered = {one["organisation"]: "trouble" in one for one in three.health(three.xa)["witnesses"]}
    assert hindered == {organisation("XB"): False, organisation("XC"): True}

    three.xc.restart()
    three.await_cosigners(2)
    assert three.report(second).verdict == "verified"


def test_each_node_shows_what_it_cosigned_and_who_cosigns_its_own(three: Three) -> None:
    three.record("shown")
    three.await_cosigners(2)
    shown = done("witness", "show", "--home", three.xb.home.path, "--json").json
    assert {one["partner"]: one["size"] > 0 for one in shown["logs"]} == {"XA": True, "XC": True}
    assert {one["organisation"] for one in shown["witnesses"]} == {organisation("XA"), organisation("XC")}
    assert shown["forks"] == {}
    name = sha256(three.xa.home.settings.origin.encode()).hexdigest()
    note = parse_checkpoint(httpx2.get(f"{three.xb.url}/witness/{name}/checkpoint").content)
    verify_cosignature(note, note.note.signatures[-1], three.xb.home.witness_vkey())
    listed = done("witness", "log", "list", "--home", three.xb.home.path)
    assert three.xa.home.settings.origin in listed.text
    assert done("witness", "forks", "--home", three.xb.home.path).status == 0

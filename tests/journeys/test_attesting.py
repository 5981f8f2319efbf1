"""Two jurisdictions' nodes attest the chain of a third, by wire and by file; a bundle shows it offline."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.core.attestation import parse_attestation
from ledger.core.suites import EDDSA, RANDOM_SIZE
from ledger.core.trust import parse_trust_list
from ledger.services.keys.keyfile import make_holder_key
from ledger.services.trust.compose import Policy, compose
from ledger.testing_nodes import Party, RunningNode, serving
from ledger.verify.report import Report
from ledger.verify.verifier import verify_bundle
from tests.cli.running import done, evidence

REQUIRE = {"TransferRecord": {"finality": "attested"}}


@dataclass
class Three:
    """XA, whose chain XB and XC attest."""

    folder: Path
    xa: RunningNode
    xb: RunningNode
    xc: RunningNode
    exporter: Party
    trust: bytes

    def register(self) -> str:
        """A transfer record out of XA, which nobody acknowledges."""
        parties = {
            role: {"did": did, "id": did, "jurisdiction": code, "scheme": "DID"}
            for role, did, code in (
                ("exporter", self.exporter.did, "XA"),
                ("importer", "did:web:importer.example.xb", "XB"),
            )
        }
        payload = {"commitment": os.urandom(32).hex(), "mediaType": "text/csv"}
        record = self.exporter.sign("TransferRecord", {**parties, "flow": "outbound", "payload": payload})
        return self.xa.register(record).digest

    def report(self, bundle: bytes) -> Report:
        return verify_bundle(bundle, parse_trust_list(self.trust), at=None, now=int(time.time()))

    def vouched(self, size: int) -> str | None:
        with self.xa.client() as client:
            return next((one["vouched"] for one in client.anchors() if one["size"] == size), None)

    def until(self, what: str, check: Callable[[], Any], seconds: float = 60) -> Any:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if found := check():
                return found
            time.sleep(0.1)
        with self.xa.client() as client:
            pytest.fail(f"not within {seconds} s: {what}; {client.health()} {list(client.anchors())}")


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    folder = tmp_path_factory.mktemp("attesting")
    with serving(folder, "XA") as xa, serving(folder, "XB") as xb, serving(folder, "XC") as xc:
        for other in (xb, xc):
            become_partners(xa, other)
        told = done(
            "chain", "attesters", "--home", xa.home.path, "--partner", "XB", "--partner", "XC", "--threshold", "2"
        )  # fmt: skip
        assert "2 of 2: did:web:registry.example.xb, did:web:registry.example.xc" in told.text
        again(xa)  # issues its claim and its entry anew
        for other in (xb, xc):
            become_partners(other, xa)
            done("chain", "observe", "XA", "--rpc", f"{xa.url}/chain", "--home", other.home.path)
            again(other)
        publisher = make_holder_key("did:web:trust.example.xb", "#1", EDDSA, os.urandom(RANDOM_SIZE))
        trust = compose([xa.claim], keys=[publisher], policy=Policy(require=REQUIRE), now=int(time.time()))  # type: ignore[arg-type]
        yield Three(folder, xa, xb, xc, xa.enrol("exporter", "exporter"), trust)


def become_partners(here: RunningNode, there: RunningNode) -> None:
    with there.client() as client:
        card = here.folder / "card.json"
        card.write_bytes(client.entry())
    fingerprint = done("partner", "card", "--home", there.home.path, "--json").json["fingerprint"]
    done(
        "partner", "add", card, "--node", there.url, "--fingerprint", fingerprint, "--home", here.home.path
    )  # fmt: skip


def again(node: RunningNode) -> None:
    node.kill()
    node.restart()


def finality(report: Report) -> tuple[str, str, str]:
    """Step 7 of the record's section, which is the last."""
    found = [check for check in report.checks if check.step == 7][-1]
    return found.outcome, found.code, found.detail


def test_partners_attest_a_chain_and_one_that_is_stopped_is_named(three: Three) -> None:
    digest = three.register()
    size = three.xa.wait(digest)["anchored"]["size"]
    three.until("both attest it", lambda: three.vouched(size) == "attested 2 of 2")
    report = three.report(three.xa.bundle(digest))
    outcome, code, detail = finality(report)
    assert (outcome, code) == ("passed", "attested"), detail
    assert "attested 2 of 2" in detail
    assert report.verdict == "verified"
    listed = done("anchor", "list", "--home", three.xa.home.path)
    assert "attested 2 of 2" in listed.text

    three.xc.kill()
    second = three.register()
    later = three.xa.wait(second)["anchored"]["size"]
    trouble = three.until("it says who is missing", lambda: trouble_of(three.xa))
    assert trouble["code"] == "attesters-missing"
    assert "XC: " in trouble["detail"]
    assert "XB: " not in trouble["detail"]
    assert three.vouched(later) == "operator only"
    outcome, code, detail = finality(three.report(three.xa.bundle(second)))
    assert (outcome, code) == ("absent", "finality-insufficient"), detail
    by_file(three, later)
    early = three.folder / "early.evidence.json"
    early.write_bytes(three.xa.bundle(second))

    three.xc.restart()
    three.until("both attest it again", lambda: three.vouched(later) == "attested 2 of 2")
    assert trouble_of(three.xa) is None
    assert finality(three.report(three.xa.bundle(second)))[:2] == ("passed", "attested")
    trust = three.folder / "trust.json"
    trust.write_bytes(three.trust)
    done("bundle", "refresh", early, "--node", three.xa.url, "--trust", trust)
    assert finality(three.report(early.read_bytes()))[:2] == ("passed", "attested")


def trouble_of(node: RunningNode) -> Any:
    with node.client() as client:
        return client.health().get("finalityTrouble")


def by_file(three: Three, size: int) -> None:
    """XC's node is reached by none: it checks and signs what a file asks."""
    request, answer = three.folder / "request.json", three.folder / "answer.json"
    asking = ("attest", "request", "--home", three.xa.home.path, "--size", size, "--out", request)
    held = done(*asking, "--old", 0)
    assert held.status == 0
    refused = evidence("attest", request, "--home", three.xc.home.path, "--out", answer)
    assert refused.status == 1
    assert "attestation-old" in refused.told  # it attested the size before
    request.unlink()
    with three.xa.client() as client:
        before = max(one["size"] for one in client.anchors() if one["size"] < size)
    done(*asking, "--old", before)
    done("attest", request, "--home", three.xc.home.path, "--out", answer)
    given = parse_attestation(answer.read_bytes().strip())
    key = done("attest", "key", "--home", three.xc.home.path, "--json").json
    assert "0x" + given.address.hex() == key["address"]
    assert key["organisation"] == "did:web:registry.example.xc"

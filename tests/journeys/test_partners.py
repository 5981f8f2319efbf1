"""Two jurisdictions become partners: entries compared, a list composed, evidence pulled, by wire and by file."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.core.trust import parse_trust_list
from ledger.store.partners import Mirror
from ledger.testing_nodes import Party, RunningNode, serving
from tests.cli.running import done, evidence
from tests.services.homes import DAY

AUTHORITY = "did:web:authority.example.xa"


@dataclass
class Partners:
    folder: Path
    xa: RunningNode
    xb: RunningNode
    body: Party

    @property
    def mirror(self) -> Mirror:
        return Mirror(self.xb.home.path / "partners.sqlite")

    def certificate(self, number: str) -> Any:
        from ledger.core.times import format_time

        now = int(time.time())
        party = {"scheme": "DID", "jurisdiction": "XA", "did": self.body.did, "id": self.body.did}
        return self.body.sign(
            "ConformityCertificate",
            {
                "certificateNumber": number,
                "body": party,
                "holder": party,
                "assessorLevel": "3rdParty",
                "assessmentLevel": "Accredited",
                "attestationType": "certification",
                "scheme": {
                    "id": "urn:example:scheme:1",
                    "version": "1",
                    "family": "personalDataProtection",
                    "standards": ["XA-1"],
                },
                "scope": {
                    "activities": ["After-sales service"],
                    "dataCategories": ["personal"],
                    "scenarios": [{"scheme": "urn:evidence-ledger:scenario:v1", "code": "veh.after-sales"}],
                    "destinations": ["XB"],
                },
                "validFrom": format_time(now),
                "validUntil": format_time(now + 300 * DAY),
            },
        )

    def until(self, what: str, check: Any, seconds: float = 60) -> Any:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if found := check():
                return found
            time.sleep(0.1)
        listed = evidence("partner", "list", "--home", self.xb.home.path)
        pytest.fail(f"not within {seconds} s: {what}; {listed.text}")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Partners]:
    folder = tmp_path_factory.mktemp("partners")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVIDENCE_PARTNER_PERIOD", "1")
        with serving(folder, "XA") as xa, serving(folder, "XB") as xb:
            yield Partners(folder, xa, xb, xa.enrol("body", "body"))


def an_authority_stands_in_the_next_entry(both: Partners) -> None:
    first = done("partner", "card", "--home", both.xa.home.path, "--json").json
    request = both.folder / "authority.json"
    done(
        "party", "request", "--party", AUTHORITY, "--jurisdiction", "XA", "--role", "authority",
        "--key", both.folder / "authority.key", "--out", request,
    )  # fmt: skip
    refused = evidence(
        "node", "authority", "add", request, "--home", both.xa.home.path, "--role", "authority"
    )
    assert refused.status == 1  # nobody confirmed
    added = done(
        "node", "authority", "add", request, "--home", both.xa.home.path, "--role", "authority", "--yes"
    )
    assert "when the node starts again" in added.text
    assert done("partner", "card", "--node", both.xa.url, "--json").json == first
    both.xa.process.terminate()
    both.xa.process.wait(timeout=30)
    both.xa.restart()
    second = done("partner", "card", "--node", both.xa.url, "--json").json
    assert second["supersedes"] == first["fingerprint"]
    assert {"id": AUTHORITY, "roles": ["authority"]} in second["authorities"]
    assert parse_trust_list(both.xa.claim).version == 2


def a_partner_is_taken_up_by_its_fingerprint_alone(both: Partners) -> None:
    home = both.xb.home.path
    card = both.folder / "xa.entry.json"
    card.write_bytes(done("partner", "card", "--home", both.xa.home.path).output)
    fingerprint = done("partner", "card", "--node", both.xa.url, "--json").json["fingerprint"]
    for options in (["--yes"], ["--fingerprint", "0" * 64], []):
        assert evidence("partner", "add", card, "--home", home, *options).status == 1
    assert done("partner", "list", "--home", home, "--json").json == []
    added = done("partner", "add", card, "--node", both.xa.url, "--fingerprint", fingerprint, "--home", home)
    assert "does not name its log yet" in added.text
    run = evidence("partner", "sync", "--home", home, "--json")
    assert run.status == 3
    assert run.json[0]["error"]["code"] == "partner-not-trusted"


def the_list_composed_of_a_partners_entry_is_believed(both: Partners) -> None:
    home, out = both.xb.home.path, both.folder / "trust.json"
    made = done(
        "trust", "make", "--home", home, "--publisher", "did:web:trust.example.xb",
        "--key", both.folder / "publisher.key", "--out", out, "--json",
    ).json  # fmt: skip
    fingerprint = done("partner", "card", "--node", both.xa.url, "--json").json["fingerprint"]
    assert made["entries"] == [fingerprint]
    assert AUTHORITY in {one["id"] for one in made["authorities"]}
    done("trust", "add", out, "--fingerprint", made["fingerprint"], "--home", home)
    (partner,) = done("partner", "list", "--home", home, "--json").json
    assert partner["believed"] is True


def a_serving_node_pulls_a_certificate_and_its_withdrawal_by_itself(both: Partners) -> None:
    certificate = both.certificate("C-1")
    both.xa.register(certificate)
    kept = both.until("the certificate", lambda: both.mirror.bundle(certificate.digest))
    assert (kept.number, kept.partner) == ("C-1", "XA")
    subject = {
        "statement": certificate.digest.hex(),
        "change": "withdraw",
        "reason": "nonConformity",
        "effective": certificate.document["validFrom"],
    }
    change = both.body.sign("StatusChange", subject)
    both.xa.register(change)
    both.until("the withdrawal", lambda: both.mirror.bundle(change.digest))
    both.until("their anchors", lambda: done("partner", "sync", "--home", both.xb.home.path).status == 0
               and both.mirror.holdings("XA").pending == 0)  # fmt: skip
    assert all(one.anchored for one in both.mirror.bundles(certificate.digest))
    assert both.mirror.certificates(number="C-1", body=both.body.did)[0].subject == certificate.digest


def a_partner_that_is_gone_is_reported_and_holds_up_nothing(both: Partners) -> None:
    both.xa.kill()
    run = evidence("partner", "sync", "--home", both.xb.home.path, "--json")
    assert run.status == 3
    assert run.json[0]["error"]["code"] == "remote-unreachable"
    trouble = done("partner", "list", "--home", both.xb.home.path, "--json").json[0]["trouble"]
    assert trouble["code"] == "remote-unreachable"
    assert both.xb.enrol("importer", "importer").did


def a_file_brings_the_same_as_the_wire(both: Partners) -> None:
    home = both.xb.home.path
    file = both.folder / "xa-for-xb.ndjson"
    told = done("partner", "export", "--for", "XB", "--out", file, "--home", both.xa.home.path, "--json").json
    before = done("partner", "list", "--home", home, "--json").json[0]
    assert told["bundles"] == before["bundles"]
    removed = done("partner", "remove", "XA", "--home", home, "--yes", "--json").json
    assert removed["bundles"] == before["bundles"]
    assert evidence("partner", "sync", "XA", "--from", file, "--home", home).status == 3  # no such partner
    done(
        "partner",
        "add",
        both.folder / "xa.entry.json",
        "--fingerprint",
        before["fingerprint"],
        "--home",
        home,
    )
    done("partner", "sync", "--from", file, "--home", home)
    after = done("partner", "list", "--home", home, "--json").json[0]
    assert after["bundles"] == before["bundles"]
    assert after["node"] is None
    damaged = both.folder / "damaged.ndjson"
    lines = file.read_bytes().splitlines(keepends=True)
    damaged.write_bytes(b"".join([lines[0].replace(b'"index":', b'"index": ', 1), *lines[1:]]))
    run = evidence("partner", "sync", "--from", damaged, "--home", home, "--json")
    assert run.status == 1
    assert sum(one["refused"] for one in run.json) == 1
    assert sum(one["kept"] for one in run.json) == len(lines) - 1


def test_from_the_card_to_the_exchange_by_file(both: Partners) -> None:
    """Each rests on what was before it; test processes would share them out."""
    an_authority_stands_in_the_next_entry(both)
    a_partner_is_taken_up_by_its_fingerprint_alone(both)
    the_list_composed_of_a_partners_entry_is_believed(both)
    a_serving_node_pulls_a_certificate_and_its_withdrawal_by_itself(both)
    a_partner_that_is_gone_is_reported_and_holds_up_nothing(both)
    a_file_brings_the_same_as_the_wire(both)

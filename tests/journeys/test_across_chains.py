"""Two jurisdictions on chains of their own: each chain comes to know the other's log, and shows it alone."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.canonical import Json
from ledger.core.evm.foreign import ATTESTED, SEALED
from ledger.core.trust import parse_trust_list
from ledger.services.home import open_home, save_settings
from ledger.testing_nodes import RunningNode, serving
from ledger.verify.verifier import verify_bundle
from tests.cli.running import done, evidence
from tests.journeys.crossing import (
    again,
    attested,
    become_partners,
    believed,
    given,
    sealed,
    verify_inclusion,
)


def test_records_of_xa_are_shown_by_xbs_chain_alone(tmp_path: Path) -> None:
    with sealed(tmp_path) as (found, chain):
        xa, xb = found.xa.node, found.xb.node
        assert xa is not None
        assert xb is not None
        # Four validators seal in round 0.
        _, bundle = found.carried()
        assert verify_inclusion(found, bundle) == (True, SEALED, False)
        # Seven validators seal in round 5.
        chain.mine(20)
        chain.round = 5
        assert chain.number > chain.schedule[1][0]
        digest, bundle = found.carried()
        assert verify_inclusion(found, bundle) == (True, SEALED, False)
        # XA's node and chain are gone: a client that talks to XB alone still has everything.
        unknown = found.record()
        xa.kill()
        chain.anvil.close()
        held = found.verified(digest)
        assert held is not None
        with xb.client() as client:
            assert client.verify(held[0])["exitStatus"] == 0
        assert found.provenance(digest)["answer"] == "known"
        assert found.provenance(unknown)["answer"] == "not yet known here"


def test_what_others_attest_of_xas_chain_is_shown_by_xbs_chain_alone(tmp_path: Path) -> None:
    with attested(tmp_path) as (found, chain):
        xa, xb = found.xa.node, found.xb.node
        assert xa is not None
        assert xb is not None
        digest, bundle = found.carried()
        assert verify_inclusion(found, bundle) == (True, ATTESTED, False)
        unknown = found.record()
        xa.kill()
        chain.server.process.kill()
        with xb.client() as client:
            held = given(client, digest)
            assert held is not None
            assert client.verify(held)["exitStatus"] == 0
        report = verify_bundle(held, found.trust, at=None, now=int(time.time()))
        told = {(check.step, check.outcome, check.code) for check in report.checks}
        assert report.verdict == "verified"
        assert told >= {(7, "passed", "attested"), (8, "passed", "foreign-accepted")}
        assert found.provenance(digest)["answer"] == "known"
        assert found.provenance(unknown)["answer"] == "not yet known here"


@pytest.fixture
def three(tmp_path: Path) -> Iterator[tuple[RunningNode, RunningNode]]:
    """XA, whose chain XB and XC attest, and XB, whose chain takes XA's checkpoints; on development chains."""
    with serving(tmp_path, "XA") as xa, serving(tmp_path, "XB") as xb, serving(tmp_path, "XC") as xc:
        for other in (xb, xc):
            become_partners(xa, other)
        named = ("--partner", "XB", "--partner", "XC", "--threshold", "2")
        done("chain", "attesters", "--home", xa.home.path, *named)
        again(xa)  # issues its claim and its entry anew
        for other in (xb, xc):
            become_partners(other, xa)
            done("chain", "observe", "XA", "--rpc", f"{xa.url}/chain", "--home", other.home.path)
        again(xc)
        xb.home = save_settings(
            open_home(xb.home.path), replace(open_home(xb.home.path).settings, partner_period=1, relay=False)
        )
        believed([xa.home, xb.home], [xb.home], {"TransferRecord": {"finality": "operator"}})
        done("foreign", "add-source", "XA", "--home", xb.home.path, "--yes")
        again(xb)  # issues its claim anew: it names the source
        yield xa, xb


def test_what_others_attest_is_carried_to_a_development_chain(three: tuple[RunningNode, RunningNode]) -> None:
    xa, xb = three
    exporter = xa.enrol("exporter", "exporter")
    parties: dict[str, Json] = {
        role: {"did": did, "id": did, "jurisdiction": code, "scheme": "DID"}
        for role, did, code in (
            ("exporter", exporter.did, "XA"),
            ("importer", "did:web:importer.example.xb", "XB"),
        )
    }
    payload: dict[str, Json] = {"commitment": os.urandom(32).hex(), "mediaType": "text/csv"}
    record = exporter.sign("TransferRecord", {**parties, "flow": "outbound", "payload": payload})
    digest = xa.register(record).digest
    give_up = time.monotonic() + 120
    with xb.client() as client:
        while (told := client.provenance(digest))["answer"] != "known":
            carried = evidence("relay", "run", "--from", "XA", "--to", "XB", "--once", "--home", xb.home.path)
            assert carried.status in {0, 1}, carried.told
            health = client.health()
            assert time.monotonic() < give_up, (
                told,
                health,
                done("relay", "status", "--home", xb.home.path).text,
            )
            time.sleep(0.2)
        (place,) = told["places"]
        assert place["through"][0]["grade"] == "attested"
        # XB asks again for what it pulled before its anchor.
        while (bundle := given(client, digest)) is None:
            assert time.monotonic() < give_up
            time.sleep(0.5)
    listed = done("foreign", "list", "--node", xb.url)
    assert "attested, 2 of 2" in listed.text
    trust = parse_trust_list(xb.claim)
    assert [one.source_id.hex() for one in trust.foreign] == [place["through"][0]["source"][2:]]
    listing = believed([xa.home, xb.home], [], {"TransferRecord": {"finality": "operator"}})
    report = verify_bundle(bundle, listing, at=None, now=int(time.time()))
    assert ("passed", "foreign-accepted") in [
        (check.outcome, check.code) for check in report.checks if check.step == 8
    ]

"""Two jurisdictions on chains of their own: each chain comes to know the other's log, and shows it alone."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.core.canonical import Json
from ledger.core.evm.foreign import ATTESTED, SEALED
from ledger.core.trust import parse_trust_list
from ledger.services.home.folder import open_home, save_settings
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


Three = tuple[RunningNode, RunningNode, RunningNode]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    """XA, whose chain XB and XC attest, and XB, whose chain takes XA's checkpoints; on development chains."""
    folder = tmp_path_factory.mktemp("three")
    with serving(folder, "XA") as xa, serving(folder, "XB") as xb, serving(folder, "XC") as xc:
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
        believed([xa.home, xb.home], [xb.home, xc.home], {"TransferRecord": {"finality": "operator"}})
        done("foreign", "add-source", "XA", "--home", xb.home.path, "--yes")
        again(xb)  # issues its claim anew: it names the source
        yield xa, xb, xc


def registered(xa: RunningNode) -> str:
    """A transfer record of an exporter of XA's."""
    exporter = xa.enrol(f"exporter-{os.urandom(4).hex()}", "exporter")
    parties: dict[str, Json] = {
        role: {"did": did, "id": did, "jurisdiction": code, "scheme": "DID"}
        for role, did, code in (
            ("exporter", exporter.did, "XA"),
            ("importer", "did:web:importer.example.xb", "XB"),
        )
    }
    payload: dict[str, Json] = {"commitment": os.urandom(32).hex(), "mediaType": "text/csv"}
    record = exporter.sign("TransferRecord", {**parties, "flow": "outbound", "payload": payload})
    return xa.register(record).digest


def test_what_others_attest_is_carried_to_a_development_chain(three: Three) -> None:
    xa, xb, _ = three
    digest = registered(xa)
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


def test_checkpoints_are_carried_by_hand_where_no_network_joins_two_sides(
    three: Three, tmp_path: Path
) -> None:
    xa, xb, xc = three
    before = accepted(xb)
    digest = registered(xa)
    size = xa.wait(digest)["anchored"]["size"]
    file = tmp_path / "xa.relay.json"
    # An officer at XC, which reaches XA's node, writes the file once XA's chain is attested.
    writing = ("relay", "export", "--from", "XA", "--since", before, "--out", file, "--home", xc.home.path)
    give_up = time.monotonic() + 60
    while (written := evidence(*writing, "--json")).status != 0 or not reaches(file, size):
        assert "relay-nothing" in written.told or written.status == 0, written.told
        assert time.monotonic() < give_up, written.told
        file.unlink(missing_ok=True)
        time.sleep(0.3)
    # XB reaches nothing of XA's; what is on the stick is enough, and the second time adds nothing.
    xa.kill()
    taken = ("relay", "import", file, "--home", xb.home.path)
    assert done(*taken, "--json").json["added"] == written.json["items"]
    assert done(*taken, "--json").json["added"] == 0
    spoilt = json.loads(file.read_bytes())
    spoilt["items"][-1]["checkpoint"] = spoilt["items"][-1]["checkpoint"].replace(
        f"\n{size}\n", f"\n{size + 1}\n"
    )
    other = tmp_path / "spoilt.relay.json"
    other.write_text(json.dumps(spoilt, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    refused = evidence("relay", "import", other, "--home", xb.home.path)
    assert refused.status == 1
    assert "canonical" not in refused.told
    carrying = ("relay", "run", "--from", "XA", "--once", "--home", xb.home.path)
    while (now := accepted(xb)) != size:
        assert time.monotonic() < give_up, (now, evidence(*carrying).text)
        evidence(*carrying)
    assert done("relay", "status", "--home", xb.home.path, "--json").json["halts"] == []


def accepted(node: RunningNode) -> int:
    """The size up to which a node's chain has XA's log."""
    with node.client() as client:
        (source,) = client.document("/v1/foreign")["items"]
    return max((one["head"] for one in source["logs"]), default=0)


def reaches(file: Path, size: int) -> bool:
    """Whether a relay file goes so far."""
    checkpoint: str = json.loads(file.read_bytes())["items"][-1]["checkpoint"]
    return checkpoint.split("\n")[1] == str(size)

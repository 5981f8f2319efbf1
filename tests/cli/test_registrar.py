"""Parties, trust lists, the log, its anchors and the chain, by a node that serves."""

import sqlite3
import stat
import time
from pathlib import Path

import pytest

from ledger.core.trust import parse_trust_list
from tests.cli.commands import enrol, eventually, evidence, request
from tests.cli.sides import Side
from tests.nodes import RunningNode, serving

# -- parties -------------------------------------------------------------------------------------------------


def test_a_key_is_made_private_and_used_again(tmp_path: Path) -> None:
    assert request(tmp_path).status == 0
    key = tmp_path / "exporter.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    (tmp_path / "request.json").unlink()
    again = request(tmp_path, "exporter", "--json")
    assert (again.status, again.json["made"]) == (0, False)
    assert key.read_bytes() == before


def test_a_request_that_stands_already_is_not_overwritten(tmp_path: Path) -> None:
    assert request(tmp_path).status == 0
    run = request(tmp_path)
    assert (run.status, "(file-exists)" in run.err) == (2, True)


def test_every_problem_of_a_request_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    run = request(tmp_path, "exporter", "--role", "king", "--identifier", "LEI=123")
    assert run.status == 1
    assert "/roles/1" in run.err
    assert "/identifiers/0/id" in run.err
    assert not list(tmp_path.iterdir())


def test_the_key_of_another_party_is_not_used(tmp_path: Path) -> None:
    assert request(tmp_path).status == 0
    run = request(tmp_path, "other", "--key", "exporter.key")
    assert (run.status, "(key-other)" in run.err) == (3, True)


def test_enrolling_shows_the_key_and_asks(node: RunningNode) -> None:
    folder = node.folder
    made = request(folder, "asking", "--suite", "p256", "--json").json
    run = enrol(node, "asking.json", answer="n\n")
    assert (run.status, "(not-confirmed)" in run.err) == (1, True)
    assert made["publicKeyMultibase"] in run.err
    assert "possession proven" in run.err
    run = enrol(node, "asking.json", "--yes", "--json", answer="")
    assert run.status == 0
    assert run.json["new"] is True
    time.sleep(1.1)  # another second of signing, so that it is another statement
    again = enrol(node, "asking.json", "--yes", "--json")
    assert again.status == 0
    assert again.json == {"new": False, "id": run.json["id"]}


def test_a_request_signed_by_another_key_is_refused(node: RunningNode) -> None:
    folder = node.folder
    request(folder, "honest")
    request(folder, "forger")
    honest, forged = (folder / f"{name}.json" for name in ("honest", "forger"))
    proof = honest.read_text().partition('"value":"')[2].partition('"')[0]
    own = forged.read_text().partition('"value":"')[2].partition('"')[0]
    forged.write_text(forged.read_text().replace(own, proof))
    run = enrol(node, "forger.json", "--yes")
    assert (run.status, "(possession-not-proven)" in run.err) == (1, True)


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff", b"{}", b"[[[[", b'{"format":"evidence-enrolment-request/1"}']
)
def test_a_request_that_is_none_is_refused(data: bytes, node: RunningNode) -> None:
    (node.folder / "garbage.json").write_bytes(data)
    run = enrol(node, "garbage.json", "--yes")
    assert run.status == 1
    assert run.err.startswith("error: ")


def test_a_node_that_does_not_answer_is_told(node: RunningNode) -> None:
    run = evidence(
        node.folder,
        "party",
        "enrol",
        "request.json",
        "--home",
        node.home.path,
        "--node",
        "http://127.0.0.1:1",
        "--yes",
    )
    assert (run.status, "(remote-unreachable)" in run.err) == (3, True)


def test_the_node_of_another_home_is_not_registered_with(node: RunningNode, tmp_path: Path) -> None:
    run = evidence(
        tmp_path, "node", "init", "--home", "b", "--jurisdiction", "XA", "--authority", "other.example.xa"
    )
    assert run.status == 0
    request_file = node.folder / "request.json"
    run = evidence(tmp_path, "party", "enrol", request_file, "--home", "b", "--node", node.url, "--yes")
    assert (run.status, "(node-other)" in run.err) == (3, True)


def test_a_key_is_revoked(node: RunningNode) -> None:
    folder = node.folder
    request(folder, "lost")
    assert enrol(node, "lost.json", "--yes").status == 0
    run = evidence(
        folder, "party", "revoke", "did:web:lost.example.xa#2026", "--reason", "keyCompromise",
        "--home", node.home.path, "--node", node.url, "--yes",
    )  # fmt: skip
    assert run.status == 0, run.err
    wrong = evidence(
        folder, "party", "revoke", "did:web:lost.example.xa#2026", "--reason", "boredom",
        "--home", node.home.path, "--node", node.url, "--yes",
    )  # fmt: skip
    assert (wrong.status, "not-in-list" in wrong.err) == (1, True)


# -- log, anchors, chain -------------------------------------------------------------------------------------


def test_the_checkpoint_is_the_same_from_home_and_node_and_holds(node: RunningNode) -> None:
    folder = node.folder
    assert evidence(folder, "trust", "export", "--home", node.home.path, "--out", "for-log.json").status == 0
    verified = evidence(folder, "log", "checkpoint", "--node", node.url, "--trust", "for-log.json", "--json")
    assert verified.status == 0, verified.err
    assert verified.json["verified"]["version"] == parse_trust_list(node.claim).version
    assert (
        evidence(folder, "log", "checkpoint", "--home", node.home.path, "--json").json["checkpoint"]
        == (verified.json["checkpoint"])
    )


def test_a_checkpoint_of_a_log_that_nobody_named_is_not_verified(
    node: RunningNode, xb: Side, tmp_path: Path
) -> None:
    assert evidence(tmp_path, "trust", "export", "--node", xb.url, "--out", "b.json").status == 0
    run = evidence(tmp_path, "log", "checkpoint", "--node", node.url, "--trust", "b.json")
    assert (run.status, "(log-unknown)" in run.err) == (1, True)
    assert not run.out


def test_a_node_that_serves_is_audited_and_clean(node: RunningNode) -> None:
    run = evidence(node.folder, "log", "audit", "--home", node.home.path, "--json")
    assert run.status == 0, run.out
    assert run.json["findings"] == []
    assert run.json["entries"] > 0


def test_an_audit_names_what_was_changed(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        served.enrol("exporter", "exporter")
    home = served.home.path
    with sqlite3.connect(home / "ledger.sqlite") as database:
        database.execute("DROP TRIGGER IF EXISTS statement_no_update")
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE statement SET issuer = 'did:web:somebody.example.xa'")
    database.close()
    run = evidence(tmp_path, "log", "audit", "--home", home)
    assert run.status == 1
    assert "entry 0 differs: statement: column issuer is not what the body says" in run.out


def test_anchors_are_listed_from_home_and_node(node: RunningNode) -> None:
    folder = node.folder

    def listed() -> list:
        return evidence(folder, "anchor", "list", "--node", node.url, "--json").json["anchors"]

    eventually("an anchor stands", listed)
    from_home = evidence(folder, "anchor", "list", "--home", node.home.path, "--json").json["anchors"]
    assert from_home[0]["ours"] is True
    assert from_home[0] == listed()[0]
    assert "this node" in evidence(folder, "anchor", "list", "--home", node.home.path).out


def test_an_embedded_chain_says_what_it_is(node: RunningNode) -> None:
    folder = node.folder
    run = evidence(folder, "chain", "check", "--home", node.home.path, "--json")
    assert run.status == 0, run.err
    assert run.json["matches"] is True
    assert "adds no independence" in run.json["description"]
    refused = evidence(folder, "chain", "deploy", "--home", node.home.path)
    assert (refused.status, "(chain-embedded)" in refused.err) == (1, True)


# -- trust lists ---------------------------------------------------------------------------------------------


def test_from_a_claim_to_a_pinned_list(node: RunningNode, tmp_path: Path) -> None:
    exported = evidence(tmp_path, "trust", "export", "--node", node.url, "--out", "claim.json", "--json")
    assert exported.status == 0, exported.err
    claimed = exported.json["fingerprint"]
    assert "about itself" in exported.err
    assert (tmp_path / "claim.json").read_bytes() == node.claim_path.read_bytes()
    make = (
        "trust",
        "make",
        "claim.json",
        "--publisher",
        "did:web:trust.example.xb",
        "--key",
        "publisher.key",
    )
    refused = evidence(tmp_path, *make, "--out", "trust.json", "--fingerprint", "00" * 32)
    assert (refused.status, "(fingerprint-mismatch)" in refused.err) == (1, True)
    assert not (tmp_path / "publisher.key").exists()
    made = evidence(tmp_path, *make, "--out", "trust.json", "--fingerprint", claimed, "--json")
    assert made.status == 0, made.err
    fingerprint = made.json["fingerprint"]
    unknown = evidence(tmp_path, "trust", "add", "trust.json")
    assert (unknown.status, "(fingerprint-missing)" in unknown.err) == (1, True)
    assert evidence(tmp_path, "trust", "add", "trust.json", "--fingerprint", fingerprint).status == 0
    assert evidence(tmp_path, "trust", "show", "--json").json[0]["fingerprint"] == fingerprint
    succeeding = evidence(
        tmp_path, *make, "--out", "trust.json", "--previous", "trust.json", "--yes",
        "--require", "TransferRecord=1,3,4", "--json",
    )  # fmt: skip
    assert succeeding.status == 0, succeeding.err
    assert (succeeding.json["version"], succeeding.json["require"]["TransferRecord"]) == (
        2,
        {"steps": [1, 3, 4], "quorum": 0, "finality": "operator"},
    )
    assert evidence(tmp_path, "trust", "add", "trust.json", "--json").json["version"] == 2
    checked = evidence(tmp_path, "log", "checkpoint", "--node", node.url, "--verify")
    assert checked.status == 0
    assert "verified: " in checked.err


def test_a_list_is_pinned_on_a_node(node: RunningNode, tmp_path: Path) -> None:
    listed = parse_trust_list(node.claim_path.read_bytes())
    run = evidence(
        tmp_path,
        "trust",
        "add",
        node.claim_path,
        "--home",
        node.home.path,
        "--fingerprint",
        listed.list_hash.hex(),
    )
    assert run.status == 0, run.err
    assert [path for path in (node.home.path / "trust").iterdir() if path.suffix == ".json"]
    assert evidence(tmp_path, "trust", "show", "--json").json == []


def test_a_claim_without_a_yes_is_not_believed(node: RunningNode, tmp_path: Path) -> None:
    run = evidence(
        tmp_path,
        "trust",
        "make",
        node.url,
        "--publisher",
        "did:web:trust.example.xb",
        "--key",
        "k",
        "--out",
        "t.json",
    )
    assert (run.status, "(not-confirmed)" in run.err) == (1, True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b'{"format":"evidence-trust/1"}'])
def test_a_trust_list_that_is_none_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(data)
    for command in (("trust", "show", "t.json"), ("trust", "add", "t.json", "--fingerprint", "00" * 32)):
        run = evidence(tmp_path, *command)
        assert run.status == 1
        assert run.err.startswith("error: ")

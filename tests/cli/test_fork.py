"""Fork proofs by command: two bundles that contradict each other, without a monitor and without a network."""

import json
from pathlib import Path

import pytest

from ledger.core.trust import sign_trust_list
from tests.blocks import hexed
from tests.cli.running import done, evidence
from tests.foreign import held_abroad
from tests.forks import entries, note_of, receipt_of
from tests.simulator import World, key, world


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two bundles of one log with two histories, and a trust list."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    made, other = world(), world()
    other.xa.entries[0] = bytes(32)
    other.xa.anchor()
    files = {
        "mine.evidence.json": made.bundle(),
        "theirs.evidence.json": other.bundle(),
        "trust.json": sign_trust_list(World().trust_body(), {"#1": key("publisher")}),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_bundles_with_contradicting_heads_make_a_proof_that_names_who_signed_both(folder: Path) -> None:
    mine, theirs, trust, out = (
        folder / name for name in ("mine.evidence.json", "theirs.evidence.json", "trust.json", "fork.json")
    )
    ran = done("fork", "find", mine, theirs, "--trust", trust, "--out", out)
    assert "SPLIT VIEW PROVEN  registry.example.xa/XA/2026 showed two histories" in ran.text
    ran = done("verify", out, "--trust", trust)
    assert "signed  both: the log, operated by did:web:registry.example.xa, Ed25519" in ran.text
    told = done("verify", out, "--trust", trust, "--json").json
    assert (told["verdict"], told["signedBoth"]) == ("split view proven", ["did:web:registry.example.xa"])
    assert "NOT VERIFIED: what fork.json claims" in done("fork", "show", out).text
    # Each by itself is in order: only together do they show the lie.
    for bundle in (mine, theirs):
        assert evidence("verify", bundle, "--trust", trust).status == 0


@pytest.mark.parametrize(
    "asked",
    [
        ("--require", "9"),
        ("--require", "now"),
        ("--into", "XB"),
        ("--at", "2026-11-22T00:00:00Z"),
        ("--content", "payload=trust.json"),
    ],
)
def test_a_fork_proof_is_no_answer_to_what_is_asked_of_evidence(folder: Path, asked: tuple[str, str]) -> None:
    out = folder / "transfer.evidence.json.fork"
    done("fork", "find", *folder.glob("*.evidence.json"), "--trust", folder / "trust.json", "--out", out)
    ran = evidence("verify", out, "--trust", folder / "trust.json", *asked)
    assert ran.status == 2
    assert "PROVEN" not in ran.text


def test_a_changed_proof_is_no_proof(folder: Path) -> None:
    out = folder / "fork.json"
    done("fork", "find", *folder.glob("*.evidence.json"), "--trust", folder / "trust.json", "--out", out)
    document = json.loads(out.read_bytes())
    out.write_bytes(out.read_bytes().replace(document["a"][-40:].encode()[:20], b"A" * 20))
    ran = evidence("verify", out, "--trust", folder / "trust.json")
    assert ran.status == 1
    assert "NOT PROVEN" in ran.text


def test_what_does_not_contradict_makes_no_proof(folder: Path) -> None:
    mine, trust = folder / "mine.evidence.json", folder / "trust.json"
    ran = evidence("fork", "find", mine, mine, "--trust", trust, "--out", folder / "fork.json")
    assert (ran.status, (folder / "fork.json").exists()) == (1, False)


def test_without_a_trust_list_a_contradiction_is_found_and_nobody_is_named(folder: Path) -> None:
    held, other = entries(9), entries(13, "other", common=4)
    for name, one in (("a.tlog-proof", held), ("b.tlog-proof", other)):
        (folder / name).write_bytes(receipt_of(one, 6, note_of(one)))
    ran = done(
        "fork", "find", folder / "a.tlog-proof", folder / "b.tlog-proof", "--out", folder / "fork.json"
    )
    assert "no signature was checked" in ran.text
    assert "leaf    6 in a:" in ran.text
    assert evidence("verify", folder / "fork.json", "--trust", folder / "trust.json").status == 0


def test_bundles_of_two_histories_are_not_joined_and_the_proof_is_written_beside(folder: Path) -> None:
    out = folder / "joined.evidence.json"
    ran = evidence("bundle", "join", *sorted(folder.glob("*.evidence.json")), "--out", out)
    assert (ran.status, "(split-view)" in ran.told) == (1, True)
    assert not out.exists()
    assert evidence("verify", folder / "joined.fork.json", "--trust", folder / "trust.json").status == 0
    proof = (folder / "joined.fork.json").read_bytes()
    (folder / "joined.fork.json").write_bytes(b"mine")
    ran = evidence("bundle", "join", *sorted(folder.glob("*.evidence.json")), "--out", out)
    (beside,) = (path for path in folder.glob("joined.*.fork.json") if path.name in ran.told)
    assert ((folder / "joined.fork.json").read_bytes(), beside.read_bytes()) == (b"mine", proof)


def test_a_foreign_part_is_shown(folder: Path) -> None:
    made = world()
    contract, sections = held_abroad(made)
    (folder / "held.evidence.json").write_bytes(made.bundle(sections))
    ran = done("bundle", "show", folder / "held.evidence.json")
    assert (
        f"foreign         eip155:31002 block 318 at 2026-11-22T00:03:20Z, from source {hexed(contract.source)}"
        in ran.text
    )

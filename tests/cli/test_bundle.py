"""Bundles by command, from the private file to the verification of both sides with content in hand."""

import subprocess
import sys
from pathlib import Path

import pytest

from ledger.cli import bundle as bundle_command
from ledger.core.commitment import Opening, Openings, encode_openings, parse_openings
from ledger.core.statement import parse_statement
from ledger.verify.bundle import parse_bundle
from tests.cli.running import Ran, done, draft, evidence
from tests.cli.sides import Side
from tests.nodes import free_port


def registered(folder: Path, xa: Side) -> tuple[Path, str]:
    """A record with commitments, in the log of XA: the signed file, and its digest."""
    signed = folder / "record.signed.json"
    done("transfer", "sign", draft(folder, xa.key), "--key", xa.key, "--out", signed)
    done("transfer", "register", signed, "--node", xa.url)
    return signed, parse_statement(signed.read_bytes()).digest.hex()


def verify(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ledger.cli", "verify", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def composed(folder: Path, *sides: Side) -> Path:
    """A trust list of the verifier's own, out of both nodes' claims."""
    claims = [side.claim(folder) for side in sides]
    prints = [part for _, fingerprint in claims for part in ("--fingerprint", fingerprint)]
    trust = folder / "trust.json"
    done(
        "trust", "make", *[path for path, _ in claims], *prints, "--publisher", "did:web:verifier.example.xb",
        "--key", folder / "publisher.key", "--out", trust, "--yes",
    )  # fmt: skip
    return trust


def test_a_transfer_is_proven_from_both_sides_with_its_content_in_hand(
    tmp_path: Path, xa: Side, xb: Side
) -> None:
    signed, digest = registered(tmp_path, xa)
    bundle, content = tmp_path / "transfer.evidence.json", tmp_path / "dataset.csv"
    export = ("bundle", "export", signed, "--node", xa.url, "--with", xb.url, "--out", bundle)
    done("transfer", "status", signed, "--node", xa.url, "--wait", "anchored")
    early = evidence(*export)
    assert (early.status, "(not-acknowledged-yet)" in early.told) == (3, True)
    done("transfer", "acknowledge", signed, "--outcome", "accepted", "--key", xb.key, "--node", xb.url)
    openings = tmp_path / "record.openings.json"
    ran = done(*export, "--wait", "--openings", openings, "--disclose", "payload", "--json")
    assert ran.json["subject"] == digest
    roles = [item.role for _, item in parse_bundle(bundle.read_bytes()).items]
    assert sorted(roles) == ["acknowledgement", "enrolment", "enrolment", "subject"]

    trust = composed(tmp_path, xa, xb)
    ran = verify(bundle, "--trust", trust, "--content", f"payload={content}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed  2 content" in ran.stdout
    assert "passed  9 parties" in ran.stdout
    content.write_bytes(content.read_bytes()[:-1])
    ran = verify(bundle, "--trust", trust, "--content", f"payload={content}")
    assert ran.returncode == 1
    assert "failed  2 content" in ran.stdout
    bundle.write_bytes(bundle.read_bytes().replace(b'"count":1200', b'"count":1201'))
    assert verify(bundle, "--trust", trust).returncode == 1


def test_show_says_section_by_section_what_is_claimed_and_that_nothing_is_verified(
    tmp_path: Path, xa: Side
) -> None:
    signed, digest = registered(tmp_path, xa)
    bundle = tmp_path / "transfer.evidence.json"
    ran = done("bundle", "export", signed, "--node", xa.url, "--wait", "--out", bundle)
    assert "as many as are carried" not in ran.told
    text = done("bundle", "show", bundle).text
    assert text.startswith("NOT VERIFIED: ")
    assert "not verified" in text.splitlines()[-1]
    assert f"TransferRecord {digest}" in text
    assert "finality: operator" in text
    shown = done("bundle", "show", bundle, "--json").json
    assert shown["verified"] is False
    assert {item["role"] for section in shown["sections"] for item in section["items"]} == {
        "enrolment",
        "subject",
    }
    assert all(section["anchors"] for section in shown["sections"])


def test_export_says_where_it_came_to_the_most_that_is_carried(
    tmp_path: Path, xa: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed, _ = registered(tmp_path, xa)
    monkeypatch.setattr(bundle_command, "MOST_OF_A_LOG", 2)  # the record, and its exporter's enrolment
    ran = done("bundle", "export", signed, "--node", xa.url, "--wait", "--out", tmp_path / "it.evidence.json")
    assert "2 statements of" in ran.told
    assert "are as many as are carried of one log" in ran.told


def test_before_the_anchor_export_names_the_wait_unless_it_may_go_without(tmp_path: Path, xa: Side) -> None:
    out = tmp_path / "early.evidence.json"
    for attempt in range(20):  # an anchor a second: the question comes before it but for bad luck
        folder = tmp_path / str(attempt)
        folder.mkdir()
        signed, _ = registered(folder, xa)
        ran = evidence("bundle", "export", signed, "--node", xa.url, "--out", out)
        if ran.status != 0:
            break
        out.unlink()
    assert (ran.status, "(not-anchored-yet)" in ran.told, "--wait" in ran.told) == (3, True, True)
    assert not out.exists()
    done("bundle", "export", signed, "--node", xa.url, "--out", out, "--allow-unanchored")
    early = out.read_bytes()
    ran = evidence("bundle", "export", signed, "--node", xa.url, "--out", out, "--wait")
    assert (ran.status, "(file-exists)" in ran.told, "waiting" in ran.told) == (2, True, False)
    assert out.read_bytes() == early
    anchored = tmp_path / "anchored.evidence.json"
    done("bundle", "export", signed, "--node", xa.url, "--out", anchored, "--wait")
    ran = evidence("bundle", "export", signed, "--node", xa.url, "--out", out)
    assert (ran.status, "(file-exists)" in ran.told, out.read_bytes()) == (2, True, early)


def test_only_what_opens_a_commitment_of_this_statement_is_disclosed(tmp_path: Path, xa: Side) -> None:
    signed, _ = registered(tmp_path, xa)
    out, openings = tmp_path / "b.evidence.json", tmp_path / "record.openings.json"
    kept = parse_openings(openings.read_bytes())

    def export(*more: object) -> Ran:
        return evidence("bundle", "export", signed, "--node", xa.url, "--wait", "--out", out, *more)

    def changed(opened: Openings) -> Path:
        path = tmp_path / "changed.openings.json"
        path.write_bytes(encode_openings(opened))
        path.chmod(0o600)
        return path

    assert export("--disclose", "payload").status == 2
    assert export("--openings", openings).status == 2
    assert "(opening-missing)" in export("--openings", openings, "--disclose", "volume").told
    place = "/credentialSubject/payload/commitment"
    wrong = Openings(kept.statement, {place: Opening(bytes(32), file_sha256=bytes(32))})
    assert "(commitment-mismatch)" in export("--openings", changed(wrong), "--disclose", "payload").told
    other = Openings("urn:uuid:0198f3c2-0000-7000-8000-000000000001", kept.openings)
    assert "(openings-of-another)" in export("--openings", changed(other), "--disclose", "payload").told
    openings.chmod(0o644)
    assert "(key-file-readable)" in export("--openings", openings, "--disclose", "payload").told
    assert not out.exists()


def test_what_is_not_there_or_no_bundle_is_an_error_by_name(tmp_path: Path, xa: Side) -> None:
    out = tmp_path / "b.evidence.json"
    ran = evidence("bundle", "export", "0" * 64, "--node", xa.url, "--out", out)
    assert (ran.status, "(not-found)" in ran.told) == (3, True)
    ran = evidence("bundle", "export", "0" * 64, "--node", f"http://127.0.0.1:{free_port()}", "--out", out)
    assert (ran.status, "(remote-unreachable)" in ran.told) == (3, True)
    out.write_bytes(b'{"format":"evidence-bundle/1"}')
    assert evidence("bundle", "show", out).status == 1
    assert evidence("bundle", "show", tmp_path / "none").status == 3


@pytest.mark.parametrize("verb", ["export", "show"])
def test_every_help_has_an_example(verb: str) -> None:
    assert "Example: evidence bundle " in done("bundle", verb, "--help").text

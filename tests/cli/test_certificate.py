"""Certificates by command: drafted, signed, registered, and checked as far as this version can."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.core.statement import parse_statement
from tests.cli.running import done, evidence
from tests.cli.sides import Side
from tests.nodes import enrol

UNFINISHED = "could not finish: status and recognition were not checked"


@pytest.fixture(autouse=True)
def nothing_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_TRUST_DIR", str(tmp_path / "pinned"))


@pytest.fixture(scope="module")
def body(xa: Side, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key file of a certification body that is enrolled in XA."""
    return enrol(xa.node, "body", "body", tmp_path_factory.mktemp("body"))[1]


def certificate(folder: Path, key: Path, number: str) -> Path:
    """A signed certificate of this number."""
    (found,) = done("certificate", "new", "--list", "--json").json["templates"]
    asked: dict[str, Any] = {pointer: field["example"] for pointer, field in found["asks"].items()}
    asked |= {"/certificateNumber": number, "/body/scheme": "DID", "/body/id": asked["/body/did"]}
    sets = [part for pointer, value in asked.items() for part in ("--set", f"{pointer}:={json.dumps(value)}")]
    made, signed = folder / "certificate.json", folder / "certificate.signed.json"
    done("certificate", "new", *sets, "--out", made)
    done("certificate", "check", made)
    done("certificate", "sign", made, "--key", key, "--out", signed)
    return signed


def test_a_new_certificate_asks_for_everything_that_is_the_bodys_to_say(tmp_path: Path, body: Path) -> None:
    made = tmp_path / "certificate.json"
    ran = done("certificate", "new", "--key", body, "--jurisdiction", "XA", "--out", made, "--json")
    missing = {one["pointer"] for one in ran.json["missing"]}
    assert {"/credentialSubject/certificateNumber", "/credentialSubject/holder/did"} <= missing
    assert not {pointer for pointer in missing if pointer.startswith("/credentialSubject/body/")}
    assert json.loads(made.read_bytes())["issuer"] == "did:web:body.example.xa"


def test_a_certificate_by_file_digest_and_number_is_checked_and_left_unfinished(
    tmp_path: Path, xa: Side, body: Path
) -> None:
    signed = certificate(tmp_path, body, f"PIP-{tmp_path.name}")
    digest = parse_statement(signed.read_bytes()).digest.hex()
    done("certificate", "register", signed, "--node", xa.url)
    done("bundle", "export", signed, "--node", xa.url, "--wait", "--out", tmp_path / "c.evidence.json")
    trust, _ = xa.claim(tmp_path)
    alone = evidence("certificate", "verify", signed)
    assert alone.status == 3
    assert UNFINISHED in alone.told
    assert "nothing else was checked" in alone.text
    for named in (signed, digest, f"PIP-{tmp_path.name}", tmp_path / "c.evidence.json"):
        ran = evidence("certificate", "verify", named, "--node", xa.url, "--trust", trust, "--json")
        assert ran.status == 3, ran.told
        assert UNFINISHED in ran.told
        assert (ran.json["digest"], ran.json["verdict"]) == (digest, "could not finish")
        outcomes = {step["step"]: step["outcome"] for step in ran.json["report"]["checks"]}
        assert [outcomes[step] for step in (1, 3, 4, 5, 6)] == ["passed"] * 5


def test_a_certificate_that_was_changed_is_not_verified(tmp_path: Path, xa: Side, body: Path) -> None:
    signed = certificate(tmp_path, body, f"PIQ-{tmp_path.name}")
    done("certificate", "register", signed, "--node", xa.url)
    bundle = tmp_path / "c.evidence.json"
    done("bundle", "export", signed, "--node", xa.url, "--wait", "--out", bundle)
    bundle.write_bytes(bundle.read_bytes().replace(b"After-sales", b"Other-sales"))
    trust, _ = xa.claim(tmp_path)
    ran = evidence("certificate", "verify", bundle, "--trust", trust)
    assert ran.status == 1


def test_a_number_that_two_certificates_have_is_told_apart_by_its_digest(
    tmp_path: Path, xa: Side, body: Path
) -> None:
    number = f"PIR-{tmp_path.name}"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        done("certificate", "register", certificate(tmp_path / name, body, number), "--node", xa.url)
    ran = evidence("certificate", "verify", number, "--node", xa.url)
    assert (ran.status, "(certificate-ambiguous)" in ran.told) == (1, True)
    ran = evidence("certificate", "verify", "NO-SUCH", "--node", xa.url)
    assert (ran.status, "(certificate-unknown)" in ran.told) == (3, True)
    assert evidence("certificate", "verify", "NO-SUCH").status == 2


def test_a_record_is_no_certificate(tmp_path: Path, xa: Side, body: Path) -> None:
    made = tmp_path / "record.json"
    done("transfer", "new", "--template", "e-invoice", "--out", made)
    assert "(statement-type)" in evidence("certificate", "check", made).text
    ran = evidence("certificate", "sign", made, "--key", body)
    assert (ran.status, "(statement-type)" in ran.told) == (1, True)


@pytest.mark.parametrize("verb", ["new", "check", "sign", "register", "verify"])
def test_every_help_has_an_example(verb: str) -> None:
    assert "Example: evidence certificate " in done("certificate", verb, "--help").text

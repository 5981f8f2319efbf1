"""Recognitions of certificates, and of identities, by command."""

import json
import time
from pathlib import Path

import pytest

from ledger.core.statement import parse_statement
from ledger.core.times import format_time
from ledger.remote.node import NodeClient
from tests.cli.drafting import filled
from tests.cli.recognition.test_arrangement import say, text
from tests.cli.running import Ran, done, evidence
from tests.cli.sides import Side
from tests.cli.test_bundle import composed

DAY = 86_400
STANDARD = "ISO/IEC 27701:2025"
EXPORTER = "did:web:exporter.example.xa"


@pytest.fixture(autouse=True)
def nothing_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_TRUST_DIR", str(tmp_path / "pinned"))


class World:
    """An arrangement in force, and an accredited body's certificate."""

    def __init__(
        self, folder: Path, xa: Side, xb: Side, parties: dict[str, Path], authorities: dict[str, Path]
    ) -> None:
        self.folder, self.xa, self.xb, self.parties, self.authorities = folder, xa, xb, parties, authorities
        self.trust = composed(folder, xa, xb)
        mapped = [{"from": "XA", "level": "high", "into": "XB", "mapped": "substantial"}]
        self.text = text(folder, xa, authorities["XA"], equivalences__0__a=STANDARD, assurance=mapped)
        body = "did:web:body.example.xa"
        assert say("endorse", self.text, xa, authorities["XA"], "--designate", body).status == 0
        assert say("endorse", self.text, xb, authorities["XB"]).status == 0
        made = filled(folder / "a.json", "accreditation", "accreditation", number="XAC-R", **dates())
        done("accreditation", "issue", made, "--key", parties["accreditor"], "--node", xa.url)
        made = filled(
            folder / "c.json",
            "certificate",
            "conformity-certificate",
            certificateNumber="PIG-1",
            **dates(200),
        )
        self.certificate = folder / "c.signed.json"
        done(
            "certificate", "issue", made, "--key", parties["body"], "--node", xa.url, "--out", self.certificate
        )  # fmt: skip

    def grant(self, *more: object, name: object = None) -> Ran:
        return evidence(
            "recognition", "grant", self.certificate if name is None else name, "--arrangement", self.text,
            "--key", self.authorities["XB"], "--node", self.xb.url, "--json", *more,
        )  # fmt: skip

    def change(self, verb: str, digest: str, *more: object) -> Ran:
        words = ("--key", self.authorities["XB"], "--node", self.xb.url, "--json")
        return evidence("recognition", verb, digest, *words, *more)

    def verify(self, *more: object) -> Ran:
        nodes = ("--node", self.xa.url, "--with", self.xb.url, "--wait", "--trust", self.trust)
        return evidence("certificate", "verify", self.certificate, "--json", "--into", "XB", *nodes, *more)


def dates(days: int = 300) -> dict[str, str]:
    now = int(time.time())
    return {"validFrom": format_time(now), "validUntil": format_time(now + days * DAY)}


@pytest.fixture(scope="module")
def world(
    xa: Side,
    xb: Side,
    parties: dict[str, Path],
    authorities: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> World:
    return World(tmp_path_factory.mktemp("world"), xa, xb, parties, authorities)


def test_a_recognition_counts_from_its_grant_until_it_is_suspended_and_again(world: World) -> None:
    ran = world.grant("--effect", "conditional", "--condition", "yearly audit")
    assert ran.status == 0, ran.told
    digest = ran.json["digest"]
    shown = done("recognition", "show", digest, "--node", world.xb.url, "--json").json
    assert shown["subject"]["jurisdiction"] == "XB"
    certificate = parse_statement(world.certificate.read_bytes())
    assert shown["subject"]["validUntil"] == certificate.subject["validUntil"]

    ran = world.verify()
    assert ran.status == 0, ran.text
    assert "condition: yearly audit" in ran.json["report"]["recognition"]["at"]["limits"]

    until = format_time(int(time.time()) + 30 * DAY)
    ran = world.change("suspend", digest, "--reason", "incident", "--until", until, "--yes")
    assert ran.status == 0, ran.told
    ran = world.verify()
    assert (ran.status, ran.json["report"]["statusNow"]) == (4, "recognition suspended")
    assert world.change("reinstate", digest).status == 0
    kept = world.folder / "kept.evidence.json"
    assert world.verify("--out", kept).status == 0
    bundle = kept.read_bytes()
    assert evidence("verify", kept, "--trust", world.trust, "--into", "XB").status == 0

    assert world.change("withdraw", digest, "--reason", "arrangementEnded", "--yes").status == 0
    done("transfer", "status", digest, "--node", world.xb.url)
    ran = world.verify()
    assert (ran.status, ran.json["report"]["statusNow"]) == (4, "recognition withdrawn")
    ran = world.verify("--out", kept)
    assert (ran.status, "(file-exists)" in ran.told, kept.read_bytes()) == (2, True, bundle)
    # The file that was kept knows nothing of it until it is brought up to date.
    assert evidence("certificate", "verify", kept, "--trust", world.trust, "--into", "XB").status == 0
    ran = done("bundle", "refresh", kept, "--node", world.xb.url, "--trust", world.trust, "--json")
    assert ran.json["added"]
    assert evidence("certificate", "verify", kept, "--trust", world.trust, "--into", "XB").status == 4


def test_what_a_grant_lacks_or_has_too_much_is_named(world: World, tmp_path: Path) -> None:
    digest = parse_statement(world.certificate.read_bytes()).digest.hex()
    assert world.grant("--effect", "partial").status == 1  # without a scope
    assert world.grant("--effect", "conditional").status == 1  # without a condition
    assert world.grant("--until", "soon").status == 2
    ran = world.grant(name="PIG-1")
    assert (ran.status, "(certificate-unknown)" in ran.told) == (3, True)  # at XB's node
    ran = world.grant(name=digest)
    assert (ran.status, "(not-found)" in ran.told) == (3, True)
    ran = world.grant("--into", "XC")
    assert (ran.status, "(recognition-by-wrong-side)" in ran.told) == (1, True)
    scope = tmp_path / "scope.json"
    scope.write_text(json.dumps(parse_statement(world.certificate.read_bytes()).subject["scope"]))
    ran = world.grant("--effect", "partial", "--scope", scope, "--with", world.xa.url, name="PIG-1")
    assert ran.status == 0, ran.told
    assert world.change("withdraw", ran.json["digest"], "--reason", "error", "--yes").status == 0


def test_bundles_of_both_sides_are_joined_by_hand(world: World, tmp_path: Path) -> None:
    granted = world.grant()
    assert granted.status == 0, granted.told
    one, two, out = (tmp_path / name for name in ("one.json", "two.json", "both.json"))
    certified = parse_statement(world.certificate.read_bytes()).digest.hex()
    for node, digest, file in ((world.xa, certified, one), (world.xb, granted.json["digest"], two)):
        done("bundle", "export", digest, "--node", node.url, "--wait", "--out", file)
        # On a busy machine each has more sections than half of what a bundle takes.
        with NodeClient(node.url) as client:
            file.write_bytes(client.bundle(digest, sections=8))
    assert evidence("bundle", "join", one, "--out", out).status == 2
    joined = done("bundle", "join", one, two, "--out", out, "--json").json
    assert joined["subject"] == certified
    assert evidence("certificate", "verify", out, "--trust", world.trust, "--into", "XB").status == 0
    ran = evidence("bundle", "join", one, one, "--out", tmp_path / "twice.json")
    assert (ran.status, "(join-same-log)" in ran.told) == (1, True)


def test_an_identity_is_recognised_at_the_level_that_the_arrangement_maps(
    world: World, tmp_path: Path
) -> None:
    credential = tmp_path / "credential.json"
    credential.write_text('{"credential":"invented"}')
    signed = tmp_path / "identity.signed.json"
    recognise = (
        "identity", "recognise", EXPORTER, "--of", "XA", "--type", "vlei", "--credential", credential,
        "--credential-issuer", "did:web:issuer.example.xa", "--credential-until",
        format_time(int(time.time()) + 100 * DAY), "--arrangement", world.text,
        "--key", world.authorities["XB"], "--node", world.xb.url,
    )  # fmt: skip
    ran = evidence(*recognise, "--level", "low")
    assert (ran.status, "(assurance-not-mapped)" in ran.told) == (1, True)
    done(*recognise, "--level", "high", "--out", signed)
    assert parse_statement(signed.read_bytes()).subject["mappedLevel"] == "substantial"

    def verify() -> Ran:
        return evidence(
            "identity", "verify", signed, "--trust", world.trust, "--node", world.xb.url, "--with", world.xa.url,
            "--wait", "--json",
        )  # fmt: skip

    ran = verify()
    assert ran.status == 0, ran.text
    assert ran.json["report"]["recognition"]["at"]["effect"] == "substantial"
    words = ("--reason", "holderRequest", "--key", world.authorities["XB"], "--node", world.xb.url)
    done("identity", "withdraw", signed, *words, "--yes")
    ran = verify()
    assert (ran.status, ran.json["report"]["statusNow"]) == (4, "identity withdrawn")
    assert evidence("identity", "verify", world.certificate, "--trust", world.trust).status == 1
    assert "withdraw" in done("identity", "show", signed, "--node", world.xb.url).text

"""A decision by both sides' measures, from two nodes to a verifier that asks neither."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ledger.core.statement import Statement, parse_statement, sign_statement, unsigned
from ledger.core.times import format_time
from ledger.services.ids import RANDOM_SIZE, statement_id
from ledger.services.keys.keyfile import read_holder_key
from ledger.statements.deciding.decide import decide, ready
from ledger.statements.measure import measure_of
from ledger.verify.bundle import parse_bundle
from tests.cli.running import done, draft
from tests.cli.sides import Side
from tests.cli.test_bundle import composed
from tests.deciding.records import published, rule
from tests.nodes import enrol


@pytest.fixture(autouse=True)
def nothing_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_TRUST_DIR", str(tmp_path / "pinned"))


def verify(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "ledger.cli", "verify", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


def say(side: Side, key: Path, kind: str, subject: dict[str, Any]) -> Statement:
    """Sign and register a statement."""
    own, now = read_holder_key(key), int(time.time())
    name = statement_id(now, os.urandom(RANDOM_SIZE))
    document = unsigned(kind=kind, identifier=name, issuer=own.holder, subject=subject, valid_from=now)
    made = sign_statement(document, own.private, own.verification_method, now)
    with side.node.client() as client:
        client.register(made.encoded)
    return made


def measure(side: Side, key: Path, code: str, of: dict[str, Any], **members: Any) -> Statement:
    did, now = f"did:web:authority.example.{code.lower()}", format_time(int(time.time()))
    subject = published(of, by=did, code=code, number=f"{code}-1", since=now) | members
    return say(side, key, "PolicyMeasure", subject)


def test_a_decision_by_both_sides_measures_is_followed_again_offline(
    tmp_path: Path, xa: Side, xb: Side, authorities: dict[str, Path]
) -> None:
    _, machine = enrol(xa.node, "machine", "machine", tmp_path)
    both = [f"did:web:authority.example.{code}" for code in ("xa", "xb")]
    outward = measure(
        xa, authorities["XA"], "XA", rule("1", "free"), joint={"threshold": 2, "authorities": both}
    )
    inward = measure(xb, authorities["XB"], "XB", rule("1", "conditional"))
    for code, side in (("XA", xa), ("XB", xb)):
        since = format_time(int(time.time()))
        joins = {
            "statement": outward.digest.hex(),
            "role": "jointMeasure",
            "jurisdiction": code,
            "from": since,
        }
        say(side, authorities[code], "Endorsement", joins)

    signed, bundle = tmp_path / "record.signed.json", tmp_path / "transfer.evidence.json"
    done("transfer", "sign", draft(tmp_path, xa.key), "--key", xa.key, "--out", signed)
    done("transfer", "register", signed, "--node", xa.url)
    record = parse_statement(signed.read_bytes())
    at_hand = [ready(one.digest, measure_of(one.subject)) for one in (outward, inward)]
    answer = decide(record.subject, at_hand, at=record.created)
    decision = say(xa, machine, "Decision", answer.subject(record.digest))
    done("transfer", "acknowledge", signed, "--outcome", "accepted", "--key", xb.key, "--node", xb.url)

    done("transfer", "status", decision.digest.hex(), "--node", xa.url, "--wait", "anchored")
    done("bundle", "export", signed, "--node", xa.url, "--with", xb.url, "--wait", "--out", bundle)
    roles = [item.role for _, item in parse_bundle(bundle.read_bytes()).items]
    assert (roles.count("measure"), roles.count("endorsement"), roles.count("decision")) == (2, 2, 1)
    trust = composed(tmp_path, xa, xb)
    ran = verify(bundle, "--trust", trust, "--require", "11")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed 11 rules       conditional at " in ran.stdout
    assert "note    limit: the rules that decided ask for encrypt" in ran.stdout

    bundle.write_bytes(bundle.read_bytes().replace(b'"instrument":"XB Act"', b'"instrument":"XB Akt"', 1))
    ran = verify(bundle, "--trust", trust)
    assert ran.returncode == 1
    assert f"measure XB-1 version 1, {inward.digest.hex()}, is not carried; in its place is " in ran.stdout

"""`evidence measure` and `evidence transfer decide`, as an authority, an observer and a machine would go about it."""

import time
from pathlib import Path

import pytest

from ledger.cli.issuing import issuer
from ledger.core.statement import parse_statement
from ledger.core.times import format_time
from ledger.remote.node import NodeClient
from ledger.statements.catalogue import read
from ledger.statements.decision import Decision
from tests.cli.running import done, draft, evidence
from tests.cli.sides import Side
from tests.nodes import enrol


@pytest.fixture(scope="module")
def measure(xa: Side, authorities: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published measure."""
    folder = tmp_path_factory.mktemp("measure")
    made, signed = folder / "measure.json", folder / "measure.signed.json"
    begun = done(
        "measure", "new", "--template", "default-flows-freely", "--key", authorities["XA"], "--jurisdiction", "XA",
        "--set", "number=XA-FREE", "--set", f"texts.0.sha256={'5e' * 32}",
        "--set", "effectiveFrom=2026-01-01T00:00:00Z",
        "--set", "publishedAt=2025-11-01T00:00:00Z", "--out", made, "--json",
    )  # fmt: skip
    assert begun.json["template"] == "default-flows-freely"
    assert evidence("measure", "check", made).status == 0
    published = done(
        "measure", "publish", made, "--key", authorities["XA"], "--node", xa.url, "--out", signed
    )
    assert "TR-1" in published.told
    return signed


def test_what_is_found_in_a_draft_ends_with_a_refusal_only_where_that_is_asked_for(measure: Path) -> None:
    at = ("--at", "2026-11-22T00:00:00Z", "--proven", "2026-11-22T00:00:00Z", "--language", "fr")
    told = evidence("measure", "lint", measure, *at, "--json")
    assert told.status == 0
    assert {one["code"] for one in told.json["findings"]} >= {"TR-1", "TR-4"}
    assert evidence("measure", "lint", measure, *at, "--strict").status == 1
    assert "TR-4" in evidence("measure", "lint", measure, *at).text


def test_a_measure_is_listed_shown_observed_and_answered(
    xa: Side, authorities: dict[str, Path], measure: Path, tmp_path: Path
) -> None:
    node = ("--node", xa.url)
    listed = done("measure", "list", *node, "--number", "XA-FREE", "--state", "inForce", "--json").json[
        "items"
    ]
    assert [one["version"] for one in listed] == [1]
    keys = {role: enrol(xa.node, f"measure-{role}", role, tmp_path)[1] for role in ("observer", "machine")}
    done("measure", "observe", measure, "--kind", "contradiction", "--key", keys["observer"], *node)
    with issuer(keys["machine"], xa.url) as by:
        subject = {
            "measure": listed[0]["digest"],
            "at": format_time(int(time.time())),
            "findings": [{"code": "TR-3"}],
        }
        review = by.sign("MeasureReview", subject, now=int(time.time()))
        by.register([review])
    words = ("--answer", "disputed", "--detail", "It is open", "--key", authorities["XA"])
    done("measure", "answer", review.digest.hex(), *words, *node)
    unknown = evidence("measure", "answer", review.digest.hex(), *words, *node, "--code", "ND-1")
    assert "finding-unknown" in unknown.told
    shown = done("measure", "show", measure, *node).text
    assert "answered: disputed: It is open" in shown
    assert "observed: contradiction" in shown


def test_a_machine_decides_about_a_registered_record_by_the_measures_of_the_log(
    xa: Side, measure: Path, tmp_path: Path
) -> None:
    key = enrol(xa.node, "decider", "machine", tmp_path)[1]
    signed, decision = tmp_path / "signed.json", tmp_path / "decision.json"
    record = draft(tmp_path, xa.key)
    done("transfer", "sign", record, "--key", xa.key, "--out", signed)
    done("transfer", "register", signed, "--node", xa.url)
    told = done("transfer", "decide", signed, "--key", key, "--node", xa.url, "--out", decision)
    made = read(parse_statement(decision.read_bytes()))
    assert isinstance(made, Decision)
    assert f"({made.outcome})" in told.text
    assert made.transfer == parse_statement(signed.read_bytes()).digest
    assert parse_statement(measure.read_bytes()).digest in {used.digest for used in made.measures}


@pytest.fixture
def registered(xa: Side, measure: Path, tmp_path: Path) -> Path:
    """A record that was registered where a measure is in force."""
    signed = tmp_path / "record.signed.json"
    done("transfer", "sign", draft(tmp_path, xa.key), "--key", xa.key, "--out", signed)
    done("transfer", "register", signed, "--node", xa.url)
    assert measure.exists()
    return signed


def test_a_decision_that_stands_already_is_found_and_not_made_again(
    xa: Side, registered: Path, tmp_path: Path
) -> None:
    deciders = [enrol(xa.node, f"again-{number}", "machine", tmp_path)[1] for number in (1, 2)]
    decide = ("transfer", "decide", registered, "--node", xa.url)
    first = done(*decide, "--key", deciders[0], "--json").json
    kept = tmp_path / "kept.json"
    second = done(*decide, "--key", deciders[0], "--json", "--out", kept).json
    assert (first["new"], second["new"]) == (True, False)
    assert second["digest"] == first["digest"] == parse_statement(kept.read_bytes()).digest.hex()
    text = done(*decide, "--key", deciders[0]).text
    assert text.startswith("decided already, ")
    assert text.strip().endswith(first["digest"])
    other = done(*decide, "--key", deciders[1], "--json").json
    later = done(*decide, "--key", deciders[0], "--at", "2027-01-01T00:00:00Z", "--json").json
    assert other["new"]
    assert later["new"]
    assert len({first["digest"], other["digest"], later["digest"]}) == 3


def test_of_the_measures_of_a_log_those_in_effect_alone_are_fetched(
    xa: Side, authorities: dict[str, Path], registered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def published(name: str, *members: str) -> str:
        made, signed = tmp_path / f"{name}.json", tmp_path / f"{name}.signed.json"
        given = (
            "number=XA-MANY",
            f"texts.0.sha256={'5e' * 32}",
            "effectiveFrom=2026-01-01T00:00:00Z",
            *members,
        )
        options = [part for one in (*given, "publishedAt=2025-11-01T00:00:00Z") for part in ("--set", one)]
        done(
            "measure", "new", "--template", "default-flows-freely", "--key", authorities["XA"],
            "--jurisdiction", "XA", *options, "--out", made,
        )  # fmt: skip
        done("measure", "publish", made, "--key", authorities["XA"], "--node", xa.url, "--out", signed)
        return parse_statement(signed.read_bytes()).digest.hex()

    first = published("first")
    second = published("second", "version:=2", f"supersedes={first}")
    joint = 'joint:={"threshold":1,"authorities":["did:web:a.example.xa"]}'
    covered = published("joint", "version:=3", f"supersedes={second}", joint)
    away = {
        first,
        published("zone", "number=XA-ZONE", "applies.zone=XA-09"),
        published("inward", "number=XA-IN", "applies.direction=inbound"),
        published("later", "number=XA-LATER", "effectiveFrom=2099-01-01T00:00:00Z"),
    }
    asked: list[str] = []
    fetch = NodeClient.statement
    monkeypatch.setattr(
        NodeClient, "statement", lambda node, digest: asked.append(digest) or fetch(node, digest)
    )
    key, decision = enrol(xa.node, "frugal", "machine", tmp_path)[1], tmp_path / "decision.json"
    done("transfer", "decide", registered, "--key", key, "--node", xa.url, "--out", decision)
    assert {second, covered} <= set(asked)
    assert away.isdisjoint(asked)
    made = read(parse_statement(decision.read_bytes()))
    assert isinstance(made, Decision)
    used = {one.digest.hex() for one in made.measures}
    assert second in used
    assert used.isdisjoint({*away, covered})


def test_a_node_that_lists_one_measure_and_gives_another_is_not_believed(
    xa: Side, registered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = NodeClient.measures
    monkeypatch.setattr(
        NodeClient,
        "measures",
        lambda node, wanted: iter([{**one, "version": 9} for one in listed(node, wanted)]),
    )
    key = enrol(xa.node, "wary", "machine", tmp_path)[1]
    ran = evidence("transfer", "decide", registered, "--key", key, "--node", xa.url)
    assert (ran.status, "(remote-answer-invalid)" in ran.told) == (3, True)

"""`evidence measure` and `evidence transfer decide`, as an authority, an observer and a machine would go about it."""

import time
from pathlib import Path

import pytest

from ledger.cli.issuing import issuer
from ledger.core.statement import parse_statement
from ledger.core.times import format_time
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

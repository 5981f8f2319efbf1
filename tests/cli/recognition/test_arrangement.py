"""Arrangements by command: drafted, joined, left, and who is in force with whom."""

import time
from pathlib import Path

import pytest

from ledger.core.statement import parse_statement
from ledger.core.times import format_time
from tests.cli.drafting import filled
from tests.cli.running import Ran, done, evidence
from tests.cli.sides import Side
from tests.cli.test_bundle import composed

DAY = 86_400


@pytest.fixture(autouse=True)
def nothing_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_TRUST_DIR", str(tmp_path / "pinned"))


@pytest.fixture(scope="module")
def trust(xa: Side, xb: Side, authorities: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert authorities
    return composed(tmp_path_factory.mktemp("trust"), xa, xb)


def text(folder: Path, xa: Side, key: Path, **values: object) -> Path:
    """A registered text, by XA's authority."""
    now = format_time(int(time.time()))
    given = {"parties__0__inForceFrom": now, "parties__1__inForceFrom": now, **values}
    made = filled(folder / "arrangement.json", "arrangement", "recognition-arrangement", **given)
    signed = folder / "arrangement.signed.json"
    done("arrangement", "sign", made, "--key", key, "--out", signed)
    done("arrangement", "register", signed, "--node", xa.url)
    return signed


def say(verb: str, name: object, side: Side, key: Path, *more: object) -> Ran:
    return evidence("arrangement", verb, name, "--key", key, "--node", side.url, "--json", *more)


def pairs(name: object, xa: Side, xb: Side, trust: Path, *more: object) -> dict[str, str]:
    shown = done(
        "arrangement", "show", name, "--node", xa.url, "--with", xb.url, "--trust", trust, "--json", *more
    ).json
    return {"-".join(pair["sides"]): pair["code"] for pair in shown["pairs"]}


def test_a_text_is_in_force_once_both_sides_joined_it_until_one_leaves(
    tmp_path: Path, xa: Side, xb: Side, authorities: dict[str, Path], trust: Path
) -> None:
    signed = text(tmp_path, xa, authorities["XA"])
    digest = parse_statement(signed.read_bytes()).digest.hex()
    assert pairs(signed, xa, xb, trust) == {"XA-XB": "ARRANGEMENT_NOT_ENDORSED"}
    assert say("endorse", signed, xa, authorities["XA"]).status == 0
    assert pairs(digest, xa, xb, trust) == {"XA-XB": "ARRANGEMENT_NOT_ENDORSED"}
    first = say("endorse", digest, xb, authorities["XB"], "--reservation", "public order")
    assert pairs(digest, xa, xb, trust) == {"XA-XB": "IN_FORCE"}
    assert pairs(digest, xa, xb, trust, "--at", "2020-01-01T00:00:00Z")["XA-XB"] != "IN_FORCE"
    again = say("endorse", digest, xb, authorities["XB"], "--reservation", "public order")
    assert again.json["digest"] == first.json["digest"]

    ran = say("denounce", digest, xb, authorities["XB"])
    assert (ran.status, "(not-confirmed)" in ran.told) == (1, True)
    time.sleep(1.1)  # a leaving in the second of the joining would be no later than it
    assert say("denounce", digest, xb, authorities["XB"], "--yes").status == 0
    assert pairs(digest, xa, xb, trust) == {"XA-XB": "ARRANGEMENT_DENOUNCED"}
    shown = done("arrangement", "show", digest, "--node", xa.url, "--with", xb.url, "--trust", trust).text
    assert "denounced" in shown
    assert "failed  XA-XB  ARRANGEMENT_DENOUNCED  XB left it with effect from " in shown


def test_a_third_side_accedes_to_a_text_that_is_open(
    tmp_path: Path, xa: Side, xb: Side, authorities: dict[str, Path], trust: Path
) -> None:
    signed = text(
        tmp_path, xa, authorities["XA"], accession=True,
        parties__1__jurisdiction="XC", parties__1__authority="did:web:authority.example.xc",
        accreditors__1__jurisdiction="XC", accreditors__1__accreditor="did:web:accreditor.example.xc",
    )  # fmt: skip
    say("endorse", signed, xa, authorities["XA"])
    acceded = say("accede", signed, xb, authorities["XB"], "--accreditor", "did:web:accreditor.example.xb")
    assert acceded.status == 0, acceded.told
    assert pairs(signed, xa, xb, trust) == {
        "XA-XB": "IN_FORCE",
        "XA-XC": "ARRANGEMENT_NOT_ENDORSED",
        "XB-XC": "ARRANGEMENT_NOT_ENDORSED",
    }
    time.sleep(1.1)
    assert say("denounce", signed, xb, authorities["XB"], "--toward", "XA", "--yes").status == 0
    assert pairs(signed, xa, xb, trust)["XA-XB"] == "ARRANGEMENT_DENOUNCED"


def test_nobody_endorses_for_another(
    tmp_path: Path, xa: Side, xb: Side, authorities: dict[str, Path]
) -> None:
    signed = text(tmp_path, xa, authorities["XA"])
    ran = say("endorse", signed, xa, authorities["XA"], "--jurisdiction", "XB")
    assert (ran.status, "(endorsement-by-another)" in ran.told) == (1, True)
    ran = say("endorse", signed, xa, xa.key)
    assert ran.status == 1, ran.told


def test_a_text_alone_shows_its_words_and_nothing_of_its_force(
    tmp_path: Path, xa: Side, authorities: dict[str, Path]
) -> None:
    signed = text(tmp_path, xa, authorities["XA"])
    shown = done("arrangement", "show", signed)
    assert "was not looked at" in shown.text
    assert done("arrangement", "show", signed, "--json").json["pairs"] is None
    assert evidence("arrangement", "show", "0" * 64).status == 2

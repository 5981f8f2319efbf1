"""`evidence trust make` and `show`: what the publisher alone decides, from options to the list and back into words."""

import time
from pathlib import Path
from typing import Any

import pytest
import typer

from ledger.cli.publishing import asked, in_words, policy_of
from ledger.core.trust import parse_trust_list
from ledger.services.trust.claim import REQUIRE
from ledger.services.trust.pinned import fingerprint_of
from tests.cli.running import evidence
from tests.services.homes import claim, home


def decided(**given: Any) -> Any:
    names = ("require", "witnesses", "quorum", "finality", "chain", "chains")
    return policy_of(*(given.get(name) for name in names))


def test_without_options_the_usual_requirements_hold() -> None:
    assert decided().require is None
    assert (decided().jurisdictions, list(decided().witnesses)) == ({}, [])


def test_what_is_asked_is_asked_of_every_type() -> None:
    chains = ["eip155:31002=XB", "eip155:31001=XA"]
    policy = decided(require=["TransferRecord=1,7"], quorum=2, finality="sealed", chain=chains, chains=2)
    wanted = {
        "quorum": 2,
        "finality": "sealed",
        "chains": {"threshold": 2, "among": ["eip155:31001", "eip155:31002"]},
    }
    assert policy.require == {**dict.fromkeys(REQUIRE, wanted), "TransferRecord": {"steps": [1, 7], **wanted}}
    assert policy.jurisdictions == {"eip155:31001": "XA", "eip155:31002": "XB"}


def test_a_chain_may_have_a_jurisdiction_without_being_required() -> None:
    policy = decided(chain=["eip155:31001=XA"])
    assert (policy.require, policy.jurisdictions) == (None, {"eip155:31001": "XA"})


@pytest.mark.parametrize(
    "given",
    [
        {"finality": "probable"},
        {"chain": ["eip155:31001"]},
        {"chain": ["eip155:31001="]},
        {"chain": ["eip155:31001=XA", "eip155:31001=XB"]},
        {"chains": 1},
        {"chains": 2, "chain": ["eip155:31001=XA", "eip155:31003=XA"]},
        {"require": ["TransferRecord"]},
        {"require": ["=1"]},
        {"require": ["TransferRecord=one"]},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_bad_usage(given: dict[str, Any]) -> None:
    with pytest.raises(typer.BadParameter):
        decided(**given)


def test_a_list_is_made_with_what_its_publisher_asks_and_shown_in_words(tmp_path: Path) -> None:
    files, prints = [], []
    for code, number in (("XA", 31_001), ("XB", 31_002)):
        data = claim(home(tmp_path, code), number, now=int(time.time()))
        (tmp_path / f"{code}.json").write_bytes(data)
        files.append(tmp_path / f"{code}.json")
        prints += ["--fingerprint", fingerprint_of(parse_trust_list(data))]
    out = tmp_path / "trust.json"
    made = evidence(
        "trust", "make", *files, *prints, "--publisher", "did:web:trust.example.xb", "--key", tmp_path / "key",
        "--out", out, "--finality", "attested", "--chain", "eip155:31001=XA", "--chain", "eip155:31002=XB",
        "--chains", "2", "--quorum", "1",
    )  # fmt: skip
    assert made.status == 0, made.told
    listed = parse_trust_list(out.read_bytes())
    required = listed.require["TransferRecord"]
    assert (required.finality, required.quorum) == ("attested", 1)
    assert required.chains == (2, ("eip155:31001", "eip155:31002"))
    shown = evidence("trust", "show", out)
    assert "chain        eip155:31001, operator, of XA" in shown.text
    assert (
        "requires     TransferRecord: steps 1 3 4 5 6 7 9; 1 witness organisations; finality attested;"
        " anchors on 2 of eip155:31001, eip155:31002"
    ) in shown.text
    assert evidence("trust", "show", out, "--json").json["require"]["TransferRecord"] == asked(required)
    assert in_words(listed.require["StatusList"]).startswith("steps 1 3 4 5 6 7; 1 witness")


def test_more_chains_than_are_given_are_bad_usage(tmp_path: Path) -> None:
    ran = evidence(
        "trust", "make", "--key", tmp_path / "key", "--publisher", "did:web:trust.example.xb",
        "--out", tmp_path / "trust.json", "--chains", "2",
    )  # fmt: skip
    assert ran.status == 2
    assert not (tmp_path / "trust.json").exists()

"""Step 7 beyond the operator's word: attesters, seals and epochs; one attack a test."""

from typing import Any

import pytest

from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, set_id
from ledger.core.keccak import keccak256
from ledger.core.secp256k1 import address_of, sign
from ledger.core.times import format_time
from ledger.verify.text import render
from tests.blocks import ANCHOR, hexed
from tests.sealing import block_hash, secrets
from tests.simulator import DAY, Jurisdiction, seed, world
from tests.trees import tree_root
from tests.verify.attacking import judge
from tests.verify.bundles_vouched import (
    BLOCK,
    FIVE,
    Part,
    chains,
    require,
    said,
    under_attesters,
    under_seals,
    vouched,
)
from tests.vouching import (
    ATTESTERS,
    ORGANISATIONS,
    VALIDATORS,
    attested,
    attester_set,
    sealed,
    validator_set,
)


def test_a_sealed_block_is_final_by_its_validators() -> None:
    report = under_seals()
    assert (report.verdict, said(report)) == ("verified", ("passed", "sealed"))
    when = format_time(BLOCK)
    assert [check.detail for check in report.checks if check.step == 7] == [
        f"eip155:31001: sealed 3 of 4 (epoch 1), at {when}",
        f"eip155:31002: sealed 3 of 4 (epoch 1), at {when}",
    ]
    assert "passed  7 finality    eip155:31001: sealed 3 of 4 (epoch 1)" in render(report)
    assert report.to_json()["steps"][6]["code"] == "sealed"  # type: ignore[index,call-overload]


@pytest.mark.parametrize("round_", [1, 5, 200])
def test_a_later_round_seals_as_well(round_: int) -> None:
    assert (
        under_seals(round=round_, signers=VALIDATORS).step(7).detail.startswith("eip155:31001: sealed 4 of 4")
    )


def test_seals_and_attestations_are_enough_for_whoever_asks_less() -> None:
    for finality in ("operator", "attested"):
        assert under_seals(finality).verdict == "verified"
    assert under_attesters("operator").verdict == "verified"


def test_two_of_four_seals_fail() -> None:
    assert said(under_seals(signers=VALIDATORS[:2])) == ("failed", "seal-quorum")


def test_a_sealed_block_of_strangers_fails() -> None:
    assert said(under_seals(keys=secrets(4, "stranger"))) == ("failed", "seal-quorum")


def test_a_true_header_without_seals_is_none_of_a_qbft_chain() -> None:
    made = world()
    sections = vouched(made, lambda _, part: {**part, "finality": {"kind": "sealed", "epoch": 1}})
    assert said(judge(made, sections, chains=chains(made))) == ("failed", "header-difficulty")


def test_a_seal_that_fails_fails_the_step_beside_one_that_passes() -> None:
    made = world()
    sections = vouched(made, lambda _, part: sealed(part))
    good = sections[0]["anchors"][0]
    bad = sealed(made.sections()[0]["anchors"][0], signers=VALIDATORS[:2])
    for anchors in ([good, bad], [bad, good]):
        sections[0]["anchors"] = anchors
        assert said(judge(made, sections, chains=chains(made))) == ("failed", "seal-quorum")


def test_seals_on_a_chain_that_has_none_by_the_trust_list_show_nothing() -> None:
    for consensus in ("operator", "attested"):
        made = world()
        sections = vouched(made, lambda _, part: sealed(part))
        report = judge(made, sections, chains=chains(made, consensus), require=require("operator"))
        assert (report.verdict, said(report)) == ("not verified", ("absent", "finality-unsupported"))


def test_an_epoch_that_the_trust_list_does_not_know_is_absent() -> None:
    for report in (under_seals(epoch=2), under_attesters(epoch=2)):
        assert (report.verdict, said(report)) == ("not verified", ("absent", "epoch-unknown"))


@pytest.mark.parametrize("start", [8, 2**40])
def test_an_epoch_that_begins_after_the_block_is_stale(start: int) -> None:
    assert said(under_seals(trust={"chains": chains(world(), validators=[validator_set(start=start)])})) == (
        "failed",
        "epoch-stale",
    )


def test_retired_attesters_and_validators_vouch_for_no_later_block() -> None:
    made = world()
    old = [validator_set(), validator_set(FIVE, epoch=2, start=7)]
    assert said(under_seals(trust={"chains": chains(made, validators=old)})) == ("failed", "epoch-stale")
    attesting = [attester_set(), attester_set(ATTESTERS[1:], ORGANISATIONS[1:], epoch=2, start=7)]
    listed = chains(made, "attested", attesters=attesting)
    assert said(under_attesters(trust={"chains": listed})) == ("failed", "epoch-stale")


def test_an_epoch_lasts_until_the_block_before_the_next() -> None:
    two = [validator_set(), validator_set(FIVE, epoch=2, start=8)]
    assert under_seals(trust={"chains": chains(world(), validators=two)}).verdict == "verified"


def test_a_header_that_hands_over_counts_for_the_epoch_of_its_number_with_a_quorum_of_both() -> None:
    listed = chains(world(), validators=[validator_set(), validator_set(FIVE, epoch=2, start=7)])
    handed = {"keys": FIVE, "epoch": 2, "trust": {"chains": listed}}
    assert said(under_seals(**handed, signers=FIVE[:4])) == ("passed", "sealed")
    assert (
        under_seals(**handed, signers=FIVE).step(7).detail.startswith("eip155:31001: sealed 5 of 5 (epoch 2)")
    )
    early = {"keys": FIVE, "epoch": 1}
    assert said(under_seals(**early, signers=FIVE)) == ("passed", "sealed")
    newcomer = [one for one in FIVE if one not in VALIDATORS]
    assert said(under_seals(**early, signers=[*newcomer, *VALIDATORS[:2]])) == ("failed", "seal-quorum")


def test_attested_blocks_are_final_by_organisations() -> None:
    report = under_attesters()
    assert (report.verdict, said(report)) == ("verified", ("passed", "attested"))
    assert report.step(7).detail == f"eip155:31001: attested 2 of 3 (epoch 1), at {format_time(BLOCK)}"
    assert under_attesters(signers=ATTESTERS).step(7).detail.startswith("eip155:31001: attested 3 of 3")


def test_too_few_attesters_fail() -> None:
    assert said(under_attesters(signers=ATTESTERS[:1])) == ("failed", "attestation-quorum")


def test_two_keys_of_one_organisation_are_one_voice() -> None:
    twins = attester_set(ATTESTERS, [ORGANISATIONS[0], ORGANISATIONS[0], ORGANISATIONS[1]])
    trust = {"chains": chains(world(), "attested", attesters=[twins])}
    assert said(under_attesters(listed=twins, trust=trust)) == ("failed", "attestation-quorum")
    both = under_attesters(listed=twins, signers=ATTESTERS, trust=trust)
    assert both.step(7).detail.startswith("eip155:31001: attested 2 of 2")


@pytest.mark.parametrize(
    "claimed",
    [
        {"origin_chain_id": 31_003},
        {"genesis": b"\x11" * 32},
        {"anchor": b"\x12" * 20},
        {"log_id": b"\x13" * 32},
        {"size": 3},
        {"root": b"\x14" * 32},
        {"block_hash": b"\x15" * 32},
        {"block_number": 8},
        {"block_time": BLOCK - DAY},
        {"set_id": b"\x16" * 32},
    ],
    ids=lambda claimed: next(iter(claimed)),
)
def test_an_attestation_of_something_else_is_no_attestation(claimed: dict[str, Any]) -> None:
    assert said(under_attesters(**claimed)) == ("failed", "attestation-outsider")


def test_a_block_time_forged_under_true_attestations_fails() -> None:
    made = world()
    early = made.xa.anchor_part(len(made.xa.entries), time=BLOCK - 60)

    def forge(place: Jurisdiction, part: Part) -> Part:
        true = attested(place, part)
        return {**true, "header": early["header"], "account": early["account"]} if place is made.xa else true

    sections = vouched(made, forge)
    report = judge(made, sections, chains=chains(made, "attested"), require=require("attested"))
    assert said(report) == ("failed", "attestation-outsider")
    assert {dated.grade for dated in report.statements if dated.role == "subject"} == {"claimed only"}


@pytest.mark.parametrize(
    ("asked", "finality"), [("attested", "operator"), ("sealed", "operator"), ("sealed", "attested")]
)
def test_less_than_the_trust_list_asks_is_absent_and_says_what_there_is(asked: str, finality: str) -> None:
    made = world()
    sections = made.sections() if finality == "operator" else vouched(made, attested)
    report = judge(made, sections, chains=chains(made, "attested"), require=require(asked))
    assert (report.verdict, said(report)) == ("not verified", ("absent", "finality-insufficient"))
    assert report.step(7).detail.endswith(f"the trust list asks {asked}")
    assert ("operator only" if finality == "operator" else "attested 2 of 3") in report.step(7).detail


def by_operator(place: Jurisdiction, part: Part, named: bytes) -> Part:
    """The operator's signature over a block hash of one's choice."""
    count = len(place.entries)
    claim = CheckpointClaim(
        place.number, place.genesis, ANCHOR, place.log_id, count, tree_root(place.leaves), named, 7, BLOCK,
        set_id([address_of(seed(f"{place.code} chain operator"))], [place.operator], 1),
    )  # fmt: skip
    signed = sign(seed(f"{place.code} chain operator"), checkpoint_digest(claim))
    return {**part, "finality": {"kind": "operator", "signature": hexed(signed)}}


def test_the_hash_of_a_sealed_block_is_that_without_seals_for_everybody_who_vouches() -> None:
    made = world()

    def header_of(part: Part) -> bytes:
        return bytes.fromhex(part["header"][2:])

    def right(place: Jurisdiction, part: Part) -> Part:
        part = sealed(part, round=5)
        return by_operator(place, part, block_hash(header_of(part)))

    def wrong(place: Jurisdiction, part: Part) -> Part:
        part = sealed(part, round=5)
        return by_operator(place, part, keccak256(header_of(part)))

    listed, asked = chains(made), require("operator")
    assert said(judge(made, vouched(made, right), chains=listed, require=asked)) == (
        "passed",
        "operator-only",
    )
    assert said(judge(made, vouched(made, wrong), chains=listed, require=asked)) == (
        "failed",
        "signature-invalid",
    )
    for qbft, expected in ((True, ("passed", "attested")), (False, ("failed", "attestation-outsider"))):
        sections = vouched(made, lambda place, part, q=qbft: attested(place, sealed(part, round=5), qbft=q))
        assert said(judge(made, sections, chains=listed, require=require("attested"))) == expected

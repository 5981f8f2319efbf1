"""Step 7 beyond the operator's word: attesters, seals, epochs, required chains; and the times that they prove."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.core.evm.anchor import CheckpointClaim, checkpoint_digest, set_id
from ledger.core.keccak import keccak256
from ledger.core.secp256k1 import address_of, sign
from ledger.core.times import format_time
from ledger.verify.report import Report
from ledger.verify.text import render
from tests.blocks import ANCHOR, hexed
from tests.sealing import block_hash, secrets
from tests.simulator import DAY, NOW, START, Jurisdiction, World, seed, world
from tests.trees import tree_root
from tests.verify.attacking import WITNESSES, cosigned, judge, witness
from tests.vouching import (
    ATTESTERS,
    ORGANISATIONS,
    VALIDATORS,
    attested,
    attester_set,
    sealed,
    validator_set,
)

BLOCK = START + 110
"""Time of the blocks, which have number 7."""
FIVE = secrets(5)
Part = dict[str, Any]


def require(finality: str, **members: Any) -> dict[str, Any]:
    return {"TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 9], "finality": finality, **members}}


def chains(made: World, consensus: str = "qbft", **members: Any) -> list[dict[str, Any]]:
    """Both chains as the trust list has them."""
    sets: dict[str, Any] = {"validators": [validator_set()], "attesters": [attester_set()]}
    return [
        {**place.trusted_chain(), "consensus": consensus, **sets, **members} for place in (made.xa, made.xb)
    ]


def vouched(made: World, change: Callable[[Jurisdiction, Part], Part]) -> list[dict[str, Any]]:
    """The sections, with what vouches for both their blocks exchanged."""
    sections = made.sections()
    for place, section in zip((made.xa, made.xb), sections, strict=True):
        section["anchors"] = [change(place, part) for part in section["anchors"]]
    return sections


def under_seals(finality: str = "sealed", *, trust: dict[str, Any] | None = None, **how: Any) -> Report:
    made = world()
    sections = vouched(made, lambda _, part: sealed(part, **how))
    return judge(made, sections, **{"chains": chains(made), "require": require(finality), **(trust or {})})


def under_attesters(finality: str = "attested", *, trust: dict[str, Any] | None = None, **how: Any) -> Report:
    made = world()
    sections = vouched(made, lambda place, part: attested(place, part, **how))
    listed = chains(made, "attested", validators=[])
    return judge(made, sections, **{"chains": listed, "require": require(finality), **(trust or {})})


def said(report: Report) -> tuple[str, str]:
    return report.step(7).outcome, report.step(7).code


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


def dated(report: Report) -> set[tuple[int | None, str, tuple[str, ...], int | None]]:
    return {
        (one.proven, one.grade, one.by, one.operator) for one in report.statements if one.role == "subject"
    }


def test_a_sealed_block_proves_its_time() -> None:
    report = under_seals()
    assert dated(report) == {(BLOCK, "sealed", ("eip155:31001",), None)}
    assert f"proven  not after {format_time(BLOCK)}, by validators of eip155:31001; claimed" in render(report)


def test_attesters_other_than_the_operator_prove_a_time() -> None:
    organisations = [one["organisation"] for one in attester_set()["members"]]
    by = tuple(organisations[ATTESTERS.index(one)] for one in ATTESTERS[:2])
    assert dated(under_attesters()) == {(BLOCK, "attested", by, None)}


def with_the_operator(signers: tuple[bytes, ...]) -> Report:
    made = world()
    lists = [
        attester_set(ATTESTERS, [place.operator, *ORGANISATIONS[1:]], threshold=2)
        for place in (made.xa, made.xb)
    ]
    listed = [
        {**chain, "attesters": [one]} for chain, one in zip(chains(made, "attested"), lists, strict=True)
    ]
    sections = vouched(
        made, lambda place, part: attested(place, part, listed=lists[place is made.xb], signers=signers)
    )
    return judge(made, sections, chains=listed, require=require("attested"))


def test_attesters_who_need_the_operator_to_be_enough_prove_no_time() -> None:
    report = with_the_operator(ATTESTERS[:2])
    assert (report.verdict, dated(report)) == ("verified", {(None, "claimed only", (), BLOCK)})


def test_attesters_who_are_enough_without_the_operator_prove_a_time_without_naming_it() -> None:
    report = with_the_operator(ATTESTERS)
    assert dated(report) == {(BLOCK, "attested", ORGANISATIONS[1:], None)}


def test_finality_that_is_not_enough_still_proves_its_time() -> None:
    report = under_attesters("sealed")
    assert (report.verdict, {one[:2] for one in dated(report)}) == ("not verified", {(BLOCK, "attested")})


def test_a_block_of_the_future_proves_nothing() -> None:
    made = world()
    for late, proven in ((NOW + 300, NOW + 300), (NOW + 301, None)):
        sections = made.sections()
        part = made.xa.anchor_part(len(made.xa.entries), time=late)
        sections[0]["anchors"] = [sealed(part)]
        sections[1]["anchors"] = [sealed(one) for one in sections[1]["anchors"]]
        assert {one[0] for one in dated(judge(made, sections, chains=chains(made)))} == {proven}


def test_the_earliest_of_witnesses_and_blocks_is_the_proven_time() -> None:
    made = world()
    listed = [witness(name, organisation)[0] for name, organisation in WITNESSES]
    trust = {"chains": chains(made), "witnesses": listed, "require": require("operator", quorum=2)}
    for offset, expected in ((-1, (BLOCK - 1, "witnessed")), (1, (BLOCK, "sealed"))):
        lines = [("witness-c", BLOCK + offset), ("witness-d", BLOCK + offset)]
        sections = [cosigned(made, one, lines) for one in vouched(made, lambda _, part: sealed(part))]
        assert {one[:2] for one in dated(judge(made, sections, **trust))} == {expected}


def test_the_earliest_of_several_blocks_is_the_proven_time() -> None:
    made = world()
    sections = vouched(made, lambda _, part: sealed(part))
    later = sealed(made.xa.anchor_part(len(made.xa.entries), time=BLOCK + 60, number=8))
    sections[0]["anchors"] = [later, *sections[0]["anchors"]]
    assert {one[0] for one in dated(judge(made, sections, chains=chains(made)))} == {BLOCK}


def test_a_section_that_does_not_stand_has_no_proven_time() -> None:
    made = world()
    sections = vouched(made, lambda _, part: sealed(part))
    sections[0]["items"][0]["path"][0] = "00" * 32
    assert dated(judge(made, sections, chains=chains(made))) == {(None, "claimed only", (), None)}


def test_a_key_that_is_revoked_later_signed_before_a_sealed_block_but_not_before_the_operator_says_so() -> (
    None
):
    for consensus, outcome in (("qbft", "passed"), ("operator", "failed")):
        made = world()
        revocation = made.xa.add(made.xa.revoke(made.exporter, "#2026", START + 200, created=START + 210))
        made.filler()
        made.xa.anchor()
        parts = [
            ("subject", made.subject),
            ("enrolment", made.exporter_enrolment),
            ("keyRevocation", revocation),
        ]
        sections = [made.xa.section(parts), made.sections()[1]]
        if consensus == "qbft":
            for section in sections:
                section["anchors"] = [sealed(part) for part in section["anchors"]]
        report = judge(made, sections, chains=chains(made, consensus), require=require("operator"))
        assert report.step(3).outcome == outcome


def on_two_chains(made: World) -> list[dict[str, Any]]:
    """Both sections anchored on both chains, which have one state each of both contracts' slots."""
    sections = made.sections()
    for place, other, section in ((made.xa, made.xb, sections[0]), (made.xb, made.xa, sections[1])):
        own = section["anchors"][0]
        twin = Jurisdiction(other.code, other.number, entries=place.entries, anchored=place.anchored)
        twin.origin, twin.head_name = place.origin, place.head_name
        section["anchors"] = [own, twin.anchor_part(len(place.entries))]
    return sections


def required(
    made: World, threshold: int, *, jurisdictions: tuple[str, str] = ("XA", "XB"), **more: Any
) -> dict[str, Any]:
    among = [made.xa.chain, made.xb.chain]
    listed = [
        {**one, "jurisdiction": of} for one, of in zip(chains(made, "operator"), jurisdictions, strict=True)
    ]
    asked = require("operator", chains={"threshold": threshold, "among": among})
    return {"chains": listed, "require": asked, **more}


def test_anchors_in_as_many_jurisdictions_as_are_required_pass() -> None:
    made = world()
    report = judge(made, on_two_chains(made), **required(made, 2))
    assert (report.verdict, said(report)) == ("verified", ("passed", "operator-only"))
    assert judge(made, made.sections(), **required(made, 1)).verdict == "verified"


def test_an_anchor_too_few_is_absent_and_names_those_that_count() -> None:
    made = world()
    report = judge(made, made.sections(), **required(made, 2))
    assert (report.verdict, said(report)) == ("not verified", ("absent", "chains-too-few"))
    assert "anchored in 1 of 2 jurisdictions that are required (eip155:31001 of XA)" in report.step(7).detail
    assert report.missing == ("7 finality: absent (chains-too-few)",)


def test_one_chain_twice_is_one_chain() -> None:
    made = world()
    sections = made.sections()
    for section in sections:
        section["anchors"] *= 2
    assert said(judge(made, sections, **required(made, 2))) == ("absent", "chains-too-few")


def test_a_chain_that_the_list_does_not_name_never_counts() -> None:
    made = world()
    trust = required(made, 1)
    trust["require"]["TransferRecord"]["chains"]["among"] = [made.xb.chain]
    assert said(judge(made, made.sections(), **trust)) == ("absent", "chains-too-few")


def test_finality_below_what_is_asked_counts_for_no_chain() -> None:
    made = world()
    trust = required(made, 1)
    trust["require"]["TransferRecord"]["finality"] = "attested"
    assert said(judge(made, made.sections(), **trust)) == ("absent", "finality-insufficient")


def test_an_anchor_that_fails_fails_the_step_though_enough_others_pass() -> None:
    made = world()
    sections = on_two_chains(made)
    forged = made.xa.anchor_part(len(made.xa.entries), finality_key="a stranger")
    sections[0]["anchors"].append(forged)
    assert said(judge(made, sections, **required(made, 2))) == ("failed", "signature-invalid")

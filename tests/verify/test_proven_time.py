"""The times that attesters, validators and witnesses prove, and what a time is good for."""

from ledger.core.times import format_time
from ledger.verify.report import Report
from ledger.verify.text import render
from tests.simulator import NOW, START, world
from tests.verify.attacking import WITNESSES, cosigned, judge, witness
from tests.verify.bundles_vouched import BLOCK, chains, require, under_attesters, under_seals, vouched
from tests.vouching import (
    ATTESTERS,
    ORGANISATIONS,
    attested,
    attester_set,
    sealed,
)


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

"""Several chains for one log, as the trust list requires them."""

from typing import Any

from tests.simulator import Jurisdiction, World, world
from tests.verify.attacking import judge
from tests.verify.bundles_vouched import (
    chains,
    require,
    said,
)
from tests.vouching import attested


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


def test_a_chain_whose_finality_is_too_little_does_not_count_beside_one_whose_is_enough() -> None:
    made = world()
    sections = on_two_chains(made)
    for place, section in zip((made.xa, made.xb), sections, strict=True):
        section["anchors"][0] = attested(place, section["anchors"][0])
    trust = required(made, 2)
    trust["chains"] = [{**one, "consensus": "attested"} for one in trust["chains"]]
    trust["require"]["TransferRecord"]["finality"] = "attested"
    assert said(judge(made, sections, **trust)) == ("absent", "chains-too-few")
    trust["require"]["TransferRecord"]["chains"]["threshold"] = 1
    assert said(judge(made, sections, **trust)) == ("passed", "attested")


def test_an_anchor_that_fails_fails_the_step_though_enough_others_pass() -> None:
    made = world()
    sections = on_two_chains(made)
    forged = made.xa.anchor_part(len(made.xa.entries), finality_key="a stranger")
    sections[0]["anchors"].append(forged)
    assert said(judge(made, sections, **required(made, 2))) == ("failed", "signature-invalid")

"""The parts of an anchor against one another: sizes, consistency, start, transaction receipt, several anchors."""

from typing import Any

import pytest

from tests.simulator import START, World, world
from tests.trees import tree_consistency
from tests.verify.attacking import judge


def said(made: World, sections: list[dict[str, Any]], step: int = 6, **trust: Any) -> tuple[str, str]:
    check = judge(made, sections, **trust).step(step)
    return check.outcome, check.code


def anchored_later() -> tuple[World, list[dict[str, Any]], list[str]]:
    """XA's section, anchored by a larger note of the same log; and the consistency path between them."""
    made = world()
    sections = made.sections()
    size = len(made.xa.entries)
    made.filler()
    made.xa.anchor()
    path = [one.hex() for one in tree_consistency(size, made.xa.leaves)]
    part = made.xa.anchor_part(len(made.xa.entries))
    sections[0]["anchors"] = [{**part, "checkpoint": made.xa.checkpoint().decode(), "consistency": path}]
    return made, sections, path


def test_a_larger_note_of_the_same_log_anchors_the_smaller() -> None:
    made, sections, path = anchored_later()
    assert judge(made, sections).verdict == "verified"
    sections[0]["anchors"][0]["consistency"] = [*path[:-1], bytes(32).hex()]
    assert said(made, sections) == ("failed", "proof-invalid")
    del sections[0]["anchors"][0]["consistency"]
    assert said(made, sections) == ("failed", "consistency-missing")


def test_a_larger_note_of_a_rewritten_log_does_not_anchor_the_smaller() -> None:
    made = world()
    sections = made.sections()
    size = len(made.xa.entries)
    made.xa.entries[0] = bytes(32)
    made.filler()
    made.xa.anchor()
    path = [one.hex() for one in tree_consistency(size, made.xa.leaves)]
    part = made.xa.anchor_part(len(made.xa.entries))
    sections[0]["anchors"] = [{**part, "checkpoint": made.xa.checkpoint().decode(), "consistency": path}]
    assert said(made, sections) == ("failed", "proof-invalid")


def test_consistency_between_equal_sizes_is_refused() -> None:
    made = world()
    sections = made.sections()
    sections[0]["anchors"][0]["consistency"] = []
    assert said(made, sections) == ("failed", "consistency-superfluous")


def test_a_note_of_equal_size_and_other_bytes_anchors_too() -> None:
    made = world()
    sections = made.sections()
    sections[0]["anchors"][0]["checkpoint"] = made.xa.checkpoint(time=START + 101).decode()
    assert judge(made, sections).verdict == "verified"


def test_a_start_for_a_logs_first_head_key_is_refused() -> None:
    made = world()
    sections = made.sections()
    sections[0]["anchors"][0]["start"] = sections[0]["anchors"][0]["storage"]
    assert said(made, sections) == ("failed", "start-superfluous")


def test_a_root_that_the_contract_does_not_hold_is_not_anchored() -> None:
    made = world()
    made.xa.anchor(root=bytes([7]) * 32)
    assert said(made, made.sections()) == ("failed", "anchored-root")


def test_an_event_with_another_root_fails() -> None:
    made = world()
    sections = made.sections()
    sections[0]["anchors"] = [made.xa.anchor_part(len(made.xa.entries), root=bytes([7]) * 32)]
    assert said(made, sections) == ("failed", "event-root")


@pytest.mark.parametrize(
    ("change", "code"),
    [({"log": 1}, "event-absent"), ({"index": 0}, "proof-invalid"), ({"nodes": []}, "proof-truncated")],
)
def test_a_receipt_that_shows_something_else_fails(change: dict[str, Any], code: str) -> None:
    made = world()
    sections = made.sections()
    sections[0]["anchors"][0]["receipt"].update(change)
    assert said(made, sections)[0] == "failed"
    assert said(made, sections)[1] in (code, "proof-invalid")


def test_one_of_several_anchors_that_fails_fails_the_step() -> None:
    made = world()
    sections = made.sections()
    whole = sections[0]["anchors"][0]
    broken = {**whole, "storage": whole["storage"][:-1]}
    for anchors in ([whole, broken], [broken, whole]):
        sections[0]["anchors"] = anchors
        assert said(made, sections) == ("failed", "proof-truncated")
    forged = made.xa.anchor_part(len(made.xa.entries), finality_key="a stranger")
    for anchors in ([whole, forged], [forged, whole]):
        sections[0]["anchors"] = anchors
        assert said(made, sections, 6)[0] == "passed"
        assert said(made, sections, 7) == ("failed", "signature-invalid")


def test_the_earliest_of_several_blocks_dates_a_section() -> None:
    made = world()
    sections = made.sections()
    size = len(made.xa.entries)
    sections[0]["anchors"] = [
        made.xa.anchor_part(size, time=START + 500),
        made.xa.anchor_part(size, time=START + 200),
    ]
    dated = next(one for one in judge(made, sections).statements if one.role == "subject")
    assert dated.operator == START + 200


def test_a_chain_without_an_operator_leaves_finality_open() -> None:
    made = world()
    chain = {name: member for name, member in made.xa.trusted_chain().items() if name != "operator"}
    assert said(made, made.sections(), 7, chains=[chain, made.xb.trusted_chain()]) == (
        "absent",
        "operator-unknown",
    )


@pytest.mark.parametrize("member", ["genesis", "chain"])
def test_an_operators_signature_is_of_one_chain(member: str) -> None:
    made = world()
    other = {"genesis": "0x" + "11" * 32, "chain": "eip155:31003"}[member]
    sections = made.sections()
    if member == "chain":
        sections[0]["anchors"][0]["chain"] = other
    chain = {**made.xa.trusted_chain(), member: other}
    assert said(made, sections, 7, chains=[chain, made.xb.trusted_chain()]) == ("failed", "signature-invalid")


def test_of_three_sections_each_extends_the_last_of_its_log() -> None:
    made = world()
    later = made.record("later", created=START + 12)
    sections, size = [made.xa.section([("enrolment", made.exporter_enrolment)])], len(made.xa.entries)
    first = size
    theirs = made.sections()[1]
    for role, statement in (("subject", made.subject), ("parent", later)):
        if role == "parent":
            made.xa.add(statement)
        made.filler()
        made.xa.anchor()
        extends = [one.hex() for one in tree_consistency(size, made.xa.leaves)]
        sections.append({**made.xa.section([(role, statement)]), "extends": extends})
        size = len(made.xa.entries)
    assert judge(made, [*sections, theirs]).step(5).outcome == "passed"
    sections[2]["extends"] = [one.hex() for one in tree_consistency(first, made.xa.leaves)]
    assert judge(made, [*sections, theirs]).step(5).code == "proof-invalid"

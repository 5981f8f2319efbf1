"""Anchors that do not show what they should; one attack a test."""

from tests.simulator import START, hexed, world
from tests.verify.attacking import judge


def test_an_operator_signature_for_another_block_does_not_count() -> None:
    made = world()
    sections = made.sections()
    later = made.xa.anchor_part(len(made.xa.entries), time=START + 111)
    sections[0]["anchors"][0]["finality"] = later["finality"]
    assert (judge(made, sections).step(7).outcome) == "failed"


def test_another_contract_at_the_address_is_refused() -> None:
    made = world()
    chain = {**made.xa.trusted_chain(), "codeHash": hexed(bytes(32))}
    report = judge(made, chains=[chain, made.xb.trusted_chain()])
    assert (report.step(6).outcome, report.step(6).code) == ("failed", "code-hash")


def test_a_rewritten_log_that_the_contract_never_took_is_not_anchored() -> None:
    made = world()
    made.xa.entries[0] = bytes(32)
    sections = made.sections()
    report = judge(made, sections)
    assert report.step(6).outcome == "failed"


def test_a_split_view_at_one_size_is_named() -> None:
    made = world()
    sections = made.sections()
    honest = made.xa.anchor_part(len(made.xa.entries))
    note = made.xa.checkpoint()
    made.xa.entries[0] = bytes(32)
    sections[0] = made.xa.section(
        [("subject", made.subject), ("enrolment", made.exporter_enrolment)], anchors=[]
    )
    sections[0]["anchors"] = [{**honest, "checkpoint": note.decode()}]
    report = judge(made, sections)
    assert (report.step(6).outcome, report.step(6).code) == ("failed", "split-view")


def test_an_anchor_that_ends_before_an_item_does_not_cover_it() -> None:
    made = world()
    made.xa.anchor(4)
    section = made.sections()[0]
    part = made.xa.anchor_part(4)
    section["anchors"] = [{**part, "checkpoint": made.xa.checkpoint(4).decode(), "consistency": []}]
    report = judge(made, [section, made.sections()[1]])
    assert (report.step(6).outcome, report.step(6).code) == ("failed", "anchor-too-small")

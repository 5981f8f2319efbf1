"""Sections of one log, and items that span them; one attack a test."""

import json

from ledger.core.canonical import encode
from ledger.verify.text import render
from tests.simulator import START, key, make, world
from tests.trees import tree_consistency
from tests.verify.attacking import judge, rebuilt


def test_a_later_section_must_extend_the_earlier_one_of_its_log() -> None:

    made = world()
    first = made.xa.section([("enrolment", made.exporter_enrolment)])
    size = len(made.xa.entries)
    made.filler()
    made.xa.anchor()
    second = made.xa.section([("subject", made.subject)])
    extends = [one.hex() for one in tree_consistency(size, made.xa.leaves)]
    theirs = made.xb.section([("acknowledgement", made.ack), ("enrolment", made.importer_enrolment)], size)
    true = [first, {**second, "extends": extends}, theirs]
    assert judge(made, true).verdict == "verified", render(judge(made, true))
    assert judge(made, [first, second, theirs]).step(1).code == "extends-missing"
    assert judge(made, [first, {**second, "extends": extends[:-1]}, theirs]).step(5).code == "proof-invalid"
    backwards = [second, {**first, "extends": extends}, theirs]
    assert judge(made, backwards).step(5).code == "not-ascending"


def test_one_id_for_two_statements_fails_the_format() -> None:
    made = world()
    twin = make(
        "TransferRecord",
        {**json.loads(encode(made.subject.subject)), "flow": "inbound"},
        made.exporter,
        "#2026",
        key("exporter"),
        START + 10,
        name="record",
    )
    made.xa.add(twin)
    items = [("subject", made.subject), ("enrolment", made.exporter_enrolment), ("parent", twin)]
    assert judge(made, rebuilt(made, items)).step(1).code == "id-reused"


def test_two_sections_of_one_log_at_one_size_do_not_ascend() -> None:
    made = world()
    first = made.xa.section([("enrolment", made.exporter_enrolment)])
    second = {**made.xa.section([("subject", made.subject)]), "extends": []}
    report = judge(made, [first, second, made.sections()[1]])
    assert (report.step(5).outcome, report.step(5).code) == ("failed", "not-ascending")

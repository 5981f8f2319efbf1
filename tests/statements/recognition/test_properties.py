"""What holds of every set of evidence: no order, no stranger and no single side makes a certificate good."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.statements.recognition import RecognitionReport
from tests.statements.recognition.drawn import EVERYBODY, OF_XA, STRANGERS, days, is_negative, worlds
from tests.statements.recognition.world import AUTHORITY, World, day, digest, domestic, mutual, onward

QUESTIONS = st.fixed_dictionaries(
    {"at": st.none() | days.map(day), "into": st.sampled_from(["XB", "XC", None])}
)


def outcomes(report: RecognitionReport) -> tuple[str, str, str]:
    return report.verdict, report.at.outcome, report.known.outcome


@settings(deadline=None, max_examples=60)
@given(worlds(onward(), EVERYBODY), QUESTIONS, st.randoms(use_true_random=False))
def test_no_order_of_arrival_changes_the_report(world: World, question: Any, chance: random.Random) -> None:
    shuffled = [*world.evidence, *world.evidence[:3]]
    chance.shuffle(shuffled)
    assert world.ask(evidence=shuffled, **question) == world.ask(**question)


@settings(deadline=None, max_examples=40)
@given(worlds(mutual(), EVERYBODY), QUESTIONS, st.data())
def test_of_two_copies_of_a_statement_the_earlier_counts(
    world: World, question: Any, data: st.DataObject
) -> None:
    held = data.draw(st.sampled_from(world.evidence))
    later = held._replace(proven=held.existed + 40 * 86_400)
    assert world.ask(evidence=[later, *world.evidence], **question) == world.ask(**question)


@settings(deadline=None, max_examples=80)
@given(worlds(onward(), EVERYBODY), QUESTIONS)
def test_leaving_out_what_is_not_negative_makes_nothing_good(world: World, question: Any) -> None:
    whole = world.ask(**question)
    for name, held in world.held.items():
        if name == "certificate" or is_negative(world, held):
            continue
        left = world.ask(evidence=[each for each in world.evidence if each.digest != held.digest], **question)
        if question["at"] is not None and whole.at.outcome != "valid":
            assert left.at.outcome != "valid", name
        if whole.known.outcome != "valid":
            assert left.known.outcome != "valid", name


@settings(deadline=None, max_examples=80)
@given(worlds(mutual(), OF_XA), st.booleans(), QUESTIONS.map(lambda question: {**question, "into": "XB"}))
def test_nothing_that_xa_signs_makes_the_recognition_of_xb_appear(
    world: World, kept: bool, question: Any
) -> None:
    name = "endorsement-xb" if kept else "recognition"
    evidence = [held for held in world.evidence if held.digest != digest(name)]
    report = world.ask(evidence=evidence, **question)
    assert report.verdict in {"UNKNOWN", "NOT_VALID_THEN"}
    for standing in (report.at, report.known):
        passed = {premise.code for premise in standing.premises if premise.outcome == "passed"}
        assert not passed & ({"IN_FORCE"} if kept else {"RECOGNISED", "IN_FORCE"})
        assert standing.outcome != "valid"


@settings(deadline=None, max_examples=80)
@given(worlds(mutual(), OF_XA), QUESTIONS.map(lambda question: {**question, "into": "XB"}))
def test_without_the_status_of_xb_nothing_that_xa_signs_supplies_it(world: World, question: Any) -> None:
    evidence = [held for held in world.evidence if held.digest != digest("list-xb")]
    assert world.ask(evidence=evidence, **question).known.outcome != "valid"


@settings(deadline=None, max_examples=80)
@given(st.data(), QUESTIONS)
def test_strangers_change_no_verdict(data: st.DataObject, question: Any) -> None:
    base = data.draw(
        st.sampled_from(
            [
                mutual(),
                onward(),
                domestic(),
                lacking("accreditation"),
                lacking("recognition"),
                lacking("list-body"),
                lacking("arrangement"),
                lapsed(),
            ]
        )
    )
    strangers = [*STRANGERS, AUTHORITY["XD"]]
    world = data.draw(worlds(base, strangers))
    assert outcomes(world.ask(**question)) == outcomes(base.ask(**question))
    assert world.ask(**question).at.moment == base.ask(**question).at.moment


def lacking(name: str) -> World:
    world = mutual()
    world.drop(name)
    return world


def lapsed() -> World:
    world = mutual()
    world.change("accreditation", valid_until=day(20))
    return world


@settings(deadline=None, max_examples=40)
@given(worlds(mutual(), EVERYBODY), st.sampled_from(["XB", None]))
def test_without_a_time_the_first_good_moment_is_found(world: World, into: str | None) -> None:
    # Half days are between all moments at which anything in this world begins or ends.
    report = world.ask(at=None, into=into)
    good = [
        half
        for half in range(85)
        if world.ask(at=day(half / 2), known=day(42), into=into).at.outcome == "valid"
    ]
    found = world.ask(at=None, known=day(42), into=into).at
    assert (found.outcome == "valid") == bool(good)
    if good:
        assert found.moment == day(good[0] / 2)
    assert report.known.moment == day(40)

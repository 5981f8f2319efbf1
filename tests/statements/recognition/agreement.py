"""Asking both: the rule as the ledger has it, and as the page spells it out; and what they differ in."""

from collections.abc import Iterable
from typing import Any

from ledger.statements.premises.standing import Standing
from ledger.statements.recognition import RecognitionReport, recognise
from tests.statements.recognition import naive
from tests.statements.recognition.world import World, digest


def told(report: RecognitionReport) -> naive.Answer:
    """A report without its words."""
    notices = tuple(sorted(notice.code for notice in report.notices))
    return naive.Answer(report.verdict, _said(report.at), _said(report.known), report.status_now, notices)


def _said(standing: Standing) -> naive.Said:
    premises = tuple((premise.code, str(premise.outcome)) for premise in standing.premises)
    return naive.Said(standing.moment, standing.outcome, premises, standing.effect, standing.limits)


def agreed(world: World, question: dict[str, Any]) -> naive.Answer:
    """What both say; fails with the smallest evidence on which they differ, where they do."""
    ours, spelt = _both(world, question)
    if ours != spelt:
        world = _smallest(world, question)
        ours, spelt = _both(world, question)
        assert ours == spelt, (question, sorted(world.held), _different(world))
    return spelt


def _both(world: World, question: dict[str, Any]) -> tuple[naive.Answer, naive.Answer]:
    asked: dict[str, Any] = {**question, "evidence": world.evidence, "trust": world.trust}
    certificate = digest("certificate")
    return told(recognise(certificate, **asked)), naive.answer(certificate, **asked)


def _smallest(world: World, question: dict[str, Any]) -> World:
    for name in [name for name in world.held if name != "certificate"]:
        less = world.copy()
        less.drop(name)
        ours, spelt = _both(less, question)
        if ours != spelt:
            world = less
    return world


def _different(world: World) -> Iterable[Any]:
    return [held for name, held in world.held.items() if name.startswith("extra")]

"""What step 11 found of decisions, in sentences of each language."""

from collections.abc import Iterable, Iterator

from ledger.services.render.messages import Messages, Words, clock, joined
from ledger.verify.report import JudgedDecision


def ruled_said(
    judged: Iterable[JudgedDecision], messages: Messages
) -> Iterator[tuple[JudgedDecision, list[Words]]]:
    """Each decision with what is said of it: what it says, whether that follows again, under which conditions."""
    for one in judged:
        yield one, list(_said(one, messages))


def _said(judged: JudgedDecision, messages: Messages) -> Iterator[Words]:
    measures = [
        messages.say("rules.measure", number=number, version=str(version))
        for number, version in judged.measures
    ]
    yield messages.say(
        "rules.lead",
        at=clock(judged.at),
        measures=joined(measures, ", ") if measures else messages.say("rules.noMeasure"),
        says=messages.say(f"decision.{judged.says}"),
    )
    key = f"ruled.{judged.code}"
    yield messages.say(key if messages.knows(key) else "ruled.other")
    if judged.conditions:
        conditions = joined([messages.coded("condition", code) for code in judged.conditions])
        yield messages.say("rules.conditions", conditions=conditions)
    if judged.at_transfer is not None and judged.at_transfer[1] != judged.says:
        moment, says = judged.at_transfer
        yield messages.say("rules.atTransfer", at=clock(moment), says=messages.say(f"decision.{says}"))

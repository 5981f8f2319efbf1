from typing import Any

import pytest

from ledger.statements.deciding.decide import decide
from ledger.statements.decision import SideDecision
from tests.deciding.by_hand import CASES, ByHand, Says


def said(side: SideDecision | None, numbers: dict[bytes, str]) -> list[Any] | None:
    if side is None:
        return None
    found = []
    for one in side.lines:
        reasons = [
            f"{numbers[each.measure]}/{each.rule}" + (" rule-error" if each.reason == "rule-error" else "")
            for each in one.reasons
        ]
        found.append(Says(one.outcome, sorted(reasons), one.missing))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_answer_is_the_one_written_by_hand(case: ByHand) -> None:
    decided = decide(case.record, case.measures, at=case.at)
    numbers = {each.digest: each.measure.number for each in case.measures}
    assert said(decided.outbound, numbers) == case.outbound
    assert said(decided.inbound, numbers) == case.inbound
    assert (decided.outcome, decided.strictest) == (case.outcome, case.strictest)
    assert (decided.mechanisms and list(decided.mechanisms)) == (case.mechanisms or decided.mechanisms)
    assert (decided.mechanisms is None, decided.declared) == (case.mechanisms is None, case.declared)


def test_no_name_stands_twice() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 40

"""Two verifiers, written apart from one page, tell the same of decisions drawn at random: step 11."""

from collections.abc import Iterable

import pytest

from ledger.verify import rules
from tests.campaign import count
from tests.differential.drawing import drawn
from tests.differential.process import Case, running
from tests.differential.telling import difference, python_report

CASES = count(2_000) // 200
"""Most of a case is to sign it."""
SHOWN = 8

pytestmark = pytest.mark.exhaustive


def disagreements(cases: Iterable[Case]) -> list[str]:
    found: list[str] = []
    with running() as node:
        for case, theirs in node.reports(cases):
            told = difference(case, theirs)
            if theirs.get("rules") != python_report(case)["rules"]:
                told.append("rules")
            if told:
                found.append(f"{case.name}: {'; '.join(told)}"[:600])
    return found


def test_both_tell_the_same_of_decisions_drawn_at_random() -> None:
    found = disagreements(drawn(number) for number in range(CASES))
    assert found == [], f"{len(found)} of {CASES}:\n" + "\n".join(found[:SHOWN])


def test_a_verifier_with_a_fault_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "DECISIONS", 0)
    assert disagreements([drawn(number) for number in range(3)]) != []

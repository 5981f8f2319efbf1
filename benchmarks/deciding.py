"""Deciding: what the engine adds to its rules, and what a line costs."""

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

from benchmarks.measure import Row, at_most, by_turns, microseconds
from ledger.statements.deciding import decide as engine
from ledger.statements.deciding.decide import Measures, decide
from ledger.statements.deciding.verdicts import Ruling, Verdict, verdict_of
from tests.deciding.china_cases import AT, MEASURES, cases, transfer_of
from tests.deciding.records import party, shipped

DECIDE_GOAL = 2.0
LINES = 200
CHINA = shipped(*MEASURES)


def rows() -> list[Row]:
    """All of it."""
    records = [transfer_of(case) for case in cases()]
    lines = [record["lines"][0] for record in records]
    whole = {**records[0], "exporter": party("exporter", "CN", "CN-SH+lingang")}
    whole["lines"] = [{**line, "line": number + 1} for number, line in enumerate(lines[-LINES:])]
    return [
        _engine(f"a record of {LINES} lines", [whole], LINES, DECIDE_GOAL),
        _engine(f"{len(records)} records of one line", records, len(records), None),
    ]


def _engine(what: str, records: list[dict[str, Any]], lines: int, goal: float | None) -> Row:
    """All of `decide` against the calls of rules that it makes."""
    calls: list[Callable[[], Verdict]] = []

    def noted(rulings: tuple[Ruling, ...], facts: dict[str, Any]) -> Verdict:
        calls.append(partial(verdict_of, rulings, dict(facts)))
        return verdict_of(rulings, facts)

    at_hand = Measures(CHINA)

    def whole() -> None:
        for record in records:
            decide(record, at_hand, at=AT)

    with patch.object(engine, "verdict_of", noted):
        whole()
    found = by_turns(whole, lambda: [call() for call in calls], calls=max(1, 400 // lines))
    told = f"deciding {microseconds(found.ours / lines)}, rules {microseconds(found.limit / lines)} a line"
    under = f"under the {len(CHINA)} shipped Chinese measures, against the bare calls of their rules"
    return at_most(f"{what} {under}", found, goal, told)

"""The cases of the other tests here as files for engines in other languages: `python -m tests.deciding.shared_cases`.

`rules/decisions.json`: every decision that test_decide and test_force make, with its measures;
`rules/expressions.json`: every expression of test_cel, with its value, or with the offset at which it is refused;
`rules/by-hand.json`: every case of by_hand, with the answer written there as `expected` and the whole decision as
`decision`.
"""

import json
from pathlib import Path
from types import FunctionType
from typing import Any
from unittest.mock import patch

from ledger.core.times import format_time
from ledger.statements.deciding.decide import Decided, Ready, decide
from ledger.statements.deciding.truth import FAULT, Missing
from tests.deciding import test_cel, test_decide, test_force
from tests.deciding.by_hand import CASES, Says
from tests.deciding.records import AT, NO_DIGEST

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "rules"


def decisions() -> str:
    """Every decision of test_decide and test_force."""
    cases: list[dict[str, Any]] = []
    measures: dict[str, dict[str, Any]] = {}
    judged = test_decide.judged

    def noted(record: dict[str, Any], *at_hand: Ready, at: int = AT) -> Decided:
        decided = judged(record, *at_hand, at=at)
        measures.update({each.digest.hex(): each.measure.subject for each in at_hand})
        given = {
            "at": format_time(at),
            "measures": [each.digest.hex() for each in at_hand],
            "transfer": record,
        }
        cases.append({"name": name, **given, "decision": decided.subject(NO_DIGEST)})
        return decided

    for module in (test_decide, test_force):
        with patch.object(module, "judged", noted):
            for test, run in vars(module).items():
                if test.startswith("test_") and isinstance(run, FunctionType):
                    name = test.removeprefix("test_").replace("_", " ")
                    run()
    return _rows({"measures": dict(sorted(measures.items()))}, cases)


def by_hand() -> str:
    """Every case of by_hand."""
    cases = []
    for case in CASES:
        expected: dict[str, Any] = {
            "outcome": case.outcome,
            "outbound": [_said(one) for one in case.outbound],
            "strictest": {"direction": case.strictest[0], "line": case.strictest[1]},
        }
        if case.inbound is not None:
            expected["inbound"] = [_said(one) for one in case.inbound]
        if case.mechanisms is not None:
            expected |= {"mechanisms": case.mechanisms, "declared": case.declared}
        cases.append(
            {
                "name": case.name,
                "at": format_time(case.at),
                "measures": [each.digest.hex() for each in case.measures],
                "transfer": case.record,
                "expected": expected,
                "decision": decide(case.record, case.measures, at=case.at).subject(NO_DIGEST),
            }
        )
    measures = {each.digest.hex(): each.measure.subject for case in CASES for each in case.measures}
    return _rows({"measures": dict(sorted(measures.items()))}, cases)


def _said(one: Says) -> dict[str, Any]:
    return {"outcome": one.outcome, "reasons": one.reasons, "missing": list(one.missing)}


def expressions() -> str:
    """Every expression of test_cel."""
    cases: list[dict[str, Any]] = []
    for test in (
        test_cel.test_an_expression_means_what_it_says,
        test_cel.test_what_is_missing_or_in_error_is_neither_true_nor_false_unless_the_rest_settles_it,
    ):
        cases += ({"text": text, "value": _value(value)} for text, value in _parameters(test))
    refused = _parameters(test_cel.test_what_is_no_expression_is_refused_at_its_place)
    cases += ({"text": text, "refusedAt": offset} for text, offset in refused)
    return _rows({"facts": test_cel.KNOWN}, cases)


def _parameters(test: Any) -> list[tuple[str, Any]]:
    (mark,) = test.pytestmark
    found: list[tuple[str, Any]] = mark.args[1]
    return found


def _value(value: object) -> object:
    if isinstance(value, Missing):
        return {"missing": sorted(value)}
    return FAULT.value if value is FAULT else value


def _rows(head: dict[str, Any], cases: list[dict[str, Any]]) -> str:
    rows = ",\n  ".join(json.dumps(case, separators=(",", ":")) for case in cases)
    return json.dumps(head, indent=1)[:-2] + ',\n "cases": [\n  ' + rows + "\n ]\n}\n"


FILES = {"by-hand.json": by_hand, "decisions.json": decisions, "expressions.json": expressions}

if __name__ == "__main__":
    for name, made in FILES.items():
        (FOLDER / name).write_text(made(), encoding="utf-8")

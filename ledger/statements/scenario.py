"""The scenario of a transfer or of a certificate: a code of a named list."""

from typing import Any, Final

from ledger.statements.codes import SCENARIOS
from ledger.statements.fields import URI, Text
from ledger.statements.shape import Object, Problem, rule, shown

OWN_SCHEME: Final = "urn:evidence-ledger:scenario:v1"
"""The neutral list of `ledger/rules/scenarios.json`; the lists of jurisdictions have names of their own."""


@rule("scheme", "code")
def _own_code_is_listed(scenario: dict[str, Any], at: str, found: list[Problem]) -> None:
    if scenario["scheme"] == OWN_SCHEME and scenario["code"] not in SCENARIOS:
        detail = f"{shown(scenario['code'])} is not a code of {OWN_SCHEME}"
        found.append(Problem(f"{at}/code", "not-in-list", detail))


SCENARIO_CODE = Text("a scenario code", r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", 64)
SCENARIO = Object(
    {"scheme": URI, "code": SCENARIO_CODE},
    {"version": Text("a version", r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", 32)},
    rules=(_own_code_is_listed,),
    recurring=True,
)

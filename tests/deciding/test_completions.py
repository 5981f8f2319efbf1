"""Against every value that what is missing may have: the engine says what all of them come to, or that it is open."""

import random
from typing import Any

from ledger.statements.deciding.decide import Ready, decide
from ledger.statements.scenario import OWN_SCHEME
from tests.campaign import count
from tests.deciding.naive_measures import STRICTNESS, WHENS, completions, direction_asks, direction_says
from tests.deciding.records import AT, rules
from tests.deciding.small_sets import SCENARIOS, draft, measures

LIST = {"scheme": "urn:example:list", "codes": ["a", "b", "unheard-of"]}
SETS = count(400)
SAFE = [when for when in sorted(WHENS) if "9007" not in when]
"""Those that no number puts in error."""
CODES = [f"{one['scheme']} {one['code']}" for one in SCENARIOS]


def made(members: list[dict[str, Any]]) -> list[Ready]:
    return [
        rules(*each["rules"], **{name: value for name, value in each.items() if name != "rules"})
        for each in members
    ]


def possible(record: dict[str, Any], of: list[dict[str, Any]]) -> set[str | None]:
    """What a direction's measures come to, whatever is missing is filled in with."""
    return {direction_says(of, asked) for asked in completions(record, of, CODES)}


def asked_of(record: dict[str, Any], of: list[dict[str, Any]]) -> set[str]:
    """Every condition that one of a direction's measures asks, whatever is missing is filled in with."""
    return {code for asked in completions(record, of, CODES) for code in direction_asks(of, asked)}


def test_whatever_is_missing_is_filled_in_with_the_answer_is_never_looser() -> None:
    settled = 0
    for seed in range(SETS):
        chance = random.Random(seed)
        out, into = measures(chance, "outbound", "XA", SAFE), measures(chance, "inbound", "XB", SAFE)
        record = draft(chance, missing=chance.choice([0.1, 0.2, 0.4]))
        decided = decide(record, made(out) + made(into), at=AT)
        sides = ((decided.outbound, out), (decided.inbound, into))
        assert {*decided.conditions} >= asked_of(record, out) | asked_of(record, into), seed
        for side, of in sides:
            outcomes = possible(record, of)
            said = None if side is None else side.outcome
            if side is decided.outbound and None in outcomes:
                outcomes = (outcomes - {None}) | {"indeterminate"}
            if len(outcomes) == 1:
                assert said in (*outcomes, "indeterminate"), (seed, outcomes, said)
                settled += said != "indeterminate"
            else:
                assert said == "indeterminate", (seed, outcomes, said)
    assert settled > SETS // 2


def test_where_nothing_is_missing_the_answer_is_what_the_measures_come_to() -> None:
    seen = set()
    for seed in range(SETS):
        chance = random.Random(-1 - seed)
        of = measures(chance, "outbound", "XA", sorted(WHENS))
        record = draft(chance, missing=0)
        scenario = record["lines"][0]["scenario"]
        if scenario["scheme"] != OWN_SCHEME:
            of.append({**of[0], "number": "XA-9", "rules": [], "vocabularies": [LIST]})
            for each in of:
                each["authority"] = of[0]["authority"]
        (outcome,) = possible(record, of)
        decided = decide(record, made(of), at=AT)
        assert decided.outcome == (outcome or "indeterminate"), seed
        assert [*decided.conditions] == sorted(asked_of(record, of)), seed
        seen.add(outcome)
    assert seen == {*STRICTNESS, None}

"""The rule agrees with the page that defines it, spelt out in naive.py, on named cases and on worlds at random."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.statements.recognition import Purpose
from tests.statements.recognition.agreement import agreed
from tests.statements.recognition.breaks import Break, every_break
from tests.statements.recognition.chance import Chance, question, world_of
from tests.statements.recognition.kinds import INTO, KINDS
from tests.statements.recognition.world import HOLDER, IMPORTER, OTHER_SCENARIO, SCENARIO, USE, day

MANY = max(400, settings().max_examples)
"""Worlds at random; a campaign has more."""

pytestmark = pytest.mark.exhaustive

BREAKS = every_break()
EXPECTED = {
    ("then", "failed"): ("NOT_VALID_THEN", "valid"),
    ("then", "absent"): ("UNKNOWN", "valid"),
    ("now", "failed"): ("VALID_THEN_NOT_NOW", None),
    ("now", "absent"): ("VALID", "not checked"),
    ("both", "failed"): ("NOT_VALID_THEN", None),
    ("both", "absent"): ("UNKNOWN", "not checked"),
    ("both", "passed"): ("VALID", "valid"),
}
"""Verdict and status now; None: the code."""
TIMES = [
    (day(30), day(30)),
    (None, day(40)),
    (day(25), day(35)),
    (day(25) - 1, day(35) - 1),
    (day(35), day(35)),
    (day(50), day(40)),
]
"""Further times to ask for: beside and at those at which breaks begin and end."""


def asked(kind: str, **members: Any) -> dict[str, Any]:
    return {"into": INTO.get(kind, "XB"), "purpose": USE, "at": day(30), "known": day(40), **members}


def test_every_kind_of_world_is_good_before_it_is_spoilt() -> None:
    for kind, make in KINDS.items():
        answer = agreed(make(), asked(kind))
        assert (answer.verdict, answer.status_now) == ("VALID", "valid"), (kind, answer)


@pytest.mark.parametrize("broken", BREAKS, ids=[each.id for each in BREAKS])
def test_what_is_broken_is_told_when_it_is_and_in_the_same_words(broken: Break) -> None:
    world = KINDS[broken.kind]()
    broken.change(world)
    answer = agreed(world, asked(broken.kind))
    told = (broken.code, broken.outcome)
    assert (told in answer.at.premises) == (broken.when != "now")
    assert (told in answer.known.premises) == (broken.when != "then")
    verdict, status_now = EXPECTED[broken.when, broken.outcome]
    assert answer.verdict == verdict
    if status_now is not None:
        assert answer.status_now == status_now
    for at, known in TIMES:
        agreed(world, asked(broken.kind, at=at, known=known))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_of_two_things_broken_both_tell_the_same(kind: str) -> None:
    breaks = [each for each in BREAKS if each.kind == kind][::9]
    for one, other in combinations(breaks, 2):
        world = KINDS[kind]()
        try:
            one.change(world)
            other.change(world)
        except KeyError:  # the first took away what the second changes
            continue
        agreed(world, asked(kind))


PURPOSES = {
    "nothing asked": None,
    "anything": Purpose(),
    "one scenario": Purpose(scenarios=frozenset({SCENARIO})),
    "two scenarios": Purpose(scenarios=frozenset({SCENARIO, OTHER_SCENARIO})),
    "a scenario nobody certifies": Purpose(
        scenarios=frozenset({("urn:evidence-ledger:scenario:v1", "other")})
    ),
    "sensitive data": Purpose(data_categories=frozenset({"sensitivePersonal"})),
    "another place": Purpose(destination="XE"),
    "as many as allowed": Purpose(persons=100_000, sensitive_persons=100_000),
    "one too many": Purpose(persons=100_001),
    "one too many, sensitive": Purpose(sensitive_persons=100_001),
    "an invoice": Purpose(document_type="einvoice/UBL-2.1"),
    "an unknown document": Purpose(document_type="einvoice/none"),
    "an unknown document beside data": Purpose(
        document_type="einvoice/none", scenarios=frozenset({SCENARIO})
    ),
    "its own standard": Purpose(standard="ISO/IEC 27701:2025"),
    "the other's standard": Purpose(standard="XB-PIMS 3"),
    "the next one's standard": Purpose(standard="XC-PRIV 1"),
    "the last one's standard": Purpose(standard="XD-DP 3"),
    "a standard of higher level": Purpose(standard="XB-PIMS 5"),
    "a level": Purpose(level=2),
    "a higher level": Purpose(level=3),
    "its family": Purpose(family="personalDataProtection"),
    "another family": Purpose(family="document"),
    "its holder": Purpose(parties=frozenset({HOLDER, IMPORTER})),
    "not its holder": Purpose(parties=frozenset({IMPORTER, (HOLDER[0], "XB")})),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("purpose", PURPOSES.values(), ids=PURPOSES)
def test_of_every_purpose_both_tell_the_same(kind: str, purpose: Purpose | None) -> None:
    for into in ("XA", "XB", "XC", "XD", None):
        agreed(KINDS[kind](), asked(kind, purpose=purpose, into=into))


@settings(max_examples=MANY)
@given(st.integers(0, 2**62))
def test_of_worlds_at_random_both_tell_the_same(number: int) -> None:
    chance = Chance(number)
    kind = chance.choice(sorted(KINDS))
    world = world_of(chance, kind)
    for _ in range(3):
        agreed(world, question(chance, kind))

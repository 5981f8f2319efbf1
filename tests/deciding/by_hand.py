"""Cases with answers written by hand from the sentences of docs/spec/deciding.md, before any engine was asked.

`python -m tests.deciding.shared_cases` writes them to `tests/vectors/rules/by-hand.json`, for engines in other
languages.  A reason is `number/rule` of its measure, by number: which digest is first no hand knows.
"""

from tests.deciding.by_hand_facts import FACTS, TOGETHER
from tests.deciding.by_hand_form import ByHand, Says
from tests.deciding.by_hand_rules import ORDERS, OVERRIDES, SILENCES

__all__ = ["CASES", "ByHand", "Says"]

CASES: list[ByHand] = [*SILENCES, *ORDERS, *FACTS, *OVERRIDES, *TOGETHER]

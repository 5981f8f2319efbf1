"""How much is decided at once: what is counted, where it ends, and that it takes no longer than a second."""

from time import process_time
from typing import Any
from unittest.mock import patch

import pytest

from ledger.errors import RefusedError
from ledger.statements.deciding import sides
from ledger.statements.deciding.cel import parse
from ledger.statements.deciding.decide import Ready, decide
from tests.deciding.records import AT, line, party, rule, rules, transfer

ASKS: dict[str, tuple[int, dict[str, Any]]] = {
    "nothing": (1, {}),
    "facts of a table": (
        4,
        {"table": {"grade": ["core"], "persons": {"count": {"below": 1}, "ytdCount": {"below": 1}}}},
    ),
    "operators": (9, {"when": "!(line.grade == 'core') && -1 + 2 - size(transfer.relations) in [1, 2]"}),
    "both": (3, {"table": {"grade": ["core"]}, "when": "line.persons.count > 0"}),
}
"""What a rule may ask, and the work that this is."""


@pytest.mark.parametrize("asked", ASKS)
def test_work_is_counted_by_what_rules_ask(asked: str) -> None:
    work, members = ASKS[asked]
    most = 2**18 // 200 // work
    lines = [line(n, "personal") for n in range(1, 201)]
    for count, fits in ((most, True), (most + 1, False)):
        ready = rules(*(rule(f"r{n}", "free", **members) for n in range(min(count, 1_000))))
        more = rules(*(rule(f"r{n}", "free", **members) for n in range(count - 1_000)), number="XA-2")
        assert is_decided(transfer(*lines), ready, more) is fits


def test_what_others_override_is_work_twice_and_they_are_too() -> None:
    under = rules(
        *(rule(f"r{n}", "prohibited", table={"grade": ["core"]}, delegable=n % 2 == 0) for n in range(100)),
        number="XA-U",
    )
    assert under.rulings[0].work == 2
    over = [rules(rule("1", "free"), number=f"XA-{n}", overrides=["XA-U"]) for n in range(7)]
    work = 200 + 7 + 100 + 7
    lines = [line(n) for n in range(1, 201)]
    fill = [rule(f"r{n}", "free") for n in range(2**18 // 200 - work + 1)]
    assert is_decided(transfer(*lines), under, *over, rules(*fill[1:], number="XA-F"))
    assert not is_decided(transfer(*lines), under, *over, rules(*fill, number="XA-F"))


def is_decided(record: dict[str, Any], *at_hand: Ready) -> bool:
    try:
        decide(record, at_hand, at=AT)
    except RefusedError as error:
        if error.code != "decision-too-large":
            raise
        return False
    return True


def test_measures_of_both_directions_share_what_is_decided_at_once() -> None:
    inward: dict[str, Any] = {
        "authority": party("authority", "XB"),
        "applies": {"direction": "inbound", "jurisdiction": "XB"},
    }
    lines = [line(n) for n in range(1, 201)]
    out = rules(*(rule(str(n), "free") for n in range(1_000)))
    into = [rule(str(n), "free") for n in range(2**18 // 200 - 1_000 + 1)]
    assert is_decided(transfer(*lines), out, rules(*into[1:], **inward))
    assert not is_decided(transfer(*lines), out, rules(*into, **inward))
    many = [rules(rule("1", "free"), number=f"XA-{n}") for n in range(200)]
    others = [rules(rule("1", "free"), number=f"XB-{n}", **inward) for n in range(57)]
    assert is_decided(transfer(), *many, *others[1:])
    assert not is_decided(transfer(), *many, *others)


def test_who_names_no_zone_is_asked_by_the_measures_of_none() -> None:
    of_zone = {"direction": "outbound", "jurisdiction": "XA", "zone": "XA-01"}
    everywhere = rules(rule("1", "prohibited", when="transfer.zone != ''"), rule("2", "free"))
    strict = rules(rule("1", "prohibited"), number="XA-Z", applies=of_zone)
    assert decide(transfer(), [everywhere, strict], at=AT).outcome == "free"
    there = transfer(exporter=party("exporter", "XA", "XA-01"))
    assert decide(there, [everywhere], at=AT).outcome == "prohibited"
    assert decide(there, [strict], at=AT).outcome == "prohibited"


UNKNOWN = " || ".join(["line.persons.count>0", "line.persons.ytdCount>0", "transfer.onwardAllowed"] * 11)
SLOW: dict[str, dict[str, Any]] = {
    "unknown facts in many operators": {"when": UNKNOWN},
    "sums": {"when": "line.persons.sensitiveCount" + "+1" * 99 + ">999"},
    "long lists": {"when": "line.persons.sensitiveCount in [" + ",".join(["1"] * 470) + "]"},
    "unknown facts in many rules": {"table": {"purpose": ["dpv:Marketing"]}},
}


@pytest.mark.parametrize("asked", SLOW)
def test_what_is_decided_at_all_is_decided_in_a_second(asked: str) -> None:
    one = rules(rule("1", "free", **SLOW[asked]))
    count = 2**18 // 200 // one.rulings[0].work
    slow = [
        rules(*(rule(str(n), "free", **SLOW[asked]) for n in range(part, count, 4)), number=f"XA-{part}")
        for part in range(4)
    ]
    lines = [line(n, "personal", persons={"sensitiveCount": 3}) for n in range(1, 201)]
    begun = process_time()
    decide(transfer(*lines), slow, at=AT)
    assert process_time() - begun < 1


def test_more_measures_than_are_decided_by_are_refused_before_they_are_held_against_each_other() -> None:
    many = [rules(rule("1", "free"), number=f"XA-{n}", overrides=[f"XA-{n}"]) for n in range(257)]
    with (
        patch.object(sides, "overriding", side_effect=AssertionError),
        pytest.raises(RefusedError) as refused,
    ):
        decide(transfer(), many, at=AT)
    assert refused.value.code == "decision-too-large"


def test_an_expression_is_read_once_for_each_text() -> None:
    text = "line.persons.count > 41"
    assert parse(text) is parse(text)

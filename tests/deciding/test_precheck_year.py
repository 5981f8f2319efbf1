"""The year of an exporter, record by record: sums, what is not known, thresholds that are reached, findings."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.statements.deciding.counters import SPLIT_SUSPECT, WINDOW, Sent, Threshold, tally
from ledger.statements.deciding.precheck_year import YTD_SHORT, Year, year_with, years
from tests.campaign import count
from tests.deciding.prechecking import CHINA, checked
from tests.deciding.records import AT, line, party, people, rule, rules, transfer

EXPORTER = ("DID", "did:web:exporter.example")
LIMIT = Threshold("count", 100)
CHINESE = party("exporter", "CN")
THOUSANDS = Threshold("count", 100_000)


def sent(number: int, persons: int | None, ytd: int | None = None, *, at: int = AT, **members: Any) -> Sent:
    said = {} if persons is None else people(persons)
    if ytd is not None:
        said["ytdCount"] = ytd
    return Sent(number.to_bytes(32), at, transfer(line(1, "personal", persons=said), **members))


def year(*records: Sent) -> Year:
    return year_with(records, EXPORTER, 2026, 0, [(LIMIT, "XA-1")])


def numbers(found: Year) -> list[int | None]:
    return [reached.persons for reached in found.after.values()]


def codes(found: Year) -> list[list[str]]:
    return [[finding.code for finding in reached.findings] for reached in found.after.values()]


@settings(max_examples=count(40), deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.none() | st.integers(0, 200), st.integers(0, 3)),
        min_size=1,
        max_size=8,
    )
)
def test_the_last_number_is_the_tally_of_the_year_and_a_threshold_is_reached_by_the_first_that_has_it(
    records: list[tuple[int, int | None, int]],
) -> None:
    made = [sent(place, persons, ytd, at=AT + late) for place, (persons, ytd, late) in enumerate(records, 1)]
    found = year(*made)
    assert found.last.persons == tally(made, EXPORTER, year=2026, offset=0).persons
    ordered = list(found.after.items())
    for place, (_, reached) in enumerate(ordered):
        sofar = sorted(made, key=lambda one: (one.at, one.digest))[: place + 1]
        assert reached.persons == tally(sofar, EXPORTER, year=2026, offset=0).persons
    first = next((digest for digest, one in ordered if (one.persons or 0) >= LIMIT.number), None)
    assert [crossed.by for crossed in found.crossed] == ([] if first is None else [first])


def test_after_a_record_that_does_not_say_its_persons_the_number_is_not_known_until_one_declares_it() -> None:
    found = year(sent(1, 10), sent(2, None), sent(3, 10), sent(4, 5, 40), sent(5, 1))
    assert numbers(found) == [10, None, None, 40, 41]
    assert [reached.sensitive for reached in found.after.values()] == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("category", "known"), [("sensitivePersonal", False), (None, False), ("nonPersonal", True)]
)
def test_a_line_that_may_have_sensitive_data_says_of_how_many_persons(
    category: str | None,
    known: bool,
) -> None:
    made = line(1, "personal")
    del made["category"]
    if category is not None:
        made["category"] = category
    found = year(Sent(bytes([1]) * 32, AT, transfer(made)))
    assert (found.last.sensitive is not None, found.last.persons is not None) == (known, known)


def test_what_says_less_than_went_before_and_says_or_adds_up_to_is_named_with_it() -> None:
    found = year(sent(1, 6), sent(2, 3), sent(3, 2, 4), sent(4, 2, 12))
    assert codes(found) == [[], [], [YTD_SHORT], []]
    (finding,) = found.after[(3).to_bytes(32)].findings
    assert (finding.total, finding.limit) == (4, 9)
    assert numbers(found) == [6, 9, 9, 12]


def test_records_that_together_reach_what_each_stays_below_are_all_named() -> None:
    found = year(*(sent(place, 40) for place in (1, 2, 3)), sent(4, 40, at=AT + WINDOW + 1))
    assert codes(found) == [[SPLIT_SUSPECT]] * 3 + [[]]
    later = [sent(place, 20, at=AT + WINDOW + 1) for place in (2, 3, 4)]
    assert codes(year(sent(1, 40), *later)) == [[]] * 4


def test_a_threshold_is_reached_by_that_very_number() -> None:
    assert [each.by for each in year(sent(1, 99), sent(2, 1)).crossed] == [(2).to_bytes(32)]


def test_a_draft_that_names_no_scenario_is_in_no_split() -> None:
    bare = sent(1, 40)
    del bare.transfer["lines"][0]["scenario"]
    assert codes(year(bare, sent(2, 40), sent(3, 40))) == [[], [], []]


def test_each_exporter_has_its_year_by_the_clocks_of_its_measures() -> None:
    east = rules(
        rule("1", "free", table={"persons": {"ytdCount": {"atLeast": 50}}}),
        requires={"exporterTimeZone": "+08:00"},
    ).measure
    at = 1_798_761_600 - 3_600  # an hour before 2027 by UTC
    other = transfer(line(1, "personal", persons=people(7)), exporter=party("other", "XA"))
    rows = [(sent(1, 60, at=at), [east]), (Sent((2).to_bytes(32), at, other), [])]
    found = years(rows, [sent(9, 1, at=AT)])
    assert [(each.exporter[1], each.year, each.offset, each.last.persons) for each in found] == [
        (EXPORTER[1], 2027, 8 * 3_600, 60), (other["exporter"]["id"], 2026, 0, 7),
    ]  # fmt: skip
    assert [crossed.number for crossed in found[0].crossed] == ["XA-1"]


def rooms(record: dict[str, Any], *history: Sent) -> tuple[int | None, int | None]:
    found = checked(record, *CHINA, history=history)
    return next((each.reached, each.left) for each in found.room if each.threshold == THOUSANDS)


def test_nobody_says_how_many_are_left_where_history_is_of_others_or_the_record_has_no_number() -> None:
    own = sent(1, 90_000, exporter=CHINESE)
    unsaid = transfer(line(1, "personal", persons=people(1_200)), exporter=CHINESE)
    assert rooms(unsaid, own) == (91_200, 8_799)
    assert rooms(unsaid, sent(1, 90_000, exporter=party("other", "CN"))) == (None, None)
    assert rooms(transfer(line(1, "personal"), exporter=CHINESE), own) == (None, None)
    nobody = {**unsaid, "exporter": {"jurisdiction": "CN"}}
    assert rooms(nobody, own) == (None, None)


def test_a_draft_is_told_what_it_says_less_than_and_what_it_is_a_part_of() -> None:
    before = [sent(place, 40_000, exporter=CHINESE) for place in (1, 2)]
    counts = people(40_000, ytdCount=41_000)
    record = transfer(line(1, "personal", persons=counts), exporter=CHINESE)
    found = checked(record, *CHINA, history=before)
    assert [(each.code, each.total, each.limit) for each in found.findings] == [
        (YTD_SHORT, 41_000, 80_000), (SPLIT_SUSPECT, 120_000, 100_000),
    ]  # fmt: skip
    short, split = found.subject()["findings"]
    assert short["records"] == [before[1].digest.hex()]
    assert (split["together"], split["records"]) == (3, [one.digest.hex() for one in before])
    assert checked(record, *CHINA).findings == ()

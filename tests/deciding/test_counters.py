import hashlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.times import parse_time
from ledger.statements.deciding.counters import (
    Sent,
    Tally,
    Threshold,
    decreases,
    room,
    splits,
    tally,
    thresholds_of,
    year_of,
)
from ledger.statements.scenario import OWN_SCHEME
from tests.deciding.records import line, party, shipped, transfer

EXPORTER = ("DID", "did:web:exporter.example")
EAST = 8 * 3_600
LIMIT = Threshold("count", 100)
DAY = 86_400
NEW_YEAR = parse_time("2025-12-31T16:00:00Z")
"""1 January 2026 in a zone of +08:00."""


def sent(at: int, persons: int, *, ytd: int | None = None, name: str = "", **members: Any) -> Sent:
    counts = {"count": persons, "sensitiveCount": 0}
    if ytd is not None:
        counts["ytdCount"] = ytd
    scenario = {"scheme": OWN_SCHEME, "code": members.pop("code", "veh.after-sales")}
    record = transfer(line(1, "personal", persons=counts, scenario=scenario), **members)
    return Sent(hashlib.sha256(f"{at} {persons} {ytd} {name}".encode()).digest(), at, record)


def count(*records: Sent, year: int = 2026) -> Tally:
    return tally(records, EXPORTER, year=year, offset=EAST)


def test_the_year_begins_in_the_zone_of_the_exporter() -> None:
    assert year_of(NEW_YEAR - 1, EAST) == 2025
    assert year_of(NEW_YEAR, EAST) == 2026
    assert year_of(NEW_YEAR, 0) == 2025
    records = (sent(NEW_YEAR - 1, 7), sent(NEW_YEAR, 5))
    assert count(*records, year=2025) == Tally(7, 0, 1)
    assert count(*records) == Tally(5, 0, 1)


def test_what_is_declared_counts_and_what_is_not_is_added() -> None:
    first, second = sent(NEW_YEAR, 10), sent(NEW_YEAR + 1, 10, ytd=15)
    assert count(first, second).persons == 15
    assert count(first, second, sent(NEW_YEAR + 2, 10)).persons == 25


def test_the_number_of_the_year_never_falls_and_a_smaller_one_is_a_finding() -> None:
    more, fewer = sent(NEW_YEAR, 10, ytd=90), sent(NEW_YEAR + 1, 10, ytd=40)
    assert count(fewer, more).persons == 90
    (finding,) = decreases([fewer, more], EXPORTER, year=2026, offset=EAST)
    assert (finding.code, finding.records) == ("YTD_DECREASED", (more.digest, fewer.digest))
    assert (finding.total, finding.limit) == (40, 90)
    january = sent(NEW_YEAR + 366 * DAY, 10, ytd=10)
    assert decreases([more, january], EXPORTER, year=2027, offset=EAST) == []


def test_a_record_that_was_replaced_counts_no_more() -> None:
    first = sent(NEW_YEAR, 10)
    assert count(first, sent(NEW_YEAR + 1, 4, supersedes=first.digest.hex())).persons == 4


def test_records_of_others_count_for_others() -> None:
    assert count(sent(NEW_YEAR, 10, exporter=party("another", "XA"))) == Tally(0, 0, 0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 400 * DAY), st.integers(0, 50), st.none() | st.integers(50, 99)), max_size=8
    )
)
def test_with_more_records_the_number_of_a_year_never_falls(drawn: list[tuple[int, int, int | None]]) -> None:
    records = [
        sent(NEW_YEAR + at, persons, ytd=ytd, name=str(place))
        for place, (at, persons, ytd) in enumerate(sorted(drawn, key=str))
    ]
    records.sort(key=lambda each: each.at)
    numbers = [count(*records[:some]).persons for some in range(len(records) + 1)]
    assert numbers == sorted(numbers)


def test_the_thresholds_of_the_shipped_rules_and_how_far_they_are() -> None:
    found = thresholds_of(each.measure for each in shipped("cn-2024-provisions"))
    assert found == {
        Threshold("count", 100_000),
        Threshold("count", 1_000_000),
        Threshold("sensitiveCount", 10_000),
    }
    left = dict(room(Tally(98_795, 10_000, 1), found))
    assert left == {Threshold("count", 100_000): 1_204, Threshold("count", 1_000_000): 901_204}


def suspects(*records: Sent) -> list[tuple[bytes, ...]]:
    found = splits(records, EXPORTER, year=2026, offset=EAST, thresholds=[LIMIT])
    assert all((finding.code, finding.limit) == ("SPLIT_SUSPECT", 100) for finding in found)
    return [finding.records for finding in found]


def test_records_that_reach_a_threshold_together_and_declare_less_are_a_finding() -> None:
    records = [sent(NEW_YEAR + day * DAY, 40) for day in range(3)]
    assert suspects(*reversed(records)) == [tuple(record.digest for record in records)]
    (finding,) = splits(records, EXPORTER, year=2026, offset=EAST, thresholds=[LIMIT])
    assert (finding.since, finding.until, finding.total) == (NEW_YEAR, NEW_YEAR + 2 * DAY, 120)


def test_records_that_stay_below_it_together_are_none() -> None:
    assert suspects(*(sent(NEW_YEAR + day, 33) for day in range(3))) == []


def test_records_that_declare_the_number_of_the_year_are_none() -> None:
    assert suspects(*(sent(NEW_YEAR + day, 40, ytd=200) for day in range(3))) == []


def test_records_further_apart_than_the_window_are_none() -> None:
    assert suspects(*(sent(NEW_YEAR + day * 16 * DAY, 40) for day in range(3))) == []


def test_records_to_others_or_about_another_scenario_are_none() -> None:
    first, second = sent(NEW_YEAR, 40), sent(NEW_YEAR + 1, 40)
    assert suspects(first, second, sent(NEW_YEAR + 2, 40, importer=party("other", "XB"))) == []
    assert suspects(first, second, sent(NEW_YEAR + 2, 40, code="veh.rd-test")) == []


def test_two_large_records_are_no_split_and_two_splits_are_two_findings() -> None:
    assert suspects(sent(NEW_YEAR, 60), sent(NEW_YEAR + 1, 60)) == []
    assert len(suspects(*(sent(NEW_YEAR + second, 40) for second in range(6)))) == 2

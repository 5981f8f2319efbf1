"""Times against the standard library, and every other spelling refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import times
from ledger.core.times import EARLIEST, LATEST, format_time, parse_time
from ledger.errors import MalformedError


@given(st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)))
def test_a_time_is_that_of_the_standard_library(moment: datetime) -> None:
    text = moment.strftime("%Y").zfill(4) + moment.strftime("-%m-%dT%H:%M:%SZ")
    assert parse_time(text) == int(moment.timestamp())
    assert format_time(int(moment.timestamp())) == text


@given(st.integers(EARLIEST, LATEST))
def test_what_is_written_is_read_back(posix: int) -> None:
    assert parse_time(format_time(posix)) == posix


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22",
        "2026-11-22T04:03:04",
        "2026-11-22T04:03:04z",
        "2026-11-22t04:03:04Z",
        "2026-11-22 04:03:04Z",
        "2026-11-22T04:03:04.0Z",
        "2026-11-22T04:03:04+00:00",
        "2026-11-22T04:03:60Z",
        "2016-12-31T23:59:60Z",
        "2026-11-22T04:60:04Z",
        "2026-11-22T24:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "+026-11-22T04:03:04Z",
        "2026-11-22T 4:03:04Z",
        "2026-11-22T04:03:0٤Z",
        "2026-11-22T04:03:04Z\n",
        "\ud800026-11-22T04:03:04Z",
    ],
)
def test_another_spelling_or_a_time_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_time(text)
    assert refused.value.code == "time-malformed"


def test_what_is_no_time_is_named() -> None:
    with pytest.raises(MalformedError, match=r'^"yesterday" is no time; one is written YYYY-MM-DDThh:mm:ssZ'):
        parse_time("yesterday")


def test_the_end_of_a_day_is_no_time_though_the_library_should_read_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Lenient(datetime):
        @classmethod
        def fromisoformat(cls, text: str) -> datetime:
            return datetime.fromisoformat(text.replace("T24:", "T00:")) + timedelta(days="T24:" in text)

    parse_time.cache_clear()
    monkeypatch.setattr(times, "datetime", Lenient)
    with pytest.raises(MalformedError):
        parse_time("2026-11-22T24:00:00Z")
    assert parse_time("2026-11-23T00:00:00Z") == 1_795_392_000
    parse_time.cache_clear()


def test_leap_days_follow_the_gregorian_rule() -> None:
    assert format_time(parse_time("2000-02-29T00:00:00Z") + 86_400) == "2000-03-01T00:00:00Z"
    assert format_time(parse_time("2024-02-29T00:00:00Z") + 86_400) == "2024-03-01T00:00:00Z"


@pytest.mark.parametrize("posix", [EARLIEST - 1, LATEST + 1])
def test_a_second_outside_four_digit_years_is_not_written(posix: int) -> None:
    with pytest.raises(MalformedError):
        format_time(posix)

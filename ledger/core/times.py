"""Times as documents write them, `YYYY-MM-DDThh:mm:ssZ`, and as the process counts them, POSIX seconds.

One text for one second: UTC only, no fraction, no second 60, four digits of the proleptic Gregorian year.
"""

from datetime import UTC, datetime
from functools import lru_cache

from ledger.core.canonical import quoted
from ledger.errors import MalformedError

EARLIEST = -62_167_219_200
"""POSIX seconds of 0000-01-01T00:00:00Z."""
LATEST = 253_402_300_799
"""POSIX seconds of 9999-12-31T23:59:59Z."""

_LENGTH = len("YYYY-MM-DDThh:mm:ssZ")
_PUNCTUATION = "--T::Z"
_DAYS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY, _LEAP_DAY = 2, 29
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1024)  # the dates of an enrolment are read by its shape, by its rules and by its reader
def parse_time(text: str) -> int:
    """POSIX seconds of `text`.

    Raises:
        MalformedError: `time-malformed`: another form, or a day or second that does not exist.
    """
    if len(text) == _LENGTH and text.isascii():
        if text[4] == text[7] == "-" and text[10] == "T" and text[13] == text[16] == ":" and text[19] == "Z":
            # In this form, and but for the year 0, the library's reader is as strict and several times as fast; but
            # that newer versions of it may read 24:00:00, as the next day's 00:00:00.
            try:
                since = datetime.fromisoformat(text) - _EPOCH
            except ValueError:
                pass
            else:
                if text[11:13] != "24":
                    return since.days * 86_400 + since.seconds
        digits = text[0:4] + text[5:7] + text[8:10] + text[11:13] + text[14:16] + text[17:19]
        punctuation = text[4] + text[7] + text[10] + text[13] + text[16] + text[19]
        if digits.isdigit() and punctuation == _PUNCTUATION:
            year, month, day = int(digits[0:4]), int(digits[4:6]), int(digits[6:8])
            hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:14])
            if _exists(year, month, day) and hour < 24 and minute < 60 and second < 60:  # noqa: PLR2004
                return ((_days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    raise MalformedError(
        f"{quoted(text)} is no time; one is written YYYY-MM-DDThh:mm:ssZ and exists", code="time-malformed"
    )


def format_time(posix: int) -> str:
    """Write POSIX seconds, `EARLIEST` to `LATEST`; the inverse of `parse_time`."""
    if not EARLIEST <= posix <= LATEST:
        raise MalformedError(f"time {posix} is outside the years 0000 to 9999", code="time-malformed")
    days, rest = divmod(posix, 86_400)
    hour, rest = divmod(rest, 3_600)
    minute, second = divmod(rest, 60)
    year, month, day = _civil_from_days(days)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"


def _exists(year: int, month: int, day: int) -> bool:
    if not 1 <= month <= 12 or day < 1:  # noqa: PLR2004
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= (_LEAP_DAY if leap and month == _FEBRUARY else _DAYS[month])


# The two below count in years that begin in March, so that the leap day is the last of its year;
# 719,468 days lie between 0000-03-01 and 1970-01-01, and 146,097 in every 400 years.


def _days_from_civil(year: int, month: int, day: int) -> int:
    year, month = (year, month - 3) if month > _FEBRUARY else (year - 1, month + 9)
    era, year = divmod(year, 400)
    return era * 146_097 + year * 365 + year // 4 - year // 100 + (153 * month + 2) // 5 + day - 1 - 719_468


def _civil_from_days(days: int) -> tuple[int, int, int]:
    era, day = divmod(days + 719_468, 146_097)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= year * 365 + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    year += era * 400
    return (year, month + 3, day + 1) if month < 10 else (year + 1, month - 9, day + 1)  # noqa: PLR2004

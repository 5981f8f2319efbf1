"""Drafts that the tests of prechecks ask about."""

from typing import Any

from ledger.statements.deciding.changes import Change
from ledger.statements.deciding.draft import draft_of
from ledger.statements.deciding.precheck import Precheck, precheck
from tests.deciding.china_cases import MEASURES
from tests.deciding.records import AT, line, people, shipped

CHINA = shipped(*MEASURES)


def personal(ytd: int | None = None, **members: Any) -> dict[str, Any]:
    counts = (
        people(1_200, ytdSensitiveCount=0)
        if ytd is None
        else people(1_200, ytdCount=ytd, ytdSensitiveCount=0)
    )
    return line(1, "personal", persons=counts, **members)


def checked(record: dict[str, Any], *measures: Any, at: int = AT, **more: Any) -> Precheck:
    draft, problems = draft_of(record)
    assert problems == []
    return precheck(draft, measures, at=at, **more)


def only(found: Precheck, fact: str) -> list[Change]:
    return [change for change in found.changes if change.fact == fact]

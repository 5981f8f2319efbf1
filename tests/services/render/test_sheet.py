"""What the page says, and above all what it does not say."""

from typing import Any

import pytest

from ledger.errors import MalformedError
from ledger.services.render.sheet import Sheet, sheet_of
from tests.services.render.sheets import GOOD, certificate, recognition, report, sheet

UNKNOWN = [*GOOD[:1], ("STATUS_UNKNOWN", "absent"), *GOOD[2:]]
SUSPENDED = [*GOOD[:1], ("SUSPENDED", "failed"), *GOOD[2:]]


def said(page: Sheet) -> str:
    """Everything on the page, one thing a line."""
    lines: list[str] = []

    def take(value: Any) -> None:
        if isinstance(value, str):
            lines.append(value)
        elif isinstance(value, tuple):
            for one in value:
                take(one)

    take(tuple(page))
    return "\n".join(lines)


def test_a_page_says_all_that_an_officer_asks_for() -> None:
    page = sheet("en")
    for told in (
        "did:web:exporter.example.xa",
        "did:web:body.example.xa",
        "PIP-2026-0042",
        "urn:example:scheme:cross-border-personal-data · 2.0",
        "ISO/IEC 27701:2025",
        "After-sales service of vehicles",
        "2026-11-22 00:00 UTC \N{EN DASH} 2029-11-22 00:00 UTC",
        "at most 100,000 persons; of these at most 0 with sensitive data",
        "Valid, and recognised in XB",
        "under conditions",
        "condition: data of residents of XB are stored in XB",
        "gap between the standards: no rule on minors",
        "whether the conditions are met",
        "Checked at 2026-12-01 09:30 UTC for the moment 2026-12-01 09:30 UTC.",
        "not later than 2026-11-22 04:03:31 UTC, by 2 witnesses",
        "did:web:trade.example.xb · 12",
        certificate().digest.hex(),
        "whether a later correction exists",
        "step 8, Partner's chain",
    ):
        assert told in said(page), told


@pytest.mark.parametrize(
    ("found", "tone", "headline"),
    [
        (recognition(), "good", "Valid, and recognised in XB"),
        (recognition(into=None), "good", "Valid in the state of its body"),
        (recognition("VALID_THEN_NOT_NOW", GOOD, SUSPENDED), "bad", "Was valid then, is not valid now"),
        (recognition("NOT_VALID_THEN", SUSPENDED), "bad", "Not valid"),
        (recognition("UNKNOWN", UNKNOWN), "open", "Validity could not be established"),
        (None, "open", "Signature and registration hold; validity was not checked"),
    ],
)
def test_the_headline_says_no_more_than_was_found(found: Any, tone: str, headline: str) -> None:
    page = sheet("en", found=found)
    assert (page.tone, page.headline) == (tone, (headline,))


def test_one_failed_step_makes_the_whole_page_say_so_whatever_recognition_says() -> None:
    statement = certificate()
    checked = report(statement, recognition(), verdict="not verified")
    broken = tuple(one._replace(outcome="failed") if one.step == 4 else one for one in checked.checks)
    page = sheet_of(statement, checked._replace(checks=broken), languages=("en",))
    assert (page.tone, page.headline) == ("bad", ("Not verified: the evidence does not hold",))
    assert "under conditions" not in said(page)


def test_a_required_step_that_is_missing_leaves_the_answer_open() -> None:
    statement = certificate()
    checked = report(statement, recognition(), verdict="not verified")
    assert sheet_of(statement, checked, languages=("en",)).tone == "open"


def test_a_certificate_that_ended_is_not_called_valid_where_nothing_else_is_known() -> None:
    statement = certificate()
    checked = report(
        statement, verdict="verified then, not now", status_now="expired at 2026-11-30T00:00:00Z"
    )
    page = sheet_of(statement, checked, languages=("en",))
    assert page.headline == ("Was valid then, is not valid now",)
    assert "expired at 2026-11-30T00:00:00Z" in said(page)


def test_a_suspension_is_the_reason_told_and_no_effect_is_promised() -> None:
    page = sheet("en", found=recognition("NOT_VALID_THEN", SUSPENDED))
    assert ("Reason: suspended.",) in page.lead
    assert "no recognition was shown" in said(page)


def test_a_status_that_was_not_checked_is_never_called_valid() -> None:
    page = sheet("en", found=recognition("UNKNOWN", UNKNOWN))
    (row,) = [row for part in page.parts for row in part.rows if row.label == ("Status now",)]
    assert row.values == (("not checked",),)


@pytest.mark.parametrize("found", [None, recognition()])
def test_what_was_not_checked_is_never_empty(found: Any) -> None:
    page = sheet("en", found=found)
    assert len(page.unchecked) >= 3
    assert any("only the evidence file" in one[0] for one in page.unchecked)
    if found is None:
        assert ("status, accreditation and recognition in another state",) in page.unchecked


def test_both_languages_say_everything_twice() -> None:
    both, english, chinese = sheet("en", "zh"), sheet("en"), sheet("zh")
    assert both.headline == (*english.headline, *chinese.headline)
    assert both.unchecked == tuple(
        one + other for one, other in zip(english.unchecked, chinese.unchecked, strict=True)
    )


def test_a_report_of_another_statement_makes_no_page() -> None:
    with pytest.raises(MalformedError) as refused:
        sheet_of(certificate(), report(certificate(certificateNumber="X-1")), languages=("en",))
    assert refused.value.code == "statement-other"

"""Suite-wide rules: with `--no-skips` (or STRICT=1) a skipped test fails, except where outside vectors are absent.

Property tests try the same examples in every run, but in a campaign (`EVIDENCE_CAMPAIGN`), which tries new ones.
"""

import os

import pytest
from hypothesis import settings

OUTSIDE_ABSENT = "outside vectors are not here"
"""How the one permitted reason begins; see tests/outside.py."""


if campaign := os.environ.get("EVIDENCE_CAMPAIGN"):
    settings.register_profile("campaign", deadline=None, max_examples=int(campaign))
    settings.load_profile("campaign")
else:
    settings.register_profile("suite", deadline=None, derandomize=True)
    settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips",
        action="store_true",
        default=os.environ.get("STRICT") == "1",
        help="a skipped test is a failure, except where outside vectors are absent (also: STRICT=1)",
    )


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that gives the reason; an expected failure is left as it is."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if OUTSIDE_ABSENT in reason:
        return
    report.outcome = "failed"
    report.longrepr = f"skipped, and skips are failures here (--no-skips): {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    if item.config.getoption("--no-skips"):
        refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    report = yield
    if collector.config.getoption("--no-skips"):
        refuse_skip(report)
    return report

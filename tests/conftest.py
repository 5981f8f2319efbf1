"""Suite-wide rules: with `--no-skips` (or STRICT=1) a skipped test fails, except where outside vectors are absent.

Property tests try the same examples in every run, but in a campaign (`EVIDENCE_CAMPAIGN`), which tries new ones.
Tests of thousands of inputs (property tests, and those marked `exhaustive`) go the same ways again and again: coverage
is not measured while they run, which halves their time.
"""

import gc
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.postgres import postgres  # noqa: F401 - a fixture for all

OUTSIDE_ABSENT = "outside vectors are not here"
"""How the one permitted reason begins; see tests/outside.py."""


os.environ.pop("DATABASE_URL", None)  # of somebody's own node, or of another program

if campaign := os.environ.get("EVIDENCE_CAMPAIGN"):
    settings.register_profile("campaign", deadline=None, max_examples=int(campaign))
    settings.load_profile("campaign")
else:
    settings.register_profile("suite", deadline=None, derandomize=True)
    settings.load_profile("suite")


gc.disable()  # until all is collected: what is made till then stays, and to look it through takes seconds


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def variables() -> dict[str, str]:
    """The environment, but for the name of what runs, which pytest itself changes in every test and then removes."""
    found = dict(os.environ)
    found["PYTEST_CURRENT_TEST"] = ""
    return found


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """What a command that runs in this process sets, such as `node serve`, is not there for the next test."""
    before = variables()
    yield
    if variables() != before:
        os.environ.clear()
        os.environ.update(before)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips",
        action="store_true",
        default=os.environ.get("STRICT") == "1",
        help="a skipped test is a failure, except where outside vectors are absent (also: STRICT=1)",
    )


def is_exhaustive(item: pytest.Item) -> bool:
    """Whether a test tries inputs by the thousand."""
    tried = getattr(item, "obj", None)
    return item.get_closest_marker("exhaustive") is not None or hasattr(tried, "hypothesis")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    coverage = sys.modules.get("coverage")
    measuring = None if coverage is None else coverage.Coverage.current()
    if measuring is None or not is_exhaustive(item):
        return (yield)
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()


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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.scheduling import ByNodes

    return ByNodes(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        from tests.scheduling import in_order

        items[:] = in_order(items)

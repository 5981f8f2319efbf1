"""A plugin of pytest: whatever other tests have verified, the verifier in TypeScript is asked as well.

    pytest -p tests.differential.watching tests/verify

What it finds is listed at the end, and makes the run fail.  Bundles that a test verifies while it has changed a
constant of the product are judged by the product's own in TypeScript, so such a test is no disagreement.
"""

import functools
from base64 import b64encode
from typing import Any

import pytest

from ledger.statements.premises.purpose import Purpose
from ledger.verify import fork_report, single, verifier
from tests.differential.process import Case, running
from tests.differential.telling import difference

_met: dict[tuple[Any, ...], Case] = {}
_found: list[str] = []
_running = "?"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember which test is running."""
    global _running  # noqa: PLW0603 - one process for the whole run
    _running = item.nodeid


def _purpose(asked: Purpose) -> dict[str, Any]:
    told: dict[str, Any] = {
        "scenarios": sorted(asked.scenarios),
        "dataCategories": sorted(asked.data_categories),
        "parties": sorted(asked.parties),
        "destination": asked.destination,
        "documentType": asked.document_type,
        "persons": asked.persons,
        "sensitivePersons": asked.sensitive_persons,
        "standard": asked.standard,
        "level": asked.level,
        "family": asked.family,
    }
    return {name: value for name, value in told.items() if value is not None}


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    asked: dict[str, Any] = {"now": given["now"]}
    for name in ("at", "into"):
        if given.get(name) is not None:
            asked[name] = given[name]
    if given.get("purpose") is not None:
        asked["purpose"] = _purpose(given["purpose"])
    content = given.get("content")
    if content is not None:
        asked["content"] = {name: digest.hex() for name, digest in content.files.items()}
        if content.openings is not None:
            from ledger.core.commitment import encode_openings

            asked["openings"] = b64encode(encode_openings(content.openings)).decode()
    if given.get("statement") is not None:
        asked["statement"] = b64encode(given["statement"]).decode()
    asked["require"] = list(given.get("require", ()))
    asked["requireNow"] = given.get("require_now", False)
    asked["beside"] = [b64encode(one).decode() for one in given.get("beside", ())]
    return asked


def _watch(module: Any, name: str) -> None:
    inner = getattr(module, name)

    @functools.wraps(inner)
    def watched(data: bytes, trust: Any, **given: Any) -> Any:
        given |= {part: tuple(given[part]) for part in ("require", "beside") if part in given}
        asked = _asked(given)
        alike = (data, trust.encoded, repr(sorted(asked.items())))
        _met.setdefault(alike, Case(_running, data, trust.encoded, asked))
        return inner(data, trust, **given)

    setattr(module, name, watched)


for _module, _name in (
    (verifier, "verify_bundle"),
    (single, "verify_receipt_file"),
    (single, "verify_statement_file"),
    (fork_report, "verify_fork"),
):
    _watch(_module, _name)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Ask for the reports on all that was met."""
    with running() as node:
        for case, theirs in node.reports(_met.values()):
            told = difference(case, theirs)
            if told:
                _found.append(f"{case.name}: " + "; ".join(told))
    if _found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was found."""
    terminalreporter.write_line(f"{len(_met)} inputs of both verifiers, {len(_found)} disagreements")
    for told in _found:
        terminalreporter.write_line(told)

"""A transfer that two jurisdictions hold, verified by somebody who believes neither by itself."""

import pytest

from ledger.verify.report import STEPS
from ledger.verify.text import render
from ledger.verify.verifier import verify_bundle
from tests.simulator import NOW, START, World, world


@pytest.fixture(scope="module")
def made() -> World:
    return world()


def test_a_true_bundle_verifies_and_says_what_was_not_checked(made: World) -> None:
    report = verify_bundle(made.bundle(), made.trust(), now=NOW)
    assert report.verdict == "verified", render(report)
    assert report.exit_status == 0
    outcomes = {number: report.step(number).outcome for number in STEPS}
    assert outcomes == {number: "passed" if number in (1, 3, 4, 5, 6, 7, 9) else "absent" for number in STEPS}
    assert all(check.code and check.detail for check in report.checks)
    assert report.not_checked == ("whether a later correction exists",)
    assert report.trust_hash == made.trust().list_hash


def test_only_the_operators_word_leaves_the_time_claimed_only(made: World) -> None:
    report = verify_bundle(made.bundle(), made.trust(), now=NOW)
    told = {dated.role: dated for dated in report.statements}
    assert {dated.grade for dated in told.values()} == {"claimed only"}
    assert {dated.proven for dated in told.values()} == {None}
    assert told["subject"].claimed == START + 10
    assert told["subject"].operator == START + 110
    assert report.step(7).code == "operator-only"
    assert "claimed only" in render(report)


def test_a_list_that_asks_for_attested_finality_is_not_content_with_the_operator(made: World) -> None:
    require = {"TransferRecord": {"steps": [1, 3, 4, 5, 6, 7, 9], "quorum": 0, "finality": "attested"}}
    report = verify_bundle(made.bundle(), made.trust(require=require), now=NOW)
    assert (report.step(7).outcome, report.step(7).code) == ("absent", "finality-insufficient")
    assert report.exit_status == 1


def test_a_chain_that_is_not_listed_is_not_counted(made: World) -> None:
    report = verify_bundle(made.bundle(), made.trust(chains=[made.xb.trusted_chain()]), now=NOW)
    assert report.step(6).code == "no-anchor"
    assert report.step(7).outcome == "absent"
    assert any("eip155:31001" in told for told in report.not_counted)
    assert report.verdict == "not verified"


def test_a_log_that_is_not_listed_is_absent_and_never_called_wrong(made: World) -> None:
    report = verify_bundle(made.bundle(), made.trust(logs=[made.xa.trusted_log()]), now=NOW)
    assert report.step(5).code == "log-unknown"
    assert all(check.outcome != "failed" for check in report.checks)
    assert report.verdict == "not verified"


def test_a_type_that_the_list_says_nothing_of_cannot_be_finished(made: World) -> None:
    report = verify_bundle(made.bundle(), made.trust(require={"ConformityCertificate": {}}), now=NOW)
    assert report.verdict == "could not finish"
    assert report.exit_status == 3
    assert report.unfinished == ("trust list requires nothing for TransferRecord",)


def test_a_stale_list_changes_no_step_but_knows_nothing_of_now(made: World) -> None:
    late = START + 40 * 86_400
    report = verify_bundle(made.bundle(), made.trust(), now=late)
    assert report.verdict == "verified"
    assert report.status_now == "not checked (trust-list-stale)"
    asked = verify_bundle(made.bundle(), made.trust(), now=late, require_now=True)
    assert asked.exit_status == 1


def test_the_users_request_only_adds_to_what_is_required(made: World) -> None:
    report = verify_bundle(made.bundle(), made.trust(), now=NOW, require=(2,))
    assert report.required == (1, 2, 3, 4, 5, 6, 7, 9)
    assert report.missing == ("2 content: absent (no-content)",)
    assert report.exit_status == 1


def test_the_text_has_one_line_for_each_step(made: World) -> None:
    lines = render(
        verify_bundle(made.bundle(), made.trust(), now=NOW), trust_name="xb.trust.json"
    ).splitlines()
    numbers = [int(line[7:9]) for line in lines if line.startswith(("passed", "failed", "absent"))]
    assert numbers == list(STEPS)
    assert lines[-1].startswith("VERIFIED  required: 1 3 4 5 6 7 9 (xb.trust.json, version 1, sha256 ")


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"\xff",
        b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b"c2sp",
        b"{" * 16_777_216,
    ],
    ids=[
        "empty",
        "object",
        "list",
        "null",
        "number",
        "text",
        "not utf-8",
        "deep",
        "deep objects",
        "other",
        "16 MiB",
    ],
)
def test_bytes_that_are_no_bundle_are_reported_and_nothing_else_is_looked_at(junk: bytes) -> None:
    report = verify_bundle(junk, world().trust(), now=NOW)
    assert report.step(1).outcome == "failed"
    assert report.verdict == "not verified"
    assert {report.step(number).outcome for number in STEPS if number != 1} == {"absent"}

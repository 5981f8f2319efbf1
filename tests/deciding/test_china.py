import hashlib
import json

import pytest

from ledger.statements.deciding.decide import decide
from ledger.statements.decision import ORDER, SHAPE
from ledger.statements.shape import problems
from tests.deciding.china_cases import AT, FILE, MEASURES, cases, document, name_of, transfer_of
from tests.deciding.naive_china import Case, answer
from tests.deciding.records import NO_DIGEST, shipped

CHINA = shipped(*MEASURES)
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]


def test_the_file_holds_every_case_as_the_naive_evaluator_and_the_engine_have_it() -> None:
    # Each boundary is decided twice: by the engine with the shipped rules, and straight from the text.
    assert FILE.read_text(encoding="utf-8") == document()


def test_the_file_holds_enough_cases_of_every_outcome_and_no_name_twice() -> None:
    assert len(CASES) >= 480
    assert {case["outcome"] for case in CASES} == set(ORDER) - {"prohibited"}
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_every_boundary_case_is_decided_as_the_cited_text_says() -> None:
    wrong = []
    for case in cases():
        outcome, reasons, missing = answer(case)
        decided = decide(transfer_of(case), CHINA, at=AT)
        (line,) = decided.outbound.lines
        found = {reason.reason for reason in line.reasons}
        if (line.outcome, list(line.missing)) != (outcome, missing) or not reasons & found:
            wrong.append(
                (name_of(case), outcome, sorted(reasons), missing, line.outcome, sorted(found), line.missing)
            )
    assert wrong == []


def test_a_settled_case_names_the_reason_of_the_text() -> None:
    for case in cases():
        outcome, reasons, _ = answer(case)
        (line,) = decide(transfer_of(case), CHINA, at=AT).outbound.lines
        if outcome != "indeterminate" and len(reasons) == 1:
            assert reasons <= {reason.reason for reason in line.reasons}, name_of(case)


def test_where_every_scenario_leads_to_one_outcome_an_unknown_one_is_still_missing() -> None:
    # A condition is asked once and not of every value in turn: that may say less than the text, and never more.
    case = Case("sensitivePersonal", "general", None, False, None, 100_000, 9_999, lingang=True)
    assert answer(case)[0] == "mechanismRequired"
    (line,) = decide(transfer_of(case), CHINA, at=AT).outbound.lines
    assert (line.outcome, line.missing) == ("indeterminate", ("line.scenario",))


@pytest.mark.parametrize(
    ("persons", "sensitive", "outcome", "article"),
    [
        (99_999, 0, "free", "Art. 5(1)(4)"),
        (100_000, 0, "mechanismRequired", "Art. 8(1)"),
        (999_999, 0, "mechanismRequired", "Art. 8(1)"),
        (1_000_000, 0, "assessmentRequired", "Art. 7(1)(2)"),
        (99_999, 1, "mechanismRequired", "Art. 8(1)"),
        (99_999, 9_999, "mechanismRequired", "Art. 8(1)"),
        (99_999, 10_000, "assessmentRequired", "Art. 7(1)(2)"),
    ],
)
def test_a_boundary_is_decided_with_its_article(
    persons: int, sensitive: int, outcome: str, article: str
) -> None:
    case = next(
        case
        for case in cases()
        if (case.persons, case.sensitive, case.critical, case.category)
        == (persons, sensitive, False, "personal")
    )
    (line,) = decide(transfer_of(case), CHINA, at=AT).outbound.lines
    assert line.outcome == outcome
    assert line.reasons[0].cite is not None
    assert line.reasons[0].cite.article == article


def test_every_decision_is_the_subject_of_a_statement_in_order_and_has_the_digest_of_the_file() -> None:
    digests = {case["name"]: case["decision"] for case in CASES}
    for case in cases():
        decided = decide(transfer_of(case), CHINA, at=AT)
        assert problems(SHAPE, decided.subject(NO_DIGEST)) == []
        assert hashlib.sha256(decided.canonical(NO_DIGEST)).hexdigest() == digests[name_of(case)]

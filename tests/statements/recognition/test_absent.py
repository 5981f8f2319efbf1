"""One thing missing at a time: each is absent by its own code, and nothing is said of the certificate."""

from typing import Any

import pytest

from ledger.statements.designation import AccreditorEntry
from ledger.statements.recognition import recognise
from tests.statements.recognition.cases import Change, case, list_of
from tests.statements.recognition.world import (
    ACCREDITOR,
    AUTHORITY,
    FORGER,
    STRANGER,
    against,
    codes,
    day,
    digest,
    mutual,
)

PASSED = [
    "IN_DATES",
    "GOOD",
    "ACCREDITED",
    "AUTHORITY_KNOWN",
    "RECOGNISED",
    "IN_FORCE",
    "DESIGNATED",
    "EQUIVALENT",
    "IN_SCOPE",
]


ABSENT = [
    case("no status reference", lambda w: w.change("certificate", status=None), "STATUS_UNKNOWN"),
    case("no list", lambda w: w.drop("list-body"), "STATUS_UNKNOWN"),
    case("a list of later", lambda w: list_of(w, "list-body", created=day(41)), "STATUS_UNKNOWN"),
    case("an expired list", lambda w: list_of(w, "list-body", days=20), "STATUS_LIST_EXPIRED"),
    case("a list too short", lambda w: list_of(w, "list-body", length=40), "STATUS_INDEX_RANGE"),
    case(
        "a list of another issuer",
        lambda w: w.resign("list-body", issuer=STRANGER[0]),
        "STATUS_LIST_OF_ANOTHER",
    ),
    case(
        "reinstated, and no list",
        lambda w: (w.status_change("c", "certificate", "reinstate"), w.drop("list-body")),
        "STATUS_UNKNOWN",
    ),
    case("no accreditation", lambda w: w.drop("accreditation"), "ACCREDITATION_MISSING"),
    case(
        "the accreditation it names is not there",
        lambda w: w.change("certificate", accreditation=(ACCREDITOR[0], digest("elsewhere"))),
        "ACCREDITATION_MISSING",
    ),
    case(
        "an accreditor nobody knows",
        lambda w: w.change("arrangement", accreditors=(AccreditorEntry("XA", "did:web:other.example.xa"),)),
        "ACCREDITOR_NOT_RECOGNISED",
    ),
    case("no word on the accreditation", lambda w: w.drop("list-accreditor"), "ACCREDITATION_STATUS_UNKNOWN"),
    case(
        "an expired list of accreditations",
        lambda w: list_of(w, "list-accreditor", created=day(0), days=20),
        "ACCREDITATION_STATUS_LIST_EXPIRED",
    ),
    case("an unknown country", lambda w: None, "AUTHORITY_UNKNOWN", into="XF"),
    case("a country that said nothing", lambda w: None, "NOT_RECOGNISED", into="XC"),
    case(
        "recognised by the wrong side",
        lambda w: w.resign("recognition", issuer=AUTHORITY["XA"][0], jurisdiction="XA"),
        "RECOGNITION_BY_WRONG_SIDE",
    ),
    case(
        "recognised in the name of the right side",
        lambda w: w.resign("recognition", jurisdiction="XA"),
        "RECOGNITION_BY_WRONG_SIDE",
    ),
    case("no word on the recognition", lambda w: w.drop("list-xb"), "RECOGNITION_STATUS_UNKNOWN"),
    case("no arrangement", lambda w: w.drop("arrangement"), "ARRANGEMENT_MISSING"),
    case("one side did not endorse", lambda w: w.drop("endorsement-xb"), "ARRANGEMENT_NOT_ENDORSED"),
    case(
        "an endorsement by another authority",
        lambda w: w.resign("endorsement-xb", issuer=AUTHORITY["XC"][0], jurisdiction="XC"),
        "ARRANGEMENT_NOT_ENDORSED",
    ),
    case(
        "an endorsement in the name of the right side",
        lambda w: w.resign("endorsement-xb", jurisdiction="XA"),
        "ARRANGEMENT_NOT_ENDORSED",
    ),
    case(
        "no accession",
        lambda w: w.change("arrangement", accession=True, parties=w.held["arrangement"].value.parties[:1]),
        "ARRANGEMENT_NOT_ENDORSED",
    ),
    case(
        "its scope was reduced, nobody says how",
        lambda w: list_of(w, "list-body", refreshed=[42]),
        "SCOPE_UNKNOWN",
    ),
]


def test_the_world_the_cases_start_from_is_good() -> None:
    report = mutual().ask()
    assert (report.verdict, codes(report), report.status_now) == ("VALID", PASSED, "valid")
    assert (report.at.outcome, report.at.effect, report.at.limits) == ("valid", "full", ())
    assert report.at.moment == day(30)
    assert report.known.moment == day(40)


@pytest.mark.parametrize(("change", "code", "question"), ABSENT)
def test_what_is_not_there_is_absent_by_its_code(change: Change, code: str, question: dict[str, Any]) -> None:
    world = mutual()
    change(world)
    report = world.ask(**question)
    assert against(report) == (code, "absent")
    assert report.verdict == "UNKNOWN"
    assert report.status_now == "not checked"


def test_all_premises_are_told_not_only_the_first_that_fails() -> None:
    world = mutual()
    world.status_change("c", "certificate", "suspend")
    world.change("recognition", valid_until=day(30))
    assert {"SUSPENDED", "RECOGNITION_EXPIRED"} <= set(codes(world.ask()))


def test_premises_rest_on_the_statements_that_decided() -> None:
    world = mutual()
    change = world.status_change("c", "certificate", "suspend")
    premise = world.ask().at.against
    assert premise is not None
    assert premise.rests_on == (digest("certificate"), change.digest)


def test_a_premise_that_passes_rests_on_all_it_needed() -> None:
    report = mutual().ask()
    rests = {digest for premise in report.at.premises for digest in premise.rests_on}
    assert rests == {held.digest for held in mutual().evidence}


def test_a_certificate_that_is_not_among_the_evidence_is_refused() -> None:
    from ledger.errors import MalformedError

    world = mutual()
    for unknown in (digest("x"), digest("recognition")):
        with pytest.raises(MalformedError) as refused:
            recognise(
                unknown,
                into="XB",
                purpose=None,
                at=None,
                known=day(40),
                evidence=world.evidence,
                trust=world.trust,
            )
        assert refused.value.code == "certificate-not-carried"


def test_the_name_of_a_foreign_authority_enrolled_at_home_speaks_for_nobody() -> None:
    world = mutual()
    world.drop("list-xb")
    world.status_list("forged-list", FORGER, created=day(20))
    assert against(world.ask()) == ("RECOGNITION_STATUS_LIST_OF_ANOTHER", "absent")
    world.drop("recognition")
    world.recognition("forged", by=FORGER)
    assert against(world.ask()) == ("RECOGNITION_BY_WRONG_SIDE", "absent")

"""Two times: when it mattered, and what is known; and what the evidence shows of when things were."""

import pytest

from ledger.statements.recognition import Held
from tests.statements.recognition.world import (
    AUTHORITY,
    BODY,
    USE,
    against,
    codes,
    day,
    digest,
    mutual,
)

USE_SCOPE = mutual().held["certificate"].value.scope._replace(scenarios=USE.scenarios)


def test_what_was_good_then_and_is_withdrawn_now_is_said_so() -> None:
    world = mutual()
    world.status_change("c", "certificate", "withdraw", created=day(35))
    report = world.ask()
    assert (report.verdict, report.status_now) == ("VALID_THEN_NOT_NOW", "withdrawn")
    assert (report.at.outcome, report.known.outcome) == ("valid", "invalid")


def test_what_is_learnt_later_is_not_held_against_who_could_not_know() -> None:
    world = mutual()
    world.status_change("c", "certificate", "withdraw", created=day(35))
    assert world.ask(known=day(34)).status_now == "valid"
    assert world.ask(known=day(35)).status_now == "withdrawn"


def test_a_withdrawal_left_out_never_makes_it_valid_past_the_last_list() -> None:
    world = mutual()
    world.status_list("list-body", BODY, created=day(10), days=25)
    report = world.ask()
    assert (report.verdict, report.status_now) == ("VALID", "not checked")
    assert report.not_checked[0] == "whether a later withdrawal exists that is not in this evidence"


def test_a_status_counts_from_when_it_is_shown_to_exist() -> None:
    world = mutual()
    world.status_change("c", "certificate", "suspend", created=day(25), effective=day(21), proven=day(33))
    report = world.ask(at=day(32))
    assert (report.verdict, report.status_now) == ("VALID_THEN_NOT_NOW", "suspended")
    assert [notice.code for notice in report.notices] == ["STATUS_BACK_DATED"]
    assert report.notices[0].rests_on == (digest("c"),)


@pytest.mark.parametrize(
    ("effective", "proven", "noticed"),
    [(-300, 86_400, False), (-301, 86_400, True), (0, 86_401, True), (0, None, False)],
)
def test_back_dated_is_what_claims_earlier_effect_or_is_proven_much_later(
    effective: int, proven: int | None, noticed: bool
) -> None:
    world = mutual()
    created = day(25)
    shown = None if proven is None else created + proven
    world.status_change(
        "c", "certificate", "suspend", created=created, effective=created + effective, proven=shown
    )
    assert bool(world.ask().notices) == noticed


def test_a_suspension_past_its_end_is_noticed() -> None:
    world = mutual()
    world.status_change("c", "recognition", "suspend", until=day(33))
    assert [notice.code for notice in world.ask(known=day(32)).notices] == []
    assert [notice.code for notice in world.ask(known=day(33)).notices] == ["SUSPENSION_OVERDUE"]


def test_the_last_word_on_suspension_counts() -> None:
    world = mutual()
    world.status_change("c", "certificate", "suspend", created=day(25))
    world.status_change("d", "certificate", "reinstate", created=day(27))
    assert [world.ask(at=day(number)).at.outcome for number in (24, 26, 28)] == ["valid", "invalid", "valid"]
    world.status_list("later", BODY, created=day(29), suspended=[42])
    assert against(world.ask()) == ("SUSPENDED", "failed")
    world.status_list("last", BODY, created=day(29.5))
    assert world.ask().verdict == "VALID"


def test_at_one_moment_what_suspends_counts() -> None:
    for first, second in (("suspend", "reinstate"), ("reinstate", "suspend")):
        world = mutual()
        world.status_change("c", "certificate", first, created=day(25))
        world.status_change("d", "certificate", second, created=day(25))
        assert against(world.ask()) == ("SUSPENDED", "failed")
        world.status_list("same", BODY, created=day(25))
        assert against(world.ask()) == ("SUSPENDED", "failed")


def test_a_withdrawal_is_for_good() -> None:
    world = mutual()
    world.status_change("c", "certificate", "withdraw", created=day(25))
    world.status_change("d", "certificate", "reinstate", created=day(26))
    world.status_list("later", BODY, created=day(27))
    assert against(world.ask()) == ("WITHDRAWN", "failed")
    world.drop("c")
    world.status_list("list-body", BODY, created=day(20), withdrawn=[42])
    assert against(world.ask()) == ("WITHDRAWN", "failed")


def test_a_list_that_never_was_in_force_takes_back_no_suspension() -> None:
    world = mutual()
    world.status_change("c", "certificate", "suspend", created=day(25))
    world.status_list("late", BODY, created=day(24), days=1)
    world.resign("late", proven=day(28))
    assert against(world.ask()) == ("SUSPENDED", "failed")


def test_an_index_is_reused_from_when_it_is() -> None:
    world = mutual()
    world.certificate("twin", created=day(29))
    assert world.ask(at=day(28)).verdict == "VALID_THEN_NOT_NOW"
    assert world.ask(at=day(28)).status_now == "status index reused"


def test_without_a_time_it_is_judged_when_it_first_was_good() -> None:
    world = mutual()
    report = world.ask(at=None)
    assert (report.at.moment, report.verdict) == (day(20), "VALID")
    world.status_change("c", "certificate", "suspend", created=day(15))
    world.status_change("d", "certificate", "reinstate", created=day(25))
    assert world.ask(at=None).at.moment == day(25)
    world.drop("d")
    assert (world.ask(at=None).at.moment, world.ask(at=None).verdict) == (day(40), "NOT_VALID_THEN")


def test_nothing_is_known_later_than_what_is_known() -> None:
    world = mutual()
    assert world.ask(at=day(60), known=day(40)).at.moment == day(40)


def test_the_edges_of_a_validity_are_its_first_second_and_not_its_last() -> None:
    world = mutual()
    world.change("certificate", valid_until=day(32))
    assert [world.ask(at=day(32) + late).at.outcome for late in (-1, 0)] == ["valid", "invalid"]
    assert [world.ask(at=day(20) + late).at.outcome for late in (-1, 0)] == ["invalid", "valid"]


def test_a_day_is_granted_between_claimed_and_proven() -> None:
    claimed = Held(b"", "", "", 1000, None, "XA")
    assert claimed.existed == 1000
    assert claimed._replace(proven=1000 + 86_400).existed == 1000
    assert claimed._replace(proven=1000 + 86_401).existed == 1000 + 86_401
    assert claimed._replace(operator=1000 + 86_401).existed == 1000 + 86_401
    assert claimed._replace(proven=1200, operator=999_999).existed == 1000
    assert claimed._replace(proven=900).existed == 1000


def test_a_recognition_replaced_by_another_does_not_come_back() -> None:
    world = mutual()
    world.recognition(
        "second",
        created=day(25),
        index=4,
        supersedes=digest("recognition"),
        effect="partial",
        scope=USE_SCOPE,
    )
    assert (world.ask().verdict, world.ask().at.effect, world.ask().at.limits) == (
        "VALID",
        "partial",
        ("partial",),
    )
    world.change("second", valid_until=day(28))
    assert against(world.ask()) == ("RECOGNITION_EXPIRED", "failed")
    assert world.ask(at=day(24)).verdict == "VALID_THEN_NOT_NOW"


def test_two_recognitions_that_say_the_same_both_count() -> None:
    world = mutual()
    world.recognition("again", created=day(25), index=4)
    assert world.ask().verdict == "VALID"
    world.status_change("c", "again", "suspend", created=day(28))
    assert against(world.ask()) == ("RECOGNITION_SUSPENDED", "failed")
    world.status_change("c", "again", "withdraw", created=day(28))
    assert world.ask().verdict == "VALID"


def test_the_report_is_told_in_json() -> None:
    world = mutual()
    world.status_change("c", "certificate", "suspend", created=day(35), until=day(36))
    told = world.ask().to_json()
    assert list(told) == ["verdict", "at", "known", "statusNow", "into", "notChecked", "notices"]
    assert told["at"]["moment"] == "2026-12-22T00:00:00Z"  # type: ignore[index]
    assert told["known"]["premises"][1]["code"] == "SUSPENDED"  # type: ignore[index]
    assert told["known"]["premises"][1]["restsOn"] == [digest("certificate").hex(), digest("c").hex()]  # type: ignore[index]
    assert "into" not in world.ask(into=None).to_json()


def test_no_sentence_has_a_capital_first_or_a_full_stop_last() -> None:
    world = mutual()
    world.status_change("c", "certificate", "suspend", created=day(35), until=day(36))
    world.drop("endorsement-xb", "list-xb")
    for premise in world.ask().known.premises:
        assert premise.detail[0] == premise.detail[0].lower(), premise
        assert not premise.detail.endswith("."), premise


def test_the_authority_of_another_place_takes_nothing_back() -> None:
    world = mutual()
    world.status_change("c", "certificate", "withdraw", by=AUTHORITY["XB"])
    world.status_change("d", "certificate", "withdraw", by=(BODY[0], "XE"))
    assert world.ask().verdict == "VALID"
    assert codes(world.ask())[1] == "GOOD"


def test_what_came_later_than_what_is_known_is_not_looked_at() -> None:
    assert against(mutual().ask(at=day(15), known=day(19))) == ("NOT_RECOGNISED", "absent")
    assert against(mutual().ask(at=day(15), known=day(20))) == ("RECOGNITION_NOT_YET", "failed")


def test_the_first_good_moment_may_be_one_that_a_statement_names() -> None:
    world = mutual()
    world.change("recognition", valid_from=day(24))
    assert world.ask(at=None).at.moment == day(24)
    world.status_change("c", "certificate", "suspend", created=day(22))
    world.status_change("d", "certificate", "reinstate", created=day(23), effective=day(26))
    assert world.ask(at=None).at.moment == day(26)


def test_a_reduction_that_is_told_settles_what_the_list_says() -> None:
    world = mutual()
    world.status_list("list-body", BODY, created=day(10), refreshed=[42])
    assert against(world.ask()) == ("SCOPE_UNKNOWN", "absent")
    world.status_change("c", "certificate", "reduceScope", scope=USE_SCOPE)
    assert world.ask().verdict == "VALID"

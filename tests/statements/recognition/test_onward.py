"""A recognition that rests on another one."""

import pytest

from tests.statements.recognition.cases import Change
from tests.statements.recognition.world import (
    STRANGER,
    against,
    codes,
    day,
    digest,
    onward,
)


def test_a_recognition_may_rest_on_another_as_deep_as_the_arrangement_says() -> None:
    report = onward(1).ask(into="XC")
    assert report.verdict == "VALID"
    assert codes(report)[-2:] == ["ONWARD", "IN_SCOPE"]
    assert report.at.limits == ("gap: no audit of suppliers",)
    assert against(onward(0).ask(into="XC")) == ("NOT_TRANSITIVE", "failed")


@pytest.mark.parametrize(
    ("change", "premise"),
    [
        (lambda w: w.drop("recognition"), ("ONWARD_MISSING", "absent")),
        (
            lambda w: w.status_change("c", "recognition", "suspend"),
            ("ONWARD_RECOGNITION_SUSPENDED", "failed"),
        ),
        (lambda w: w.drop("list-xb"), ("ONWARD_RECOGNITION_STATUS_UNKNOWN", "absent")),
        (lambda w: w.change("recognition", valid_until=day(30)), ("ONWARD_RECOGNITION_EXPIRED", "failed")),
        (lambda w: w.change("recognition", certificate=digest("x")), ("ONWARD_OF_ANOTHER", "failed")),
        (lambda w: w.drop("arrangement"), ("ONWARD_ARRANGEMENT_MISSING", "absent")),
        (lambda w: w.drop("endorsement-xa"), ("ONWARD_ARRANGEMENT_NOT_ENDORSED", "absent")),
        (
            lambda w: w.endorsement(
                "d", "XB", role="denunciation", created=day(28), toward=frozenset({"XA"})
            ),
            ("ONWARD_ARRANGEMENT_DENOUNCED", "failed"),
        ),
        (lambda w: w.change("recognition", onward=digest("recognition-xc")), ("NOT_TRANSITIVE", "failed")),
        (lambda w: w.change("recognition", jurisdiction="XA"), ("NOT_TRANSITIVE", "failed")),
        (
            lambda w: w.resign("recognition", issuer=STRANGER[0]),
            ("ONWARD_RECOGNITION_BY_WRONG_SIDE", "failed"),
        ),
        (lambda w: w.change("arrangement", designated=()), ("BODY_NOT_DESIGNATED", "failed")),
        (
            lambda w: w.change("arrangement-bc", equivalences=w.held["arrangement"].value.equivalences),
            ("EQUIVALENT", "passed"),
        ),
        (
            lambda w: w.change(
                "arrangement-bc", equivalences=w.held["arrangement-bc"].value.equivalences[1:]
            ),
            ("STANDARD_NOT_EQUIVALENT", "failed"),
        ),
    ],
)
def test_what_an_onward_recognition_rests_on_must_stand_too(change: Change, premise: tuple[str, str]) -> None:
    world = onward()
    change(world)
    report = world.ask(into="XC", purpose=None)
    assert premise in [(each.code, each.outcome) for each in report.at.premises]
    assert (report.verdict == "VALID") == (premise[1] == "passed")


def test_a_recognition_that_is_not_there_counts_as_a_hop() -> None:
    world = onward(1)
    world.change("recognition", onward=digest("elsewhere"))
    assert ("NOT_TRANSITIVE", "failed") in [
        (each.code, each.outcome) for each in world.ask(into="XC").at.premises
    ]
    world = onward(2)
    world.change("recognition", onward=digest("elsewhere"))
    world.change("arrangement", onward_depth=1)
    assert ("ONWARD_MISSING", "absent") in [
        (each.code, each.outcome) for each in world.ask(into="XC").at.premises
    ]

"""Identities: accepted by an authority of the other side, under an arrangement that maps the level."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.statements.identity_recognition import recognise_identity
from ledger.statements.recognition import RecognitionReport
from tests.statements.recognition.world import (
    AUTHORITY,
    FORGER,
    HOLDER,
    STRANGER,
    World,
    against,
    codes,
    day,
    digest,
    identified,
)

Change = Callable[[World], object]


def ask(world: World, **question: Any) -> RecognitionReport:
    asked = {"into": "XB", "at": day(30), "known": day(40), "of": "XA", **question}
    return recognise_identity(HOLDER[0], evidence=world.evidence, trust=world.trust, **asked)


def test_an_identity_that_was_recognised_counts_at_the_mapped_level() -> None:
    report = ask(identified())
    assert (report.verdict, report.status_now) == ("VALID", "valid")
    assert codes(report) == ["RECOGNISED", "CREDENTIAL_IN_DATES", "IN_FORCE", "MAPPED"]
    assert report.at.effect == "substantial"
    assert ask(identified(), at=None).at.moment == day(20)


def changed(**members: Any) -> Change:
    return lambda world: world.change("identity", **members)


@pytest.mark.parametrize(
    ("change", "premise"),
    [
        (lambda w: w.drop("identity"), ("UNRECOGNISED", "absent")),
        (
            lambda w: w.authorities.pop(AUTHORITY["XB"][0]) and w.drop("identity"),
            ("AUTHORITY_UNKNOWN", "absent"),
        ),
        (lambda w: w.resign("identity", issuer=AUTHORITY["XA"][0]), ("IDENTITY_BY_WRONG_SIDE", "absent")),
        (lambda w: w.resign("identity", jurisdiction="XA"), ("IDENTITY_BY_WRONG_SIDE", "absent")),
        (lambda w: w.status_change("c", "identity", "withdraw"), ("IDENTITY_WITHDRAWN", "failed")),
        (lambda w: w.status_change("c", "identity", "suspend"), ("IDENTITY_SUSPENDED", "failed")),
        (lambda w: w.drop("list-xb"), ("IDENTITY_STATUS_UNKNOWN", "absent")),
        (changed(valid_until=day(30)), ("IDENTITY_EXPIRED", "failed")),
        (changed(valid_from=day(31)), ("IDENTITY_NOT_YET", "failed")),
        (
            lambda w: w.identity("n", index=8, supersedes=digest("identity"), valid_until=day(29)),
            ("IDENTITY_EXPIRED", "failed"),
        ),
        (
            lambda w: w.change(
                "identity", credential=w.held["identity"].value.credential._replace(valid_until=day(30))
            ),
            ("CREDENTIAL_EXPIRED", "failed"),
        ),
        (
            lambda w: w.change(
                "identity", credential=w.held["identity"].value.credential._replace(valid_from=day(31))
            ),
            ("CREDENTIAL_NOT_YET_VALID", "failed"),
        ),
        (lambda w: w.drop("arrangement"), ("ARRANGEMENT_MISSING", "absent")),
        (lambda w: w.drop("endorsement-xa"), ("ARRANGEMENT_NOT_ENDORSED", "absent")),
        (lambda w: w.change("arrangement", binding=False), ("NO_LEGAL_BASIS", "failed")),
        (
            lambda w: w.endorsement("d", "XB", role="denunciation", created=day(28)),
            ("ARRANGEMENT_DENOUNCED", "failed"),
        ),
        (changed(level="low"), ("ASSURANCE_NOT_MAPPED", "failed")),
        (changed(mapped_level="high"), ("ASSURANCE_NOT_MAPPED", "failed")),
    ],
)
def test_what_is_against_an_identity_has_its_own_code(change: Change, premise: tuple[str, str]) -> None:
    world = identified()
    change(world)
    report = ask(world)
    if premise[0] == "IDENTITY_EXPIRED" and "n" in world.held:
        assert codes(report)[0] in {"IDENTITY_EXPIRED", "IDENTITY_SUPERSEDED"}
    else:
        assert against(report) == premise
    assert report.verdict == ("UNKNOWN" if premise[1] == "absent" else "NOT_VALID_THEN")


def test_after_a_withdrawal_it_counted_then_and_not_now() -> None:
    world = identified()
    world.status_change("c", "identity", "withdraw", created=day(35))
    report = ask(world)
    assert (report.verdict, report.status_now) == ("VALID_THEN_NOT_NOW", "identity withdrawn")


def test_a_lower_level_than_the_arrangement_gives_is_taken() -> None:
    world = identified()
    world.change("identity", mapped_level="low")
    assert (ask(world).verdict, ask(world).at.effect) == ("VALID", "low")


def test_of_several_the_best_counts() -> None:
    world = identified()
    world.identity("high", index=8, level="high", mapped_level="high")
    assert ask(world).at.effect == "high"
    world.status_change("c", "high", "suspend")
    assert (ask(world).verdict, ask(world).at.effect) == ("VALID", "substantial")


def test_the_same_name_in_another_country_is_another_party() -> None:
    assert ask(identified(), of="XB").verdict == "UNKNOWN"
    assert ask(identified(), of=None).verdict == "VALID"


def test_strangers_recognise_nobody() -> None:
    world = identified()
    world.drop("identity")
    for number, author in enumerate((STRANGER, FORGER, AUTHORITY["XA"], AUTHORITY["XC"])):
        world.identity(f"n{number}", by=author, index=10 + number)
    assert against(ask(world)) == ("IDENTITY_BY_WRONG_SIDE", "absent")


def test_no_order_of_arrival_changes_the_report() -> None:
    world = identified()
    world.identity("again", index=8)
    forward = ask(world)
    world.held = dict(reversed(world.held.items()))
    assert ask(world) == forward

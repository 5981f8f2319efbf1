"""Accreditations: renewed, chained, lapsed higher up; and the question at home."""

from ledger.statements.designation import AccreditorEntry
from tests.statements.recognition.cases import scheme
from tests.statements.recognition.world import (
    ACCREDITOR,
    USE,
    World,
    against,
    authority,
    codes,
    day,
    digest,
    domestic,
    mutual,
)


def test_a_renewed_accreditation_continues_the_one_it_replaces() -> None:
    world = mutual()
    world.change("accreditation", valid_until=day(28))
    world.accreditation("renewed", created=day(25), supersedes=digest("accreditation"))
    world.resign(
        "renewed",
        value=world.held["renewed"].value._replace(
            status=world.held["accreditation"].value.status._replace(index=8)
        ),
    )
    assert world.ask().verdict == "VALID"
    world.change("renewed", supersedes=None)
    assert against(world.ask()) == ("ACCREDITATION_LAPSED", "failed")


def test_an_accreditation_replaced_by_a_narrower_one_no_longer_counts() -> None:
    world = mutual()
    index = world.held["accreditation"].value.status._replace(index=8)
    world.accreditation(
        "narrower",
        created=day(25),
        supersedes=digest("accreditation"),
        status=index,
        schemes=scheme(versions=frozenset({"1.0"})),
    )
    assert against(world.ask()) == ("ACCREDITATION_SCOPE", "failed")
    assert world.ask(at=day(24)).verdict == "VALID_THEN_NOT_NOW"


def chained() -> World:
    """The accreditor is itself accredited by a root, and the arrangement relies on the root."""
    world = mutual()
    root = ("did:web:root.example.xa", "XA")
    world.change("accreditation", parent=digest("parent"))
    world.accreditation("parent", by=root, of=ACCREDITOR, created=day(-9))
    world.status_list("list-root", root, created=day(-9))
    world.change("arrangement", accreditors=(AccreditorEntry("XA", root[0]),))
    return world


def test_an_accreditor_counts_by_its_own_accreditation() -> None:
    assert chained().ask().verdict == "VALID"


def test_a_lapse_higher_up_takes_the_certificate_with_it() -> None:
    world = chained()
    world.status_change("c", "parent", "withdraw")
    assert against(world.ask()) == ("ACCREDITATION_WITHDRAWN", "failed")
    assert world.ask(at=day(24)).verdict == "VALID_THEN_NOT_NOW"
    world.drop("c")
    world.change("parent", valid_until=day(30))
    assert against(world.ask()) == ("ACCREDITATION_LAPSED", "failed")
    world.drop("parent")
    assert against(world.ask()) == ("ACCREDITOR_NOT_RECOGNISED", "absent")


def test_accreditors_that_accredit_each_other_are_a_cycle() -> None:
    world = chained()
    world.accreditation("parent", by=("did:web:b.example.xa", "XA"), of=ACCREDITOR, parent=digest("grand"))
    world.accreditation(
        "grand",
        by=ACCREDITOR,
        of=("did:web:b.example.xa", "XA"),
        parent=digest("parent"),
        status=world.held["accreditation"].value.status._replace(index=8),
    )
    assert against(world.ask()) == ("ACCREDITOR_NOT_RECOGNISED", "absent")
    world.change("certificate", accreditation=(ACCREDITOR[0], digest("accreditation")))
    assert against(world.ask()) == ("ACCREDITATION_CYCLE", "failed")


def test_accreditations_deeper_than_eight_parents_are_a_cycle() -> None:
    def of_depth(depth: int) -> World:
        world = mutual()
        below, author = "accreditation", ACCREDITOR
        for step in range(depth):
            above = (f"did:web:up{step}.example.xa", "XA")
            world.change(below, parent=digest(f"up{step}"))
            world.accreditation(f"up{step}", by=above, of=author)
            world.status_list(f"list{step}", above, created=day(0))
            below, author = f"up{step}", above
        world.change("arrangement", accreditors=(AccreditorEntry("XA", author[0]),))
        world.change("certificate", accreditation=(ACCREDITOR[0], digest("accreditation")))
        return world

    assert of_depth(8).ask().verdict == "VALID"
    assert against(of_depth(9).ask()) == ("ACCREDITATION_CYCLE", "failed")


def test_at_home_the_trust_list_names_the_accreditor() -> None:
    world = domestic()
    report = world.ask(into=None)
    assert (report.verdict, codes(report)) == ("VALID", ["IN_DATES", "GOOD", "ACCREDITED", "IN_SCOPE"])
    assert "whether another jurisdiction recognises it" in report.not_checked
    assert world.ask(into="XA").at == report.at
    world.authorities[ACCREDITOR[0]] = authority(ACCREDITOR[0], "XB", "accreditor")
    assert against(world.ask(into=None)) == ("ACCREDITOR_NOT_RECOGNISED", "absent")
    world.change("certificate", accreditation=(ACCREDITOR[0], digest("accreditation")))
    assert against(world.ask(into=None)) == ("ACCREDITOR_NOT_RECOGNISED", "failed")


def test_at_home_a_use_may_ask_for_a_standard_and_a_level() -> None:
    world = domestic()
    world.change("certificate", level=2)
    asks = USE._replace(standard="ISO/IEC 27701:2025", level=2)
    assert "EQUIVALENT" in codes(world.ask(into=None, purpose=asks))
    other = world.ask(into=None, purpose=asks._replace(standard="XB-PIMS 3"))
    assert against(other) == ("STANDARD_NOT_EQUIVALENT", "failed")
    assert against(world.ask(into=None, purpose=asks._replace(level=3))) == ("INSUFFICIENT_LEVEL", "failed")


def test_the_name_of_an_accreditor_in_another_country_is_another_accreditor() -> None:
    world = mutual()
    world.resign("accreditation", jurisdiction="XE")
    world.resign("list-accreditor", jurisdiction="XE")
    assert against(world.ask()) == ("ACCREDITOR_NOT_RECOGNISED", "absent")

"""Arrangements: who is in force toward whom, whom they designate, what they leave open."""

from ledger.statements.arrangement import Equivalence
from ledger.statements.designation import Designation
from tests.statements.recognition.world import (
    AUTHORITY,
    BODY,
    USE,
    against,
    authority,
    by_two_ways,
    day,
    digest,
    mutual,
)


def test_a_third_state_that_leaves_takes_only_its_own_pairs() -> None:
    world = mutual()
    world.arrangement(parties=("XA", "XB", "XC"))
    world.endorsement("endorsement-xc", "XC")
    world.recognition("recognition-xc", side="XC", index=5)
    world.status_list("list-xc", AUTHORITY["XC"], created=day(20))
    assert world.ask(into="XC").verdict == "VALID"
    world.endorsement("leaves", "XC", role="denunciation", created=day(28))
    assert against(world.ask(into="XC")) == ("ARRANGEMENT_DENOUNCED", "failed")
    assert world.ask(into="XB").verdict == "VALID"


def test_a_state_accedes_where_the_text_lets_it() -> None:
    world = mutual()
    world.recognition("recognition-xc", side="XC", index=5)
    world.status_list("list-xc", AUTHORITY["XC"], created=day(20))
    world.endorsement("accedes", "XC", role="accession", created=day(6))
    assert against(world.ask(into="XC")) == ("NOT_A_PARTY", "failed")
    world.change("arrangement", accession=True)
    assert world.ask(into="XC").verdict == "VALID"
    world.change("accedes", role="party")
    assert against(world.ask(into="XC")) == ("ARRANGEMENT_NOT_ENDORSED", "absent")


def test_a_side_that_left_may_join_again() -> None:
    world = mutual()
    world.endorsement("leaves", "XA", role="denunciation", created=day(25))
    world.endorsement("joins", "XA", created=day(28))
    assert against(world.ask(at=day(27))) == ("ARRANGEMENT_DENOUNCED", "failed")
    assert world.ask(at=day(29)).verdict == "VALID"
    world.change("joins", begins=day(25))
    world.resign("joins", created=day(25))
    assert against(world.ask(at=day(29))) == ("ARRANGEMENT_DENOUNCED", "failed")


def test_who_leaves_before_the_arrangement_enters_into_force_has_left() -> None:
    world = mutual()
    world.endorsement("leaves", "XB", role="denunciation", created=day(4.5))
    assert against(world.ask()) == ("ARRANGEMENT_DENOUNCED", "failed")


def test_a_denunciation_may_be_taken_back_before_it_begins() -> None:
    world = mutual()
    world.endorsement("leaves", "XA", role="denunciation", created=day(22), begins=day(28))
    assert against(world.ask()) == ("ARRANGEMENT_DENOUNCED", "failed")
    world.endorsement("stays", "XA", created=day(24), supersedes=digest("leaves"))
    assert world.ask().verdict == "VALID"


def test_a_body_is_designated_by_the_endorsement_of_its_side() -> None:
    world = mutual()
    designation = (Designation("XA", BODY[0], day(5), None, None),)
    world.change("arrangement", designated=())
    world.change("endorsement-xa", designated=designation)
    assert world.ask().verdict == "VALID"
    world.endorsement(
        "again", "XA", created=day(26), supersedes=digest("endorsement-xa"), designated=designation
    )
    assert world.ask().verdict == "VALID"
    world.change("again", designated=())
    assert against(world.ask()) == ("BODY_NOT_DESIGNATED", "failed")
    assert world.ask(at=day(25)).verdict == "VALID_THEN_NOT_NOW"


def test_no_side_designates_the_bodies_of_another() -> None:
    world = mutual()
    world.change("arrangement", designated=())
    world.change("endorsement-xb", designated=(Designation("XA", BODY[0], day(5), None, None),))
    assert against(world.ask()) == ("BODY_NOT_DESIGNATED", "failed")


def test_gaps_conditions_and_reservations_are_limits() -> None:
    world = mutual()
    gaps = ("no audit of suppliers", "no test of backups")
    equal = Equivalence("ISO/IEC 27701:2025", "XB-PIMS 3", "both", None, gaps)
    closer = equal._replace(b="XB-PIMS 2", gaps=gaps[:1])
    world.change(
        "arrangement",
        equivalences=(equal, closer),
        subject={"parties": [{"jurisdiction": "XB", "reservations": ["courts"]}, {"jurisdiction": "XA"}]},
    )
    world.change("endorsement-xa", subject={"reservations": ["zones"]})
    world.change("recognition", effect="conditional", conditions=("report each month",))
    report = world.ask()
    assert report.at.effect == "conditional"
    assert report.at.limits == (
        "condition: report each month",
        "gap: no audit of suppliers",
        "reservation of XA: zones",
        "reservation of XB: courts",
    )
    assert "whether the conditions are met" in report.not_checked
    assert world.ask(purpose=USE._replace(standard="XB-PIMS 3")).at.limits[1:3] == tuple(
        f"gap: {g}" for g in gaps
    )


def test_a_party_joins_by_the_authority_that_the_text_names() -> None:
    world = mutual()
    other = authority("did:web:ministry.example.xb", "XB")
    world.authorities[other.id] = other
    world.resign("endorsement-xb", issuer=other.id)
    assert against(world.ask()) == ("ARRANGEMENT_NOT_ENDORSED", "absent")


def test_a_text_designates_nobody_before_it_exists() -> None:
    world = mutual()
    world.resign("arrangement", created=day(12))
    assert against(world.ask()) == ("BODY_NOT_DESIGNATED", "failed")


def test_of_two_ways_to_a_standard_the_one_with_fewer_gaps_counts() -> None:
    gaps = (("no audit", "no test"), ("no audit",), ("no audit", "no drill"))
    equal = mutual().held["arrangement"].value.equivalences[0]
    world = mutual()
    world.change("arrangement", equivalences=tuple(equal._replace(gaps=each) for each in gaps))
    assert world.ask().at.limits == ("gap: no audit",)


def test_of_two_ways_with_as_many_gaps_the_first_in_the_texts_order_counts() -> None:
    assert by_two_ways().ask(into="XC").at.limits == ("gap: first", "gap: fourth")


def test_a_way_that_asks_for_less_is_taken_where_the_level_is_low() -> None:
    equal = mutual().held["arrangement"].value.equivalences[0]
    world = mutual()
    lower = equal._replace(minimum_level=1, gaps=("no audit",))
    world.change("arrangement", equivalences=(equal._replace(minimum_level=2), lower))
    world.change("certificate", level=1)
    assert world.ask().at.limits == ("gap: no audit",)
    world.change("certificate", level=2)
    assert world.ask().at.limits == ()

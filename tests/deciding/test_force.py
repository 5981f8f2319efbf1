from typing import Any

from ledger.statements.deciding.decide import Measures, Ready, decide
from tests.deciding.records import AT, line, party, people, rule, rules, transfer
from tests.deciding.test_decide import FORBID, FREE, judged


def test_a_measure_is_in_force_from_its_first_second_until_before_its_last() -> None:
    measure = rules(FREE, effectiveFrom="2026-11-22T04:00:00Z", effectiveUntil="2026-11-22T04:00:01Z")
    assert [judged(transfer(), measure, at=AT + later).outcome for later in (-1, 0, 1)] == [
        "indeterminate",
        "free",
        "indeterminate",
    ]


def test_a_later_version_takes_the_place_of_the_earlier_and_keeps_it_when_it_ends() -> None:
    first = rules(FREE)
    second = rules(
        FORBID,
        version=2,
        supersedes=first.digest.hex(),
        effectiveFrom="2026-03-01T00:00:00Z",
        effectiveUntil="2026-11-22T04:00:01Z",
    )
    assert judged(transfer(), first, second).outcome == "prohibited"
    assert judged(transfer(), first, second, at=AT + 1).outcome == "indeterminate"


def test_a_version_of_another_direction_zone_kind_or_number_takes_no_place() -> None:
    cohort = {"parties": [{"scheme": "DID", "id": "did:web:a"}], "sunset": "2030-01-01T00:00:00Z"}
    first = rules(FORBID)
    others: list[dict[str, Any]] = [
        {"applies": {"direction": "inbound", "jurisdiction": "XA"}},
        {"applies": {"direction": "outbound", "jurisdiction": "XA", "zone": "XA-01"}},
        {"kind": "threshold"},
        {"kind": "pilot", "pilot": cohort},
        {"number": "XA-2"},
    ]
    for members in others:
        second = rules(FREE, version=2, supersedes=first.digest.hex(), **members)
        assert judged(transfer(), first, second).outcome == "prohibited"


def test_a_pilot_with_another_cohort_takes_the_place_of_the_one_before() -> None:
    cohort = {
        "parties": [{"scheme": "DID", "id": "did:web:exporter.example"}],
        "sunset": "2030-01-01T00:00:00Z",
    }
    first = rules(FREE, kind="pilot", pilot=cohort)
    less = {**cohort, "parties": [{"scheme": "DID", "id": "did:web:another.example"}]}
    second = rules(FREE, kind="pilot", pilot=less, version=2, supersedes=first.digest.hex())
    assert judged(transfer(), first).outcome == "free"
    assert judged(transfer(), first, second).outcome == "indeterminate"


def test_nobody_but_its_authority_supersedes_a_measure() -> None:
    first = rules(FORBID)
    stranger = rules(FREE, version=2, supersedes=first.digest.hex(), authority=party("stranger", "XA"))
    assert judged(transfer(), first, stranger).outcome == "prohibited"


def test_a_measure_of_a_zone_concerns_the_parties_of_that_zone() -> None:
    zone = rules(FREE, applies={"direction": "outbound", "jurisdiction": "XA", "zone": "XA-01"})
    outcomes = [
        judged(transfer(exporter=party("exporter", "XA", where)), zone).outcome
        for where in ("XA-01", "XA-01+harbour", "XA-011", "XA-02", None)
    ]
    assert outcomes == ["free", "free", "indeterminate", "indeterminate", "indeterminate"]


def delegate(zone: str | None = None, name: str = "zone") -> dict[str, str]:
    did = party(name, "XA")["did"]
    return {"authority": did} if zone is None else {"authority": did, "zone": zone}


def national(*delegates: dict[str, str]) -> Ready:
    members: dict[str, Any] = {"delegatesTo": list(delegates)} if delegates else {}
    return rules(
        rule("kept", "assessmentRequired", table={"grade": ["important"]}),
        rule("numbers", "mechanismRequired", delegable=True),
        number="XA-N",
        **members,
    )


def zone_list(*of: dict[str, Any], authority: str = "zone") -> Ready:
    return rules(
        *(of or (rule("1", "free", table={"category": ["nonPersonal"]}),)),
        number="XA-Z",
        overrides=["XA-N"],
        authority=party(authority, "XA"),
        applies={"direction": "outbound", "jurisdiction": "XA", "zone": "XA-01+harbour"},
    )


HARBOUR = {"exporter": party("exporter", "XA", "XA-01+harbour")}


def test_measures_made_ready_once_answer_of_each_route_and_time_what_they_answer_alone() -> None:
    relation = {
        "relation": "adequacy",
        "jurisdiction": "XB",
        "from": "2026-11-22T04:00:00Z",
        "reason": "Decision 1",
    }
    pilots = {
        "parties": [{"scheme": "DID", "id": "did:web:exporter.example"}],
        "sunset": "2026-11-22T04:00:01Z",
    }
    of = [
        national(delegate("XA-01+harbour")),
        zone_list(),
        rules(rule("1", "prohibited", table={"relation": ["adequacy"]}), number="XA-R", relations=[relation]),
        rules(rule("1", "conditional"), number="XA-P", kind="pilot", pilot=pilots),
    ]
    once = Measures(of)
    routes = [
        {"exporter": party(name, "XA", zone), "importer": party("importer", to)}
        for name in ("exporter", "another")
        for zone in (None, "XA-01+harbour")
        for to in ("XB", "XC")
    ]
    for at in (AT - 1, AT, AT + 1, AT):
        for route in routes:
            record = transfer(**route)
            assert decide(record, once, at=at) == decide(record, of, at=at)


def test_a_zone_overrides_what_is_delegable_where_it_speaks() -> None:
    for to in (delegate("XA-01+harbour"), delegate("XA-01"), delegate()):
        assert judged(transfer(**HARBOUR), national(to), zone_list()).outcome == "free"


def test_a_zone_does_not_override_what_is_kept() -> None:
    record = transfer(line(grade="important"), **HARBOUR)
    decided = judged(record, national(delegate("XA-01+harbour")), zone_list())
    assert decided.outcome == "assessmentRequired"


def test_a_zone_overrides_nothing_where_it_is_silent() -> None:
    record = transfer(line(category="personal", persons=people(1)), **HARBOUR)
    assert judged(record, national(delegate("XA-01+harbour")), zone_list()).outcome == "mechanismRequired"


def test_a_zone_overrides_nothing_that_was_not_delegated_to_it() -> None:
    for to in ([], [delegate("XA-02")], [delegate("XA-01+harbour-north")]):
        assert judged(transfer(**HARBOUR), national(*to), zone_list()).outcome == "mechanismRequired"


def test_a_stranger_of_the_country_that_says_it_speaks_for_the_zone_overrides_nothing() -> None:
    stranger = {**party("stranger", "XA", "XA-01+harbour")}
    claiming = rules(
        FREE,
        number="XA-S",
        overrides=["XA-N"],
        authority=stranger,
        applies={"direction": "outbound", "jurisdiction": "XA", "zone": "XA-01+harbour"},
    )
    for to in (delegate("XA-01+harbour"), delegate()):
        assert judged(transfer(**HARBOUR), national(to), claiming).outcome == "mechanismRequired"


def test_what_is_delegated_for_a_zone_is_not_for_the_whole_country() -> None:
    whole = rules(FREE, number="XA-Z", overrides=["XA-N"], authority=party("zone", "XA"))
    assert judged(transfer(**HARBOUR), national(delegate("XA-01")), whole).outcome == "mechanismRequired"
    assert judged(transfer(**HARBOUR), national(delegate()), whole).outcome == "free"


def test_a_zone_that_may_or_may_not_speak_leaves_both_ways_possible() -> None:
    unknown = zone_list(rule("1", "free", table={"purpose": ["dpv:Marketing"]}))
    decided = judged(transfer(**HARBOUR), national(delegate("XA-01+harbour")), unknown)
    assert decided.outcome == "indeterminate"
    assert decided.outbound.lines[0].missing == ("transfer.purpose",)


def test_a_zone_that_may_or_may_not_speak_leaves_what_is_the_same_both_ways() -> None:
    free = rules(rule("1", "free", delegable=True), number="XA-N", delegatesTo=[delegate("XA-01+harbour")])
    unknown = zone_list(rule("1", "free", table={"purpose": ["dpv:Marketing"]}))
    assert judged(transfer(**HARBOUR), free, unknown).outcome == "free"


def test_measures_that_override_each_other_take_no_place() -> None:
    one = rules(rule("1", "prohibited"), number="XA-1", overrides=["XA-2"])
    two = rules(rule("1", "assessmentRequired"), number="XA-2", overrides=["XA-1"])
    default = rules(FREE, kind="default", number="XA-D")
    assert judged(transfer(), one, two, default).outcome == "prohibited"


def test_a_default_overrides_nothing() -> None:
    delegable = rules(rule("1", "mechanismRequired", delegable=True), number="XA-1")
    table = {"criticalInfrastructure": True}
    default = rules(rule("1", "prohibited", table=table), kind="default", number="XA-D", overrides=["XA-1"])
    for record in (transfer(), transfer(criticalInfrastructure=True), transfer(criticalInfrastructure=False)):
        assert judged(record, delegable, default).outcome == "mechanismRequired"


def test_a_pilot_is_for_its_cohort_until_its_sunset() -> None:
    cohort = {
        "parties": [{"scheme": "DID", "id": "did:web:exporter.example"}],
        "sunset": "2026-11-22T04:00:01Z",
    }
    pilot = rules(FREE, kind="pilot", pilot=cohort)
    assert judged(transfer(), pilot).outcome == "free"
    assert judged(transfer(), pilot, at=AT + 1).outcome == "indeterminate"
    assert judged(transfer(exporter=party("another", "XA")), pilot).outcome == "indeterminate"

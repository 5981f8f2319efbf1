import random
from typing import Any

import pytest

from ledger.errors import MalformedError
from ledger.statements.deciding.decide import Decided, Ready, decide, ready
from ledger.statements.decision import SHAPE
from ledger.statements.scenario import OWN_SCHEME
from ledger.statements.shape import problems
from tests.deciding.records import AT, NO_DIGEST, line, names, party, people, rule, rules, shipped, transfer

FREE = rule("1", "free")
FORBID = rule("1", "prohibited")


def judged(record: dict[str, Any], *measures: Ready, at: int = AT) -> Decided:
    decided = decide(record, measures, at=at)
    assert problems(SHAPE, decided.subject(NO_DIGEST)) == []
    return decided


def test_without_an_outbound_measure_nothing_is_known() -> None:
    decided = judged(transfer())
    assert decided.outcome == "indeterminate"
    assert decided.outbound.lines[0].missing == ("measures",)
    assert decided.inbound is None


def test_what_no_rule_speaks_of_is_not_free() -> None:
    decided = judged(transfer(), rules(rule("1", "free", table={"category": ["personal"]})))
    assert decided.outbound.lines[0].outcome == "indeterminate"
    assert decided.outbound.lines[0].missing == ("measures",)


def test_a_default_counts_where_no_other_measure_speaks_and_only_there() -> None:
    default = rules(FREE, kind="default", number="XA-D")
    other = rules(rule("1", "prohibited", table={"grade": ["core"]}))
    decided = judged(transfer(line(1), line(2, grade="core")), default, other)
    assert [each.outcome for each in decided.outbound.lines] == ["free", "prohibited"]
    assert decided.strictest == ("outbound", 2)


def test_the_first_rule_that_holds_decides() -> None:
    measure = rules(rule("1", "free", table={"grade": ["general"]}), rule("2", "prohibited"))
    assert judged(transfer(), measure).outcome == "free"
    assert judged(transfer(line(grade="important")), measure).outcome == "prohibited"


def test_the_strictest_of_several_measures_counts() -> None:
    decided = judged(transfer(), rules(FREE), rules(FORBID, number="XA-2"))
    assert decided.outcome == "prohibited"
    assert [reason.rule for reason in decided.outbound.lines[0].reasons] == ["1"]


def test_a_missing_count_is_named_and_never_free() -> None:
    measure = rules(
        rule("1", "assessmentRequired", table={"persons": {"ytdCount": {"atLeast": 10}}}), rule("2", "free")
    )
    record = transfer(line(category="personal", persons=people(1)), purpose=["dpv:Marketing"])
    decided = judged(record, measure)
    assert decided.outcome == "indeterminate"
    assert decided.outbound.lines[0].missing == ("line.persons.ytdCount",)


def test_a_number_below_its_bound_is_below_and_one_at_its_bound_is_not() -> None:
    measure = rules(rule("1", "free", table={"persons": {"count": {"below": 10}}}), rule("2", "prohibited"))
    outcomes = [judged(transfer(line(1, "personal", persons=people(n))), measure).outcome for n in (9, 10)]
    assert outcomes == ["free", "prohibited"]


def test_a_line_without_sensitive_data_counts_no_persons_with_them() -> None:
    measure = rules(
        rule("1", "prohibited", table={"persons": {"sensitiveCount": {"atLeast": 1}}}), rule("2", "free")
    )
    assert judged(transfer(line(1, "personal", persons={"count": 5})), measure).outcome == "free"


def test_a_missing_fact_that_changes_nothing_leaves_the_outcome() -> None:
    measure = rules(rule("1", "free", table={"persons": {"ytdCount": {"atLeast": 10}}}), rule("2", "free"))
    record = transfer(line(category="personal", persons=people(1)))
    assert judged(record, measure).outcome == "free"


def test_a_scenario_nobody_knows_is_missing() -> None:
    measure = rules(
        rule("1", "free", table={"scenario": [{"scheme": OWN_SCHEME, "code": "fund.research-info"}]}),
        rule("2", "prohibited"),
    )
    scenario = {"scheme": "urn:example:list", "code": "a"}
    decided = judged(transfer(line(scenario=scenario)), measure)
    assert decided.outbound.lines[0].missing == ("line.scenario",)
    known = rules(FREE, number="XA-2", vocabularies=[{"scheme": "urn:example:list", "codes": ["a"]}])
    assert judged(transfer(line(scenario=scenario)), measure, known).outcome == "prohibited"


def test_the_scenario_other_is_on_no_list() -> None:
    other = {"scheme": OWN_SCHEME, "code": "other"}
    measure = rules(rule("1", "free", table={"scenario": [other]}), rule("2", "prohibited"))
    assert judged(transfer(line(scenario=other)), measure).outcome == "prohibited"


def test_a_rule_in_error_is_indeterminate_and_named() -> None:
    most = 2**53 - 1
    measure = rules(rule("1", "free", when=f"line.persons.ytdCount + {most} > 0"), rule("2", "free"))
    counts = people(1, ytdCount=1)
    decided = judged(transfer(line(category="personal", persons=counts)), measure)
    assert decided.outcome == "indeterminate"
    assert [(reason.rule, reason.reason) for reason in decided.outbound.lines[0].reasons] == [
        ("1", "rule-error")
    ]


def test_an_expression_that_is_none_makes_no_measure() -> None:
    measure = rules(rule("1", "free", when="line.grade == 'core'")).measure
    wrong = measure._replace(rules=(measure.rules[0]._replace(when="line.colour == 1"),))
    with pytest.raises(MalformedError) as refused:
        ready(NO_DIGEST, wrong)
    assert refused.value.code == "cel-invalid"


def test_a_record_without_lines_is_indeterminate_unless_every_rule_agrees() -> None:
    record = transfer(lines=None, document={"type": "380", "commitment": "00" * 32})
    two = rules(rule("1", "free", table={"category": ["nonPersonal"]}), rule("2", "prohibited"))
    decided = judged(record, two)
    assert decided.strictest == ("outbound", 0)
    assert decided.outbound.lines[0].missing == ("line.category",)
    assert judged(record, rules(FREE)).outcome == "free"


def test_of_a_draft_what_is_not_given_yet_is_missing() -> None:
    table = {"category": ["personal"], "persons": {"count": {"atLeast": 10}}}
    measure = rules(rule("1", "prohibited", table=table), rule("2", "free"))
    draft = {"line": 1, "category": "personal"}
    decided = judged(transfer(draft), measure)
    assert decided.outbound.lines[0].missing == ("line.persons.count",)


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


def national(*delegates: str) -> Ready:
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


def test_a_zone_overrides_what_is_delegable_where_it_speaks() -> None:
    assert judged(transfer(**HARBOUR), national("XA-01+harbour"), zone_list()).outcome == "free"


def test_a_zone_does_not_override_what_is_kept() -> None:
    record = transfer(line(grade="important"), **HARBOUR)
    decided = judged(record, national("XA-01+harbour"), zone_list())
    assert decided.outcome == "assessmentRequired"


def test_a_zone_overrides_nothing_where_it_is_silent() -> None:
    record = transfer(line(category="personal", persons=people(1)), **HARBOUR)
    assert judged(record, national("XA-01+harbour"), zone_list()).outcome == "mechanismRequired"


def test_a_zone_overrides_nothing_that_was_not_delegated_to_it() -> None:
    assert judged(transfer(**HARBOUR), national("XA-02"), zone_list()).outcome == "mechanismRequired"
    assert judged(transfer(**HARBOUR), national(), zone_list()).outcome == "mechanismRequired"


def test_a_zone_that_may_or_may_not_speak_leaves_both_ways_possible() -> None:
    unknown = zone_list(rule("1", "free", table={"purpose": ["dpv:Marketing"]}))
    decided = judged(transfer(**HARBOUR), national("XA-01+harbour"), unknown)
    assert decided.outcome == "indeterminate"
    assert decided.outbound.lines[0].missing == ("transfer.purpose",)


def test_a_zone_that_may_or_may_not_speak_leaves_what_is_the_same_both_ways() -> None:
    free = rules(rule("1", "free", delegable=True), number="XA-N", delegatesTo=["XA-01+harbour"])
    unknown = zone_list(rule("1", "free", table={"purpose": ["dpv:Marketing"]}))
    assert judged(transfer(**HARBOUR), free, unknown).outcome == "free"


def test_measures_that_override_each_other_override_nothing() -> None:
    one = rules(rule("1", "prohibited", delegable=True), number="XA-1", overrides=["XA-2"])
    two = rules(rule("1", "assessmentRequired", delegable=True), number="XA-2", overrides=["XA-1"])
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


def test_a_relation_holds_of_the_other_side_between_its_times() -> None:
    relation = {
        "relation": "adequacy",
        "jurisdiction": "XB",
        "from": "2026-11-22T04:00:00Z",
        "until": "2026-11-22T04:00:01Z",
        "reason": "Decision 1",
    }
    measure = rules(
        rule("1", "free", table={"relation": ["adequacy"]}), rule("2", "prohibited"), relations=[relation]
    )
    outcomes = [judged(transfer(), measure, at=AT + later).outcome for later in (-1, 0, 1)]
    assert outcomes == ["prohibited", "free", "prohibited"]
    assert judged(transfer(importer=party("importer", "XC")), measure).outcome == "prohibited"


def test_rules_of_the_destination_count_beside_those_of_the_origin() -> None:
    into = rules(
        rule("1", "prohibited", table={"category": ["personal"]}),
        authority=party("authority", "XB"),
        applies={"direction": "inbound", "jurisdiction": "XB"},
        number="XB-1",
    )
    decided = judged(transfer(line(1), line(2, "personal", persons=people(1))), rules(FREE), into)
    assert decided.inbound is not None
    assert [each.line for each in decided.inbound.lines] == [2]
    assert decided.strictest == ("inbound", 2)
    assert judged(transfer(), rules(FREE), into).inbound is None


def test_where_a_mechanism_is_required_those_allowed_by_all_are_named() -> None:
    one = rules(rule("1", "mechanismRequired", mechanisms=["standardContract", "certification"]))
    two = rules(rule("1", "mechanismRequired", mechanisms=["certification", "adequacy"]), number="XA-2")
    decided = judged(transfer(), one, two)
    assert (decided.mechanisms, decided.declared) == (("certification",), False)
    certified = {"type": "certification", "certificate": "00" * 32}
    assert judged(transfer(mechanism=certified), one, two).declared is True
    none = rules(rule("1", "mechanismRequired", mechanisms=["treaty"]), number="XA-3")
    assert judged(transfer(), one, none).mechanisms == ()


def test_order_and_repetition_of_measures_change_no_byte() -> None:
    china = shipped(
        "cn-2024-provisions", "cn-lingang-general-list-vehicles", "cn-shanghai-negative-list-shape"
    )
    record = transfer(
        line(1, "personal", persons=people(5, ytdCount=200_000)),
        line(2),
        exporter=party("exporter", "CN", "CN-SH+lingang"),
        criticalInfrastructure=None,
    )
    expected = judged(record, *china).canonical(NO_DIGEST)
    for seed in range(6):
        shuffled = [*china, *china, *shipped("eu-gdpr-chapter-v")]
        random.Random(seed).shuffle(shuffled)
        assert judged(record, *shuffled).canonical(NO_DIGEST) == expected


def test_a_line_names_four_reasons_at_most() -> None:
    many = rules(
        *(
            rule(str(n), "prohibited" if n % 2 else "free", table={"purpose": ["dpv:Marketing"]})
            for n in range(9)
        )
    )
    decided = judged(transfer(), many)
    assert [reason.rule for reason in decided.outbound.lines[0].reasons] == ["0", "1", "2", "3"]


def test_measures_in_force_are_named_by_digest_ascending() -> None:
    several = [rules(FREE, number=f"XA-{n}") for n in range(5)]
    decided = judged(transfer(), *several, rules(FREE, number="XA-9", effectiveFrom="2027-01-01T00:00:00Z"))
    digests = [used.digest for used in decided.measures]
    assert digests == sorted(digests)
    assert sorted(used.number for used in decided.measures) == names(several)

import random
from typing import Any

import pytest

from ledger.errors import MalformedError, RefusedError
from ledger.statements.deciding.decide import Decided, Ready, decide, ready
from ledger.statements.decision import SHAPE
from ledger.statements.scenario import OWN_SCHEME
from ledger.statements.shape import problems
from tests.deciding.records import AT, NO_DIGEST, line, names, party, people, rule, rules, shipped, transfer

FREE = rule("1", "free")
FORBID = rule("1", "prohibited")
FORBID2 = rule("2", "prohibited")
VOCABULARY = {"scheme": "urn:example:list", "codes": ["a"]}


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
    known = rules(FREE, number="XA-2", vocabularies=[VOCABULARY])
    assert judged(transfer(line(scenario=scenario)), measure, known).outcome == "prohibited"


def test_what_another_authority_or_the_other_side_knows_of_a_scenario_tells_a_measure_nothing() -> None:
    listed = [{"scheme": OWN_SCHEME, "code": "fund.research-info"}]
    measure = rules(rule("1", "prohibited", table={"scenario": listed}), rule("2", "free"))
    scenario = {"scheme": VOCABULARY["scheme"], "code": "a"}
    record = transfer(line(scenario=scenario), importer=party("importer", "XA"))
    silent = rule("1", "free", table={"scenario": [scenario]})
    inward = {"direction": "inbound", "jurisdiction": "XA"}
    stranger = party("stranger", "XA")
    for members in ({"authority": stranger}, {"applies": inward}):
        knowing = rules(silent, number="XA-2", vocabularies=[VOCABULARY], **members)
        decided = judged(record, measure, knowing)
        assert decided.outbound.lines[0].outcome == "indeterminate"
        assert decided.outbound.lines[0].missing == ("line.scenario",)


def test_each_measure_sees_a_scenario_that_it_knows_and_no_other() -> None:
    scenario = {"scheme": VOCABULARY["scheme"], "code": "a"}
    asks = rule("1", "free", table={"scenario": [scenario]})
    knowing = rules(asks, number="XA-2", vocabularies=[VOCABULARY], authority=party("zone", "XA"))
    for number in ("XA-1", "XA-3"):  # whichever is asked first
        decided = judged(transfer(line(scenario=scenario)), knowing, rules(asks, FORBID2, number=number))
        assert decided.outbound.lines[0].outcome == "indeterminate"
    assert judged(transfer(line(scenario=scenario)), knowing).outcome == "free"


def test_a_code_of_another_list_is_no_code_of_this_one() -> None:
    scenario = {"scheme": "urn:example:other", "code": "a"}
    asks = rules(rule("1", "free", table={"scenario": [scenario]}), FORBID2, vocabularies=[VOCABULARY])
    decided = judged(transfer(line(scenario=scenario)), asks)
    assert decided.outbound.lines[0].missing == ("line.scenario",)


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


def test_conditions_beneath_a_stricter_outcome_are_told_beside_it() -> None:
    limits = rules(rule("1", "conditional", conditions=["storedCopy", "encrypt"]))
    mechanism = rules(rule("1", "mechanismRequired", conditions=["encrypt", "filed"]), number="XA-2")
    decided = judged(transfer(), limits, mechanism)
    assert decided.outcome == "mechanismRequired"
    assert [reason.measure for reason in decided.outbound.lines[0].reasons] == [mechanism.digest]
    assert decided.conditions == ("encrypt", "filed", "storedCopy")
    assert decided.subject(NO_DIGEST)["conditions"] == ["encrypt", "filed", "storedCopy"]
    assert judged(transfer(), limits, rules(rule("1", "prohibited"), number="XA-3")).conditions


def test_conditions_are_those_of_every_line_and_of_both_directions() -> None:
    out = rules(
        rule("1", "conditional", conditions=["encrypt"], table={"grade": ["general"]}),
        rule("2", "assessmentRequired", conditions=["yearlyReport"]),
    )
    into = rules(
        rule("1", "conditional", conditions=["noOnward"], table={"grade": ["general"]}),
        authority=party("authority", "XB"),
        applies={"direction": "inbound", "jurisdiction": "XB"},
    )
    decided = judged(transfer(line(1), line(2, grade="important")), out, into)
    assert decided.conditions == ("encrypt", "noOnward", "yearlyReport")


def test_conditions_of_more_rules_than_are_named_are_told() -> None:
    codes = ["anonymise", "encrypt", "filed", "maskIdentifiers", "noOnward", "pseudonymise"]
    many = [rules(rule("1", "conditional", conditions=[code]), number=f"XA-{code}") for code in codes]
    decided = judged(transfer(), *many)
    assert len(decided.outbound.lines[0].reasons) == 4
    assert decided.conditions == tuple(codes)


def test_conditions_that_only_may_apply_are_told() -> None:
    maybe = rules(
        rule("1", "conditional", conditions=["encrypt"], table={"purpose": ["dpv:Marketing"]}),
        rule("2", "conditional", conditions=["filed"], when=f"line.persons.ytdCount + {2**53 - 1} > 0"),
        rule("3", "conditional", conditions=["noOnward"]),
    )
    record = transfer(line(1, "personal", persons=people(1, ytdCount=1)))
    assert judged(record, maybe).conditions == ("encrypt", "filed")


def test_conditions_of_what_does_not_count_are_not_told() -> None:
    default = rules(rule("1", "conditional"), kind="default")
    never = rules(
        rule("1", "conditional", table={"grade": ["core"]}),
        rule("2", "free"),
        rule("3", "conditional"),
        number="XA-2",
    )
    decided = judged(transfer(), default, never)
    assert (decided.outcome, decided.conditions) == ("free", ())
    assert "conditions" not in decided.subject(NO_DIGEST)


def test_more_measures_or_more_work_than_is_decided_at_once_has_no_answer() -> None:
    many = [rules(number=f"XA-{n}") for n in range(256)]
    assert decide(transfer(), many, at=AT).outcome == "indeterminate"
    with pytest.raises(RefusedError) as refused:
        decide(transfer(), [*many, rules(number="XA-256")], at=AT)
    assert refused.value.code == "decision-too-large"
    large = [rules(*(rule(str(n), "free") for n in range(1_024)), number=f"XA-{n}") for n in range(2)]
    lines = [line(n) for n in range(1, 130)]
    assert decide(transfer(*lines[:128]), large, at=AT).outcome == "free"
    with pytest.raises(RefusedError) as refused:
        decide(transfer(*lines), large, at=AT)
    assert refused.value.code == "decision-too-large"


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

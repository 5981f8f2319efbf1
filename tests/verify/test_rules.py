"""Step 11: a decision follows again from the record and the measures carried, and lets the record go."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from ledger.core.canonical import encode
from ledger.core.times import format_time
from ledger.core.trust import TrustList, parse_trust_list
from ledger.verify.report import Report
from ledger.verify.text import render
from ledger.verify.verifier import verify_bundle
from tests.simulator import DAY, START
from tests.trees import tree_consistency
from tests.verify.mutual import AUTHORITY_XB
from tests.verify.ruled import HOUR, MADE, NOW, SECOND, THIRD, Ruled, free, line, rule, ruled, step, without
from tests.verify.rules_made import before_its_time, too_much
from tests.verify.rules_vectors import FOLDER, ROWS, decided, jointly, published_later, versions

DOCUMENT = json.loads((FOLDER / "verdicts.json").read_bytes())
LISTED: list[dict[str, Any]] = DOCUMENT["rows"]
OTHERS = "whether other measures were in force that the bundle does not carry"


@pytest.fixture(scope="module")
def listed_trust() -> TrustList:
    return parse_trust_list((FOLDER / "trust.json").read_bytes())


@pytest.mark.parametrize("row", LISTED, ids=lambda row: row["name"])
def test_a_bundle_of_the_vectors_is_judged_as_listed(row: dict[str, Any], listed_trust: TrustList) -> None:
    data = (FOLDER / f"{row['name']}.evidence.json").read_bytes()
    report = verify_bundle(data, listed_trust, now=NOW)
    assert step(report) == (row["outcome"], row["code"]), render(report)
    assert report.step(11).pointer == row["pointer"]
    assert report.verdict == row["verdict"]
    assert report.to_json()["rules"] == row["rules"]
    assert list(report.not_checked) == row["notChecked"]
    of_step_10 = 0 if report.recognition is None else report.step(10).code == "valid-then-not-now"
    assert len(report.notices) - of_step_10 == row["notices"]
    assert len(report.not_counted) == row["notCounted"], report.not_counted


def test_the_vectors_are_those_that_are_made() -> None:
    made = [(row.name, row.outcome, row.code, row.notices) for row in ROWS]
    assert [(row["name"], row["outcome"], row["code"], row["notices"]) for row in LISTED] == made
    assert {file.name for file in FOLDER.glob("*.evidence.json")} == {
        f"{name}.evidence.json" for name, *_ in made
    }


def test_a_changed_measure_is_named_by_its_number_and_digest() -> None:
    made = decided(free())
    digest = made.said["XA-1"][1].digest.hex()
    data = made.bundle("transfer").replace(b'"text":"Invented"', b'"text":"Inventeb"')
    report = verify_bundle(data, made.trust(), now=NOW)
    assert f"measure XA-1 version 1, {digest}, is not carried; in its place is " in report.step(11).detail
    assert report.step(11).pointer == "/sections/0/items/0"
    assert step(report, 3)[0] == step(report, 4)[0] == "failed"


def test_a_decision_that_differs_is_told_by_the_first_place_and_both_values() -> None:
    (row,) = (row for row in ROWS if row.name == "decision-differs")
    told = '/outbound/lines/0/outcome is "free"; by the measures carried it is "prohibited"'
    assert row.make().judged().step(11).detail == told


def test_a_member_that_only_one_of_them_has_differs_too() -> None:
    made = decided(free())
    subject: dict[str, Any] = dict(made.said["decision"][1].subject)
    (judged,) = subject["outbound"]["lines"]
    side = {"outcome": "free", "lines": [judged | {"missing": ["measures"]}]}
    del made.said["decision"]
    made.decision("XA-1", changes={"outbound": side})
    told = '/outbound/lines/0/missing is ["measures"]; by the measures carried it is not there'
    assert made.judged().step(11).detail == told


def test_of_several_decisions_each_has_a_line_of_its_own() -> None:
    (row,) = (row for row in ROWS if row.name == "one-of-two")
    lines = [line for line in render(row.make().judged()).splitlines() if line.startswith("decided ")]
    assert [line.partition(" free at ")[2] for line in lines] == [
        "2026-11-22T06:00:00Z: passed (free)",
        "2026-11-22T06:00:00Z: absent (engine-unknown)",
    ]


def test_what_is_too_much_to_decide_is_absent_with_the_code_of_the_bound() -> None:
    assert step(too_much().judged()) == ("absent", "decision-too-large")
    later = too_much(MADE + DAY).judged()  # at the end of the record's window
    assert step(later) == ("absent", "decision-too-large")
    assert later.rules is not None
    assert later.rules[0].at_transfer is None


def test_no_measure_is_asked_about_a_time_that_is_still_to_come() -> None:
    made = before_its_time()
    assert step(made.judged(now=MADE - 100)) == ("passed", "free")
    assert step(made.judged()) == ("absent", "decided-for-another-time")


def test_what_is_missing_is_named() -> None:
    made = decided(rule("1", "prohibited", table={"criticalInfrastructure": True}), free(id="2"))
    assert made.judged().step(11).detail.endswith("not known: transfer.criticalInfrastructure")


def test_a_rule_in_error_is_said_to_be_one() -> None:
    overflow = rule("1", "prohibited", when="line.persons.count + 9007199254740991 > 0")
    report = decided(overflow, free(id="2")).judged()
    assert step(report) == ("absent", "indeterminate")
    assert report.step(11).detail.endswith("not known: a rule cannot be evaluated")


def test_conditions_are_always_told_as_a_limit() -> None:
    made = decided(rule("1", "conditional", conditions=["storedCopy", "encrypt"]))
    for about in ("transfer", "decision"):
        report = made.judged(about)
        assert report.notices == ("limit: the rules that decided ask for encrypt, storedCopy",)
        assert report.rules is not None
        assert report.rules[0].conditions == ("encrypt", "storedCopy")


def test_what_was_not_checked_is_said_wherever_a_decision_was_judged() -> None:
    assert decided(rule("1", "prohibited")).judged().not_checked[1:] == (
        OTHERS,
        "what measures of the destination say",
    )
    both = ruled()
    both.measure("XA-1", free())
    both.measure("XB-1", free(), by=AUTHORITY_XB)
    both.record()
    both.decision("XA-1", "XB-1")
    assert both.judged().not_checked[1:] == (OTHERS,)
    del both.said["decision"]
    report = both.judged()
    assert (report.not_checked[1:], report.rules, step(report)) == ((), None, ("absent", "not-carried"))


def test_nothing_is_required_of_step_11_unless_it_is_asked_for() -> None:
    made = decided(rule("1", "assessmentRequired"))
    asked = {"TransferRecord": {"steps": [1, 3, 4, 5, 6, 7]}}
    assert made.judged(trust=made.trust(require=asked)).verdict == "verified"
    assert made.judged().verdict == "not verified"
    prohibited = decided(rule("1", "prohibited"))
    assert prohibited.judged(trust=prohibited.trust(require=asked)).verdict == "not verified"  # it failed


def test_a_measure_that_became_known_late_is_left_out_for_good_reason() -> None:
    assert step(published_later().judged()) == ("passed", "free")
    known = decided(free())
    known.measure("XA-2", rule("1", "prohibited"), created=MADE + 60)  # as the decision was signed
    assert step(known.judged()) == ("failed", "measure-left-out")


def test_a_measure_is_known_from_its_proven_time_where_that_is_much_later() -> None:
    def judged(anchored: int, *, seen_earlier: bool = False) -> Report:
        made = ruled()
        made.measure("XA-1", free())
        made.record()
        made.decision("XA-1")
        made.measure("XB-1", rule("1", "prohibited"), by=AUTHORITY_XB)
        sections = [
            part for place in (made.world.xa, made.world.xb) for part in made._sections(place, "transfer")
        ]
        size = int(sections[1]["checkpoint"].split("\n")[1])
        sections[1]["anchors"] = [made.world.xb.anchor_part(size, time=anchored)]
        data = made.world.bundle(sections, made.said["transfer"][1])
        beside = [made.apart("XB-1")] if seen_earlier else []
        return verify_bundle(data, made.trust(), now=START + 3 * DAY, beside=beside)

    assert step(judged(START + 10 + DAY)) == ("failed", "measure-left-out")
    assert step(judged(START + 11 + DAY, seen_earlier=True)) == ("failed", "measure-left-out")
    report = judged(START + 11 + DAY)
    assert step(report) == ("passed", "free")
    assert any("was published after the decision" in notice for notice in report.notices)


def test_the_moment_of_the_transfer_is_that_at_which_it_is_known_to_have_existed() -> None:
    made = versions("v1", MADE - 4 * HOUR)
    assert made.judged().rules[0].at_transfer == (MADE, "prohibited")  # type: ignore[index]  # asked for its failing
    early = ruled()
    first = early.measure("v1", free(), number="XA-1")
    later = {"number": "XA-1", "version": 2, "supersedes": first.digest.hex()}
    early.measure("v2", rule("1", "prohibited"), effectiveFrom=format_time(MADE + 1), **later)
    early.record()
    early.decision("v1")
    report = early.judged()
    assert step(report) == ("passed", "free")
    assert report.rules is not None
    assert report.rules[0].at_transfer == (MADE, "free")


def test_a_measure_of_another_zone_or_not_yet_in_force_is_not_left_out() -> None:
    made = ruled()
    made.measure("XA-1", free())
    made.measure(
        "zone",
        rule("1", "prohibited"),
        applies={"direction": "outbound", "jurisdiction": "XA", "zone": "XA-01"},
    )
    made.measure("next year", rule("1", "prohibited"), number="next", effectiveFrom=format_time(START + DAY))
    made.record()
    made.decision("XA-1")
    assert step(made.judged()) == ("passed", "free")


@pytest.mark.parametrize("changed", [{"jurisdiction": "XB"}, {"role": "party"}])
def test_an_endorsement_counts_of_ones_own_side_and_for_publishing_a_measure(changed: dict[str, str]) -> None:
    assert step(jointly(SECOND, THIRD).judged()) == ("passed", "free")
    assert step(jointly(SECOND, THIRD, **changed).judged()) == ("absent", "measure-not-counted")


def test_an_endorsement_that_stands_before_the_decision_in_its_log_is_known_to_it() -> None:
    assert step(jointly(SECOND, THIRD, created=MADE + 61).judged()) == ("passed", "free")


def test_a_measure_of_the_same_number_is_in_no_others_place_where_both_are_named() -> None:
    made = ruled()
    made.measure("XA-1", free(), number="1")
    made.measure("XB-1", free(), number="1", by=AUTHORITY_XB)
    made.record()
    made.decision("XA-1", "XB-1")
    assert step(made.judged()) == ("passed", "free")
    assert step(without(made, "XA-1").judged()) == ("absent", "measure-not-carried")


def test_a_measure_of_a_third_jurisdiction_is_in_no_others_place() -> None:
    made = ruled()
    made.measure("XA-1", free(), number="1")
    elsewhere = "did:web:importer.example.xc"
    made.record(importer={"did": elsewhere, "id": elsewhere, "jurisdiction": "XC", "scheme": "DID"})
    made.measure("XB-1", free(), number="1", by=AUTHORITY_XB)
    made.decision("XA-1")
    assert step(without(made, "XA-1").judged()) == ("absent", "measure-not-carried")


def test_a_measure_by_who_is_no_authority_counts_for_nothing() -> None:
    made = decided(free())
    report = made.judged(trust=made.trust(without="did:web:authority.example.xa"))
    assert step(report, 3)[0] == "failed"
    assert step(report) == ("absent", "measure-not-counted")


def test_a_measure_of_a_bundle_beside_counts_and_one_that_is_wrong_fails_nothing() -> None:
    made = decided(free())
    made.measure("XB-1", rule("1", "prohibited"), by=AUTHORITY_XB)
    beside = made.apart("XB-1")
    del made.said["XB-1"]
    assert step(made.judged()) == ("passed", "free")
    assert step(made.judged(beside=[beside])) == ("failed", "measure-left-out")
    changed = beside.replace(b'"text":"Invented"', b'"text":"Inventeb"')
    assert step(made.judged(beside=[changed])) == ("passed", "free")


def test_a_record_of_a_bundle_beside_is_the_one_that_a_decision_is_about() -> None:
    made = decided(free())
    beside = made.apart("transfer", "exporter")
    alone = without(made, "transfer")
    assert step(alone.judged("decision")) == ("absent", "record-not-carried")
    assert step(alone.judged("decision", beside=[beside])) == ("passed", "decision-follows")
    document = json.loads(beside)
    for item in document["sections"][0]["items"]:
        item["path"] = item["path"][1:]  # of no log
    assert step(alone.judged("decision", beside=[encode(document)])) == ("absent", "record-not-carried")


def test_a_decision_counts_for_no_subject_but_a_record_or_itself() -> None:
    made = decided(free())
    asked = made.trust(require={"PolicyMeasure": {"steps": [1, 3]}})
    assert step(made.judged("XA-1", trust=asked)) == ("absent", "decision-of-another")
    subject = made.said.pop("decision")[1].subject
    made.decided({**subject, "transfer": made.said["XA-1"][1].digest.hex()})
    assert step(made.judged("XA-1", trust=asked)) == ("absent", "decision-of-another")


@pytest.mark.parametrize(
    ("role", "gone"),
    [("decision", "premise-failed"), ("subject", "premise-failed"), ("measure", "measure-not-counted")],
)
def test_what_does_not_stand_in_a_log_shows_nothing(role: str, gone: str) -> None:
    made = decided(free())
    document = json.loads(made.bundle("transfer"))
    (kept,) = document["sections"]
    size = int(kept["checkpoint"].split("\n")[1])
    made.world.filler()
    moved = [item for item in kept["items"] if item["role"] == role]
    kept["items"] = [item for item in kept["items"] if item["role"] != role]
    apart = {
        **kept,
        "items": [{**item, "path": ["00" * 32]} for item in moved],
        "checkpoint": made.world.xa.checkpoint().decode(),
        "anchors": [],
        "extends": [one.hex() for one in tree_consistency(size, made.world.xa.leaves)],
    }
    document["sections"].append(apart)
    report = verify_bundle(encode(document), made.trust(), now=NOW)
    assert step(report, 4) == ("failed", "proof-invalid")
    assert step(report) == ("absent", gone)


def test_the_rules_are_loaded_only_where_a_decision_is_carried() -> None:
    code = (
        "import sys, pathlib\n"
        "from ledger.core.trust import parse_trust_list\n"
        "from ledger.verify.verifier import verify_bundle\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "trust = parse_trust_list((folder / 'trust.json').read_bytes())\n"
        "for name in sys.argv[2:]:\n"
        "    data = sys.stdin.buffer.read() if name == '-' else (folder / name).read_bytes()\n"
        f"    verify_bundle(data, trust, now={NOW})\n"
        "    print(any(one.startswith('ledger.statements.deciding.decide') for one in sys.modules))\n"
    )
    made = decided(free())
    plain = without(made, "decision").bundle("transfer")
    told = subprocess.run(
        [sys.executable, "-c", code, str(FOLDER), "-", "free.evidence.json"],
        input=plain,
        capture_output=True,
        check=True,
    )
    assert told.stdout.split() == [b"False", b"True"]


def _says(made: Ruled) -> tuple[str, str]:
    return step(made.judged())


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: decided(free(), record={"mechanism": None, "lines": [line("nonPersonal")], "purpose": None,
                                         "legalBasis": None}), ("passed", "free")),
        (lambda: decided(rule("1", "assessmentRequired"), record={"mechanism": {"type": "authorityLicence"}}),
         ("absent", "assessment-not-shown")),
        (lambda: decided(rule("1", "mechanismRequired"),
                         record={"mechanism": {"type": "certification", "reference": {"commitment": "00" * 32}}}),
         ("passed", "mechanism-declared")),
    ],
)  # fmt: skip
def test_a_mechanism_is_asked_for_as_far_as_the_outcome_does(
    make: Callable[[], Ruled], expected: tuple[str, str]
) -> None:
    assert _says(make()) == expected

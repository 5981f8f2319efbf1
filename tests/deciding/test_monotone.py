from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.statements.codes import SCENARIOS
from ledger.statements.deciding.decide import decide
from ledger.statements.decision import ORDER
from ledger.statements.scenario import OWN_SCHEME
from tests.campaign import count
from tests.deciding.china_cases import MEASURES
from tests.deciding.records import AT, line, party, shipped, transfer

CHINA = shipped(*MEASURES)
GRADES = ("general", "important", "core")
NUMBERS = st.sampled_from([0, 1, 9_999, 10_000, 99_999, 100_000, 999_999, 1_000_000]) | st.integers(
    0, 2_000_000
)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    sensitive, more, count = draw(NUMBERS), draw(NUMBERS), draw(st.integers(0, 3))
    one = line(
        1,
        draw(st.sampled_from(["personal", "sensitivePersonal"])),
        draw(st.sampled_from(GRADES)),
        scenario={"scheme": OWN_SCHEME, "code": draw(st.sampled_from(sorted(SCENARIOS)))},
        persons={
            "count": count,
            "sensitiveCount": 0,
            "ytdCount": sensitive + more,
            "ytdSensitiveCount": sensitive,
        },
    )
    for name in draw(st.sets(st.sampled_from(["ytdCount", "ytdSensitiveCount"]))):
        del one["persons"][name]
    exemption = draw(st.sampled_from([None, "transit", "contractNecessity", "belowThreshold"]))
    mechanism = (
        {"type": "exemption", "exemptionCode": exemption} if exemption else {"type": "standardContract"}
    )
    return transfer(
        one,
        exporter=party("exporter", "CN", draw(st.sampled_from([None, "CN-SH+lingang"]))),
        mechanism=mechanism,
        criticalInfrastructure=draw(st.sampled_from([None, True, False])),
    )


def stricter(record: dict[str, Any], **members: Any) -> dict[str, Any]:
    (one,) = record["lines"]
    return {**record, "lines": [{**one, **members}]}


def assert_not_looser(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Where both are settled; of what is not, a value that is given can only say which of the possible it is."""
    first, second = decide(before, CHINA, at=AT).outcome, decide(after, CHINA, at=AT).outcome
    if "indeterminate" not in {first, second}:
        assert ORDER.index(second) >= ORDER.index(first), (before, after)
    else:
        assert second != "free", (before, after)


@settings(max_examples=count(50), deadline=None)
@given(records(), st.sampled_from(["ytdCount", "ytdSensitiveCount"]), st.integers(1, 1_000_000))
def test_more_persons_never_loosen_the_outcome(record: dict[str, Any], name: str, more: int) -> None:
    persons = dict(record["lines"][0]["persons"])
    if name in persons:
        persons[name] += more
        if name == "ytdSensitiveCount" and "ytdCount" in persons:
            persons["ytdCount"] += more
        assert_not_looser(record, stricter(record, persons=persons))


@settings(max_examples=count(50), deadline=None)
@given(records(), st.sampled_from(GRADES))
def test_a_higher_grade_never_loosens_the_outcome(record: dict[str, Any], grade: str) -> None:
    if GRADES.index(grade) > GRADES.index(record["lines"][0]["grade"]):
        assert_not_looser(record, stricter(record, grade=grade))


@settings(max_examples=count(50), deadline=None)
@given(records())
def test_what_is_free_without_a_fact_is_free_with_every_value_of_it(record: dict[str, Any]) -> None:
    if decide(record, CHINA, at=AT).outcome != "free":
        return
    persons = record["lines"][0]["persons"]
    for total in (0, 99_999, 100_000, 1_000_000):
        for critical in (True, False):
            filled = {"ytdCount": total, "ytdSensitiveCount": min(total, 10_000), **persons}
            known = {"criticalInfrastructure": critical, **stricter(record, persons=filled)}
            assert decide(known, CHINA, at=AT).outcome == "free"

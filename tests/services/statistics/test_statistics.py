"""The yearly counts: what counts, when, and once; and the report that is made of them again, byte by byte."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.core.canonical import decode_checked
from ledger.core.merkle import leaf_hash, root
from ledger.core.times import parse_time
from ledger.errors import LedgerError
from ledger.services.statistics.cells import BEYOND
from ledger.services.statistics.counting import Counting, Given, span_of
from ledger.services.statistics.page import statistics_page
from ledger.services.statistics.report import (
    Asked,
    State,
    check,
    difference,
    made,
    offset_of,
    subject_of,
    written_offset,
)
from tests.services.recognising import Recognising, party, recognising
from tests.services.recognising import subject_of as example_of

STATE = State("XA", "registry.example.xa/XA/2026", 44, bytes(32))


class Rows:
    """Statements in the order of a log."""

    def __init__(self) -> None:
        self.given: list[Given] = []

    def add(
        self, kind: str, subject: dict[str, Any], *, at: str = "2026-03-01T00:00:00Z", by: str = "a"
    ) -> str:
        digest = sha256(str(len(self.given)).encode()).digest()
        self.given.append(Given(len(self.given), digest, kind, f"did:web:{by}", parse_time(at), subject))
        return digest.hex()

    def record(
        self, *lines: dict[str, Any], by: str = "a", at: str = "2026-03-01T00:00:00Z", **members: Any
    ) -> str:
        exporter = {"scheme": "DID", "id": f"did:web:{by}", "jurisdiction": "XA"}
        subject = {"exporter": exporter, "importer": {"jurisdiction": "XB"}, "lines": list(lines), **members}
        return self.add("TransferRecord", subject, at=at, by=by)

    def decision(self, record: str, outcome: str, by: str = "a") -> str:
        return self.add("Decision", {"transfer": record, "outcome": outcome}, by=by)

    def counted(self, year: int = 2026, offset: int = 0) -> Counting:
        known = {one.digest: one for one in self.given}
        counting = Counting(span_of(year, offset), known.get, lambda one, record: one.issuer == record.issuer)
        counting.extend(self.given)
        return counting

    def told(self, year: int = 2026) -> Any:
        return subject_of(self.counted(year), STATE, Asked(year))


def line(
    category: str = "personal", grade: str = "general", code: str = "veh.after-sales", count: int = 3
) -> dict[str, Any]:
    made = {"category": category, "grade": grade, "scenario": {"scheme": "s", "code": code}}
    return made if category == "nonPersonal" else {**made, "persons": {"count": count}}


@pytest.fixture
def rows() -> Rows:
    return Rows()


def test_records_lines_and_persons_are_counted_by_each_attribute(rows: Rows) -> None:
    for _ in range(5):
        rows.record(line(), line("nonPersonal"), line(count=4))
    told = rows.told()
    assert told["records"] == {"records": 5, "lines": 15, "persons": 35}
    assert told["routes"] == {"rows": [{"from": "XA", "to": "XB", "records": 5, "lines": 15, "persons": 35}]}
    assert told["categories"]["rows"] == [
        {"category": "nonPersonal", "records": 5, "lines": 5, "persons": 0},
        {"category": "personal", "records": 5, "lines": 10, "persons": 35},
    ]
    assert told["scenarios"]["rows"] == [
        {"scheme": "s", "code": "veh.after-sales", "records": 5, "lines": 15, "persons": 35}
    ]


def test_a_record_counts_in_the_year_in_which_its_window_starts(rows: Rows) -> None:
    for _ in range(2):
        rows.record(at="2027-01-01T00:00:00Z", window={"start": "2026-12-31T23:59:59Z"})
    rows.record(at="2026-12-31T23:59:59Z")
    rows.record(at="2026-12-31T23:59:59Z", window={"start": "2027-01-01T00:00:00Z"})
    assert rows.counted(2026).total.records == 3
    assert rows.counted(2027).total.records == 1


def test_the_year_is_that_of_the_clocks_asked_for(rows: Rows) -> None:
    rows.record(at="2026-12-31T16:00:00Z")
    assert rows.counted(2027, 8 * 3_600).total.records == 1
    assert rows.counted(2026).total.records == 1
    assert rows.counted(2026, 8 * 3_600).total.records == 0


def test_a_record_that_its_exporter_replaces_does_not_count(rows: Rows) -> None:
    first = rows.record(line(count=7))
    rows.decision(first, "free")
    rows.record(line(count=1), supersedes=first)
    rows.record(line(count=1), supersedes=first)  # once is enough
    counting = rows.counted()
    assert (counting.total.records, counting.total.persons) == (2, 2)
    assert counting.tables["outcomes"][("free",)].records == 0


def test_nobody_elses_record_takes_one_out(rows: Rows) -> None:
    first = rows.record()
    rows.record(supersedes=first, by="b")
    assert rows.counted().total.records == 2


def test_one_of_the_next_year_takes_it_out_too(rows: Rows) -> None:
    first = rows.record()
    rows.record(supersedes=first, at="2027-02-01T00:00:00Z")
    assert rows.counted(2026).total.records == 0
    assert rows.counted(2027).total.records == 1


def test_one_that_is_logged_after_what_replaces_it_does_not_count(rows: Rows) -> None:
    rows.record(supersedes=sha256(b"1").hexdigest())
    rows.record()
    assert rows.counted().total.records == 1


def test_of_several_decisions_about_a_record_the_last_in_the_log_counts(rows: Rows) -> None:
    for _ in range(9):
        record = rows.record()
        rows.decision(record, "free")
        rows.decision(record, "conditional")
    assert rows.told()["outcomes"]["rows"] == [
        {"outcome": "conditional", "records": 9, "lines": 0, "persons": 0}
    ]


def test_a_strangers_decision_is_not_counted_though_it_is_the_last(rows: Rows) -> None:
    for _ in range(9):
        record = rows.record()
        rows.decision(record, "conditional")
        rows.decision(record, "prohibited", by="stranger")
    own, before = rows.told()["outcomes"]["rows"], rows.told()["inputs"]
    assert own == [{"outcome": "conditional", "records": 9, "lines": 0, "persons": 0}]
    assert rows.counted().decisions == 9
    rows.decision(rows.given[0].digest.hex(), "free", by="stranger")
    assert rows.told()["inputs"] == before


def test_the_root_is_of_what_was_counted_in_the_order_of_the_log(rows: Rows) -> None:
    rows.add("Enrolment", {})
    record = rows.record()
    rows.record(at="2025-03-01T00:00:00Z")
    rows.decision("00" * 32, "free")
    decision = rows.decision(record, "free")
    wanted = root(leaf_hash(bytes.fromhex(one)) for one in (record, decision))
    assert rows.told()["inputs"] == wanted.hex()


def test_of_fewer_records_than_the_threshold_nothing_is_told_but_how_many_they_are(rows: Rows) -> None:
    for _ in range(4):
        rows.record(line(count=12))
    told = rows.told()
    assert told["records"] == {"records": 4}
    assert told["routes"] == {"rows": [], "other": {"records": 4}}
    assert told["grades"] == {"rows": [], "other": {}}


def test_how_few_records_are_without_a_kind_of_line_is_not_told(rows: Rows) -> None:
    for _ in range(6):
        rows.record(line(), line("nonPersonal"))
    for _ in range(2):
        rows.record(line())
    told = rows.told()
    assert told["categories"] == {"rows": [], "other": {"lines": 14, "persons": 24}}
    assert [row["records"] for row in told["grades"]["rows"]] == [8]


def test_the_persons_of_few_records_are_not_told_though_there_are_others(rows: Rows) -> None:
    for count in (7, 0, 0, 0, 0, 0):
        rows.record(line(count=count))
    assert rows.told()["records"] == {"records": 6, "lines": 6}
    assert "persons" not in rows.told()["routes"]["other"]


def test_more_keys_than_are_told_apart_are_counted_together(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.services.statistics.counting.MOST_KEYS", 2)
    records = [rows.record(line(code=str(code))) for code in range(4)]
    rows.record(supersedes=records[3])
    scenarios = rows.counted().tables["scenarios"]
    assert {key: cell.records for key, cell in scenarios.items()} == {("s", "0"): 1, ("s", "1"): 1, BEYOND: 1}


def test_a_measure_has_its_flags_of_each_reviewers_newest_review_and_its_own_authoritys_answers(
    rows: Rows,
) -> None:
    measure = {**example_of("PolicyMeasure"), "effectiveFrom": "2026-02-01T00:00:00Z"}
    digest = rows.add("PolicyMeasure", measure, by="authority")
    flag = {"code": "ND-1"}
    rows.add("MeasureReview", {"measure": digest, "findings": [flag, flag, {"code": "TR-1"}]}, by="m")
    review = rows.add("MeasureReview", {"measure": digest, "findings": [flag, {"code": "IO-1"}]}, by="m")
    for by in ("authority", "somebody"):
        answered = {"measure": digest, "answers": review, "findings": [{**flag, "answer": "disputed"}]}
        rows.add("MeasureReview", answered, by=by)
    (told,) = rows.told()["measures"]
    assert told["flags"] == [
        {"code": "IO-1", "findings": 1, "answers": {}},
        {"code": "ND-1", "findings": 1, "answers": {"disputed": 1}},
    ]
    assert rows.told(2025)["measures"] == []
    page = statistics_page(rows.told()).decode()
    assert "<strong>ND-1</strong> (1): 1 disputed" in page


@pytest.mark.parametrize("written", ["+08:00", "-03:30", "+00:00", "+14:00"])
def test_a_difference_from_utc_is_read_as_it_is_written(written: str) -> None:
    assert written_offset(offset_of(written)) == written


@pytest.mark.parametrize("written", ["08:00", "+8:00", "-00:00", "+14:01", "+00:60", "+0٣:00", 8, None])
def test_no_other_writing_of_it_is_read(written: object) -> None:
    with pytest.raises(LedgerError) as refused:
        offset_of(written)
    assert refused.value.code == "report-invalid"


def test_a_difference_is_named_by_its_first_pointer() -> None:
    assert difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}) == "/a/1/b"
    assert difference({"a": [1]}, {"a": [1, 2]}) == "/a/1"
    assert difference({"a": 1}, {}) == "/a"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognising]:
    with recognising(tmp_path_factory.mktemp("sides")) as made_sides:
        xa = made_sides.sides.xa
        subject = {**example_of("PolicyMeasure"), "authority": party(made_sides.of_xa)}
        xa.register(made_sides.sides.sign(made_sides.of_xa, "PolicyMeasure", subject))
        for _ in range(6):
            xa.register(made_sides.sides.record())
        yield made_sides


def state_at(world: Recognising, size: int) -> State:
    log = world.sides.xa.node.log
    return State(log.jurisdiction, log.origin, size, log.root_at(size))


def report_of(world: Recognising, size: int | None = None) -> bytes:
    node = world.sides.xa.node
    return made(node.statements, state_at(world, size or node.log.head.size), Asked(2026))


def checked(world: Recognising, report: bytes) -> Any:
    node = world.sides.xa.node
    return check(report, node.statements, lambda size: state_at(world, size), node.log.head.size)


def test_the_same_log_at_the_same_size_makes_the_same_bytes_whatever_followed(world: Recognising) -> None:
    before, size = report_of(world), world.sides.xa.node.log.head.size
    told: Any = decode_checked(before)
    assert told["records"]["records"] == 6
    assert [one["number"] for one in told["measures"]] == ["XA-NL-2026-01"]
    world.sides.xa.register(world.sides.record())
    assert report_of(world, size) == before
    assert checked(world, before) == told
    assert report_of(world) != before


def refusal(world: Recognising, **changes: Any) -> tuple[str, str | None]:
    told: Any = decode_checked(report_of(world))
    with pytest.raises(LedgerError) as refused:
        checked(world, json.dumps({**told, **changes}, sort_keys=True, separators=(",", ":")).encode())
    return refused.value.code, refused.value.pointer


def test_one_count_that_is_another_is_named_by_its_place(world: Recognising) -> None:
    assert refusal(world, acknowledgements={"records": 1, "rows": []}) == (
        "report-differs",
        "/acknowledgements/records",
    )


def test_one_input_that_is_another_is_named(world: Recognising) -> None:
    assert refusal(world, inputs="00" * 32) == ("report-differs", "/inputs")


def test_the_report_of_another_log_is_not_compared(world: Recognising) -> None:
    told: Any = decode_checked(report_of(world))
    assert refusal(world, log={**told["log"], "origin": "other"})[0] == "report-of-another-log"


def test_nor_is_one_of_entries_that_are_not_here(world: Recognising) -> None:
    told: Any = decode_checked(report_of(world))
    assert refusal(world, log={**told["log"], "size": told["log"]["size"] + 1})[0] == "report-of-another-log"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"format": "evidence-statistics/2"}, "/format"),
        ({"year": True}, "/year"),
        ({"year": 99_999}, "/year"),
        ({"offset": "8"}, "/offset"),
        ({"log": []}, "/log/size"),
        ({"log": {"size": -1}}, "/log/size"),
    ],
)
def test_what_is_no_report_says_where(world: Recognising, changes: dict[str, Any], pointer: str) -> None:
    assert refusal(world, **changes) == ("report-invalid", pointer)


def test_the_example_of_the_page_is_what_is_made(rows: Rows) -> None:
    page = (Path(__file__).parents[3] / "docs" / "spec" / "report.md").read_text()
    shown = json.loads(page.partition("```json\n")[2].partition("```")[0])
    for count, importer, lines in (
        (12, "XB", [line()]),
        (8, "XD", [line(), line("nonPersonal")]),
        (2, "XC", [line()]),
    ):
        for _ in range(count):
            rows.decision(rows.record(*lines, importer={"jurisdiction": importer}), "free")
    assert rows.told() == shown

"""Whose decisions the yearly report and its check follow: those of a record's parties and of authorities."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.core.canonical import decode_checked, encode
from ledger.core.statement import Statement
from ledger.errors import VerificationError
from ledger.services.console.flows import FlowCounter
from ledger.services.keys.keyfile import HolderKey
from ledger.services.statistics.report import Asked, State, check, made
from tests.deciding.records import rule
from tests.services.deciding import Deciding
from tests.services.recognising import recognising
from tests.services.sides import holder

RECORDS = 5


@contextmanager
def deciding(folder: Path) -> Iterator[Deciding]:
    with recognising(folder) as made_sides:
        sides, machine = made_sides.sides, holder("machine", "XA")
        sides.xa.enrol(machine, "machine")
        sides.xa.enrol(sides.exporter, "exporter", "machine")
        sides.xa.enrol(sides.importer, "machine")
        found = Deciding(made_sides, machine, {})
        found.measure("free", rule("1", "free"))
        found.measure("limits", rule("1", "conditional"))
        yield found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deciding]:
    with deciding(tmp_path_factory.mktemp("sides")) as found:
        yield found


@pytest.fixture
def records(world: Deciding) -> list[Statement]:
    return records_of(world)


def records_of(world: Deciding) -> list[Statement]:
    """Records of a year of their own, so that no other test's are counted."""
    number = 2030 + len(world.named)
    window = {"start": f"{number}-02-01T00:00:00Z", "end": f"{number}-02-02T00:00:00Z"}
    return [world.record(f"record {number} {count}", window=window) for count in range(RECORDS)]


def decide(world: Deciding, records: list[Statement], measure: str, by: HolderKey) -> None:
    for record in records:
        world.decide(f"{measure} {record.digest.hex()}", record, measure, by=by)


def year(records: list[Statement]) -> int:
    window: Any = records[0].subject["window"]
    return int(window["start"][:4])


def report(world: Deciding, records: list[Statement]) -> bytes:
    node = world.xa.node
    return made(node.statements, state_at(world, node.log.head.size), Asked(year(records)))


def state_at(world: Deciding, size: int) -> State:
    log = world.xa.node.log
    return State(log.jurisdiction, log.origin, size, log.root_at(size))


def outcomes(world: Deciding, records: list[Statement]) -> list[str]:
    node = world.xa.node
    told: Any = decode_checked(report(world, records))
    rows = told["outcomes"]["rows"]
    flows = FlowCounter(node.statements, "XA", lambda _: None).of(year(records), node.log.head.size)
    assert flows.tables["outcomes"]["rows"] == rows
    return [row["outcome"] for row in rows]


@pytest.mark.parametrize("own", ["exporter", "authority"])
def test_the_report_does_not_follow_a_strangers_machine(
    world: Deciding, records: list[Statement], own: str
) -> None:
    key = world.made.sides.exporter if own == "exporter" else world.made.of_xa
    decide(world, records, "limits", key)
    before = outcomes(world, records)
    decide(world, records, "free", world.machine)
    assert outcomes(world, records) == before == ["conditional"]


def test_of_the_parties_own_the_last_in_the_log_says_the_outcome(
    world: Deciding, records: list[Statement]
) -> None:
    decide(world, records, "limits", world.made.sides.exporter)
    decide(world, records, "free", world.made.of_xa)
    assert outcomes(world, records) == ["free"]


def test_what_strangers_alone_decided_is_undecided(world: Deciding, records: list[Statement]) -> None:
    decide(world, records, "free", world.machine)
    assert outcomes(world, records) == ["undecided"]


def test_an_importer_of_another_jurisdiction_does_not_speak_for_it_in_this_log(
    world: Deciding, records: list[Statement]
) -> None:
    decide(world, records, "free", world.made.sides.importer)
    assert outcomes(world, records) == ["undecided"]


def test_of_a_record_of_neither_side_of_the_logs_jurisdiction_no_authority_says_the_outcome(
    world: Deciding, records: list[Statement]
) -> None:
    decide(world, records, "limits", world.made.of_xa)
    assert outcomes(world, records) == ["conditional"]
    log, asked = world.xa.node.log, Asked(year(records))
    state = State("XC", log.origin, log.head.size, log.root_at(log.head.size))
    told: Any = decode_checked(made(world.xa.node.statements, state, asked))
    assert [row["outcome"] for row in told["outcomes"]["rows"]] == ["undecided"]


def test_what_an_authority_decided_before_it_was_enrolled_counts_and_what_it_decided_after_does_not(
    tmp_path: Path,
) -> None:
    with deciding(tmp_path) as world:
        records, authority = records_of(world), world.made.of_xa
        decide(world, records, "limits", authority)
        world.xa.enrol(authority, "machine")
        assert outcomes(world, records) == ["conditional"]
        decide(world, records, "free", authority)
        assert outcomes(world, records) == ["conditional"]


def test_a_check_finds_a_report_that_follows_a_stranger(world: Deciding, records: list[Statement]) -> None:
    decide(world, records, "limits", world.made.sides.exporter)
    decide(world, records, "free", world.machine)
    node = world.xa.node
    held: Any = decode_checked(report(world, records))

    def checked() -> None:
        check(encode(held), node.statements, lambda size: state_at(world, size), node.log.head.size)

    checked()
    held["outcomes"]["rows"][0]["outcome"] = "free"
    with pytest.raises(VerificationError) as refused:
        checked()
    assert (refused.value.code, refused.value.pointer) == ("report-differs", "/outcomes/rows/0/outcome")

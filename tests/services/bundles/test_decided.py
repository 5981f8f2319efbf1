"""A record's bundle with the decisions about it and the measures in force, from the node to the verifier's step 11."""

from collections.abc import Iterator
from typing import Any

import pytest

from ledger.core.statement import parse_statement
from ledger.core.times import format_time
from ledger.services.bundles import decided
from ledger.services.bundles.closure import closure
from ledger.services.bundles.joining import join
from ledger.services.exchange.relations import is_of_party
from ledger.verify import rules
from tests.deciding.records import rule
from tests.services.deciding import Deciding
from tests.services.recognising import recognising
from tests.services.sides import holder


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deciding]:
    with recognising(tmp_path_factory.mktemp("sides")) as made:
        machine = holder("machine", "XA")
        made.sides.xa.enrol(machine, "machine")
        found = Deciding(made, machine, {})
        found.measure("first", rule("1", "free"))
        found.decide("decision 1", found.record("record 1"), "first")
        found.measure("second", rule("1", "conditional"))
        found.decide("decision 2", found.record("record 2"), "first")  # the second is left out
        found.decide("decision 3", found.record("record 3"), "first", "second")
        found.record("record 4")
        found.measure("inward", rule("1", "conditional", conditions=["noOnward"]), code="XB")
        found.decide("decision 5", found.record("record 5"), "first", "second", "inward")
        many = found.record("record 6")
        for number in range(3):
            found.decide(f"decision 6 {number}", many, "first", "second")
        for side in (found.xa, found.xb):
            side.anchor()
        yield found


def test_a_record_is_exported_with_the_decision_about_it_and_follows_offline(world: Deciding) -> None:
    outcome, code, roles = world.said(world.xa.bundle(world.named["record 3"]))
    assert (outcome, code) == ("passed", "conditional")
    assert roles == {
        "record 3": "subject",
        "decision 3": "decision",
        "first": "measure",
        "second": "measure",
    }


def test_a_decision_is_exported_with_the_record_it_is_about(world: Deciding) -> None:
    outcome, code, roles = world.said(world.xa.bundle(world.named["decision 3"]))
    assert (outcome, code) == ("passed", "decision-follows")
    assert (roles["record 3"], roles["decision 3"]) == ("parent", "subject")
    assert "acknowledgement" not in roles.values()


@pytest.mark.parametrize("about", ["record 2", "decision 2"])
def test_a_measure_in_force_is_exported_though_the_decision_leaves_it_out(
    world: Deciding, about: str
) -> None:
    outcome, code, roles = world.said(world.xa.bundle(world.named[about]))
    assert (outcome, code) == ("failed", "measure-left-out")
    assert roles["second"] == "measure"


def test_a_measure_that_came_after_all_of_it_is_not_exported(world: Deciding) -> None:
    outcome, code, roles = world.said(world.xa.bundle(world.named["record 1"]))
    assert (outcome, code) == ("passed", "free")
    assert "second" not in roles


def test_a_measure_in_force_when_the_record_was_signed_is_exported_too(world: Deciding) -> None:
    now = world.made.sides.clock.now
    world.measure("short", rule("1", "prohibited"), effectiveUntil=format_time(now + 20))
    record = world.record("record 8")
    world.decide("decision 8", record, "first", "second", at=now + 30)
    carried = closure(record.digest, world.xa.node.statements, "XA")
    assert world.named["short"] in {one.statement.digest for one in carried}
    world.made.sides.clock.now = now + 40  # past it for the others


def test_a_record_without_a_decision_is_exported_without_measures(world: Deciding) -> None:
    assert world.said(world.xa.bundle(world.named["record 4"])) == (
        "absent",
        "not-carried",
        {"record 4": "subject"},
    )


def test_what_the_destination_asks_comes_from_its_own_log(world: Deciding) -> None:
    alone = world.xa.bundle(world.named["record 5"])
    assert world.said(alone)[:2] == ("absent", "measure-not-carried")
    both = join(alone, world.xb.bundle(world.named["inward"]))
    outcome, code, roles = world.said(both)
    assert (outcome, code, roles["inward"]) == ("passed", "conditional", "measure")
    report = world.made.sides.verify(both)
    assert report.rules is not None
    assert report.rules[0].conditions == ("encrypt", "noOnward")


def test_of_many_decisions_the_newest_are_exported(world: Deciding, monkeypatch: pytest.MonkeyPatch) -> None:
    assert decided.MOST == rules.DECISIONS  # a verifier judges no more
    monkeypatch.setattr(decided, "MOST", 2)
    outcome, code, roles = world.said(world.xa.bundle(world.named["record 6"]))
    assert (outcome, code) == ("passed", "conditional")
    assert {name for name in roles if name.startswith("decision")} == {
        "decision 6 1",
        "decision 6 2",
    }


def test_a_decision_shows_its_record_to_nobody_who_may_not_see_it(world: Deciding) -> None:
    def carried(name: str, *, hidden: str) -> set[bytes]:
        found = closure(
            world.named[name], world.xa.node.statements, "XA", tells=lambda _, stored: stored.type != hidden
        )
        return {one.statement.digest for one in found}

    assert world.named["record 3"] not in carried("decision 3", hidden="TransferRecord")
    assert world.named["decision 3"] not in carried("record 3", hidden="Decision")


def test_a_decision_is_its_exporters_and_importers_and_nobodys_whom_a_measure_names(world: Deciding) -> None:
    other = holder("other", "XA")
    pilot = {"parties": [{"scheme": "DID", "id": other.holder}], "sunset": "2036-01-01T00:00:00Z"}
    world.measure("pilot", rule("1", "free"), kind="pilot", pilot=pilot)
    statements = world.xa.node.statements
    decision = statements.by_digest(
        world.decide("decision 7", world.record("record 7"), "first", "second", by=world.machine)
    )
    assert decision is not None
    subject: dict[str, Any] = dict(parse_statement(decision.body).subject)
    used = {"digest": world.named["pilot"].hex(), "number": "pilot", "version": 1}
    subject["measures"] = sorted([*subject["measures"], used], key=lambda one: str(one["digest"]))
    named = statements.by_digest(world.xa.register(world.made.sides.sign(world.machine, "Decision", subject)))
    assert named is not None
    for did in (world.made.sides.exporter.holder, world.made.sides.importer.holder, world.machine.holder):
        assert is_of_party(did, named, statements)
    assert not is_of_party(other.holder, named, statements)

"""Measures, decisions and datasets at a node: each version once and in its turn, and carried with the record."""

from collections.abc import Iterator
from typing import Any

import pytest

from ledger.core.statement import Statement
from ledger.errors import LedgerError
from ledger.services.admission import versions
from ledger.services.admission.batches import admit
from ledger.services.admission.versions import check_version
from ledger.services.bundles.closure import closure
from ledger.services.registration.register import enter
from ledger.statements.catalogue import read as read_subject
from ledger.store.rows import row_of
from tests.services.recognising import Recognising, party, recognising, subject_of
from tests.services.sides import Side, holder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognising]:
    with recognising(tmp_path_factory.mktemp("sides")) as found:
        yield found


def measure(made: Recognising, number: str, **changes: Any) -> Statement:
    subject = {**subject_of("PolicyMeasure"), "authority": party(made.of_xa), "number": number}
    return made.sides.sign(made.of_xa, "PolicyMeasure", {**subject, **changes})


def dataset(made: Recognising, reference: str, **changes: Any) -> Statement:
    subject = {**subject_of("DatasetRegistration"), "holder": party(made.sides.exporter)}
    key = made.sides.xa.node.home.keys.registrar
    return made.sides.sign(key, "DatasetRegistration", {**subject, "reference": reference, **changes})


def refusal(side: Side, statement: Statement) -> str:
    size = side.node.log.head.size
    with pytest.raises(LedgerError) as refused:
        side.register(statement)
    assert side.node.log.head.size == size
    return refused.value.code


def later(version: int, before: bytes) -> dict[str, Any]:
    return {"version": version, "supersedes": before.hex()}


def test_a_version_of_a_measure_stands_once(made: Recognising) -> None:
    one = measure(made, "M-1")
    first = made.sides.xa.register(one)
    check_version(one, read_subject(one), "XA", made.sides.xa.node.statements)  # it is that version itself
    assert refusal(made.sides.xa, measure(made, "M-1", kind="threshold")) == "version-taken"
    second = made.sides.xa.register(measure(made, "M-1", **later(2, first)))
    again = measure(made, "M-1", objectives=["freeFlow"], **later(2, first))
    assert refusal(made.sides.xa, again) == "version-taken"
    made.sides.xa.register(measure(made, "M-1", **later(3, second)))


def test_a_version_of_a_measure_follows_the_one_before(made: Recognising) -> None:
    first = made.sides.xa.register(measure(made, "M-2"))
    other = made.sides.xa.register(measure(made, "M-3"))
    assert refusal(made.sides.xa, measure(made, "M-2", **later(3, first))) == "version-conflict"
    assert refusal(made.sides.xa, measure(made, "M-2", **later(2, other))) == "version-conflict"
    inward = {"direction": "inbound", "jurisdiction": "XA", "zone": "XA-01+harbour"}
    whole = {"direction": "outbound", "jurisdiction": "XA"}
    for changed in ({"kind": "threshold"}, {"applies": inward}, {"applies": whole}):
        assert (
            refusal(made.sides.xa, measure(made, "M-2", **changed, **later(2, first))) == "version-conflict"
        )
    # What another log holds cannot be told here.
    made.sides.xa.register(measure(made, "M-4", **later(2, b"\x07" * 32)))


def test_the_measure_of_another_jurisdiction_is_another_measure(made: Recognising) -> None:
    first, held = made.sides.xa.register(measure(made, "M-11")), made.sides.xa.node.statements
    abroad = {"authority": {**party(made.of_xa), "jurisdiction": "XB"}}
    abroad["applies"] = {"direction": "outbound", "jurisdiction": "XB"}
    following = measure(made, "M-11", **abroad, **later(2, first))
    with pytest.raises(LedgerError) as refused:
        check_version(following, read_subject(following), "XB", held)
    assert refused.value.code == "version-conflict"
    own = measure(made, "M-11", **abroad, objectives=["freeFlow"])
    check_version(own, read_subject(own), "XB", held)  # a first version of its own


def test_another_grade_of_a_dataset_supersedes_the_last(made: Recognising) -> None:
    first = made.sides.xa.register(dataset(made, "D-1"))
    graded = {"grade": "core", "description": ..., "dataTypes": ..., "scenarios": ...}
    subject = {**subject_of("DatasetRegistration"), **graded}
    bare = {name: value for name, value in subject.items() if value is not ...}
    bare |= {"holder": party(made.sides.exporter), "reference": "D-1"}
    key = made.sides.xa.node.home.keys.registrar
    assert refusal(made.sides.xa, made.sides.sign(key, "DatasetRegistration", bare)) == "version-taken"
    made.sides.xa.register(made.sides.sign(key, "DatasetRegistration", {**bare, **later(2, first)}))


def test_another_registrar_neither_supersedes_nor_takes_a_version(made: Recognising) -> None:
    first, held = made.sides.xa.register(dataset(made, "D-2")), made.sides.xa.node.statements
    subject = {**subject_of("DatasetRegistration"), "holder": party(made.sides.exporter), "reference": "D-2"}
    stranger = made.sides.sign(made.of_xa, "DatasetRegistration", {**subject, **later(2, first)})
    with pytest.raises(LedgerError) as refused:
        check_version(stranger, read_subject(stranger), "XA", held)
    assert refused.value.code == "version-conflict"
    own = made.sides.sign(made.of_xa, "DatasetRegistration", {**subject, "licence": {"name": "other"}})
    check_version(
        own, read_subject(own), "XA", held
    )  # a first version by another registrar is another registration


def test_of_all_versions_only_the_one_before_is_read_for_a_further_one(
    made: Recognising, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who registers thousands of versions of one name would make the next one dear."""
    xa, looked, sound = made.sides.xa, list[bytes](), versions.read
    other = {**subject_of("DatasetRegistration"), "holder": party(made.sides.exporter), "reference": "D-3"}
    strangers = made.sides.sign(made.of_xa, "DatasetRegistration", other)
    enter([row_of(strangers)], xa.node.parties, xa.node.sequencer).result(timeout=30)
    line = [xa.register(dataset(made, "D-3"))]
    for version in range(2, 7):
        line.append(xa.register(dataset(made, "D-3", **later(version, line[-1]))))

    def read(statement: Statement, *, screened: bool) -> Any:
        looked.append(statement.digest)
        return sound(statement, screened=screened)

    monkeypatch.setattr(versions, "read", read)
    rival = dataset(made, "D-3", licence={"name": "other"}, **later(3, line[1]))
    held, answered = xa.node.statements, list[int]()
    asked = held._many

    def many(query: str, values: Any) -> Any:
        found = asked(query, values)
        answered.append(len(found))
        return found

    monkeypatch.setattr(held, "_many", many)
    with pytest.raises(LedgerError, match=f"version 3 of dataset D-3 is {line[2].hex()}") as refused:
        check_version(rival, read_subject(rival), "XA", held)
    assert refused.value.code == "version-taken"
    following = dataset(made, "D-3", **later(7, line[-1]))
    check_version(following, read_subject(following), "XA", held)
    assert looked == [line[1], line[-1]]
    assert answered == [1, 1, 1, 0]  # what each supersedes, and who is its version


def test_a_party_registers_no_measure(made: Recognising) -> None:
    own = {**subject_of("PolicyMeasure"), "authority": party(made.body), "number": "M-5"}
    assert refusal(made.sides.xa, made.sides.sign(made.body, "PolicyMeasure", own)) == "role-missing"


def test_a_joint_measure_is_endorsed_by_those_it_names(made: Recognising) -> None:
    alone = made.sides.xa.register(measure(made, "M-6"))
    joint = {"threshold": 1, "authorities": [made.of_xa.holder]}
    named = made.sides.xa.register(measure(made, "M-7", joint=joint))
    endorsed = made.endorsement(made.of_xa, "XA", alone, "jointMeasure")
    assert refusal(made.sides.xa, endorsed) == "endorsement-by-another"
    made.sides.xa.register(made.endorsement(made.of_xa, "XA", named, "jointMeasure"))


def test_a_record_is_carried_with_the_decision_and_the_measures_it_names(made: Recognising) -> None:
    xa = made.sides.xa
    machine = holder("machine", "XA")
    xa.enrol(machine, "machine")
    joint = {"threshold": 1, "authorities": [made.of_xa.holder]}
    first, second, other = (
        xa.register(measure(made, number, joint=joint)) for number in ("M-8", "M-9", "M-10")
    )
    endorsement = xa.register(made.endorsement(made.of_xa, "XA", second, "jointMeasure"))
    used = sorted((digest.hex(), number) for digest, number in ((first, "M-8"), (second, "M-9")))
    decided = {
        **subject_of("Decision"),
        "measures": [{"digest": digest, "number": number, "version": 1} for digest, number in used],
    }
    for line in decided["outbound"]["lines"]:
        line["reasons"] = []
    decision = xa.register(made.sides.sign(machine, "Decision", decided))
    record = made.sides.record(
        decisionRef=decision.hex(), mechanism={"type": "treaty", "measure": other.hex()}
    )
    xa.register(record)
    carried = {one.statement.digest: one.role for one in closure(record.digest, xa.node.statements, "XA")}
    named = dict.fromkeys((first, second, other), "measure")
    wanted = {record.digest: "subject", decision: "decision", endorsement: "endorsement", **named}
    assert {digest: carried.get(digest) for digest in wanted} == wanted


def test_a_digest_of_another_type_is_not_carried_as_a_decision(made: Recognising) -> None:
    accreditation = made.sides.xa.register(made.accreditation())
    record = made.sides.record(decisionRef=accreditation.hex())
    made.sides.xa.register(record)
    carried = {one.statement.digest for one in closure(record.digest, made.sides.xa.node.statements, "XA")}
    assert accreditation not in carried


def test_of_two_publications_of_one_version_at_once_the_log_takes_one(made: Recognising) -> None:
    xa = made.sides.xa
    objectives = ("freeFlow", "personalPrivacy", "publicInterest")
    rivals = [measure(made, "M-RACE", objectives=[objective]) for objective in objectives]
    rows = []
    for rival in rivals:  # both are judged before either is appended, as two processes would
        admitted = admit(rival.encoded, parties=xa.node.parties, now=made.sides.clock.now)
        assert not isinstance(admitted, LedgerError)
        rows.append(admitted)
    futures = [enter([row], xa.node.parties, xa.node.sequencer) for row in rows[:2]]
    first, second = (future.result(30)[0] for future in futures[:2])
    assert not isinstance(first, LedgerError)
    assert isinstance(second, LedgerError)
    assert second.code == "version-taken"
    (third,) = enter([rows[2]], xa.node.parties, xa.node.sequencer).result(30)  # in a later transaction
    assert isinstance(third, LedgerError)
    assert third.code == "version-taken"
    again = enter([rows[0]], xa.node.parties, xa.node.sequencer).result(30)[0]
    assert not isinstance(again, LedgerError)
    assert (again.index, again.first) == (first.index, False)

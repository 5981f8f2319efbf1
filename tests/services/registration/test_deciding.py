"""Rules on at a node: decisions in answers, what is refused, measures that follow the log, reviews once anchored."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from api.health import health_of
from ledger.core.statement import Statement, parse_statement
from ledger.core.times import format_time
from ledger.errors import LedgerError, MalformedError, RefusedError, StoreError
from ledger.ruling import Ruling
from ledger.services.keys.keyfile import HolderKey
from ledger.services.registration import deciding
from ledger.services.registration.deciding import MeasureBook, Rules
from ledger.services.registration.register import Registration, register_many
from ledger.services.rules import reviewing
from ledger.services.rules.reviewing import Reviewer
from ledger.statements.measure_review import read as read_review
from ledger.store.statements import StoredStatement
from tests.services.homes import DAY
from tests.services.recognising import Recognising, party, recognising, subject_of
from tests.services.sides import holder

LAW = {"instrument": "XA Act", "article": "5"}
FORBIDDEN = [{"id": "1", "outcome": "prohibited", "reason": "listed", "cite": LAW}]
FREE = [{"id": "1", "outcome": "free", "reason": "notListed", "cite": LAW}]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognising]:
    with recognising(tmp_path_factory.mktemp("sides")) as found:
        yield found


def measure(made: Recognising, number: str, rules: list[dict[str, Any]], **changes: Any) -> Statement:
    subject = {
        **subject_of("PolicyMeasure"),
        "authority": party(made.of_xa),
        "number": number,
        "rules": rules,
    }
    for name in ("overrides", "relations", "scenarios"):
        subject.pop(name)
    subject |= {
        "applies": {"direction": "outbound", "jurisdiction": "XA"},
        "effectiveFrom": format_time(made.sides.clock.now - DAY),
    }
    return made.sides.sign(made.of_xa, "PolicyMeasure", {**subject, **changes})


def rules(made: Recognising, *refuse: str) -> Rules:
    node = made.sides.xa.node
    book = MeasureBook(node.statements, lambda: node.log.head.size)
    return Rules(book, Ruling(decide=True, refuse=refuse), node.statements)


def answers(made: Recognising, asked: Rules, *records: Statement) -> list[Registration | LedgerError]:
    node, documents = made.sides.xa.node, [one.encoded for one in records]

    def clock() -> float:
        return made.sides.clock.now

    return list(
        register_many(documents, parties=node.parties, sequencer=node.sequencer, clock=clock, rules=asked)
    )


def outcome(answer: Registration | LedgerError) -> str:
    assert isinstance(answer, Registration)
    assert answer.decision is not None
    return str(answer.decision["outcome"])


def test_the_answer_to_a_record_follows_the_measures_as_they_are_logged(made: Recognising) -> None:
    asked = rules(made)
    (before,) = answers(made, asked, made.sides.record())
    assert isinstance(before, Registration)
    assert before.decision is not None
    assert before.decision["outcome"] == "indeterminate"
    assert before.decision["missing"] == ["measures"]
    made.sides.xa.register(measure(made, "D-1", FREE))
    assert outcome(answers(made, asked, made.sides.record())[0]) == "free"
    soon = format_time(made.sides.clock.now + DAY)
    made.sides.xa.register(measure(made, "D-2", FORBIDDEN, effectiveFrom=soon))
    assert outcome(answers(made, asked, made.sides.record())[0]) == "free"


def test_what_the_rules_refuse_is_not_registered_but_stands_where_it_stood(made: Recognising) -> None:
    stood = made.sides.record()
    until = format_time(made.sides.clock.now + 60)
    made.sides.xa.register(stood)
    made.sides.xa.register(measure(made, "D-3", FORBIDDEN, effectiveUntil=until))
    size = made.sides.xa.node.log.head.size
    refused, again = answers(made, rules(made, "prohibited"), made.sides.record(), stood)
    assert isinstance(refused, LedgerError)
    assert refused.code == "decision-refused"
    assert outcome(again) == "prohibited"
    assert made.sides.xa.node.log.head.size == size
    made.sides.clock.now += 60


def test_a_joint_measure_counts_from_when_enough_of_its_authorities_endorse_it(made: Recognising) -> None:
    asked = rules(made)
    made.sides.xa.register(measure(made, "D-13", FREE))
    joint = {"threshold": 1, "authorities": [made.of_xa.holder]}
    until = format_time(made.sides.clock.now + 400)
    digest = made.sides.xa.register(measure(made, "D-4", FORBIDDEN, joint=joint, effectiveUntil=until))
    assert outcome(answers(made, asked, made.sides.record())[0]) == "free"
    begins = format_time(made.sides.clock.now + 100)
    said = made.endorsement(made.of_xa, "XA", digest, "jointMeasure", **{"from": begins})
    made.sides.xa.register(said)
    assert outcome(answers(made, asked, made.sides.record())[0]) == "free"
    made.sides.clock.now += 100
    assert outcome(answers(made, asked, made.sides.record())[0]) == "prohibited"
    made.sides.clock.now += 400


def test_an_earlier_moment_is_answered_as_it_was(made: Recognising) -> None:
    node, now = made.sides.xa.node, made.sides.clock.now
    joint = {"threshold": 1, "authorities": [made.of_xa.holder]}
    digest = made.sides.xa.register(measure(made, "D-8", FREE, joint=joint))
    begins = format_time(now + 100)
    made.sides.xa.register(made.endorsement(made.of_xa, "XA", digest, "jointMeasure", **{"from": begins}))
    book = MeasureBook(node.statements, lambda: node.log.head.size)

    def has(at: int) -> bool:
        return digest in {one.digest for one in book.at_hand(at).measures}

    assert [has(now + late) for late in (100, 99, 500, 0, 100)] == [True, False, True, False, True]


def test_a_measure_that_cannot_be_read_leaves_nothing_free_and_stops_nothing(
    made: Recognising, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, sound = made.sides.xa.node, deciding.read
    bad = made.sides.xa.register(measure(made, "D-9", FORBIDDEN))
    beside = made.sides.xa.register(measure(made, "D-12", FREE))

    def read(statement: Statement, *, screened: bool) -> Any:
        if statement.digest == bad:
            raise MalformedError("of another kind", code="statement-malformed")
        return sound(statement, screened=screened)

    monkeypatch.setattr(deciding, "read", read)
    asked = rules(made, "prohibited")
    (answer,) = answers(made, asked, made.sides.record())
    assert outcome(answer) == "indeterminate"
    assert isinstance(answer, Registration)
    assert answer.decision is not None
    assert answer.decision["code"] == "measure-unreadable"
    book = MeasureBook(node.statements, lambda: node.log.head.size)
    held = {one.digest for one in book.at_hand(made.sides.clock.now).measures}
    assert bad not in held
    assert beside in held
    assert book.trouble is not None
    assert bad.hex() in str(book.trouble)
    monkeypatch.setattr(node, "measures", book)
    assert health_of(node)["ruleTrouble"]["code"] == "measure-unreadable"


def test_what_could_not_be_read_for_a_while_is_read_once_more_and_then_is_no_trouble(
    made: Recognising, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, sound, now, steady = made.sides.xa.node, deciding.read_endorsement, made.sides.clock.now, [0.0]
    joint = {"threshold": 1, "authorities": [made.of_xa.holder]}
    digest = made.sides.xa.register(measure(made, "D-11", FREE, joint=joint))
    begins = {"from": format_time(now)}
    said = made.sides.xa.register(made.endorsement(made.of_xa, "XA", digest, "jointMeasure", **begins))
    tried = list[bytes]()

    def read(statement: Statement, *, screened: bool) -> Any:
        tried.append(statement.digest)
        if statement.digest == said and not fixed:
            raise StoreError("the disk is away", code="store-failed")
        return sound(statement, screened=screened)

    fixed = False
    monkeypatch.setattr(deciding, "read_endorsement", read)
    book = MeasureBook(node.statements, lambda: node.log.head.size, steady=lambda: steady[0])
    before = book.at_hand(now)
    assert digest not in {one.digest for one in before.measures}
    assert said.hex() in str(before.trouble)
    assert book.unread == 1
    retry = deciding.RETRY
    for late in (retry - 1, retry, 2 * retry - 1):  # tried at the second of them alone
        steady[0] = late
        with pytest.raises(StoreError) as refused:
            book.at_hand(now).require_readable()
        assert refused.value.code == "measure-unreadable"
    assert tried.count(said) == 2
    fixed, steady[0] = True, 2 * retry
    assert digest in {one.digest for one in book.at_hand(now).require_readable()}
    assert (book.trouble, book.unread) == (None, 0)
    steady[0] += 10 * retry
    book.at_hand(now)
    assert tried.count(said) == 3
    with pytest.raises(StoreError):  # whoever asked before still has what was said then
        before.require_readable()


@pytest.mark.parametrize("kind", [None, "TransferRecord"])
def test_what_is_damaged_further_meanwhile_is_still_unknown(
    made: Recognising, monkeypatch: pytest.MonkeyPatch, kind: str | None
) -> None:
    node, steady = made.sides.xa.node, [0.0]
    made.sides.xa.register(measure(made, f"D-14-{kind}", FREE))

    def read(statement: Statement, *, screened: bool) -> Any:
        raise MalformedError(f"screened: {screened}", code="statement-malformed")

    def by_index(index: int) -> StoredStatement | None:
        stored = sound(index)
        assert stored is not None
        return None if kind is None else replace(stored, type=kind)

    sound = node.statements.by_index
    monkeypatch.setattr(deciding, "read", read)
    book = MeasureBook(node.statements, lambda: node.log.head.size, steady=lambda: steady[0])
    assert book.at_hand(made.sides.clock.now).trouble is not None
    unread, steady[0] = book.unread, deciding.RETRY
    monkeypatch.setattr(node.statements, "by_index", by_index)
    assert book.at_hand(made.sides.clock.now).trouble is not None
    assert book.unread == unread


def test_the_answer_names_the_conditions_of_the_rules(made: Recognising) -> None:
    conditional = [{**FREE[0], "outcome": "conditional", "conditions": ["impactAssessed"]}]
    made.sides.xa.register(measure(made, "D-10", conditional))
    (answer,) = answers(made, rules(made), made.sides.record())
    assert isinstance(answer, Registration)
    assert answer.decision is not None
    assert "impactAssessed" in answer.decision["conditions"]


def reviewer(made: Recognising, key: HolderKey, **parts_: Any) -> Reviewer:
    node = made.sides.xa.node

    def clock() -> float:
        return made.sides.clock.now

    parts = node.parties, node.sequencer, lambda: key, Ruling(languages=("xx",))
    return Reviewer(lambda: node.shelf, *parts, clock=clock, **parts_)


def test_a_measure_is_reviewed_once_and_only_when_it_is_anchored(made: Recognising) -> None:
    xa, key = made.sides.xa, holder("reviewer", "XA")
    xa.enrol(key, "machine")
    xa.anchor()
    reviewer(made, key).once()
    digest = xa.register(measure(made, "D-5", FREE))
    reviewer(made, key).once()

    def reviews() -> list[Any]:
        held = xa.node.statements.referring(digest, "measure", kind="MeasureReview")
        return [read_review(parse_statement(one.body)) for one in held]

    assert reviews() == []
    xa.anchor()
    for _ in range(2):  # another process, or the same one after a crash
        reviewer(made, key).once()
    (found,) = reviews()
    assert {"TR-1", "TR-4"} <= {one.code for one in found.findings}
    assert found.proven_at is not None
    assert found.proven_at >= made.sides.clock.now - 60


def test_a_review_that_is_refused_holds_up_no_later_one_and_is_tried_again(
    made: Recognising, monkeypatch: pytest.MonkeyPatch
) -> None:
    xa, key, steady = made.sides.xa, holder("reviewer-2", "XA"), [0.0]
    xa.enrol(key, "machine")
    first, second = (xa.register(measure(made, number, FREE)) for number in ("D-6", "D-7"))
    xa.anchor()
    sound, tried = reviewing.review_of, []

    def review_of(digest: bytes, *parts: Any, **told: Any) -> dict[str, Any]:
        tried.append(digest)
        if digest == first and len(tried) < limit:
            raise refusal
        return sound(digest, *parts, **told)

    def is_reviewed(digest: bytes) -> bool:
        return bool(xa.node.statements.referring(digest, "measure", kind="MeasureReview", issuer=key.holder))

    for each in (RefusedError("no", code="decision-refused"), KeyError("unforeseen")):
        refusal: Exception = each
        limit = 10_000
        one = reviewer(made, key, steady=lambda: steady[0])
        monkeypatch.setattr(reviewing, "review_of", review_of)
        one.once()
        assert (is_reviewed(first), is_reviewed(second)) == (False, True)
        assert [late.tries for late in one.waiting] == [1]
        assert one.trouble is not None
        assert one.trouble.code == ("decision-refused" if tried.count(first) == 1 else "reviewer-failed")
        one.once()  # not before its time
        assert [late.tries for late in one.waiting] == [1]
        steady[0] += 2 * reviewing.PERIOD
        one.once()
        assert [late.tries for late in one.waiting] == [2]
        assert one.waiting[0].again - steady[0] == 4 * reviewing.PERIOD
    limit = 0
    steady[0] += 4 * reviewing.PERIOD
    one.once()
    assert is_reviewed(first)
    assert (one.waiting, one.trouble) == ((), None)

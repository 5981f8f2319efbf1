"""Both implementations judge recognition alike, premise by premise, on the worlds that the rule is tested with."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from ledger.statements.identity_recognition import recognise_identity
from ledger.statements.recognition import Purpose, recognise
from tests.campaign import count
from tests.statements.recognition.breaks import every_break
from tests.statements.recognition.chance import Chance, question, world_of
from tests.statements.recognition.kinds import INTO, KINDS
from tests.statements.recognition.test_agreement import PURPOSES, TIMES
from tests.statements.recognition.world import (
    AUTHORITY,
    DAY,
    HOLDER,
    USE,
    World,
    by_two_ways,
    day,
    digest,
    identified,
)
from tests.web import plain
from tests.web.answers import Answers, Question, running

CERTIFICATE = digest("certificate")
FEW = 150
AT_RANDOM = count(FEW)
"""Worlds at random, three questions each."""
Asked = dict[str, Any]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    with running(tmp_path_factory.mktemp("answers")) as process:
        yield process


def asked_of(world: World, asked: list[Asked]) -> Question:
    """A world and what is asked of it, as JSON; with what our implementation answers."""
    evidence = world.evidence
    return {
        "authorities": plain.authorities(world.authorities),
        "evidence": [plain.held(one) for one in evidence],
        "questions": [_told(each) for each in asked],
        "_wanted": [_ours(world, evidence, each) for each in asked],
    }


def _told(asked: Asked) -> dict[str, Any]:
    whole = {"certificate": None, "party": None, "of": None, "only": None, "purpose": None, **asked}
    return {name: plain.plain(value) for name, value in whole.items()}


def _ours(world: World, evidence: list[Any], asked: Asked) -> Any:
    given = {**asked, "evidence": evidence, "trust": world.trust}
    if "party" in given:
        return recognise_identity(given.pop("party"), **given).to_json()
    return recognise(given.pop("certificate"), **given).to_json()


def agree(answers: Answers, questions: Iterator[Question]) -> int:
    """Compare every answer; how many there were."""
    number = 0
    for asked, told in answers.to(questions):
        assert len(told) == len(asked["_wanted"])
        for one, ours, theirs in zip(asked["questions"], asked["_wanted"], told, strict=True):
            assert theirs == ours, one
            number += 1
    return number


def of_certificate(kind: str, **members: Any) -> Asked:
    default = {"certificate": CERTIFICATE, "into": INTO.get(kind, "XB"), "purpose": USE}
    return {**default, "at": day(30), "known": day(40), **members}


def test_of_every_break_both_tell_the_same(answers: Answers) -> None:
    def questions() -> Iterator[Question]:
        for place, broken in enumerate(every_break()):
            world = KINDS[broken.kind]()
            broken.change(world)
            # The campaign asks for every time of every break, the suite for one besides the usual ones.
            further = TIMES if AT_RANDOM > FEW else [TIMES[place % len(TIMES)]]
            times = [(day(30), day(40)), *further]
            yield asked_of(world, [of_certificate(broken.kind, at=at, known=known) for at, known in times])

    assert agree(answers, questions()) > 1200


def test_of_every_purpose_both_tell_the_same(answers: Answers) -> None:
    def questions() -> Iterator[Question]:
        for kind, make in sorted(KINDS.items()):
            yield asked_of(
                make(),
                [
                    of_certificate(kind, purpose=purpose, into=into)
                    for purpose in [*PURPOSES.values(), Purpose(sensitive_persons=1)]
                    for into in ("XA", "XB", "XC", "XD", None)
                ],
            )

    agree(answers, questions())


def test_of_worlds_at_random_both_tell_the_same(answers: Answers) -> None:
    def questions() -> Iterator[Question]:
        for number in range(AT_RANDOM):
            chance = Chance(number)
            kind = chance.choice(sorted(KINDS))
            world = world_of(chance, kind)
            yield asked_of(world, [of_certificate(kind, **question(chance, kind)) for _ in range(3)])

    agree(answers, questions())


def test_of_identities_both_tell_the_same(answers: Answers) -> None:
    def questions() -> Iterator[Question]:
        for number in range(AT_RANDOM):
            chance = Chance(number)
            world = identified()
            _spoil(chance, world)
            asked = {
                "party": HOLDER[0],
                "of": chance.often("XA", None, "XB"),
                "into": chance.often("XB", "XA"),
                "only": chance.often(None, digest("identity"), digest("other")),
                "known": day(chance.choice([15, 25, 40, 400, 800])),
            }
            yield asked_of(world, [{**asked, "at": at} for at in (None, day(20), day(30), day(500))])

    agree(answers, questions())


def _spoil(chance: Chance, world: World) -> None:
    """Another recognition of the identity, and one or two things changed."""
    if chance.random() < 0.5:
        world.identity(
            "other",
            side=chance.often("XB", "XC"),
            created=chance.day(),
            index=chance.choice([9, 10]),
            level=chance.choice(["low", "substantial", "high"]),
            mapped_level=chance.choice(["low", "substantial", "high"]),
            supersedes=chance.choice([None, digest("identity")]),
        )
    changes: list[Any] = [
        lambda: world.drop(chance.choice([name for name in world.held if name != "identity"])),
        lambda: world.change("identity", valid_until=chance.later()),
        lambda: world.change("identity", valid_from=chance.day()),
        lambda: world.change("identity", status=world.held["identity"].value.status._replace(index=200)),
        lambda: world.change("arrangement", binding=False),
        lambda: world.change("arrangement", assurance=()),
        lambda: world.resign("identity", issuer=chance.choice(list(AUTHORITY.values()))[0]),
        lambda: world.resign("identity", jurisdiction="XA"),
        lambda: world.resign("identity", proven=day(20) + chance.choice([1, 3]) * DAY),
        lambda: world.status_change("change", "identity", chance.choice(["suspend", "withdraw"])),
        lambda: world.authorities.pop(AUTHORITY[chance.choice(["XA", "XB"])][0]),
        lambda: world.endorsement("left", "XB", role="denunciation", created=chance.day()),
        lambda: world.change(
            "identity",
            credential=world.held["identity"].value.credential._replace(
                valid_from=chance.day(), valid_until=chance.later()
            ),
        ),
    ]
    for _ in range(chance.choice([0, 1, 1, 2])):
        with suppress(KeyError):  # the one before took away what this one changes
            chance.choice(changes)()


def test_what_two_sides_reserved_is_told_alike(answers: Answers) -> None:
    world = KINDS["mutual"]()
    parties = [{"jurisdiction": "XB", "reservations": ["courts"]}, {"jurisdiction": "XA"}]
    world.change("arrangement", subject={"parties": parties})
    world.change("endorsement-xa", subject={"reservations": ["zones"]})
    asked = asked_of(world, [of_certificate("mutual")])
    assert asked["_wanted"][0]["at"]["limits"] == ["reservation of XA: zones", "reservation of XB: courts"]
    agree(answers, iter([asked]))


def test_of_two_ways_with_as_many_gaps_both_take_the_same(answers: Answers) -> None:
    asked = asked_of(by_two_ways(), [of_certificate("onward", into="XC")])
    assert asked["_wanted"][0]["at"]["limits"] == ["gap: first", "gap: fourth"]
    agree(answers, iter([asked]))


def test_a_certificate_that_is_not_carried_is_refused(answers: Answers) -> None:
    world = KINDS["mutual"]()
    asked = asked_of(world, [])
    asked["questions"] = [_told(of_certificate("mutual", certificate=digest("nothing")))]
    ((_, told),) = answers.to([asked])
    assert told[0]["code"] == "certificate-not-carried"

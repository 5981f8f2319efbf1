"""Records with measures, endorsements and decisions drawn at random, well signed: what step 11 has to tell apart."""

from base64 import b64encode
from contextlib import suppress
from random import Random
from typing import Any

from ledger.core.times import format_time
from ledger.errors import LedgerError
from tests.deciding.records import rule
from tests.differential.process import Case
from tests.simulator import START
from tests.verify.mutual import AUTHORITY_XA, AUTHORITY_XB
from tests.verify.ruled import ENGINE, HOUR, MACHINE, MADE, NOW, SECOND, THIRD, Ruled, certified, line, ruled

OUTCOMES = ("free", "conditional", "mechanismRequired", "assessmentRequired", "prohibited")
AUTHORITIES = (AUTHORITY_XA, AUTHORITY_XB, SECOND, THIRD)
TABLES = (
    {"category": ["personal"]},
    {"criticalInfrastructure": True},
    {"persons": {"ytdCount": {"atLeast": 100_000}}},
    {"grade": ["core"]},
)
EXPRESSIONS = (
    "line.persons.count + 9007199254740991 > 0",
    "line.persons.ytdSensitiveCount > 5",
    'transfer.flow == "outbound"',
)
MECHANISMS = ("standardContract", "codeOfConduct", "authorityAssessment", "authorityLicence")


def drawn(number: int) -> Case:
    """The case of this number: always the same."""
    random = Random(number)
    made = certified() if random.random() < 0.2 else ruled()
    trust = made.trust().encoded
    names = [_measure(made, random, place) for place in range(random.randrange(5))]
    _record(made, random)
    if random.random() < 0.3:
        outcome, created = random.choice(("free", "prohibited")), MADE + random.choice((30, 60, 61, 90))
        made.measure("late", rule("1", outcome), created=created)
        names.append("late")
    for place in range(random.choice((0, 1, 1, 1, 1, 1, 2, 2, 9))):
        _decision(made, random, place, names)
    about = "transfer"
    if "decision 0" in made.said and random.random() < 0.2:
        about = "decision 0"
    kept = ("exporter", "machine", about)
    for name in [one for one in made.said if one not in kept and random.random() < 0.08]:
        del made.said[name]
    asked: dict[str, Any] = {"now": NOW if random.random() < 0.9 else MADE + 100}
    beside = [name for name in made.said if name in names or name.startswith("endorsement")]
    if beside and random.random() < 0.2:
        name = random.choice(beside)
        asked["beside"] = [b64encode(made.apart(name)).decode()]
        del made.said[name]
    data = made.bundle(about)
    if random.random() < 0.1:
        data = data.replace(b'"text":"Invented"', b'"text":"Inventeb"', 1)
    return Case(f"drawn {number}", data, trust, asked)


def _measure(made: Ruled, random: Random, place: int) -> str:
    """A measure of either side, as it may be endorsed; its name."""
    name, number = f"m{place}", random.choice(("N1", "N2", "N3"))
    by = random.choice((AUTHORITY_XA, AUTHORITY_XA, SECOND, AUTHORITY_XB))
    members: dict[str, Any] = {"number": number, "by": by}
    if random.random() < 0.3:
        members["effectiveFrom"] = format_time(MADE + random.choice((-2 * HOUR, -1, 0, 1, HOUR)))
    if random.random() < 0.2:
        members["effectiveUntil"] = format_time(MADE + random.choice((HOUR + 1, 2 * HOUR)))
    if random.random() < 0.15:
        members["kind"] = "default"
    if random.random() < 0.25:
        listed = random.sample(AUTHORITIES, random.choice((2, 3)))
        members["joint"] = {"threshold": random.choice((1, 2)), "authorities": listed}
    if random.random() < 0.3 and f"m{place - 1}" in made.said:
        before = made.said[f"m{place - 1}"][1]
        members |= {"number": before.subject["number"], "version": 2, "supersedes": before.digest.hex()}
    created = MADE - 20 if random.random() < 0.2 else START + 300
    rules = [_rule(random, str(one)) for one in range(random.randrange(4))]
    made.measure(name, *rules, created=created + place, **members)
    if "joint" in members:
        for who in random.sample(AUTHORITIES, random.randrange(4)):
            said = random.choice(
                ({}, {}, {}, {"jurisdiction": "XB"}, {"role": "party"}, {"from": format_time(MADE)})
            )
            made.endorse(name, who, created=random.choice((START + 400, MADE - 10, MADE + 70)), **said)
    return name


def _rule(random: Random, ident: str) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if random.random() < 0.7:
        members["table"] = random.choice(TABLES)
    if random.random() < 0.2:
        members["when"] = random.choice(EXPRESSIONS)
    return rule(ident, random.choice(OUTCOMES), **members)


def _record(made: Ruled, random: Random) -> None:
    members: dict[str, Any] = {"mechanism": {"type": random.choice(MECHANISMS)}}
    if "certificate" in made.said and random.random() < 0.8:
        named = made.said["certificate"][1].digest.hex()
        members["mechanism"] = {"type": "certification", "certificate": named}
    if random.random() < 0.4:
        members["criticalInfrastructure"] = random.choice((True, False))
    lines = [
        line(random.choice(("personal", "nonPersonal")), number, grade=random.choice(("general", "core")))
        for number in range(1, random.randrange(2, 4))
    ]
    if random.random() < 0.3:
        start = MADE + random.choice((-HOUR, 0, HOUR))
        members["window"] = {"start": format_time(start)}
        if random.random() < 0.5:
            members["window"]["end"] = format_time(start + HOUR)
    made.record(*lines, **members)


def _decision(made: Ruled, random: Random, place: int, names: list[str]) -> None:
    """By most of the measures; in one of a few something is not as it follows."""
    at = MADE + random.choice((0, 0, 0, 0, -HOUR, -2 * HOUR, 1, HOUR))
    changes = random.choice(
        (
            {},
            {},
            {},
            {},
            {},
            {"engine": "evidence-rules/2"},
            {"transfer": "11" * 32},
            {"at": format_time(at + 1)},
        )
    )
    used = [name for name in names if random.random() < 0.85]
    by = random.choice((ENGINE, ENGINE, MACHINE))
    with suppress(LedgerError):
        made.decision(
            *used,
            name=f"decision {place}",
            at=at,
            created=MADE + random.choice((-30, 60)) + place,
            changes=changes,
            by=by,
        )

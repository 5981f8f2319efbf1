"""Whole worlds at random: a good one of several kinds, some members changed, some statements dropped or added.

Days are few, so that moments often coincide; names are few, so that statements often speak of each other.  The
same number gives the same world and the same questions.
"""

from random import Random
from typing import Any

from ledger.core.trust.values import Authority
from ledger.statements.accreditation import AccreditedScheme
from ledger.statements.arrangement import ArrangementParty, Equivalence
from ledger.statements.designation import AccreditorEntry, Designation
from ledger.statements.recognition import Purpose
from tests.statements.recognition.kinds import INTO, KINDS, ROOT
from tests.statements.recognition.world import (
    ACCREDITOR,
    AUTHORITY,
    BODY,
    DAY,
    FORGER,
    HOLDER,
    IMPORTER,
    OTHER_SCENARIO,
    SCENARIO,
    SCOPE,
    SMALLER,
    STRANGER,
    USE,
    World,
    day,
    digest,
)

SIDES = ["XA", "XB", "XC", "XD"]
AUTHORS = [BODY, ACCREDITOR, ROOT, *AUTHORITY.values(), STRANGER, FORGER, ("did:web:body.example.xa", "XE")]
STANDARDS = ["ISO/IEC 27701:2025", "XB-PIMS 3", "XC-PRIV 1", "XD-DP 2"]
SCHEME = AccreditedScheme(
    "urn:example:scheme:cross-border-personal-data",
    frozenset({"1.0", "2.0"}),
    "personalDataProtection",
    1095,
    None,
)
SCOPES = [
    None,
    SCOPE,
    SMALLER,
    SCOPE._replace(destinations=frozenset({"XC"})),
    SCOPE._replace(data_categories=frozenset({"nonPersonal"})),
    SCOPE._replace(persons=None),
    SCOPE._replace(persons=1_000_000),
    SCOPE._replace(sensitive_persons=10),
    SCOPE._replace(sensitive_persons=100_000),
    SCOPE._replace(document_types=frozenset({"einvoice/UBL-2.1"})),
    SCOPE._replace(scenarios=frozenset({OTHER_SCENARIO})),
]


class Chance(Random):
    """Draws of the kind that worlds are made of."""

    def often(self, likely: Any, *others: Any) -> Any:
        """Mostly the first."""
        return likely if self.random() < 0.7 else self.choice(others)

    def day(self) -> int:
        return day(self.choice([0, 3, 5, 10, 20, 21, 22, 25, 25, 28, 30, 30, 35, 40, 45]))

    def later(self) -> int:
        return day(self.choice([15, 25, 28, 30, 35, 40, 41, 400, 1095, 1105]))

    def scope(self) -> Any:
        return self.choice(SCOPES[1:])

    def name(self, world: World) -> str:
        return self.choice([*world.held, "nothing"])

    def named(self, world: World, type_: str) -> str:
        """The name of a statement, mostly one of that type."""
        fitting = [name for name, held in world.held.items() if held.type == type_]
        return self.choice(fitting) if fitting and self.random() < 0.85 else self.name(world)

    def subset(self, values: list[str]) -> frozenset[str]:
        return frozenset(value for value in values if self.random() < 0.5)


def purpose(chance: Chance) -> Purpose | None:
    if chance.random() < 0.7:
        return chance.choice([None, USE, USE._replace(destination=None)])
    return Purpose(
        scenarios=chance.choice([frozenset(), frozenset({SCENARIO}), frozenset({OTHER_SCENARIO})]),
        data_categories=chance.choice([frozenset(), frozenset({"personal"}), frozenset({"nonPersonal"})]),
        destination=chance.choice([None, "XB", "XC"]),
        document_type=chance.choice([None, None, "einvoice/UBL-2.1", "ebl/other"]),
        persons=chance.choice([None, 500, 5_000, 200_000]),
        sensitive_persons=chance.choice([None, None, 10, 11]),
        standard=chance.choice([None, None, *STANDARDS]),
        level=chance.choice([None, None, 2, 3]),
        family=chance.choice([None, None, None, "personalDataProtection", "document"]),
        parties=chance.choice([frozenset(), frozenset({HOLDER, IMPORTER}), frozenset({IMPORTER})]),
    )


def question(chance: Chance, kind: str) -> dict[str, Any]:
    """What is asked: mostly where a world of that kind is good."""
    known = chance.choice([25, 30, 40, 40, 41, 41, 400])
    return {
        "into": chance.often(INTO.get(kind, "XB"), "XA", "XB", "XC", "XD", None),
        "purpose": purpose(chance),
        "at": chance.choice([None, *(day(number) for number in (10, 20, 25, 29, 30, 35, 41))]),
        "known": day(known),
    }


def world_of(chance: Chance, kind: str) -> World:
    """A world of that kind, more or less spoilt."""
    world = KINDS[kind]()
    for _ in range(chance.choice([0, 0, 1, 1, 2])):
        _change(chance, world)
    for number in range(chance.choice([0, 1, 1, 2, 3, 4])):
        _add(chance, world, f"extra{number}")
    if chance.random() < 0.15:
        name = chance.choice(sorted(world.held))
        if name != "certificate":
            world.drop(name)
    if chance.random() < 0.1:
        world.authorities.pop(chance.choice(sorted(world.authorities)))
    if chance.random() < 0.1:
        did, jurisdiction = chance.choice(AUTHORS)
        world.authorities[did] = Authority(
            did, jurisdiction, frozenset({chance.choice(["accreditor", "authority"])}), {}
        )
    return world


def _change(chance: Chance, world: World) -> None:
    """Let one statement say something else in one member, or be of another author or time."""
    name = chance.choice(sorted(world.held))
    held = world.held[name]
    if chance.random() < 0.2:
        shown = chance.choice(["proven", "operator"])
        world.resign(name, **{shown: held.created + chance.choice([1, 2, 5, 15]) * DAY})
        return
    if chance.random() < 0.1:
        did, jurisdiction = chance.choice(AUTHORS)
        world.resign(name, issuer=did, jurisdiction=jurisdiction)
        return
    choices = {member: make for member, make in MEMBERS.items() if hasattr(held.value, member)}
    if held.type == "RecognitionArrangement":
        choices = {member: make for member, make in choices.items() if member != "supersedes"}
    member = chance.choice(sorted(choices))
    value = choices[member](chance, world)
    if value == held.digest:
        return  # no statement names itself
    may_miss = member in MAY_MISS and (member != "scope" or held.type == "Recognition")
    if value is not None or may_miss:
        world.change(name, **{member: value})


def _add(chance: Chance, world: World, name: str) -> None:
    kind = chance.choice(["change", "change", "list", "list", "endorsement", "endorsement", "other", "same"])
    if kind == "change":
        _status_change(chance, world, name)
    elif kind == "list":
        _status_list(chance, world, name)
    elif kind == "endorsement":
        _endorsement(chance, world, name)
    else:
        _copy(chance, world, name, same=kind == "same")
    if chance.random() < 0.15:
        world.resign(name, proven=chance.day())


def _status_change(chance: Chance, world: World, name: str) -> None:
    target = chance.choice(sorted(world.held))
    change = chance.choice(["suspend", "suspend", "reinstate", "reinstate", "withdraw", "reduceScope"])
    held = world.held[target]
    created = chance.day()
    effective = chance.often(created, chance.day())
    world.status_change(
        name,
        target,
        change,
        by=chance.often((held.issuer, held.jurisdiction), *AUTHORS),
        created=created,
        effective=effective,
        until=effective + chance.choice([1, 5, 15, 180]) * DAY if change == "suspend" else None,
        scope=chance.scope() if change == "reduceScope" else None,
    )


def _status_list(chance: Chance, world: World, name: str) -> None:
    author = chance.choice(AUTHORS)
    ids = sorted({f"https://{did[8:]}/status/1" for did, _ in AUTHORS})
    if chance.random() < 0.8:
        held = world.held[chance.choice(sorted(world.held))]
        author = held.issuer, held.jurisdiction
    places = [0, 3, 4, 5, 7, 8, 42]
    bits: dict[str, Any] = {
        purpose: [place for place in places if chance.random() < 0.15]
        for purpose in ("withdrawn", "suspended", "refreshed")
    }
    length = chance.often(64, 8)
    bits = {key: [place for place in value if place < length] for key, value in bits.items()}
    world.status_list(
        name,
        author,
        id=chance.often(None, *ids),
        created=chance.day(),
        days=chance.choice([1, 3, 5, 10, 365]),
        length=length,
        **bits,
    )


def _endorsement(chance: Chance, world: World, name: str) -> None:
    side = chance.choice(SIDES)
    role = chance.choice(["party", "party", "accession", "denunciation", "denunciation"])
    created = chance.day()
    members: dict[str, Any] = {}
    if role == "denunciation":
        members["toward"] = chance.choice(
            [None, frozenset({chance.choice(SIDES)}), chance.subset(SIDES) or None]
        )
    elif chance.random() < 0.4:
        members["designated"] = (
            Designation(side, BODY[0], chance.day(), chance.often(None, chance.later()), None),
        )
        members["accreditors"] = (AccreditorEntry(side, chance.choice([ACCREDITOR[0], ROOT[0]])),)
    if chance.random() < 0.3:
        members["subject"] = {"reservations": [f"of {name}"]}
    world.endorsement(
        name,
        side,
        text=chance.named(world, "RecognitionArrangement"),
        role=role,
        by=chance.often(AUTHORITY[side], *AUTHORS),
        created=created,
        begins=chance.often(created, chance.day()),
        supersedes=chance.often(None, digest(chance.named(world, "Endorsement"))),
        **members,
    )


def _copy(chance: Chance, world: World, name: str, *, same: bool) -> None:
    """Another statement of the same author, for another index, that says nearly the same."""
    like = chance.choice(sorted(world.held))
    held = world.held[like]
    world.held[name] = held._replace(digest=digest(name))
    if getattr(held.value, "status", None) is not None and chance.random() < 0.8:
        world.change(name, status=held.value.status._replace(index=chance.choice([4, 5, 8])))
    created = chance.day()
    if chance.random() < 0.8:
        world.resign(name, created=created)
        if hasattr(held.value, "valid_from"):
            world.change(name, valid_from=created)
    if chance.random() < 0.5 and held.type not in ("StatusChange", "RecognitionArrangement"):
        world.change(name, supersedes=digest(like))
    if not same:
        before = world.held[name]
        choices = sorted(member for member in MEMBERS if hasattr(held.value, member))
        member = chance.choice(choices)
        value = MEMBERS[member](chance, world)
        if value not in (None, before.digest) and held.type != "RecognitionArrangement":
            world.held[name] = before._replace(value=before.value._replace(**{member: value}))


def _equivalences(chance: Chance, _: World) -> tuple[Equivalence, ...]:
    return tuple(
        Equivalence(
            chance.choice(STANDARDS),
            chance.choice(STANDARDS),
            chance.choice(["both", "aToB"]),
            chance.often(None, 2, 3),
            tuple(f"gap {number}" for number in range(4) if chance.random() < 0.3),
        )
        for _ in range(chance.choice([1, 2, 3]))
    )


def _parties(chance: Chance, _: World) -> tuple[ArrangementParty, ...]:
    sides = [side for side in SIDES if chance.random() < 0.8]
    return tuple(
        ArrangementParty(side, AUTHORITY[side][0], chance.day(), chance.often(None, chance.later()))
        for side in sides
    )


def _onward(chance: Chance, world: World) -> bytes:
    return digest(chance.named(world, "Recognition"))


MAY_MISS = {"level", "status", "accreditation", "scope", "onward", "parent", "toward", "document_types"}
MEMBERS: dict[str, Any] = {
    "valid_from": lambda c, w: c.day(),
    "valid_until": lambda c, w: c.later(),
    "begins": lambda c, w: c.day(),
    "effective": lambda c, w: c.day(),
    "supersedes": lambda c, w: digest(c.name(w)),
    "level": lambda c, w: c.choice([None, 1, 2, 3]),
    "scheme_version": lambda c, w: c.choice(["1.0", "3.0"]),
    "family": lambda c, w: c.choice(["document", "product"]),
    "standards": lambda c, w: tuple(sorted(c.subset(STANDARDS))) or (STANDARDS[1],),
    "status": lambda c, w: None,
    "accreditation": lambda c, w: (
        c.often(ACCREDITOR[0], ROOT[0]),
        digest(c.named(w, "Accreditation")),
    ),
    "scope": lambda c, w: c.choice(SCOPES),
    "schemes": lambda c, w: (
        SCHEME._replace(maximum_days=c.choice([1, 1094, 1095]), level=c.choice([None, 1, 2])),
        SCHEME._replace(family=c.choice(["document", SCHEME.family]), level=c.choice([None, 3])),
    ),
    "data_categories": lambda c, w: c.subset(["personal", "nonPersonal", "sensitivePersonal"]),
    "document_types": lambda c, w: c.subset(["einvoice/UBL-2.1", "ebl/other"]),
    "parent": lambda c, w: digest(c.named(w, "Accreditation")),
    "parties": _parties,
    "kind": lambda c, w: c.choice(["mou", "initiative", "treaty"]),
    "binding": lambda c, w: c.random() < 0.5,
    "accession": lambda c, w: c.random() < 0.7,
    "families": lambda c, w: c.subset(["document", "personalDataProtection"]),
    "equivalences": _equivalences,
    "designated": lambda c, w: tuple(
        Designation(side, BODY[0], c.day(), c.often(None, c.later()), c.often(None, frozenset({"document"})))
        for side in ("XA", "XA", "XB")
    ),
    "accreditors": lambda c, w: (AccreditorEntry("XA", c.choice([ROOT[0], BODY[0], ACCREDITOR[0]])),),
    "onward_depth": lambda c, w: c.choice([0, 1, 2]),
    "role": lambda c, w: c.choice(["party", "accession", "denunciation"]),
    "toward": lambda c, w: c.subset(SIDES) or None,
    "jurisdiction": lambda c, w: c.choice(SIDES),
    "effect": lambda c, w: c.choice(["partial", "conditional"]),
    "conditions": lambda c, w: c.choice([("one",), ("one", "two"), ("two", "one")]),
    "certificate": lambda c, w: digest(c.name(w)),
    "arrangement": lambda c, w: digest(c.named(w, "RecognitionArrangement")),
    "onward": _onward,
    "statement": lambda c, w: digest(c.name(w)),
    "length": lambda c, w: 8,
}

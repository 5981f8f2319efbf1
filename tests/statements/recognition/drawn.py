"""Further statements for a world, drawn at random: some to the point, most beside it."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from ledger.statements.designation import AccreditorEntry, Designation
from ledger.statements.endorsement import Endorsement
from ledger.statements.recognition import Held
from ledger.statements.recognition_grant import Recognition
from ledger.statements.status_change import StatusChange
from ledger.statements.status_list import StatusList
from ledger.statements.status_reference import StatusReference
from tests.statements.recognition.world import (
    ACCREDITOR,
    AUTHORITY,
    BODY,
    FORGER,
    SMALLER,
    STRANGER,
    World,
    day,
    digest,
)

Author = tuple[str, str]
NAMES = [
    "certificate",
    "accreditation",
    "recognition",
    "arrangement",
    "endorsement-xa",
    "endorsement-xb",
    *(f"extra{number}" for number in range(6)),
]
LISTS = [
    f"https://{author[0][8:]}/status/1" for author in (BODY, ACCREDITOR, AUTHORITY["XB"], AUTHORITY["XC"])
]
OF_XA: list[Author] = [
    BODY,
    ACCREDITOR,
    AUTHORITY["XA"],
    FORGER,
    ("did:web:accreditor.example.xb", "XA"),
    ("did:web:other.example.xa", "XA"),
]
STRANGERS: list[Author] = [
    STRANGER,
    ("did:web:accreditor.example.xa", "XE"),
    ("did:web:body.example.xa", "XE"),
    FORGER,
]
EVERYBODY: list[Author] = [*OF_XA, AUTHORITY["XB"], AUTHORITY["XC"], STRANGER]
KINDS = ["certificate", "accreditation", "arrangement", "endorsement", "recognition", "change", "list"]

days = st.integers(0, 42)
sides = st.sampled_from(["XA", "XB", "XC"])
names = st.sampled_from(NAMES)
some_digest = st.none() | names.map(digest)
places = st.sets(st.sampled_from([3, 7, 42, 43]), max_size=2)


@st.composite
def worlds(draw: st.DrawFn, start: World, authors: Sequence[Author], *, most: int = 5) -> World:
    """The world `start` with up to `most` statements more, each signed by one of the authors."""
    world = start.copy()
    for number in range(draw(st.integers(1, most))):
        _add(draw, world, f"extra{number}", draw(st.sampled_from(authors)))
    return world


def _add(draw: st.DrawFn, world: World, name: str, by: Author) -> None:
    created = day(draw(days))
    proven = draw(st.none() | days.map(day))
    kind = draw(st.sampled_from(KINDS))
    reference = StatusReference(draw(st.sampled_from(LISTS)), draw(st.sampled_from([3, 7, 42, 43])))
    if kind == "certificate":
        world.certificate(name, created=created, supersedes=draw(some_digest), status=reference)
    elif kind == "accreditation":
        world.accreditation(
            name,
            by=by,
            of=draw(st.sampled_from([BODY, ACCREDITOR, by])),
            created=created,
            valid_until=created + draw(st.integers(1, 90)) * 86_400,
            parent=draw(some_digest),
            supersedes=draw(some_digest),
            status=reference,
        )
    elif kind == "arrangement":
        world.arrangement(
            name, parties=draw(st.permutations(["XA", "XB", "XC"])), accession=draw(st.booleans())
        )
    elif kind == "endorsement":
        _endorsement(draw, world, name, by, created)
    elif kind == "recognition":
        world.recognition(
            name,
            side=draw(sides),
            by=by,
            text=draw(names),
            created=created,
            index=draw(st.sampled_from([3, 4])),
            onward=draw(some_digest),
            scope=draw(st.sampled_from([None, None, SMALLER])),
            supersedes=draw(some_digest),
            valid_until=created + draw(st.integers(1, 90)) * 86_400,
        )
    elif kind == "change":
        change = draw(st.sampled_from(["suspend", "reinstate", "withdraw", "reduceScope"]))
        scope = SMALLER if change == "reduceScope" else None
        effective = day(draw(days))
        world.status_change(
            name, draw(names), change, by=by, created=created, effective=effective, scope=scope
        )
    else:
        bits = {purpose: draw(places) for purpose in ("withdrawn", "suspended", "refreshed")}
        list_id = draw(st.sampled_from(LISTS))
        world.status_list(name, by, id=list_id, created=created, days=draw(st.integers(1, 90)), **bits)
    world.resign(name, issuer=by[0], jurisdiction=by[1], proven=proven)


def _endorsement(draw: st.DrawFn, world: World, name: str, by: Author, created: int) -> None:
    role = draw(st.sampled_from(["party", "accession", "denunciation"]))
    side = draw(sides)
    joins: dict[str, Any] = {}
    if role == "denunciation":
        joins["toward"] = draw(st.none() | st.frozensets(sides, min_size=1))
    elif draw(st.booleans()):
        joins["designated"] = (Designation(side, BODY[0], created, None, None),)
        joins["accreditors"] = (AccreditorEntry(side, ACCREDITOR[0]),)
    text = draw(st.sampled_from(["arrangement", "extra0"]))
    begins, supersedes = day(draw(days)), draw(some_digest)
    world.endorsement(
        name,
        side,
        text=text,
        role=role,
        by=by,
        created=created,
        begins=begins,
        supersedes=supersedes,
        **joins,
    )


def is_negative(world: World, held: Held[Any]) -> bool:
    """Whether leaving a statement out may make something good, as docs/spec/recognition.md lists them."""
    value = held.value
    if isinstance(value, StatusChange):
        return value.change != "reinstate"
    if isinstance(value, StatusList):
        return any(value.revocation) or any(value.suspension) or any(value.refresh)
    if isinstance(value, Endorsement) and value.role == "denunciation":
        return True
    if value.supersedes is not None:
        return True
    others = [other for other in world.evidence if other.digest != held.digest]
    if isinstance(value, Recognition) and any(isinstance(other.value, Recognition) for other in others):
        return True
    reference = getattr(value, "status", None)
    return reference is not None and any(
        getattr(other.value, "status", None) == reference and other.author == held.author for other in others
    )

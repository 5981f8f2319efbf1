"""Bundles with decisions by others than who may say so, out of order, or about a time that is not the record's."""

from typing import Any

from ledger.core.times import format_time
from tests.deciding.records import rule
from tests.simulator import DAY, LEI, START, key
from tests.verify.ruled import HOUR, JOINT, MACHINE, MADE, SECOND, THIRD, Ruled, free, ruled, without


def by_others(*decided: tuple[str, ...], outcome: str = "free") -> Ruled:
    """Decisions by an engine that is neither side's, each by the measures named, of which both are in force."""
    made = ruled()
    made.measure("XA-1", rule("1", outcome))
    made.measure("XA-2", rule("1", outcome))
    made.record()
    for place, names in enumerate(decided):
        made.decision(*names, name=f"other {place}", by=MACHINE, created=MADE + 61 + place)
    return made


def beside_others(count: int, *, changes: dict[str, Any] | None = None) -> Ruled:
    """A decision by an authority, and more by an engine, which leave a measure out."""
    made = by_others(*[("XA-1",)] * count)
    made.decision("XA-1", "XA-2", changes=changes or {})
    return made


def by_a_party(jurisdiction: str | None = None) -> Ruled:
    """A decision that leaves a measure out, by the record's importer, or by one whose key is another country's."""
    made = ruled()
    importer = "did:web:importer.example.xb"
    made.signers[importer] = ("machine", "XB")
    enrolment = made.world.xb.enrol(importer, ["machine"], [("#1", key(importer))])
    made.said["importer"] = (made.world.xb, made.world.xb.add(enrolment))
    made.measure("XA-1", free())
    made.measure("XA-2", free())
    if jurisdiction is None:
        made.record()
    else:
        made.record(
            importer={"did": importer, "id": LEI["importer"], "jurisdiction": jurisdiction, "scheme": "LEI"}
        )
    made.decision("XA-1", by=importer)
    return made


def in_window(says: str, *, start: int | None = None, end: int | None = None, at: int = MADE) -> Ruled:
    """A record with a window, of whose two ends one may lie in the reach of the measure's second version."""
    made = ruled()
    first = made.measure("v1", free(), number="XA-1")
    members = {"number": "XA-1", "version": 2, "supersedes": first.digest.hex()}
    made.measure("v2", rule("1", says), effectiveFrom=format_time(MADE + DAY), created=START + 30, **members)
    window = {"start": format_time(MADE + HOUR if start is None else start)}
    made.record(window=window | ({} if end is None else {"end": format_time(end)}))
    made.decision("v1", at=at)
    return made


def inside_window(says: str, *, since: int, until: int) -> Ruled:
    """A decision for a moment between the ends of the record's window; another measure is in force for some time."""
    made = ruled()
    made.measure("XA-1", free())
    term = {"effectiveFrom": format_time(since), "effectiveUntil": format_time(until)}
    made.measure("XA-2", rule("1", says), created=START + 30, **term)
    made.record(window={"start": format_time(MADE + HOUR), "end": format_time(MADE + 2 * DAY)})
    at = MADE + DAY
    made.decision("XA-1", *(["XA-2"] if since <= at < until else []), at=at)
    return made


def backdated(*, after: bool) -> Ruled:
    """A decision that claims to be older than a measure which stands before it in the log, or after it."""
    made = ruled()
    made.measure("XA-1", free())
    made.record()
    if after:
        made.decision("XA-1", created=MADE + 60)
    made.measure("XA-2", rule("1", "prohibited"), created=MADE + 120)
    if not after:
        made.decision("XA-1", created=MADE + 60)
    return made


def endorsed_late() -> Ruled:
    """A measure that is endorsed after the decision, in its log too."""
    made = ruled()
    made.measure("XA-1", free(), **JOINT)
    made.record()
    made.decision("XA-1")
    for by in (SECOND, THIRD):
        made.endorse("XA-1", by, created=MADE + 61)
    return made


def endorsed_before() -> Ruled:
    """A decision that claims to be older than the endorsements, which stand before it in its log."""
    made = ruled()
    made.measure("XA-1", free(), **JOINT)
    made.record()
    for by in (SECOND, THIRD):
        made.endorse("XA-1", by, created=MADE + 120)
    made.decision("XA-1", created=MADE + 60)
    return made


def joint_aside() -> Ruled:
    """A joint measure of too few endorsements beside the one that the decision is made by."""
    made = ruled()
    made.measure("XA-1", free())
    made.measure("joint", rule("1", "prohibited"), **JOINT)
    made.endorse("joint", SECOND)
    made.record()
    made.decision("XA-1")
    return made


def changed_elsewhere(part: str) -> Ruled:
    """A measure like the one that is named and not carried, but for its number, or its version."""
    made = ruled()
    made.measure("XA-1", free())
    like: dict[str, Any] = {"number": "XA-1", "created": START + 11}
    changed: dict[str, Any] = (
        {"number": "XA-2"} if part == "number" else {"version": 2, "supersedes": "00" * 32}
    )
    like |= changed
    made.measure("other", free(delegable=True), **like)
    made.record()
    made.decision("XA-1")
    return without(made, "XA-1")


def conditions_beneath() -> Ruled:
    """Conditions of one measure beneath a mechanism that another requires."""
    made = ruled()
    made.measure("XA-1", rule("1", "conditional", conditions=["storedCopy", "encrypt"]))
    made.measure("XA-2", rule("1", "mechanismRequired"))
    made.record()
    made.decision("XA-1", "XA-2")
    return made

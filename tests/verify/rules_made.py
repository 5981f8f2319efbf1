"""Bundles with decisions by others than who may say so, out of order, or about a time that is not the record's."""

from typing import Any

from ledger.core.times import format_time
from tests.deciding.records import rule
from tests.simulator import DAY, LEI, START, key
from tests.verify.mutual import AUTHORITY_XB
from tests.verify.ruled import (
    ENGINE,
    HOUR,
    JOINT,
    MACHINE,
    MADE,
    SECOND,
    THIRD,
    Ruled,
    free,
    line,
    ruled,
    without,
)

ELSEWHERE = {
    "did": "did:web:importer.example.xc",
    "id": "did:web:importer.example.xc",
    "jurisdiction": "XC",
    "scheme": "DID",
}
"""An importer of neither XA nor XB."""


def assessed(by: str, mechanism: str) -> Ruled:
    """XA asks for an assessment, which the record declares; another measure, of XA or XB, asks for a mechanism."""
    made = ruled()
    made.measure("XA-1", rule("1", "assessmentRequired"))
    made.measure("beside", rule("1", "mechanismRequired", mechanisms=[mechanism]), by=by)
    made.record(mechanism={"type": "authorityAssessment"})
    made.decision("XA-1", "beside")
    return made


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


def joint_aside_twice() -> Ruled:
    """Two decisions beside a joint measure of too few endorsements."""
    made = joint_aside()
    made.decision("XA-1", name="second", created=MADE + 70)
    return made


def joint_of_a_third_country() -> Ruled:
    """A joint measure of too few endorsements, of XB, which is neither side of the record."""
    made = ruled()
    made.measure("XA-1", free())
    made.measure("joint", rule("1", "prohibited"), by=AUTHORITY_XB, **JOINT)
    made.record(importer=ELSEWHERE)
    made.decision("XA-1")
    return made


def silent_once() -> Ruled:
    """Two decisions, of which one knows no measure of the destination."""
    made = ruled()
    made.measure("XA-1", free())
    made.record()
    made.decision("XA-1")
    made.measure("XB-1", free(), by=AUTHORITY_XB, created=MADE + 120)
    made.decision("XA-1", "XB-1", name="second", created=MADE + 180)
    return made


def version_twice() -> Ruled:
    """The measure that is named, and one more of its number and version, which came later."""
    made = ruled()
    made.measure("XA-1", free())
    made.measure("again", rule("1", "prohibited"), number="XA-1", created=START + 30)
    made.record()
    made.decision("XA-1")
    return made


def foreseen() -> Ruled:
    """A decision by a measure that came into its log after it."""
    later = ruled()
    later.measure("XA-1", free(), created=MADE + 120)
    later.record()
    later.decision("XA-1")
    subject = later.said["decision"][1].subject
    made = ruled()
    made.record()
    made.decided(subject)
    made.measure("XA-1", free(), created=MADE + 120)
    return made


def alike_again() -> Ruled:
    """Other conditions when the record was made than at the end of its window, of which the decision speaks."""
    made = ruled()
    first = made.measure("v1", rule("1", "conditional"), number="XA-1")
    members = {"number": "XA-1", "version": 2, "supersedes": first.digest.hex()}
    made.measure("v2", free(), effectiveFrom=format_time(MADE + DAY), created=START + 30, **members)
    made.record(window={"start": format_time(MADE + HOUR), "end": format_time(MADE + 2 * DAY)})
    made.decision("v2", at=MADE + 2 * DAY)
    return made


def unknown_engine() -> Ruled:
    """A decision by an engine that is not known, of which there would be more to tell if it followed."""
    made = ruled()
    made.measure("XA-1", rule("1", "conditional"), created=MADE + 5)
    made.measure("joint", rule("1", "prohibited"), created=MADE + 6, **JOINT)
    made.record()
    made.decision("XA-1", changes={"engine": "evidence-rules/2"})
    return made


def published_at(created: int, *, at: int = MADE) -> Ruled:
    """A measure that was published at one moment, and a decision about another, or the same."""
    made = ruled()
    made.measure("XA-1", free(), created=created)
    made.record()
    made.decision("XA-1", at=at)
    return made


def by_a_listed(stranger: str, *, astray: bool = False) -> Ruled:
    """A decision by who may not say so though the trust list names them, beside one by who may.

    Args:
        astray: It stands in XA's log, wherever the stranger is from.
    """
    made = ruled()
    made.measure("XA-1", free())
    made.measure("XA-2", free())
    made.record(importer=ELSEWHERE)
    made.decision("XA-1", name="stranger", by=stranger)
    if astray:
        made.said["stranger"] = (made.world.xa, made.world.xa.add(made.said["stranger"][1]))
    made.decision("XA-1", "XA-2", by=ENGINE, created=MADE + 70)
    return made


def before_its_time() -> Ruled:
    """A record of a clock that is a little ahead; another version is in force from half a minute before it."""
    made = ruled()
    first = made.measure("v1", free(), number="XA-1")
    members = {"number": "XA-1", "version": 2, "supersedes": first.digest.hex()}
    made.measure(
        "v2", rule("1", "prohibited"), effectiveFrom=format_time(MADE - 30), created=START + 30, **members
    )
    made.record()
    made.decision("v1", at=MADE - 200)
    return made


def too_much(since: int = START) -> Ruled:
    """A decision by more rules times lines than are asked, most of which are in force from some time on."""
    made = ruled()
    made.measure("XA-1", free())
    lines = [line("nonPersonal", number) for number in range(1, 201)]
    made.record(*lines, window={"start": format_time(MADE + HOUR), "end": format_time(MADE + DAY)})
    made.decision("XA-1")
    subject = made.said.pop("decision")[1].subject
    many = [rule(str(number), "prohibited", table={"grade": ["core"]}) for number in range(1_024)]
    used = [{"digest": made.said["XA-1"][1].digest.hex(), "number": "XA-1", "version": 1}]
    for name in ("XA-2", "XA-3"):
        statement = made.measure(name, *many, effectiveFrom=format_time(since))
        used.append({"digest": statement.digest.hex(), "number": name, "version": 1})
    named = used if since <= MADE else used[:1]
    made.decided({**subject, "measures": sorted(named, key=lambda one: str(one["digest"]))})
    return made

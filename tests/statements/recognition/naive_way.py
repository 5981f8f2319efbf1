"""The rule of docs/spec/recognition.md, spelt out: recognitions that rest on others, and standards that are taken
for others along them; see naive_facts.py.
"""

from itertools import product
from typing import Any, NamedTuple

from tests.statements.recognition.naive_facts import Facts, Finding
from tests.statements.recognition.naive_sides import arrangement, is_text, recognition


class Way(NamedTuple):
    """The way of R as far as it is held.

    Attributes:
        members: R, R1, and so on, recognitions of the certificate.
        turns: It would come to a jurisdiction again, or go on past 8.
        other: Something else than a Recognition of the certificate is named.
        missing: One that is named is not held.
    """

    members: list[Any]
    turns: bool
    other: bool
    missing: bool


def way_of(f: Facts, r: Any) -> Way:
    members = [r]
    turns = other = missing = False
    been = {f.origin, r.value.jurisdiction}
    while members[-1].value.onward is not None:
        if len(members) == 9:
            turns = True
            break
        following = f.named(members[-1].value.onward)
        if following is None:
            missing = True
            break
        if following.type != "Recognition" or following.value.certificate != f.c.digest:
            other = True
            break
        if following.value.jurisdiction in been:
            turns = True
            break
        been.add(following.value.jurisdiction)
        members.append(following)
    return Way(members, turns, other, missing)


def near_of(f: Facts, r: Any) -> str | None:
    if r.value.onward is None:
        return str(f.origin)
    following = f.named(r.value.onward)
    if following is None or following.type != "Recognition":
        return None
    return str(following.value.jurisdiction)


def onward(f: Facts, way: Way, t: int) -> Finding:
    failed: list[str] = []
    absent: list[str] = []
    if way.turns:
        failed.append("NOT_TRANSITIVE")
    if way.other:
        failed.append("ONWARD_OF_ANOTHER")
    for place, member in enumerate(way.members):
        hops = len(way.members) - 1 - place + (1 if way.missing else 0)
        text = f.named(member.value.arrangement)
        if is_text(text) and text.value.onward_depth < hops:
            failed.append("NOT_TRANSITIVE")
    if way.missing:
        absent.append("ONWARD_MISSING")
    for member in way.members[1:]:
        found: list[Finding] = []
        j = member.value.jurisdiction
        if not f.known_jurisdiction(j):
            found.append(("AUTHORITY_UNKNOWN", "absent"))
        else:
            found.append(recognition(f, j, t, member)[0])
            near = near_of(f, member)
            if near is not None:
                found.append(arrangement(f, member.value.arrangement, near, j, t, f.c.value))
        failed += ["ONWARD_" + code for code, outcome in found if outcome == "failed"]
        absent += ["ONWARD_" + code for code, outcome in found if outcome == "absent"]
    if failed:
        return failed[0], "failed"
    if absent:
        return absent[0], "absent"
    return "ONWARD", "passed"


def texts_of(f: Facts, way: Way) -> list[Any] | None:
    """The arrangements of a known way from the base to R's, None where one is not held."""
    if way.turns or way.other or way.missing:
        return None
    texts = [f.named(member.value.arrangement) for member in reversed(way.members)]
    return texts if all(is_text(text) for text in texts) else None


def base_of(f: Facts, way: Way | None) -> Any:
    if way is None or way.turns or way.other or way.missing:
        return None
    text = f.named(way.members[-1].value.arrangement)
    return text if is_text(text) else None


# Equivalence


def equivalence(f: Facts, purpose: Any, texts: list[Any]) -> tuple[Finding, tuple[str, ...]]:
    """The finding, and the gaps on the path that is taken."""
    c = f.c.value
    ends = []
    for standard in c.standards:
        for positions in product(*(range(len(text.value.equivalences)) for text in texts)):
            taken = [text.value.equivalences[place] for text, place in zip(texts, positions, strict=True)]
            for end in ends_of(standard, taken):
                if purpose is None or purpose.standard is None or end == purpose.standard:
                    gaps = [gap for each in taken for gap in each.gaps]
                    least = [each.minimum_level for each in taken if each.minimum_level is not None]
                    ends.append((len(gaps), positions, gaps, least))
    if not ends:
        return ("STANDARD_NOT_EQUIVALENT", "failed"), ()
    counting = [end for end in ends if all(c.level is not None and minimum <= c.level for minimum in end[3])]
    if not counting or level_short(c, purpose):
        return ("INSUFFICIENT_LEVEL", "failed"), ()
    return ("EQUIVALENT", "passed"), tuple(dict.fromkeys(min(counting)[2]))


def ends_of(standard: str, taken: list[Any]) -> set[str]:
    """Where the equivalences lead to from this standard, one after the other."""
    here = {standard}
    for each in taken:
        there = set()
        if each.a in here:
            there.add(each.b)
        if each.direction == "both" and each.b in here:
            there.add(each.a)
        here = there
    return here


def level_short(c: Any, purpose: Any) -> bool:
    if purpose is None or purpose.level is None:
        return False
    return c.level is None or c.level < purpose.level


def at_home(f: Facts, purpose: Any) -> Finding | None:
    if purpose is None or (purpose.standard is None and purpose.level is None):
        return None
    if purpose.standard is not None and purpose.standard not in f.c.value.standards:
        return "STANDARD_NOT_EQUIVALENT", "failed"
    if level_short(f.c.value, purpose):
        return "INSUFFICIENT_LEVEL", "failed"
    return "EQUIVALENT", "passed"

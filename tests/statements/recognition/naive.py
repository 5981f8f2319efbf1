"""The rule of docs/spec/recognition.md, spelt out: the standing at one time, and the answer to the question.

`answer` is to be equal to what `recognise` reports; see naive_facts.py.
"""

# ruff: noqa: SIM102, SIM110, PLR0911, PLR0912 - one condition of the page after the other

from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.statements.recognition.naive_facts import (
    Extent,
    Facts,
    Finding,
    author,
    begin,
    changes,
    existed,
    extent,
    narrowed,
    reductions,
    status,
    superseded,
    to_refresh,
    within,
)
from tests.statements.recognition.naive_sides import (
    accreditation,
    arrangement,
    designated,
    earliest,
    is_text,
    joined,
    recognition,
    side_of,
)
from tests.statements.recognition.naive_way import (
    Way,
    at_home,
    base_of,
    equivalence,
    near_of,
    onward,
    texts_of,
    way_of,
)


class Said(NamedTuple):
    """A standing: everything that `Standing` has but the words."""

    moment: int
    outcome: str
    premises: tuple[Finding, ...]
    effect: str | None
    limits: tuple[str, ...]


class Answer(NamedTuple):
    """The answer: everything that `RecognitionReport` has but the words."""

    verdict: str
    at: Said
    known: Said
    status_now: str
    notices: tuple[str, ...]


def answer(
    certificate: bytes,
    *,
    into: str | None,
    purpose: Any,
    at: int | None,
    known: int,
    evidence: Iterable[Any],
    trust: Any,
) -> Answer:
    f = Facts(evidence, certificate, known, trust)
    now = standing(f, into, purpose, known)
    if at is None:
        then = now
        for m in sorted(m for m in moments(f) if m <= known):
            there = standing(f, into, purpose, m)
            if there.outcome == "valid":
                then = there
                break
    else:
        then = standing(f, into, purpose, min(at, known))
    return Answer(verdict(then.outcome, now.outcome), then, now, status_now(now), notices(f))


def verdict(then: str, now: str) -> str:
    if then == "invalid":
        return "NOT_VALID_THEN"
    if then == "unknown":
        return "UNKNOWN"
    return "VALID_THEN_NOT_NOW" if now == "invalid" else "VALID"


def status_now(now: Said) -> str:
    if now.outcome == "valid":
        return "valid"
    for code, outcome in now.premises:
        if outcome == "failed":
            return code.lower().replace("_", " ")
    return "not checked"


TIMES = ("valid_from", "valid_until", "begins", "ends", "until", "in_force_from", "effective")


def moments(f: Facts) -> set[int]:
    found: set[int | None] = set()
    for h in f.held:
        found.add(existed(h))
        for value in (h.value, *getattr(h.value, "parties", ()), *getattr(h.value, "designated", ())):
            for name in TIMES:
                found.add(getattr(value, name, None))
    return {m for m in found if m is not None}


def notices(f: Facts) -> tuple[str, ...]:
    found = []
    for x in f.held:
        of_c = x.type == "Recognition" and x.value.certificate == f.c.digest
        of_body = x.type == "Accreditation" and (x.value.body.did, x.value.body.jurisdiction) == author(f.c)
        if x is not f.c and not of_c and not of_body:
            continue
        for h in f.of_type("StatusChange"):
            if author(h) == author(x) and h.value.statement == x.digest:
                if h.value.effective < h.created - 300 or existed(h) > h.created:
                    found.append("STATUS_BACK_DATED")
        if overdue(f, x):
            found.append("SUSPENSION_OVERDUE")
    return tuple(sorted(found))


def overdue(f: Facts, x: Any) -> bool:
    if status(f, x, f.known) != ("SUSPENDED", "failed"):
        return False
    words = [(m, h) for m, h in changes(f, x, f.known) if h.value.change in ("suspend", "reinstate")]
    last = max((m for m, _ in words), default=0)
    for m, h in words:
        if m == last and h.value.change == "suspend" and h.value.until <= f.known:
            return True
    return False


# Scope


def scope(f: Facts, purpose: Any, grants: list[Any], way: Way | None, t: int) -> Finding:
    c = f.c.value
    groups = [[f.c]]
    if way is not None:
        groups += [grants] + [[member] for member in way.members[1:]]
    left = extent(c.scope)
    for group in groups:
        for x in group:
            for reduced in reductions(f, x, t):
                left = narrowed(left, extent(reduced))
    for member in way.members if way is not None else []:
        if member.value.scope is not None:
            left = narrowed(left, extent(member.value.scope))
        text = f.named(member.value.arrangement)
        if is_text(text):
            left = by_text(left, text.value)
    family = c.family
    if purpose is not None and purpose.parties:
        if (c.holder.did, c.holder.jurisdiction) not in purpose.parties:
            return "HOLDER_NOT_A_PARTY", "failed"
    if not left.scenarios or not left.categories or not left.destinations:
        return "OUT_OF_SCOPE", "failed"
    if family == "document" and not left.documents:
        return "OUT_OF_SCOPE", "failed"
    if purpose is not None:
        if purpose.family is not None and purpose.family != family:
            return "OUT_OF_SCOPE", "failed"
        if not within(purpose, left, family):
            return "OUT_OF_SCOPE", "failed"
    for group in groups:
        if any(to_refresh(f, x, t) for x in group) and not any(reductions(f, x, t) for x in group):
            return "SCOPE_UNKNOWN", "absent"
    return "IN_SCOPE", "passed"


def by_text(left: Extent, text: Any) -> Extent:
    return left._replace(
        categories=left.categories & text.data_categories,
        documents=left.documents & (text.document_types or frozenset()),
    )


# The standing


def standing(f: Facts, into: str | None, purpose: Any, t: int) -> Said:
    premises: list[Finding] = [dates(f, t), status(f, f.c, t)]
    effect = None
    limits: list[str] = []
    if into is None or into == f.origin:
        premises.append(accreditation(f, None, t))
        home = at_home(f, purpose)
        if home is not None:
            premises.append(home)
        premises.append(scope(f, purpose, [], None, t))
    else:
        effect, limits = abroad(f, into, purpose, t, premises)
    outcomes = [outcome for _, outcome in premises]
    outcome = "invalid" if "failed" in outcomes else "unknown" if "absent" in outcomes else "valid"
    return Said(t, outcome, tuple(premises), effect, tuple(limits))


def dates(f: Facts, t: int) -> Finding:
    c = f.c
    if t < c.value.valid_from:
        return "NOT_YET_VALID", "failed"
    if t < begin(c):
        return "BACK_DATED", "failed"
    if t >= c.value.valid_until:
        return "EXPIRED", "failed"
    if superseded(f, c, t):
        return "SUPERSEDED", "failed"
    return "IN_DATES", "passed"


def abroad(
    f: Facts, into: str, purpose: Any, t: int, premises: list[Finding]
) -> tuple[str | None, list[str]]:
    """Premises 3 to 10 of the international question; effect and limits."""
    known_there = f.known_jurisdiction(into)
    its, grants = recognition(f, into, t) if known_there else (("", ""), [])
    r = earliest(grants) if grants else None
    way = way_of(f, r) if r is not None else None
    base = base_of(f, way)
    if base is not None:
        premises.append(accreditation(f, base, t))
    premises.append(("AUTHORITY_KNOWN", "passed") if known_there else ("AUTHORITY_UNKNOWN", "absent"))
    effect: str | None = None
    limits: list[str] = []
    if known_there:
        premises.append(its)
    if r is not None and way is not None:
        if its[1] == "passed":
            effect = r.value.effect
            if any(member.value.effect == "partial" for member in way.members):
                limits.append("partial")
            limits += [f"condition: {each}" for member in way.members for each in member.value.conditions]
        near = near_of(f, r)
        in_force: Finding = ("", "")
        if near is not None:
            in_force = arrangement(f, r.value.arrangement, near, into, t, f.c.value)
            premises.append(in_force)
        if base is not None:
            both = designated(f, base, existed(f.c)) and designated(f, base, t)
            premises.append(("DESIGNATED", "passed") if both else ("BODY_NOT_DESIGNATED", "failed"))
        texts = texts_of(f, way)
        if texts is not None:
            finding, gaps = equivalence(f, purpose, texts)
            premises.append(finding)
            limits += [f"gap: {gap}" for gap in gaps]
        if r.value.onward is not None:
            premises.append(onward(f, way, t))
        if in_force[1] == "passed" and near is not None:
            text = f.named(r.value.arrangement)
            limits += reservations(f, text, near, t) + reservations(f, text, into, t)
    premises.append(scope(f, purpose, grants, way, t))
    return effect, limits


def reservations(f: Facts, text: Any, p: str, t: int) -> list[str]:
    said: list[str] = []
    if side_of(text, p) is not None:
        for side in text.value.subject.get("parties", ()):
            if side["jurisdiction"] == p:
                said += side.get("reservations", ())
    _, last = max(joined(f, text, p, t), key=lambda join: (join[0], join[1].digest))
    said += last.value.subject.get("reservations", ())
    return [f"reservation of {p}: {each}" for each in said]

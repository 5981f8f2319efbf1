"""The rule of docs/spec/recognition.md, spelt out: who speaks for each side; see naive_facts.py."""

# ruff: noqa: SIM102, PERF401 - one condition of the page after the other

from typing import Any

from tests.statements.recognition.naive_facts import (
    Facts,
    Finding,
    author,
    begin,
    covers,
    existed,
    extent,
    holds,
    status,
    superseded,
    withdrawn,
)

RANK = {"passed": 0, "absent": 1, "failed": 2}

# Arrangement


def is_text(m: Any) -> bool:
    return m is not None and m.type == "RecognitionArrangement"


def side_of(text: Any, p: str) -> Any:
    for side in text.value.parties:
        if side.jurisdiction == p:
            return side
    return None


def endorsements(f: Facts, text: Any, p: str) -> list[Any]:
    found = []
    for h in f.of_type("Endorsement"):
        if h.value.statement == text.digest and h.value.jurisdiction == p:
            if h.jurisdiction == p and f.authority_of(h.issuer, p):
                found.append(h)
    return found


def joins(f: Facts, text: Any, p: str) -> list[tuple[int, Any]]:
    """The joins of p, each with its begin."""
    found = []
    side = side_of(text, p)
    for h in endorsements(f, text, p):
        if side is not None:
            if h.value.role == "party" and h.issuer == side.authority:
                found.append((max(side.in_force_from, h.value.begins, existed(h)), h))
        elif text.value.accession and h.value.role == "accession":
            found.append((max(h.value.begins, existed(h)), h))
    return found


def joined(f: Facts, text: Any, p: str, m: int) -> list[tuple[int, Any]]:
    """The joins of p that have begun by m and are not superseded then."""
    all_joins = joins(f, text, p)
    found = []
    for b, h in all_joins:
        if b <= m and not _replaced(h, all_joins, m):
            found.append((b, h))
    return found


def _replaced(h: Any, by: list[tuple[int, Any]], m: int) -> bool:
    for b, other in by:
        if other.digest != h.digest and author(other) == author(h) and other.value.supersedes == h.digest:
            if b <= m:
                return True
    return False


def denounced(f: Facts, text: Any, p: str, other: str, t: int) -> bool:
    left = []
    for h in endorsements(f, text, p):
        if h.value.role == "denunciation" and (h.value.toward is None or other in h.value.toward):
            left.append((max(h.value.begins, existed(h)), h))
    for b, h in left:
        if b <= t and not _replaced(h, left + joins(f, text, p), t):
            later = [j for jb, j in joined(f, text, p, t) if jb > b and existed(j) > existed(h)]
            if not later:
                return True
    return False


def arrangement(f: Facts, digest: bytes, near: str, j: str, t: int, certificate: Any) -> Finding:
    text = f.named(digest)
    if not is_text(text):
        return "ARRANGEMENT_MISSING", "absent"
    if not text.value.binding or text.value.kind in ("mou", "initiative"):
        return "NO_LEGAL_BASIS", "failed"
    found: list[Finding] = []
    for p, other in ((near, j), (j, near)):
        side = side_of(text, p)
        if side is None and not text.value.accession:
            found.append(("NOT_A_PARTY", "failed"))
        if denounced(f, text, p, other, t):
            found.append(("ARRANGEMENT_DENOUNCED", "failed"))
        if not joins(f, text, p):
            found.append(("ARRANGEMENT_NOT_ENDORSED", "absent"))
        elif not joined(f, text, p, t):
            found.append(("ARRANGEMENT_NOT_IN_FORCE", "failed"))
        if side is not None and side.until is not None and side.until <= t:
            found.append(("ARRANGEMENT_NOT_IN_FORCE", "failed"))
    if certificate is not None:
        if certificate.family == "document":
            mine, its = certificate.scope.document_types, text.value.document_types or frozenset()
        else:
            mine, its = certificate.scope.data_categories, text.value.data_categories
        if certificate.family not in text.value.families or not mine & its:
            found.append(("ARRANGEMENT_SCOPE", "failed"))
    return first(found) or ("IN_FORCE", "passed")


def first(found: list[Finding]) -> Finding | None:
    """The first failure, else the first absence."""
    for wanted in ("failed", "absent"):
        for finding in found:
            if finding[1] == wanted:
                return finding
    return None


def designated(f: Facts, text: Any, m: int) -> bool:
    c = f.c
    places = [(existed(text), text.value.designated)]
    places += [(b, h.value.designated) for b, h in joined(f, text, f.origin, m)]
    for from_when, entries in places:
        for entry in entries:
            if entry.jurisdiction != f.origin or entry.body != c.issuer:
                continue
            if entry.families and c.value.family not in entry.families:
                continue
            if max(entry.begins, from_when) <= m and (entry.ends is None or m < entry.ends):
                return True
    return False


# Recognition by one jurisdiction


def recognition(f: Facts, j: str, t: int, only: Any = None) -> tuple[Finding, list[Any]]:
    """What j says of the certificate, asked for one statement or for any, and the grants."""
    asked = [
        h for h in f.of_type("Recognition") if h.value.certificate == f.c.digest and h.value.jurisdiction == j
    ]
    right = [h for h in asked if h.jurisdiction == j and f.authority_of(h.issuer, j)]
    if only is not None and only not in right:
        return ("RECOGNITION_BY_WRONG_SIDE", "failed"), []
    if not right:
        return ("RECOGNITION_BY_WRONG_SIDE" if asked else "NOT_RECOGNISED", "absent"), []
    if only is not None and state(f, only, t) != "live":
        return ("RECOGNITION_" + state(f, only, t), "failed"), []
    states = [state(f, h, t) for h in right]
    grants = [h for h, its in zip(right, states, strict=True) if its == "live"]
    if not grants:
        worst = min(states, key=["WITHDRAWN", "EXPIRED", "SUPERSEDED", "NOT_YET"].index)
        return ("RECOGNITION_" + worst, "failed"), []
    if len({_what_it_says(h) for h in grants}) > 1:
        return ("RECOGNITIONS_CONTRADICT", "failed"), []
    return _of_grants(f, sorted(grants, key=lambda h: h.digest), t), grants


def _of_grants(f: Facts, grants: list[Any], t: int) -> Finding:
    found = [status(f, h, t, "RECOGNITION_") for h in grants]
    for finding in found:
        if finding[1] == "failed":
            return finding
    if all(outcome != "passed" for _, outcome in found):
        return status(f, earliest(grants), t, "RECOGNITION_")
    scope = grants[0].value.scope
    if scope is not None and not covers(extent(f.c.value.scope), extent(scope)):
        return "RECOGNITION_SCOPE_EXCEEDS", "failed"
    return "RECOGNISED", "passed"


def earliest(grants: list[Any]) -> Any:
    return min(grants, key=lambda h: (existed(h), h.digest))


def state(f: Facts, h: Any, t: int) -> str:
    if withdrawn(f, h, t):
        return "WITHDRAWN"
    if superseded(f, h, t):
        return "SUPERSEDED"
    if t < begin(h):
        return "NOT_YET"
    if t >= h.value.valid_until:
        return "EXPIRED"
    return "live"


def _what_it_says(h: Any) -> Any:
    v = h.value
    return v.effect, frozenset(v.conditions), v.scope, v.arrangement, v.onward


# Accreditation


def live(f: Facts, a: Any, m: int) -> bool:
    return holds(a, m) and not superseded(f, a, m)


def body_of(a: Any) -> tuple[str, str]:
    return a.value.body.did, a.value.body.jurisdiction


def line(f: Facts, a: Any) -> list[Any]:
    """All that is joined with a by `supersedes`, of one author for one body."""
    kin = [h for h in f.of_type("Accreditation") if author(h) == author(a) and body_of(h) == body_of(a)]
    found = [a]
    for _ in kin:
        for h in kin:
            for member in list(found):
                linked = h.value.supersedes == member.digest or member.value.supersedes == h.digest
                if linked and h not in found:
                    found.append(h)
    return sorted(found, key=lambda h: h.digest)


def recognised_accreditor(f: Facts, who: tuple[str, str], base: Any, t: int) -> bool:
    did, jurisdiction = who
    if jurisdiction != f.origin:
        return False
    if base is None:
        return f.authority_of(did, f.origin, "accreditor")
    entries = list(base.value.accreditors)
    for _, h in joined(f, base, f.origin, t):
        entries += h.value.accreditors
    return any(entry.accreditor == did and entry.jurisdiction == f.origin for entry in entries)


def way_up(f: Facts, a: Any, base: Any, t: int) -> tuple[str, list[Any]]:
    """How the way from a ends (recognised, cycle, missing, short), and the parents on it."""
    met = [f.c.issuer]
    parents: list[Any] = []
    here = a
    while True:
        if here.issuer in met:
            return "cycle", parents
        if recognised_accreditor(f, author(here), base, t):
            return "recognised", parents
        met.append(here.issuer)
        if here.value.parent is None:
            return "short", parents
        if len(parents) == 8:
            return "cycle", parents
        above = f.named(here.value.parent)
        if above is None:
            return "missing", parents
        if above.type != "Accreditation" or body_of(above) != author(here):
            return "short", parents
        parents.append(above)
        here = above


def accreditation(f: Facts, base: Any, t: int) -> Finding:
    """By the base arrangement, at home without one."""
    c = f.c
    of_body = [h for h in f.of_type("Accreditation") if body_of(h) == author(c)]
    if c.value.accreditation is not None:
        did, digest = c.value.accreditation
        its = f.named(digest)
        if its is None:
            return "ACCREDITATION_MISSING", "absent"
        if its not in of_body or its.issuer != did:
            return "ACCREDITATION_OF_ANOTHER", "failed"
        chosen = [its]
    else:
        chosen = []
        for a in of_body:
            leads = any(way_up(f, member, base, t)[0] == "recognised" for member in line(f, a))
            if leads or author(a) == author(c):
                chosen.append(a)
        if not chosen:
            return ("ACCREDITOR_NOT_RECOGNISED" if of_body else "ACCREDITATION_MISSING"), "absent"
    judged: list[tuple[int, bytes, Finding]] = []
    for a in chosen:
        members = line(f, a)
        alive = [member for member in members if live(f, member, t)]
        if not alive:
            judged.append((2, members[0].digest, ("ACCREDITATION_LAPSED", "failed")))
        for member in alive:
            finding = first(_of_member(f, member, members, base, t)) or ("ACCREDITED", "passed")
            judged.append((RANK[finding[1]], member.digest, finding))
    return min(judged)[2]


def _of_member(f: Facts, a: Any, members: list[Any], base: Any, t: int) -> list[Finding]:
    """All that is against one live member, in the order of the page."""
    c = f.c
    found: list[Finding] = []
    if a.issuer == c.issuer:
        found.append(("SELF_ACCREDITATION", "failed"))
    then = [member for member in members if holds(member, existed(c))]
    if not then:
        found.append(("ACCREDITATION_LAPSED", "failed"))
    else:
        statuses = [status(f, member, existed(c), "ACCREDITATION_") for member in then]
        if all(outcome == "failed" for _, outcome in statuses):
            found.append(statuses[0])
    found.append(status(f, a, t, "ACCREDITATION_"))
    found += _of_scheme(c.value, a.value)
    end, parents = way_up(f, a, base, t)
    if end == "cycle":
        found.append(("ACCREDITATION_CYCLE", "failed"))
    if end == "missing":
        found.append(("ACCREDITATION_MISSING", "absent"))
    if end == "short":
        found.append(("ACCREDITOR_NOT_RECOGNISED", "failed"))
    below = a
    for parent in parents:
        its_line = line(f, parent)
        alive = [member for member in its_line if live(f, member, t)]
        if not alive or not any(holds(member, existed(below)) for member in its_line):
            found.append(("ACCREDITATION_LAPSED", "failed"))
        else:
            ranked = []
            for member in alive:
                its = status(f, member, t, "ACCREDITATION_")
                ranked.append((RANK[its[1]], member.digest, its))
            found.append(min(ranked)[2])
        below = parent
    return found


def _of_scheme(c: Any, a: Any) -> list[Finding]:
    fitting = []
    for scheme in a.schemes:
        if scheme.id == c.scheme and c.scheme_version in scheme.versions and scheme.family == c.family:
            if scheme.level is None or c.level is None or scheme.level >= c.level:
                fitting.append(scheme)
    if not fitting:
        return [("ACCREDITATION_SCOPE", "failed")]
    if not c.scope.data_categories <= a.data_categories or not c.scope.document_types <= a.document_types:
        return [("ACCREDITATION_SCOPE", "failed")]
    if c.valid_until - c.valid_from > max(scheme.maximum_days for scheme in fitting) * 86_400:
        return [("VALIDITY_TOO_LONG", "failed")]
    return []

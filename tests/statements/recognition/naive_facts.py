"""The rule of docs/spec/recognition.md, spelt out: what is held, times, status and scopes.

Written from that page alone, slowly and without any code of the implementation, to be compared with it.  Nothing
is remembered between two questions: whatever is asked is looked for among all statements anew.
"""

# ruff: noqa: SIM102, PLR0911 - one condition of the page after the other

from collections.abc import Iterable
from typing import Any, NamedTuple

Finding = tuple[str, str]
"""A code and its outcome: passed, failed or absent."""


class Facts:
    """The evidence that is looked at, and the question's constants.

    Attributes:
        held: Every statement once (Inputs 1), without those that were not there at `known` (Times 7).
        types: The same in the same order, by their type.
        c: The certificate, as it is held.
        origin: The jurisdiction of its author.
    """

    def __init__(self, evidence: Iterable[Any], certificate: bytes | None, known: int, trust: Any) -> None:
        once: dict[bytes, Any] = {}
        for h in evidence:
            if h.digest not in once or order(h) < order(once[h.digest]):
                once[h.digest] = h
        self.known = known
        self.trust = trust
        self.c: Any = None
        if certificate is not None:
            self.c = once[certificate]
            self.origin = self.c.jurisdiction
        self.held = [h for h in once.values() if h is self.c or existed(h) <= known]
        self.types: dict[str, list[Any]] = {}
        for h in self.held:
            self.types.setdefault(h.type, []).append(h)

    def named(self, digest: bytes | None) -> Any:
        """The statement of this digest, None where it is not held."""
        for h in self.held:
            if h.digest == digest:
                return h
        return None

    def of_type(self, name: str) -> list[Any]:
        return self.types.get(name, [])

    def authority_of(self, did: str, jurisdiction: str, role: str = "authority") -> bool:
        for each in self.trust.authorities.values():
            if each.id == did and each.jurisdiction == jurisdiction and role in each.roles:
                return True
        return False

    def known_jurisdiction(self, jurisdiction: str) -> bool:
        for each in self.trust.authorities.values():
            if each.jurisdiction == jurisdiction and "authority" in each.roles:
                return True
        return False


def order(h: Any) -> tuple[int, str]:
    return existed(h), h.jurisdiction


def author(h: Any) -> tuple[str, str]:
    return h.issuer, h.jurisdiction


def existed(h: Any) -> int:
    shown = h.proven
    if shown is None:
        shown = h.operator
    if shown is None or shown <= h.created + 86_400:
        return int(h.created)
    return int(shown)


def begin(h: Any) -> int:
    return max(int(h.value.valid_from), existed(h))


def holds(h: Any, m: int) -> bool:
    return bool(begin(h) <= m < h.value.valid_until)


def superseded(f: Facts, h: Any, m: int) -> bool:
    for other in f.of_type(h.type):
        if other.digest != h.digest and author(other) == author(h):
            if other.value.supersedes == h.digest and begin(other) <= m:
                return True
    return False


# Status


def bit(bits: bytes, index: int) -> bool:
    """Bit 0 is the most significant of the first byte."""
    return f"{bits[index // 8]:08b}"[index % 8] == "1"


def changes(f: Facts, x: Any, t: int) -> list[tuple[int, Any]]:
    """The changes of x, each with the moment m from which it counts."""
    found = []
    for h in f.of_type("StatusChange"):
        if author(h) == author(x) and h.value.statement == x.digest:
            m = max(h.value.effective, existed(h))
            if m <= t:
                found.append((m, h))
    return found


def lists(f: Facts, x: Any, t: int) -> list[Any]:
    if x.value.status is None:
        return []
    found = []
    for h in f.of_type("StatusList"):
        if author(h) == author(x) and h.value.id == x.value.status.list_id:
            if x.value.status.index < h.value.length and begin(h) <= t:
                found.append(h)
    return found


def events(f: Facts, x: Any, t: int) -> list[tuple[int, bool, Any]]:
    """Each word on suspension: (its moment, whether it suspends, who says so)."""
    found = []
    for m, h in changes(f, x, t):
        if h.value.change == "suspend":
            found.append((m, True, h))
        if h.value.change == "reinstate":
            found.append((m, False, h))
    for h in lists(f, x, t):
        suspends = bit(h.value.suspension, x.value.status.index)
        if suspends or begin(h) < h.value.valid_until:
            found.append((begin(h), suspends, h))
    return found


def suspended(f: Facts, x: Any, t: int) -> bool:
    said = events(f, x, t)
    if not said:
        return False
    last = max(m for m, _, _ in said)
    return any(suspends for m, suspends, _ in said if m == last)


def withdrawn(f: Facts, x: Any, t: int) -> bool:
    if any(h.value.change == "withdraw" for _, h in changes(f, x, t)):
        return True
    return any(bit(h.value.revocation, x.value.status.index) for h in lists(f, x, t))


def status(f: Facts, x: Any, t: int, prefix: str = "") -> Finding:
    code, outcome = _status(f, x, t)
    return prefix + code, outcome


def _status(f: Facts, x: Any, t: int) -> Finding:
    if withdrawn(f, x, t):
        return "WITHDRAWN", "failed"
    if x.value.status is not None:
        for h in f.held:
            if author(h) == author(x) and h.digest != x.digest and existed(h) <= t:
                if getattr(h.value, "status", None) == x.value.status:
                    return "STATUS_INDEX_REUSED", "failed"
    if suspended(f, x, t):
        return "SUSPENDED", "failed"
    mine = lists(f, x, t)
    if any(t < h.value.valid_until for h in mine):
        return "GOOD", "passed"
    if x.value.status is None:
        return "STATUS_UNKNOWN", "absent"
    if mine:
        return "STATUS_LIST_EXPIRED", "absent"
    same_id = [h for h in f.of_type("StatusList") if h.value.id == x.value.status.list_id and begin(h) <= t]
    if any(author(h) == author(x) for h in same_id):
        return "STATUS_INDEX_RANGE", "absent"
    if any(author(h) != author(x) for h in same_id):
        return "STATUS_LIST_OF_ANOTHER", "absent"
    return "STATUS_UNKNOWN", "absent"


def reductions(f: Facts, x: Any, t: int) -> list[Any]:
    """The scopes that reductions leave of x."""
    return [h.value.scope for _, h in changes(f, x, t) if h.value.change == "reduceScope"]


def to_refresh(f: Facts, x: Any, t: int) -> bool:
    return any(bit(h.value.refresh, x.value.status.index) for h in lists(f, x, t))


# Scopes


class Extent(NamedTuple):
    """A scope with nothing left unsaid: no limit is None, and that on sensitive persons is filled in."""

    activities: frozenset[str]
    categories: frozenset[str]
    scenarios: frozenset[Any]
    destinations: frozenset[str]
    documents: frozenset[str]
    persons: int | None
    sensitive: int | None


def extent(scope: Any) -> Extent:
    return Extent(
        scope.activities,
        scope.data_categories,
        scope.scenarios,
        scope.destinations,
        scope.document_types,
        scope.persons,
        scope.persons if scope.sensitive_persons is None else scope.sensitive_persons,
    )


def covers(outer: Extent, inner: Extent) -> bool:
    for one, other in zip(outer[:5], inner[:5], strict=True):
        if not set(other) <= set(one):
            return False
    for most, asked in ((outer.persons, inner.persons), (outer.sensitive, inner.sensitive)):
        if most is not None and (asked is None or asked > most):
            return False
    return True


def smaller(one: int | None, other: int | None) -> int | None:
    if one is None:
        return other
    if other is None:
        return one
    return min(one, other)


def narrowed(one: Extent, other: Extent) -> Extent:
    return Extent(
        one.activities & other.activities,
        one.categories & other.categories,
        one.scenarios & other.scenarios,
        one.destinations & other.destinations,
        one.documents & other.documents,
        smaller(one.persons, other.persons),
        smaller(one.sensitive, other.sensitive),
    )


def within(purpose: Any, scope: Extent, family: str) -> bool:
    if not purpose.scenarios <= scope.scenarios or not purpose.data_categories <= scope.categories:
        return False
    if purpose.destination is not None and purpose.destination not in scope.destinations:
        return False
    for asked, most in (
        (purpose.persons, scope.persons),
        (purpose.sensitive_persons, scope.sensitive),
    ):
        if asked is not None and most is not None and asked > most:
            return False
    if purpose.document_type is not None:
        beside = purpose.scenarios or purpose.data_categories
        if family == "document" or not beside:
            return purpose.document_type in scope.documents
    return True

"""The graph of lineage, bounded: statements, who made them, and which refers to which by what relation.

From the statement asked for, everything it rests on, and everything that rests on it with what that rests on in
turn.  What others made of the same foundations is left out, but for what supersedes them.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.errors import NotFoundError
from ledger.statements.edges import edges

DEFAULT_DEPTH = 16
DEFAULT_COUNT = 200
MOST_DEPTH = 64
MOST_COUNT = 1_000
SUPERSEDES = "supersedes"
_ROLES = {
    "TransferRecord": ("exporter", "importer"),
    "ConformityCertificate": ("body", "holder"),
    "Accreditation": ("accreditor", "body"),
    "IdentityRecognition": ("party",),
    "PolicyMeasure": ("authority",),
    "DatasetRegistration": ("holder",),
}


class Source(Protocol):
    """Where statements are found."""

    def statement(self, digest: bytes) -> Statement | None:
        """The statement of this digest; None where it is not at hand."""

    def referring(self, digest: bytes, *, relation: str | None, limit: int) -> Sequence[bytes]:
        """Digests of at most `limit` statements at hand that refer to `digest`, by this relation or any."""


class Entry(NamedTuple):
    """One statement of the graph.  `type` is None where it is referred to and not at hand."""

    digest: bytes
    depth: int
    """Steps from the statement asked for."""
    type: str | None = None
    issuer: str | None = None
    created: int | None = None
    parties: tuple[tuple[str, str], ...] = ()
    """(role, DID), as the statement names them."""


class Link(NamedTuple):
    """`source` refers to `target`."""

    source: bytes
    relation: str
    target: bytes


class Conflict(NamedTuple):
    """Several statements of one issuer supersede the same one: which is in force cannot be told."""

    target: bytes
    by: tuple[bytes, ...]


class Lineage(NamedTuple):
    """A graph; entries by depth and digest, links by source, relation and target.

    Attributes:
        incomplete: Statements referred to and not at hand.  Not that something is wrong: that something is missing.
        more: There is more than the bounds let in.
    """

    root: bytes
    entries: tuple[Entry, ...]
    links: tuple[Link, ...]
    incomplete: tuple[bytes, ...]
    conflicts: tuple[Conflict, ...]
    more: bool

    def entry(self, digest: bytes) -> Entry:
        """The entry of a digest that is in the graph."""
        return next(entry for entry in self.entries if entry.digest == digest)

    def to_json(self) -> dict[str, Any]:
        """The graph as JSON values."""
        return {
            "root": self.root.hex(),
            "statements": [_entry_json(entry) for entry in self.entries],
            "links": [
                {"source": link.source.hex(), "relation": link.relation, "target": link.target.hex()}
                for link in self.links
            ],
            "incomplete": [digest.hex() for digest in self.incomplete],
            "conflicts": [
                {"superseded": one.target.hex(), "by": [digest.hex() for digest in one.by]}
                for one in self.conflicts
            ],
            "more": self.more,
        }


def trace(root: bytes, source: Source, *, depth: int = DEFAULT_DEPTH, count: int = DEFAULT_COUNT) -> Lineage:
    """The lineage of a statement.

    Args:
        root: Its digest.
        source: What is at hand.
        depth: Most steps from it, 0 to `MOST_DEPTH`.
        count: Most statements, 1 to `MOST_COUNT`.

    Raises:
        NotFoundError: `not-found`: it is not at hand, and nothing at hand refers to it.

    Cost: a look-up a statement for what it is, and one for what refers to it.
    """
    walk = _Walk(source, min(max(depth, 0), MOST_DEPTH), min(max(count, 1), MOST_COUNT))
    walk.run(root)
    if walk.entries[root].type is None and len(walk.entries) == 1:
        raise NotFoundError(f"nothing is known of a statement {root.hex()}", code="not-found")
    entries = sorted(walk.entries.values(), key=lambda entry: (entry.depth, entry.digest))
    return lineage_of(root, entries, walk.links, more=walk.more)


def lineage_of(root: bytes, entries: Iterable[Entry], links: Iterable[Link], *, more: bool) -> Lineage:
    """The graph of these entries and links, with what is missing and what contradicts."""
    every, sorted_links = tuple(entries), tuple(sorted(set(links)))
    issuers = {entry.digest: entry.issuer for entry in every}
    superseding: dict[tuple[bytes, str], list[bytes]] = {}
    for link in sorted_links:
        issuer = issuers.get(link.source)
        if link.relation == SUPERSEDES and issuer is not None:
            superseding.setdefault((link.target, issuer), []).append(link.source)
    return Lineage(
        root=root,
        entries=every,
        links=sorted_links,
        incomplete=tuple(sorted(entry.digest for entry in every if entry.type is None)),
        conflicts=tuple(
            Conflict(target, tuple(by)) for (target, _), by in sorted(superseding.items()) if len(by) > 1
        ),
        more=more,
    )


class _Walk:
    """Breadth first; `down` of a statement says whether all that refers to it is asked for."""

    def __init__(self, source: Source, depth: int, count: int) -> None:
        self._source, self._depth, self._count = source, depth, count
        self._queue: deque[tuple[bytes, bool]] = deque()
        self._down: set[bytes] = set()
        self.entries: dict[bytes, Entry] = {}
        self.links: set[Link] = set()
        self.more = False

    def run(self, root: bytes) -> None:
        self._meet(root, 0, down=True)
        while self._queue:
            digest, down = self._queue.popleft()
            self._visit(digest, down=down)

    def _meet(self, digest: bytes, depth: int, *, down: bool) -> bool:
        """Take a statement in; whether it is in the graph."""
        if digest in self.entries:
            if down and digest not in self._down:
                self._down.add(digest)
                self._queue.append((digest, True))
            return True
        if depth > self._depth or len(self.entries) >= self._count:
            self.more = True
            return False
        found = self._source.statement(digest)
        self.entries[digest] = Entry(digest, depth) if found is None else _entry(found, depth)
        if down:
            self._down.add(digest)
        self._queue.append((digest, down))
        return True

    def _visit(self, digest: bytes, *, down: bool) -> None:
        depth = self.entries[digest].depth + 1
        found = self._source.statement(digest)
        for relation, target in () if found is None else edges(found):
            if self._meet(target, depth, down=False):
                self.links.add(Link(digest, relation, target))
        # What supersedes a statement is always asked for: two that do are a conflict.
        wanted = None if down else SUPERSEDES
        for source in self._source.referring(digest, relation=wanted, limit=self._count + 1):
            self._meet(source, depth, down=down)


def _entry(statement: Statement, depth: int) -> Entry:
    return Entry(
        statement.digest, depth, statement.type, statement.issuer, statement.created, _parties(statement)
    )


def _parties(statement: Statement) -> tuple[tuple[str, str], ...]:
    found = []
    for role in _ROLES.get(statement.type, ()):
        party = statement.subject.get(role)
        did = party.get("did") if isinstance(party, dict) else None
        if isinstance(did, str):
            found.append((role, did))
    return tuple(found)


def _entry_json(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {"digest": entry.digest.hex(), "depth": entry.depth}
    if entry.type is None or entry.created is None:
        return {**told, "held": False}
    return {
        **told,
        "held": True,
        "type": entry.type,
        "issuer": entry.issuer,
        "created": format_time(entry.created),
        "parties": [{"role": role, "did": did} for role, did in entry.parties],
    }

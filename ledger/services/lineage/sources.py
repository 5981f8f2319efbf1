"""Where the statements of a lineage come from: a bundle's file, or a node's log."""

from collections.abc import Iterable, Sequence

from ledger.core.statement import Statement, parse_statement
from ledger.statements.edges import edges
from ledger.store.statements import Statements


class AtHand:
    """Statements in memory, such as a bundle's; nothing else is looked for."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._held = {statement.digest: statement for statement in statements}
        self._referring: dict[bytes, list[tuple[str, bytes]]] = {}
        for digest in sorted(self._held):
            for relation, target in edges(self._held[digest]):
                self._referring.setdefault(target, []).append((relation, digest))

    def statement(self, digest: bytes) -> Statement | None:
        """As `Source`."""
        return self._held.get(digest)

    def referring(self, digest: bytes, *, relation: str | None, limit: int) -> Sequence[bytes]:
        """As `Source`."""
        found = self._referring.get(digest, ())
        named = dict.fromkeys(source for by, source in found if relation in {None, by})
        return tuple(named)[:limit]


class Logged:
    """The statements of a node's log."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def statement(self, digest: bytes) -> Statement | None:
        """As `Source`."""
        found = self._statements.by_digest(digest)
        return None if found is None else parse_statement(found.body)

    def referring(self, digest: bytes, *, relation: str | None, limit: int) -> Sequence[bytes]:
        """As `Source`; first logged first."""
        found = self._statements.edges_to(digest, relation=relation, limit=limit)
        return tuple(dict.fromkeys(edge.source for edge in found))

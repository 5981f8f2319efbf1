"""What rests on a statement and is live: whom its suspension, withdrawal or denunciation would touch.

A node tells of its own log alone; nothing is verified, and whoever is about to act asks the nodes of others too.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from ledger.core.statement import Statement, parse_statement
from ledger.core.times import format_time, parse_time
from ledger.remote.exchange import RemoteRefusedError
from ledger.remote.node import NodeClient
from ledger.services.lineage.graph import SUPERSEDES, Lineage
from ledger.services.lineage.reading import read_lineage

DEPTH: Final = 8
COUNT: Final = 500
RESTS: Final = frozenset({"certificate", "accreditation", "parent", "arrangement", "onward"})
"""Relations by which a statement rests on another."""
_NOT_FOUND: Final = 404
_DATED: Final = ("ConformityCertificate", "Accreditation", "Recognition", "IdentityRecognition")


class Resting(NamedTuple):
    """A live statement that rests on another.

    Attributes:
        until: When it ends by its own words, as it is written there; None: open.
        node: Address of the node that told of it.
    """

    statement: Statement
    until: str | None
    node: str

    def to_json(self) -> dict[str, Any]:
        """As a member of a command's answer."""
        told: dict[str, Any] = {
            "digest": self.statement.digest.hex(),
            "type": self.statement.type,
            "issuer": self.statement.issuer,
            "node": self.node,
        }
        return told if self.until is None else {**told, "until": self.until}


class Reach(NamedTuple):
    """All that is live and rests on a statement.  `more`: there is more than was looked at."""

    resting: tuple[Resting, ...]
    more: bool


def reach_of(digest: bytes, nodes: Iterable[NodeClient], *, now: int) -> Reach:
    """What rests on a statement in the logs of some nodes.

    Args:
        digest: Of the statement.
        nodes: Whom to ask; one that knows nothing of it adds nothing.
        now: POSIX seconds.

    Raises:
        RemoteError: A node did not answer, or with nonsense.

    Cost: a request a node, and one a statement that rests on it.
    """
    found: dict[bytes, Resting] = {}
    more = False
    for node in nodes:
        lineage = _lineage(digest, node)
        if lineage is not None:
            more = more or lineage.more
            for resting in _live(lineage, node, now):
                found.setdefault(resting.statement.digest, resting)
    return Reach(
        tuple(sorted(found.values(), key=lambda one: (one.statement.type, one.statement.digest))), more
    )


def referring(digest: bytes, node: NodeClient, kind: str, *, issuer: str | None = None) -> list[Statement]:
    """The statements of a type in a node's log that refer to a digest themselves.

    Args:
        issuer: Only theirs.

    Raises:
        RemoteError: The node did not answer, or with nonsense.
    """
    lineage = _lineage(digest, node, depth=1)
    if lineage is None:
        return []
    types = {
        entry.digest: entry.type for entry in lineage.entries if issuer is None or entry.issuer == issuer
    }
    sources = dict.fromkeys(
        link.source for link in lineage.links if link.target == digest and types.get(link.source) == kind
    )
    return [parse_statement(node.statement(source.hex())) for source in sources]


def _lineage(digest: bytes, node: NodeClient, depth: int = DEPTH) -> Lineage | None:
    try:
        return read_lineage(node.lineage(digest.hex(), depth=depth, count=COUNT))
    except RemoteRefusedError as error:
        if error.status == _NOT_FOUND:
            return None
        raise


def _live(lineage: Lineage, node: NodeClient, now: int) -> Iterator[Resting]:
    types = {entry.digest: entry.type for entry in lineage.entries}
    issuers = {entry.digest: entry.issuer for entry in lineage.entries}
    above: dict[bytes, list[bytes]] = {}
    ended: set[bytes] = set()
    for link in lineage.links:
        if link.relation in RESTS:
            above.setdefault(link.target, []).append(link.source)
        elif issuers[link.source] == issuers[link.target] and (
            link.relation == SUPERSEDES
            or (types[link.source] == "StatusChange" and _withdraws(link.source, node))
        ):
            ended.add(link.target)
    waiting, seen = [lineage.root], {lineage.root}
    while waiting:
        for digest in above.get(waiting.pop(), ()):
            if digest in seen or digest in ended:
                continue
            seen.add(digest)
            statement = parse_statement(node.statement(digest.hex()))
            until = _until(statement)
            if not _is_over(statement, until, now):
                yield Resting(statement, until, node.url)
                waiting.append(digest)


def _withdraws(digest: bytes, node: NodeClient) -> bool:
    return parse_statement(node.statement(digest.hex())).subject.get("change") == "withdraw"


def _until(statement: Statement) -> str | None:
    subject: Mapping[str, object] = statement.subject
    until = subject.get("validUntil" if statement.type in _DATED else "retentionUntil")
    return until if isinstance(until, str) else None


def _is_over(statement: Statement, until: str | None, now: int) -> bool:
    if until is None:
        return False
    if statement.type in _DATED:
        return parse_time(until) <= now
    return until < format_time(now)[: len(until)]

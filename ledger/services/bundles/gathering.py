"""The evidence on one matter from the nodes of several countries, as one bundle.

The first node that has the statement gives the bundle; each of the others is asked what in its own log answers it,
and its part is joined.  Where one node alone is asked, it gives what it pulled from its partners too.  What it all
shows, only a verifier with a trust list says.

Source: docs/spec/bundle.md, docs/spec/recognition.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.core.statement import Statement
from ledger.core.times import format_time
from ledger.errors import LedgerError, NotFoundError, RemoteError
from ledger.remote.exchange import RemoteRefusedError
from ledger.remote.node import NodeClient
from ledger.services.bundles.joining import FEWEST_SECTIONS, join
from ledger.services.drafting.acknowledge import counted, given
from ledger.services.lineage.reach import referring
from ledger.statements.edges import edges
from ledger.statements.transfer import read as read_record
from ledger.verify.bundle import SECTION_LIMIT, parse_bundle

ANSWERS: Final[Mapping[str, str]] = {
    "ConformityCertificate": "Recognition",
    "RecognitionArrangement": "Endorsement",
    "PolicyMeasure": "Endorsement",
}
"""By the type of a statement in a bundle, the type of those in other logs that answer it."""
RESTS_ON: Final = frozenset({"accreditation", "arrangement", "certificate", "measure", "onward", "parent"})
MOST: Final = 64
"""Statements that one node is asked to carry besides the first."""
ROUNDS: Final = 4
"""What one node adds may name what another one has."""
_NOT_FOUND: Final = 404


@dataclass
class _Part:
    """What one node is to give: a bundle about `subject` that carries `also`."""

    node: NodeClient
    subject: str
    also: dict[str, None] = field(default_factory=dict)
    bundle: bytes = b""


def gather(
    digest: str, nodes: Sequence[NodeClient], *, at: int | None = None, allow_unanchored: bool = False
) -> bytes:
    """The bundle about a statement, with what other nodes hold of it.

    Args:
        digest: Of the statement, 64 hex digits.
        nodes: The first that has it gives the bundle.
        at: The moment that is asked about, POSIX seconds.
        allow_unanchored: Take what is not anchored yet too.

    Raises:
        NotFoundError: No node has the statement.
        RemoteRefusedError: With problem `not-anchored-yet`.
        RemoteError: A node did not answer, or with a bundle about something else.
        MalformedError: The parts do not fit into one bundle.

    Cost: a few requests a node and an arrangement or a certificate.
    """
    work = _Gathering(nodes, None if at is None else format_time(at), allow_unanchored=allow_unanchored)
    work.begin(digest)
    for _ in range(ROUNDS):
        if not work.extend():
            break
    work.make_room()
    first, *others = (part.bundle for part in work.parts)
    return join(first, *others) if others else first


class _Gathering:
    """Parts as they grow; what was asked is not asked again."""

    def __init__(self, nodes: Sequence[NodeClient], at: str | None, *, allow_unanchored: bool) -> None:
        self.nodes, self._at, self._allow_unanchored = nodes, at, allow_unanchored
        self._is_alone = len(nodes) == 1
        self.parts: list[_Part] = []
        self._asked: set[tuple[str, bytes]] = set()
        self._origins: dict[str, NodeClient] = {}

    def begin(self, digest: str) -> None:
        """Take the subject's own bundle from the first node that has it."""
        for node in self.nodes:
            try:
                if self._is_alone or _has(node, bytes.fromhex(digest)):
                    self.parts.append(self._fetched(_Part(node, digest)))
                    return
            except RemoteRefusedError as error:
                if error.status != _NOT_FOUND:
                    raise
        asked = ", ".join(node.url for node in self.nodes)
        raise NotFoundError(f"no statement {digest} is registered at {asked}")

    def extend(self) -> bool:
        """Ask every node what it has that answers the parts, or that they name; whether one had something."""
        grew = False
        for node in self._one_a_log():
            held = {one.digest for one in self._statements()}
            new = [one.hex() for one in dict.fromkeys(self._found(node)) if one not in held]
            if not new:
                continue
            part = next((one for one in self.parts if one.node is node), None)
            if part is None:
                part = _Part(node, new[0])
                self.parts.append(part)
            room = MOST - len(part.also)
            part.also |= dict.fromkeys([one for one in new if one != part.subject][: max(room, 0)])
            self._fetched(part)
            grew = True
        return grew

    def make_room(self) -> None:
        """Take parts anew with fewer sections where they are too many together."""
        counts = [len(parse_bundle(part.bundle).sections) for part in self.parts]
        if sum(counts) > SECTION_LIMIT:
            for part, count, share in zip(self.parts, counts, shares(counts, SECTION_LIMIT), strict=True):
                if share < count:
                    self._fetched(part, sections=share)

    def _found(self, node: NodeClient) -> Iterator[bytes]:
        statements = self._statements()
        held = {one.digest for one in statements}
        for one in statements:
            kind = ANSWERS.get(one.type)
            if one.type == "PolicyMeasure" and "joint" not in one.subject:
                kind = None
            if kind is not None and self._first_time(node, one.digest):
                yield from (found.digest for found in referring(one.digest, node, kind))
            if one.digest.hex() == self.parts[0].subject and one.type == "TransferRecord":
                said = counted(given(node, one.digest.hex()), read_record(one, screened=False))
                if said is not None:
                    yield said.digest
        for named in sorted(_named(statements) - held):
            if self._first_time(node, named) and _has(node, named):
                yield named

    def _first_time(self, node: NodeClient, digest: bytes) -> bool:
        asked = (node.url, digest)
        known = asked in self._asked
        self._asked.add(asked)
        return not known

    def _statements(self) -> list[Statement]:
        return [item.statement for part in self.parts for _, item in parse_bundle(part.bundle).items]

    def _one_a_log(self) -> list[NodeClient]:
        """The nodes; of several that speak for one log the first, or the one that gave a part."""
        if not self._origins:
            for node in (self.parts[0].node, *self.nodes):
                self._origins.setdefault(str(node.well_known().get("origin")), node)
        return list(self._origins.values())

    def _fetched(self, part: _Part, *, sections: int | None = None) -> _Part:
        part.bundle = part.node.bundle(
            part.subject,
            allow_unanchored=self._allow_unanchored,
            at=self._at,
            also=list(part.also),
            sections=sections,
            partners=self._is_alone,
        )
        try:
            about = parse_bundle(part.bundle).subject.hex()
        except LedgerError as error:
            raise RemoteError(
                f"node {part.node.url} answered with something that is no bundle: {error}",
                code="remote-answer-invalid",
            ) from None
        if about != part.subject:
            raise RemoteError(
                f"node {part.node.url} answered with a bundle about another statement than {part.subject}",
                code="remote-answer-invalid",
            )
        return part


def shares(counts: Sequence[int], most: int) -> list[int]:
    """Of `most` places as many for each as it wants, or as are left for it; two at least."""
    given = dict.fromkeys(range(len(counts)), 0)
    left, waiting = most, len(counts)
    for place in sorted(given, key=lambda one: counts[one]):
        given[place] = max(min(counts[place], left // waiting), FEWEST_SECTIONS)
        left, waiting = left - given[place], waiting - 1
    return list(given.values())


def _named(statements: Sequence[Statement]) -> set[bytes]:
    return {digest for one in statements for relation, digest in edges(one) if relation in RESTS_ON}


def _has(node: NodeClient, digest: bytes) -> bool:
    try:
        node.statement(digest.hex())
    except RemoteRefusedError as error:
        if error.status == _NOT_FOUND:
            return False
        raise
    return True

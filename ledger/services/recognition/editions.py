"""What one new edition of a status list changes: the attestations at the places that differ, and no other.

A list of a hundred thousand places says of most of them what it said before; to judge all again whenever one of them
changes would cost with their number what costs with that of the changes.

Source: docs/spec/status-list.md.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ledger.core.statement import parse_statement
from ledger.core.trust import TrustList
from ledger.errors import MalformedError, NotFoundError
from ledger.services.bundles.export import Shelf
from ledger.services.recognition.present_status import Statuses, Word
from ledger.statements import bitstring
from ledger.statements.catalogue import read
from ledger.statements.status_list import StatusList
from ledger.store.statements import Statements, StoredStatement


class Touched(NamedTuple):
    """An attestation at a place that changed, and what the log tells of it at present."""

    stored: StoredStatement
    place: int
    word: Word


def changed_places(earlier: StatusList | None, later: StatusList) -> tuple[int, ...]:
    """Places at which a bit of any purpose differs, ascending; without an earlier edition, at which one is set.

    Cost: linear in the length, by about a nanosecond a place, and in what differs.
    """
    before = (b"", b"", b"") if earlier is None else (earlier.revocation, earlier.suspension, earlier.refresh)
    after = (later.revocation, later.suspension, later.refresh)
    found: set[int] = set()
    for old, new in zip(before, after, strict=True):
        if old != new:
            found.update(bitstring.changed(old, new))
    return tuple(sorted(found))


def touched_by(edition: bytes, shelf: Shelf, trust: TrustList, *, now: int) -> Iterator[Touched]:
    """The attestations of this log whose status an edition changed, each with its status at present.

    Args:
        edition: Digest of the StatusList; what it changed is told by the one that it supersedes.
        shelf: Of the node.
        trust: The node's trust list.
        now: POSIX seconds.

    Raises:
        NotFoundError: The edition, or the one it supersedes, is not in this log.
        MalformedError: `statement-type`: it is something else.

    Cost: one reading of both editions, and for each place that changed a look-up and its status.
    """
    issuer, later = _edition(edition, shelf.statements)
    earlier = None if later.supersedes is None else _edition(later.supersedes, shelf.statements)[1]
    statuses = Statuses(shelf, trust, now)
    for place in changed_places(earlier, later):
        stored = shelf.statements.at_place(issuer, later.id, place)
        if stored is not None:
            attested: Any = read(parse_statement(stored.body), screened=False)
            yield Touched(stored, place, statuses.of(stored, attested))


def _edition(digest: bytes, statements: Statements) -> tuple[str, StatusList]:
    stored = statements.by_digest(digest)
    if stored is None:
        raise NotFoundError(f"no status list {digest.hex()} is registered here")
    value = read(parse_statement(stored.body), screened=False)
    if not isinstance(value, StatusList):
        raise MalformedError(
            f"{digest.hex()} is a {stored.type}; a StatusList is required", code="statement-type"
        )
    return stored.issuer, value

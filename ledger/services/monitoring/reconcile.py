"""An issuer holds its own books against a log: what it signed must stand there, and nothing else under its name.

Both ways go by entries of a head that was followed, whose root was recomputed: neither the node's word that something
stands there, nor its list of what does, is believed.  What a node withholds from its list cannot be seen, except in a
mirror, where every entry has its statement.

Source: docs/monitoring.md.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from ledger.core.statement import parse_statement
from ledger.errors import LedgerError, NotFoundError
from ledger.remote.exchange import invalid
from ledger.remote.tiles import Listed, LogReader
from ledger.services.monitoring.following import is_recomputed
from ledger.store.followed import FollowedLogs

AT_ONCE: Final = 65_536
"""Entries looked through at a time."""
WITHHELD: Final = "what a node withholds cannot be seen"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """An issuer's books beside a log.

    Attributes:
        size: Of the head that was followed.
        own: How many digests the issuer gave.
        places: Index of each of them that is an entry.
        missing: Those that are none, hex.
        listed: How many statements the node lists under the issuer, which are entries.
        unknown: Those of them that the issuer does not know.
        disowned: Listed ones that the issuer does not know and whose statement names another issuer.
        unproven: Listed ones that are not the entry at the place that the node names.
    """

    origin: str
    size: int
    own: int
    places: dict[str, int]
    missing: tuple[str, ...]
    listed: int
    unknown: tuple[Listed, ...]
    disowned: tuple[Listed, ...]
    unproven: tuple[Listed, ...]

    @property
    def agrees(self) -> bool:
        """Whether the books and the log are one."""
        return not (self.missing or self.unknown or self.disowned or self.unproven)


def reconcile(
    own: Collection[bytes],
    issuer: str,
    logs: FollowedLogs,
    origin: str,
    reader: LogReader,
    *,
    statement: Callable[[str], bytes],
) -> Reconciled:
    """Hold digests that an issuer knows against a log that was followed.

    Args:
        own: SHA-256 of each statement that it signed and registered.
        issuer: Its DID.
        logs: What is held of the log.
        reader: Where the node's list is read.
        statement: The bytes of a statement by its digest in hex; they have it.

    Raises:
        NotFoundError: `not-followed`: no head of the log was taken up.
        RemoteError: The list could not be read, or names a place twice.
    """
    head = logs.head(origin)
    if head is None or not is_recomputed(head):
        raise NotFoundError(f"no head of {origin} was followed yet", code="not-followed")
    wanted, places = set(own), {}
    for first in range(0, head.size, AT_ONCE):
        for at, entry in enumerate(logs.entries(origin, first, min(AT_ONCE, head.size - first)), first):
            if entry in wanted:
                places[entry.hex()] = at
    told: set[int] = set()
    proven: list[Listed] = []
    unproven: list[Listed] = []
    for one in reader.issued(issuer):
        if one.index >= head.size:
            continue  # after the head; the next run sees it
        if one.index in told:
            raise invalid(reader.url, f"entry {one.index} twice in one list")
        told.add(one.index)
        is_there = logs.entries(origin, one.index, 1)[0].hex() == one.digest
        (proven if is_there else unproven).append(one)
    strange = [one for one in proven if bytes.fromhex(one.digest) not in wanted]
    unknown: list[Listed] = []
    disowned: list[Listed] = []
    for one in strange:
        (unknown if _is_of(issuer, statement, one.digest) else disowned).append(one)
    return Reconciled(
        origin,
        head.size,
        len(wanted),
        places,
        tuple(sorted(digest.hex() for digest in wanted if digest.hex() not in places)),
        len(proven),
        tuple(unknown),
        tuple(disowned),
        tuple(unproven),
    )


def _is_of(issuer: str, statement: Callable[[str], bytes], digest: str) -> bool:
    """Whether a statement names this issuer; one that cannot be read may."""
    try:
        return parse_statement(statement(digest)).issuer == issuer
    except LedgerError:
        return True

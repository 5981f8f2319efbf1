"""Certificates with what became of them, a page at a time."""

from collections.abc import Callable
from typing import Final, NamedTuple

from ledger.core.statement import parse_statement
from ledger.core.trust import TrustList
from ledger.services.bundles.export import Shelf
from ledger.services.recognition.present_status import Statuses, Word
from ledger.statements.certificate import ConformityCertificate, read
from ledger.store.statements import StoredStatement

PAGE: Final = 50
SCANNED: Final = 1_000
"""Certificates looked at for one page, of which the reader may see only some."""


class Certified(NamedTuple):
    """A certificate, and what this log alone tells of it at present."""

    stored: StoredStatement
    certificate: ConformityCertificate
    status: Word


class CertifiedPage(NamedTuple):
    """Certificates in the order of the log; `following` is the `after` of the next page, None at the end."""

    items: tuple[Certified, ...]
    following: int | None


def certified(
    shelf: Shelf,
    trust: TrustList,
    *,
    sees: Callable[[StoredStatement], bool],
    now: int,
    after: int = -1,
) -> CertifiedPage:
    """A page of certificates that a reader may see.

    Args:
        trust: The node's trust list.
        sees: Whether the reader may see a statement.
        now: POSIX seconds.
        after: Index of the last certificate of the page before.
    """
    statuses, items, scanned = Statuses(shelf, trust, now), list[Certified](), 0
    while scanned < SCANNED:
        page = shelf.statements.attestations("ConformityCertificate", first=after + 1, limit=PAGE + 1)
        for stored in page:
            if len(items) == PAGE:
                return CertifiedPage(tuple(items), after)
            after, scanned = stored.index, scanned + 1
            if sees(stored):
                value = read(parse_statement(stored.body), screened=False)
                items.append(Certified(stored, value, statuses.of(stored, value)))
        if len(page) <= PAGE:
            return CertifiedPage(tuple(items), None)
    return CertifiedPage(tuple(items), after)

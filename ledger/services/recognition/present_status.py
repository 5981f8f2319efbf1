"""What became of an attestation, as its own log alone tells it at present.

For lists, and for people who are about to act; whether a certificate counts somewhere is for its evidence to show.

Source: docs/spec/recognition.md.
"""

from typing import Any, Literal

from ledger.core.statement import parse_statement
from ledger.core.trust import TrustList
from ledger.services.bundles.export import Shelf
from ledger.statements.catalogue import read
from ledger.statements.premises.evidence import Dated, Evidence, Held, begun
from ledger.statements.premises.status import is_withdrawn, status_of
from ledger.store.statements import StoredStatement

Word = Literal["valid", "suspended", "withdrawn", "superseded", "expired", "notYetValid", "unknown"]
"""`unknown`: neither withdrawn nor suspended, and no edition of its list covers the present."""


class Statuses:
    """Tells the present status of many attestations of one log, reading each list once.

    Args:
        shelf: Of the node.
        trust: The node's trust list.
        now: POSIX seconds.
    """

    def __init__(self, shelf: Shelf, trust: TrustList, now: int) -> None:
        self._shelf, self._trust, self._now = shelf, trust, now
        self._lists: dict[tuple[str, str], Held[Any] | None] = {}

    def of(self, stored: StoredStatement, attested: Dated) -> Word:
        """What this log tells of a certificate, an accreditation or a recognition.

        Args:
            stored: The statement.
            attested: Its subject, as its type reads it.

        Cost: three look-ups in the log, and its list where that was not read yet.
        """
        target = self._held(stored, attested)
        said = self._said_of(target)
        evidence = Evidence([target, *said], known=self._now, trust=self._trust, subject=stored.digest)
        status = status_of(evidence, target, self._now)
        if is_withdrawn(status):
            return "withdrawn"
        if self._now < begun(target):
            return "notYetValid"
        if self._now >= attested.valid_until:
            return "expired"
        if evidence.superseded(target, self._now):
            return "superseded"
        if status.code == "SUSPENDED":
            return "suspended"
        return "valid" if status.outcome == "passed" else "unknown"

    def _said_of(self, target: Held[Dated]) -> list[Held[Any]]:
        statements, digest, issuer = self._shelf.statements, target.digest, target.issuer
        found = [
            *statements.referring(digest, "statement", kind="StatusChange", issuer=issuer),
            *statements.referring(digest, "supersedes", kind=target.type, issuer=issuer),
        ]
        said = [self._read(one) for one in found]
        if target.value.status is not None:
            newest = self._list(issuer, target.value.status.list_id)
            said += [] if newest is None else [newest]
        return said

    def _list(self, issuer: str, name: str) -> Held[Any] | None:
        """The newest edition that covers the present, else the newest of all."""
        if (issuer, name) not in self._lists:
            statements = self._shelf.statements
            found = statements.status_list(issuer, name, at=self._now) or statements.status_list(issuer, name)
            self._lists[issuer, name] = None if found is None else self._read(found)
        return self._lists[issuer, name]

    def _read(self, stored: StoredStatement) -> Held[Any]:
        return self._held(stored, read(parse_statement(stored.body), screened=False))

    def _held(self, stored: StoredStatement, value: Any) -> Held[Any]:
        covering = self._shelf.checkpoints.earliest_covering(stored.index)
        return Held(
            digest=stored.digest,
            type=stored.type,
            issuer=stored.issuer,
            created=stored.created,
            value=value,
            jurisdiction=self._shelf.log.jurisdiction,
            operator=None if covering is None else covering.signed_at,
        )

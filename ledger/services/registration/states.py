"""What became of a registered statement: registered, anchored, acknowledged."""

from dataclasses import dataclass
from typing import Any, Literal

from ledger.core.canonical import STATEMENT_LIMIT, decode
from ledger.core.times import format_time
from ledger.services.bundles.export import Shelf
from ledger.store.statements import StoredStatement

State = Literal["registered", "anchored", "acknowledged"]
STATES: tuple[State, ...] = ("registered", "anchored", "acknowledged")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a statement has come.

    Attributes:
        state: `acknowledged` only by an acknowledgement in this log, of the importer that the record names, that
            does not reject it; the importer's word may stand in the importer's own log instead.
        anchored: Size, chain and block time of the earliest anchor that covers it.
        acknowledgement: Digest of that importer's first acknowledgement in this log, and its outcome.
    """

    state: State
    created: int
    reference: str | None
    anchored: dict[str, Any] | None
    acknowledgement: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """The standing as members of an answer; what is not there is left out."""
        told: dict[str, Any] = {"state": self.state, "created": format_time(self.created)}
        for name in ("reference", "anchored", "acknowledgement"):
            value = getattr(self, name)
            if value is not None:
                told[name] = value
        return told


def state_of(stored: StoredStatement, shelf: Shelf) -> Standing:
    """How far `stored` has come, as this node knows it.

    Cost: two index lookups, and one more for a transfer record.
    """
    held = None if shelf.chain is None else shelf.anchors.evidence_for(shelf.chain, stored.index + 1)
    subject = _subject(stored) if stored.type == "TransferRecord" else {}
    given = []
    # In a log of another country than the importer's it would count for nothing; between two zones of one it does.
    if subject and subject["importer"]["jurisdiction"] == shelf.log.jurisdiction:
        importer = subject["importer"]["did"]
        given = shelf.statements.acknowledgements_of(stored.digest, issuer=importer, limit=1)
    acknowledgement = None
    if given:
        outcome = _subject(given[0])["outcome"]
        acknowledgement = {"digest": given[0].digest.hex(), "outcome": outcome}
    anchored = None
    if held is not None:
        block = format_time(held.row.block_time)
        anchored = {
            "chain": held.row.chain,
            "size": held.row.size,
            "block": held.row.block_number,
            "blockTime": block,
        }
    state: State = "registered" if anchored is None else "anchored"
    if acknowledgement is not None and acknowledgement["outcome"] != "rejected":
        state = "acknowledged"
    return Standing(state, stored.created, subject.get("reference"), anchored, acknowledgement)


def _subject(stored: StoredStatement) -> dict[str, Any]:
    document: Any = decode(stored.body, limit=STATEMENT_LIMIT, what="stored statement")
    subject: dict[str, Any] = document["credentialSubject"]
    return subject

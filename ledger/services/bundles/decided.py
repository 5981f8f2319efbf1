"""What a bundle with a decision carries besides: the decisions about a record, and the record of a decision.

Source: docs/spec/bundle.md.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from ledger.core.statement import Statement
from ledger.store.statements import PAGE, Statements, StoredStatement

MOST: Final = 8
"""Decisions about one record; a verifier judges no more."""
_KIND: Final = "Decision"


class Decisions(NamedTuple):
    """Decisions about one record, each in the order of the log."""

    own: list[StoredStatement]
    others: list[StoredStatement]


def decisions_about(record: Statement, statements: Statements) -> Decisions:
    """Decisions about a record in a log, at most `MOST`, the newest: by who may say so, and then by others.

    These are its exporter and importer, and whoever is known to no enrolment of the log: authorities are those of a
    trust list, which a log does not have.  Engines that were enrolled have the room that is left.
    """
    told: dict[str, Any] = record.subject
    parties = {told[side]["did"] for side in ("exporter", "importer")}
    own: list[StoredStatement] = []
    others: list[StoredStatement] = []
    first = 0
    while page := statements.referring(record.digest, "record", kind=_KIND, first=first):
        for stored in page:
            is_own = stored.issuer in parties or not statements.about_party(stored.issuer)
            (own if is_own else others).append(stored)
        own, others = own[-MOST:], others[-MOST:]
        first = page[-1].index + 1
        if len(page) < PAGE:
            break
    room = MOST - len(own)
    return Decisions(own, others[-room:] if room else [])


def record_of(decision: Statement, statements: Statements) -> Iterator[StoredStatement]:
    """The record that a decision is about, where it is in a log; nothing of a statement that is no decision."""
    if decision.type == _KIND:
        stored = statements.by_digest(bytes.fromhex(str(decision.subject["transfer"])))
        if stored is not None and stored.type == "TransferRecord":
            yield stored

"""What a bundle with a decision carries besides: the decisions about a record, and measures in force they leave out.

A decision does not tell what it left out.  Whoever exports it looks into the log, so that step 11 can show it.

Source: docs/spec/bundle.md, docs/spec/deciding.md.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ledger.core.statement import Statement, parse_statement
from ledger.core.times import parse_time
from ledger.errors import LedgerError
from ledger.store.statements import PAGE, Statements, StoredStatement

if TYPE_CHECKING:
    from ledger.statements.deciding.decide import Ready

MOST: Final = 8
"""Decisions about one record; a verifier judges no more."""
_KIND: Final = "Decision"


def decisions_about(record: Statement, statements: Statements) -> list[StoredStatement]:
    """Decisions about a record in a log, at most `MOST`, in the order of the log: the newest of who may say so first.

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
    return sorted([*own, *(others[-room:] if room else [])], key=lambda stored: stored.index)


def record_of(decision: Statement, statements: Statements) -> Iterator[StoredStatement]:
    """The record that a decision is about, where it is in a log; nothing of a statement that is no decision."""
    if decision.type == _KIND:
        stored = statements.by_digest(bytes.fromhex(str(decision.subject["transfer"])))
        if stored is not None and stored.type == "TransferRecord":
            yield stored


def left_out(subject: bytes, carried: Mapping[bytes, Statement], statements: Statements) -> Iterator[bytes]:
    """Digests of the measures of a log in force for a record when it was signed, or when a decision about it says.

    Args:
        subject: Digest of what a bundle is about: of the record, or of a decision about it.
        carried: The statements of the bundle so far, by digest.
        statements: Of the log.

    Cost: nothing without a decision; else reads every measure of the log that is of one of the two jurisdictions.
    """
    about = [
        (bytes.fromhex(str(one.subject["transfer"])), parse_time(str(one.subject["at"])))
        for one in carried.values()
        if one.type == _KIND and subject in (one.digest, bytes.fromhex(str(one.subject["transfer"])))
    ]
    record = carried.get(about[0][0]) if about else None
    if record is None or record.type != "TransferRecord":
        return
    from ledger.statements.deciding.decide import decide  # most of what is exported has no decision

    moments = {record.created, *(moment for _, moment in about)}
    told: dict[str, Any] = record.subject
    sides = {told[side]["jurisdiction"] for side in ("exporter", "importer")}
    at_hand = list(_measures(sides, max(moments), statements))
    found: dict[bytes, None] = {}
    for moment in sorted(moments):
        with suppress(LedgerError):  # too many are in force: whoever verifies comes to no answer either
            found |= dict.fromkeys(used.digest for used in decide(told, at_hand, at=moment).measures)
    yield from found


def _measures(sides: set[str], until: int, statements: Statements) -> "Iterator[Ready]":
    """The measures of some jurisdictions that are in effect by a moment."""
    from ledger.statements.deciding.decide import ready
    from ledger.statements.measure import read

    first = 0
    while page := statements.of_type("PolicyMeasure", first=first):
        for stored in page:
            statement = parse_statement(stored.body)
            told: dict[str, Any] = statement.subject
            if told["applies"]["jurisdiction"] in sides and parse_time(told["effectiveFrom"]) <= until:
                yield ready(stored.digest, read(statement, screened=False))
        first = page[-1].index + 1
        if len(page) < PAGE:
            return

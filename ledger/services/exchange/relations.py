"""Whose a statement is: of whom it speaks, and which jurisdictions it concerns.

Of a party are the statements that it signed or that name its DID; of some types also those about a statement of its
own: an acknowledgement of its record or a decision about it, a recognition or a change of status of its certificate.
Of a jurisdiction are all statements in its own log, and in another's those that concern it; see
`ledger.services.exchange.concerning`.

Source: docs/spec/request-signatures.md.
"""

from collections.abc import Mapping
from typing import Final

from ledger.core.canonical import Json
from ledger.core.statement import parse_statement
from ledger.services.exchange.concerning import Concerns
from ledger.statements.edges import edges
from ledger.store.statements import Statements, StoredStatement

_ABOUT_ANOTHER: Final = frozenset({"TransferAcknowledgement", "Recognition", "StatusChange", "Decision"})
_MEASURE: Final = "measure"
"""Names its authority, and the parties of a pilot: they are not those whose the decision is."""


def is_of_party(did: str, stored: StoredStatement, statements: Statements) -> bool:
    """Whether a party signed a registered statement, is named in it, or in the one that it is about."""
    if stored.issuer == did:
        return True
    statement = parse_statement(stored.body)
    if _names(statement.subject, did):
        return True
    if stored.type not in _ABOUT_ANOTHER:
        return False
    for relation, target in edges(statement):
        if relation == _MEASURE:
            continue
        held = statements.by_digest(target)
        if held is not None and (held.issuer == did or _names(parse_statement(held.body).subject, did)):
            return True
    return False


def is_of_jurisdiction(jurisdiction: str, stored: StoredStatement, concerns: Concerns, *, own: str) -> bool:
    """Whether a registered statement is a jurisdiction's.

    Args:
        own: The jurisdiction of the log.
    """
    return jurisdiction == own or concerns.concerned(stored, jurisdiction)


def _names(value: Json | Mapping[str, Json], did: str) -> bool:
    if isinstance(value, str):
        return value == did
    if isinstance(value, Mapping):
        return any(_names(one, did) for one in value.values())
    return isinstance(value, list) and any(_names(one, did) for one in value)

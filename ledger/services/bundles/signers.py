"""Who signed a statement of a log: the enrolment under which the signature counts, and what ended its key.

Source: docs/spec/key-rule.md.
"""

from collections.abc import Callable

from ledger.core.statement import Statement, parse_statement, verify_statement
from ledger.errors import SignatureError
from ledger.statements.catalogue import TYPES, read
from ledger.statements.enrolment import Enrolment
from ledger.statements.revocation import KeyRevocation
from ledger.store.statements import Statements, StoredStatement


def add_signer(
    statement: Statement, statements: Statements, carry: Callable[[StoredStatement], Statement | None]
) -> None:
    """The first enrolment under which the signature counts, and every revocation of its key."""
    enrolled = False
    for stored in statements.about_party(statement.issuer):
        about = read(parse_statement(stored.body), screened=False)
        if isinstance(about, KeyRevocation) and about.key == statement.key_id:
            carry(stored)
        elif isinstance(about, Enrolment) and not enrolled and _names_signer(about, statement):
            enrolled = True
            carry(stored)


def _names_signer(enrolment: Enrolment, statement: Statement) -> bool:
    """Whether a statement was signed with a key of this enrolment, in a role that it grants."""
    key = enrolment.key(statement.key_id)
    if key is None:
        return False
    if enrolment.roles.isdisjoint(TYPES[statement.type].roles) and statement.type != "KeyRevocation":
        return False
    if not key.valid_from <= statement.created < key.valid_until:
        return False
    try:
        verify_statement(statement, key.key)
    except SignatureError:
        return False
    return True

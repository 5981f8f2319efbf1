"""The status lists that issuers publish in a log: the newest edition of each."""

from typing import Final, NamedTuple

from ledger.core.statement import parse_statement
from ledger.statements.status_list import StatusList, read
from ledger.store.statements import Statements, StoredStatement

MOST: Final = 50


class Published(NamedTuple):
    """The newest edition of a list."""

    stored: StoredStatement
    edition: StatusList


def published_lists(statements: Statements) -> list[Published]:
    """The lists by name, `MOST` of them, which anybody may read."""
    newest = [statements.status_list(issuer, name) for issuer, name in statements.status_lists(limit=MOST)]
    return [
        Published(one, read(parse_statement(one.body), screened=False)) for one in newest if one is not None
    ]

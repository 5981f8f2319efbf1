"""The database with which a log begins that succeeds another: the notice, and what is registered again after it.

Nothing of it is signed yet; the node signs it when it first starts.

Source: docs/recovery.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ledger.core.statement import Statement, parse_statement
from ledger.core.trust import TrustList, parse_trust_list
from ledger.errors import ConflictError, LedgerError
from ledger.services.admission.batches import admit
from ledger.services.admission.parties import Parties
from ledger.services.home.database import DATABASE
from ledger.services.home.folder import Home
from ledger.services.recovery.old_database import Old
from ledger.services.recovery.standing import Standing, standing
from ledger.services.trust.claim import claim_of
from ledger.store.checkpoints import Checkpoints
from ledger.store.database import Database, open_database
from ledger.store.log import Log, create_log
from ledger.store.rows import ABOUT_A_PARTY, NewStatement, row_of
from ledger.store.statements import Statements

PAGE: Final = 256
_ENTRY: Final = "JurisdictionEntry"


@dataclass(slots=True)
class Carried:
    """What was registered again.

    Attributes:
        counted: How many statements of each type.
        left: Those about parties that were not, and why.
        refused: How many others were not: who signed them may not any more, or they are of no use.
    """

    counted: dict[str, int] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    refused: int = 0


def begun_with(
    home: Home, notice: Statement, source: Database, carry: frozenset[str] | None, now: int
) -> Carried:
    """Make the database of a home, with the notice, what is known of parties, and what else is carried over.

    Args:
        source: Of the log that ended, as far as it is held.
        carry: Types that are registered again beside those about parties; None takes every one.
        now: POSIX seconds.
    """
    trust = parse_trust_list(claim_of(home, now=now))
    about, entries = _of_parties(source)
    stands = standing(about, trust, home.settings.jurisdiction, now)
    first = [*stands.kept, *entries[-1:]]
    made = Carried(counted(one.type for one in first), tuple(_left(stands)))
    with open_database(home.path / DATABASE, create=True) as database:
        create_log(database, home.settings.origin)
        log = Log(database, home.settings.origin)
        for one in (notice, *first):
            log.append([row_of(one)])
        if carry is None or carry:
            _carry(log, source, carry, trust, now, made)
    return made


def counted(kinds: Iterable[str]) -> dict[str, int]:
    """How often each comes."""
    found: dict[str, int] = {}
    for kind in kinds:
        found[kind] = found.get(kind, 0) + 1
    return found


def bodies(database: Database) -> Iterator[tuple[int, bytes]]:
    """Places and statements of a database, each held against its entry.

    Raises:
        StoreError: `store-corrupt`, at the first that is damaged.
    """
    return Old(database, 0, None).statements(0)


def readable(database: Database) -> Iterator[bytes]:
    """Statements as far as they can be read: what comes after damage is not held."""
    try:
        for _, body in bodies(database):
            yield body
    except LedgerError:
        return


def _of_parties(source: Database) -> tuple[list[Statement], list[Statement]]:
    about: list[Statement] = []
    entries: list[Statement] = []
    for body in readable(source):
        statement = parse_statement(body)
        if statement.type in ABOUT_A_PARTY:
            about.append(statement)
        elif statement.type == _ENTRY:
            entries.append(statement)
    return about, entries


def _carry(
    log: Log, source: Database, carry: frozenset[str] | None, trust: TrustList, now: int, made: Carried
) -> None:
    """Judge and append the rest, as if it were registered now."""
    statements, checkpoints = Statements(log.database), Checkpoints(log.database)
    parties = Parties(statements, checkpoints, trust, log.jurisdiction)
    waiting: list[NewStatement] = []
    for body in readable(source):
        kind = parse_statement(body).type
        if kind in (*ABOUT_A_PARTY, _ENTRY) or (carry is not None and kind not in carry):
            continue
        row = admit(body, parties=parties, now=now)
        if isinstance(row, LedgerError):
            made.refused += 1
            continue
        waiting.append(row)
        if len(waiting) == PAGE:
            _append(log, waiting, made)
            waiting = []
    _append(log, waiting, made)


def _append(log: Log, rows: Sequence[NewStatement], made: Carried) -> None:
    for row, outcome in zip(rows, log.append(rows) if rows else [], strict=True):
        if isinstance(outcome, ConflictError):
            made.refused += 1
        else:
            made.counted[row.type] = made.counted.get(row.type, 0) + 1


def _left(stands: Standing) -> Iterator[str]:
    for one, error in stands.left:
        why = "its keys ended, or a revocation of one does not count again" if error is None else str(error)
        yield f"{one.type} {one.digest.hex()} of {one.subject['party']}: {why}"

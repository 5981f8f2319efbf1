"""The audit of a whole log: what an entry costs, and what a second process brings."""

import os
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.measure import Row, by_turns, of_turns, share
from ledger.core.statement import parse_statement
from ledger.services.auditing.audit import LogIdentity, audit
from ledger.services.auditing.workers import Workers, processors
from ledger.store.database import Database, open_database
from ledger.store.integrity import differences
from ledger.store.log import Log, create_log
from ledger.store.rows import NewStatement, row_of
from ledger.store.subtrees import RANGE
from tests.simulator import World

SIZE: Final = 16 * RANGE
PAIRS: Final = 3
_BATCH: Final = 1_000


def _statements(numbers: range) -> list[NewStatement]:
    """Transfer records under ids of their own; the audit reads what is signed, and no statement's signature."""
    record = World().record().encoded
    place = record.index(b'"id":"urn:uuid:') + len(b'"id":"urn:uuid:')
    ids = (b"%08x-0000-4000-8000-000000000000" % number for number in numbers)
    return [row_of(parse_statement(record[:place] + one + record[place + len(one) :])) for one in ids]


def fill(database: Database, origin: str, size: int) -> None:
    """Append `size` records to a new log."""
    create_log(database, origin)
    log = Log(database, origin)
    for first in range(0, size, _BATCH):
        log.append(_statements(range(first, min(size, first + _BATCH))))


def rows() -> list[Row]:
    """What the audit costs, and two processes against one."""
    signer, origin = World().xa.signer, World().xa.origin
    identity = LogIdentity(origin, signer.vkeys, [signer.head_address])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.sqlite"
        with open_database(file, create=True) as database:
            fill(database, origin, SIZE)
        with open_database(file, read_only=True) as database:
            whole = by_turns(
                lambda: _clean(audit(database, identity).findings),
                lambda: _clean(tuple(differences(database))),
                pairs=PAIRS,
            )
            with Workers(database, file, identity, 1) as one, Workers(database, file, identity, 2) as two:
                turns = [
                    (_seconds(database, identity, one), _seconds(database, identity, two))
                    for _ in range(PAIRS + 1)
                ]
                begun = time.process_time()
                _seconds(database, identity, two)
                folding = time.process_time() - begun
    shared = of_turns(turns[1:])
    per = 100_000 / SIZE
    cost = f"{whole.ours * per:.1f} s of one processor for 100,000 entries"
    detail = (
        f"of them {whole.limit * per:.1f} s for bodies, entries, tiles and head, the rest for reading what statements"
        f" say; {SIZE:,} transfer records"
    )
    what = "the audit by two processes, against one: how much faster"
    load = f"{os.getloadavg()[0]:.1f} processes wanted one of {processors()} processors meanwhile"
    seconds = (
        f"{shared.limit * per:.1f} s and {shared.ours * per:.1f} s for 100,000 entries by the clock,"
        f" {folding * per:.2f} s of it what one process does for all; {load}"
    )
    return [
        Row("the audit of everything that is stored", cost, "", None, detail),
        share(what, shared.ratio, 1.6, seconds),
    ]


def _seconds(database: Database, identity: LogIdentity, workers: Workers) -> float:
    begun = time.perf_counter()
    _clean(audit(database, identity, comparing=workers).findings)
    return time.perf_counter() - begun


def _clean(findings: object) -> None:
    if findings:
        raise SystemExit("the audit found something")


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="\n  ")

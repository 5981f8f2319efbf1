"""What this node attested of other logs and chains: written down before it is signed, and never taken back.

    owner           the key that attests by this record
    root            (origin, size) → the one root, with the note that showed it
    block           (chain, genesis, number) → the one hash that was taken for final
    claim           what was signed
    contradiction   what was offered against either, with what was held: evidence of a split view or of two chains

In a file of its own beside the log's; several processes may write it, one short transaction at a time.  It is made
once, for one key, and nothing is attested with that key without it: it would no longer know what it attested.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ledger.errors import StoreError, VerificationError
from ledger.store.sidefile import SideFile

FILE: Final = "attester.sqlite"
VERSION: Final = 1
MOST_CONTRADICTIONS: Final = 16
"""Kept of each kind and log or chain; one is enough to prove what it proves, and none takes another's place."""

_TABLES: Final = ("root", "block", "claim", "contradiction")
_APPEND_ONLY: Final = "".join(
    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
    f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;\n"
    for table in _TABLES
    for verb in ("UPDATE", "DELETE")
)
_OWNER: Final = (
    "CREATE TABLE IF NOT EXISTS owner (one INTEGER PRIMARY KEY CHECK (one = 1), address BLOB NOT NULL);"
)
_SCHEMA: Final = f"""
{_OWNER}
CREATE TABLE IF NOT EXISTS root (
    origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (origin, size)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS block (
    chain TEXT NOT NULL, genesis BLOB NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, header BLOB NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (chain, genesis, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claim (
    digest BLOB PRIMARY KEY, chain TEXT NOT NULL, epoch INTEGER NOT NULL, log_id BLOB NOT NULL,
    size INTEGER NOT NULL, block_number INTEGER NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contradiction (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, held BLOB NOT NULL, offered BLOB NOT NULL,
    at INTEGER NOT NULL, UNIQUE (kind, name, offered)
);
{_APPEND_ONLY}"""


@dataclass(frozen=True, slots=True)
class Root:
    """A log's root at a size, as its signed note shows it; under whichever head key, since a log has one history."""

    origin: str
    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A block taken for final.

    Attributes:
        chain: CAIP-2 name; with `genesis` it is one chain.
        hash: As the chain's own rule makes it.
        header: RLP, seals included.
    """

    chain: str
    genesis: bytes
    number: int
    hash: bytes
    header: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What is signed, by its digest."""

    digest: bytes
    log_id: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two things of which only one can be: notes of one size (`split-view`), headers of one number (`two-blocks`).

    Attributes:
        name: The log's origin, or the chain.
        held: What was written down first.
        at: POSIX seconds at which `offered` was refused.
    """

    kind: Literal["split-view", "two-blocks"]
    name: str
    held: bytes
    offered: bytes
    at: int


class Attested:
    """What was attested, in one file.  Safe for threads and processes.

    Args:
        path: Made by `begin`, or when something is first written.
        owner: Address of the key that attests by it; None where anybody may, who looks or tries.
    """

    def __init__(self, path: Path, *, owner: bytes | None = None) -> None:
        self._file = SideFile(path, _SCHEMA, VERSION, "attester's record")
        self._owner = owner

    def begin(self, address: bytes) -> None:
        """Let a key attest by this record, and no other any more; makes the file where there is none.

        Args:
            address: Of a key that never attested, or that of this record.
        """
        with self._file.writing() as connection:
            connection.execute(_OWNER)
            connection.execute(
                "INSERT INTO owner VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET address = excluded.address",
                (address,),
            )

    def largest(self, origin: str) -> Root | None:
        """The largest tree of a log that was attested; None where none was."""
        query = "SELECT origin, size, root, note FROM root WHERE origin = ? ORDER BY size DESC LIMIT 1"
        with self._file.reading() as connection:
            row = connection and connection.execute(query, (origin,)).fetchone()
        return Root(*row) if row else None

    def contradictions(self) -> list[Contradiction]:
        """Every contradiction that was refused, oldest first."""
        query = "SELECT kind, name, held, offered, at FROM contradiction ORDER BY id"
        with self._file.reading() as connection:
            rows = connection.execute(query).fetchall() if connection else []
        return [Contradiction(*row) for row in rows]

    def count_contradictions(self) -> dict[str, int]:
        """How many contradictions are kept, by kind."""
        query = "SELECT kind, count(*) FROM contradiction GROUP BY kind"
        with self._file.reading() as connection:
            return {} if connection is None else dict(connection.execute(query).fetchall())

    def count(self) -> int:
        """Claims signed."""
        with self._file.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM claim").fetchone()[0]) if connection else 0

    def require_one_root(self, root: Root, *, at: int, cosigned: Root | None = None) -> None:
        """Check that no other root of this log and size was attested; keeps both notes where one was.

        Args:
            cosigned: The tree of that size as the node's witness has it.

        Raises:
            VerificationError: `split-view`.
            StoreError: `attester-state-missing`: this is not the record of the key that attests.
        """
        with self._file.writing() as connection:
            self._require_owner(connection)
            fault = _against_root(connection, root, at)
            if fault is None and cosigned is not None and cosigned.root != root.root:
                fault = _split(connection, root, cosigned.root, cosigned.note, at)
        if fault is not None:
            raise fault

    def record(self, root: Root, block: Block, *, claim: Claim, largest: int, at: int) -> None:
        """Write down what is about to be signed, all of it or nothing; durable when this returns.

        Args:
            largest: Size that `largest` gave when the consistency was checked; 0 for none.

        Raises:
            VerificationError: `split-view`: another root of the size was attested; `two-blocks`: another block of that
                number was.  Both are kept.
            StoreError: `attested-meanwhile`: a larger tree was attested since; ask again; `attester-state-missing`.
        """
        fault: VerificationError | None
        with self._file.writing() as connection:
            self._require_owner(connection)
            fault = _against_root(connection, root, at) or _against_block(connection, block, at)
            if fault is None:
                _require_same(connection, root.origin, largest)
                connection.execute(
                    "INSERT OR IGNORE INTO root VALUES (?, ?, ?, ?, ?)",
                    (root.origin, root.size, root.root, root.note, at),
                )
                connection.execute(
                    "INSERT OR IGNORE INTO block VALUES (?, ?, ?, ?, ?, ?)",
                    (block.chain, block.genesis, block.number, block.hash, block.header, at),
                )
                connection.execute(
                    "INSERT OR IGNORE INTO claim VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (claim.digest, block.chain, claim.epoch, claim.log_id, root.size, block.number, at),
                )
        if fault is not None:
            raise fault

    def _require_owner(self, connection: sqlite3.Connection) -> None:
        if self._owner is None:
            return
        made = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'owner'").fetchone() == (
            1,
        )
        if not made or connection.execute("SELECT address FROM owner").fetchone() != (self._owner,):
            raise StoreError(
                "what the attester's key attested is not here, so nothing more is attested with it; restore"
                " attester.sqlite as it was last, or make a new key with evidence attest renew",
                code="attester-state-missing",
            )


def _against_root(connection: sqlite3.Connection, root: Root, at: int) -> VerificationError | None:
    row = connection.execute(
        "SELECT root, note FROM root WHERE origin = ? AND size = ?", (root.origin, root.size)
    ).fetchone()
    if row is None or row[0] == root.root:
        return None
    return _split(connection, root, row[0], row[1], at)


def _split(
    connection: sqlite3.Connection, root: Root, held: bytes, note: bytes, at: int
) -> VerificationError:
    _keep(connection, Contradiction("split-view", root.origin, note, root.note, at))
    return VerificationError(
        f"the log {root.origin} showed root {held.hex()} at size {root.size} before, and now {root.root.hex()};"
        " both notes are kept",
        code="split-view",
    )


def _against_block(connection: sqlite3.Connection, block: Block, at: int) -> VerificationError | None:
    row = connection.execute(
        "SELECT hash, header FROM block WHERE chain = ? AND genesis = ? AND number = ?",
        (block.chain, block.genesis, block.number),
    ).fetchone()
    if row is None or row[0] == block.hash:
        return None
    _keep(connection, Contradiction("two-blocks", block.chain, row[1], block.header, at))
    return VerificationError(
        f"block {block.number} of {block.chain} was final with hash {row[0].hex()} before, and is offered with"
        f" {block.hash.hex()}; both headers are kept",
        code="two-blocks",
    )


def _require_same(connection: sqlite3.Connection, origin: str, largest: int) -> None:
    (size,) = connection.execute("SELECT max(size) FROM root WHERE origin = ?", (origin,)).fetchone()
    if (size or 0) != largest:
        raise StoreError(
            f"size {size} of the log was attested meanwhile; ask again", code="attested-meanwhile"
        )


def _keep(connection: sqlite3.Connection, found: Contradiction) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO contradiction (kind, name, held, offered, at) SELECT ?, ?, ?, ?, ?"
        " WHERE (SELECT count(*) FROM contradiction WHERE kind = ? AND name = ?) < ?",
        (
            *(found.kind, found.name, found.held, found.offered, found.at),
            *(found.kind, found.name, MOST_CONTRADICTIONS),
        ),
    )

"""What the node knows of partners' logs through its own chain, and of its own log through theirs.

    source      sources that this node added to, or follows in, a contract on its own chain
    accepted    checkpoints that such a contract holds, each with the proof that shows it offline
    vouched     who vouches for the block of such a proof beside the operator, where it came later
    given       the same for the own log, as partners' nodes gave it, verified
    seen        how far a partner's log was anchored by its node's proven word, to tell how far the own chain lags

Whatever is here can be fetched or proven again, so rows give way to newer ones; but what others vouched for stays.

Source: docs/spec/foreign.md.
"""

# ruff: noqa: S608 - the names in these queries are constants of this module

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import orjson

from ledger.core.canonical import BUNDLE_LIMIT, decode, encode
from ledger.core.evm.foreign import Source
from ledger.core.keccak import keccak256
from ledger.store.sidefile import SideFile

FILE: Final = "foreign.sqlite"
VERSION: Final = 2

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS source (
    chain TEXT NOT NULL, source_id BLOB NOT NULL, contract BLOB NOT NULL, partner TEXT NOT NULL,
    document BLOB NOT NULL, added_at INTEGER NOT NULL, PRIMARY KEY (chain, contract, source_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accepted (
    chain TEXT NOT NULL, contract BLOB NOT NULL, source_id BLOB NOT NULL, log_id BLOB NOT NULL, size INTEGER NOT NULL,
    origin TEXT NOT NULL, root BLOB NOT NULL, grade INTEGER NOT NULL, disputed INTEGER NOT NULL,
    block_number INTEGER NOT NULL, block_time INTEGER NOT NULL, note BLOB, part BLOB NOT NULL,
    recorded_at INTEGER NOT NULL, PRIMARY KEY (chain, contract, source_id, log_id, size)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS accepted_log ON accepted (log_id, size);
CREATE TABLE IF NOT EXISTS vouched (
    id INTEGER PRIMARY KEY, chain TEXT NOT NULL, contract BLOB NOT NULL, source_id BLOB NOT NULL, log_id BLOB NOT NULL,
    size INTEGER NOT NULL, block_number INTEGER NOT NULL, header BLOB NOT NULL, kind TEXT NOT NULL,
    epoch INTEGER NOT NULL, finality BLOB NOT NULL, recorded_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS vouched_for ON vouched (chain, contract, source_id, log_id, size, block_number);
CREATE TRIGGER IF NOT EXISTS vouched_no_update BEFORE UPDATE ON vouched
    BEGIN SELECT RAISE(ABORT, 'vouched is append-only'); END;
CREATE TRIGGER IF NOT EXISTS vouched_no_delete BEFORE DELETE ON vouched
    BEGIN SELECT RAISE(ABORT, 'vouched is append-only'); END;
CREATE TABLE IF NOT EXISTS given (
    partner TEXT NOT NULL, chain TEXT NOT NULL, source_id BLOB NOT NULL, log_id BLOB NOT NULL, size INTEGER NOT NULL,
    note BLOB, part BLOB NOT NULL, received_at INTEGER NOT NULL,
    PRIMARY KEY (partner, chain, source_id, log_id, size)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
    log_id BLOB PRIMARY KEY, size INTEGER NOT NULL, block_time INTEGER NOT NULL
) WITHOUT ROWID;
"""
_ACCEPTED: Final = (
    "chain, contract, source_id, log_id, size, origin, root, grade, disputed, block_number, block_time, note, part,"
    " recorded_at"
)
_KEY: Final = "chain, contract, source_id, log_id, size, block_number"
_SAME: Final = f"({_KEY}) = (?, ?, ?, ?, ?, ?)"
_GIVEN: Final = "partner, chain, source_id, log_id, size, note, part, received_at"


@dataclass(frozen=True, slots=True)
class Followed:
    """A source in a contract on the own chain.

    Attributes:
        chain: CAIP-2 name of the own chain; `contract` is the address there.
        partner: Jurisdiction whose chain the source is about.
        source: As it was added; later sets do not change it.
        added_at: POSIX seconds.
    """

    chain: str
    source_id: bytes
    contract: bytes
    partner: str
    source: Source
    added_at: int

    @property
    def target(self) -> str:
        """CAIP-10 name of the contract."""
        return f"{self.chain}:0x{self.contract.hex()}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A checkpoint of a partner's log that the contract on the own chain holds, finally.

    Attributes:
        grade: Kind of the source.
        disputed: Whether two histories of the log had been proven as of that block.
        block_number, block_time: Of the own chain's block that the proof is of.
        note: The checkpoint; None where nobody gave it yet.
        part: Canonical JSON, as in a bundle's section under `foreign`, without `checkpoint` and `consistency`.
        recorded_at: POSIX seconds.
    """

    chain: str
    contract: bytes
    source_id: bytes
    log_id: bytes
    size: int
    origin: str
    root: bytes
    grade: int
    disputed: bool
    block_number: int
    block_time: int
    note: bytes | None = field(repr=False)
    part: bytes = field(repr=False)
    recorded_at: int


@dataclass(frozen=True, slots=True)
class Vouched:
    """Finality of the block of an accepted checkpoint's proof that came after the proof.

    Attributes:
        accepted: What is proven; only where it stands, and the block: chain, contract, source, log, size and number.
        header: Keccak-256 of the block's header as the proof has it.
        kind: `attested`.
        finality: Canonical JSON, as in a bundle.
        recorded_at: POSIX seconds.
    """

    accepted: Accepted = field(repr=False)
    header: bytes
    kind: str
    epoch: int
    finality: bytes = field(repr=False)
    recorded_at: int


@dataclass(frozen=True, slots=True)
class Given:
    """A partner's proof that its chain holds a checkpoint of the own log; `part` and `note` as of `Accepted`."""

    partner: str
    chain: str
    source_id: bytes
    log_id: bytes
    size: int
    note: bytes | None = field(repr=False)
    part: bytes = field(repr=False)
    received_at: int


class ForeignStore:
    """The store in the file at `path`.  Safe for threads and processes."""

    def __init__(self, path: Path) -> None:
        self._file = SideFile(path, _SCHEMA, VERSION, "store of foreign checkpoints")

    # Sources

    def follow(self, followed: Followed) -> None:
        """Follow a source; again is without effect."""
        source = followed.source
        document = orjson.dumps(
            {
                **source._asdict(),
                "genesis": source.genesis.hex(),
                "anchor": source.anchor.hex(),
                "code_hash": source.code_hash.hex(),
                "members": [one.hex() for one in source.members],
            }
        )
        with self._file.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO source VALUES (?, ?, ?, ?, ?, ?)",
                (
                    followed.chain,
                    followed.source_id,
                    followed.contract,
                    followed.partner,
                    document,
                    followed.added_at,
                ),
            )

    def sources(self, chain: str | None = None) -> list[Followed]:
        """The sources that this node follows, oldest first."""
        query = (
            "SELECT chain, source_id, contract, partner, document, added_at FROM source"
            " WHERE ?1 IS NULL OR chain = ?1 ORDER BY added_at, source_id"
        )
        return [_followed(*row) for row in self._rows(query, (chain,))]

    # Accepted checkpoints

    def put(self, accepted: Accepted) -> None:
        """Keep a proof, in place of an earlier one of the same checkpoint; a note that was known stays."""
        with self._file.writing() as connection:
            connection.execute(
                f"INSERT INTO accepted ({_ACCEPTED}) VALUES ({', '.join('?' * 14)})"
                " ON CONFLICT DO UPDATE SET disputed = excluded.disputed, block_number = excluded.block_number,"
                " block_time = excluded.block_time, note = coalesce(excluded.note, note), part = excluded.part,"
                " recorded_at = excluded.recorded_at",
                astuple(accepted),
            )

    def accepted(
        self, log_id: bytes, *, source_id: bytes | None = None, after: int = 0, limit: int = 256
    ) -> list[Accepted]:
        """Checkpoints of a log above the size `after`, by size."""
        return self._accepted(
            "log_id = ?1 AND (?2 IS NULL OR source_id = ?2) AND size > ?3 ORDER BY size, chain, source_id LIMIT ?4",
            (log_id, source_id, after, limit),
        )

    # Who vouches for them

    def vouch(self, vouched: Vouched) -> None:
        """Keep finality that came later; of several for one block the last one counts."""
        one = vouched.accepted
        with self._file.writing() as connection:
            connection.execute(
                f"INSERT INTO vouched ({_KEY}, header, kind, epoch, finality, recorded_at)"
                f" VALUES ({', '.join('?' * 11)})",
                (
                    *_key(one),
                    vouched.header,
                    vouched.kind,
                    vouched.epoch,
                    vouched.finality,
                    vouched.recorded_at,
                ),
            )

    def part_of(self, accepted: Accepted) -> bytes:
        """The proof with the strongest finality that is held for its block."""
        rows = self._rows(
            f"SELECT header, finality FROM vouched WHERE {_SAME} ORDER BY id DESC", _key(accepted)
        )
        if not rows:
            return accepted.part
        part: Any = decode(accepted.part, limit=BUNDLE_LIMIT, what="stored foreign part")
        block = keccak256(bytes.fromhex(part["header"][2:]))
        for header, finality in rows:
            if header == block:
                part["finality"] = decode(finality, limit=BUNDLE_LIMIT, what="stored finality")
                return encode(part, what="foreign part")
        return accepted.part

    def kinds(self, log_id: bytes, found: Sequence[Accepted]) -> list[str]:
        """The kind of the strongest finality of each of these proofs, all of one log."""
        later = {
            tuple(row[:6]): str(row[6])
            for row in self._rows(f"SELECT {_KEY}, kind FROM vouched WHERE log_id = ? ORDER BY id", (log_id,))
        }
        return [later.get(_key(one)) or kind_of(one.part) for one in found]

    def unvouched(self, chain: str, *, first: int, skip: int = 0, limit: int = 256) -> list[Accepted]:
        """Proofs for whose block nobody vouched later, of logs that are not disputed, the newest first.

        Args:
            first: Least block number.
            skip: Proofs that are passed over.
        """
        return self._accepted(
            "chain = ? AND disputed = 0 AND note IS NOT NULL AND block_number >= ? AND NOT EXISTS"
            " (SELECT 1 FROM vouched v WHERE"
            " (v.chain, v.contract, v.source_id, v.log_id, v.size, v.block_number) = (accepted.chain,"
            " accepted.contract, accepted.source_id, accepted.log_id, accepted.size, accepted.block_number))"
            " ORDER BY block_number DESC, size DESC, source_id LIMIT ? OFFSET ?",
            (chain, first, limit, skip),
        )

    def covering(self, log_id: bytes, size: int) -> list[Accepted]:
        """The smallest checkpoint of `size` or more of each source."""
        found = self._accepted(
            "log_id = ? AND size >= ? ORDER BY chain, contract, source_id, size", (log_id, size)
        )
        first: dict[tuple[str, bytes, bytes], Accepted] = {}
        for one in found:
            first.setdefault((one.chain, one.contract, one.source_id), one)
        return list(first.values())

    def newest(self, source_id: bytes, log_id: bytes) -> Accepted | None:
        """The largest checkpoint of a log under one source."""
        found = self._accepted("source_id = ? AND log_id = ? ORDER BY size DESC LIMIT 1", (source_id, log_id))
        return found[0] if found else None

    def logs(self) -> list[tuple[bytes, str, bytes]]:
        """Log ids, origins and source ids of which a checkpoint is held."""
        query = "SELECT DISTINCT log_id, origin, source_id FROM accepted ORDER BY origin, log_id, source_id"
        return [tuple(row) for row in self._rows(query, ())]

    # What partners gave of the own log

    def put_given(self, given: Given) -> None:
        """Keep a partner's proof, in place of an earlier one of the same checkpoint."""
        with self._file.writing() as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO given ({_GIVEN}) VALUES ({', '.join('?' * 8)})", astuple(given)
            )

    def given(self, log_id: bytes, size: int) -> list[Given]:
        """Partners' proofs of exactly this size of the own log."""
        query = f"SELECT {_GIVEN} FROM given WHERE log_id = ? AND size = ? ORDER BY chain, source_id, partner"
        return [Given(*row) for row in self._rows(query, (log_id, size))]

    def given_kinds(self, partner: str, log_id: bytes) -> dict[int, dict[bytes, str]]:
        """Sizes of the own log of which a partner gave proofs; of each source, the kind of finality."""
        query = "SELECT size, source_id, part FROM given WHERE partner = ? AND log_id = ?"
        found: dict[int, dict[bytes, str]] = {}
        for size, source_id, part in self._rows(query, (partner, log_id)):
            found.setdefault(size, {})[source_id] = kind_of(part)
        return found

    # How far partners' logs are

    def saw(self, log_id: bytes, size: int, block_time: int) -> None:
        """Note that a partner's log is anchored up to a size on its own chain."""
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET size = excluded.size,"
                " block_time = excluded.block_time WHERE excluded.size > size",
                (log_id, size, block_time),
            )

    def seen(self, log_id: bytes) -> tuple[int, int] | None:
        """Size up to which a log was seen to be anchored, and when it was; None where it never was seen."""
        for row in self._rows("SELECT size, block_time FROM seen WHERE log_id = ?", (log_id,)):
            return row[0], row[1]
        return None

    def _accepted(self, where: str, values: tuple[Any, ...]) -> list[Accepted]:
        rows = self._rows(f"SELECT {_ACCEPTED} FROM accepted WHERE {where}", values)
        return [replace(one, disputed=bool(one.disputed)) for one in (Accepted(*row) for row in rows)]

    def _rows(self, query: str, values: tuple[Any, ...]) -> Sequence[Any]:
        with self._file.reading() as connection:
            return () if connection is None else connection.execute(query, values).fetchall()


def kind_of(part: bytes) -> str:
    """The kind of finality in a stored part."""
    return str(orjson.loads(part)["finality"]["kind"])


def _key(one: Accepted) -> tuple[Any, ...]:
    return one.chain, one.contract, one.source_id, one.log_id, one.size, one.block_number


def _followed(
    chain: str, source_id: bytes, contract: bytes, partner: str, document: bytes, at: int
) -> Followed:
    told = orjson.loads(document)
    source = Source(
        chain_id=told["chain_id"],
        genesis=bytes.fromhex(told["genesis"]),
        anchor=bytes.fromhex(told["anchor"]),
        code_hash=bytes.fromhex(told["code_hash"]),
        kind=told["kind"],
        members=tuple(bytes.fromhex(one) for one in told["members"]),
        organisations=tuple(told["organisations"]),
        threshold=told["threshold"],
    )
    return Followed(chain, source_id, contract, partner, source, at)

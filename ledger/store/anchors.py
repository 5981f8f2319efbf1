"""The anchor journal: what was going to be sent, what became of it, what it proves.

A transaction is written down, signed and with its hash and nonce, before it is sent: after a crash its
outcome is settled by its own hash, never by guessing, and no second transaction is made for the same
checkpoint.  Progress is a further row.  Evidence of somebody else's anchor of our head stands without an
intent and counts as ours.
"""

# ruff: noqa: S608 - the names in these queries are constants of this module

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from hashlib import sha256
from typing import Any, Generic, Literal, TypeVar, get_args

from ledger.errors import NotFoundError, StoreError
from ledger.store.database import Database, Office, Writing, in_office

EventKind = Literal["sent", "mined", "reorged", "final", "reverted", "superseded", "abandoned"]
"""`sent`: broadcast.  `mined`: in a block.  `reorged`: that block is gone, pending again.  `final`: evidence is
stored.  `reverted`: mined, and refused by the contract.  `superseded`: another transaction anchored this size or
a larger one.  `abandoned`: it can never be mined any more (its nonce was used)."""
SETTLED: tuple[EventKind, ...] = ("final", "reverted", "superseded", "abandoned")
FinalityKind = Literal["attested", "sealed"]
"""Who vouches for a block beside the operator, the weaker first."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A signed transaction that anchors a checkpoint.

    Attributes:
        chain: CAIP-2 name.
        size: Size and
        root: root hash of the checkpoint.
        raw_transaction: The bytes to send; `transaction_hash` is their Keccak-256.
        sender: 20 bytes.
        created_at: POSIX seconds.
    """

    chain: str
    size: int
    root: bytes
    raw_transaction: bytes
    transaction_hash: bytes
    nonce: int
    sender: bytes
    created_at: int


@dataclass(frozen=True, slots=True)
class Event:
    """What became of an intent; or, with `evidence`, that a reorganisation took that evidence away."""

    kind: EventKind
    at: int
    intent: int | None = None
    evidence: int | None = None
    block_number: int | None = None
    block_hash: bytes | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows offline that a block of `chain` holds the log's root at `size`.

    Attributes:
        contract: Address of the anchor contract, 20 bytes.
        size: Names the stored checkpoint that was anchored.
        header: The block header's RLP.
        finality, account, storage, start, receipt: Canonical JSON, as in an evidence bundle's anchor.
        intent: The intent it settles; None for an anchor that somebody else sent.
        recorded_at: POSIX seconds.
    """

    chain: str
    contract: bytes
    size: int
    block_number: int
    block_hash: bytes
    block_time: int
    header: bytes
    finality: bytes
    account: bytes
    storage: bytes
    recorded_at: int
    start: bytes | None = None
    receipt: bytes | None = None
    intent: int | None = None


@dataclass(frozen=True, slots=True)
class Finality:
    """Finality of an anchor's block that is stronger than what was stored with its evidence.

    Attributes:
        evidence: Number of the evidence.
        epoch: Of the trust list, whose attesters or validators vouch.
        finality: Canonical JSON, as in an evidence bundle's anchor.
        recorded_at: POSIX seconds.
    """

    evidence: int
    kind: FinalityKind
    epoch: int
    finality: bytes
    recorded_at: int


Row = TypeVar("Row", Intent, Event, Evidence)


@dataclass(frozen=True, slots=True)
class Stored(Generic[Row]):
    """A row of the journal and its number."""

    id: int
    row: Row


_INTENT = "chain, size, root, raw_transaction, transaction_hash, nonce, sender, created_at"
_EVENT = "kind, at, intent, evidence, block_number, block_hash, detail"
_FINALITY = "evidence, kind, epoch, finality, recorded_at"
_EVIDENCE = (
    "chain, contract, size, block_number, block_hash, block_time, header, finality, account, storage,"
    " recorded_at, start, receipt, intent"
)
_EVERY = 1 << 62
# A `reorged` event that names evidence withdraws it.
_STANDING = (
    "NOT EXISTS (SELECT 1 FROM anchor_event w WHERE w.evidence = anchor_evidence.id AND w.kind = 'reorged')"
)


class Anchors:
    """The anchor journal in `database`.  Safe for threads; each write is durable when it returns.

    Args:
        office: Whoever anchors: where another process has taken that up, nothing is written (`fenced`).
    """

    def __init__(self, database: Database, office: Office | None = None) -> None:
        self._database = database
        self._office = office

    def record_intent(self, intent: Intent) -> int:
        """Write a transaction down before it is sent.  A crash after this leaves it pending, sent or not.

        Raises:
            StoreError: An unsettled intent of this chain and size exists (`anchor-pending`), or evidence
                (`anchor-exists`).
        """
        with in_office(self._database, self._office) as writing:
            for held in self._unsettled(writing, intent.chain, intent.size):
                raise StoreError(
                    f"intent {held} for size {intent.size} on {intent.chain} is not settled",
                    code="anchor-pending",
                )
            done = writing.execute(
                f"SELECT id FROM anchor_evidence WHERE chain = ? AND size >= ? AND {_STANDING}",
                (intent.chain, intent.size),
            ).fetchone()
            if done is not None:
                raise StoreError(
                    f"size {intent.size} is anchored on {intent.chain} already", code="anchor-exists"
                )
            return _insert(writing, "anchor_intent", _INTENT, astuple(intent))

    def record_event(self, event: Event) -> int:
        """Write down what became of an intent, or that evidence is gone."""
        if event.kind not in get_args(EventKind):
            raise StoreError(f"the journal has no event {event.kind}")
        with in_office(self._database, self._office) as writing:
            return _insert(writing, "anchor_event", _EVENT, astuple(event))

    def record_evidence(self, evidence: Evidence) -> int:
        """Store evidence and, in the same transaction, settle the intent it belongs to as `final`."""
        with in_office(self._database, self._office) as writing:
            number = _insert(writing, "anchor_evidence", _EVIDENCE, astuple(evidence))
            if evidence.intent is not None:
                event = Event(
                    "final",
                    evidence.recorded_at,
                    intent=evidence.intent,
                    block_number=evidence.block_number,
                    block_hash=evidence.block_hash,
                )
                _insert(writing, "anchor_event", _EVENT, astuple(event))
            return number

    def pending(self, chain: str | None = None) -> list[Stored[Intent]]:
        """Intents that are not settled, oldest first: after a start, each is looked up by its hash."""
        query = (
            f"SELECT id, {_INTENT} FROM anchor_intent WHERE (CAST(? AS TEXT) IS NULL OR chain = ?)"
            f" AND NOT EXISTS ({_SETTLING})"
            " ORDER BY id"
        )
        return [Stored(row[0], Intent(*row[1:])) for row in self._rows(query, (chain, chain))]

    def intent(self, number: int) -> Stored[Intent]:
        """One intent by its number."""
        for row in self._rows(f"SELECT id, {_INTENT} FROM anchor_intent WHERE id = ?", (number,)):
            return Stored(row[0], Intent(*row[1:]))
        raise NotFoundError(f"the journal has no intent {number}")

    def intents(self, chain: str | None = None, limit: int = 256) -> list[Stored[Intent]]:
        """The newest intents, newest first."""
        query = (
            f"SELECT id, {_INTENT} FROM anchor_intent WHERE (CAST(? AS TEXT) IS NULL OR chain = ?)"
            " ORDER BY id DESC LIMIT ?"
        )
        return [Stored(row[0], Intent(*row[1:])) for row in self._rows(query, (chain, chain, limit))]

    def every_intent(self, after: int = -_EVERY, last: int = _EVERY) -> list[Stored[Intent]]:
        """All intents with numbers above `after`, up to `last`, oldest first."""
        query = f"SELECT id, {_INTENT} FROM anchor_intent WHERE id > ? AND id <= ? ORDER BY id"
        return [Stored(row[0], Intent(*row[1:])) for row in self._rows(query, (after, last))]

    def events(self, intent: int) -> list[Stored[Event]]:
        """Everything that happened to an intent, in order."""
        query = f"SELECT id, {_EVENT} FROM anchor_event WHERE intent = ? ORDER BY id"
        return [Stored(row[0], Event(*row[1:])) for row in self._rows(query, (intent,))]

    def next_nonce(self, chain: str, sender: bytes) -> int | None:
        """One more than the largest nonce ever written down for this sender; None before the first."""
        query = "SELECT max(nonce) FROM anchor_intent WHERE chain = ? AND sender = ?"
        found = self._rows(query, (chain, sender))[0][0]
        return None if found is None else found + 1

    def latest_anchored(self, chain: str) -> Stored[Evidence] | None:
        """Standing evidence of the largest size."""
        query = f"SELECT id, {_EVIDENCE} FROM anchor_evidence WHERE chain = ? AND {_STANDING}"
        return self._evidence(f"{query} ORDER BY size DESC, id DESC LIMIT 1", (chain,))

    def evidence_for(self, chain: str, size: int) -> Stored[Evidence] | None:
        """Standing evidence of the smallest anchored size that is `size` or more."""
        query = f"SELECT id, {_EVIDENCE} FROM anchor_evidence WHERE chain = ? AND size >= ? AND {_STANDING}"
        return self._evidence(f"{query} ORDER BY size, id DESC LIMIT 1", (chain, size))

    def evidence_list(self, *, after: int = 0, limit: int = 256) -> list[Stored[Evidence]]:
        """Standing evidence of every chain, in the order it was recorded, from the row after `after` on."""
        query = (
            f"SELECT id, {_EVIDENCE} FROM anchor_evidence WHERE id > ? AND {_STANDING} ORDER BY id LIMIT ?"
        )
        return [Stored(row[0], Evidence(*row[1:])) for row in self._rows(query, (after, limit))]

    def record_finality(self, finality: Finality) -> int:
        """Store finality that came after the evidence; of several of one kind the last one counts."""
        with in_office(self._database, self._office) as writing:
            return _insert(writing, "anchor_finality", _FINALITY, astuple(finality))

    def finality_of(self, evidence: Stored[Evidence]) -> bytes:
        """The strongest finality that is held for an anchor's block: sealed, then attested, then the operator's."""
        query = "SELECT finality FROM anchor_finality WHERE evidence = ? ORDER BY kind DESC, id DESC LIMIT 1"
        rows = self._rows(query, (evidence.id,))
        return bytes(rows[0][0]) if rows else evidence.row.finality

    def without_finality(
        self, chain: str, kind: FinalityKind, *, before: int | None = None, limit: int = 64
    ) -> list[Stored[Evidence]]:
        """Standing evidence of a chain without finality of a kind, the newest first, from the row before `before`."""
        query = (
            f"SELECT id, {_EVIDENCE} FROM anchor_evidence WHERE chain = ? AND (CAST(? AS BIGINT) IS NULL OR id < ?)"
            f" AND {_STANDING} AND NOT EXISTS"
            " (SELECT 1 FROM anchor_finality f WHERE f.evidence = anchor_evidence.id AND f.kind = ?)"
            " ORDER BY id DESC LIMIT ?"
        )
        rows = self._rows(query, (chain, before, before, kind, limit))
        return [Stored(row[0], Evidence(*row[1:])) for row in rows]

    def chains(self) -> list[str]:
        """Chains that anything was ever sent to or seen on."""
        query = "SELECT chain FROM anchor_intent UNION SELECT chain FROM anchor_evidence ORDER BY chain"
        return [row[0] for row in self._rows(query, ())]

    def damaged_rows(self, after: int = -_EVERY, last: int = _EVERY) -> list[tuple[str, int]]:
        """Table and number of every row, withdrawn ones too, whose columns are not as they were written."""
        part = "WHERE id > ? AND id <= ? ORDER BY id"
        return [
            (table, row[0])
            for table, columns in _TABLES
            for row in self._rows(f"SELECT id, row_hash, {columns} FROM {table} {part}", (after, last))
            if row[1] != _row_hash(table, row[2:])
        ]

    def _evidence(self, query: str, values: tuple[object, ...]) -> Stored[Evidence] | None:
        for row in self._rows(query, values):
            return Stored(row[0], Evidence(*row[1:]))
        return None

    def _rows(self, query: str, values: tuple[object, ...]) -> Sequence[Any]:
        return self._database.rows(query, values)

    @staticmethod
    def _unsettled(writing: Writing, chain: str, size: int) -> list[int]:
        query = f"SELECT id FROM anchor_intent WHERE chain = ? AND size = ? AND NOT EXISTS ({_SETTLING})"
        return [row[0] for row in writing.execute(query, (chain, size))]


_SETTLING = (
    "SELECT 1 FROM anchor_event e WHERE e.intent = anchor_intent.id"
    f" AND e.kind IN ({', '.join(repr(kind) for kind in SETTLED)})"
    " AND NOT EXISTS"
    " (SELECT 1 FROM anchor_event r WHERE r.intent = e.intent AND r.kind = 'reorged' AND r.id > e.id)"
)
"""A settling event that no later reorganisation undid."""
_TABLES = (
    ("anchor_intent", _INTENT),
    ("anchor_event", _EVENT),
    ("anchor_evidence", _EVIDENCE),
    ("anchor_finality", _FINALITY),
)


def _row_hash(table: str, values: Sequence[object]) -> bytes:
    """SHA-256 over table and values, each with its kind and length."""
    state = sha256(table.encode())
    for value in values:
        kind = {int: b"i", str: b"s", bytes: b"b"}.get(type(value), b"-")
        data = value if isinstance(value, bytes) else b"" if value is None else str(value).encode()
        state.update(kind + len(data).to_bytes(8, "big") + data)
    return state.digest()


def _insert(writing: Writing, table: str, columns: str, values: Sequence[object]) -> int:
    marks = ", ".join("?" * (len(values) + 1))
    rows = writing.execute(
        f"INSERT INTO {table} ({columns}, row_hash) VALUES ({marks}) RETURNING id",
        (*values, _row_hash(table, values)),
    ).fetchall()
    return int(rows[0][0])

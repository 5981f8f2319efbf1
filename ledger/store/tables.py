"""The tables of one log's database.

Everything is append-only by trigger but `head`, a single row that only grows.  The models describe the
schema and serve reads; the hot path inserts with the driver.  Names and types are plain SQL: integers, text
and bytes.

    entry            leaf index → the 32 bytes that are logged
    statement        leaf index → the signed document and the columns it is found by
    edge             which statement refers to which, by digest; the other may stand in another log
    attestation      certificates, accreditations and recognitions: number, holder, dates, place in a status list
    status_index     the places in status lists that are taken, one statement each
    version          which statement is which version of a measure or of a dataset's registration
    status_list      editions of status lists, with their dates
    head             size and root of the log, and its writer's epoch: the row that two writers cannot both move
    tile             256 hashes each and the tree levels above them, full tiles only
    checkpoint       signed notes, one per size, for ever
    cosignature      what witnesses signed of them, one per size and key
    anchor_intent    a transaction, written down before it is sent
    anchor_event     what became of it
    anchor_evidence  what proves to others that a checkpoint is on a chain
    anchor_finality  stronger proof that its block is final, where it came later
    anchor_capture   what shows an anchor whose block is not final yet
    request_nonce    nonces of signed requests; request_forgotten: until when they were taken away
    request_once     what is to be carried out once
"""

from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

# SQLite makes only INTEGER PRIMARY KEY the row's own key; elsewhere INTEGER would have 32 bits.
_Key = BigInteger().with_variant(Integer(), "sqlite")


def _index_of_given(name: str, column: str) -> Index:
    """An index of the rows that have a value there."""
    given = Column(column).is_not(None)
    return Index(name, column, sqlite_where=given, postgresql_where=given)


def _key(of: str) -> Any:
    """The column that names, by the key of another table, what a row is about."""
    return Field(sa_type=_Key, primary_key=True, foreign_key=of, sa_column_kwargs={"autoincrement": False})


class StoreTable(SQLModel):
    """Keeps these tables apart from those of a program that embeds the ledger."""

    metadata: ClassVar[MetaData] = MetaData()


class Entry(StoreTable, table=True):
    """One log entry: the digest of a statement."""

    __tablename__ = "entry"
    __table_args__ = (CheckConstraint("length(digest) = 32", name="entry_digest_length"),)

    leaf_index: int = Field(sa_type=_Key, primary_key=True, sa_column_kwargs={"autoincrement": False})
    digest: bytes = Field(sa_type=LargeBinary, unique=True)


class StatementRow(StoreTable, table=True):
    """A registered statement: canonical signed bytes, and what it is found by.

    Attributes:
        created: What its proof claims, POSIX seconds.  (When it was accepted is the time of the first
            checkpoint that covers it.)
        party: Subject of an Enrolment or KeyRevocation.
        record: Digest of the record that an acknowledgement answers.
        reference: The signer's own document reference.
    """

    __tablename__ = "statement"
    __table_args__ = (
        Index("statement_issuer_id", "issuer", "statement_id", unique=True),
        Index("statement_type", "type", "leaf_index"),
        _index_of_given("statement_party", "party"),
        _index_of_given("statement_record", "record"),
        _index_of_given("statement_reference", "reference"),
    )

    leaf_index: int = _key("entry.leaf_index")
    issuer: str = Field(sa_type=Text)
    statement_id: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    created: int = Field(sa_type=BigInteger)
    party: str | None = Field(default=None, sa_type=Text)
    record: bytes | None = Field(default=None, sa_type=LargeBinary)
    reference: str | None = Field(default=None, sa_type=Text)
    body: bytes = Field(sa_type=LargeBinary)


class EdgeRow(StoreTable, table=True):
    """A statement that a statement refers to: `relation` as in `ledger.statements.edges`, `target` its digest."""

    __tablename__ = "edge"
    __table_args__ = (
        CheckConstraint("length(target) = 32", name="edge_target_length"),
        Index("edge_target", "target", "relation", "leaf_index"),
    )

    leaf_index: int = _key("entry.leaf_index")
    relation: str = Field(sa_type=Text, primary_key=True)
    target: bytes = Field(sa_type=LargeBinary, primary_key=True)


class AttestationRow(StoreTable, table=True):
    """What attests something for a while: certificates, accreditations, recognitions.

    Attributes:
        number: The issuer's own.
        holder: DID of whom it attests something.
        list: Name of the status list that tells its status, and its place there.
        valid_from: POSIX seconds.
        valid_until: POSIX seconds, excluded.
    """

    __tablename__ = "attestation"
    __table_args__ = (
        Index("attestation_issuer", "issuer", "leaf_index"),
        _index_of_given("attestation_number", "number"),
        _index_of_given("attestation_holder", "holder"),
    )

    leaf_index: int = _key("entry.leaf_index")
    issuer: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    number: str | None = Field(default=None, sa_type=Text)
    holder: str | None = Field(default=None, sa_type=Text)
    list: str | None = Field(default=None, sa_type=Text)
    list_index: int | None = Field(default=None, sa_type=BigInteger)
    valid_from: int = Field(sa_type=BigInteger)
    valid_until: int = Field(sa_type=BigInteger)


class StatusIndexRow(StoreTable, table=True):
    """A place in an issuer's status list, taken by one statement for ever."""

    __tablename__ = "status_index"

    issuer: str = Field(sa_type=Text, primary_key=True)
    list: str = Field(sa_type=Text, primary_key=True)
    number: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    leaf_index: int = Field(sa_type=BigInteger, foreign_key="entry.leaf_index", unique=True)


class VersionRow(StoreTable, table=True):
    """A version of what is versioned, by one statement for ever; `name` as `ledger.store.rows.version_name` has it."""

    __tablename__ = "version"
    __table_args__ = (CheckConstraint("length(name) = 32", name="version_name_length"),)

    name: bytes = Field(sa_type=LargeBinary, primary_key=True)
    version: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    leaf_index: int = Field(sa_type=BigInteger, foreign_key="entry.leaf_index", unique=True)


class StatusListRow(StoreTable, table=True):
    """An edition of a status list; dates in POSIX seconds, the end excluded."""

    __tablename__ = "status_list"
    __table_args__ = (Index("status_list_valid", "list", "issuer", "valid_from"),)

    leaf_index: int = _key("entry.leaf_index")
    issuer: str = Field(sa_type=Text)
    list: str = Field(sa_type=Text)
    valid_from: int = Field(sa_type=BigInteger)
    valid_until: int = Field(sa_type=BigInteger)


class Head(StoreTable, table=True):
    """Size and root of the log; moved by compare-and-swap, upwards only.

    `epoch` counts the processes that became the one that moves it.
    """

    __tablename__ = "head"

    origin: str = Field(sa_type=Text, primary_key=True)
    size: int = Field(sa_type=BigInteger)
    root: bytes = Field(sa_type=LargeBinary)
    epoch: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})


class Tile(StoreTable, table=True):
    """A full tile: 256 hashes of 32 bytes, tile (level, number) of C2SP tlog-tiles.

    Attributes:
        nodes: The 254 hashes of the tree levels inside it, lowest first; they follow from `hashes`.
    """

    __tablename__ = "tile"
    __table_args__ = (
        CheckConstraint("length(hashes) = 8192", name="tile_hashes_length"),
        CheckConstraint("length(nodes) = 8128", name="tile_nodes_length"),
    )

    level: int = Field(sa_type=Integer, primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    hashes: bytes = Field(sa_type=LargeBinary)
    nodes: bytes = Field(sa_type=LargeBinary)


class CheckpointRow(StoreTable, table=True):
    """A signed checkpoint, verbatim; `signed_at` in POSIX seconds."""

    __tablename__ = "checkpoint"

    size: int = Field(sa_type=_Key, primary_key=True, sa_column_kwargs={"autoincrement": False})
    note: bytes = Field(sa_type=LargeBinary)
    signed_at: int = Field(sa_type=BigInteger)


class CosignatureRow(StoreTable, table=True):
    """A witness's line under a checkpoint, verified before it was stored.

    Attributes:
        name: Name of the witness's key.
        key_id: Its 4-byte key id.
        line: The signature line, UTF-8 without its newline.
        time: When the witness says it signed, POSIX seconds.
        received_at: By this node's clock.
    """

    __tablename__ = "cosignature"
    __table_args__ = (
        CheckConstraint("length(key_id) = 4", name="cosignature_key_id_length"),
        Index("cosignature_key", "name", "key_id", "size"),
    )

    size: int = _key("checkpoint.size")
    name: str = Field(sa_type=Text, primary_key=True)
    key_id: bytes = Field(sa_type=LargeBinary, primary_key=True)
    line: bytes = Field(sa_type=LargeBinary)
    time: int = Field(sa_type=BigInteger)
    received_at: int = Field(sa_type=BigInteger)


class AnchorIntent(StoreTable, table=True):
    """A signed transaction, stored before it is sent; `sender` and hashes as raw bytes.

    `row_hash`, here and below, is SHA-256 over the other columns, so that an audit sees damage to any of
    them.
    """

    __tablename__ = "anchor_intent"
    __table_args__ = (Index("anchor_intent_chain_size", "chain", "size"),)

    id: int | None = Field(default=None, sa_type=_Key, primary_key=True)
    chain: str = Field(sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    root: bytes = Field(sa_type=LargeBinary)
    raw_transaction: bytes = Field(sa_type=LargeBinary)
    transaction_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    nonce: int = Field(sa_type=BigInteger)
    sender: bytes = Field(sa_type=LargeBinary)
    created_at: int = Field(sa_type=BigInteger)
    row_hash: bytes = Field(sa_type=LargeBinary)


class AnchorEvidence(StoreTable, table=True):
    """What shows that a block holds the log's root at `size`; proofs as canonical JSON bytes.

    `intent` is absent for an anchor that somebody else sent.
    """

    __tablename__ = "anchor_evidence"
    __table_args__ = (Index("anchor_evidence_chain_size", "chain", "size"),)

    id: int | None = Field(default=None, sa_type=_Key, primary_key=True)
    intent: int | None = Field(default=None, sa_type=BigInteger, foreign_key="anchor_intent.id")
    chain: str = Field(sa_type=Text)
    contract: bytes = Field(sa_type=LargeBinary)
    size: int = Field(sa_type=BigInteger, foreign_key="checkpoint.size")
    block_number: int = Field(sa_type=BigInteger)
    block_hash: bytes = Field(sa_type=LargeBinary)
    block_time: int = Field(sa_type=BigInteger)
    header: bytes = Field(sa_type=LargeBinary)
    finality: bytes = Field(sa_type=LargeBinary)
    account: bytes = Field(sa_type=LargeBinary)
    storage: bytes = Field(sa_type=LargeBinary)
    start: bytes | None = Field(default=None, sa_type=LargeBinary)
    receipt: bytes | None = Field(default=None, sa_type=LargeBinary)
    recorded_at: int = Field(sa_type=BigInteger)
    row_hash: bytes = Field(sa_type=LargeBinary)


class AnchorFinality(StoreTable, table=True):
    """That the block of an evidence is final, by others than the operator; canonical JSON as in a bundle's anchor.

    Attributes:
        kind: `attested` or `sealed`.
        epoch: Of the set that attested or sealed.
        recorded_at: POSIX seconds.
    """

    __tablename__ = "anchor_finality"
    __table_args__ = (Index("anchor_finality_evidence", "evidence", "kind"),)

    id: int | None = Field(default=None, sa_type=_Key, primary_key=True)
    evidence: int = Field(sa_type=BigInteger, foreign_key="anchor_evidence.id")
    kind: str = Field(sa_type=Text)
    epoch: int | None = Field(default=None, sa_type=BigInteger)
    finality: bytes = Field(sa_type=LargeBinary)
    recorded_at: int = Field(sa_type=BigInteger)
    row_hash: bytes = Field(sa_type=LargeBinary)


class AnchorEvent(StoreTable, table=True):
    """What became of an intent, or of evidence that a reorganisation took away."""

    __tablename__ = "anchor_event"
    __table_args__ = (
        Index("anchor_event_intent", "intent"),
        _index_of_given("anchor_event_evidence", "evidence"),
    )

    id: int | None = Field(default=None, sa_type=_Key, primary_key=True)
    intent: int | None = Field(default=None, sa_type=BigInteger, foreign_key="anchor_intent.id")
    evidence: int | None = Field(default=None, sa_type=BigInteger, foreign_key="anchor_evidence.id")
    kind: str = Field(sa_type=Text)
    block_number: int | None = Field(default=None, sa_type=BigInteger)
    block_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    detail: str = Field(default="", sa_type=Text)
    at: int = Field(sa_type=BigInteger)
    row_hash: bytes = Field(sa_type=LargeBinary)


class AnchorCapture(StoreTable, table=True):
    """What a block that is not final yet shows of an anchor; columns as of `AnchorEvidence`."""

    __tablename__ = "anchor_capture"
    __table_args__ = (UniqueConstraint("chain", "size", "block_hash"),)

    id: int | None = Field(default=None, sa_type=_Key, primary_key=True)
    chain: str = Field(sa_type=Text)
    contract: bytes = Field(sa_type=LargeBinary)
    size: int = Field(sa_type=BigInteger, foreign_key="checkpoint.size")
    block_number: int = Field(sa_type=BigInteger)
    block_hash: bytes = Field(sa_type=LargeBinary)
    block_time: int = Field(sa_type=BigInteger)
    header: bytes = Field(sa_type=LargeBinary)
    account: bytes = Field(sa_type=LargeBinary)
    storage: bytes = Field(sa_type=LargeBinary)
    receipt: bytes | None = Field(default=None, sa_type=LargeBinary)
    captured_at: int = Field(sa_type=BigInteger)


class RequestNonce(StoreTable, table=True):
    """A nonce that a key used, until no signature with it counts any more."""

    __tablename__ = "request_nonce"
    key: str = Field(sa_type=Text, primary_key=True)
    nonce: str = Field(sa_type=Text, primary_key=True)
    until: int = Field(sa_type=BigInteger)


class RequestForgotten(StoreTable, table=True):
    """The latest `until` of the nonces that were taken away; of several rows the largest counts."""

    __tablename__ = "request_forgotten"
    until: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class RequestOnce(StoreTable, table=True):
    """A request that its caller named; `payload` is SHA-256 of what it asks, `finished` 1 once it was answered."""

    __tablename__ = "request_once"
    caller: str = Field(sa_type=Text, primary_key=True)
    name: str = Field(sa_type=Text, primary_key=True)
    payload: bytes = Field(sa_type=LargeBinary)
    finished: int = Field(sa_type=Integer)
    until: int = Field(sa_type=BigInteger)


APPEND_ONLY = (
    "entry", "statement", "edge", "attestation", "status_index", "version", "status_list", "tile", "checkpoint",
    "cosignature", "anchor_intent", "anchor_event", "anchor_evidence", "anchor_finality",
)  # fmt: skip
"""Tables whose rows are never changed and never removed."""
TRANSIENT = ("anchor_capture", "request_nonce", "request_forgotten", "request_once")
"""Tables whose rows are taken away once others say what they said, or once their time is over."""

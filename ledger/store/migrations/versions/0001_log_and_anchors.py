"""The log, its checkpoints and the anchor journal, append-only by trigger.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.triggers import make_append_only, make_head_grow

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # by its bytes, as SQLite compares it
APPEND_ONLY = ("entry", "statement", "tile", "checkpoint", "anchor_intent", "anchor_event", "anchor_evidence")


def upgrade() -> None:
    _log_tables()
    _anchor_tables()
    make_head_grow()
    make_append_only(APPEND_ONLY)


def _log_tables() -> None:
    op.create_table(
        "entry",
        sa.Column("leaf_index", KEY, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(digest) = 32", name="entry_digest_length"),
        sa.PrimaryKeyConstraint("leaf_index"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "statement",
        sa.Column("leaf_index", KEY, autoincrement=False, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("statement_id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("party", TEXT, nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=True),
        sa.Column("reference", TEXT, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["leaf_index"], ["entry.leaf_index"]),
        sa.PrimaryKeyConstraint("leaf_index"),
    )
    op.create_index("statement_issuer_id", "statement", ["issuer", "statement_id"], unique=True)
    op.create_index("statement_type", "statement", ["type", "leaf_index"])
    for column in ("party", "record", "reference"):
        op.create_index(
            f"statement_{column}",
            "statement",
            [column],
            sqlite_where=sa.text(f"{column} IS NOT NULL"),
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_table(
        "head",
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("origin"),
    )
    op.create_table(
        "tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(hashes) = 8192", name="tile_hashes_length"),
        sa.PrimaryKeyConstraint("level", "number"),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", KEY, autoincrement=False, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("size"),
    )


def _anchor_tables() -> None:
    op.create_table(
        "anchor_intent",
        sa.Column("id", KEY, nullable=False),
        sa.Column("chain", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("raw_transaction", sa.LargeBinary(), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("transaction_hash"),
    )
    op.create_index("anchor_intent_chain_size", "anchor_intent", ["chain", "size"])
    op.create_table(
        "anchor_evidence",
        sa.Column("id", KEY, nullable=False),
        sa.Column("intent", sa.BigInteger(), nullable=True),
        sa.Column("chain", TEXT, nullable=False),
        sa.Column("contract", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.LargeBinary(), nullable=name in {"start", "receipt"})
            for name in ("header", "finality", "account", "storage", "start", "receipt")
        ),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["intent"], ["anchor_intent.id"]),
        sa.ForeignKeyConstraint(["size"], ["checkpoint.size"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("anchor_evidence_chain_size", "anchor_evidence", ["chain", "size"])
    op.create_table(
        "anchor_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("intent", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.BigInteger(), nullable=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.LargeBinary(), nullable=True),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["intent"], ["anchor_intent.id"]),
        sa.ForeignKeyConstraint(["evidence"], ["anchor_evidence.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("anchor_event_intent", "anchor_event", ["intent"])
    op.create_index(
        "anchor_event_evidence",
        "anchor_event",
        ["evidence"],
        sqlite_where=sa.text("evidence IS NOT NULL"),
        postgresql_where=sa.text("evidence IS NOT NULL"),
    )

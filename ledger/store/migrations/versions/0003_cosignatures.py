"""What witnesses signed of the log's checkpoints, and finality that came after its anchor; append-only by trigger.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.triggers import make_append_only

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # by its bytes, as SQLite compares it
APPEND_ONLY = ("cosignature", "anchor_finality")


def upgrade() -> None:
    op.create_table(
        "cosignature",
        sa.Column("size", KEY, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("key_id", sa.LargeBinary(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(key_id) = 4", name="cosignature_key_id_length"),
        sa.ForeignKeyConstraint(["size"], ["checkpoint.size"]),
        sa.PrimaryKeyConstraint("size", "name", "key_id"),
    )
    op.create_index("cosignature_key", "cosignature", ["name", "key_id", "size"])
    op.create_table(
        "anchor_finality",
        sa.Column("id", KEY, nullable=False),
        sa.Column("evidence", sa.BigInteger(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=True),
        sa.Column("finality", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["evidence"], ["anchor_evidence.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("anchor_finality_evidence", "anchor_finality", ["evidence", "kind"])
    make_append_only(APPEND_ONLY)

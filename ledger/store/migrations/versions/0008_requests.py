"""Signed requests: which nonces were used, and which requests of a key were begun and finished.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # by its bytes, as SQLite compares it


def upgrade() -> None:
    op.create_table(
        "request_nonce",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("nonce", TEXT, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "nonce"),
    )
    op.create_table(
        "request_once",
        sa.Column("caller", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "name"),
    )

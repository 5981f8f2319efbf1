"""The epoch of the process that moves the log: whoever becomes it raises it, and who was it before is refused.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.triggers import let_head_change_epoch

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("head", sa.Column("epoch", sa.BigInteger(), nullable=False, server_default="0"))
    let_head_change_epoch()

"""On a server: the epoch of each duty that one process of several has, beside that of moving the log.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute('CREATE TABLE office (name text COLLATE "C" PRIMARY KEY, epoch bigint NOT NULL)')

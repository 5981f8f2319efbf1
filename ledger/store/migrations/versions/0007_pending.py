"""On a server: what several processes hand to the one that moves the log, and its answers.

Nothing here is evidence, and a crash of the server empties it: what was not answered is sent again.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(
        "CREATE UNLOGGED TABLE submission (id bigserial PRIMARY KEY, owner text NOT NULL, number bigint NOT NULL,"
        " entries integer NOT NULL, packed bytea NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())"
    )
    # What is packed stays a moment: compressing it would cost more than writing it.
    op.execute("ALTER TABLE submission ALTER COLUMN packed SET STORAGE EXTERNAL")
    op.execute(
        "CREATE UNLOGGED TABLE settled (submission bigint PRIMARY KEY, owner text NOT NULL, number bigint NOT NULL,"
        " outcomes bytea NOT NULL, reach bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())"
    )
    op.execute("CREATE INDEX settled_owner ON settled (owner, reach)")
    op.execute(
        "CREATE UNLOGGED TABLE duty (one boolean PRIMARY KEY DEFAULT true CHECK (one), epoch bigint NOT NULL,"
        " code text, detail text, heartbeat timestamptz NOT NULL)"
    )

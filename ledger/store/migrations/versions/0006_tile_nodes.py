"""The tree levels inside each full tile, so that a proof reads and does not hash; derived from the tile's hashes.

The table is made anew, since SQLite adds no column that must be filled.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from ledger.store.migrations.triggers import make_append_only
from ledger.store.tiles import nodes_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PAGE = 256


def upgrade() -> None:
    op.create_table(
        "tile_whole",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("nodes", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(hashes) = 8192", name="tile_hashes_length"),
        sa.CheckConstraint("length(nodes) = 8128", name="tile_nodes_length"),
        sa.PrimaryKeyConstraint("level", "number"),
    )
    _copy()
    op.drop_table("tile")
    op.rename_table("tile_whole", "tile")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX tile_whole_pkey RENAME TO tile_pkey")
        for column in ("hashes", "nodes"):
            # Hashes cannot be compressed: that would be tried, each time in vain.
            op.execute(f"ALTER TABLE tile ALTER COLUMN {column} SET STORAGE EXTERNAL")
    make_append_only(["tile"])


def _copy() -> None:
    old = sa.table("tile", sa.column("level"), sa.column("number"), sa.column("hashes"))
    new = sa.table("tile_whole", *(sa.column(name) for name in ("level", "number", "hashes", "nodes")))
    connection = op.get_bind()
    after = (-1, -1)
    while True:
        rows = connection.execute(
            sa.select(old)
            .where(sa.tuple_(old.c.level, old.c.number) > sa.tuple_(*map(sa.literal, after)))
            .order_by(old.c.level, old.c.number)
            .limit(PAGE)
        ).all()
        if not rows:
            return
        connection.execute(
            sa.insert(new),
            [
                {
                    "level": row.level,
                    "number": row.number,
                    "hashes": row.hashes,
                    "nodes": nodes_of(row.hashes),
                }
                for row in rows
            ],
        )
        after = (rows[-1].level, rows[-1].number)

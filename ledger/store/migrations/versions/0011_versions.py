"""Which version of what a statement is, so that one is found without reading all the others; append-only by trigger.

Rows of what is registered already are made from the bodies.  Of two statements that are one version, which nothing kept
apart before the log itself refused the second, the first has it.

Revision ID: 0011
Revises: 0010
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from ledger.core.statement import parse_statement
from ledger.errors import LedgerError
from ledger.store.migrations.triggers import make_append_only
from ledger.store.rows import Version, row_of

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TYPES = ("DatasetRegistration", "PolicyMeasure")
PAGE = 256  # statements in memory at once; each is at most 256 KiB
STORED = sa.text(
    "SELECT leaf_index, body FROM statement WHERE type = :type AND leaf_index > :last ORDER BY leaf_index LIMIT :page"
)
FILL = sa.text(
    "INSERT INTO version (name, version, leaf_index) VALUES (:name, :number, :index) ON CONFLICT DO NOTHING"
)


def upgrade() -> None:
    op.create_table(
        "version",
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(name) = 32", name="version_name_length"),
        sa.ForeignKeyConstraint(["leaf_index"], ["entry.leaf_index"]),
        sa.PrimaryKeyConstraint("name", "version"),
        sa.UniqueConstraint("leaf_index"),
    )
    connection = op.get_bind()
    for kind in TYPES:  # two types never have one name
        for index, version in _versions(connection, kind):
            connection.execute(FILL, {**version._asdict(), "index": index})
    make_append_only(("version",))


def _versions(connection: sa.Connection, kind: str) -> Iterator[tuple[int, Version]]:
    last = -1
    while page := connection.execute(STORED, {"type": kind, "last": last, "page": PAGE}).all():
        for last, body in page:
            try:
                version = row_of(parse_statement(body)).version
            except LedgerError:
                continue  # damaged; an audit names it
            if version is not None:
                yield last, version

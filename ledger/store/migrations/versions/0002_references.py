"""What statements refer to, attestations and status lists; append-only by trigger.

Rows of what is registered already are made from the bodies.  Before this revision nothing kept two certificates from
naming one place in a status list: the first has it.

Revision ID: 0002
Revises: 0001
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from ledger.core.statement import parse_statement
from ledger.errors import LedgerError
from ledger.store.migrations.triggers import make_append_only
from ledger.store.rows import NewStatement, row_of

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # by its bytes, as SQLite compares it
APPEND_ONLY = ("edge", "attestation", "status_index", "status_list")
# A record without these words refers to nothing; most have none, and need not be read.
MAY_REFER = (
    "SELECT leaf_index, body FROM statement WHERE leaf_index > ? AND (type IN"
    " ('TransferAcknowledgement', 'ConformityCertificate') OR type = 'TransferRecord' AND ("
    "instr(body, CAST('\"supersedes\"' AS BLOB)) OR instr(body, CAST('\"parents\"' AS BLOB))"
    " OR instr(body, CAST('\"mechanism\"' AS BLOB)) OR instr(body, CAST('\"decisionRef\"' AS BLOB))))"
    " ORDER BY leaf_index LIMIT 1000"
)


def upgrade() -> None:
    _tables()
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":  # elsewhere nothing was ever registered before this revision
        for index, row in _rows(connection):
            _fill(connection, index, row)
    make_append_only(APPEND_ONLY)


def _rows(connection: sa.Connection) -> Iterator[tuple[int, NewStatement]]:
    last = -1
    while page := connection.exec_driver_sql(MAY_REFER, (last,)).all():
        for last, body in page:
            try:
                yield last, row_of(parse_statement(body))
            except LedgerError:
                continue  # damaged; an audit names it


def _fill(connection: sa.Connection, index: int, row: NewStatement) -> None:
    for relation, target in row.edges:
        connection.exec_driver_sql(
            "INSERT INTO edge (leaf_index, relation, target) VALUES (?, ?, ?)", (index, relation, target)
        )
    held = row.attestation
    if held is None:
        return
    status = (None, None) if held.status is None else tuple(held.status)
    connection.exec_driver_sql(
        "INSERT INTO attestation (leaf_index, issuer, type, number, holder, list, list_index, valid_from,"
        " valid_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (index, row.issuer, row.type, held.number, held.holder, *status, held.valid_from, held.valid_until),
    )
    if held.status is not None:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO status_index (issuer, list, number, leaf_index) VALUES (?, ?, ?, ?)",
            (row.issuer, *held.status, index),
        )


def _tables() -> None:
    op.create_table(
        "edge",
        sa.Column("leaf_index", KEY, autoincrement=False, nullable=False),
        sa.Column("relation", TEXT, nullable=False),
        sa.Column("target", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(target) = 32", name="edge_target_length"),
        sa.ForeignKeyConstraint(["leaf_index"], ["entry.leaf_index"]),
        sa.PrimaryKeyConstraint("leaf_index", "relation", "target"),
    )
    op.create_index("edge_target", "edge", ["target", "relation", "leaf_index"])
    op.create_table(
        "attestation",
        sa.Column("leaf_index", KEY, autoincrement=False, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("number", TEXT, nullable=True),
        sa.Column("holder", TEXT, nullable=True),
        sa.Column("list", TEXT, nullable=True),
        sa.Column("list_index", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["leaf_index"], ["entry.leaf_index"]),
        sa.PrimaryKeyConstraint("leaf_index"),
    )
    op.create_index("attestation_issuer", "attestation", ["issuer", "leaf_index"])
    for column in ("number", "holder"):
        op.create_index(
            f"attestation_{column}",
            "attestation",
            [column],
            sqlite_where=sa.text(f"{column} IS NOT NULL"),
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_table(
        "status_index",
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("list", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["leaf_index"], ["entry.leaf_index"]),
        sa.PrimaryKeyConstraint("issuer", "list", "number"),
        sa.UniqueConstraint("leaf_index"),
    )
    op.create_table(
        "status_list",
        sa.Column("leaf_index", KEY, autoincrement=False, nullable=False),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("list", TEXT, nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["leaf_index"], ["entry.leaf_index"]),
        sa.PrimaryKeyConstraint("leaf_index"),
    )
    op.create_index("status_list_valid", "status_list", ["list", "issuer", "valid_from"])

"""Alembic's entry: runs the revisions on the connection that `migrate` hands over."""

from alembic import context
from sqlalchemy import event

connection = context.config.attributes["connection"]


if connection.dialect.name == "sqlite":

    @event.listens_for(connection, "begin")
    def _begin(started: object) -> None:
        # The driver begins nothing by itself, so that tables are made and changed inside the transaction too.
        started.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]  # alembic gives an object


context.configure(connection=connection, transactional_ddl=True, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()

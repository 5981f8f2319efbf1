"""Triggers that keep history as it was written, in the words of either database."""

from collections.abc import Iterable

from alembic import op

_RAISE = (
    "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " RAISE EXCEPTION {message} USING ERRCODE = 'integrity_constraint_violation'; END $$"
)


def make_append_only(tables: Iterable[str]) -> None:
    """Refuse every UPDATE, DELETE and, on PostgreSQL, TRUNCATE of these tables."""
    for table in tables:
        if op.get_bind().dialect.name == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        else:
            _trigger(
                table, f"{table}_append_only", "UPDATE OR DELETE OR TRUNCATE", "append_only", "STATEMENT"
            )


def make_head_grow() -> None:
    """Refuse every change of `head` but growth, and any second row."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER head_only_grows BEFORE UPDATE ON head"
            " WHEN NEW.size <= OLD.size OR NEW.origin <> OLD.origin"
            " BEGIN SELECT RAISE(ABORT, 'head only grows'); END"
        )
        op.execute(
            "CREATE TRIGGER head_no_delete BEFORE DELETE ON head"
            " BEGIN SELECT RAISE(ABORT, 'head only grows'); END"
        )
        op.execute(
            "CREATE TRIGGER head_is_one BEFORE INSERT ON head WHEN (SELECT count(*) FROM head) > 0"
            " BEGIN SELECT RAISE(ABORT, 'head is one row'); END"
        )
        return
    op.execute("CREATE UNIQUE INDEX head_is_one ON head ((true))")
    op.execute(_RAISE.format(name="append_only", message="'% is append-only', TG_TABLE_NAME"))
    op.execute(_RAISE.format(name="head_only_grows", message="'head only grows'"))
    _trigger("head", "head_no_delete", "DELETE OR TRUNCATE", "head_only_grows", "STATEMENT")


def let_head_change_epoch() -> None:
    """Refuse every change of `head` but growth of its size, with a root, or of its epoch."""
    shrinks = (
        "NEW.origin <> OLD.origin OR NEW.size < OLD.size OR NEW.epoch < OLD.epoch"
        " OR (NEW.size = OLD.size AND (NEW.root <> OLD.root OR NEW.epoch = OLD.epoch))"
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER head_only_grows")
        op.execute(
            f"CREATE TRIGGER head_only_grows BEFORE UPDATE ON head WHEN {shrinks}"
            " BEGIN SELECT RAISE(ABORT, 'head only grows'); END"
        )
    else:
        _trigger("head", "head_only_grows", "UPDATE", "head_only_grows", "ROW", f"WHEN ({shrinks})")


def _trigger(table: str, name: str, verbs: str, function: str, each: str, when: str = "") -> None:
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {verbs} ON {table} FOR EACH {each} {when} EXECUTE FUNCTION {function}()"
    )
    # Else a session that replays another server's changes would pass by it.
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")

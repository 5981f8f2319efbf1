"""The commands, each noun in a module of its own that is loaded when it is asked for.

`evidence verify` never comes here: see `ledger.cli`.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer
import typer.core
import typer.main
from typer.exceptions import TyperException

from ledger.cli import output
from ledger.cli.options import Group, alone, british
from ledger.errors import LedgerError

PROGRAM: Final = "evidence"
NOUNS: Final = (
    "node",
    "party",
    "transfer",
    "certificate",
    "accreditation",
    "arrangement",
    "recognition",
    "identity",
    "status-list",
    "measure",
    "commit",
    "bundle",
    "fork",
    "verify",
    "trust",
    "chain",
    "log",
    "lineage",
    "anchor",
    "attest",
    "partner",
    "witness",
    "monitor",
    "foreign",
    "relay",
    "report",
)
_INTERRUPTED: Final = 130
_PURPOSE: Final = "Register signed statements, anchor the log, and verify evidence offline."
_EPILOG: Final = (
    "Every command has a help with an example, and says where it runs. Exit status: 0 done or verified;"
    " 1 not verified, or refused; 2 bad usage; 3 could not finish, so nothing is known; 4 verified then, not now."
    "\n\n\b\nExample: evidence node init --home node-xa --jurisdiction XA --authority registry.example.xa"
    "\nExample: evidence verify transfer.evidence.json --trust trust.json"
)


def run_app(arguments: Sequence[str]) -> int:
    """Carry out a command line and return its exit status.  Nothing is raised."""
    output.settle_streams()
    try:
        return _run(arguments, as_json="--json" in arguments)
    except LedgerError as error:  # the error of a command could not be written either
        return output.fail(error, as_json=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else output.COULD_NOT_FINISH
    finally:
        output.drain()


def _run(arguments: Sequence[str], *, as_json: bool) -> int:
    try:
        status = _command().main(args=list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except LedgerError as error:
        return output.fail(error, as_json=as_json)
    except TyperException as error:
        return _bad_usage(error)
    except (KeyboardInterrupt, typer.Abort):
        status = _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user
        return output.fail_unforeseen(error)
    if status == _INTERRUPTED:  # typer's answer to Ctrl-C
        output.forget_interrupt()
        output.say("\nerror: interrupted; what was acknowledged before stands (interrupted)")
        return output.COULD_NOT_FINISH
    return status if isinstance(status, int) else output.DONE


class Nouns(Group):
    """The nouns, loaded one by one."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """In the order in which one meets them."""
        return list(NOUNS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The commands of a noun; None where there is no such noun."""
        if cmd_name not in NOUNS:
            return None
        made = (
            _verify()
            if cmd_name == "verify"
            else import_module(f"ledger.cli.{cmd_name.replace('-', '_')}").app
        )
        found = typer.main.get_command(made)
        found.name = cmd_name
        return found


def _command() -> Any:
    app = typer.Typer(
        cls=Nouns,
        help=_PURPOSE,
        epilog=_EPILOG,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={
            "help_option_names": ["--help", "-h"],
            "max_content_width": 118,
            "token_normalize_func": british,
        },
    )

    @app.callback()
    def options(
        *,
        _version: Annotated[
            bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
        ] = False,
    ) -> None:
        return None

    return typer.main.get_command(app)


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        from importlib.metadata import (
            PackageNotFoundError,
            version,
        )  # reads messages, for which it loads a lot

        try:
            number = version("evidence-ledger")
        except PackageNotFoundError:
            number = "not installed"
        output.write(f"{PROGRAM} {number}\n")
        raise typer.Exit


def _verify() -> typer.Typer:
    """`verify` in the list of commands; its arguments go to where they are known."""
    from ledger.cli import verify

    app = alone()

    @app.command(
        help=verify.DESCRIPTION,
        short_help="Verify evidence offline: a bundle, a receipt, a statement or a fork proof",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )
    def run(context: typer.Context) -> int:
        return verify.run(context.args)

    return app


def _bad_usage(error: TyperException) -> int:
    context = getattr(error, "ctx", None)
    path = PROGRAM if context is None else context.command_path
    text = error.format_message().rstrip(".")
    output.say(f"error: {text[:1].lower()}{text[1:]} (usage)")
    output.say(f"see {path} --help")
    return output.USAGE

"""What the commands share: how one is declared, and the options that mean the same everywhere."""

import functools
import inspect
import os
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar, cast, get_args, get_origin

import typer
import typer.core
from typer.exceptions import TyperException

from ledger.cli.calling import signing_with
from ledger.core.times import parse_time
from ledger.errors import LedgerError

STATUSES: Final = "0 done; 1 refused; 2 bad usage; 3 could not finish, so nothing is known."
_SENTENCE: Final = 500
"""Most characters of what a list of commands says of one."""
_AMERICAN: Final = {
    "authorization": "authorisation",
    "authorize": "authorise",
    "catalog": "catalogue",
    "enroll": "enrol",
    "enrollment": "enrolment",
    "license": "licence",
    "organization": "organisation",
    "recognize": "recognise",
}
"""Spellings taken beside ours in the names of commands and options."""

_Function = TypeVar("_Function", bound=Callable[..., Any])

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Home = Annotated[
    Path, typer.Option("--home", envvar="EVIDENCE_HOME", metavar="FOLDER", help="The node's home folder.")
]
OptionalHome = Annotated[
    Path | None,
    typer.Option("--home", envvar="EVIDENCE_HOME", metavar="FOLDER", help="The node's home folder."),
]
NodeUrl = Annotated[
    str, typer.Option("--node", envvar="EVIDENCE_NODE", metavar="URL", help="Address of the node.")
]
OptionalNodeUrl = Annotated[
    str | None, typer.Option("--node", envvar="EVIDENCE_NODE", metavar="URL", help="Address of the node.")
]
Key = Annotated[
    Path, typer.Option("--key", envvar="EVIDENCE_KEY", metavar="FILE", help="Key file of whoever signs.")
]
Signer = Annotated[
    Path | None,
    typer.Option(
        "--key",
        envvar="EVIDENCE_KEY",
        metavar="FILE",
        help="Key file in whose name private records are asked for.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def british(token: str) -> str:
    """The spelling of a command or option that the program uses: `enroll` is `enrol`."""
    return "-".join(_AMERICAN.get(word, word) for word in token.split("-"))


class Group(typer.core.TyperGroup):
    """A noun.  Without a verb it shows its help and ends as bad usage."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As of the class above."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(2)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: Any) -> Any:
        """As of the class above."""
        return _plainly(super().get_params(ctx))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Each with its whole sentence, which typer would cut off where the line ends."""
        made = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, one.get_short_help_str(_SENTENCE)) for name, one in made if one and not one.hidden]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As of typer's, which suggests nothing where commands are loaded one by one."""
        try:
            return super().resolve_command(ctx, args)
        except TyperException as error:
            near = get_close_matches(args[0], self.list_commands(ctx))
            if near and "Did you mean" not in error.message:
                error.message = f"{error.message.rstrip('.')}. Did you mean {' or '.join(map(repr, near))}?"
            raise


class Command(typer.core.TyperCommand):
    """A verb."""

    def get_params(self, ctx: Any) -> Any:
        """As of the class above."""
        return _plainly(super().get_params(ctx))


def _plainly(params: Any) -> Any:
    """Have options that are plain be read without pydantic, by which typer reads each: a third of a command's start.

    A typer that reads them in another way does so here too.
    """
    for one in params:
        typers = getattr(one, "get_runtime_param", None)
        if typers is not None and not isinstance(typers, functools.partial):
            one.get_runtime_param = functools.partial(_Plain, typers)
    return params


class _Plain:
    """Reads texts, choices, and paths that may be anything; leaves the rest, and what is wrong, to typer."""

    def __init__(self, typers: Callable[[], Any]) -> None:
        self._typers = typers

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """As of typer's own."""
        told = param.type_descriptor
        several = get_origin(told.annotation) is list
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        kind = get_args(told.annotation)[0] if several else told.annotation
        values = list(value) if several and isinstance(value, list | tuple) else [value]
        found = [_read_plainly(one, kind, told.parameter_info) for one in values]
        if None in found:
            return self._typers().coerce(value, param=param, ctx=ctx)
        return found if several else found[0]


def _read_plainly(value: Any, kind: Any, info: Any) -> Any:
    """A value that needs no more than its type; None where it does."""
    if info.parser is not None:
        return None
    if get_origin(kind) is Literal:
        return value if value in get_args(kind) else None
    if kind is not Path:  # of a number, only the default is one already
        return value if kind in {str, int, float, bool} and isinstance(value, kind) else None
    asks = info.exists or info.resolve_path or info.allow_dash or info.writable
    if asks or not (info.file_okay and info.dir_okay):
        return None
    found = Path(value)
    return found if os.access(found, os.R_OK) or not os.path.lexists(found) else None


def noun(purpose: str) -> typer.Typer:
    """A noun's commands, to be declared with `command`."""
    made = typer.Typer(
        cls=Group,
        help=purpose,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    made.callback()(_is_noun)  # else a noun with one verb would be that verb
    return made


def alone() -> typer.Typer:
    """A command that has no verb, to be declared with `command` and name None."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def command(
    group: typer.Typer,
    name: str | None,
    *,
    purpose: str,
    runs: Literal["on the node", "anywhere"],
    example: str,
    more: str = "",
    statuses: str = STATUSES,
    asks: bool = False,
) -> Callable[[_Function], _Function]:
    """Declare a command; the function returns its exit status.

    Args:
        purpose: One sentence or two, what it does.
        runs: Whether it needs the node's home, or nothing but what it is given.
        example: A command line that works; several lines for several.
        more: Paragraphs that the help adds.
        statuses: Where the exit statuses mean something of their own.
        asks: That it asks nodes, though it has no `--node`.
    """
    examples = "\n".join(f"Example: {line}" for line in example.strip().splitlines())
    text = f"{purpose}\n\n[runs {runs}]"  # a paragraph of its own, so that no width breaks it
    declare = group.command(
        name,
        cls=Command,
        help=f"{text}\n\n{more}" if more else text,
        short_help=purpose.partition(". ")[0].rstrip("."),
        epilog=f"Exit status: {statuses}\n\n\b\n{examples}",
        # A docstring is for readers of the source; the help is written for users.
        context_settings={"token_normalize_func": british},
    )
    return lambda function: declare(_signed(function) if asks or _asks_a_node(function) else function)


def _asks_a_node(function: Callable[..., Any]) -> bool:
    return inspect.get_annotations(function).get("node") in (NodeUrl, OptionalNodeUrl)


def _signed(function: _Function) -> _Function:
    """A command that asks in the name of its `--key`; it has the option where it has none of its own."""
    given = inspect.signature(function)
    own = "key" in given.parameters

    @functools.wraps(function)
    def signed(**options: Any) -> Any:
        with signing_with(options.get("key") if own else options.pop("key", None)):
            return function(**options)

    if not own:
        key = inspect.Parameter("key", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Signer)
        parameters = [*given.parameters.values(), key]
        signed.__signature__ = given.replace(parameters=parameters)  # type: ignore[attr-defined] # read by inspect
        signed.__annotations__ = {**function.__annotations__, "key": Signer}
    return cast("_Function", signed)


def time_of(text: str, option: str) -> int:
    """POSIX seconds of a time on the command line.

    Raises:
        typer.BadParameter: It is none.
    """
    try:
        return parse_time(text)
    except LedgerError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _is_noun() -> None:
    return None


def from_home_or_node(
    context: typer.Context, home: Path | None, node: str | None
) -> tuple[Path | None, str | None]:
    """The home or the address that a command reads from, and None for the other.

    What the command line says wins over the environment; between two of one rank, the home.

    Raises:
        typer.BadParameter: Neither is given, or both on the command line.
    """
    if home is not None and node is not None:
        said = {name for name in ("home", "node") if _is_on_the_command_line(context, name)}
        if said == {"home", "node"}:
            raise typer.BadParameter("give --home or --node, not both")
        return (None, node) if said == {"node"} else (home, None)
    if home is None and node is None:
        raise typer.BadParameter("give --home FOLDER on the node, or --node URL anywhere")
    return home, node


def _is_on_the_command_line(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"

"""Options that are read without the library by which typer reads them come out as typer's own."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
import typer.core
import typer.main
from typer.exceptions import TyperException

from ledger.cli.options import Command


def read(cls: type[typer.core.TyperCommand], words: list[str]) -> Any:
    """What a command of this class takes these words for; what typer says where it refuses them."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    found: dict[str, Any] = {}

    @app.command(cls=cls)
    def run(
        *,
        text: Annotated[str | None, typer.Option()] = None,
        texts: Annotated[list[str] | None, typer.Option()] = None,
        path: Annotated[Path | None, typer.Option(envvar="PLAIN_PATH")] = None,
        paths: Annotated[list[Path] | None, typer.Option()] = None,
        there: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
        choice: Annotated[Literal["one", "other"], typer.Option()] = "one",
        number: Annotated[int, typer.Option(min=1)] = 5,
        part: Annotated[float | None, typer.Option()] = None,
        flag: Annotated[bool, typer.Option("--flag", envvar="PLAIN_FLAG")] = False,
        told: Annotated[str, typer.Argument(metavar="TOLD")] = "nothing",
        more: Annotated[list[str] | None, typer.Argument()] = None,
    ) -> None:
        found.update(locals())

    try:
        typer.main.get_command(app).main(words, standalone_mode=False)
    except TyperException as error:
        return type(error), error.format_message()
    return {name: value for name, value in found.items() if name != "found"}


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--text x --texts a --texts b,c --path nowhere --paths . --paths x/y",
        "--path . --there missing",
        "--there .",
        "--choice other",
        "--choice another",
        "--number 7 --part 0.5",
        "--number 0",
        "--number x",
        "--part x",
        "--flag",
        "word and more",
        "--unknown",
    ],
)
def test_what_is_given_is_read_as_typer_reads_it(words: str) -> None:
    plain, typers = (read(cls, words.split()) for cls in (Command, typer.core.TyperCommand))
    assert plain == typers
    if isinstance(plain, dict):
        assert {name: type(value) for name, value in plain.items()} == {
            name: type(value) for name, value in typers.items()
        }


@pytest.mark.parametrize("flag", ["1", "no", "perhaps", ""])
def test_what_the_environment_gives_is_read_so_too(flag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAIN_FLAG", flag)
    monkeypatch.setenv("PLAIN_PATH", "here")
    assert read(Command, []) == read(typer.core.TyperCommand, [])

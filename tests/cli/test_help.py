"""Every command has a help that says what it does, where it runs, how it ends, and shows an example that parses."""

import shlex
from pathlib import Path

import pytest
import typer.main

from ledger.cli import verify
from ledger.cli.app import Nouns, _command, run_app


def every_command() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    root = _command()
    waiting = [((noun,), root.get_command(None, noun)) for noun in root.list_commands(None)]
    while waiting:
        names, made = waiting.pop(0)
        below = getattr(made, "commands", None)
        if below is None:
            found.append(names)
        else:
            waiting += [((*names, name), one) for name, one in below.items() if not one.hidden]
    return found


COMMANDS = every_command()


def test_the_tests_see_the_commands() -> None:
    # An empty table would make every test below pass for nothing.
    assert {("verify",), ("node", "init"), ("trust", "make"), ("log", "audit")} <= set(COMMANDS)


def test_the_list_of_commands_names_every_noun(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["--help"]) == 0
    shown = capsys.readouterr().out
    assert not {noun for noun, *_ in COMMANDS if f"\n  {noun} " not in shown}


@pytest.mark.parametrize("words", [[], ["transfer"], ["partner"]], ids=str)
def test_a_list_of_commands_cuts_no_sentence_off(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_app([*words, "--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_says_what_it_does_where_and_how_it_ends(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = run_app([*command, "--help"])
    except SystemExit as end:  # argparse
        status = end.code
    shown = capsys.readouterr().out
    assert status == 0
    assert "[runs anywhere]" in shown or "[runs on the node]" in shown
    assert "Exit status: " in shown
    assert f"Example: evidence {' '.join(command)} " in shown + " "
    assert "--json" in shown
    # No boxes, no colours: the text is read in logs and by other programs too.
    assert not set(shown) & set("╭│╰\x1b")


@pytest.mark.parametrize("command", [one for one in COMMANDS if one != ("verify",)], ids=" ".join)
def test_the_example_of_a_command_parses(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"NODE": "http://127.0.0.1:8151", "KEY": "exporter.key", "HOME": "node-xa"}.items():
        monkeypatch.setenv(f"EVIDENCE_{name}", value)
    run_app([*command, "--help"])
    lines = capsys.readouterr().out.splitlines()
    examples = [
        line.strip().removeprefix("Example: evidence ") for line in lines if "Example: evidence " in line
    ]
    for example in examples:
        words = shlex.split(example.partition(" > ")[0].partition(" | ")[0])
        group = Nouns(name="evidence").get_command(None, words[0])  # type: ignore[arg-type]
        rest = words[1:]
        while hasattr(group, "commands"):
            group, rest = group.commands[rest[0]], rest[1:]
        # `make_context` parses and converts, and runs nothing; a word that is no option would be refused here.
        context = group.make_context(words[0], rest, resilient_parsing=False)
        assert context.params


@pytest.mark.parametrize("words", [[], ["node"], ["trust"]], ids=str)
def test_a_noun_alone_shows_its_help_and_is_bad_usage(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_app(words) == 2
    captured = capsys.readouterr()
    assert "Usage: evidence" in captured.err
    assert not captured.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing"], "no such command"),
        (["node", "nothing"], "no such command"),
        (["node", "init", "--nothing"], "no such option"),
        (["node", "init", "--home", "h"], "missing option"),
        (["node", "serve", "--home", "h", "--port", "many"], "invalid value"),
        (["trust", "add"], "missing argument"),
        (["verify"], "arguments are required: FILE"),
        (["verify", "a.evidence.json", "--nothing"], "unrecognized arguments: --nothing"),
        (["verify", "a.evidence.json", "--require", "12"], "12 is not a step"),
        (["log", "checkpoint"], "--home"),
        (["log", "checkpoint", "--home", "h", "--node", "http://127.0.0.1:1"], "not both"),
    ],
    ids=str,
)
def test_bad_usage_ends_with_2_and_one_line(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EVIDENCE_HOME", "EVIDENCE_NODE", "EVIDENCE_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert run_app(words) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("error: ")
    assert told in lines[0]
    assert lines[0].endswith("(usage)")
    assert lines[1].startswith("see evidence")
    assert len(lines) == 2


def test_verify_run_by_itself_tells_of_bad_usage_as_other_commands_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        verify.run(["--nothing", "a.evidence.json"])
    captured = capsys.readouterr()
    assert (ended.value.code, captured.out) == (2, "")
    assert captured.err == "error: unrecognized arguments: --nothing (usage)\nsee evidence verify --help\n"


@pytest.mark.parametrize(
    ("words", "meant"), [(["verfiy"], "'verify'"), (["transfer", "sing"], "'sign'")], ids=str
)
def test_a_slip_in_a_command_is_told_what_it_comes_near(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_app(words) == 2
    assert f"Did you mean {meant}?" in capsys.readouterr().err


def test_a_party_that_is_no_did_is_named_before_a_key_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["party", "request", "--party", "exporter", "--jurisdiction", "XA", "--role", "exporter"]
    assert run_app([*words, "--key", str(tmp_path / "key"), "--out", str(tmp_path / "request")]) == 2
    assert "exporter is no DID" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


def test_american_spelling_is_taken_beside_british(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["party", "enroll", "--help"]) == 0
    assert "Example: evidence party enrol " in capsys.readouterr().out


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert run_app(["--version"]) == 0
    assert capsys.readouterr().out == f"evidence {version('evidence-ledger')}\n"


def test_typer_gives_what_the_nouns_rely_on() -> None:
    assert issubclass(Nouns, typer.core.TyperGroup)

"""Whatever happens, a command ends with one line, a status of its own, and no traceback."""

import io
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
import typer

from ledger.cli import app, output
from ledger.errors import (
    ChainError,
    ConflictError,
    LedgerError,
    MalformedError,
    NotFoundError,
    QuorumError,
    RefusedError,
    RemoteError,
    SetupError,
    SignatureError,
    StoreError,
)
from ledger.remote.exchange import RemoteRefusedError
from ledger.statements.shape import Problem, StatementInvalidError
from tests.cli.commands import PROGRAM, environment


def remote(problem: str, status: int) -> RemoteRefusedError:
    return RemoteRefusedError("it said no", problem=problem, status=status)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MalformedError("x"), 1),
        (SignatureError("x"), 1),
        (QuorumError("x"), 1),
        (RefusedError("x"), 1),
        (ConflictError("x", code="statement-id-taken"), 1),
        (RemoteError("x", code="remote-url"), 2),
        (RefusedError("x", code="not-anchored-yet"), 3),
        (RefusedError("x", code="overloaded"), 3),
        (NotFoundError("x"), 3),
        (StoreError("x"), 3),
        (ChainError("x"), 3),
        (RemoteError("x"), 3),
        (SetupError("x"), 3),
        (remote("statement-invalid", 422), 1),
        (remote("statement-id-taken", 409), 1),
        (remote("not-anchored-yet", 409), 3),
        (remote("overloaded", 503), 3),
        (remote("not-found", 404), 3),
        (remote("internal", 500), 3),
    ],
    ids=lambda value: value if isinstance(value, int) else f"{type(value).__name__}-{value.code}",
)
def test_an_error_ends_with_the_status_that_says_what_is_known(error: LedgerError, status: int) -> None:
    assert output.status_of(error) == status


def test_an_error_is_one_line_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert output.fail(SetupError("the disk is full", code="disk-full"), as_json=False) == 3
    assert capsys.readouterr() == ("", "error: the disk is full (disk-full)\n")


def test_the_code_of_another_node_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert output.fail(remote("statement-id-taken", 409), as_json=False) == 1
    assert capsys.readouterr().err == "error: the node refused: it said no (statement-id-taken)\n"


def test_every_problem_of_a_document_is_told_with_its_pointer(capsys: pytest.CaptureFixture[str]) -> None:
    found = [Problem("/a", "wrong-form", "one"), Problem("/b", "missing", "two")]
    assert output.fail(StatementInvalidError("TransferRecord", found), as_json=False) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["error: 2 problems (statement-invalid)", "  /a: one (wrong-form)", "  /b: two (missing)"]


def test_an_error_is_json_too_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    found = [Problem("/a", "wrong-form", "one")]
    output.fail(StatementInvalidError("TransferRecord", found), as_json=True)
    captured = capsys.readouterr()
    told = orjson.loads(captured.out)["error"]
    assert (told["code"], told["errors"]) == (
        "statement-invalid",
        [{"pointer": "/a", "code": "wrong-form", "detail": "one"}],
    )
    assert captured.err.startswith("error: ")


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def command() -> typer.Typer:
        made = typer.Typer(rich_markup_mode=None)

        @made.command()
        def run() -> int:
            raise error

        return typer.main.get_command(made)

    monkeypatch.setattr(app, "_command", command)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("a secret"), "not foreseen, KeyError at "),
        (RecursionError("a secret"), "not foreseen, RecursionError"),
        (MemoryError("a secret"), "not foreseen, MemoryError"),
        (OSError(28, "a secret", "/somewhere"), "/somewhere no space left on device (file-failed)"),
        (KeyboardInterrupt(), "interrupted"),
        (typer.Abort(), "interrupted"),
        (EOFError(), "interrupted"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_what_nobody_foresaw_is_a_line_without_its_message(
    error: BaseException, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, error)
    assert app.run_app([]) == 3
    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said
    assert "a secret" not in said


def test_a_reader_that_goes_away_ends_the_command_quietly(tmp_path: Path) -> None:
    script = "import sys; from ledger.cli import output; [output.write('x' * 9999) for _ in range(99)]"
    writer = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.read(1)
    writer.stdout.close()
    assert (writer.stderr.read(), writer.wait(timeout=30)) == (b"", 3)
    writer.stderr.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")  # noqa: PTH110
@pytest.mark.parametrize("words", [["--version"], ["trust", "show"], ["node", "init", "--help"]], ids=str)
def test_a_full_disk_below_standard_output_is_told(words: list[str], tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        run = subprocess.run(
            [*PROGRAM, *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            env=environment(tmp_path),
        )
    assert run.returncode == 3, run.stderr
    assert run.stderr.startswith("error: ")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(("answer", "passes"), [("y\n", True), ("YES\n", True), ("n\n", False), ("", False)])
def test_a_question_needs_a_yes(answer: str, passes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    if passes:
        output.confirm("Do it?", yes=False)
    else:
        with pytest.raises(RefusedError) as refused:
            output.confirm("Do it?", yes=False)
        assert refused.value.code == "not-confirmed"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def ticking(step: float):
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += step
        return now

    return clock


def test_progress_off_a_terminal_is_a_line_now_and_then() -> None:
    stream = io.StringIO()
    with output.Progress("registering", 1_000, stream=stream, clock=ticking(1.0)) as progress:
        for _ in range(30):
            progress.advance(10)
    lines = stream.getvalue().splitlines()
    assert 2 <= len(lines) <= 3
    assert lines[0] == "registering: 100 of 1,000 statements, 10/s, 1 min 30 s left"


def test_progress_on_a_terminal_is_one_line_that_goes_away() -> None:
    stream = Terminal()
    with output.Progress("registering", stream=stream, clock=ticking(0.5)) as progress:
        for _ in range(5):
            progress.advance()
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith(" \r")


def test_progress_on_a_terminal_shows_a_bar_and_a_rate_of_this_run_alone() -> None:
    stream = Terminal()
    with output.Progress(
        "compared", 1_000, unit="entries", begun=500, stream=stream, clock=ticking(1.0)
    ) as progress:
        progress.reached(600)
    assert stream.getvalue().startswith(
        "\r[############--------] compared: 600 of 1,000 entries, 100/s, 4 s left"
    )


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert output.table([("a", "bb", "c"), ("aaa", "b", "cc")]) == ["a    bb  c", "aaa  b   cc"]


def test_an_interrupt_that_was_handled_does_not_kill_the_process_at_its_end(tmp_path: Path) -> None:
    # It comes while a text is evaluated, as when an imported module makes a named tuple.
    (tmp_path / "interrupted.py").write_text(
        """
from ledger.cli.output import forget_interrupt
def interrupt(): raise KeyboardInterrupt
try:
    eval("interrupt()")
except KeyboardInterrupt:
    forget_interrupt()
raise SystemExit(3)
"""
    )
    ended = subprocess.run([sys.executable, "-m", "interrupted"], cwd=tmp_path, check=False)
    assert ended.returncode == 3

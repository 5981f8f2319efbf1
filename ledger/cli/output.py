"""What the commands say, and how they end: the one place for results, progress, errors and exit statuses.

Results go to standard output, as text or with `--json` as one JSON value; everything else goes to standard error.

    0  done                      2  bad usage
    1  not verified, or refused  3  could not finish, so nothing is known
    4  verified then, not now (`evidence verify` alone)
"""

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn, Self, TextIO

from ledger.errors import (
    ConflictError,
    LedgerError,
    MalformedError,
    RefusedError,
    SetupError,
    VerificationError,
)

DONE: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
COULD_NOT_FINISH: Final = 3

_USAGE_CODES: Final = frozenset({"chain-url", "digest-malformed", "file-exists", "home-exists", "remote-url"})
"""Of what a command was given, which it cannot be given: nothing was done, and another word does it."""
_LATER_CODES: Final = frozenset({"not-anchored-yet", "overloaded", "not-found"})
_OWN: Final = frozenset({"ledger", "api"})
_PROBLEMS_SHOWN: Final = 50
_TERMINAL_SECONDS: Final = 0.1
_LINE_SECONDS: Final = 10.0
_BAR: Final = 20


def show(value: Any, text: str | Iterable[str], *, as_json: bool) -> None:
    """Print the result of a command.

    Args:
        value: What `--json` prints; of JSON's types.
        text: What people read: lines, without their ends.
    """
    if as_json:
        import orjson

        write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    lines = [text] if isinstance(text, str) else text
    write("".join(f"{line}\n" for line in lines))


def write(text: str) -> None:
    """Write to standard output at once; a reader that went away ends the command quietly."""
    _written(lambda: sys.stdout.write(text))


def write_bytes(data: bytes) -> None:
    """Write a document to standard output, byte for byte."""
    sys.stdout.flush()
    _written(lambda: sys.stdout.buffer.write(data))


def say(text: str) -> None:
    """A line for people on standard error: what happens, what to do next."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)


def confirm(question: str, *, yes: bool) -> None:
    """Ask on standard error and wait for `y` or `yes`.

    Args:
        yes: The user has agreed already, with `--yes`.

    Raises:
        RefusedError: `not-confirmed`: anything else was answered, or nobody is there to answer.
    """
    if yes:
        return
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        say("")
        raise RefusedError(
            "nobody is there to confirm, so nothing was done; --yes confirms", code="not-confirmed"
        )
    if answer.strip().lower() not in {"y", "yes"}:
        raise RefusedError("not confirmed, so nothing was done", code="not-confirmed")


def status_of(error: LedgerError) -> int:
    """The exit status that an error ends a command with."""
    code, http = getattr(error, "problem", error.code), getattr(error, "status", None)
    if error.code in _USAGE_CODES:
        return USAGE
    if code in _LATER_CODES:
        return COULD_NOT_FINISH
    if isinstance(http, int):  # another node said no: to the document, or for the time being
        return REFUSED if http in {400, 403, 409, 413, 415, 422} else COULD_NOT_FINISH
    refused = MalformedError | VerificationError | RefusedError | ConflictError
    return REFUSED if isinstance(error, refused) else COULD_NOT_FINISH


def fail(error: LedgerError, *, as_json: bool) -> int:
    """Tell of an error and return the exit status; every problem of a document is told, each with its pointer."""
    problems = [
        {"pointer": found.pointer, "code": found.code, "detail": found.detail}
        for found in getattr(error, "problems", ())
    ]
    code = getattr(error, "problem", error.code)
    if as_json:
        told: dict[str, Any] = {"code": code, "detail": str(error)}
        told |= {} if error.pointer is None else {"pointer": error.pointer}
        told |= {} if error.offset is None else {"offset": error.offset}
        told |= {"errors": problems} if problems else {}
        show({"error": told}, "", as_json=True)
    shown = str(error).removesuffix(f" ({code})")
    if problems:
        say(f"error: {len(problems)} {'problem' if len(problems) == 1 else 'problems'} ({code})")
        for found in problems[:_PROBLEMS_SHOWN]:
            say(f"  {found['pointer'] or '(document)'}: {found['detail']} ({found['code']})")
        if len(problems) > _PROBLEMS_SHOWN:
            say(f"  and {len(problems) - _PROBLEMS_SHOWN} more")
    else:
        where = "" if not error.pointer or error.pointer in shown else f" at {error.pointer}"
        say(f"error: {shown}{where} ({code})")
    return status_of(error)


def fail_unforeseen(error: BaseException) -> int:
    """Tell of a failure of the program itself: its kind and place, never its message, which may hold content."""
    if isinstance(error, OSError) and error.errno is not None:
        name = (
            ""
            if error.filename is None
            else f" {os.fsdecode(error.filename)}"
            if _is_path(error.filename)
            else ""
        )
        say(f"error: could not finish:{name} {os.strerror(error.errno).lower()} (file-failed)")
        return COULD_NOT_FINISH
    told = f"{type(error).__name__}{place_of(error)}"
    say(f"error: could not finish: an error that was not foreseen, {told} (internal)")
    return COULD_NOT_FINISH


def place_of(error: BaseException) -> str:
    """Where in this program an exception arose, to be reported; empty where that is not known."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _OWN & set(Path(frame.filename).parts)]
    chosen = (own or frames)[-1:]
    return "".join(f" at {Path(frame.filename).name}, line {frame.lineno}" for frame in chosen)


def forget_interrupt() -> None:
    """Let the process end with its own exit status after a Ctrl-C that was handled.

    CPython remembers an interrupt that came while a named tuple was being made, which it does by evaluating a text,
    and at the end kills the process by the signal although the exception was caught.  Evaluating another forgets it.
    """
    eval("None")  # noqa: S307 - a constant


def drain() -> None:
    """Write out what still waits for standard output, or drop it: the interpreter would complain at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        _silence(sys.stdout)


def settle_streams() -> None:
    """Have no character and no closed stream end a command with a fault of the interpreter's."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


class Progress:
    """How far a long command is, on standard error: one moving line on a terminal, else a line now and then.

    Args:
        doing: What is done, e.g. "registering".
        total: How many there are; None where that is not known.
        unit: What is counted, in the plural.
        begun: How many were done before, which says nothing of the rate.
    """

    def __init__(
        self,
        doing: str,
        total: int | None = None,
        *,
        unit: str = "statements",
        begun: int = 0,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doing, self._total, self._unit = doing, total, unit
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._moving = self._stream.isatty()
        self._began = clock()
        self._next = self._began + (_TERMINAL_SECONDS if self._moving else _LINE_SECONDS)
        self._width = 0
        self._before = self.done = begun

    def reached(self, done: int) -> None:
        """`done` of them are done; cheap enough to be told of each."""
        self.done = done
        now = self._clock()
        if now >= self._next:
            self._next = now + (_TERMINAL_SECONDS if self._moving else _LINE_SECONDS)
            self._write(self._line(now))

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self.reached(self.done + count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear the moving line."""
        if self._moving and self._width:
            self._write("")
            self._stream.write("\r")
            self._stream.flush()

    def _line(self, now: float) -> str:
        seconds = max(now - self._began, 1e-9)
        rate = (self.done - self._before) / seconds
        of = "" if self._total is None else f" of {self._total:,}"
        line = f"{self._doing}: {self.done:,}{of} {self._unit}, {rate:,.0f}/s"
        if self._total is not None and self._before < self.done < self._total:
            line += f", {_duration((self._total - self.done) / rate)} left"
        if self._moving and self._total:
            filled = _BAR * min(self.done, self._total) // self._total
            line = f"[{'#' * filled}{'-' * (_BAR - filled)}] {line}"
        return line

    def _write(self, line: str) -> None:
        try:
            if self._moving:
                self._stream.write("\r" + line.ljust(self._width))
                self._width = len(line)
            else:
                self._stream.write(line + "\n")
            self._stream.flush()
        except OSError:
            self._next = float("inf")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _written(action: Callable[[], object]) -> None:
    try:
        action()
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
        _leave()
    except OSError as error:
        _silence(sys.stdout)
        says = os.strerror(error.errno or 0).lower()
        raise SetupError(f"could not write to standard output: {says}", code="output-failed") from None


def _silence(stream: TextIO) -> None:
    """Let what is left in the stream's buffer go nowhere, so that the end of the process stays quiet."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def _leave() -> NoReturn:
    raise SystemExit(COULD_NOT_FINISH)


def _is_path(value: object) -> bool:
    return isinstance(value, str | bytes)


def counted(count: int, noun: str) -> str:
    """A number of things: `1 statement`, `2,000 statements`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with columns of equal width, the last one as long as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)] + [row[-1]])
        for row in rows
    ]

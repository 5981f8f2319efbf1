"""What a serving node writes of faults: one event, one line of JSON, whatever stands in it."""

import json
import logging
import unicodedata

import pytest

from ledger.cli.serving import OneLine
from ledger.errors import StoreError

HOSTILE = (
    "a\r\nb",
    "a\nlevel: error",
    '"}\n{"level":"critical"',
    "\x1b[2J\x1b]0;owned\x07",
    "\x00nul",
    "\u202egnp.exe\u2066",
    "\u2028line\u2029",
    "\x85next\x0bdown\x0c",
    "\ud800",
    "x" * 1_000_000,
)


def fail(error: Exception) -> None:
    raise error


@pytest.fixture
def log() -> logging.Logger:
    made = logging.Logger("node")  # noqa: LOG001 - of this test alone, in no tree
    made.addHandler(OneLine())
    return made


@pytest.mark.parametrize("text", HOSTILE)
def test_an_event_is_one_line_of_json(
    log: logging.Logger, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    log.warning("asked for %s by %s", text, text)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert len(said.splitlines()) == 1
    assert said.isascii()
    assert not [one for one in said[:-1] if unicodedata.category(one).startswith("C")]
    told = json.loads(said)
    assert told.keys() == {"time", "level", "source", "event"}
    assert (told["level"], told["source"]) == ("warning", "node")
    assert told["event"] == f"asked for {text} by {text}"[:2_000]


def test_of_an_exception_its_kind_and_place_are_told_and_not_what_it_says(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        fail(ValueError("EVIDENCE-CANARY-5d41"))
    except ValueError:
        log.exception("it failed")
    told = json.loads(capsys.readouterr().err)
    assert told["error"] == "ValueError"
    assert told["place"].startswith("test_logging.py, line ")
    assert "CANARY" not in str(told)


def test_an_error_of_our_own_is_told_by_whoever_catches_it(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        fail(StoreError("the disk is full"))
    except StoreError:
        log.exception("it failed")
    assert capsys.readouterr().err == ""

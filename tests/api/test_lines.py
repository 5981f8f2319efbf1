"""Lines between a connection and the thread that registers them."""

import threading
import time

import pytest

from api import lines as module
from api.lines import Lines


def test_lines_come_out_as_they_went_in() -> None:
    lines = Lines()
    sent = [str(number).encode() for number in range(module.TAKEN * 3 + 7)]
    assert lines.put(sent) == len(sent)
    lines.end()
    assert list(lines) == sent
    assert lines.put([b"late"]) == 0


def test_no_more_are_taken_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING", 5)
    lines = Lines()
    sent = [b"%d" % number for number in range(9)]
    assert lines.put(sent) == 5
    assert lines.put(sent[5:]) == 0
    taking = iter(lines)
    assert next(taking) == b"0"
    assert lines.put(sent[5:]) == 4
    monkeypatch.setattr(module, "WAITING_BYTES", 4)
    assert lines.put([b"more"]) == 0


def test_a_pause_is_told_once_it_is_long_and_the_line_after_it_follows() -> None:
    lines = Lines()

    def later() -> None:
        time.sleep(3 * module.PAUSE)
        lines.put([b"late"])
        lines.end()

    lines.put([b"early"])
    threading.Thread(target=later).start()
    came = list(lines)
    assert (came[0], came[-1]) == (b"early", b"late")
    assert set(came[1:-1]) == {None}

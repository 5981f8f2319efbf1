"""Random servers: an honest log is never accused, and two histories behind one address are always found."""

import random
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from ledger.errors import LedgerError
from ledger.services.monitoring.following import Follower
from ledger.store.followed import FILE, FollowedLogs
from ledger.verify.fork_report import verify_fork
from tests.campaign import count
from tests.forks import entries
from tests.services.monitoring.shown_logs import ShownLog, reading, trusting
from tests.simulator import NOW, Jurisdiction

TRUST = trusting()
RUNS = range(count(3))


def log_of(held: list[bytes], size: int) -> ShownLog:
    return ShownLog(Jurisdiction("XA", 31_001, entries=held), size)


def looks(
    logs: FollowedLogs,
    answer: Callable[[httpx2.Request], httpx2.Response],
    between: Callable[[], None],
    times: int,
) -> list[str]:
    """The codes of what is raised in so many looks; each proof is verified."""
    follower = Follower(logs, lambda: TRUST, lambda: NOW)
    codes: list[str] = []
    with reading(answer) as reader:
        for _ in range(times):
            between()
            try:
                alarms = follower.follow(reader).alarms
            except LedgerError as error:
                codes.append(error.code)
                continue
            for alarm in alarms:
                codes.append(alarm.code)
                if alarm.evidence is not None:
                    assert verify_fork(alarm.evidence, TRUST, now=NOW).verdict == "split view proven"
    return codes


@pytest.mark.parametrize("run", RUNS)
def test_an_honest_log_is_never_accused_of_two_histories_whatever_happens_on_the_way(
    run: int, tmp_path: Path
) -> None:
    chance = random.Random(run)
    shown = log_of(entries(700), chance.randrange(1, 300))

    def tampered(request: httpx2.Request) -> httpx2.Response:
        answer = shown.answer(request)
        if answer.status_code != 200 or chance.random() < 0.6:
            return answer
        data = bytearray(answer.content)
        for _ in range(chance.choice((1, 1, 9))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return httpx2.Response(200, content=bytes(data[: chance.choice((len(data), len(data) - 1))]))

    def grow() -> None:
        shown.grow(min(chance.randrange(120), 700 - shown.size))

    logs = FollowedLogs(tmp_path / FILE)
    codes = looks(logs, tampered, grow, 8)
    assert "log-forked" not in codes
    assert "heads-contradict" not in codes
    assert looks(logs, shown.answer, lambda: None, 1) == []
    head = logs.head(shown.log.origin)
    assert head is not None
    assert (head.size, logs.entries(head.origin, 0, head.size)) == (
        shown.size,
        shown.log.entries[: shown.size],
    )


@pytest.mark.parametrize("run", RUNS)
def test_two_histories_behind_one_address_are_found_out(run: int, tmp_path: Path) -> None:
    chance = random.Random(1_000_000 + run)
    common = chance.randrange(1, 400)
    copies = [log_of(entries(1_200, name, common), common) for name in ("one", "other")]
    weight = chance.uniform(0.2, 0.8)

    shown: list[bool] = []
    compared: set[bool] = set()

    def either(request: httpx2.Request) -> httpx2.Response:
        second = chance.random() < weight
        if request.url.path == "/log/checkpoint":
            shown.append(second)
        return copies[second].answer(request)

    def grow() -> None:
        for one in copies:
            one.grow(chance.randrange(1, 40))

    logs = FollowedLogs(tmp_path / FILE)
    looks(logs, copies[0].answer, lambda: None, 1)
    codes: set[str] = set()
    for _ in range(12):
        told = looks(logs, either, grow, 1)
        codes.update(told)
        if not told:  # a head whose entries the server did not give is named, and can prove nothing yet
            compared.add(shown[-1])
    assert {"log-forked", "heads-contradict"} & codes or compared != {False, True}
